"""Documents as the editor has them: opened, changed, saved, closed. Nothing here waits."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from rebuttal.lsp.heads import head_of
from rebuttal.lsp.paths import read_text, repository_of, same_text
from rebuttal.lsp.protocol import UserError
from rebuttal.lsp.session import Job, Repository, ReviewRequest, Seen

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

SAVE_PAUSE = 0.3
"""Seconds: "save all" is one review."""
TYPING_PAUSE = 1.0
"""Seconds without typing before what a save or commit asked for begins."""


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
        ls.publisher.reread(path)
        ls.outside.look_soon()

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
        ls.outside.reread(path)
        ls.outside.look_soon()


def edited(ls: RebuttalServer, path: Path) -> None:
    """Findings follow what was typed into a document."""
    document = ls.document(path)
    edits = (document.take_edits() if document is not None else None) or []
    if document is not None:
        ls.session.typed(path, edits, lambda: document.bare_lines)
    for live in ls.session.findings_in(path):
        live.edited = True
        live.shift_all(edits)
    for live in ls.session.dismissed_in(path):
        live.shift_all(edits)
    ls.hunks.shift(path, edits)
    for kind in ("save", "commit"):
        ls.debouncer.put_off(kind, TYPING_PAUSE)
    ls.publisher.refresh_soon(path)


def saved(ls: RebuttalServer, path: Path) -> None:
    """The disk has the text now; its repository is reviewed once no more files are saved."""
    ls.session.dirty.discard(path)
    _acted_upon(ls, path)
    ls.outside.look_soon()
    root = _reviewed_on_save(ls, path)
    if root is not None:
        ls.session.last_repository = root
        ls.session.repository(root).saved.add(path)
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
    if ls.session.settings_of(path).on_save == "off" or ".git" in path.parts:
        return None
    root = repository_of(path.parent)
    return root if root is not None and ls.session.belongs(root) else None


async def _review(ls: RebuttalServer, root: Path) -> None:
    await ls.configuration.ready()
    settings = ls.session.settings_of(root)
    if settings.on_save == "off" or root not in ls.session.repositories:
        return
    panel = settings.panel if settings.on_save == "debate" else "static"
    request = ReviewRequest(root, panel=panel, origin="save")
    repository = ls.session.repository(root)
    saved_files, repository.saved = repository.saved, set()
    if not _is_under_way(ls, request) and not _is_reviewed(ls, repository, saved_files, debate=panel != "static"):
        ls.jobs.start(request)


def committed(ls: RebuttalServer, root: Path) -> None:
    """There is a new commit: it is reviewed if that was asked for."""
    if ls.session.settings_of(root).on_commit != "off" and ls.session.belongs(root):
        ls.debouncer.later(("commit", root), SAVE_PAUSE, lambda: ls.spawn(_review_commit(ls, root)))


async def _review_commit(ls: RebuttalServer, root: Path) -> None:
    await ls.configuration.ready()
    settings = ls.session.settings_of(root)
    if settings.on_commit != "off" and root in ls.session.repositories:
        panel = settings.panel if settings.on_commit == "debate" else "static"
        ls.jobs.start(ReviewRequest(root, scope="commit:HEAD", panel=panel, origin="commit"))


def note_reviewed(ls: RebuttalServer, repository: Repository, job: Job) -> None:
    """A review is finished: what it had before it need not be reviewed again."""
    if job.request.partial or job.request.scope != "working":
        return
    seen = Seen(job.snapshot.texts, job.snapshot.commit, ls.session.settings_of(repository.root))
    repository.seen[False] = seen
    if (job.request.panel or seen.settings.panel) != "static":
        # Also one for which a question was dismissed: that was an answer.
        repository.seen[True] = seen


def _is_reviewed(ls: RebuttalServer, repository: Repository, files: set[Path], *, debate: bool) -> bool:
    """Whether the last review saw these files as they are now."""
    seen = repository.seen.get(debate)
    if seen is None or not files or seen.settings != ls.session.settings_of(repository.root):
        return False
    if head_of(repository.root).commit != seen.head:
        return False
    texts = {path: document.source for path in files if (document := ls.document(path)) is not None}
    return texts.keys() == files and texts.items() <= seen.texts.items()


def _is_under_way(ls: RebuttalServer, request: ReviewRequest) -> bool:
    """Whether a debate of the same text runs already: starting anew would only spend its money twice."""
    if request.panel == "static":
        return False
    now = ls.snapshot(request.root).texts
    return any(
        job.request.key == request.key and not job.superseded and now.items() <= job.snapshot.texts.items()
        for job in ls.session.running()
    )
