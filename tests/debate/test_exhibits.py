"""Looking up code: what is asked for every claim is found without searching the file each time."""

from __future__ import annotations

import pytest

from rebuttal.change.model import Side
from rebuttal.debate.exhibits import SIDES, Exhibits
from rebuttal.text.symbols import enclosing
from tests.debate.conftest import NEW, OLD, change_of, context_of

NESTED = "class A:\n    def a(self):\n        def inner():\n            return 1\n\n        return inner\n\n\nB = 1\n"


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("new", [NEW, NESTED, "", "a = 1; b = 2\n"])
def test_the_symbol_around_a_line_is_the_innermost_one(new: str, side: Side) -> None:
    exhibits = Exhibits(context_of(change_of({"a.py": (OLD, new)})))
    symbols = exhibits.symbols("a.py", side)
    for line in range(20):
        assert exhibits.enclosing("a.py", side, line) == enclosing(symbols, line)
    assert exhibits.enclosing("other.py", side, 0) is None
