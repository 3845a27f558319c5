"""A sweep as text and as JSON (docs/schemas/sweep.schema.json)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rebuttal.budget.model import in_words
from rebuttal.change.listing import Listed
from rebuttal.findings.report import Report
from rebuttal.findings.reports import json_report
from rebuttal.findings.severity import SEVERITIES
from rebuttal.review.sweep_model import Kept, Swept
from rebuttal.store.currency import DOLLARS
from rebuttal.store.money import dollars, exact
from rebuttal.store.wire import tokens_to_json
from rebuttal.text.hidden import written_out
from rebuttal.text.words import counted

SCHEMA = 1
WIDEST = 48
"""Columns of a name in the table."""
FEW = 3
"""Parts that failed which are named."""


def heading(change: Listed, number: int, of: int, *, colour: bool) -> str:
    """Above the report of one change."""
    also = f" (also {', '.join(change.others)})" if change.others else ""
    line = written_out(f"== {change.name}{also} · {number} of {of}")
    return f"\x1b[1m{line}\x1b[0m\n" if colour else f"{line}\n"


def table(swept: Swept, *, colour: bool) -> str:
    """What came of every change, in a line each, and of all together."""
    rows = [_row(change.name, report) for change, report in swept.reviewed]
    lines: list[str] = []
    if rows:
        head = ("change", *SEVERITIES, "cost", "")
        widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
        lines = [_line(row, widths) for row in (head, *rows)]
        if colour:
            lines[0] = f"\x1b[1m{lines[0]}\x1b[0m"
    lines += [written_out(f"{name}: not reviewed: {reason}") for name, reason in swept.failed]
    lines += [written_out(f"{name}: not finished") for name in swept.unfinished]
    if swept.empty:
        lines.append(written_out(f"nothing to review: {', '.join(swept.empty)}"))
    lines.append(_together(swept))
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(name: str, report: Report) -> tuple[str, ...]:
    found = [one for one in report.findings if one.status == "open"]
    numbers = (sum(one.severity == severity for one in found) for severity in SEVERITIES)
    short = written_out(name)
    short = short if len(short) <= WIDEST else f"{short[: WIDEST - 1]}…"
    return (
        short,
        *(str(number) if number else "-" for number in numbers),
        report.money(report.cost.spent),
        _remark(report),
    )


def _remark(report: Report) -> str:
    if report.degraded:
        parts = list(dict.fromkeys(one.seat for one in report.degraded))
        more = f" and {len(parts) - FEW} more" if len(parts) > FEW else ""
        return written_out(f"failed in part: {', '.join(parts[:FEW])}{more}")
    match report.not_spent:
        case "cap":
            return "stopped by a cap"
        case "trivial":
            return "trivial: no model asked"
        case "no_key":
            return "no key: static panel only"
        case "no_consent":
            return "not agreed to: static panel only"
        case _:
            return "static panel only" if report.panel == "static" else ""


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers, remark = row
    cells = [f"{number:>{width}}" for number, width in zip(numbers, widths[1:-1], strict=True)]
    return "  ".join([f"{name:<{widths[0]}}", *cells, remark])


def _together(swept: Swept) -> str:
    found = sum(one.status == "open" for _, report in swept.reviewed for one in report.findings)
    cost, (expected, at_most) = swept.cost, swept.estimate
    parts = [f"{counted(len(swept.reviewed), 'change')} reviewed", counted(found, "finding")]
    money = next((report.money for _, report in swept.reviewed), DOLLARS)
    price = f"cost {money(cost.spent)}"
    if expected:
        price += f" ({in_words(expected, at_most, money)})"
    parts.append(price)
    if cost.assumed:
        parts.append(f"{money(cost.assumed)} more assumed or still under way")
    if cost.calls:
        parts.append(f"{counted(cost.calls, 'call')} at half the price")
    return " · ".join(parts)


def to_json(swept: Swept) -> dict[str, Any]:
    """The one document of a sweep; each review as `review --format json` prints it."""
    expected, at_most = swept.estimate
    cost = swept.cost
    return {
        "schema": SCHEMA,
        "sweep": swept.sweep,
        "changes": [
            {
                "name": change.name,
                "same": list(change.others),
                "base": change.base,
                "head": change.head,
                "review": json_report.to_json(report),
            }
            for change, report in swept.reviewed
        ],
        "empty": list(swept.empty),
        "failed": [{"name": name, "reason": reason} for name, reason in swept.failed],
        "unfinished": list(swept.unfinished),
        "under_way": swept.under_way,
        "cost": {
            "currency": "USD",
            "estimate": {"expected": exact(expected), "at_most": exact(at_most)},
            "spent": exact(cost.spent),
            "assumed": exact(cost.assumed),
            "calls": cost.calls,
            "tokens": tokens_to_json(cost.tokens),
        },
    }


def listed_text(kept: Iterable[Kept]) -> str:
    """Sweeps that are kept, a line each."""
    lines = [
        f"{one.id}  {one.made_at.astimezone():%Y-%m-%d %H:%M}  {one.state:<8}  "
        f"{counted(len(one.job.changes), 'change')}, {one.answered} of {counted(one.turns, 'turn')} answered, "
        + (f"{one.under_way} {'batch' if one.under_way == 1 else 'batches'} under way, " if one.under_way else "")
        + f"{dollars(one.spent)} spent{' or set aside' if one.under_way else ''}"
        for one in kept
    ]
    return "".join(f"{line}\n" for line in lines) or "No sweep of this repository is kept.\n"


def listed_json(kept: Iterable[Kept]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": SCHEMA,
        "sweeps": [
            {
                "id": one.id,
                "made_at": one.made_at.isoformat(),
                "state": one.state,
                "host": one.host,
                "changes": [change.name for change in one.job.changes],
                "turns": one.turns,
                "answered": one.answered,
                "batches_under_way": one.under_way,
                "spent_or_set_aside": exact(one.spent),
            }
            for one in kept
        ],
    }
