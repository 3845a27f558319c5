"""The report for programs (docs/schemas/ledger.schema.json). Money is decimal strings of US dollars, whatever currency
the user reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from rebuttal.budget.breaker import Standing
from rebuttal.budget.reports.accuracy import BAND, Accuracy
from rebuttal.budget.reports.model import AssumedCall, Budget, Costly, CostReport, Line, Summary
from rebuttal.budget.returns import Return, Returns, Silent
from rebuttal.store.model import CAP_SETTINGS, Caps
from rebuttal.store.money import exact
from rebuttal.store.wire import cache_to_json, tokens_to_json


def to_json(report: CostReport) -> dict[str, Any]:
    """One document; fields may be added, none will change its meaning or go within `schema` 1."""
    day = next((one for one in report.budgets if one.kind == "day"), None)
    month = next((one for one in report.budgets if one.kind == "month"), None)
    since, until = report.period.since, report.period.until
    return {
        "schema": 1,
        "currency": "USD",
        "made_at": report.made_at.isoformat(timespec="seconds"),
        "period": {
            "since": None if since is None else since.isoformat(),
            "until": None if until is None else until.isoformat(),
        },
        "repository": report.repository,
        **({"day": _used(day)} if day else {}),
        **({"month": _used(month)} if month else {}),
        "budgets": [_budget(one) for one in report.budgets],
        "limits": _limits(report.limits),
        **({"state": _state(report.standing)} if report.standing else {}),
        "totals": _totals(report.summary),
        "rows": {by: [_row(line, titled=by == "repository") for line in lines] for by, lines in report.groups.items()},
        "most_expensive": [_costly(one) for one in report.costly],
        "estimates": _accuracy(report.accuracy),
        "assumed": [_assumed(one) for one in report.assumed],
        "returns": _returns(report.returns),
        "prices": _prices(report),
    }


def _state(standing: Standing) -> dict[str, Any]:
    """Where spending stands now (docs/budget.md)."""
    return {"state": standing.state, "cause": standing.cause, "cap": standing.cap, "message": standing.words}


def _used(budget: Budget) -> dict[str, Any]:
    return {"spent": exact(budget.used), "cap": _amount(budget.cap), "left": _amount(budget.left)}


def _budget(budget: Budget) -> dict[str, Any]:
    return {"kind": budget.kind, "key": budget.key, "name": budget.name, **_used(budget), "state": budget.state}


def _limits(caps: Caps) -> dict[str, Any]:
    return {name: _amount(getattr(caps, name)) for name in CAP_SETTINGS}


def _totals(summary: Summary) -> dict[str, Any]:
    return {
        "spent": exact(summary.spent),
        "assumed": exact(summary.assumed),
        "reserved": exact(summary.reserved),
        "calls": summary.calls,
        "over": summary.over,
        "reviews": summary.reviews,
        "days": summary.days,
        "tokens": tokens_to_json(summary.tokens),
        "cache": cache_to_json(summary.cache),
    }


def _row(line: Line, *, titled: bool) -> dict[str, Any]:
    row = line.row
    return {
        "name": row.name,
        **({"title": line.title} if titled else {}),
        "spent": exact(row.spent),
        "assumed": exact(row.assumed),
        "reserved": exact(row.reserved),
        "calls": row.calls,
        "over": row.over,
        "tokens": tokens_to_json(row.tokens),
        "cache": cache_to_json(row.cache),
    }


def _costly(one: Costly) -> dict[str, Any]:
    return {
        "review": one.review,
        "repository": one.repository,
        "day": one.day.isoformat(),
        "spent": exact(one.spent),
        "assumed": exact(one.assumed),
        "calls": one.calls,
        "expected": _amount(one.expected),
    }


def _accuracy(found: Accuracy) -> dict[str, Any]:
    return {
        "debates": len(found.guesses),
        "band": exact(BAND),
        "kept": found.kept,
        "cheaper": found.cheaper,
        "dearer": found.dearer,
        "left_out": found.left_out,
        "expected": exact(found.expected),
        "spent": exact(found.spent),
        "middle": None if found.middle is None else round(found.middle, 4),
    }


def _assumed(one: AssumedCall) -> dict[str, Any]:
    return {
        "call": one.id,
        "day": one.day,
        "repository": one.repository,
        "review": one.review,
        "seat": one.seat,
        "model": one.model,
        "amount": exact(one.amount),
    }


def _returns(found: Returns) -> dict[str, Any]:
    groups: Mapping[str, Iterable[Return]] = {
        "seat": found.by_seat,
        "tier": found.by_tier,
        "category": found.by_category,
        "repository": found.by_repository,
        "month": found.by_month,
    }
    return {
        "total": _return(found.total),
        "rows": {by: [_return(one) for one in rows] for by, rows in groups.items()},
        "unshared": exact(found.unshared),
        "barren": exact(found.barren),
        "always_dismissed": [_silent(one) for one in found.silent],
    }


def _return(one: Return) -> dict[str, Any]:
    return {
        "name": one.key,
        "title": one.name,
        "cost": exact(one.cost),
        "own": exact(one.own),
        "examined": exact(one.examined),
        "findings": {"open": one.open, "accepted": one.accepted, "dismissed": one.dismissed},
        "per_finding": _rounded(one.per_finding),
        "per_accepted": _rounded(one.per_accepted),
        "per_dismissed": _rounded(one.per_dismissed),
        "per_dollar": _rounded(one.per_dollar),
        "worth": _amount(one.worth),
        "return": _rounded(one.return_on_spend),
    }


def _silent(one: Silent) -> dict[str, Any]:
    return {
        "repository": one.repository,
        "title": one.name,
        "seat": one.seat,
        "dismissed": one.dismissed,
        "cost": exact(one.cost),
    }


def _prices(report: CostReport) -> dict[str, Any] | None:
    prices = report.prices
    if prices is None:
        return None
    return {"version": prices.version, "newest": prices.newest.isoformat(), "days": prices.days}


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else exact(value)


def _rounded(value: Decimal | None) -> str | None:
    """Quotients have no end: nine places, as the ledger counts."""
    return None if value is None else exact(round(value, 9))
