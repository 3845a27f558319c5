"""What was renamed between two commits, and which one is checked out: for what is remembered by the names of files."""

from __future__ import annotations

import os
import re
from pathlib import Path

from rebuttal.change.git import Git, GitFailed, git_environment
from rebuttal.change.model import ChangeError

_OID = re.compile(r"[0-9a-f]{40,64}")
_LIMIT = 400
"""Files on a side beyond which git compares no texts: two branches may differ in thousands."""


def head_commit(root: Path) -> str | None:
    """The commit that is checked out; None where there is none, or it cannot be told."""
    try:
        found = Git(root, git_environment(os.environ)).run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except (GitFailed, ChangeError):
        return None
    return found.decode("ascii", "replace").strip() or None


def renames_between(root: Path, old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Files that are called otherwise in `new` (hashes both), each with its name in `old`; nothing where either commit
    is not there any more."""
    if not _OID.fullmatch(old) or not _OID.fullmatch(new):
        return ()
    options = ("-r", "-M", f"-l{_LIMIT}", "--diff-filter=R", "--name-status", "-z", "--no-ext-diff", "--no-textconv")
    try:
        told = Git(root, git_environment(os.environ)).run("diff-tree", *options, old, new)
    except (GitFailed, ChangeError):
        return ()
    parts = told.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return tuple((parts[at + 1], parts[at + 2]) for at in range(0, len(parts) - 2, 3))
