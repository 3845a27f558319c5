"""Which definition holds a line, answered quickly for many lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from rebuttal.text.model import Symbol

FUNCTIONS = ("function", "method")
CLASSES = ("class", "interface")


class Holders:
    """The innermost definition around each line, among those that `wanted` admits."""

    def __init__(self, symbols: Iterable[Symbol], wanted: Callable[[Symbol], bool]) -> None:
        self._starts: list[int] = []
        self._holders: list[Symbol | None] = []
        around: list[Symbol] = []
        for symbol in sorted(filter(wanted, symbols), key=lambda one: (one.start_line, -one.end_line)):
            while around and around[-1].end_line < symbol.start_line:
                self._leave(around)
            around.append(symbol)
            self._mark(symbol.start_line, symbol)
        while around:
            self._leave(around)

    def at(self, line: int) -> Symbol | None:
        """The innermost definition that holds the git line `line`; None where there is none."""
        place = bisect_right(self._starts, line) - 1
        return self._holders[place] if place >= 0 else None

    def _leave(self, around: list[Symbol]) -> None:
        left = around.pop()
        while around and around[-1].end_line <= left.end_line:
            left = max(left, around.pop(), key=lambda one: one.end_line)
        self._mark(left.end_line + 1, around[-1] if around else None)

    def _mark(self, line: int, holder: Symbol | None) -> None:
        self._starts.append(line)
        self._holders.append(holder)


def functions(symbols: Iterable[Symbol]) -> Holders:
    return Holders(symbols, lambda one: one.kind in FUNCTIONS)


def classes(symbols: Iterable[Symbol]) -> Holders:
    return Holders(symbols, lambda one: one.kind in CLASSES)


def nameable(symbols: Iterable[Symbol]) -> Holders:
    """Definitions that other files can name: not fields, not what stands inside a function."""
    return Holders(symbols, lambda one: one.kind != "field" and one.parent not in FUNCTIONS)
