"""Code lenses: over each changed hunk what was found there, what that cost, and a click that has it reviewed.

Which lines are changed is what the last review of the work tree said; between two reviews the hunks move with the
text as findings do. In a notebook that is open each cell has its own; over one that is not, no line can be told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen
from lsprotocol import types

from rebuttal.findings.severity import SEVERITIES
from rebuttal.lsp.anchors import LiveFinding, shift
from rebuttal.lsp.features import notebooks
from rebuttal.lsp.features.actions import LINE_END
from rebuttal.lsp.workspace import Edit, Lines, split_lines
from rebuttal.text.positions import Position, Range

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer
    from rebuttal.lsp.session import Job

MOST = 200
"""Hunks of one file that get a lens."""
UNASKED = 2.0
"""Seconds after which a client that was told to ask for lenses, and has not, is told once more."""


@define(eq=False)
class Hunk:
    """Changed lines, from the start of the first to the start of the one after the last; empty where lines went."""

    range: Range
    seen: str | None = None
    """Its text when a debate was last held about it: as long as that stands, it has been reviewed."""

    def text(self, lines: Lines) -> str:
        first, last = self.range.start.line, max(self.range.end.line, self.range.start.line + 1)
        return "\n".join(lines[first:last])


@frozen
class Told:
    """Where a lens stands and what it is about: all that its title is made of."""

    uri: str
    first: int
    last: int

    @classmethod
    def of(cls, given: Any) -> Told | None:
        if not isinstance(given, Mapping):
            return None
        uri, first, last = (given.get(key) for key in ("uri", "first", "last"))
        if not isinstance(uri, str) or not isinstance(first, int) or not isinstance(last, int):
            return None
        return cls(uri, first, last) if 0 <= first <= last < LINE_END else None


@define(eq=False)
class Hunks:
    """The changed lines of each file, as they lie now."""

    ls: RebuttalServer
    _files: dict[Path, list[Hunk]] = field(factory=dict)
    _was_asked: bool = False
    """Whether the client has asked for lenses since it was last told to."""

    def take(self, job: Job, root: Path, given: Any) -> None:
        """What a review says is changed, in place of what was known of the same files."""
        request = job.request
        if request.only is not None or not request.of_work_tree or not isinstance(given, dict):
            return
        if request.partial:
            whose = {path: _relative(notebooks.file_of(self.ls, path), root) for path in self._files}
            old = {path for path, file in whose.items() if f"file:{file}" == request.scope}
        else:
            old = {path for path in self._files if path.is_relative_to(root)}
        before = {path: self._files.pop(path) for path in old}
        for file, spans in given.items():
            changed = _spans(spans)
            for path, mine in notebooks.in_cells(job.snapshot, root / str(file), changed):
                self._files[path] = _carried(_read(mine, job.edits.get(path, ())), before.get(path, ()))
        self.refresh()

    def debated(self, job: Job, root: Path, files: Iterable[str]) -> None:
        """A debate of the work tree was held to its end about these files. What was typed since, it has not seen."""
        if job.request.only is not None or not job.request.of_work_tree:
            return
        opened = job.snapshot.notebooks
        for path in (path for file in files for path in opened.get(root / file, (root / file,))):
            hunks = self._files.get(path)
            lines = self.ls.publisher.lines(path) if hunks else None
            shown = job.snapshot.texts.get(path)
            whole = None if shown is None else "\n".join(split_lines(shown))
            for hunk in hunks or ():
                text = hunk.text(lines) if lines is not None else None
                hunk.seen = text if text is not None and (whole is None or text in whole) else None
        self.refresh()

    def shift(self, path: Path, edits: Iterable[Edit]) -> None:
        """Follow what is typed."""
        for hunk in self._files.get(path, ()):
            for edit in edits:
                hunk.range = shift(hunk.range, edit)

    def drop(self, path: Path) -> None:
        """A cell is gone."""
        self._files.pop(path, None)

    def forget(self, root: Path) -> None:
        """Its folder was closed."""
        for path in [path for path in self._files if path.is_relative_to(root)]:
            del self._files[path]
        self.refresh()

    def around(self, path: Path, line: int) -> types.Range | None:
        """The changed lines that a line is one of."""
        for first, last in (_lines(hunk.range) for hunk in self._files.get(path, ())):
            if first <= line < last:
                return types.Range(types.Position(first, 0), types.Position(last, 0))
        return None

    def of(self, path: Path) -> list[tuple[Hunk, int, int]]:
        """The hunks of a file in order, each with its first line in the text as it is and the one after its last."""
        lines = self.ls.publisher.lines(path) if self._files.get(path) else None
        if lines is None:
            return []
        places = ((hunk, *_lines(hunk.range)) for hunk in self._files[path][:MOST])
        return sorted((one for one in places if one[1] < max(len(lines), 1)), key=lambda one: one[1])

    def refresh(self) -> None:
        """Have the client ask again, where it can be told to."""
        if self.ls.session.flags.refresh_lenses and not self.ls.session.closing:
            self.ls.debouncer.later(("lenses",), 0, self._tell)

    def asked(self) -> None:
        self._was_asked = True

    def _tell(self) -> None:
        # VS Code waits a little before it asks, and forgets it where its text editor loses the focus meanwhile.
        self._was_asked = False
        self.ls.spawn(self.ls.workspace_code_lens_refresh_async(None))
        self.ls.debouncer.later(("lenses",), UNASKED, self._tell_once_more)

    def _tell_once_more(self) -> None:
        if not self._was_asked and self._files:
            self.ls.spawn(self.ls.workspace_code_lens_refresh_async(None))


def register(ls: RebuttalServer) -> None:
    @ls.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=True))
    def lenses(ls: RebuttalServer, params: types.CodeLensParams) -> list[types.CodeLens]:
        ls.hunks.asked()
        path = ls.path(params.text_document.uri)
        if path is None or not ls.session.settings_of(path).code_lens:
            return []
        uri = params.text_document.uri
        return [_unresolved(uri, first, last) for _, first, last in ls.hunks.of(path)]

    @ls.feature(types.CODE_LENS_RESOLVE)
    def resolve(ls: RebuttalServer, lens: types.CodeLens) -> types.CodeLens:
        told = Told.of(lens.data)
        if told is not None:
            lens.command = _command(ls, told)
        return lens


def _command(ls: RebuttalServer, told: Told) -> types.Command:
    where = {"start": {"line": told.first, "character": 0}, "end": {"line": told.last, "character": 0}}
    arguments = {"uri": told.uri, "scope": "range", "range": where}
    return types.Command(title=_title(ls, told), command="rebuttal.review", arguments=[arguments])


def _title(ls: RebuttalServer, told: Told) -> str:
    """ "1 high, 2 low · $0.0312 · review this hunk"."""
    path = ls.path(told.uri)
    whole = types.Range(types.Position(told.first, 0), types.Position(max(told.last - 1, told.first), LINE_END))
    there = ls.findings_at(told.uri, whole) if path is not None else []
    found = [live for live in there if not live.finding.pre_existing]
    if found:
        return f"Rebuttal: {_counted(found)} · {_cost(ls, found)} · review this hunk again"
    hunk = next((one for one, first, _ in ls.hunks.of(path) if first == told.first), None) if path else None
    lines = ls.publisher.lines(path) if path is not None and hunk is not None else None
    if hunk is not None and lines is not None and hunk.seen is not None and hunk.seen == hunk.text(lines):
        return "Rebuttal: reviewed, no findings · review this hunk again"
    return "Rebuttal: review this hunk"


def _counted(found: Iterable[LiveFinding]) -> str:
    counts = Counter(live.finding.severity for live in found)
    return ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity])


def _cost(ls: RebuttalServer, found: Iterable[LiveFinding]) -> str:
    debated = [live.finding for live in found if live.finding.source == "debate"]
    if not debated:
        return "free"
    return ls.money(sum((step.spent for one in debated for step in one.trace), Decimal(0)))


def _spans(given: Any) -> list[tuple[int, int]]:
    """The worker's pairs of first line and number of lines; what cannot be read is left out."""
    found: list[tuple[int, int]] = []
    for span in given if isinstance(given, list) else []:
        match span:
            case [int(first), int(count)] if first >= 0 and count >= 0 and first + count < LINE_END:
                found.append((first, count))
            case _:
                continue
    return found


def _read(spans: Iterable[tuple[int, int]], edits: Iterable[Edit]) -> list[Hunk]:
    """The hunks where they are by now."""
    hunks: list[Hunk] = []
    for first, count in spans:
        where = Range(Position(first, 0), Position(first + count, 0))
        for edit in edits:
            where = shift(where, edit)
        hunks.append(Hunk(where))
    return hunks


def _carried(new: list[Hunk], old: Iterable[Hunk]) -> list[Hunk]:
    """What has been reviewed stays so while its lines stand where they stood."""
    seen = {hunk.range: hunk.seen for hunk in old}
    for hunk in new:
        hunk.seen = seen.get(hunk.range)
    return new


def _lines(where: Range) -> tuple[int, int]:
    """Whole lines: at least the one at which others went."""
    last = where.end.line + (where.end.character > 0)
    return where.start.line, max(last, where.start.line + 1)


def _unresolved(uri: str, first: int, last: int) -> types.CodeLens:
    head = types.Position(first, 0)
    return types.CodeLens(range=types.Range(head, head), data={"uri": uri, "first": first, "last": last})


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
