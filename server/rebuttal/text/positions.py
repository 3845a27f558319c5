"""The one owner of positions: git lines, LSP lines, code points and UTF-16 units.

Git ends a line at `\n` only. LSP ends one at `\n`, `\r\n` or `\r`. Python's `str.splitlines` splits on
eight characters more and is right for neither, so nothing outside this module splits text into lines.
Public positions are LSP positions: line and character from 0, characters in UTF-16 units.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from attrs import field, frozen

_LSP_LINE_END = re.compile(r"\r\n|\n|\r")


# Ordered by hand: each keystroke compares positions with all findings of a file, and attrs' order is ten times slower.


@frozen
class Position:
    """A place between two characters: `line` from 0, `character` in UTF-16 units from 0."""

    line: int
    character: int

    def __lt__(self, other: Position) -> bool:
        return (self.line, self.character) < (other.line, other.character)

    def __le__(self, other: Position) -> bool:
        return (self.line, self.character) <= (other.line, other.character)

    def __gt__(self, other: Position) -> bool:
        return (self.line, self.character) > (other.line, other.character)

    def __ge__(self, other: Position) -> bool:
        return (self.line, self.character) >= (other.line, other.character)


@frozen
class Range:
    """From `start` up to, not including, `end`."""

    start: Position
    end: Position

    def __lt__(self, other: Range) -> bool:
        return (self.start, self.end) < (other.start, other.end)

    def __le__(self, other: Range) -> bool:
        return (self.start, self.end) <= (other.start, other.end)

    def __gt__(self, other: Range) -> bool:
        return (self.start, self.end) > (other.start, other.end)

    def __ge__(self, other: Range) -> bool:
        return (self.start, self.end) >= (other.start, other.end)


def git_lines(text: str) -> list[str]:
    """The lines of `text` as git counts them, ends kept; the empty text has none."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def utf16_length(text: str) -> int:
    """How many UTF-16 units `text` takes; a lone surrogate counts as one."""
    return len(text) if text.isascii() else len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


@frozen
class LineIndex:
    """Where the lines of one text begin; converts between offsets (code points), git lines and LSP positions."""

    text: str
    _lsp_starts: list[int] = field(init=False, repr=False, eq=False)
    _git_starts: list[int] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        git = [0, *accumulate(len(line) + 1 for line in self.text.split("\n")[:-1])]
        lsp = [0] + [match.end() for match in _LSP_LINE_END.finditer(self.text)] if "\r" in self.text else git
        object.__setattr__(self, "_lsp_starts", lsp)
        object.__setattr__(self, "_git_starts", git)

    @property
    def git_line_count(self) -> int:
        """Lines as git counts them: a last line without its end counts, an empty one does not."""
        return len(self._git_starts) - (1 if self._git_starts[-1] == len(self.text) else 0)

    def git_line_span(self, line: int) -> tuple[int, int]:
        """Offsets of git line `line` (from 0), its end not included; clamped to the text."""
        if line >= len(self._git_starts):
            return len(self.text), len(self.text)
        line = max(line, 0)
        start = self._git_starts[line]
        stop = self._git_starts[line + 1] - 1 if line + 1 < len(self._git_starts) else len(self.text)
        if stop > start and self.text[stop - 1] == "\r":
            stop -= 1
        return start, stop

    def git_line_of(self, offset: int) -> int:
        """The git line that holds `offset`."""
        return bisect_right(self._git_starts, min(max(offset, 0), len(self.text))) - 1

    def position(self, offset: int) -> Position:
        """The LSP position of `offset` (code points), clamped to the text; inside `\\r\\n` it is the line's end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._lsp_starts, offset) - 1
        return Position(line, utf16_length(self.text[self._lsp_starts[line] : min(offset, self._line_stop(line))]))

    def offset(self, position: Position) -> int:
        """The offset of an LSP position; beyond a line's end it is the end, as LSP says.

        Inside a surrogate pair it is the offset after the character.
        """
        if position.line < 0:
            return 0
        if position.line >= len(self._lsp_starts):
            return len(self.text)
        start = self._lsp_starts[position.line]
        stop = self._line_stop(position.line)
        if self.text[start:stop].isascii():
            return min(start + max(position.character, 0), stop)
        units = 0
        for offset in range(start, stop):
            if units >= position.character:
                return offset
            units += 2 if ord(self.text[offset]) > 0xFFFF else 1
        return stop

    def range(self, start: int, end: int) -> Range:
        """The LSP range between two offsets."""
        return Range(self.position(start), self.position(end))

    def range_of_git_lines(self, first: int, last: int) -> Range:
        """The LSP range from the start of git line `first` to the end of git line `last` (both from 0, inclusive)."""
        return self.range(self.git_line_span(first)[0], self.git_line_span(last)[1])

    def slice(self, where: Range) -> str:
        """The text that an LSP range covers."""
        return self.text[self.offset(where.start) : self.offset(where.end)]

    def _line_stop(self, line: int) -> int:
        if line + 1 >= len(self._lsp_starts):
            return len(self.text)
        stop = self._lsp_starts[line + 1] - 1
        if self.text[stop] == "\n" and stop > self._lsp_starts[line] and self.text[stop - 1] == "\r":
            stop -= 1
        return stop
