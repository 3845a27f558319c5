"""The beginning, the folders and the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from rebuttal.lsp import capabilities
from rebuttal.lsp.features import intake
from rebuttal.lsp.parent import is_alive
from rebuttal.lsp.paths import is_inside, path_of, repository_of

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer


def register(ls: RebuttalServer) -> None:
    @ls.feature(types.INITIALIZE)
    def initialize(ls: RebuttalServer, params: types.InitializeParams) -> None:
        ls.session.flags = capabilities.resolve(params.capabilities)
        folders = [path_of(folder.uri) for folder in params.workspace_folders or ()]
        if not folders and params.root_uri:
            folders = [path_of(params.root_uri)]
        ls.session.folders = [folder for folder in folders if folder is not None]
        if params.process_id is not None and params.process_id > 0 and is_alive(params.process_id):
            ls.watched_editor = params.process_id
        ls.first_values = params.initialization_options

    @ls.feature(types.INITIALIZED)
    def initialized(ls: RebuttalServer, params: types.InitializedParams) -> None:
        ls.configuration.tell(list(ls.deps.settings_problems))
        ls.configuration.begin(ls.first_values)
        for root in _repositories(ls.session.folders):
            ls.status.update(ls.session.repository(root))
            ls.outside.known(ls.session.repository(root))
        ls.outside.watch()
        ls.protocol.get_ready()
        ls.documents.folder.sweep_soon()

    @ls.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders(ls: RebuttalServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
        removed = {path_of(folder.uri) for folder in params.event.removed}
        added = [path for folder in params.event.added if (path := path_of(folder.uri)) is not None]
        ls.session.folders = [folder for folder in ls.session.folders if folder not in removed] + added
        for repository in list(ls.session.repositories.values()):
            # Without any folder left, files that were opened on their own still count.
            if not ls.session.belongs(repository.root) or _was_in(repository.root, removed, ls.session.folders):
                _close(ls, repository.root)
        ls.configuration.folders_changed()
        for root in _repositories(added):
            ls.status.update(ls.session.repository(root))
            ls.outside.known(ls.session.repository(root))

    @ls.feature(types.SHUTDOWN)
    async def shutdown(ls: RebuttalServer, *args: object) -> None:
        await ls.close()


def _repositories(folders: list[Path]) -> list[Path]:
    roots = [root for folder in folders if (root := repository_of(folder)) is not None]
    return list(dict.fromkeys(roots))


def _was_in(root: Path, removed: set[Path | None], left: list[Path]) -> bool:
    gone = [folder for folder in removed if folder is not None]
    return not left and any(is_inside(root, folder) or is_inside(folder, root) for folder in gone)


def _close(ls: RebuttalServer, root: Path) -> None:
    ls.jobs.drop_all(root)
    ls.debouncer.drop(("save", root))
    ls.debouncer.drop(("commit", root))
    ls.outside.forget(root)
    ls.hunks.forget(root)
    repository = ls.session.repositories.get(root)
    if repository is not None:
        intake.forget(ls, repository)
        ls.status.forget(repository)
    if ls.session.last_repository == root:
        ls.session.last_repository = None
