"""The innermost holder of a line is what a search through all definitions would find."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rebuttal.context.places import Holders
from rebuttal.text.model import Symbol
from rebuttal.text.symbols import enclosing


def symbol(number: int, start: int, end: int) -> Symbol:
    return Symbol(f"s{number}", f"s{number}", "function", start, end, start, (), True, start_offset=start)


@st.composite
def nested(draw: st.DrawFn) -> list[Symbol]:
    """Definitions that lie inside one another or apart, as in a parsed text."""
    found: list[Symbol] = []

    def fill(start: int, end: int, depth: int) -> None:
        at = start
        while at <= end and len(found) < 20 and draw(st.booleans()):
            first = draw(st.integers(at, end))
            last = draw(st.integers(first, end))
            found.append(symbol(len(found), first, last))
            if depth < 3 and last > first:
                fill(first + 1, last, depth + 1)
            at = last + 1

    fill(0, 40, 0)
    return found


@given(nested())
def test_holders_agree_with_a_search(symbols: list[Symbol]) -> None:
    holders = Holders(symbols, lambda _: True)
    for line in range(-1, 43):
        assert holders.at(line) == enclosing(symbols, line)
