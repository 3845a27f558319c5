"""Which files differ between both ends, without reading their content yet."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial

from attrs import define, evolve, field, frozen

from rebuttal.change.base import Ends
from rebuttal.change.git import Git, GitFailed, ObjectReader, Running
from rebuttal.change.memory import YOUNG_NS, Memory, Stat, is_young
from rebuttal.change.repository import Place
from rebuttal.change.sources import Listing
from rebuttal.change.submodule import MOVED, submodule_state
from rebuttal.change.worktree import (
    EXECUTABLE,
    REGULAR,
    SUBMODULE,
    SYMLINK,
    DiskFile,
    Index,
    IndexEntry,
    WorkTree,
    parse_index,
    parse_others,
    touched,
)

_RAW = (
    "-r",
    "-z",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=none",
)


_SUBMODULE = f"{SUBMODULE:06o}"


@frozen
class InGit:
    """Content that git stores."""

    mode: int
    oid: str


@frozen
class OnDisk:
    """Content of the work tree."""

    mode: int
    size: int
    noted_size: int
    """The size git noted when it last saw the file clean; 0 means unknown."""


@frozen
class InBuffer:
    """Content of an editor."""

    mode: int
    text: str


New = InGit | OnDisk | InBuffer


@frozen
class FileChange:
    """A path that differs, or may: a work tree file whose content must still be compared."""

    path: str
    old: InGit | None
    new: New | None
    untracked: bool = False
    skip: str | None = None
    """Why it is not to be read at all."""


@frozen
class Collected:
    """All that may differ, and what else was learned of the new side on the way."""

    changes: Mapping[str, FileChange]
    worktree: WorkTree
    listed: frozenset[str] = frozenset()
    """Work tree files that are tracked, or untracked and not ignored."""
    stats: Mapping[str, Stat | None] = field(factory=dict)
    """Of regular files of the work tree; None where it cannot vouch for the content."""
    unseen: frozenset[str] = frozenset()
    """Work tree files that git's search of tracked files misses."""
    staged: Mapping[str, str] = field(factory=dict)
    """Object ids of the index, by path."""
    links: frozenset[str] = frozenset()
    """Those of them that are symbolic links."""
    buffers: Mapping[str, str] = field(factory=dict)
    """The buffers that count: inside the repository and not ignored."""
    base: Callable[[], Listing] | None = None
    """The files of the base, where the index tells them."""


def collect(
    place: Place, git: Git, objects: ObjectReader, ends: Ends, buffers: Mapping[str, str], memory: Memory
) -> Collected:
    """Compare base and new side by object id and stat only."""
    worktree = WorkTree(place.root, memory.hashes)
    base = ends.base.tree if ends.base else hashlib.new(place.algorithm, b"tree 0\0", usedforsecurity=False).hexdigest()
    if ends.new_side == "commit":
        assert ends.head is not None
        changes = parse_raw(git.run("diff-tree", *_RAW, base, ends.head.tree))
        return Collected(changes, worktree)
    if ends.new_side == "work tree":
        with _others(git) as others:
            index, staged_changes = _index(place, git, base, memory)
            overlay = _Overlay(git, worktree, index, dict(staged_changes), memory.disk.keys)
            overlay.look()
            found = overlay.finish(parse_others(others.finish()), buffers)
            return evolve(found, base=partial(_base, index, staged_changes))
    index, staged_changes = _index(place, git, base, memory)
    kept = [entry for entry in index.entries.values() if entry.mode != SUBMODULE and not entry.intent]
    links = frozenset(entry.path for entry in kept if entry.mode == SYMLINK)
    staged = {entry.path: entry.oid for entry in kept}
    changes = _without_conflicts(staged_changes, index)
    return Collected(changes, worktree, staged=staged, links=links, base=partial(_base, index, staged_changes))


def _base(index: Index, changes: Mapping[str, FileChange]) -> Listing:
    """The files of the tree that the index was compared with: it has all that did not change since."""
    found = {path: (entry.mode, entry.oid) for path, entry in index.entries.items() if not entry.intent}
    for path, change in changes.items():
        if change.old is None:
            found.pop(path, None)
        else:
            found[path] = (change.old.mode, change.old.oid)
    oids = {path: oid for path, (mode, oid) in found.items() if mode in (REGULAR, EXECUTABLE)}
    return Listing(frozenset(path for path, (mode, _) in found.items() if mode != SUBMODULE), oids)


def _index(place: Place, git: Git, base: str, memory: Memory) -> tuple[Index, Mapping[str, FileChange]]:
    """The index, and how it differs from the tree `base`: remembered for as long as its file stays the same."""
    try:
        found = place.index_file.stat()
    except OSError:
        return _read_index(git, base, 0)
    stat = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    key = (place.index_file, stat, found.st_ino, base)
    known: tuple[Index, Mapping[str, FileChange]] | None = memory.indexes.get(key)
    if known is None:
        now = time.time_ns()
        known = _read_index(git, base, found.st_mtime_ns)
        if not is_young(stat, now):
            memory.indexes.keep(key, known)
    return known


def _read_index(git: Git, base: str, mtime_ns: int) -> tuple[Index, dict[str, FileChange]]:
    with git.start("ls-files", "-z", "-s", "-v", "-c", "--debug") as listing:
        changes = parse_raw(git.run("diff-index", "--cached", "--ita-invisible-in-index", *_RAW[1:], base))
        return parse_index(listing.finish(), mtime_ns), changes


def _others(git: Git) -> Running:
    """Untracked files that no rule ignores: git walks the whole work tree for it, while we look at what is tracked."""
    return git.start("ls-files", "-z", "-o", "--exclude-standard")


def parse_raw(output: bytes) -> dict[str, FileChange]:
    """`git diff-tree`/`diff-index --raw -z` by path."""
    tokens = output.decode("utf-8", "surrogateescape").split("\0")
    changes: dict[str, FileChange] = {}
    for head, path in zip(tokens[::2], tokens[1::2], strict=False):
        old_mode, new_mode, old_oid, new_oid, status = head.removeprefix(":").split(" ")
        new = None if status == "U" else _blob(new_mode, new_oid)  # U: a merge conflict
        skip = MOVED if _SUBMODULE in (old_mode, new_mode) else None
        changes[path] = FileChange(path, _blob(old_mode, old_oid), new, skip=skip)
    return changes


def _blob(mode: str, oid: str) -> InGit | None:
    return InGit(int(mode, 8), oid) if int(mode, 8) else None


def _without_conflicts(changes: Mapping[str, FileChange], index: Index) -> dict[str, FileChange]:
    conflicts = {
        path: FileChange(path, None, None, skip="it has a merge conflict; resolve and stage it")
        for path in index.unmerged
    }
    return {**changes, **conflicts}


@define(slots=False)
class _Overlay:
    """Lays the work tree and the buffers over the difference between base and index."""

    git: Git
    worktree: WorkTree
    index: Index
    changes: dict[str, FileChange]
    before: Mapping[str, object]
    """What vouched for each file when it was last looked at."""
    listed: set[str] = field(factory=set)
    stats: dict[str, Stat | None] = field(factory=dict)
    unseen: set[str] = field(factory=set)
    now_ns: int = field(factory=time.time_ns)

    def look(self) -> None:
        """Compare what is tracked with the work tree."""
        young_ns = self.now_ns - YOUNG_NS
        unchanged = self.worktree.unchanged(self.index, self.before)
        self.stats.update(unchanged)
        self.stats.update(
            (path, None) for path, stat in unchanged.items() if stat[1] >= young_ns or stat[2] >= young_ns
        )
        self.listed.update(unchanged)
        for path, entry in self.index.entries.items():
            if path not in unchanged:
                self._tracked(entry)

    def finish(self, untracked: Iterable[str], buffers: Mapping[str, str]) -> Collected:
        for path in untracked:
            self._untracked(path)
        kept = self._admit(buffers)
        for path, text in kept.items():
            self._buffer(path, text)
        return Collected(
            self.changes, self.worktree, frozenset(self.listed), self.stats, frozenset(self.unseen), buffers=kept
        )

    def _tracked(self, entry: IndexEntry) -> None:
        if entry.mode == SUBMODULE:
            self._submodule(entry)
            return
        found = self.worktree.look(entry.path)
        moved = touched(entry, found, self.index.mtime_ns, self._mode)
        if entry.hidden:
            # What the user told git not to look at is not ours to read: it may be a private version.
            if found is None or not moved:
                self.listed.add(entry.path)
                if found is not None:
                    self._note(entry.path, found)
                    self.unseen.add(entry.path)
            return
        if found is not None:
            self.listed.add(entry.path)
            self._note(entry.path, found)
        if moved:
            new = None if found is None else OnDisk(self._mode(entry, found), found.size, entry.size)
            self.changes[entry.path] = FileChange(entry.path, self._old(entry.path), new)

    def _note(self, path: str, found: DiskFile) -> None:
        if found.mode in (REGULAR, EXECUTABLE):
            self.stats[path] = None if is_young(found.stat, self.now_ns) else found.stat

    def _submodule(self, entry: IndexEntry) -> None:
        reason = None if entry.path in self.changes else submodule_state(self.git, entry)
        if reason is not None:
            self.changes[entry.path] = FileChange(entry.path, self._old(entry.path), None, skip=reason)

    def _untracked(self, path: str) -> None:
        if path.endswith("/"):
            name = path.rstrip("/")
            self.changes[name] = FileChange(name, None, None, True, "a git repository of its own")
            return
        found = self.worktree.look(path)
        if found is None:
            self.changes[path] = FileChange(path, self._old(path), None, True, "it vanished while it was read")
            return
        self.listed.add(path)
        self._note(path, found)
        self.unseen.add(path)
        self.changes[path] = FileChange(path, self._old(path), OnDisk(found.mode, found.size, 0), True)

    def _buffer(self, path: str, text: str) -> None:
        tracked = path in self.index.entries
        mode = self.index.entries[path].mode if tracked else REGULAR
        self.listed.add(path)
        self.changes[path] = FileChange(path, self._old(path), InBuffer(mode, text), untracked=not tracked)

    def _old(self, path: str) -> InGit | None:
        """The base's content: it is the index's unless both differ."""
        if path in self.changes:
            return self.changes[path].old
        entry = self.index.entries.get(path)
        return None if entry is None or entry.intent else InGit(entry.mode, entry.oid)

    def _admit(self, buffers: Mapping[str, str]) -> dict[str, str]:
        """The buffers of files that git tracks, would list as untracked, or could create without ignoring them."""
        known: dict[str, str] = {}
        unknown: dict[str, str] = {}
        for path, text in buffers.items():
            entry = self.index.entries.get(path)
            found = self.worktree.look(path)
            if SYMLINK in ((entry.mode if entry else 0), (found.mode if found else 0)) or _is_outside(path):
                continue
            (known if entry is not None or path in self.listed else unknown)[path] = text
        ignored = self._ignored(list(unknown))
        return known | {path: text for path, text in unknown.items() if path not in ignored}

    def _ignored(self, paths: list[str]) -> set[str]:
        if not paths:
            return set()
        stdin = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
        try:
            out = self.git.run("check-ignore", "-z", "--stdin", stdin=stdin, ok=(0, 1))
        except GitFailed:  # one of them lies in a submodule or behind a link; find out which
            return set(paths) if len(paths) == 1 else {path for each in paths for path in self._ignored([each])}
        return {part for part in out.decode("utf-8", "surrogateescape").split("\0") if part}

    def _mode(self, entry: IndexEntry, found: DiskFile) -> int:
        """The mode git would see: some file systems know no executable bit or no links, and git's config says so."""
        if found.mode == entry.mode:
            return found.mode
        if found.mode in (REGULAR, EXECUTABLE):
            if entry.mode in (REGULAR, EXECUTABLE) and self._settings.get("core.filemode") == "false":
                return entry.mode
            if entry.mode == SYMLINK and self._settings.get("core.symlinks") == "false":
                return entry.mode
        return found.mode

    @cached_property
    def _settings(self) -> dict[str, str]:
        return read_settings(self.git)


def read_settings(git: Git) -> dict[str, str]:
    """How git treats modes, links and line ends here, by lower-case name."""
    out = git.run("config", "-z", "--get-regexp", r"^core\.(filemode|symlinks|autocrlf|eol)$", ok=(0, 1))
    rows = (row.partition("\n") for row in out.decode("utf-8", "replace").split("\0") if row)
    return {name.lower(): value.strip().lower() for name, _, value in rows}


def _is_outside(path: str) -> bool:
    parts = path.split("/")
    return "\0" in path or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)
