"""Which files were changed together before, by git's log: names only, so no content is read."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from attrs import define, frozen

from rebuttal.change.git import Git
from rebuttal.change.memory import History, Memory
from rebuttal.change.model import ChangeError, PastCommit

MAX_PATHS = 300
"""A commit that names more files says nothing about any two of them; it is left out."""
MAX_OUTPUT = 64_000_000
"""Bytes that are read of git's log; what is older is not looked at."""
SECONDS = 10.0
MAX_SINCE = 500
"""Commits since those that are remembered."""

_START = re.compile(r"\x01([0-9a-f]+) ?([0-9a-f ]*)")
_OPTIONS = (
    "-z",
    "--format=%x01%H %P",
    "--name-only",
    "--no-renames",
    "--ignore-submodules=all",
    "--no-ext-diff",
    "--no-textconv",
    "--no-mailmap",
)


@frozen
class _Commit:
    oid: str
    parents: tuple[str, ...]
    paths: tuple[str, ...]


def read_history(git: Git, commit: str, limit: int, memory: Memory | None = None) -> tuple[PastCommit, ...]:
    """What the newest `limit` commits from `commit` back changed together, newest first; merges are not counted.

    A commit of more than MAX_PATHS files is left out. Of a shallow or partial clone only what is there is told, and
    nothing is fetched. With a memory only commits are read that were not seen before.
    """
    known: History | None = memory.histories.get(commit) if memory is not None else None
    if known is None or known.asked < limit:
        known = (_continued(git, commit, limit, memory) if memory is not None else None) or _read(git, commit, limit)
        if memory is not None:
            memory.histories.keep(commit, known)
    return tuple(one for one in known.commits[:limit] if one.paths)


def _read(git: Git, commit: str, limit: int) -> History:
    log = _Log(git, (f"-n{limit}", "--no-merges", commit))
    return History(commit, limit, tuple(map(_told, log.commits())), log.whole)


def _told(commit: _Commit) -> PastCommit:
    return PastCommit(commit.paths if len(commit.paths) <= MAX_PATHS else ())


def _continued(git: Git, commit: str, limit: int, memory: Memory) -> History | None:
    """What is known of an older tip and what came since; None unless that is one straight line.

    Only then the whole log would give the same: git sorts the commits of several lines by their dates.
    """
    for known in memory.histories.values():
        if known.asked < limit or not known.whole:
            continue
        log = _Log(git, (f"-n{MAX_SINCE}", f"{known.tip}..{commit}"))
        since = list(log.commits())
        if log.whole and _leads(since, commit, known.tip):
            commits = (*map(_told, since), *known.commits)
            return History(commit, known.asked, commits[: known.asked], whole=True)
    return None


def _leads(since: list[_Commit], tip: str, to: str) -> bool:
    """Whether these commits are one line from `tip` back to just after `to`."""
    for one in since:
        if one.oid != tip or len(one.parents) != 1:
            return False
        tip = one.parents[0]
    return tip == to


@define
class _Log:
    """One `git log`; `whole` tells whether it came to its end, once all was read."""

    git: Git
    arguments: tuple[str, ...]
    whole: bool = False

    def commits(self) -> Iterator[_Commit]:
        try:
            running = self.git.start("log", *_OPTIONS, *self.arguments, "--", stderr=subprocess.DEVNULL)
        except ChangeError:
            return
        process = running.process
        assert process.stdout is not None
        limit = threading.Timer(SECONDS, process.kill)
        limit.daemon = True
        limit.start()
        last: _Commit | None = None
        try:
            for one in _commits(process.stdout):
                if last is not None:
                    yield last
                last = one
            # What was read too much of is still running, and no whole log either.
            self.whole = process.stdout.read(1) == b"" and process.wait() == 0
            if self.whole and last is not None:
                yield last  # of a log that broke off the last one may lack paths
        finally:
            limit.cancel()
            with suppress(BrokenPipeError):
                running.kill()


def _commits(stream: IO[bytes]) -> Iterator[_Commit]:
    """The commits that git prints, until it has printed too much."""
    size = 0
    rest = b""
    oid, parents = "", ()
    paths: list[str] = []
    while size < MAX_OUTPUT and (piece := stream.read(1 << 18)):
        size += len(piece)
        *tokens, rest = (rest + piece).split(b"\0")
        for token in tokens:
            text = token.decode("utf-8", "surrogateescape").removeprefix("\n")
            if start := _START.fullmatch(text):
                if oid:
                    yield _Commit(oid, parents, tuple(paths))
                oid, parents, paths = start[1], tuple(start[2].split()), []
            elif text:
                paths.append(text)
    if oid:
        yield _Commit(oid, parents, tuple(paths))
