"""How spending went over time: the days of the period, gathered to as many bars as can be told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from attrs import frozen

from rebuttal.store.model import ZERO
from rebuttal.store.spending import DaySpending

Unit = Literal["day", "week", "month", "year"]

MODELS = 4
"""Models that have a colour of their own; those beyond, which cost less, are shown as one."""
OTHERS = "other models"
_MOST_BARS = 100
_LENGTH: Mapping[Unit, int] = {"day": 1, "week": 7, "month": 31, "year": 366}


@frozen
class Bar:
    """What was spent in one day, week, month or year."""

    first: date
    last: date
    by_model: tuple[Decimal, ...]
    """In the order of `Course.models`."""
    assumed: Decimal

    @property
    def cost(self) -> Decimal:
        return sum(self.by_model, self.assumed)


@frozen
class Course:
    """Bars without a gap, the earliest first; none where nothing was spent."""

    unit: Unit
    models: tuple[str, ...]
    bars: tuple[Bar, ...]
    cap: Decimal | None
    """Of a day, where bars are days."""

    @property
    def by_model(self) -> tuple[Decimal, ...]:
        """What each of `models` cost in all bars together."""
        return tuple(sum(column, ZERO) for column in zip(*(bar.by_model for bar in self.bars), strict=True))

    @property
    def highest(self) -> Decimal:
        return max((bar.cost for bar in self.bars), default=ZERO)


def course_of(
    days: Sequence[DaySpending], since: date | None, until: date | None, today: date, day_cap: Decimal | None
) -> Course:
    """`since`, `until`: the period that was asked for; else from the first day with spending to today. A bar of more
    days than one may begin before the period: it has only the spending of the period."""
    if not days:
        return Course("day", (), (), None)
    known = [(_sensible(date.fromisoformat(one.day), today), one) for one in days]
    earliest, latest = min(day for day, _ in known), max(day for day, _ in known)
    # A period that was asked for is shown whole, but for years in which nothing was.
    first = since if since and (earliest - since).days < _MOST_BARS else earliest
    last = max(latest, min(until or today, today))
    unit = _unit(first, last)
    models = _models(days)
    place = {model: min(number, MODELS) for number, model in enumerate(_by_cost(days))}
    amounts: dict[date, list[Decimal]] = defaultdict(lambda: [ZERO] * (len(models) + 1))
    for day, one in known:
        sums = amounts[_start(day, unit)]
        if one.spent:
            sums[place[one.model]] += one.spent
        sums[-1] += one.assumed
    bars = tuple(
        Bar(start, _next(start, unit) - timedelta(1), tuple(amounts[start][:-1]), amounts[start][-1])
        for start in _starts(first, last, unit)
    )
    return Course(unit, models, bars, day_cap if unit == "day" else None)


def _sensible(day: date, today: date) -> date:
    """A day that some wrong clock gave belongs to the first bar or the last: a chart has no room for centuries."""
    return min(max(day, date(max(today.year - 90, 1), 1, 1)), date(min(today.year + 5, 9990), 12, 31))


def _by_cost(days: Sequence[DaySpending]) -> list[str]:
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for one in days:
        sums[one.model] += one.spent
    return sorted(sums, key=lambda model: (-sums[model], model))


def _models(days: Sequence[DaySpending]) -> tuple[str, ...]:
    names = _by_cost(days)
    return (*names[:MODELS], OTHERS) if len(names) > MODELS else tuple(names)


def _unit(first: date, last: date) -> Unit:
    length = (last - first).days + 1
    units: tuple[Unit, ...] = ("day", "week", "month")
    return next((unit for unit in units if length <= _MOST_BARS * _LENGTH[unit]), "year")


def _start(day: date, unit: Unit) -> date:
    """The first day of the bar that a day belongs to; weeks begin on Mondays (ISO 8601)."""
    starts: Mapping[Unit, Callable[[], date]] = {
        "day": lambda: day,
        "week": lambda: day - timedelta(day.weekday()),
        "month": lambda: day.replace(day=1),
        "year": lambda: day.replace(month=1, day=1),
    }
    return starts[unit]()


def _next(start: date, unit: Unit) -> date:
    if unit in ("day", "week"):
        return start + timedelta(_LENGTH[unit])
    return _start(start + timedelta(_LENGTH[unit]), unit)


def _starts(first: date, last: date, unit: Unit) -> Iterator[date]:
    start = _start(first, unit)
    while start <= last:
        yield start
        start = _next(start, unit)
