"""How findings follow the text while it is edited.

Each edit moves a finding's range at once (`shift`). Whether the lines it speaks of still stand there is
checked later, when the findings are shown (`settle`): if they do not, the finding is stale and withheld, and
comes back when they do. This must be strict and quick, so only white space at a line's ends is forgiven.

Where the same lines stand twice, only the edits tell which of them are meant: an edit that takes them away is
remembered, so that its undoing brings the finding back to its own lines and not to their twin.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from rebuttal.lsp.encoding import code_points
from rebuttal.lsp.quotes import is_gone, quoted_line
from rebuttal.lsp.workspace import Edit, Lines, split_lines
from rebuttal.text.positions import Position, Range

if TYPE_CHECKING:
    from rebuttal.findings.model import Finding, TextEdit

_LONGEST_ANCHOR = 40
"""Lines; a longer finding is held by its first ones."""
_UNDONE = 50
"""Edits that took a finding's lines away, whose undoing is waited for; the latest."""


@frozen
class AnchoredEdit:
    """An edit of a fix, with the whole lines it was made for (None: they could not be read)."""

    path: Path
    edit: TextEdit
    lines: tuple[str, ...] | None


@frozen
class Relocated:
    """Where an edit applies now (UTF-16 units), or why it does not."""

    range: Range | None
    reason: str = ""


@define
class _Lost:
    """An edit that took away an edge of a range, or all of it."""

    edit: Edit
    before: Range
    """The range that it met."""
    left: Range
    """What it put there, followed through later edits."""
    others: tuple[tuple[Range, bool], ...]
    """The same of the edits before it, as it met them, and whether they were buried."""
    buried: bool = False
    """Whether a later edit took more away around what it left: that one is undone first."""

    def undone_by(self, edit: Edit) -> bool:
        """Whether `edit` puts back as much as was taken, where it was taken."""
        if self.buried:
            return False
        taken = _extent(self.edit.start, self.edit.old_end)
        return (edit.start, edit.old_end) == (self.left.start, self.left.end) and taken == _extent(
            edit.start, edit.new_end
        )


@define(eq=False)
class LiveFinding:
    """A finding and where it is now. `anchor`: the lines it stands on; empty where nothing can go stale."""

    finding: Finding
    path: Path
    range: Range
    anchor: tuple[str, ...] = ()
    reviewed: Lines | None = field(default=None, repr=False)
    """The text that was reviewed."""
    edits: tuple[AnchoredEdit, ...] = ()
    stale: bool = False
    edited: bool = False
    """Whether its file was edited since it was last looked whether something was done about it."""
    in_file: Finding | None = None
    """Of one that is in a cell of an open notebook: the finding as it is in the notebook's file."""
    branch: str = ""
    """The branch that it was found on, where that is known."""
    scope: str = "working"
    base: str | None = None
    """Of the review that found it last."""
    _settled: Lines | None = field(default=None, repr=False)
    """The lines that were looked at last: nothing is to be done for the same ones."""
    _gone: bool = False
    """Whether it is stale because its file is not there."""
    _indents: tuple[int, ...] = ()
    """Of the anchor's lines, before they lost it."""
    _lost: deque[_Lost] = field(factory=lambda: deque(maxlen=_UNDONE), repr=False)

    @property
    def moved_lines(self) -> int:
        """By how many lines the finding has moved since the review."""
        return self.range.start.line - self.finding.range.start.line

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Its range as plain numbers: hundreds are sorted by it."""
        start, end = self.range.start, self.range.end
        return start.line, start.character, end.line, end.character

    def shift_all(self, edits: Sequence[Edit]) -> None:
        """Follow edits of the text, in order. Those of other lines are only counted: there may be hundreds of both."""
        by = 0
        for edit in edits:
            if self._lost or self.finding.side != "new":
                self.shift(edit)
            elif edit.old_end.line < self.range.start.line + by:
                by += edit.new_end.line - edit.old_end.line
            elif edit.start.line <= self.range.end.line + by:
                self.range, by = _moved(self.range, by), 0
                self.shift(edit)
        if by:
            self.range = _moved(self.range, by)

    def shift(self, edit: Edit) -> None:
        """Follow one edit of the text."""
        if self.finding.side != "new" or self._undone(edit):
            return
        before = self.range
        self.range = shift(before, edit)
        lost = self._loss(edit, before)
        for earlier in self._lost:
            left = earlier.left
            takes_more = edit.start < left.start or edit.old_end > left.end
            earlier.buried = earlier.buried or (_cuts(edit, left) and takes_more)
            earlier.left = shift(left, edit)
        if lost is not None:
            self._lost.append(lost)

    def settle(self, lines: Lines) -> None:
        """Look whether the finding's lines stand where it is now; else find them, else go stale."""
        if not self.anchor or self._settled is lines:
            return
        self._settled = lines
        first = self._place(lines)
        self.stale = first is None
        if first is not None:
            self.range = self._at(first, lines)

    def file_is(self, there: bool) -> None:
        """Whether there is a text that it could stand in; one about the old side needs none."""
        if not there and self.finding.side != "old" and self.reviewed is not None:
            self.stale = self._gone = True
            self._settled = None
        elif there and self._gone:
            self.stale = self._gone = False

    def hold(self, lines: Lines) -> None:
        """Take down the lines on which it stands as its anchor."""
        held = lines_of(self.range, lines)[:_LONGEST_ANCHOR]
        self.anchor = tuple(line.strip() for line in held) if any(line.strip() for line in held) else ()
        self._indents = tuple(_indent(line) for line in held)

    def _undone(self, edit: Edit) -> bool:
        """Whether it undoes one that took the range, or an edge of it, away: then it is where it was before."""
        for number in reversed(range(len(self._lost))):
            lost = self._lost[number]
            if lost.undone_by(edit):
                by = edit.start.line - lost.edit.start.line
                while len(self._lost) > number:
                    self._lost.pop()
                # What came before the oldest that is still known may have been forgotten meanwhile.
                for earlier, (left, buried) in zip(reversed(self._lost), reversed(lost.others), strict=False):
                    earlier.left, earlier.buried = _moved(left, by), buried
                self.range = _moved(lost.before, by)
                return True
        return False

    def _loss(self, edit: Edit, before: Range) -> _Lost | None:
        others = tuple((earlier.left, earlier.buried) for earlier in self._lost)
        if not any(_cuts(edit, where) for where in (before, *(left for left, _ in others))):
            return None
        return _Lost(edit, before, Range(edit.start, edit.new_end), others)

    def _place(self, lines: Lines) -> int | None:
        start, end = self.range.start.line, last_line(self.range)
        # Of one that was deleted nothing is left at its place: what stands there came from elsewhere.
        is_there = self.range.start != self.range.end or self.finding.range.start == self.finding.range.end
        rows = last_line(self.finding.range) - self.finding.range.start.line
        if is_there and end - start == rows and stands_at(self.anchor, lines, start):
            return start
        places = places_of(self.anchor, lines)
        near = [first for first in places if is_there and start <= first <= end]
        if near:
            # An edit met the range; where several such lines stand in it now, nothing tells which of them is meant.
            return near[0] if len(near) == 1 else None
        if self.reviewed is None or len(places_of(self.anchor, self.reviewed)) > 1:
            # Lines that stood in several places say nothing about which of them is meant.
            return None
        return places[0] if len(places) == 1 else None

    @property
    def _height(self) -> int:
        return self.finding.range.end.line - self.finding.range.start.line

    def _at(self, first: int, lines: Sequence[str]) -> Range:
        """The range as it was found, on its lines: they may be indented otherwise by now."""
        was, last = self.finding.range, first + self._height
        return Range(
            Position(first, self._column(was.start.character, 0, lines, first)),
            Position(last, self._column(was.end.character, self._height, lines, last)),
        )

    def _column(self, was: int, offset: int, lines: Sequence[str], line: int) -> int:
        by = _indent(lines[line]) - self._indents[offset] if offset < len(self._indents) else 0
        return min(max(was + by, 0), _width(lines, line))


def follow(
    finding: Finding,
    root: Path,
    texts: Mapping[Path, Lines | None],
    notebooks: Mapping[Path, Sequence[Path]] | None = None,
) -> LiveFinding:
    """A finding of a review, ready to follow its file. `texts`: what the review saw, for it and its fix.

    `notebooks`: those that were open, with the paths of their cells in order; there a finding follows its cell.
    """
    path, in_file = root / finding.file, None
    if finding.cell is not None and finding.side == "new":
        cells = (notebooks or {}).get(path, ())
        if finding.cell.index < len(cells):
            path, in_file = cells[finding.cell.index], finding
            finding = evolve(finding, range=finding.cell.range)
    reviewed = texts.get(path)
    edits = tuple(_anchored(root, edit, texts, notebooks or {}) for edit in finding.fix.edits) if finding.fix else ()
    live = LiveFinding(finding, path, finding.range, reviewed=reviewed, edits=edits, in_file=in_file)
    if finding.side != "new" or reviewed is None:
        return live
    first = quoted_line(finding.quote, finding.range.start.line, reviewed)
    if first is not None and first != finding.range.start.line:
        live.finding = evolve(finding, range=_moved(finding.range, first - finding.range.start.line))
        live.range = live.finding.range
    live.hold(reviewed)
    if first is None and is_gone(finding.quote, reviewed):
        # The text is another one by now, as of another branch: whatever stands there was not meant.
        live.anchor = tuple(line.strip() for line in split_lines(finding.quote.strip("\r\n")))[:_LONGEST_ANCHOR]
        live._indents, live.stale = (), True
    return live


def relocate(anchored: AnchoredEdit, lines: Lines, moved_lines: int, reviewed: Lines | None) -> Relocated:
    """Where an edit's original stands now: where its finding moved to, else where it is unique."""
    if anchored.lines is None:
        return Relocated(None, "the file it was made for could not be read")
    was = anchored.edit.range
    expected = was.start.line + moved_lines
    if tuple(lines[expected : expected + len(anchored.lines)]) == anchored.lines and expected >= 0:
        return Relocated(_moved(was, moved_lines))
    if any(line.strip() for line in anchored.lines):
        places = _runs(anchored.lines, lines)
        unique_before = reviewed is not None and len(_runs(anchored.lines, reviewed)) == 1
        if len(places) == 1 and unique_before:
            return Relocated(_moved(was, places[0] - was.start.line))
    return Relocated(None, "the code has changed since the review")


def applied(anchored: AnchoredEdit, lines: Lines) -> bool:
    """Whether what an edit makes of its lines stands in the text; of one that leaves nothing it cannot be told."""
    if anchored.lines is None:
        return False
    where, last = anchored.edit.range, len(anchored.lines) - 1
    before = anchored.lines[0][: code_points(anchored.lines[0], where.start.character, "utf-16")]
    after = anchored.lines[last][code_points(anchored.lines[last], where.end.character, "utf-16") :]
    made = split_lines(before + anchored.edit.new_text + after)
    return any(line.strip() for line in made) and bool(_runs(made, lines))


def shift(where: Range, edit: Edit) -> Range:
    """`where` after `edit`. What is typed at its edges stays outside, except where nothing was left of it."""
    if where.start == where.end == edit.start == edit.old_end:
        return Range(edit.start, edit.new_end)
    if edit.old_end <= where.start:
        return Range(_after(where.start, edit), _after(where.end, edit))
    if edit.start >= where.end:
        return where
    start = where.start if where.start <= edit.start else edit.start
    end = _after(where.end, edit) if where.end >= edit.old_end else edit.new_end
    return Range(start, max(start, end))


def stands_at(anchor: Sequence[str], lines: Sequence[str], first: int) -> bool:
    """Whether the lines from `first` on are the anchor's, but for white space at their ends."""
    if first < 0 or first + len(anchor) > len(lines):
        return False
    return all(lines[first + offset].strip() == line for offset, line in enumerate(anchor))


def places_of(anchor: Sequence[str], lines: Lines) -> list[int]:
    """Every line from which on the anchor stands."""
    return [first for first in lines.places(anchor[0]) if stands_at(anchor, lines, first)]


def lines_of(where: Range, lines: Sequence[str]) -> list[str]:
    """The whole lines that a range touches."""
    return list(lines[where.start.line : last_line(where) + 1])


def last_line(where: Range) -> int:
    """The last line that a range touches; one that ends at a line's start does not touch that line."""
    ends_before = where.end.character == 0 and where.end.line > where.start.line
    return where.end.line - 1 if ends_before else where.end.line


def _anchored(
    root: Path, edit: TextEdit, texts: Mapping[Path, Lines | None], notebooks: Mapping[Path, Sequence[Path]]
) -> AnchoredEdit:
    path = root / edit.file
    cells = notebooks.get(path, ())
    if edit.cell is not None and edit.cell.place.index < len(cells):
        path = cells[edit.cell.place.index]
        edit = evolve(edit, range=edit.cell.place.range, new_text=edit.cell.new_text)
    lines = texts.get(path)
    if lines is None:
        return AnchoredEdit(path, edit, None)
    # The end line counts even from its start: deleting up to it joins what follows.
    return AnchoredEdit(path, edit, tuple(lines[edit.range.start.line : edit.range.end.line + 1]))


def _cuts(edit: Edit, where: Range) -> bool:
    """Whether an edit takes an edge of a range away, so that shifting it back would not give it back."""
    if where.start == where.end:
        return edit.start <= where.end and edit.old_end >= where.start
    meets = edit.start < where.end and edit.old_end > where.start
    return meets and not (where.start < edit.start and edit.old_end < where.end)


def _extent(start: Position, end: Position) -> tuple[int, int]:
    """How far it is from one position to another: lines, and characters on the last of them."""
    lines = end.line - start.line
    return lines, end.character - (start.character if lines == 0 else 0)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())  # white space is one UTF-16 unit each


def _runs(wanted: Sequence[str], lines: Sequence[str]) -> list[int]:
    """Every index from which on `wanted` follows; the search for its first line runs at C's speed."""
    found: list[int] = []
    at = -1
    try:
        while True:
            at = lines.index(wanted[0], at + 1)
            if list(lines[at : at + len(wanted)]) == list(wanted):
                found.append(at)
    except ValueError:
        return found


def _after(position: Position, edit: Edit) -> Position:
    if position.line == edit.old_end.line:
        return Position(edit.new_end.line, edit.new_end.character + position.character - edit.old_end.character)
    return Position(position.line + edit.new_end.line - edit.old_end.line, position.character)


def _moved(where: Range, by_lines: int) -> Range:
    return Range(
        Position(where.start.line + by_lines, where.start.character),
        Position(where.end.line + by_lines, where.end.character),
    )


def _width(lines: Sequence[str], line: int) -> int:
    from rebuttal.lsp.encoding import length_in

    return length_in(lines[line], "utf-16") if 0 <= line < len(lines) else 0
