"""Findings follow the text: shifted by edits, stale when their lines change, back on undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rebuttal.findings.wire import finding_from_json
from rebuttal.lsp.anchors import LiveFinding, follow, relocate, shift
from rebuttal.lsp.workspace import Edit, split_lines
from rebuttal.text.positions import LineIndex, Position, Range
from tests.lsp.samples import SOURCE, finding, span, static

ROOT = Path("/shop")


def live(text: str = SOURCE, **given: Any) -> LiveFinding:
    return follow(finding_from_json(finding(**given)), ROOT, {ROOT / "cart.py": split_lines(text)})


def edit(text: str, start: int, end: int, new: str) -> tuple[str, Edit]:
    after = text[:start] + new + text[end:]
    before, then = LineIndex(text), LineIndex(after)
    return after, Edit(before.position(start), before.position(end), then.position(start + len(new)))


# Single line ends: an edit between the two halves of "\r\n" joins lines, which no client sends.
WORDS = st.text(st.sampled_from("ab💛\n "), max_size=12)


@given(WORDS, WORDS, WORDS, st.data())
def test_range_follows_edits_outside_of_it(before: str, inside: str, after: str, data: st.DataObject) -> None:
    text = before + "<" + inside + ">" + after
    start, end = len(before), len(before) + len(inside) + 2
    where = LineIndex(text).range(start, end)
    first = data.draw(st.booleans())
    low, high = (0, start) if first else (end, len(text))
    at = sorted((data.draw(st.integers(low, high)), data.draw(st.integers(low, high))))
    new_text, change = edit(text, at[0], at[1], data.draw(WORDS))
    assert LineIndex(new_text).slice(shift(where, change)) == "<" + inside + ">"


@given(WORDS, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), WORDS), max_size=8))
def test_undo_of_everything_brings_every_finding_back(padding: str, edits: list[tuple[int, int, str]]) -> None:
    text = padding + "\nthe line in question\n" + padding
    line = text[: text.index("the line")].count("\n")
    one = live(text, range=span(line, 0, line, 20), quote="the line in question")
    undo: list[tuple[int, int, str]] = []
    for first, second, new in edits:
        start, end = sorted((min(first, len(text)), min(second, len(text))))
        undo.append((start, start + len(new), text[start:end]))
        text, change = edit(text, start, end, new)
        one.shift(change)
    for start, end, new in reversed(undo):
        text, change = edit(text, start, end, new)
        one.shift(change)
    one.settle(split_lines(text))
    assert not one.stale
    assert split_lines(text)[one.range.start.line] == "the line in question"


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90), WORDS), max_size=6))
def test_shown_finding_always_stands_on_its_line(edits: list[tuple[int, int, str]]) -> None:
    one, text = live(), SOURCE
    for first, second, new in edits:
        start, end = sorted((min(first, len(text)), min(second, len(text))))
        text, change = edit(text, start, end, new)
        one.shift(change)
        one.settle(split_lines(text))
        if not one.stale:
            assert split_lines(text)[one.range.start.line].strip() == "return sum(items) / len(items)"


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12), WORDS), max_size=8))
def test_many_edits_at_once_are_followed_like_one_after_the_other(edits: list[tuple[int, int, str]]) -> None:
    text, made = SOURCE, list[Edit]()
    for start, count, new in edits:
        first = min(start, len(text))
        text, one = edit(text, first, min(first + count, len(text)), new)
        made.append(one)
    together, singly = live(), live()
    together.shift_all(made)
    for one in made:
        singly.shift(one)
    assert together.range == singly.range
    assert together.place == (*_pair(together.range.start), *_pair(together.range.end))
    together.settle(split_lines(text))
    singly.settle(split_lines(text))
    assert (together.range, together.stale) == (singly.range, singly.stale)


def _pair(position: Position) -> tuple[int, int]:
    return position.line, position.character


def test_lines_inserted_above_move_the_finding() -> None:
    one = live()
    text, change = edit(SOURCE, 0, 0, "# new\n# lines\n")
    one.shift(change)
    one.settle(split_lines(text))
    assert one.range == Range(Position(6, 4), Position(6, 34))
    assert one.moved_lines == 2


def test_changed_line_makes_the_finding_stale_and_undo_brings_it_back() -> None:
    one = live()
    at = SOURCE.index("sum(items)")
    changed, change = edit(SOURCE, at, at + 10, "total")
    one.shift(change)
    one.settle(split_lines(changed))
    assert one.stale
    text, back = edit(changed, at, at + 5, "sum(items)")
    one.shift(back)
    one.settle(split_lines(text))
    assert not one.stale


def test_reindented_line_is_the_same_line() -> None:
    one = live()
    at = SOURCE.index("    return")
    text, change = edit(SOURCE, at, at, "    ")
    one.shift(change)
    one.settle(split_lines(text))
    assert not one.stale
    assert one.range.start == Position(4, 8)


def test_file_rewritten_by_a_formatter_finds_its_unique_line_again() -> None:
    one = live()
    one.settle(split_lines("import os\n\ndef total(items):\n\n    return sum(items) / len(items)\n\n"))
    assert not one.stale
    assert one.range.start == Position(4, 4)


def test_deleted_line_did_not_jump_to_its_twin() -> None:
    text = "    pass\nx = 1\n    pass\n"
    one = live(text, range=span(0, 4, 0, 8), quote="    pass")
    after, change = edit(text, 0, 9, "")
    one.shift(change)
    one.settle(split_lines(after))
    assert one.stale


def test_text_that_moved_during_the_review_is_found_by_its_quote() -> None:
    one = live("# one more line\n" + SOURCE)
    assert one.range.start == Position(5, 4)


def test_quote_that_is_redacted_is_held_by_the_lines_themselves() -> None:
    text = "key = 'sk-secret'\n"
    one = live(text, range=span(0, 0, 0, 5), quote="key = '«redacted:token:1»'")
    one.settle(split_lines(text))
    assert not one.stale
    one.settle(split_lines("key = None\n"))
    assert one.stale


def test_old_side_and_whole_file_findings_do_not_go_stale() -> None:
    for side in ("old", "file"):
        one = live(side=side, range=span(0, 0, 0, 0), quote="gone")
        one.settle(split_lines("something else"))
        assert not one.stale


def test_fix_moves_with_its_lines_and_is_refused_when_they_changed() -> None:
    one = live(**static())
    [anchored] = one.edits
    moved = relocate(anchored, split_lines("# new\n" + SOURCE), 1, split_lines(SOURCE))
    assert moved.range == Range(Position(1, 0), Position(2, 0))
    elsewhere = relocate(anchored, split_lines("# new\n# more\n" + SOURCE), 0, split_lines(SOURCE))
    assert elsewhere.range == Range(Position(2, 0), Position(3, 0))
    changed = relocate(anchored, split_lines(SOURCE.replace("import os", "import os, sys")), 0, split_lines(SOURCE))
    assert changed.range is None
    assert "changed" in changed.reason


def test_fix_of_a_file_that_could_not_be_read_is_refused() -> None:
    one = follow(finding_from_json(static()), ROOT, {})
    refused = relocate(one.edits[0], split_lines(SOURCE), 0, None)
    assert refused.range is None


def test_fix_of_blank_lines_is_not_looked_for_elsewhere() -> None:
    one = live("a\n\nb\n\n", **static(range=span(1, 0, 1, 0), quote="", fix=_blank()))
    assert relocate(one.edits[0], split_lines("a\nx\nb\n\n"), 0, split_lines("a\n\nb\n\n")).range is None


def _blank() -> dict[str, Any]:
    return {"edits": [{"file": "cart.py", "range": span(1, 0, 1, 0), "new_text": "x"}]}


def test_redacted_line_that_was_gone_from_the_disk_showed_its_finding_on_another_one() -> None:
    quote = 'KEY = "«redacted:aws-key:1»"'
    where = {"range": span(1, 7, 1, 27), "quote": quote}
    assert live('import os\nNAME = "Ada"\n', **where).stale
    moved = live('import os\nimport re\nKEY = "AKIAQ3EGRTVX7PLMN2KD"\n', **where)
    assert (moved.stale, moved.range.start.line) == (False, 2)
