"""Findings through random edits, against a slow model that knows where every character came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from attrs import define, field
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from rebuttal.findings.wire import finding_from_json
from rebuttal.lsp.anchors import LiveFinding, follow
from rebuttal.lsp.encoding import Units, length_in
from rebuttal.lsp.workspace import LspTextDocument, differences, line_starts, split_lines
from rebuttal.text.positions import Position, Range
from tests.lsp.samples import finding, span

ROOT = Path("/shop")
PIECES = ["x", "y", "💛", "é", " ", "\t", "\n", "\r\n", "\r", "\u2028", "\x0c"]
TEXT = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)
# Few different lines, so that most have a twin.
LINES = ["pass", "  pass", "x = 1", "💛 = 'é'", "", "return x", "a\u2028b", "pass  "]
ENDS = ["\n", "\r\n", "\r"]
UNITS: list[Units] = ["utf-8", "utf-16", "utf-32"]
_ENCODINGS = {
    "utf-8": types.PositionEncodingKind.Utf8,
    "utf-16": types.PositionEncodingKind.Utf16,
    "utf-32": types.PositionEncodingKind.Utf32,
}


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=10))
    return "".join(line + draw(st.sampled_from(ENDS)) for line in lines) + draw(st.sampled_from(["", "end"]))


Place = tuple[int, int, str]
"""Of an edit: two numbers that say where, and what is put there."""
EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), TEXT), max_size=6)


@define
class Model:
    """A text of which every character has a number of its own: slow, but it cannot be wrong about what is left."""

    text: str
    marks: list[int] = field(init=False)
    last: int = 0

    def __attrs_post_init__(self) -> None:
        self.last = len(self.text)
        self.marks = list(range(self.last))

    def replace(self, start: int, end: int, new: str) -> None:
        self.text = self.text[:start] + new + self.text[end:]
        self.marks[start:end] = range(self.last, self.last + len(new))
        self.last += len(new)

    def lines(self) -> list[tuple[int, int]]:
        """Where each line begins and ends, its end left out."""
        starts = line_starts(self.text)
        texts = split_lines(self.text)
        return [(start, start + len(line)) for start, line in zip(starts, texts, strict=True)]

    def stripped(self, line: int) -> tuple[int, ...]:
        """The marks of a line, white space at its ends left out."""
        start, end = self.lines()[line]
        text = self.text[start:end]
        begin = start + len(text) - len(text.lstrip())
        return tuple(self.marks[begin : begin + len(text.strip())])


@define
class Desk:
    """An editor's document with the findings in it, as the server follows them."""

    document: LspTextDocument
    units: Units
    findings: list[LiveFinding]

    @classmethod
    def of(cls, text: str, units: Units, lines: list[int]) -> Desk:
        codec = PositionCodec(_ENCODINGS[units])
        document = LspTextDocument("file:///shop/cart.py", source=text, version=1, position_codec=codec)
        texts = {ROOT / "cart.py": split_lines(text)}
        found = [_at(line, texts[ROOT / "cart.py"][line]) for line in lines]
        return cls(document, units, [follow(finding_from_json(one), ROOT, texts) for one in found])

    def partial(self, text: str, start: int, end: int, new: str) -> types.TextDocumentContentChangeEvent:
        where = types.Range(self._position(text, start), self._position(text, end))
        return types.TextDocumentContentChangePartial(range=where, text=new)

    def change(self, *changes: types.TextDocumentContentChangeEvent) -> None:
        """One notification."""
        for change in changes:
            self.document.apply_change(change)
        for edit in self.document.take_edits():
            for live in self.findings:
                live.shift(edit)

    def settle(self) -> None:
        for live in self.findings:
            live.settle(self.document.bare_lines)

    def _position(self, text: str, offset: int) -> types.Position:
        starts = [start for start in line_starts(text) if start <= offset]
        return types.Position(len(starts) - 1, length_in(text[starts[-1] : offset], self.units))


def _at(line: int, text: str) -> dict[str, Any]:
    width = length_in(text, "utf-16")
    indent = len(text) - len(text.lstrip())
    where = span(line, min(indent, width), line, width)
    return finding(f"f{line}", range=where, quote=text)


def _spot(text: str, place: Place) -> tuple[int, int, str]:
    """Where a drawn edit goes; never between the two halves of a line end, which no client does."""
    start, end = sorted((place[0] % (len(text) + 1), place[1] % (len(text) + 1)))
    if text[start - 1 : start + 1] == "\r\n":
        start -= 1
    if text[end - 1 : end + 1] == "\r\n":
        end += 1
    return start, end, place[2]


def _told(text: str) -> list[int]:
    """The lines that a finding can be held by."""
    return [number for number, line in enumerate(split_lines(text)) if line.strip()]


def _check(desk: Desk, model: Model, originals: dict[str, tuple[int, ...]]) -> None:
    lines = desk.document.bare_lines
    assert desk.document.source == model.text
    for live in desk.findings:
        alive = [n for n in range(len(lines)) if model.stripped(n) == originals[live.finding.id]]
        if alive:
            # Nothing of its line was touched, so it is there, whatever else was done.
            assert not live.stale, (live, lines)
            assert live.range.start.line == alive[0], (live, alive, lines)
        if not live.stale:
            line = live.range.start.line
            assert lines[line].strip() == live.anchor[0]
            indent = len(lines[line]) - len(lines[line].lstrip())
            assert live.range.start == Position(line, indent)
            assert live.range.end.line == line


@pytest.mark.parametrize("units", UNITS)
@settings(max_examples=60, deadline=None)
@given(documents(), st.lists(st.tuples(EDITS, st.booleans()), max_size=4))
@example("pass  \npass\na\u2028b\n  pass\r\n", [([(90, 2554, "\r")], False)])
def test_findings_stand_on_their_own_lines_whatever_is_edited(
    units: Units, text: str, batches: list[tuple[list[Place], bool]]
) -> None:
    told = _told(text)
    desk, model = Desk.of(text, units, told), Model(text)
    originals = {f"f{line}": model.stripped(line) for line in told}
    for batch, looked_at in batches:
        changes = []
        for place in batch:
            start, end, new = _spot(model.text, place)
            changes.append(desk.partial(model.text, start, end, new))
            model.replace(start, end, new)
        desk.change(*changes)
        if looked_at:
            desk.settle()
            _check(desk, model, originals)
    desk.settle()
    _check(desk, model, originals)


@pytest.mark.parametrize("units", UNITS)
@settings(max_examples=60, deadline=None)
@given(documents(), EDITS, st.booleans(), st.booleans())
@example(
    "pass\n\n\U0001f49b = 'é'\r\n\U0001f49b = 'é'\r\n", [(106, 136114, ""), (0, 7, ""), (0, 0, "\n")], False, False
)
def test_undo_brings_every_finding_back_to_where_it_was(
    units: Units, text: str, edits: list[Place], looked_at: bool, at_once: bool
) -> None:
    desk = Desk.of(text, units, _told(text))
    desk.settle()
    before = {live.finding.id: live.range for live in desk.findings}
    now, undo = text, []
    for place in edits:
        start, end, new = _spot(now, place)
        made = now[:start] + new + now[end:]
        if "\r\n" in (made[max(start - 1, 0) : start + 1], made[max(start + len(new) - 1, 0) : start + len(new) + 1]):
            continue  # its undoing would have to part the two halves of a line end
        desk.change(desk.partial(now, start, end, new))
        undo.append((start, start + len(new), now[start:end], made))
        now = made
        if looked_at:
            desk.settle()
    changes = [desk.partial(made, start, end, old) for start, end, old, made in reversed(undo)]
    if at_once:
        desk.change(*changes)
    else:
        for change in changes:
            desk.change(change)
    assert desk.document.source == text
    desk.settle()
    assert not [live for live in desk.findings if live.stale]
    assert {live.finding.id: live.range for live in desk.findings} == before


@settings(max_examples=60, deadline=None)
@given(documents(), documents())
def test_text_replaced_as_a_whole_keeps_what_it_did_not_change(text: str, new: str) -> None:
    desk = Desk.of(text, "utf-16", _told(text))
    desk.change(cast("Any", types.TextDocumentContentChangeWholeDocument(text=new)))
    desk.settle()
    for live in desk.findings:
        if not live.stale:
            assert desk.document.bare_lines[live.range.start.line].strip() == live.anchor[0]
    desk.change(cast("Any", types.TextDocumentContentChangeWholeDocument(text=text)))
    desk.settle()
    for live in desk.findings:
        if not live.stale:
            assert desk.document.bare_lines[live.range.start.line].strip() == live.anchor[0]


@settings(max_examples=60, deadline=None)
@given(documents(), documents())
def test_differences_make_one_text_of_the_other(text: str, new: str) -> None:
    before, after = ([f"-{line}" for line in split_lines(one)] for one in (text, new))
    lines = [f"{number}" for number in range(len(before))]
    for edit in differences(before, after):
        # Whole lines are exchanged: those that are left keep their order and their number.
        gone = edit.old_end.line - edit.start.line
        come = edit.new_end.line - edit.start.line
        first = edit.start.line + (edit.start.character > 0)
        if edit.old_end.character > 0 and edit.start.character == 0:
            gone, come = gone + 1, come + 1
        lines[first : first + gone] = [""] * come
    assert len(lines) == len(after)
    for line, number in zip(after, lines, strict=True):
        assert not number or before[int(number)] == line


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 1), (999, 1001), (1500, 1500), (2999, 3000), (3000, 3000)])
@pytest.mark.parametrize("new", [[], ["x"], ["x"] * 3, ["x"] * 1001])
def test_difference_of_long_texts_is_found_wherever_it_lies(first: int, last: int, new: list[str]) -> None:
    before = [f"line {number}" for number in range(3000)]
    after = [*before[:first], *new, *before[last:]]
    told = differences(before, after)
    assert len(told) == (after != before)
    for edit in told:
        assert edit.new_end.line - edit.old_end.line == len(after) - len(before)
        assert edit.start.line in (first, first - 1)


@pytest.mark.parametrize("text", ["x = 1\n", "pass\nx = 1\npass\n", "pass\npass\nx = 1"])
def test_full_text_sync_is_followed_like_edits(text: str) -> None:
    desk = Desk.of(text, "utf-16", _told(text))
    desk.change(cast("Any", types.TextDocumentContentChangeWholeDocument(text="# one line more\n" + text)))
    desk.settle()
    assert not [live for live in desk.findings if live.stale]
    assert [live.moved_lines for live in desk.findings] == [1] * len(desk.findings)


def test_undone_deletion_did_not_bring_a_finding_back_at_its_twin() -> None:
    text = "a\npass\nb\npass\nc\n"
    desk = Desk.of(text, "utf-16", [3])
    desk.change(desk.partial(text, 0, len("a\npass\nb\npass\n"), ""))
    desk.settle()
    assert desk.findings[0].stale
    desk.change(desk.partial("c\n", 0, 0, "a\npass\nb\npass\n"))
    desk.settle()
    assert desk.findings[0].range == Range(Position(3, 0), Position(3, 4))
    assert not desk.findings[0].stale


def test_range_cut_at_its_end_and_undone_was_left_too_short() -> None:
    text = "value = compute(1)\n"
    desk = Desk.of(text, "utf-16", [0])
    desk.change(desk.partial(text, 8, 18, ""))
    desk.change(desk.partial("value = \n", 8, 8, "compute(1)"))
    desk.settle()
    assert desk.findings[0].range == Range(Position(0, 0), Position(0, 18))


def test_finding_whose_quote_is_gone_from_the_text_stands_on_no_line() -> None:
    texts = {ROOT / "cart.py": split_lines("another\nbranch\naltogether\nhere\nnow\n")}
    live = follow(finding_from_json(finding()), ROOT, texts)
    assert live.stale
    live.settle(texts[ROOT / "cart.py"])
    assert live.stale
    live.settle(split_lines("def total(items):\n    return sum(items) / len(items)\n"))
    assert (live.stale, live.range.start.line) == (False, 1)


def test_lines_that_are_all_alike_were_compared_for_seconds() -> None:
    few = ["}", "x = 1"]
    before, after = [few[line % 2] for line in range(300)], [few[line % 3 == 0] for line in range(310)]
    assert len(differences(before, after)) == 1
