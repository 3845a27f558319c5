"""The report as SARIF 2.1.0 (OASIS, errata 01), as code scanning services and editors read it.

Paths are relative to the repository's root; nothing says where it lies on this machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from rebuttal import __version__
from rebuttal.findings.model import Finding, TextEdit
from rebuttal.findings.report import Report
from rebuttal.findings.severity import Severity
from rebuttal.store.money import exact
from rebuttal.text.hidden import plain
from rebuttal.text.positions import Range

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "rebuttalFindingId/v1"
ROOT = "SRCROOT"

_LEVELS: dict[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_SHOWN = ("open", "dismissed", "stale")


def to_sarif(report: Report) -> dict[str, Any]:
    """The report as one SARIF log with one run.

    Dismissed findings are results with a suppression; findings held back and fixed ones are none. What is
    degraded makes the invocation unsuccessful and is told, like what was not reviewed, as notifications.
    """
    findings = [finding for finding in report.findings if finding.status in _SHOWN]
    rules = sorted({finding.rule for finding in findings})
    return {
        "$schema": SCHEMA_URI,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Rebuttal",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [_rule(rule, findings) for rule in rules],
                    }
                },
                "automationDetails": {"id": f"rebuttal/{report.scope.kind}/"},
                "originalUriBaseIds": {ROOT: {"description": {"text": "The repository's root."}}},
                "columnKind": "utf16CodeUnits",
                "newlineSequences": ["\r\n", "\n", "\r"],
                "invocations": [_invocation(report)],
                "results": [_result(finding, rules.index(finding.rule)) for finding in findings],
                "properties": {
                    "panel": report.panel,
                    "base": report.scope.base,
                    "head": report.scope.head,
                    "heldBack": len(report.held_back),
                    "spentUsd": exact(report.cost.spent),
                },
            }
        ],
    }


def _rule(rule: str, findings: Iterable[Finding]) -> dict[str, Any]:
    tool, _, name = rule.partition(":")
    categories = sorted({finding.category for finding in findings if finding.rule == rule})
    text = f"A defect of {name} that a panel of reviewers confirmed." if tool == "debate" else f"{tool}: {name or rule}"
    return {"id": rule, "shortDescription": {"text": text}, "properties": {"tags": categories}}


def _invocation(report: Report) -> dict[str, Any]:
    notifications = [
        _notification("error", f"{one.seat} failed in {one.phase}: {one.reason}") for one in report.degraded
    ]
    notifications += [
        {**_notification("note", f"Not reviewed: {one.reason}"), "locations": [_location(one.file)]}
        for one in report.coverage.skipped
    ]
    notifications += [_notification("note", note) for note in report.notes]
    return {"executionSuccessful": not report.degraded, "toolExecutionNotifications": notifications}


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": _message(text)}


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": _message(f"{finding.title}\n\n{finding.message}" if finding.message else finding.title),
        "locations": [_place(finding)],
        "partialFingerprints": {FINGERPRINT: finding.id},
        "properties": {
            "severity": finding.severity,
            "category": finding.category,
            "confidence": finding.confidence,
            "verdict": finding.verdict,
            "source": finding.source,
            "raisedBy": list(finding.raised_by),
            "side": finding.side,
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_location(one.file, _region(one.range)), "message": _message(one.message)}
            for number, one in enumerate(finding.related)
        ]
    if finding.fix is not None and finding.fix.edits:
        result["fixes"] = [{"description": _message(finding.title), "artifactChanges": _changes(finding.fix.edits)}]
    if finding.status == "dismissed":
        result["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return result


def _place(finding: Finding) -> dict[str, Any]:
    if finding.side == "file":
        return _location(finding.file)
    return _location(finding.file, {**_region(finding.range), "snippet": {"text": finding.quote}})


def _changes(edits: Iterable[TextEdit]) -> list[dict[str, Any]]:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in edits:
        replacement = {"deletedRegion": _region(edit.range), "insertedContent": {"text": edit.new_text}}
        by_file.setdefault(edit.file, []).append(replacement)
    return [
        {"artifactLocation": _artifact(file), "replacements": replacements} for file, replacements in by_file.items()
    ]


def _location(file: str, region: dict[str, Any] | None = None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact(file)}
    if region is not None:
        place["region"] = region
    return {"physicalLocation": place}


def _artifact(file: str) -> dict[str, Any]:
    return {"uri": quote(file, safe="/", errors="surrogateescape"), "uriBaseId": ROOT}


def _region(where: Range) -> dict[str, int]:
    """SARIF counts lines and columns from 1; its end column, like LSP's, is the one after the last."""
    return {
        "startLine": where.start.line + 1,
        "startColumn": where.start.character + 1,
        "endLine": where.end.line + 1,
        "endColumn": where.end.character + 1,
    }


def _message(text: str) -> dict[str, str]:
    # `[words](target)` is a link in a SARIF message; a model's words must not become one.
    return {"text": plain(text).replace("](", "] (")}
