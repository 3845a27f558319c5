"""What is checked out, read from git's own files: no process is started for it, and no lock is taken.

The reflog says how it came there: a commit, or a checkout, reset, pull or rebase (gitglossary, `git help reflog`).
A repository without one (`core.logAllRefUpdates` off) tells its branch only.
"""

from __future__ import annotations

import os
from pathlib import Path

from attrs import frozen

_TAIL = 8192
"""Bytes of the reflog's end that are read: more than its longest usual line."""
_SMALL = 4096
"""Bytes of HEAD and of the file that `.git` is in a worktree; what is larger is none."""


@frozen
class Head:
    """What is checked out. Empty texts are what is not known."""

    branch: str = ""
    """`ref: refs/heads/main`; of a detached HEAD the commit."""
    commit: str = ""
    by: str = ""
    """What moved it last: `commit`, `commit (amend)`, `checkout`, ..."""

    @property
    def committed(self) -> bool:
        return self.by.startswith("commit")


def git_folder(root: Path) -> Path | None:
    """The folder with this work tree's HEAD; None where there is none."""
    git = root / ".git"
    if git.is_dir():
        return git
    named = _small(git)
    if named is None or not named.startswith("gitdir:"):
        return None
    return Path(os.path.normpath(root / named.removeprefix("gitdir:").strip()))


def head_of(root: Path) -> Head:
    """What is checked out at `root`."""
    folder = git_folder(root)
    if folder is None:
        return Head()
    commit, by = _moved(folder / "logs" / "HEAD")
    return Head(_small(folder / "HEAD") or "", commit, by)


def _moved(reflog: Path) -> tuple[str, str]:
    """The last line of a reflog: `<old> <new> <who> <when>TAB<by>: <subject>`."""
    try:
        with reflog.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _TAIL, 0))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return "", ""
    words, _, message = (lines[-1] if lines else "").partition("\t")
    names = words.split(" ")
    return (names[1] if len(names) > 1 else ""), message.partition(":")[0]


def _small(path: Path) -> str | None:
    try:
        if path.stat().st_size > _SMALL:
            return None
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return None
