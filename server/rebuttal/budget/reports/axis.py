"""Axes: round numbers at even distances, in the currency that the user reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from math import ceil, floor, log10

from attrs import frozen

from rebuttal.store.currency import Money

_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_TICKS = 4


@frozen
class Tick:
    """Where a line of the axis is, from 0 to 100, and what it is called."""

    at: float
    label: str


@frozen
class Axis:
    """From nothing up, or where `is_log` from one power of ten to another."""

    low: float
    high: float
    """Dollars."""
    is_log: bool
    ticks: tuple[Tick, ...]

    def place(self, dollars: Decimal) -> float:
        """From 0 to 100."""
        value = float(dollars)
        if self.is_log:
            share = (log10(max(value, self.low)) - log10(self.low)) / (log10(self.high) - log10(self.low))
        else:
            share = value / self.high
        return 100 * min(max(share, 0.0), 1.0)


def axis(highest: Decimal, money: Money) -> Axis:
    """From nothing to a round number at or above `highest`."""
    rate = _rate(money)
    wanted = max(highest * rate, Decimal("0.0004")) / _TICKS
    power = Decimal(10) ** floor(wanted.log10())
    step = next(step * power for step in _STEPS if step * power >= wanted)
    count = max(ceil(highest * rate / step), 1)
    marks = [step * number for number in range(count + 1)]
    ticks = tuple(Tick(100 * number / count, label) for number, label in enumerate(_labels(marks, money)))
    return Axis(0.0, float(step * count / rate), False, ticks)


def log_axis(least: Decimal, highest: Decimal, money: Money) -> Axis:
    """With room around both; a line for each power of ten, and for 2 and 5 of it where there are few."""
    rate = float(_rate(money))
    marks = list(_marks(float(least) * rate * 0.8, float(highest) * rate * 1.25))
    low, high = marks[0], marks[-1]
    few = len(marks) <= 6
    shown = [mark for mark in marks if few or _is_power(mark)]
    width = log10(high) - log10(low)
    places = [100 * (log10(mark) - log10(low)) / width for mark in shown]
    ticks = tuple(map(Tick, places, [_label(_round(mark), money, _places(_round(mark))) for mark in shown]))
    return Axis(low / rate, high / rate, True, ticks)


def _marks(least: float, highest: float) -> Iterator[float]:
    """1, 2 and 5 of every power of ten: from the last at or below `least` to the first at or above `highest`."""
    power = floor(log10(least))
    candidates = [step * 10.0**number for number in range(power, power + 40) for step in (1, 2, 5)]
    first = max(number for number, mark in enumerate(candidates) if mark <= least * (1 + 1e-9))
    for mark in candidates[first:]:
        yield mark
        if mark >= highest:
            return


def _is_power(mark: float) -> bool:
    return abs(log10(mark) - round(log10(mark))) < 1e-9


def _round(mark: float) -> Decimal:
    return Decimal(f"{mark:.3g}")


def _rate(money: Money) -> Decimal:
    return money.rate if money.is_converted and money.rate is not None else Decimal(1)


def _labels(marks: list[Decimal], money: Money) -> list[str]:
    """All with as many places as the finest of them needs."""
    places = max(map(_places, marks))
    return [_label(mark, money, places) for mark in marks]


def _label(units: Decimal, money: Money, places: int) -> str:
    prefix = re.sub(r"[\d.,]", "", money(Decimal(0)))
    for limit, divisor, unit in ((10**9, 10**9, "G"), (10**6, 10**6, "M"), (10**4, 10**3, "k")):
        if units >= limit:
            scaled = units / divisor
            return f"{prefix}{scaled:,.{_places(scaled) and 1}f}{unit}"
    return f"{prefix}{units:,.{places}f}" if units else f"{prefix}0"


def _places(units: Decimal) -> int:
    """Of money two or none, or as many as a small amount needs."""
    exponent = units.normalize().as_tuple().exponent
    needed = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return max(needed, 2) if needed else 0
