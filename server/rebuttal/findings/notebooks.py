"""Findings of a notebook: from the text that was reviewed to the file on disk, and to its cells.

Inside a review a notebook is the text of its cells (change/notebook.py). What leaves it counts in the file, as every
other finding does, and names the cell besides. A fix is an edit of the file's JSON, written as the cell's other lines
are; it is withheld where the file would then not be the mended notebook exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from attrs import define, evolve, field, frozen

from rebuttal.change.cells import CellMap
from rebuttal.change.model import Change, FileDiff, Side
from rebuttal.change.notebook import NotANotebook, review_text
from rebuttal.findings.fixes import FixError, apply_edits
from rebuttal.findings.model import CellEdit, CellRange, Finding, Fix, Related, TextEdit
from rebuttal.text.positions import LineIndex, Position, Range

_BEFORE_FIRST = re.compile(r"\[(\s*)\"\Z")


class _Withheld(Exception):
    """The edit cannot be made in the file."""


def in_files(findings: Iterable[Finding], change: Change) -> tuple[Finding, ...]:
    """The findings, those of notebooks as they stand in the file; all others unchanged."""
    notebooks = {diff.path: diff for diff in change.files if diff.new_cells is not None or diff.old_cells is not None}
    if not notebooks:
        return tuple(findings)
    pages = _Pages(notebooks)
    return tuple(pages.placed(finding) for finding in findings)


@frozen
class _Page:
    """One side of a notebook."""

    cells: CellMap
    text: LineIndex
    file: LineIndex

    def place(self, offset: int) -> tuple[int, int]:
        """Git line and column of the review text."""
        line = self.text.git_line_of(offset)
        return line, offset - self.text.git_line_span(line)[0]

    def position(self, offset: int) -> Position:
        return self.file.position(self.cells.offset(*self.place(offset)))

    def in_cell(self, offset: int) -> tuple[int, Position]:
        line, column = self.place(offset)
        cell, row, at = self.cells.cell_place(line, column)
        start, stop = self.text.git_line_span(line)
        shown = self.text.text[start:stop]
        source = self.cells.lines[line] if line < len(self.cells.lines) else None
        if source is not None and source.inserted:
            shown = shown[: source.at] + shown[source.at + source.inserted :]
        return cell, Position(row, LineIndex(shown).position(at).character)

    def range(self, where: Range) -> Range:
        start, end = self.offsets(where)
        return Range(self.position(start), self.position(end))

    def cell_range(self, where: Range) -> CellRange:
        start, end = self.offsets(where)
        cell, first = self.in_cell(start)
        other, last = self.in_cell(end)
        return CellRange(cell, Range(first, last if other == cell and last >= first else first))

    def offsets(self, where: Range) -> tuple[int, int]:
        """A range that ends where a line starts ends with the line before: the next one may be in another cell."""
        start, end = self.text.offset(where.start), self.text.offset(where.end)
        return start, end - 1 if end > start and self.text.text[end - 1] == "\n" else end

    def edit(self, edit: TextEdit) -> TextEdit:
        start, end, new_text = self._within_cell(edit)
        first, last = self.place(start)[0], self.place(end)[0]
        if not self.cells.is_verbatim(first, last):
            raise _Withheld
        where = Range(self.position(start), self.position(end))
        (cell, begin), (_, stop) = self.in_cell(start), self.in_cell(end)
        joint = self._joint(first)
        written = joint.join(json.dumps(line, ensure_ascii=False)[1:-1] for line in new_text.split("\n"))
        return TextEdit(edit.file, where, written, CellEdit(CellRange(cell, Range(begin, stop)), new_text))

    def _within_cell(self, edit: TextEdit) -> tuple[int, int, str]:
        """The edit without the line end that the last line of a cell has here, and not in the notebook."""
        start, end = self.text.offset(edit.range.start), self.text.offset(edit.range.end)
        new_text = edit.new_text
        line, column = self.place(start)
        last = self.place(end)[0]
        if column or end == start or self.place(end)[1] or self.cells.is_verbatim(line, last):
            return start, end, new_text
        if new_text.endswith("\n"):
            return start, end - 1, new_text[:-1]
        if new_text or not self.cells.is_verbatim(line - 1, line):
            raise _Withheld
        return start - 1, end - 1, ""

    def _joint(self, line: int) -> str:
        """What stands in the file between two lines of this cell."""
        while self.cells.lines[line].line > 0:
            line -= 1
        before = _BEFORE_FIRST.search(
            self.file.text[max(self.cells.lines[line].start - 200, 0) : self.cells.lines[line].start]
        )
        return f'\\n",{before[1]}"' if before else "\\n"


@define
class _Pages:
    diffs: dict[str, FileDiff]
    _made: dict[tuple[str, Side], _Page | None] = field(factory=dict)

    def placed(self, finding: Finding) -> Finding:
        if finding.cell is not None:
            return finding  # of the file already
        page = self._page(finding.file, "old" if finding.side == "old" else "new")
        related = tuple(self._related(one) for one in finding.related)
        fix = None if finding.fix is None else self._fix(finding.fix)
        if page is None or (finding.side == "file" and finding.source == "debate"):
            return evolve(finding, related=related, fix=fix)
        return evolve(
            finding,
            range=page.range(finding.range),
            related=related,
            fix=fix,
            cell=page.cell_range(finding.range),
        )

    def _related(self, one: Related) -> Related:
        page = self._page(one.file, "new")
        return one if page is None else evolve(one, range=page.range(one.range))

    def _fix(self, fix: Fix) -> Fix | None:
        try:
            edits = tuple(self._edit(edit) for edit in fix.edits)
        except _Withheld:
            return None
        for file in {edit.file for edit in fix.edits} & self.diffs.keys():
            if not self._is_right(file, fix, edits):
                return None
        return Fix(edits)

    def _edit(self, edit: TextEdit) -> TextEdit:
        page = self._page(edit.file, "new")
        return edit if page is None else page.edit(edit)

    def _is_right(self, file: str, fix: Fix, edits: tuple[TextEdit, ...]) -> bool:
        """Whether the mended file is read as the mended text."""
        page = self._page(file, "new")
        if page is None:
            return True
        try:
            mended = apply_edits(page.text.text, [edit for edit in fix.edits if edit.file == file])
            written = apply_edits(page.file.text, [edit for edit in edits if edit.file == file])
            return review_text(written)[0] == mended
        except (FixError, NotANotebook):
            return False

    def _page(self, file: str, side: Side) -> _Page | None:
        if (file, side) not in self._made:
            self._made[file, side] = self._make(file, side)
        return self._made[file, side]

    def _make(self, file: str, side: Side) -> _Page | None:
        diff = self.diffs.get(file)
        cells, text = (None, None) if diff is None else (diff.cells(side), diff.text(side))
        if cells is None or text is None:
            return None
        return _Page(cells, LineIndex(text), LineIndex(cells.json))
