"""Where a repository is, and both of its sides as trees."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from attrs import define, field, frozen

from rebuttal.change.closing import Closing
from rebuttal.change.git import Git, GitFailed, ObjectReader, git_environment
from rebuttal.change.history import read_history
from rebuttal.change.ignore import Ignored
from rebuttal.change.memory import Memory
from rebuttal.change.model import ChangeError, PastCommit
from rebuttal.change.search import SECONDS
from rebuttal.change.trees import SideTree

T = TypeVar("T")

_MAX_FOLDERS = 1_000
"""Folders that are looked at for repositories, where the given one is in none."""


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
        if inside := _repositories_in(folder):
            return f"{folder} is not in a git repository but holds some ({inside}); name one of them with --repo."
        return f"{folder} is not in a git repository; choose a folder in one (--repo), or run `git init` there."
    reason = message.removeprefix("fatal:").strip().split("\n")[0].rstrip(".")
    return f"Git cannot read the repository at {folder} ({reason}); run `git status` there and repair it."


def _repositories_in(folder: Path) -> str:
    """The first few repositories directly below a folder, for a sentence; "" for none."""
    try:
        found = sorted(entry.name for entry in islice(folder.iterdir(), _MAX_FOLDERS) if (entry / ".git").exists())
    except OSError:
        return ""
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(found[:3]) + more


@define
class GitRepository(Closing):
    """Both sides of one change; fulfils `Repository`. Close it to end the helper process."""

    place: Place
    git: Git
    objects: ObjectReader
    new_side: SideTree
    old_side: SideTree
    base: str | None = None
    """The commit compared from; None before the first one."""
    memory: Memory | None = None
    ignored: Ignored | None = None
    _ahead: dict[int, Future[tuple[PastCommit, ...]]] = field(factory=dict, init=False)

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
        ahead = self._ahead.pop(limit, None)
        return ahead.result() if ahead is not None else self._history(limit)

    def expect_history(self, limit: int) -> None:
        if limit not in self._ahead:
            self._ahead[limit] = ahead = Future[tuple[PastCommit, ...]]()
            threading.Thread(target=_fulfil, args=(ahead, partial(self._history, limit)), daemon=True).start()

    def _history(self, limit: int) -> tuple[PastCommit, ...]:
        return read_history(self.git, self.base, limit, self.memory) if self.base is not None else ()

    def ignores(self, path: str) -> bool:
        return self.ignored is not None and self.ignored.reason(path) is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user about what could not be looked at whole."""
        if not (self.new_side.late or self.old_side.late):
            return ()
        told = (
            f"Searching the repository for users of the change was ended after {SECONDS:.0f} s, some may be missing: "
            "review it again, for a search is faster once the files have been read."
        )
        return (told,)

    def close(self) -> None:
        self.objects.close()


def _fulfil(ahead: Future[T], work: Callable[[], T]) -> None:
    try:
        ahead.set_result(work())
    except Exception as error:
        ahead.set_exception(error)


def open_place(where: Path) -> tuple[Place, Git, ObjectReader]:
    """Find the repository and make ready to read it; the object reader must be closed."""
    environment = git_environment(os.environ)
    place = locate(where, environment)
    if place.index_file != place.git_dir / "index":
        environment["GIT_INDEX_FILE"] = str(place.index_file)
    git = Git(place.root, environment)
    return place, git, ObjectReader(git)
