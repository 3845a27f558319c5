"""Fixes become edits that do what was meant, or are refused with the reason."""

from __future__ import annotations

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.findings.fixes import FixError, OverlappingEdits, apply_edits, edits_from_quotes
from rebuttal.findings.model import Fix, TextEdit
from rebuttal.text.positions import LineIndex, Position, Range
from tests.findings.conftest import span

CODE = "def average(prices):\n    total = sum(prices)\n    return total / len(prices)\n"


@frozen
class Quoted:
    quote: str
    replacement: str
    file: str = "cart.py"


@frozen
class Text:
    redacted: str
    original: str


def mend(*fixes: Quoted, text: str = CODE, redacted: str | None = None) -> str:
    """The text after the fixes."""
    fix = make(*fixes, text=text, redacted=redacted)
    return apply_edits(text, fix.edits if fix else ())


def make(*fixes: Quoted, text: str = CODE, redacted: str | None = None) -> Fix | None:
    shown = Text(text if redacted is None else redacted, text)
    return edits_from_quotes(
        fixes, lambda file: shown if file == "cart.py" else None, is_redacted=lambda words: "[SECRET" in words
    )


def test_a_quoted_line_is_replaced() -> None:
    fixed = mend(Quoted("    return total / len(prices)", "    return total / max(len(prices), 1)"))
    assert fixed == CODE.replace("len(prices)\n", "max(len(prices), 1)\n")


def test_an_edit_covers_the_quoted_lines_only() -> None:
    fix = make(Quoted("    total = sum(prices)\n", "    total = 0\n"))
    assert fix == Fix((TextEdit("cart.py", span(1, 0, 23), "    total = 0"),))


def test_one_line_may_become_several() -> None:
    fixed = mend(Quoted("    total = sum(prices)", "    if not prices:\n        return 0\n    total = sum(prices)"))
    assert fixed.splitlines()[1:4] == ["    if not prices:", "        return 0", "    total = sum(prices)"]


def test_an_empty_replacement_takes_the_line_out() -> None:
    assert mend(Quoted("    total = sum(prices)", "")) == "def average(prices):\n    return total / len(prices)\n"


def test_a_part_of_a_line_is_replaced_alone() -> None:
    assert mend(Quoted("len(prices)", "(len(prices) or 1)")) == CODE.replace("len(prices)", "(len(prices) or 1)")


def test_a_lost_indent_is_given_to_the_replacement() -> None:
    quote, replacement = "total = sum(prices)\nreturn total / len(prices)", "return mean(prices)\n"
    assert mend(Quoted(quote, replacement)) == "def average(prices):\n    return mean(prices)\n"


def test_a_diffs_marks_are_not_written_into_the_file() -> None:
    expected = "def average(prices):\n    total = 0\n    return total / len(prices)\n"
    assert mend(Quoted("+    total = sum(prices)", "+    total = 0")) == expected
    assert mend(Quoted("+    total = sum(prices)", "    total = 0")) == expected


def test_windows_line_ends_are_kept() -> None:
    text = CODE.replace("\n", "\r\n")
    fixed = mend(Quoted("    total = sum(prices)", "    total = 0\n    total += sum(prices)"), text=text)
    assert fixed == text.replace("    total = sum(prices)", "    total = 0\r\n    total += sum(prices)")


def test_a_fix_that_changes_nothing_is_none() -> None:
    assert make(Quoted("    total = sum(prices)", "    total = sum(prices)\n")) is None
    assert make() is None


def test_a_miscopied_quote_is_refused_because_its_slip_would_be_written_into_the_file() -> None:
    with pytest.raises(FixError, match="misquotes"):
        make(Quoted("    return totl / len(prices)", "    return totl / max(len(prices), 1)"))


def test_a_quote_that_is_not_there_or_stands_twice_is_refused() -> None:
    with pytest.raises(FixError, match="not there once"):
        make(Quoted("    raise Everything()", ""))
    with pytest.raises(FixError, match="not there once"):
        make(Quoted("x = 1", "x = 2"), text="x = 1\nx = 1\n")


def test_a_file_outside_the_change_is_refused() -> None:
    with pytest.raises(FixError, match="not part of the change"):
        make(Quoted("x", "y", file="/etc/passwd"))


def test_a_fix_that_touches_a_placeholder_is_refused() -> None:
    text, redacted = 'key = "abc123"\nuse(key)\n', 'key = "[SECRET 1]"\nuse(key)\n'
    with pytest.raises(FixError, match="secret"):
        make(Quoted('key = "[SECRET 1]"', 'key = environ["KEY"]'), text=text, redacted=redacted)
    with pytest.raises(FixError, match="secret"):
        make(Quoted("use(key)", 'use("[SECRET 1]")'), text=text, redacted=redacted)
    with pytest.raises(FixError, match="secret"):
        make(Quoted("key = ", "KEY = "), text=text, redacted=redacted)


def test_a_fix_beside_a_placeholder_lands_on_the_original() -> None:
    text, redacted = 'key = "abc123"\nuse(key)\n', 'key = "[SECRET 1]"\nuse(key)\n'
    assert mend(Quoted("use(key)", "lend(key)"), text=text, redacted=redacted) == 'key = "abc123"\nlend(key)\n'


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(OverlappingEdits, match="same text"):
        make(Quoted("    total = sum(prices)", "    total = 1"), Quoted("sum(prices)", "2"))


def test_insertions_at_one_place_keep_their_order_and_precede_a_replacement() -> None:
    edits = [
        TextEdit("a", span(0, 1, 2), "C"),
        TextEdit("a", span(0, 1, 1), "A"),
        TextEdit("a", span(0, 1, 1), "B"),
    ]
    assert apply_edits("xyz", edits) == "xABCz"


def test_a_backward_edit_is_refused() -> None:
    with pytest.raises(FixError, match="ends before"):
        apply_edits("abc", [TextEdit("a", Range(Position(0, 2), Position(0, 1)), "")])


def test_characters_beyond_the_basic_plane_count_two_units() -> None:
    assert apply_edits("😀ab", [TextEdit("a", span(0, 2, 3), "X")]) == "😀Xb"


texts = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n😀"), max_size=60)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[TextEdit], str]:
    """A text, edits of it in any order, and what they must make of it."""
    text = draw(texts)
    index = LineIndex(text)
    whole = [at for at in range(len(text) + 1) if text[max(at - 1, 0) : at + 1] != "\r\n"]
    cuts = sorted(draw(st.lists(st.sampled_from(whole), max_size=6, unique=True)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    edits, parts, done = [], [], 0
    for start, end in spans:
        new_text = draw(texts)
        edits.append(TextEdit("a", index.range(start, end), new_text))
        parts += [text[done:start], new_text]
        done = end
    return text, draw(st.permutations(edits)), "".join([*parts, text[done:]])


@given(edited())
def test_any_edits_that_do_not_overlap_are_made_in_one_go(case: tuple[str, list[TextEdit], str]) -> None:
    text, edits, expected = case
    assert apply_edits(text, edits) == expected


@given(
    st.lists(st.text("abc =", min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=8, unique=True), st.data()
)
def test_any_unique_line_can_be_replaced(lines: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    text = "".join(line + "\n" for line in lines)
    expected = [*lines[:at], "new", *lines[at + 1 :]]
    assert mend(Quoted(lines[at], "new"), text=text) == "".join(line + "\n" for line in expected)
