"""Which files were changed together before, by git's log: names only, so no content is read."""

from __future__ import annotations

import re

from rebuttal.change.git import Git, GitFailed
from rebuttal.change.model import ChangeError, PastCommit

_START = re.compile(r"\x01\d+")


def read_history(git: Git, commit: str, limit: int) -> tuple[PastCommit, ...]:
    """The newest `limit` commits that are no merges, from `commit` back, newest first.

    None where the log cannot be read: a shallow or partial clone has less to tell, and that is no error.
    """
    options = ("-z", "--format=%x01%ct", "--name-only", "--no-renames", "--no-merges", "--ignore-submodules=all")
    try:
        out = git.run("log", *options, "--no-ext-diff", "--no-textconv", "--no-mailmap", f"-n{limit}", commit, "--")
    except (GitFailed, ChangeError):
        return ()
    commits: list[list[str]] = []
    for token in out.decode("utf-8", "surrogateescape").split("\0"):
        if _START.fullmatch(token):
            commits.append([])
        elif commits and token.lstrip("\n"):
            commits[-1].append(token.lstrip("\n"))
    return tuple(PastCommit(tuple(paths)) for paths in commits)
