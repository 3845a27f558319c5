"""The edits of fixes, made against the text as it is now: all of one, one file of one, or all of a kind in a file.

What a fix was made for must still stand there, else it does not apply and says why. Every edit names the version of
the document that it was made for, where the client can read that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen
from lsprotocol import types

from rebuttal.lsp.anchors import AnchoredEdit, LiveFinding, applied, relocate
from rebuttal.text.positions import Range

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

_CONFIRM = "rebuttal"


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
    fixes: list[LiveFinding] = []
    edits: list[Placed] = []
    wanted = [live for live in findings if live.edits and all(one.path == path for one in live.edits)]
    for live in sorted(wanted, key=lambda live: (live.range, live.finding.id)):
        try:
            mine = [one for one in placed(ls, live) if one not in edits]
        except MovedOn:
            continue
        if any(_overlap(one.range, other.range) for one in mine for other in edits):
            continue
        fixes.append(live)
        edits += mine
    return Together(tuple(fixes), tuple(edits), len(wanted) - len(fixes))


def workspace_edit(ls: RebuttalServer, edits: Sequence[Placed], label: str) -> types.WorkspaceEdit:
    """The edits for the client. Of several files it shows them before they are made, where it can (`label`)."""
    by_file: dict[Path, list[types.TextEdit]] = {}
    for one in edits:
        lines: list[str] = ls.publisher.lines(one.path) or []
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
    lines = ls.publisher.lines(anchored.path)
    if lines is None:
        raise MovedOn("the file cannot be read")
    moved = live.moved_lines if anchored.path == live.path else 0
    place = relocate(anchored, lines, moved, live.reviewed if anchored.path == live.path else None)
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


def _overlap(one: Range, other: Range) -> bool:
    """Whether both change the same text, or insert at the same place: then their order would decide."""
    if one.start == other.start:
        return True
    return one.start < other.end and other.start < one.end
