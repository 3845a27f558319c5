"""Where a repository is, and both of its sides as trees."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from attrs import define, field, frozen

from rebuttal.change.decode import NotText
from rebuttal.change.git import Git, GitFailed, ObjectReader, git_environment
from rebuttal.change.history import read_history
from rebuttal.change.model import ChangeError, Match, PastCommit
from rebuttal.change.sides import load
from rebuttal.change.worktree import Gone, WorkTree

MAX_MATCHES = 5_000
GREP_SECONDS = 20.0
_CACHE_CHARACTERS = 32_000_000
_WORD = re.compile(r"[^\0\r\n]+")


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


@frozen
class DiskSource:
    """The work tree: only files that are tracked, or untracked and not ignored, so that nothing private is read."""

    worktree: WorkTree
    listed: frozenset[str]

    def read_bytes(self, path: str) -> bytes | None:
        try:
            return self.worktree.read(path) if path in self.listed else None
        except (Gone, NotText):
            return None

    def list_paths(self) -> frozenset[str]:
        return self.listed

    def grep_arguments(self) -> tuple[str, ...] | None:
        return ("--untracked",)


@frozen
class NoSource:
    """The side before the first commit."""

    def read_bytes(self, path: str) -> bytes | None:
        return None

    def list_paths(self) -> frozenset[str]:
        return frozenset()

    def grep_arguments(self) -> tuple[str, ...] | None:
        return None


@define
class SideTree:
    """One side of the change; fulfils `Tree`. `overlay` holds buffers by path, which hide what `source` has."""

    git: Git
    source: Source
    overlay: Mapping[str, str] = field(factory=dict)
    _texts: dict[str, str | None] = field(factory=dict)
    _room: int = _CACHE_CHARACTERS
    _paths: frozenset[str] | None = None

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
        self.remember(path, text)
        return text

    def remember(self, path: str, text: str | None) -> None:
        """Keep a text that was read already, so that the snapshot stays what the change showed."""
        size = len(text or "")
        if size <= self._room:
            self._room -= size
            self._texts[path] = text

    def paths(self) -> frozenset[str]:
        if self._paths is None:
            self._paths = self.source.list_paths() | self.overlay.keys()
        return self._paths

    def grep(self, words: Iterable[str], globs: Iterable[str] = ()) -> Iterator[Match]:
        """See `Tree.grep`; at most MAX_MATCHES lines and GREP_SECONDS, in the order of git, buffers last."""
        wanted = sorted({word for word in words if _WORD.fullmatch(word)})
        patterns = tuple(globs)
        if not wanted:
            return
        yield from islice(self._grep_everything(wanted, patterns), MAX_MATCHES)

    def _grep_everything(self, words: list[str], globs: tuple[str, ...]) -> Iterator[Match]:
        where = self.source.grep_arguments()
        if where is not None:
            for match in grep_git(self.git, words, globs, where):
                if match.path not in self.overlay:
                    yield match
        yield from _grep_texts(self.overlay, words, globs)


def grep_git(git: Git, words: list[str], globs: tuple[str, ...], where: tuple[str, ...]) -> Iterator[Match]:
    """`git grep` over one side. Only the matched words are printed, so a line of a megabyte costs nothing."""
    options = (
        "-n",
        "-w",
        "-F",
        "-z",
        "-o",
        "-a",
        "--no-textconv",
        "--no-color",
        "--no-recurse-submodules",
        "--threads=2",
    )
    target = (*where, "--")
    running = git.start("grep", *options, "-f", "-", *target, *(f":(top){glob}" for glob in globs), stdin=True)
    prefix = b"" if where[0].startswith("--") else where[0].encode("ascii") + b":"
    process = running.process
    assert process.stdin is not None
    assert process.stdout is not None
    limit = threading.Timer(GREP_SECONDS, process.kill)  # what was found until then is kept
    limit.daemon = True
    limit.start()
    try:
        process.stdin.write("\n".join(words).encode("utf-8", "replace") + b"\n")
        process.stdin.close()
        yield from _matches(process.stdout, prefix)
    finally:
        limit.cancel()
        running.kill()


def _matches(lines: Iterable[bytes], prefix: bytes) -> Iterator[Match]:
    last: Match | None = None
    rest = b""
    for line in lines:
        parts = (rest + line).split(b"\0")
        if len(parts) < 3:
            rest += line  # a path with a line feed in it
            continue
        rest = b""
        if parts[1].isdigit():
            path = parts[0].removeprefix(prefix).decode("utf-8", "surrogateescape")
            match = Match(path, int(parts[1]) - 1, parts[2].rstrip(b"\n").decode("utf-8", "replace"))
            if match != last:
                yield match
            last = match


def _grep_texts(texts: Mapping[str, str], words: list[str], globs: tuple[str, ...]) -> Iterator[Match]:
    if not texts:
        return
    # git's -w takes bytes for letters, digits and underscores of ASCII only.
    pattern = re.compile(r"(?<![A-Za-z0-9_])(?:" + "|".join(map(re.escape, words)) + r")(?![A-Za-z0-9_])")
    for path in sorted(texts):
        if globs and not any(_glob_matches(path, glob) for glob in globs):
            continue
        last: Match | None = None
        for found in pattern.finditer(texts[path]):
            match = Match(path, texts[path].count("\n", 0, found.start()), found.group())
            if match != last:
                yield match
            last = match


def _glob_matches(path: str, glob: str) -> bool:
    return fnmatchcase(path, glob) or path == glob or path.startswith(glob.rstrip("/") + "/")


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
