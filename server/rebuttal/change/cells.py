"""From the lines of a notebook's review text back to its cells and its file."""

from __future__ import annotations

import json
import re
from bisect import bisect_right

from attrs import field, frozen

# One character of a JSON string: a pair of escapes, an escape, or itself.
_CHARACTER = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\\"]")


@frozen
class CellLine:
    """Where one line of the review text comes from."""

    cell: int
    """From 0, in the order of the file."""
    line: int
    """Line of the cell's source, from 0; -1 for the heading that names the cell."""
    start: int
    """Offset in the file's text: of the line's first character, or of the cell for its heading."""
    at: int = 0
    inserted: int = 0
    """So many characters stand at column `at` that the source does not have; none where the line is as it is there."""

    def column(self, column: int) -> int:
        """The column of the source (code points) for one of the review text."""
        return column if column <= self.at else max(self.at, column - self.inserted)


@frozen
class CellMap:
    """The lines of a review text, and the file they come from."""

    json: str = field(repr=False)
    lines: tuple[CellLine, ...]

    def offset(self, line: int, column: int) -> int:
        """Offset in the file's text (code points) of a place of the review text, given as git line and column."""
        if not self.lines:
            return 0
        if line >= len(self.lines):
            line, column = len(self.lines) - 1, len(self.json)
        found = self.lines[line]
        if found.line < 0:
            return found.start
        at = found.start
        for _ in range(found.column(column)):
            step = _CHARACTER.match(self.json, at)
            if step is None or step[0] in ("\\n", "\\u000a", "\\u000A"):
                break
            at = step.end()
        return at

    def cell_place(self, line: int, column: int) -> tuple[int, int, int]:
        """Cell, line and column (code points) in the source of that cell; a heading is its cell's start."""
        if line >= len(self.lines):
            line, column = len(self.lines) - 1, 0
        found = self.lines[line]
        return (found.cell, 0, 0) if found.line < 0 else (found.cell, found.line, found.column(column))

    def cell_around(self, offset: int) -> int | None:
        """The cell that holds this place of the file outside its source: in outputs, attachments or metadata."""
        place = bisect_right(self.lines, offset, key=lambda line: line.start) - 1
        if place < 0 or (self.lines[place].line >= 0 and offset < self.offset(place, len(self.json))):
            return None
        cell = self.lines[place].cell
        start = next(line.start for line in self.lines if line.cell == cell)
        return cell if offset < json.JSONDecoder().raw_decode(self.json, start)[1] else None

    def is_verbatim(self, first: int, last: int) -> bool:
        """Whether these git lines (inclusive) stand in one cell and are as its source has them."""
        chosen = self.lines[first : last + 1]
        return (
            len(chosen) == last - first + 1
            and len({line.cell for line in chosen}) == 1
            and all(line.line >= 0 and not line.inserted for line in chosen)
        )
