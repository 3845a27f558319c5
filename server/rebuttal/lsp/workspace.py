"""The editor's documents, kept exactly.

pygls splits lines with `str.splitlines`, which knows eight line ends that LSP does not; one form feed in a
file makes its copy of the buffer wrong after the next edit. Its codec also clamps a position beyond the last
line's end one character too early. So edits are applied here, by LSP's own rules, and each is remembered
until somebody takes it: that is how findings follow the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Any, TypeVar

from attrs import frozen
from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from rebuttal.lsp.encoding import Units, code_points, length_in, units_of
from rebuttal.text.positions import Position

T = TypeVar("T")

_LINE_END = re.compile(r"\r\n|\n|\r")
_COMPARED = 100_000
"""Pairs of lines that are compared to tell what changed in a text; beyond it counts as one change."""
_BLOCK = 1_000
"""Lines that are compared at once, where texts begin or end alike."""
_ALIKE = 10_000
"""Pairs of the same line on both sides; where the same few lines stand over and over, comparing takes seconds."""


@frozen
class Edit:
    """One change of a text: what lay from `start` to `old_end` now ends at `new_end`. UTF-16 units."""

    start: Position
    old_end: Position
    new_end: Position


def line_starts(text: str) -> list[int]:
    """Offsets of LSP's lines (code points)."""
    if "\r" not in text:
        return [0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1])]
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def spliced(starts: list[int], first: int, last: int, text: str, longer: int) -> list[int]:
    """`line_starts(text)`, from those before an edit of the lines `first` to `last` that made it `longer`.

    Typing into a long file must not read all of it again. The line before is read too: its end may be a `\\r` that
    now has its `\\n`.
    """
    before, after = max(first - 1, 0), last + 2
    at = starts[before]
    stop = starts[after] + longer if after < len(starts) else len(text)
    made = [at + start for start in line_starts(text[at:stop])[1:]]
    return [*starts[: before + 1], *made, *(start + longer for start in starts[after + 1 :])]


class Lines(list[str]):
    """A text's lines without their ends. Not to be altered: what is derived from them is kept."""

    _first: dict[str, int] | None = None
    _all: dict[str, list[int]] | None = None
    _kept: dict[Hashable, tuple[object, Any]] | None = None

    def places(self, line: str) -> list[int]:
        """Where a line stands, white space at its ends left out."""
        if self._first is None or self._all is None:
            # A list for each of the many lines that stand once would have Python collect its garbage for a tenth of a
            # second.
            self._first, self._all = {}, {}
            for number, text in enumerate(self):
                line_there = text.strip()
                first = self._first.setdefault(line_there, number)
                if first != number:
                    self._all.setdefault(line_there, [first]).append(number)
        if (found := self._all.get(line)) is not None:
            return found
        return [self._first[line]] if line in self._first else []

    def keep(self, name: Hashable, of: object, make: Callable[[], T]) -> T:
        """What `make` makes of the lines and of `of`: kept with them, made again when `of` is another."""
        self._kept = self._kept or {}
        if (kept := self._kept.get(name)) is None or kept[0] != of:
            kept = self._kept[name] = of, make()
        made: T = kept[1]
        return made


def split_lines(text: str) -> Lines:
    """LSP's lines without their ends; the empty text has one, empty."""
    # Several times as fast as by the expression: a long file must not hold up the editor.
    return Lines((text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")).split("\n"))


def differences(before: Sequence[str], after: Sequence[str]) -> list[Edit]:
    """Edits, each of the text that the one before it left, that make `after` of `before`; both without line ends.

    For texts that were replaced as a whole: by a client that sends no edits, or on disk.
    """
    shortest = min(len(before), len(after))
    same = _alike_from(before, after, shortest, 0, 0, 1)
    tail = _alike_from(before, after, shortest - same, len(before) - 1, len(after) - 1, -1)
    old, new = (same, len(before) - tail), (same, len(after) - tail)
    if old[0] == old[1] and new[0] == new[1]:
        return []
    if (old[1] - old[0]) * (new[1] - new[0]) > _COMPARED:
        return [_of_lines(before, after, *old, *new)]
    if _alike(before[slice(*old)], after[slice(*new)]) > _ALIKE:
        return [_of_lines(before, after, *old, *new)]
    matcher = SequenceMatcher(None, before[slice(*old)], after[slice(*new)], autojunk=False)
    changed = [one[1:] for one in matcher.get_opcodes() if one[0] != "equal"]
    # From the end on, so that what lies before is still where it was.
    return [_of_lines(before, after, a + same, b + same, c + same, d + same) for a, b, c, d in reversed(changed)]


def _alike_from(before: Sequence[str], after: Sequence[str], most: int, first: int, other: int, step: int) -> int:
    """How many lines are the same from `first` and from `other` on, at most so many. Whole blocks at C's speed."""
    count = 0
    while count + _BLOCK <= most:
        a, b = first + count * step, other + count * step
        blocks = (slice(a, a + _BLOCK), slice(b, b + _BLOCK))
        if step < 0:
            blocks = (slice(a - _BLOCK + 1, a + 1), slice(b - _BLOCK + 1, b + 1))
        if before[blocks[0]] != after[blocks[1]]:
            break
        count += _BLOCK
    while count < most and before[first + count * step] == after[other + count * step]:
        count += 1
    return count


def _alike(before: Sequence[str], after: Sequence[str]) -> int:
    counts = Counter(after)
    return sum(counts[line] for line in before)


def _of_lines(before: Sequence[str], after: Sequence[str], first: int, last: int, new: int, new_last: int) -> Edit:
    """That the lines up to `last` became those of `after`. What follows stands as in `after` already."""
    lines, ends = new_last - new, last == len(before)
    if not ends:
        return Edit(Position(first, 0), Position(last, 0), Position(first + lines, 0))
    if first == 0:
        end = Position(lines - 1, length_in(after[new_last - 1], "utf-16"))
        return Edit(Position(0, 0), _end_of(before, last - 1), end)
    # The last lines have no end of their own: what goes or comes is the one of the line before.
    start = _end_of(before, first - 1)
    return Edit(
        start,
        _end_of(before, last - 1),
        Position(first - 1 + lines, length_in(after[new_last - 1], "utf-16")) if lines else start,
    )


def _end_of(lines: Sequence[str], number: int) -> Position:
    return Position(number, length_in(lines[number], "utf-16"))


class LspTextDocument(TextDocument):
    """A document whose lines end where LSP says, and that remembers what changed."""

    _edits: list[Edit]
    _before: Lines | None
    """Its lines before the text was replaced as a whole, while nobody has asked what changed by it."""
    _starts: list[int] | None
    _bare: Lines | None

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed through as they came
        self._edits = []
        self._before = None
        self._starts = None
        self._bare = None

    @property
    def lines(self) -> tuple[str, ...]:
        text, starts = self.source, self._line_starts()
        lines = [text[start:stop] for start, stop in zip(starts, [*starts[1:], len(text)], strict=True)]
        return tuple(lines[:-1] if lines and not lines[-1] else lines)

    @property
    def bare_lines(self) -> Lines:
        """The lines without their ends, made once for each state of the text."""
        if self._bare is None:
            self._bare = split_lines(self.source)
        return self._bare

    def line(self, number: int) -> str:
        """One line without its end; empty beyond the text."""
        starts = self._line_starts()
        if not 0 <= number < len(starts):
            return ""
        stop = starts[number + 1] if number + 1 < len(starts) else len(self.source)
        return self.source[starts[number] : stop].rstrip("\r\n")

    def take_edits(self) -> list[Edit]:
        """What changed since the last call, in order."""
        self._compare()
        edits, self._edits = self._edits, []
        return edits

    def forget_edits(self) -> None:
        """Nobody wants to know what changed until now."""
        self._edits, self._before = [], None

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        if isinstance(change, types.TextDocumentContentChangePartial):
            self._compare()
            self._replace(change.range, change.text)
        else:
            self._before = self._before or self.bare_lines
            self._source = change.text
            self._starts = self._bare = None

    def _compare(self) -> None:
        if self._before is not None:
            self._edits += differences(self._before, self.bare_lines)
            self._before = None

    def _replace(self, where: types.Range, text: str) -> None:
        source, units = self.source, self._units()
        start = self._offset(where.start, units)
        end = max(self._offset(where.end, units), start)
        first, last = self._position(start), self._position(end)
        made = source[:start] + text + source[end:]
        edit = self._joining(start, end, text, made) or Edit(first, last, _after(first, text))
        self._source = made
        self._starts = spliced(self._line_starts(), first.line, last.line, made, len(text) - (end - start))
        self._bare = None
        self._edits.append(edit)

    def _joining(self, start: int, end: int, text: str, made: str) -> Edit | None:
        """The edit, where it makes a `\\r\\n` of two line ends or two of one: then with both its halves, for no
        position lies between them. None for any other."""
        source, stop = self.source, start + len(text)
        low = start > 0 and source[start - 1] == "\r" and "\n" in (source[start : start + 1], made[start : start + 1])
        high = source[end : end + 1] == "\n" and "\r" in (source[end - 1 : end], made[stop - 1 : stop])
        if not low and not high:
            return None
        first = self._position(start - low)
        return Edit(first, self._position(end + high), _after(first, made[start - low : stop + high]))

    def _units(self) -> Units:
        return units_of(self._position_codec.encoding)

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = line_starts(self.source)
        return self._starts

    def _offset(self, position: types.Position, units: Units) -> int:
        starts = self._line_starts()
        if position.line < 0:
            return 0
        if position.line >= len(starts):
            return len(self.source)
        return starts[position.line] + code_points(self.line(position.line), position.character, units)

    def _position(self, offset: int) -> Position:
        starts = self._line_starts()
        line = bisect_right(starts, offset) - 1
        return Position(line, length_in(self.source[starts[line] : offset], "utf-16"))


def _after(start: Position, text: str) -> Position:
    """Where `text` ends when it begins at `start`."""
    starts = line_starts(text)
    tail = length_in(text[starts[-1] :], "utf-16")
    return (
        Position(start.line, start.character + tail)
        if len(starts) == 1
        else Position(start.line + len(starts) - 1, tail)
    )


class LspWorkspace(Workspace):
    """pygls' workspace with exact documents."""

    @classmethod
    def of(cls, workspace: Workspace) -> LspWorkspace:
        """The same folders, sync kind and position encoding; documents are not open yet when this is called."""
        return cls(
            workspace.root_uri,
            workspace._sync_kind,
            list(workspace.folders.values()),
            workspace.position_encoding,
        )

    @property
    def units(self) -> Units:
        return units_of(self.position_encoding)

    def open_document(self, uri: str) -> LspTextDocument | None:
        """The document if the editor has it open."""
        from urllib.parse import unquote

        document = self._text_documents.get(unquote(uri))
        return document if isinstance(document, LspTextDocument) else None

    def update_text_document(
        self, text_doc: types.VersionedTextDocumentIdentifier, change: types.TextDocumentContentChangeEvent
    ) -> None:
        """As pygls', but what is not open is left out instead of failing."""
        if self.open_document(text_doc.uri) is not None:
            super().update_text_document(text_doc, change)

    def update_notebook_document(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """As pygls', but what is not open is left out instead of failing halfway."""
        from urllib.parse import unquote

        notebook = self._notebook_documents.get(unquote(params.notebook_document.uri))
        if notebook is None:
            return
        contents = params.change.cells.text_content if params.change.cells is not None else None
        if params.change.cells is not None:
            params.change.cells.text_content = None
        super().update_notebook_document(params)
        for content in contents or ():
            if self.open_document(content.document.uri) is not None:
                for change in content.changes:
                    self.update_text_document(content.document, change)
        if params.change.cells is not None:
            params.change.cells.text_content = contents

    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> TextDocument:
        return LspTextDocument(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )
