"""Documents as the editor has them: opened, changed, saved, closed. Nothing here waits."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from rebuttal.lsp.paths import read_text, repository_of, same_text
from rebuttal.lsp.protocol import UserError
from rebuttal.lsp.session import ReviewRequest

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

SAVE_PAUSE = 0.3
"""Seconds: "save all" is one review."""


def register(ls: RebuttalServer) -> None:
    @ls.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: RebuttalServer, params: types.DidOpenTextDocumentParams) -> None:
        path = ls.path(params.text_document.uri)
        if path is None:
            return
        ls.session.uris[path] = params.text_document.uri
        ls.session.use(path)
        # A buffer that the editor restored may differ from the disk without having been touched.
        on_disk = read_text(path)
        if on_disk is not None and not same_text(on_disk, params.text_document.text):
            ls.session.dirty.add(path)
        ls.publisher.refresh(path)

    @ls.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: RebuttalServer, params: types.DidChangeTextDocumentParams) -> None:
        path = ls.path(params.text_document.uri)
        if path is None or ls.document(path) is None:
            return
        ls.session.dirty.add(path)
        ls.session.use(path)
        edited(ls, path)

    @ls.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(ls: RebuttalServer, params: types.DidSaveTextDocumentParams) -> None:
        path = ls.path(params.text_document.uri)
        if path is None:
            return
        saved(ls, path)

    @ls.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: RebuttalServer, params: types.DidCloseTextDocumentParams) -> None:
        path = ls.path(params.text_document.uri)
        if path is None:
            return
        if path in ls.session.dirty:  # what was typed is gone
            for job in ls.session.running():
                job.edits.pop(path, None)
        ls.session.dirty.discard(path)
        ls.session.used.pop(path, None)
        ls.session.others.pop(path, None)
        ls.publisher.refresh(path)


def edited(ls: RebuttalServer, path: Path) -> None:
    """Findings follow what was typed into a document."""
    document = ls.document(path)
    edits = (document.take_edits() if document is not None else None) or []
    ls.session.typed(path, edits)
    for live in ls.session.findings_in(path):
        live.edited = True
        for edit in edits:
            live.shift(edit)
    for live in ls.session.dismissed_in(path):
        for edit in edits:
            live.shift(edit)
    ls.hunks.shift(path, edits)
    ls.publisher.refresh_soon(path)


def saved(ls: RebuttalServer, path: Path) -> None:
    """The disk has the text now; its repository is reviewed once no more files are saved."""
    ls.session.dirty.discard(path)
    _acted_upon(ls, path)
    root = _reviewed_on_save(ls, path)
    if root is not None:
        ls.session.last_repository = root
        ls.session.repository(root)
        ls.debouncer.later(("save", root), SAVE_PAUSE, lambda: ls.spawn(_review(ls, root)))


def _acted_upon(ls: RebuttalServer, path: Path) -> None:
    """What a debate found in the file may have been mended: the worker looks, and keeps it for the return on what was
    spent. A file that only changed on disk, as by another branch, is not saved here."""
    for repository in ls.session.repositories.values():
        found = (live for live in repository.findings if live.path == path and live.edited)
        mine = [live for live in found if live.finding.source == "debate"]
        for live in mine:
            live.edited = False
        if mine:
            file, ids = mine[0].finding.file, [live.finding.id for live in mine]
            ls.spawn(_look(ls, {"root": str(repository.root), "file": file, "findings": ids}))


async def _look(ls: RebuttalServer, params: Mapping[str, Any]) -> None:
    # Nobody asked for it, so nobody is told where it fails.
    with suppress(UserError):
        await ls.ask_worker("saved", params)


def _reviewed_on_save(ls: RebuttalServer, path: Path) -> Path | None:
    """The repository to review because this file was saved; None outside of one (and for git's own files)."""
    if ls.session.settings.on_save == "off" or ".git" in path.parts:
        return None
    root = repository_of(path.parent)
    return root if root is not None and ls.session.belongs(root) else None


async def _review(ls: RebuttalServer, root: Path) -> None:
    await ls.configuration.ready()
    settings = ls.session.settings
    if settings.on_save == "off" or root not in ls.session.repositories:
        return
    panel = settings.panel if settings.on_save == "debate" else "static"
    request = ReviewRequest(root, panel=panel, origin="save")
    if not _is_under_way(ls, request):
        ls.jobs.start(request)


def _is_under_way(ls: RebuttalServer, request: ReviewRequest) -> bool:
    """Whether a debate of the same text runs already: starting anew would only spend its money twice."""
    if request.panel == "static":
        return False
    now = ls.snapshot(request.root).texts
    return any(
        job.request.key == request.key and not job.superseded and now.items() <= job.snapshot.texts.items()
        for job in ls.session.running()
    )
