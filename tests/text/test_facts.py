"""What was found in a text is found again without parsing, and takes no more room than allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from rebuttal.text.facts import Facts
from rebuttal.text.parsing import ParsedText, Parser
from rebuttal.text.symbols import bindings_of, imports_of, references_of, symbols_of

_TEXT = "import os\n\ndef first(one):\n    return os.path.join(one, 'x')\n"


def test_what_was_found_before_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = Parser()
    asked: list[Callable[[str], Sequence[object]]] = [
        lambda text: symbols_of(text, "python", parser),
        lambda text: imports_of(text, "python", parser),
        lambda text: references_of(text, "python", None, parser),
        lambda text: references_of(text, "python", ["one"], parser),
        lambda text: bindings_of(text, "python", ["one"], parser),
    ]
    first = [ask(_TEXT) for ask in asked]
    assert all(first)
    assert len({tuple(map(repr, found)) for found in first}) == len(first)

    def refuse(*_: object) -> ParsedText:
        raise AssertionError("parsed again")

    monkeypatch.setattr(Parser, "parse", refuse)
    assert [ask(_TEXT) for ask in asked] == first
    with pytest.raises(AssertionError, match="parsed again"):
        asked[0](_TEXT + "\n")
    with pytest.raises(AssertionError, match="parsed again"):
        symbols_of(_TEXT, "go", parser)


def test_the_oldest_give_way_and_what_is_too_large_is_not_kept() -> None:
    facts = Facts(room=30)
    found = {name: (name,) * 10 for name in "abc"}

    def ask(name: str) -> bool:
        """Whether it had to be found anew."""
        called = []

        def find() -> tuple[str, ...]:
            called.append(name)
            return found[name]

        assert facts.remember("kind", name, find) == found[name]
        return bool(called)

    assert [ask("a"), ask("b"), ask("a"), ask("c")] == [True, True, False, True]
    assert [ask("a"), ask("b")] == [False, True]
    assert facts.remember("kind", "large", lambda: (1,) * 100) == (1,) * 100
    assert not ask("b")
