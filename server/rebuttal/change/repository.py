"""Where a repository is, and both of its sides as trees."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from attrs import define, field, frozen

from rebuttal.change.decode import NotText
from rebuttal.change.git import Git, GitFailed, ObjectReader, git_environment
from rebuttal.change.history import read_history
from rebuttal.change.model import ChangeError, Match, PastCommit
from rebuttal.change.search import MAX_LINES, GitSearch, Hits, count, find_word, glob_matches, searchable
from rebuttal.change.sides import load
from rebuttal.change.worktree import Gone, WorkTree

MAX_SCANNED = 2_000
"""Untracked files beyond this number are left to git to search, which has to find them anew."""
_CACHE_CHARACTERS = 32_000_000


@frozen
class Place:
    """A repository on disk. `algorithm` names its object ids: sha1 or sha256."""

    root: Path
    git_dir: Path
    algorithm: str
    folder: str
    """Where inside the root the caller stood, "" or "sub/folder"."""

    @property
    def index_file(self) -> Path:
        """The index: git's, or the one a running `git commit` prepares for its hooks inside the git folder."""
        given = os.environ.get("GIT_INDEX_FILE")
        if given:
            path = (self.root / given).resolve()
            if path.parent == self.git_dir and path.is_file():
                return path
        return self.git_dir / "index"


def locate(where: Path, environment: Mapping[str, str]) -> Place:
    """The repository that holds the folder (or file) `where`; raises ChangeError with what to do when none does."""
    folder = where if where.is_dir() else where.parent
    if not folder.is_dir():
        raise ChangeError(f"There is no folder {where}; name one inside a git repository.")
    folder = folder.resolve()
    try:
        out = Git(folder, environment).run(
            "rev-parse", "--show-object-format", "--absolute-git-dir", "--is-bare-repository", "--show-toplevel"
        )
    except GitFailed as failure:
        raise ChangeError(_why_not(str(failure), folder)) from None
    lines = out.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    if len(lines) != 4:
        raise ChangeError(f"The path of the repository at {folder} has a line end in it; move it to a plain path.")
    root, git_dir = Path(lines[3]).resolve(), Path(lines[1]).resolve()
    if not folder.is_relative_to(root) or not _belongs(root, git_dir):
        raise ChangeError(
            f"The configuration of the repository at {folder} moves its work tree elsewhere (core.worktree); "
            "review it from a normal clone."
        )
    return Place(root, git_dir, lines[0], "/".join(folder.relative_to(root).parts))


def _belongs(root: Path, git_dir: Path) -> bool:
    """Whether `root/.git` is this git folder: a hostile core.worktree could name any folder of the machine."""
    link = root / ".git"
    if link.is_dir():
        return link.resolve() == git_dir
    try:
        text = link.read_text("utf-8", "surrogateescape")
    except OSError:
        return False
    target = text.removeprefix("gitdir:").strip()
    return text.startswith("gitdir:") and (root / target).resolve() == git_dir


def _why_not(message: str, folder: Path) -> str:
    if "dubious ownership" in message:
        return (
            f"The repository at {folder} belongs to another user; if you trust it, run "
            f"`git config --global --add safe.directory {folder}`."
        )
    if "must be run in a work tree" in message:
        return f"{folder} is a bare repository or the inside of a .git folder; name a folder with checked-out files."
    if "not a git repository" in message:
        return f"{folder} is not in a git repository; name one with --repo, or run `git init` there."
    reason = message.removeprefix("fatal:").strip().split("\n")[0].rstrip(".")
    return f"Git cannot read the repository at {folder} ({reason}); run `git status` there and repair it."


class Source(Protocol):
    """Where a side's bytes come from."""

    def read_bytes(self, path: str) -> bytes | None: ...

    def list_paths(self) -> frozenset[str]: ...

    def grep_arguments(self) -> tuple[str, ...] | None:
        """What `git grep` is told to search; None where there is nothing."""
        ...

    def outside(self) -> Set[str]:
        """Paths that such a search would miss."""
        ...


@frozen
class CommitSource:
    """The files of one commit."""

    git: Git
    objects: ObjectReader
    commit: str

    def read_bytes(self, path: str) -> bytes | None:
        found = self.objects.get(f"{self.commit}:{path}")
        return found.data if found is not None and found.kind == "blob" else None

    def list_paths(self) -> frozenset[str]:
        out = self.git.run("ls-tree", "-r", "-z", self.commit).decode("utf-8", "surrogateescape")
        return frozenset(row.partition("\t")[2] for row in out.split("\0") if row and not row.startswith("160000"))

    def grep_arguments(self) -> tuple[str, ...] | None:
        return (self.commit,)

    def outside(self) -> Set[str]:
        return frozenset()


@frozen
class IndexSource:
    """The files as staged."""

    objects: ObjectReader
    oids: Mapping[str, str]

    def read_bytes(self, path: str) -> bytes | None:
        found = self.objects.get(self.oids[path]) if path in self.oids else None
        return found.data if found is not None and found.kind == "blob" else None

    def list_paths(self) -> frozenset[str]:
        return frozenset(self.oids)

    def grep_arguments(self) -> tuple[str, ...] | None:
        return ("--cached",)

    def outside(self) -> Set[str]:
        return frozenset()


@frozen
class DiskSource:
    """The work tree: only files that are tracked, or untracked and not ignored, so that nothing private is read."""

    worktree: WorkTree
    listed: frozenset[str]
    untracked: frozenset[str] = frozenset()

    def read_bytes(self, path: str) -> bytes | None:
        try:
            return self.worktree.read(path) if path in self.listed else None
        except (Gone, NotText):
            return None

    def list_paths(self) -> frozenset[str]:
        return self.listed

    def grep_arguments(self) -> tuple[str, ...] | None:
        return ()

    def outside(self) -> Set[str]:
        return self.untracked


@frozen
class NoSource:
    """The side before the first commit."""

    def read_bytes(self, path: str) -> bytes | None:
        return None

    def list_paths(self) -> frozenset[str]:
        return frozenset()

    def grep_arguments(self) -> tuple[str, ...] | None:
        return None

    def outside(self) -> Set[str]:
        return frozenset()


@define
class SideTree:
    """One side of the change; fulfils `Tree`. `overlay` holds buffers by path, which hide what `source` has."""

    git: Git
    source: Source
    overlay: Mapping[str, str] = field(factory=dict)
    _texts: dict[str, str | None] = field(factory=dict)
    _room: int = _CACHE_CHARACTERS
    _paths: frozenset[str] | None = None
    _pinned: set[str] = field(factory=set)
    _search: GitSearch = field(init=False)
    common: set[str] = field(factory=set)
    """Words that were searched for and stand on more than MAX_LINES lines."""

    def __attrs_post_init__(self) -> None:
        self._search = GitSearch(self.git)

    def read(self, path: str) -> str | None:
        if path in self.overlay:
            return self.overlay[path]
        if path in self._texts:
            return self._texts[path]
        data = self.source.read_bytes(path)
        try:
            side = load(path, None, data).new
        except NotText:
            side = None
        text = None if side is None else side.text
        self._keep(path, text)
        return text

    def remember(self, path: str, text: str | None) -> None:
        """Keep a text that was read already, so that the snapshot stays what the change showed."""
        self._pinned.add(path)
        self._keep(path, text)

    def _keep(self, path: str, text: str | None) -> None:
        size = len(text or "")
        if size <= self._room:
            self._room -= size
            self._texts[path] = text

    def paths(self) -> frozenset[str]:
        if self._paths is None:
            self._paths = self.source.list_paths() | self.overlay.keys()
        return self._paths

    def grep(self, words: Iterable[str], globs: Iterable[str] = ()) -> Iterator[Match]:
        """See `Tree.grep`; in order of path, line and word. What is too common comes not at all, but in `common`."""
        found = self._find(searchable(words), tuple(sorted(set(globs))))
        self.common |= {word for word, hits in found.items() if count(hits) > MAX_LINES}
        rows = [
            (path, line, word)
            for word, hits in found.items()
            if word not in self.common
            for path, lines in hits.items()
            for line in lines
        ]
        for path, line, word in sorted(rows):
            yield Match(path, line, word)

    def _find(self, words: list[str], globs: tuple[str, ...]) -> dict[str, Hits]:
        where = self.source.grep_arguments()
        if not words:
            return {}
        own = {path: text for path in self._pinned if (text := self._texts.get(path)) is not None}
        own.update(self.overlay)
        outside = {path for path in self.source.outside() - own.keys() if glob_matches(path, globs)}
        if where is not None and len(outside) > MAX_SCANNED:
            where, outside = (*where, "--untracked"), set()
        found: dict[str, Hits] = {word: {} for word in words}
        if where is not None:
            known = self.paths()
            for word, hits in self._search.search(words, [f":(top){glob}" for glob in globs], where).items():
                found[word] = {path: lines for path, lines in hits.items() if path in known and path not in own}
        for path in sorted(own):
            if glob_matches(path, globs):
                _scan(own[path].encode("utf-8", "replace"), path, found)
        self._look_into(sorted(outside), found)
        return found

    def _look_into(self, paths: Iterable[str], found: dict[str, Hits]) -> None:
        """Search single files that git's search of everything does not reach."""
        large = []
        for path in paths:
            data = self.source.read_bytes(path)
            if data is None:
                large.append(path)
            else:
                _scan(data, path, found)
        if large:  # git searches them without holding them in our memory
            named = [f":(top,literal){path}" for path in large]
            for word, hits in self._search.search(list(found), named, ("--untracked",)).items():
                found[word].update({path: lines for path, lines in hits.items() if path in large})


def _scan(data: bytes, path: str, found: dict[str, Hits]) -> None:
    for word, hits in found.items():
        lines = find_word(data, word.encode("utf-8"))
        if lines:
            hits[path] = lines


@define
class GitRepository:
    """Both sides of one change; fulfils `Repository`. Close it to end the helper process."""

    place: Place
    git: Git
    objects: ObjectReader
    new_side: SideTree
    old_side: SideTree
    base: str | None = None
    """The commit compared from; None before the first one."""

    @property
    def root(self) -> Path:
        return self.place.root

    @property
    def new(self) -> SideTree:
        return self.new_side

    @property
    def old(self) -> SideTree:
        return self.old_side

    def history(self, limit: int) -> tuple[PastCommit, ...]:
        return read_history(self.git, self.base, limit) if self.base is not None else ()

    def close(self) -> None:
        self.objects.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_place(where: Path) -> tuple[Place, Git, ObjectReader]:
    """Find the repository and make ready to read it; the object reader must be closed."""
    environment = git_environment(os.environ)
    place = locate(where, environment)
    if place.index_file != place.git_dir / "index":
        environment["GIT_INDEX_FILE"] = str(place.index_file)
    git = Git(place.root, environment)
    return place, git, ObjectReader(git)
