"""The work tree, read by us and not by git: git would send the files through the repository's filters."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from attrs import define, field, frozen

from rebuttal.change.decode import MAX_BYTES, NotText, too_large
from rebuttal.change.memory import Hashes, Stat
from rebuttal.change.model import ChangeError

REGULAR, EXECUTABLE, SYMLINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000

# `git ls-files -z -s -v -c --debug`: one match an entry; the stat data is what git noted when it last looked.
_ENTRY = re.compile(
    r"(?P<tag>[A-Za-z]) (?P<mode>\d{6}) (?P<oid>[0-9a-f]+) (?P<stage>\d)\t(?P<path>[^\0]*)\0"
    r"  ctime: \d+:\d+\n  mtime: (?P<sec>\d+):(?P<nsec>\d+)\n  dev: \d+\tino: \d+\n  uid: \d+\tgid: \d+\n"
    r"  size: (?P<size>\d+)\tflags: (?P<flags>[0-9a-f]+)\n"
)
_INTENT_TO_ADD = 1 << 29
_HIDDEN = frozenset("Sabcdefghijklmnopqrstuvwxyz")
"""Tags of entries that git does not compare: sparse checkout, and in lower case assume-unchanged."""
_JUNCTION = 0xA0000003
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_KIND = stat.S_IFMT(0xFFFF) | stat.S_IXUSR
_KINDS = {REGULAR: stat.S_IFREG, EXECUTABLE: stat.S_IFREG | stat.S_IXUSR}
"""What stat calls the two kinds of files that git tells apart."""


class IndexEntry(NamedTuple):  # a tuple because there are as many as files in the repository
    """One entry of the index; `mtime_ns` and `size` are those of the work tree file when git last saw it clean."""

    path: str
    mode: int
    oid: str
    stage: int
    mtime_ns: int
    size: int
    hidden: bool
    """Sparse checkout or assume-unchanged: git does not compare it with the work tree."""
    intent: bool
    """`git add -N`: no content in the index yet."""


@frozen(slots=False)
class Index:
    """The index."""

    entries: dict[str, IndexEntry]
    unmerged: frozenset[str]
    mtime_ns: int
    """When it was written: a file as young as that may have changed without its time showing it."""

    @cached_property
    def comparable(self) -> list[tuple[str, list[tuple[str, str, int, int, int]]]]:
        """The regular files that stat tells enough of, by folder: path, name, kind and mode bits, size, last change."""
        found: list[tuple[str, list[tuple[str, str, int, int, int]]]] = []
        for path, mode, _, stage, mtime_ns, size, hidden, intent in self.entries.values():
            if mode not in _KINDS or stage or hidden or intent or mtime_ns >= self.mtime_ns:
                continue
            folder, _, name = path.rpartition("/")
            if _is_name(name):
                if not found or found[-1][0] != folder:
                    found.append((folder, []))
                found[-1][1].append((path, name, _KINDS[mode], size, mtime_ns))
        return found


def parse_index(output: bytes, mtime_ns: int) -> Index:
    """The output of `git ls-files` (see _ENTRY); raises ChangeError when git prints something else."""
    text = output.decode("utf-8", "surrogateescape")
    modes: dict[str, int] = {}
    rows = _ENTRY.findall(text)
    # One zero byte ends each path. Every step counts here: there are as many rows as files in the repository.
    if len(rows) != text.count("\0"):
        raise ChangeError("git ls-files printed something unexpected; use git 2.25 or newer.")
    entries: dict[str, IndexEntry] = {}
    unmerged: set[str] = set()
    for tag, mode, oid, stage, path, seconds, nanoseconds, size, flags in rows:
        if mode not in modes:
            modes[mode] = int(mode, 8)
        entry = IndexEntry(
            path,
            modes[mode],
            oid,
            0 if stage == "0" else int(stage),
            int(seconds) * 1_000_000_000 + int(nanoseconds),
            int(size),
            tag in _HIDDEN,
            flags != "0" and bool(int(flags, 16) & _INTENT_TO_ADD),
        )
        entries.setdefault(path, entry)
        if entry.stage:
            unmerged.add(path)
    return Index(entries, frozenset(unmerged), mtime_ns)


def parse_others(output: bytes) -> tuple[str, ...]:
    """The output of `git ls-files -z -o`; a folder, with a slash at its end, is a repository of its own."""
    return tuple(path for path in output.decode("utf-8", "surrogateescape").split("\0") if path)


class Gone(Exception):
    """There is no such file (any more)."""


class DiskFile(NamedTuple):  # a tuple for the same reason
    """What stands at a path: its git mode, size, and times of the last change of its content and of itself."""

    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def stat(self) -> Stat:
        return self[1:]


@define
class WorkTree:
    """Reads files below `root`, and never one outside: a path through a symbolic link counts as not there."""

    root: Path
    hashes: Hashes = field(factory=Hashes)
    _plain_folders: dict[str, bool] = field(factory=dict)
    _prefix: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._prefix = f"{self.root}{os.sep}"

    def look(self, path: str) -> DiskFile | None:
        """What stands at `path`; None when nothing does that git would track."""
        if not self._inside(path):
            return None
        try:
            found = os.lstat(self._full(path))
        except (OSError, ValueError):
            return None
        if stat.S_ISLNK(found.st_mode):
            mode = SYMLINK
        elif stat.S_ISREG(found.st_mode):
            mode = EXECUTABLE if found.st_mode & stat.S_IXUSR else REGULAR
        elif stat.S_ISDIR(found.st_mode):
            return None
        else:
            mode = 0
        return DiskFile(mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def unchanged(self, index: Index, before: Mapping[str, object]) -> dict[str, Stat]:
        """The regular files that surely are as the index has them: most of them, at the least cost for each.

        `before` is what was found last time: of a file that is as it was then, the same object is given.
        """
        found: dict[str, Stat] = {}
        known = before.get
        for folder, entries in index.comparable:
            if folder and not self._is_plain(folder):
                continue
            with self._looking(folder) as look_at:
                for path, name, kind, size, mtime_ns in entries:
                    try:
                        look = look_at(name)
                    except (OSError, ValueError):
                        continue
                    if look.st_size == size and look.st_mtime_ns == mtime_ns and look.st_mode & _KIND == kind:
                        now = (size, mtime_ns, look.st_ctime_ns)
                        last = known(path)
                        found[path] = last if last == now else now
        return found

    @contextmanager
    def _looking(self, folder: str) -> Iterator[Callable[[str], os.stat_result]]:
        """`os.lstat` of names in a folder: from an open one the system has a quarter less way to go each time."""
        where = self._full(folder)
        try:
            opened = os.open(where, _FOLDER) if os.stat in os.supports_dir_fd else None  # not on Windows
        except OSError:
            opened = None
        if opened is None:
            yield lambda name: os.lstat(f"{where}{os.sep}{name}")
            return
        try:
            yield partial(os.stat, dir_fd=opened, follow_symlinks=False)
        finally:
            os.close(opened)

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes:
        """The bytes of a regular file; raises Gone, or NotText when it is too large or may not be read."""
        descriptor = self._open(path)
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise NotText(too_large(limit))
        return data

    def hash(self, path: str, algorithm: str) -> str:
        """The object id git would give the bytes of a file, read in pieces; raises as `read`."""
        with os.fdopen(self._open(path), "rb") as file:
            found = os.fstat(file.fileno())
            stat = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            if (known := self.hashes.get(path, stat)) is not None:
                return known
            digest = hashlib.new(algorithm, b"blob %d\0" % found.st_size, usedforsecurity=False)
            while piece := file.read(1 << 18):
                digest.update(piece)
        self.hashes.keep(path, stat, digest.hexdigest())
        return digest.hexdigest()

    def link_target(self, path: str) -> str:
        """Where a symbolic link points; it is not followed. Raises Gone."""
        try:
            return Path(self._full(path)).readlink().as_posix()
        except OSError:
            raise Gone(path) from None

    def _open(self, path: str) -> int:
        if not self._inside(path):
            raise Gone(path)
        if not hasattr(os, "O_NOFOLLOW") and Path(self._full(path)).is_symlink():
            raise Gone(path)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self._full(path), flags)
        except PermissionError:
            raise NotText("it may not be read (permission denied)") from None
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
            raise Gone(path) from None
        except OSError as error:
            raise NotText(f"it cannot be read ({error.strerror})") from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotText("not a regular file")
        return descriptor

    def _inside(self, path: str) -> bool:
        """Whether every folder on the way is a real folder below the root."""
        folder, _, name = path.rpartition("/")
        return _is_name(name) and (not folder or self._is_plain(folder))

    def _is_plain(self, folder: str) -> bool:
        if folder not in self._plain_folders:
            if not self._inside(folder):
                self._plain_folders[folder] = False
                return False
            try:
                found = os.lstat(self._full(folder))
                # A junction of Windows is a folder to lstat, but leads elsewhere as a link does.
                junction = getattr(found, "st_reparse_tag", 0) == _JUNCTION
                plain = stat.S_ISDIR(found.st_mode) and not junction
            except (OSError, ValueError):
                plain = False
            self._plain_folders[folder] = plain
        return self._plain_folders[folder]

    def _full(self, path: str) -> str:
        return self._prefix + path


def _is_name(part: str) -> bool:
    return part not in ("", ".", "..") and part.lower() != ".git"


def object_id(data: bytes, algorithm: str) -> str:
    """The id git gives a file with these bytes; `algorithm` is the repository's: sha1 or sha256."""
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def touched(
    entry: IndexEntry, found: DiskFile | None, index_mtime_ns: int, mode_of: Callable[[IndexEntry, DiskFile], int]
) -> bool:
    """Whether a work tree file may differ from the index, by what stat tells (git's own rule, racy times included)."""
    if found is None:
        return True
    return (
        entry.intent
        or bool(entry.stage)
        or found.size != entry.size
        or found.mtime_ns != entry.mtime_ns
        or entry.mtime_ns >= index_mtime_ns
        or mode_of(entry, found) != entry.mode
    )
