"""The part of the page that says what the money brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from rebuttal.budget.reports.markup import Child, Element, el
from rebuttal.budget.reports.model import CostReport
from rebuttal.budget.reports.tables import folded, said, table
from rebuttal.budget.reports.words import amount, number, spoken
from rebuttal.budget.returns import Return

_MOST = 200
"""Rows of a group; JSON has all."""


def brought(report: CostReport) -> Element | None:
    """What was found for the money and what became of it: by seat, and folded by tier, category and month."""
    found = report.returns
    if not found.total.shown:
        return None
    total = found.total
    shown = (
        f"{number(total.shown)} findings were shown: {number(total.accepted)} acted upon, {number(total.dismissed)} "
        f"dismissed, {number(total.open)} open. One cost {_or_dash(report, total.per_finding)}, one acted upon "
        f"{_or_dash(report, total.per_accepted)}."
    )
    more = [("category", found.by_category), ("tier", found.by_tier), ("month", found.by_month)]
    return el(
        "section",
        el("h2", "Return on spend"),
        el("p", shown, class_="soft"),
        _rows(report, "seat", found.by_seat, spoken),
        [el("p", said(one), class_="says") for one in found.words],
        [folded(f"By {by}", _rows(report, by, rows, _plain if by == "month" else spoken)) for by, rows in more if rows],
        class_="card",
    )


def _rows(report: CostReport, by: str, rows: Sequence[Return], words: Callable[[str], str]) -> Element:
    heads = (by.capitalize(), "Shown", "Acted upon", "Dismissed", "Each acted upon")
    return table(
        heads, [_row(report, one, words(one.name)) for one in rows[:_MOST] if one.shown or one.cost], aside=(1, 3)
    )


def _row(report: CostReport, one: Return, name: str) -> tuple[Child, Sequence[Child]]:
    gain = one.return_on_spend
    back = "" if gain is None else f", brought {float(gain + 1):,.1f} times that"
    first = [
        el("span", name, class_="name"),
        el("span", f"{amount(report.money, one.cost)}{back}", class_="meta"),
    ]
    counts = [number(count) for count in (one.shown, one.accepted, one.dismissed)]
    return first, [*counts, _or_dash(report, one.per_accepted)]


def _plain(name: str) -> str:
    return name


def _or_dash(report: CostReport, value: Decimal | None) -> str:
    return "-" if value is None else amount(report.money, value)
