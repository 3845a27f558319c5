"""The report for a terminal: what is left, a table of one group, and what to know. Amounts are rounded up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

from rebuttal.budget.reports.accuracy import BAND
from rebuttal.budget.reports.model import Budget, CostReport, Line, as_read
from rebuttal.budget.reports.notes import notes
from rebuttal.budget.reports.words import amount, day, number, percent
from rebuttal.budget.returns import Return
from rebuttal.store.model import ZERO, LedgerKey
from rebuttal.text.hidden import written_out
from rebuttal.text.words import counted

_LONGEST = 48
"""Characters of a name; a longer one is cut in the middle."""
_HEADS = ("spent", "assumed", "under way", "share", "calls", "cache read")


def to_text(report: CostReport, by: LedgerKey) -> str:
    """Budgets, the rows by one group with their sum, and a line for each thing to know."""
    lines = _budgets(report.budgets, report)
    rows = report.groups.get(by, ())
    if not rows:
        return "\n".join((*lines, "", _nothing(report))) + "\n"
    lines += ["", *([_about(report)] if _about(report) else []), *_table(by, rows, report)]
    if by == "model" and len(rows) > 1:
        lines += ["", mix(rows)]
    if report.summary.cache.words:
        lines += ["", f"cache: {report.summary.cache.words}"]
    lines += [one for one in (_estimates(report), _returns(report)) if one]
    lines += _brought(by, report)
    said = [one.text for one in notes(report)] + [one.words for one in report.returns.silent]
    return "\n".join((*lines, *([""] if said else []), *map(written_out, said))) + "\n"


def _budgets(budgets: Sequence[Budget], report: CostReport) -> list[str]:
    """What is used, of what, and what is left: aligned, for they are compared."""
    names = {"day": "today", "month": "this month"}
    money = report.money
    cells = [
        (
            names.get(one.kind) or f"{_cut(one.name)}, this month",
            amount(money, one.used),
            "no cap" if one.cap is None else f"of {money.deciding(one.cap)}",
            "" if one.left is None else f"{amount(money, one.left, is_saving=True)} left",
        )
        for one in budgets
    ]
    first, second, third, last = (max(len(cell[column]) for cell in cells) for column in range(4))
    return [f"{a:<{first}}  {b:>{second}} {c:<{third}}  {d:>{last}}".rstrip() for a, b, c, d in cells]


def _nothing(report: CostReport) -> str:
    if report.period.since or report.period.until or report.repository is not None:
        return "No call was paid for in that time and place."
    return "No call has been made yet."


def _about(report: CostReport) -> str:
    parts = [f"only {written_out(report.repository)}"] if report.repository is not None else []
    since, until = report.period.since, report.period.until
    parts += [f"from {day(since)}"] if since else []
    parts += [f"to {day(until)}"] if until else []
    return ", ".join(parts)


def _table(by: LedgerKey, rows: Sequence[Line], report: CostReport) -> list[str]:
    cells = [_cells(_cut(line.title), line, report) for line in as_read(by, rows)]
    summary = report.summary
    read = percent(summary.read) if summary.read is not None else "-"
    total = (
        *("all", _amount(report, summary.spent), _amount(report, summary.assumed), _amount(report, summary.reserved)),
        *("100 %" if summary.cost else "-", number(summary.calls), read),
    )
    return _aligned((by, *_HEADS), [*cells, *([total] if len(cells) > 1 else [])])


def _cells(name: str, line: Line, report: CostReport) -> tuple[str, ...]:
    row = line.row
    read = percent(line.read) if line.read is not None else "-"
    amounts = (_amount(report, value) for value in (row.spent, row.assumed, row.reserved))
    return (name, *amounts, percent(line.of_money), number(row.calls), read)


def _amount(report: CostReport, value: Decimal) -> str:
    """In a column all have the same places; nothing is a dash."""
    if not value:
        return "-"
    if report.money.is_converted:
        return amount(report.money, value)
    return f"{value.quantize(Decimal('0.0001'), ROUND_CEILING):,}"


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]], optional: Sequence[int] = (2, 3)) -> list[str]:
    """Names to the left, figures to the right; an optional column in which nothing is told is left out."""
    empty = {column for column in optional if all(row[column] == "-" for row in rows)}
    columns = [column for column in range(len(head)) if column not in empty]
    widths = {column: max(len(row[column]) for row in (head, *rows)) for column in columns}
    return [
        "  ".join(f"{row[one]:<{widths[one]}}" if not one else f"{row[one]:>{widths[one]}}" for one in columns).rstrip()
        for row in (head, *rows)
    ]


def _estimates(report: CostReport) -> str:
    found = report.accuracy
    if found.share is None:
        return ""
    return (
        f"estimates: {percent(found.share)} of {counted(len(found.guesses), 'debate')} cost within "
        f"{percent(float(BAND))} of what was expected"
    )


def _returns(report: CostReport) -> str:
    total = report.returns.total
    if not total.shown:
        return ""
    each = "" if total.per_accepted is None else f", {amount(report.money, total.per_accepted)} for each acted upon"
    gain = f"; it brought {_times(total)} times what it cost" if total.return_on_spend is not None else ""
    shown = number(total.shown)
    return (
        f"findings: {shown} shown, {number(total.accepted)} acted upon, {number(total.dismissed)} dismissed{each}{gain}"
    )


def _brought(by: LedgerKey, report: CostReport) -> list[str]:
    """What the money brought, by the same group; what belongs to nobody is told apart. Counts, for shares of a few
    findings say nothing."""
    found = report.returns
    if not found.total.shown:
        return []
    groups: dict[str, dict[str, tuple[Return, ...]]] = {
        "seat": {"seat": found.by_seat, "tier": found.by_tier, "category": found.by_category},
        "model": {"tier": found.by_tier},
        "repository": {"repository": found.by_repository},
        "month": {"month": found.by_month},
    }
    lines: list[str] = []
    for name, rows in groups.get(by, {}).items():
        others = {"nobody's": found.unshared if name in ("seat", "tier", "category") else ZERO}
        others["found nothing"] = found.barren if name == "category" else ZERO
        lines += ["", *_returned(name, rows, {key: cost for key, cost in others.items() if cost}, report)]
    return lines


def _returned(name: str, rows: Sequence[Return], others: Mapping[str, Decimal], report: CostReport) -> list[str]:
    def cost(value: Decimal | None) -> str:
        return _amount(report, value) if value is not None else "-"

    worth = any(one.return_on_spend is not None for one in rows)
    heads = (name, "cost", "shown", "acted upon", "dismissed", "each shown", "each acted upon", "each dismissed")
    cells = [
        (
            *(_cut(one.name), cost(one.cost), number(one.shown), number(one.accepted), number(one.dismissed)),
            *(cost(one.per_finding), cost(one.per_accepted), cost(one.per_dismissed)),
            *([_times(one) if one.return_on_spend is not None else "-"] if worth else []),
        )
        for one in rows
        if one.cost or one.shown
    ]
    cells += [(key, cost(value), *["-"] * (6 + worth)) for key, value in others.items()]
    return _aligned((*heads, *(["brought"] if worth else [])), cells, optional=())


def _times(one: Return) -> str:
    """What came back for each dollar; 1 is even."""
    gain = one.return_on_spend
    return "-" if gain is None else f"{gain + 1:,.1f}"


def mix(rows: Sequence[Line]) -> str:
    """What share each model has of calls, tokens and money."""
    told = (f"{written_out(one.title)} {one.of_calls:.0%} / {one.of_tokens:.0%} / {one.of_money:.0%}" for one in rows)
    return f"mix (calls / tokens / money): {', '.join(told)}"


def _cut(name: str) -> str:
    shown = written_out(name)
    half = (_LONGEST - 3) // 2
    return shown if len(shown) <= _LONGEST else f"{shown[:half]}...{shown[-half:]}"
