"""How a report writes amounts, shares, days and names for people. Nothing is worked out here."""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from rebuttal.budget.reports.course import Bar, Unit
from rebuttal.store.currency import Money

_LARGE = Decimal(1)
"""Dollars from which parts of a cent are left out: nobody looks for them there."""
_EVEN = re.compile(r"\.\d{3}$")
"""Two places or four: amounts stand under each other."""
_THOUSANDS = re.compile(r"(?<![\d.])\d{4,}")


def amount(money: Money, value: Decimal, *, is_saving: bool = False) -> str:
    """As everywhere else, rounded up; a large one to the cent, with thousands apart."""
    if value >= _LARGE and not money.is_converted:
        value = value.quantize(Decimal("0.01"), ROUND_FLOOR if is_saving else ROUND_CEILING)
    written = _THOUSANDS.sub(lambda match: f"{int(match[0]):,}", money(value, is_saving=is_saving))
    return _EVEN.sub(r"\g<0>0", written)


def percent(share: float) -> str:
    """Whole percents, rounded down: 100 % is all of it, and 0 % is nothing."""
    whole = int(share * 100 + 1e-9)
    return "<1 %" if share > 0 and whole < 1 else f"{whole} %"


def number(count: int) -> str:
    return f"{count:,}"


def short(count: int) -> str:
    """Of tokens: 950, 12.3k, 4.5M, 1.2G."""
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= limit:
            return f"{count / limit:.1f}".removesuffix(".0") + unit
    return str(count)


def day(value: date) -> str:
    return f"{value.day} {value:%b} {value.year:04}"


def span(bar: Bar, unit: Unit) -> str:
    """When a bar is of."""
    match unit:
        case "day":
            return day(bar.first)
        case "week":
            return f"{bar.first.day} {bar.first:%b} to {day(bar.last)}"
        case "month":
            return f"{bar.first:%B} {bar.first.year:04}"
        case "year":
            return f"{bar.first.year:04}"


def mark(bar: Bar, unit: Unit) -> str:
    """The same under an axis, where there is little room."""
    match unit:
        case "day" | "week":
            return f"{bar.first.day} {bar.first:%b}"
        case "month":
            return f"{bar.first:%b} {bar.first.year % 100:02}"
        case "year":
            return f"{bar.first.year:04}"


def spoken(name: str) -> str:
    """A phase or a seat as people write it: `cross_examination` is Cross-examination, `code-reviewer` Code reviewer."""
    special = {"cross_examination": "Cross-examination", "ux-specialist": "UX specialist"}
    plain = special.get(name, name.replace("_", " ").replace("-", " ").strip())
    return plain[:1].upper() + plain[1:] if plain else "(none)"
