"""What happens to files without the editor's typing: changed on disk, renamed, deleted, another branch checked out.

Clients that can be asked watch for it; the others tell by what the user does in them: opening, saving and closing are
occasions to look. Nothing polls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, evolve, field
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from rebuttal.lsp.anchors import LiveFinding
from rebuttal.lsp.features import sync
from rebuttal.lsp.heads import Head, head_of
from rebuttal.lsp.paths import is_inside, path_of, read_text, repository_of
from rebuttal.lsp.portions import Portions
from rebuttal.lsp.protocol import UserError
from rebuttal.lsp.session import Repository
from rebuttal.lsp.workspace import split_lines

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

LOOK_AFTER = 0.3
"""Seconds: a checkout touches many files."""
WATCHED = 300
"""Names of files that a client is asked to watch; where findings are in more, all files are watched."""
LOOKED_AT = 500
"""Files whose time is looked at on an occasion."""
_ID = "rebuttal.watched"
_FILES = types.FileOperationRegistrationOptions(
    filters=[types.FileOperationFilter(scheme="file", pattern=types.FileOperationPattern(glob="**"))]
)
_GIT = ("**/.git/HEAD", "**/.git/logs/HEAD")

Stamp = tuple[int, int] | None


@define(eq=False)
class Outside:
    """Looks at disks for what the session holds of them."""

    ls: RebuttalServer
    _heads: dict[Path, Head] = field(factory=dict)
    _stamps: dict[Path, Stamp] = field(factory=dict)
    _watched: frozenset[str] = frozenset()
    _registered: int = 0
    _looking: bool = False

    def look_soon(self) -> None:
        """Something may have happened: look once it is over."""
        if self.ls.session.repositories:
            self.ls.debouncer.later(("outside",), LOOK_AFTER, self.look)

    def look(self) -> None:
        """Find what changed since the last look."""
        if self._looking:
            self.look_soon()
        else:
            self.ls.turns.begin(self._look())

    def _look(self) -> Portions[None]:
        self._looking, changed = True, False
        try:
            for repository in list(self.ls.session.repositories.values()):
                changed |= yield from self._look_at_head(repository)
                changed |= yield from self._look_at_files(repository)
        finally:
            self._looking = False
        if changed:
            self.ls.publisher.when_idle(self.ls.status.update_all)

    def known(self, repository: Repository) -> Head:
        """What is checked out, as far as was looked."""
        if repository.root not in self._heads:
            self._heads[repository.root] = head_of(repository.root)
        return self._heads[repository.root]

    def took_findings(self, repository: Repository) -> None:
        """A review's findings are in: they are of what is checked out now, and their files are to be watched."""
        head = head_of(repository.root)
        if self._heads.setdefault(repository.root, head) != head:
            self.look_soon()  # a commit or a checkout that nobody has told of yet: what else it means is found there
        for live in repository.findings:
            if not live.anchor and live.branch and live.branch != head.branch:
                live.stale = True  # another branch was checked out while it was found
        self._stamps |= {path: _stamp(path) for path in repository.paths()}
        self.watch()

    def forget(self, root: Path) -> None:
        self._heads.pop(root, None)
        for path in [path for path in self._stamps if is_inside(path, root)]:
            del self._stamps[path]

    def watch(self) -> None:
        """Ask the client to watch the files with findings, and git's HEAD."""
        if not self.ls.session.flags.register_watched_files or self.ls.session.closing:
            return
        names = {live.path.name for one in self.ls.session.repositories.values() for live in one.findings}
        globs = frozenset({*_GIT, *(map(_glob, names) if len(names) <= WATCHED else ["**/*"])})
        if globs != self._watched:
            self._watched = globs
            self.ls.debouncer.later(("watch",), 0, lambda: self.ls.spawn(self._register()))

    async def _register(self) -> None:
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        watchers = [types.FileSystemWatcher(glob_pattern=glob) for glob in sorted(self._watched)]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
        before, self._registered = self._registered, self._registered + 1
        wanted = types.Registration(id=f"{_ID}.{self._registered}", method=method, register_options=options)
        if before:
            # What it cannot take back it tells twice, which does no harm.
            with suppress(JsonRpcException):
                gone = types.Unregistration(id=f"{_ID}.{before}", method=method)
                await self.ls.client_unregister_capability_async(types.UnregistrationParams([gone]))
        await self.ls.client_register_capability_async(types.RegistrationParams([wanted]))

    def _look_at_head(self, repository: Repository) -> Portions[bool]:
        before, now = self._heads.get(repository.root), head_of(repository.root)
        self._heads[repository.root] = now
        if before is None or before == now:
            return False
        repository.seen.clear()
        for live in repository.findings:
            if not live.anchor:
                # It says nothing that could be looked for: it holds for the branch that it was found on.
                live.stale = bool(live.branch) and live.branch != now.branch
        yield from self._reread_all(repository.paths())
        if now.committed and now.commit != before.commit:
            sync.committed(self.ls, repository.root)
        return True

    def _look_at_files(self, repository: Repository) -> Portions[bool]:
        closed = [path for path in repository.paths() if self.ls.document(path) is None]
        changed = []
        for path in sorted(closed, key=str)[:LOOKED_AT]:
            if self._stamps.get(path) != _stamp(path):
                changed.append(path)
            yield
        yield from self._reread_all(changed)
        return bool(changed)

    def _reread_all(self, paths: Collection[Path]) -> Portions[None]:
        self._stamps |= {path: _stamp(path) for path in paths}
        yield from self.ls.publisher.reread_all(paths)

    def reread(self, path: Path) -> None:
        """Findings follow what was done to a file elsewhere; of an open one the editor tells."""
        self._stamps[path] = _stamp(path)
        self.ls.publisher.reread(path)

    def moved(self, paths: Callable[[Path], Path | None]) -> bool:
        """Files have other names by now (None: as before). Whether findings moved along."""
        touched: set[Path] = set()
        for job in self.ls.session.running():
            job.moves.append(paths)
        for repository in self.ls.session.repositories.values():
            every = (*repository.findings, *repository.dismissed.values())
            for live in every:
                new = paths(live.path)
                if new is not None and is_inside(new, repository.root):
                    touched |= {live.path, new}
                    _rename(live, repository.root, new)
        self.ls.publisher.forget_lines(touched)
        for path in touched:
            self._stamps[path] = _stamp(path)
        self.ls.publisher.refresh_all(touched)
        if touched:
            self.watch()
        return bool(touched)


def carry(live: LiveFinding, root: Path, moves: Iterable[Callable[[Path], Path | None]]) -> None:
    """A finding of a review goes along with what was renamed while it ran."""
    for paths in moves:
        new = paths(live.path)
        if new is not None and is_inside(new, root):
            _rename(live, root, new)


async def _remember(ls: RebuttalServer, pairs: list[tuple[Path, Path]]) -> None:
    """What was dismissed in renamed files stays so at the next review, also where git knows of no rename."""
    by_root: dict[Path, list[list[str]]] = {}
    for old, new in pairs:
        root = repository_of(new.parent)
        if root is not None and is_inside(old, root) and root not in (old, new):
            by_root.setdefault(root, []).append([one.relative_to(root).as_posix() for one in (old, new)])
    for root, files in by_root.items():
        with suppress(UserError):
            await ls.ask_worker("renamed", {"root": str(root), "files": files})


def _rename(live: LiveFinding, root: Path, new: Path) -> None:
    old, live.path = live.path, new
    name = new.relative_to(root).as_posix()
    fix = live.finding.fix
    if fix is not None:
        edits = (evolve(one, file=name) if root / one.file == old else one for one in fix.edits)
        fix = evolve(fix, edits=tuple(edits))
    live.finding = evolve(live.finding, file=name, fix=fix)
    live.edits = tuple(evolve(one, path=new) if one.path == old else one for one in live.edits)


def _renamed_to(found: Iterable[tuple[Path, Path]]) -> Callable[[Path], Path | None]:
    """Folders are renamed as one."""
    pairs = list(found)

    def paths(path: Path) -> Path | None:
        return next((new / path.relative_to(old) for old, new in pairs if is_inside(path, old)), None)

    return paths


def _guessed(ls: RebuttalServer, deleted: set[Path], created: set[Path]) -> list[tuple[Path, Path]]:
    """Files that were renamed elsewhere come as one gone and one new: it is the same where all its findings stand."""
    pairs: list[tuple[Path, Path]] = []
    for old in sorted(deleted):
        was = ls.publisher.seen(old)
        same = [new for new in sorted(created) if was is not None and _text_of(new) == was]
        if len(same) == 1:
            pairs.append((old, same[0]))
    return pairs


def _text_of(path: Path) -> list[str] | None:
    text = read_text(path)
    return None if text is None else split_lines(text)


def _glob(name: str) -> str:
    """Any file of a name; what would mean something else in a pattern may be any character."""
    return "**/" + "".join("?" if one in "*?[]{}!,\\" else one for one in name)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def register(ls: RebuttalServer) -> None:
    @ls.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed(ls: RebuttalServer, params: types.DidChangeWatchedFilesParams) -> None:
        events = [(path, one.type) for one in params.changes if (path := path_of(one.uri)) is not None]
        deleted = {path for path, kind in events if kind == types.FileChangeType.Deleted}
        created = {path for path, kind in events if kind == types.FileChangeType.Created}
        if deleted and created:
            pairs = _guessed(ls, deleted, created)
            ls.outside.moved(_renamed_to(pairs))
            ls.spawn(_remember(ls, pairs))
        for repository in ls.session.repositories.values():
            if any(is_inside(path, repository.root) for path, _ in events if ls.document(path) is None):
                repository.seen.clear()
        if any(path.name == "HEAD" for path, _ in events) or _concern(ls, {path for path, _ in events}):
            ls.outside.look_soon()

    @ls.feature(types.WORKSPACE_DID_RENAME_FILES, _FILES)
    def renamed(ls: RebuttalServer, params: types.RenameFilesParams) -> None:
        uris = ((path_of(one.old_uri), path_of(one.new_uri)) for one in params.files)
        pairs = [(old, new) for old, new in uris if old and new]
        if ls.outside.moved(_renamed_to(pairs)):
            ls.status.update_all()
        ls.spawn(_remember(ls, pairs))

    @ls.feature(types.WORKSPACE_DID_DELETE_FILES, _FILES)
    def deleted(ls: RebuttalServer, params: types.DeleteFilesParams) -> None:
        ls.outside.look_soon()


def _concern(ls: RebuttalServer, paths: set[Path]) -> bool:
    """Whether a finding is in one of the files, or below one of the folders."""
    mine = {path for one in ls.session.repositories.values() for path in one.paths()}
    return any(path in paths or not paths.isdisjoint(path.parents) for path in mine)
