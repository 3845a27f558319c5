"""The edits of fixes, made against the text as it is now: all of one, one file of one, or all of a kind in a file.

What a fix was made for must still stand there, else it does not apply and says why. Every edit names the version of
the document that it was made for, where the client can read that.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field, frozen
from lsprotocol import types

from rebuttal.lsp.anchors import AnchoredEdit, LiveFinding, applied, relocate
from rebuttal.lsp.workspace import Lines
from rebuttal.text.positions import Range

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

_CONFIRM = "rebuttal"
_Span = tuple[tuple[int, int], tuple[int, int]]
"""Line and character where something begins and ends."""


class MovedOn(Exception):
    """The fix does not apply any more; the message is the reason, for the user."""


@frozen
class Placed:
    """An edit where it applies now (UTF-16 units)."""

    path: Path
    range: Range
    new_text: str


@frozen
class Together:
    """Fixes that apply at once, and how many of those wanted do not."""

    fixes: tuple[LiveFinding, ...]
    edits: tuple[Placed, ...]
    left_out: int = 0


def placed(ls: RebuttalServer, live: LiveFinding) -> list[Placed]:
    """Each edit of a fix with where it applies now. Raises MovedOn if one does not."""
    return [_place(ls, live, one) for one in live.edits]


def files_of(live: LiveFinding) -> list[Path]:
    """The files that a fix changes, the finding's own last: once that is changed, the finding is gone from sight."""
    files = dict.fromkeys(one.path for one in live.edits)
    return sorted(files, key=lambda path: path == live.path)


def next_file(ls: RebuttalServer, live: LiveFinding) -> tuple[int, list[Placed]]:
    """Of a fix of several files that is applied file by file: the number, from 1, of the first file where it is not
    applied yet, and the edits there. Raises MovedOn where it does not apply as a whole any more."""
    found: tuple[int, list[Placed]] | None = None
    for number, path in enumerate(files_of(live), start=1):
        edits = [one for one in live.edits if one.path == path]
        try:
            places = [_place(ls, live, one) for one in edits]
        except MovedOn:
            lines = ls.publisher.lines(path)
            if lines is None or not all(applied(one, lines) for one in edits):
                raise
            continue
        found = found or (number, places)
    if found is None:
        raise MovedOn("it is applied already")
    return found


def together(ls: RebuttalServer, findings: Iterable[LiveFinding], path: Path) -> Together:
    """The fixes that change only `path`, as far as they apply and none touches what another changes.

    Where two do, the first in the file is taken; the same edit wanted twice is made once.
    """
    wanted = [live for live in findings if live.edits and all(one.path == path for one in live.edits)]
    lines = ls.publisher.lines(path) if wanted else None
    if lines is None:
        return Together((), (), len(wanted))
    # An editor asks at each step of the cursor, and there may be hundreds of fixes.
    rules = frozenset(live.finding.rule for live in wanted)
    state = [(live, live.range, live.edits) for live in wanted]
    return lines.keep(("fixes", path, rules), state, lambda: _together(lines, wanted))


def _together(lines: Lines, wanted: list[LiveFinding]) -> Together:
    fixes: list[LiveFinding] = []
    taken = _Taken()
    for live in sorted(wanted, key=_by_place):
        try:
            edits = [_place_in(lines, live, one) for one in live.edits]
        except MovedOn:
            continue
        if taken.take(edits):
            fixes.append(live)
    return Together(tuple(fixes), tuple(taken.edits), len(wanted) - len(fixes))


@define(eq=False)
class _Taken:
    """Edits of one file that do not touch each other. Plain numbers: a file may have hundreds of them."""

    edits: list[Placed] = field(factory=list)
    _known: set[tuple[_Span, str]] = field(factory=set)
    _spans: list[_Span] = field(factory=list)
    """In order."""

    def take(self, edits: list[Placed]) -> bool:
        """Take all of them, or none where one touches what is taken; the same edit once more is none."""
        new = {(_span(one.range), one.new_text): one for one in edits}
        fresh = {key: one for key, one in new.items() if key not in self._known}
        if any(self._is_touched(span) for span, _ in fresh):
            return False
        for key, one in fresh.items():
            self._known.add(key)
            insort(self._spans, key[0])
            self.edits.append(one)
        return True

    def _is_touched(self, span: _Span) -> bool:
        """Whether what is taken changes the same text, or inserts at the same place: then their order would decide."""
        at = bisect_left(self._spans, (span[0], (-1, -1)))
        beside = self._spans[max(at - 1, 0) : at + 1]
        return any(one[0] == span[0] or (one[0] < span[1] and span[0] < one[1]) for one in beside)


def workspace_edit(ls: RebuttalServer, edits: Sequence[Placed], label: str) -> types.WorkspaceEdit:
    """The edits for the client. Of several files it shows them before they are made, where it can (`label`)."""
    by_file: dict[Path, list[types.TextEdit]] = {}
    texts: dict[Path, list[str]] = {}
    for one in edits:
        if (lines := texts.get(one.path)) is None:
            lines = texts[one.path] = ls.publisher.lines(one.path) or []
        by_file.setdefault(one.path, []).append(
            types.TextEdit(ls.publisher.client_range(one.range, lines), one.new_text)
        )
    if not ls.session.flags.document_changes:
        return types.WorkspaceEdit(changes={ls.publisher.uri(path): edits for path, edits in by_file.items()})
    confirm = len(by_file) > 1 and ls.session.flags.annotated_edits
    changes = [_document_edit(ls, path, edits, confirm) for path, edits in by_file.items()]
    annotation = types.ChangeAnnotation(label=label, needs_confirmation=True)
    return types.WorkspaceEdit(document_changes=changes, change_annotations={_CONFIRM: annotation} if confirm else None)


def _place(ls: RebuttalServer, live: LiveFinding, anchored: AnchoredEdit) -> Placed:
    return _place_in(ls.publisher.lines(anchored.path), live, anchored)


def _place_in(lines: Lines | None, live: LiveFinding, anchored: AnchoredEdit) -> Placed:
    """Where an edit applies in the lines of its file."""
    if lines is None:
        raise MovedOn("the file cannot be read")
    is_own = anchored.path == live.path
    place = relocate(anchored, lines, live.moved_lines if is_own else 0, live.reviewed if is_own else None)
    if place.range is None:
        raise MovedOn(place.reason)
    return Placed(anchored.path, place.range, anchored.edit.new_text)


def _document_edit(
    ls: RebuttalServer, path: Path, edits: list[types.TextEdit], confirm: bool
) -> types.TextDocumentEdit:
    document = ls.document(path)
    version = document.version if document is not None else None
    target = types.OptionalVersionedTextDocumentIdentifier(uri=ls.publisher.uri(path), version=version)
    annotated = [types.AnnotatedTextEdit(_CONFIRM, edit.range, edit.new_text) for edit in edits]
    return types.TextDocumentEdit(target, annotated if confirm else edits)


def _span(where: Range) -> _Span:
    return (where.start.line, where.start.character), (where.end.line, where.end.character)


def _by_place(live: LiveFinding) -> tuple[_Span, str]:
    return _span(live.range), live.finding.id
