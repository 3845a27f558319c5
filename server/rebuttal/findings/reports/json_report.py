"""The report as JSON: docs/schemas/review.schema.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import asdict

from rebuttal.change.model import Skipped
from rebuttal.findings.report import New, Report, Reviewed
from rebuttal.findings.wire import finding_to_json
from rebuttal.store.model import Spent
from rebuttal.store.money import exact
from rebuttal.store.wire import cache_to_json, tokens_to_json

SCHEMA = 1
"""Raised when a field changes its meaning or goes; a new field does not raise it."""


def to_json(report: Report) -> dict[str, Any]:
    """The report as `review --format json` prints it; money as decimal strings of US dollars."""
    return {
        "schema": SCHEMA,
        "scope": {
            "kind": report.scope.kind,
            "base": report.scope.base,
            "base_reason": report.scope.base_reason,
            "head": report.scope.head,
        },
        "panel": report.panel,
        "findings": [finding_to_json(finding) for finding in report.findings],
        "held_back": [finding_to_json(finding) for finding in report.held_back],
        **_pre_existing(report),
        "coverage": {
            "reviewed": [_reviewed(one) for one in report.coverage.reviewed],
            "skipped": [_skipped(one) for one in report.coverage.skipped],
            "new": _new(report.coverage.new),
        },
        "degraded": [{"seat": one.seat, "phase": one.phase, "reason": one.reason} for one in report.degraded],
        "cost": _cost(report),
        "timing": {
            "total_ms": report.timing.total_ms,
            "change_ms": report.timing.change_ms,
            "evidence_ms": report.timing.evidence_ms,
            "context_ms": report.timing.context_ms,
            "debate_ms": report.timing.debate_ms,
        },
        "not_spent": report.not_spent,
        "notes": list(report.notes),
    }


def _pre_existing(report: Report) -> dict[str, Any]:
    """Only where somebody asked for it."""
    if report.pre_existing is None:
        return {}
    return {"pre_existing": [finding_to_json(finding) for finding in report.pre_existing]}


def _reviewed(one: Reviewed) -> dict[str, Any]:
    new = {} if one.new is None else {"new": one.new}
    return {"file": one.file, "hunks": one.hunks, **new}


def _new(new: New | None) -> dict[str, Any] | None:
    if new is None:
        return None
    return {
        "since": new.since.isoformat(),
        "added": new.added,
        "modified": new.modified,
        "removed": new.removed,
        "unchanged": new.unchanged,
    }


def _skipped(one: Skipped) -> dict[str, Any]:
    hunks = {} if one.hunks is None else {"hunks": one.hunks}
    return {"file": one.file, **hunks, "reason": one.reason}


def _cost(report: Report) -> dict[str, Any]:
    cost = report.cost
    return {
        "currency": "USD",
        "estimate": {"expected": exact(report.estimate.expected), "at_most": exact(report.estimate.at_most)},
        "spent": exact(cost.spent),
        "assumed": exact(cost.assumed),
        "tokens": tokens_to_json(cost.tokens),
        "calls": cost.calls,
        "by_phase": _shares(cost.by_phase),
        "by_seat": _shares(cost.by_seat),
        "by_model": _shares(cost.by_model),
        "cache": cache_to_json(cost.cache),
        **({"budget": asdict(report.standing)} if report.standing else {}),
    }


def _shares(shares: Mapping[str, Spent]) -> dict[str, Any]:
    return {
        name: {"spent": exact(share.spent), "calls": share.calls, "tokens": tokens_to_json(share.tokens)}
        for name, share in shares.items()
    }
