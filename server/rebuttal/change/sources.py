"""Where a side's bytes come from: a commit, the index, the work tree, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Set
from functools import cached_property
from typing import Protocol

from attrs import define, field, frozen

from rebuttal.change.decode import NotText
from rebuttal.change.git import Git, ObjectReader
from rebuttal.change.memory import Remembered, Stat
from rebuttal.change.sides import limit_of
from rebuttal.change.worktree import Gone, WorkTree

_LINK, _SUBMODULE = "120000", "160000"


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

    def keys(self) -> Mapping[str, Hashable]:
        """What tells each file's content, for all that can be searched; None for one that nothing vouches for."""
        ...


@frozen
class Listing:
    """The files of a commit; `oids` are of regular files only, `paths` has links too."""

    paths: frozenset[str]
    oids: Mapping[str, str]


@define(slots=False)
class CommitSource:
    """The files of one commit."""

    git: Git
    objects: ObjectReader
    commit: str
    listings: Remembered = field(factory=lambda: Remembered(1))
    derive: Callable[[], Listing] | None = None
    """Gives the listing where it can be told without git."""

    def read_bytes(self, path: str) -> bytes | None:
        known = self._listing if self.derive is not None else self.listings.get(self.commit)
        if known is not None and path not in known.paths:
            return None  # as most attribute and ignore files that are asked for: git is not bothered
        found = self.objects.get(f"{self.commit}:{path}", limit_of(path))
        return found.data if found is not None and found.kind == "blob" else None

    def list_paths(self) -> frozenset[str]:
        return self._listing.paths

    def grep_arguments(self) -> tuple[str, ...] | None:
        return (self.commit,)

    def outside(self) -> Set[str]:
        return frozenset()

    def keys(self) -> Mapping[str, Hashable]:
        return self._listing.oids

    @cached_property
    def _listing(self) -> Listing:
        known: Listing | None = self.listings.get(self.commit)
        if known is None:
            known = self._list() if self.derive is None else self.derive()
            self.listings.keep(self.commit, known)
        return known

    def _list(self) -> Listing:
        out = self.git.run("ls-tree", "-r", "-z", self.commit).decode("utf-8", "surrogateescape")
        rows = [(row[:6], row[12:].partition("\t")) for row in out.split("\0") if row[:6] not in ("", _SUBMODULE)]
        paths = frozenset(path for _, (_, _, path) in rows)
        return Listing(paths, {path: oid for mode, (oid, _, path) in rows if mode != _LINK})


@frozen
class IndexSource:
    """The files as staged."""

    objects: ObjectReader
    oids: Mapping[str, str]
    links: frozenset[str] = frozenset()

    def read_bytes(self, path: str) -> bytes | None:
        found = self.objects.get(self.oids[path]) if path in self.oids else None
        return found.data if found is not None and found.kind == "blob" else None

    def list_paths(self) -> frozenset[str]:
        return frozenset(self.oids)

    def grep_arguments(self) -> tuple[str, ...] | None:
        return ("--cached",)

    def outside(self) -> Set[str]:
        return frozenset()

    def keys(self) -> Mapping[str, Hashable]:
        return self.oids if not self.links else {p: oid for p, oid in self.oids.items() if p not in self.links}


@frozen
class DiskSource:
    """The work tree: only files that are tracked, or untracked and not ignored, so that nothing private is read."""

    worktree: WorkTree
    listed: frozenset[str]
    stats: Mapping[str, Stat | None]
    """Of regular files; None where it is too young to vouch for the content."""
    unseen: frozenset[str] = frozenset()
    """Files that git's search of tracked files misses."""

    def read_bytes(self, path: str) -> bytes | None:
        try:
            return self.worktree.read(path, limit_of(path)) if path in self.listed else None
        except (Gone, NotText):
            return None

    def list_paths(self) -> frozenset[str]:
        return self.listed

    def grep_arguments(self) -> tuple[str, ...] | None:
        return ()

    def outside(self) -> Set[str]:
        return self.unseen

    def keys(self) -> Mapping[str, Hashable]:
        return self.stats


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

    def keys(self) -> Mapping[str, Hashable]:
        return {}
