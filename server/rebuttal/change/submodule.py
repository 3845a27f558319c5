"""What there is to say of a submodule. Its changes are named, never read: they are a review of their own."""

from __future__ import annotations

from pathlib import Path

from rebuttal.change.decode import NotText
from rebuttal.change.git import Git, GitFailed
from rebuttal.change.model import ChangeError
from rebuttal.change.worktree import (
    SUBMODULE,
    SYMLINK,
    Gone,
    Index,
    IndexEntry,
    WorkTree,
    object_id,
    parse_index,
    touched,
)

MOVED = "submodule"
OWN_CHANGES = "a submodule with changes of its own; review it by itself"


def submodule_state(git: Git, entry: IndexEntry) -> str | None:
    """Why a submodule counts as changed, in words for the user; None when it does not, or is not checked out."""
    folder = git.folder / entry.path
    if not (folder / ".git").exists():
        return None
    environment = {name: value for name, value in git.environment.items() if name != "GIT_INDEX_FILE"}
    inside = Git(folder, environment)
    try:
        git_dir, head = inside.run("rev-parse", "--absolute-git-dir", "HEAD").decode("utf-8").split("\n")[:2]
        if head != entry.oid:
            return MOVED
        return OWN_CHANGES if _is_changed(inside, Path(git_dir)) else None
    except (GitFailed, ChangeError, OSError, ValueError):
        return None


def _is_changed(git: Git, git_dir: Path) -> bool:
    mtime_ns = (git_dir / "index").stat().st_mtime_ns
    if git.run("ls-files", "-z", "-o", "--exclude-standard"):
        return True
    index = parse_index(git.run("ls-files", "-z", "-s", "-v", "-c", "--debug"), mtime_ns)
    if index.unmerged:
        return True
    worktree = WorkTree(git.folder)
    if any(_differs(worktree, index, entry) for entry in index.entries.values()):
        return True
    return bool(git.run("diff-index", "--cached", "--raw", "--no-ext-diff", "--ignore-submodules=none", "HEAD"))


def _differs(worktree: WorkTree, index: Index, entry: IndexEntry) -> bool:
    if entry.mode == SUBMODULE or entry.hidden:
        return False
    found = worktree.look(entry.path)
    if not touched(entry, found, index.mtime_ns, lambda entry, found: entry.mode):
        return False
    algorithm = "sha1" if len(entry.oid) == 40 else "sha256"
    try:
        if entry.mode == SYMLINK and found is not None and found.mode == SYMLINK:
            target = worktree.link_target(entry.path).encode("utf-8", "surrogateescape")
            return object_id(target, algorithm) != entry.oid
        return found is None or worktree.hash(entry.path, algorithm) != entry.oid
    except (Gone, NotText):
        return True
