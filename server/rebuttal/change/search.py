"""Whole words in a whole repository: by git's own search, and the same in texts that git does not have.

A line holds a word where the word's bytes stand between bytes that are no letter, digit or underscore of ASCII
(what `git grep -w` calls a word). Each word is looked for by itself: one inside another hides none.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import suppress
from fnmatch import fnmatchcase
from math import inf
from typing import IO

from attrs import define, field

from rebuttal.change.git import Git

MAX_LINES = 2_000
"""Of a word that stands on more lines only the first are told, by path: each word for itself, so that none hides
another, and it is named as too common."""
FILE_LINES = 200
"""The same for one file: a table of data is not what a word is searched for."""
MAX_OUTPUT = 32_000_000
"""Bytes that git may print before the words that are too common are left out of the search."""
FLOOD = 2 * MAX_LINES
"""So many lines of one word are noted: some may go before the word has to be looked for again."""
EARLY_SECONDS = 0.4
"""A word that floods so soon is left out at once. It decides how long a search takes, not what it finds."""
SECONDS = 30.0
_PIECE = 1 << 18
_LINGER = 0.5
"""How much longer a flooded search is read, as a share of the time until then: other words soon flood it too."""
_PASSED = ":(top,exclude,literal)"
_PASSED_CHARACTERS = 12_000
"""Of pathspecs: Windows limits how long a command line may be."""
_FAILED = 128

Hits = dict[str, tuple[int, ...]]
"""Of one word: the lines (from 0, ascending) that hold it, by path."""

_WORD = re.compile(r"[^\0\r\n\ud800-\udfff]+")
_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_SUFFIX = re.compile(r"\*[^*?\[\]\/]+")
_ROW = re.compile(rb"([^\0]*)\0(\d+)\0([^\n]*)\n")
_WORD_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_THREADS = min(max(os.cpu_count() or 2, 2), 4)
"""Half of what most machines have: a search of a large repository takes some seconds of one of them."""
_OPTIONS = ("-n", "-z", "-o", "-a", "--no-textconv", "--no-color", "--no-recurse-submodules", f"--threads={_THREADS}")


def searchable(words: Iterable[str]) -> list[str]:
    """Those of the words that a line of a file can hold, sorted, each once."""
    return sorted({word for word in words if _WORD.fullmatch(word)})


def glob_matches(path: str, globs: Sequence[str]) -> bool:
    """As git's pathspecs: a star also stands for slashes. No globs match everything."""
    if not globs:
        return True
    return any(fnmatchcase(path, glob) or path == glob or path.startswith(glob.rstrip("/") + "/") for glob in globs)


def matcher(globs: Sequence[str]) -> Callable[[str], bool]:
    """`glob_matches` of these globs, for many paths."""
    if all(_SUFFIX.fullmatch(glob) for glob in globs):
        endings = tuple(glob[1:] for glob in globs)
        return lambda path: path.endswith(endings)
    return lambda path: glob_matches(path, globs)


def in_order(path: str) -> bytes:
    """What paths are sorted by, as git sorts them."""
    return path.encode("utf-8", "surrogateescape")


def count(hits: Hits) -> int:
    """How many lines hold the word."""
    return sum(map(len, hits.values()))


def find_word(data: bytes, word: bytes) -> tuple[int, ...]:
    """The lines of one file that hold the word."""
    lines: list[int] = []
    counted = line = 0
    place = data.find(word)
    while place >= 0 and len(lines) < FILE_LINES:
        if not _is_whole(data, place, place + len(word)):
            place = data.find(word, place + 1)
            continue
        line += data.count(b"\n", counted, place)
        counted = place
        lines.append(line)
        end = data.find(b"\n", place)  # one match a line
        place = data.find(word, end + 1) if end >= 0 else -1
    return tuple(lines)


def _is_whole(data: bytes, start: int, end: int) -> bool:
    return (start == 0 or data[start - 1] not in _WORD_BYTES) and (end == len(data) or data[end] not in _WORD_BYTES)


def passed(paths: Iterable[str], begin: str) -> list[str]:
    """The fewest files and folders that hold all of the paths before `begin` (in git's order) and none after it."""
    found: dict[str, None] = {}
    key, depth = in_order(begin), begin.count("/")
    folders = [begin[: at + 1] for at, letter in enumerate(begin) if letter == "/"]
    for path in paths:
        if in_order(path) >= key:
            continue
        shared = 0
        while shared < depth and path.startswith(folders[shared]):
            shared += 1
        start = len(folders[shared - 1]) if shared else 0
        end = path.find("/", start)
        found[path if end < 0 else path[:end]] = None
    return sorted(found, key=lambda path: (path.count("/"), path))


@define
class GitSearch:
    """Searches what git has. `perl`: whether this git knows Perl's expressions (Apple's and some others do not)."""

    git: Git
    perl: bool = True
    late: bool = False
    """Whether a search took longer than SECONDS, so that something may not have been found."""
    skip: Set[str] = frozenset()
    """Paths that do not count."""
    paths: Iterable[str] = ()
    """What there is to search: a search that is taken up again then leaves out what it has done. May be empty."""
    frontiers: dict[str, str] = field(factory=dict)
    """Of words that stand on more lines than were noted: the path before which everything was noted."""

    def search(self, words: Sequence[str], pathspecs: Sequence[str], where: Sequence[str]) -> dict[str, Hits]:
        """Where each of the words stands, in all files of `where` (options or a commit) that the pathspecs match."""
        found: dict[str, Hits] = {}
        for group in _apart(words):
            found |= self._group(group, pathspecs, where)
        return found

    def _group(self, words: Sequence[str], pathspecs: Sequence[str], where: Sequence[str]) -> dict[str, Hits]:
        prefix = b"" if not where or where[0].startswith("--") else where[0].encode("ascii") + b":"
        rows = _Rows(words, prefix, self.skip)
        while not self._run(rows, pathspecs, where):
            rows.resume()  # without what flooded it, from the file on to which it had come
        self.frontiers |= rows.frontiers()
        return rows.hits()

    def _run(self, rows: _Rows, pathspecs: Sequence[str], where: Sequence[str]) -> bool:
        """One git, from where `rows` stand; whether all that was wanted is found."""
        if not rows.wanted:
            return True
        size = rows.size
        patterns, options = self._patterns(rows.wanted)
        specs = (*pathspecs, *self._passed(rows.begin, pathspecs))
        arguments = (*_OPTIONS, *options, "-f", "-", *where, "--", *specs)
        running = self.git.start("grep", *arguments, stdin=True, stderr=subprocess.DEVNULL)
        process = running.process
        assert process.stdin is not None
        assert process.stdout is not None
        limit = threading.Timer(SECONDS, self._end, (process,))
        limit.daemon = True
        limit.start()
        try:
            with suppress(BrokenPipeError):  # git may refuse the options before it reads
                process.stdin.write(patterns)
                process.stdin.close()
            complete = rows.collect(process.stdout)
            refused = self.perl and rows.size == size and process.wait() == _FAILED
        finally:
            limit.cancel()
            with suppress(BrokenPipeError):
                running.kill()
        if refused:
            self.perl = False
            return self._run(rows, pathspecs, where)
        return complete

    def _passed(self, begin: str, pathspecs: Sequence[str]) -> Iterator[str]:
        """Pathspecs that leave out what comes before `begin`: whole folders, as few as there are on the way to it."""
        if not begin:
            return
        if not pathspecs:
            yield ":(top)"
        room = _PASSED_CHARACTERS
        for path in passed(self.paths, begin):
            room -= len(path) + len(_PASSED)
            if room < 0:
                return
            yield f"{_PASSED}{path}"

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self.late = True
        process.kill()

    def _patterns(self, words: Sequence[str]) -> tuple[bytes, tuple[str, ...]]:
        encoded = [word.encode("utf-8") for word in words]
        if not self.perl:
            return b"\n".join(encoded) + b"\n", ("-F", "-w")
        if all(word[0] in _WORD_BYTES for word in encoded):
            # From the start of a run of letters, or not at all: a sixth faster than to look behind at each of them.
            return _tree(encoded) + rb"(?![A-Za-z0-9_])|[A-Za-z0-9_]++(*SKIP)(*FAIL)" + b"\n", ("-P",)
        return rb"(?<![A-Za-z0-9_])" + _tree(encoded) + rb"(?![A-Za-z0-9_])" + b"\n", ("-P",)


class _Rows:
    """What git prints, by word and path, of one search or of several that take up one another.

    Git prints in the order of paths.
    """

    def __init__(self, words: Sequence[str], prefix: bytes, skip: Set[str]) -> None:
        self.size = 0
        self.begin = ""
        """All before this path is noted."""
        self._prefix = prefix
        self._skip = {prefix + path.encode("utf-8", "surrogateescape") for path in skip}
        self._found: dict[bytes, dict[bytes, list[int]]] = {word.encode("utf-8"): {} for word in words}
        self._left = dict.fromkeys(self._found, FLOOD)
        self._flooded: dict[bytes, bytes] = {}
        self._begin = self._last = b""

    @property
    def wanted(self) -> list[str]:
        """The words that have not flooded it."""
        return [word.decode("utf-8") for word in self._found if word not in self._flooded]

    def collect(self, stream: IO[bytes]) -> bool:
        """Read to the end, or until words flood it; whether that was the end."""
        rest = b""
        started, printed, flooded = time.monotonic(), 0, len(self._flooded)
        stop: float | None = None
        while piece := stream.read1(_PIECE):  # type: ignore[attr-defined]  # a pipe is a BufferedReader
            self.size += len(piece)
            printed += len(piece)
            rest = self._take(rest + piece)
            if len(self._flooded) == flooded:
                continue
            now = time.monotonic()
            if stop is None:
                # Where one word floods others soon will; late in a search, reading on costs less than another git.
                taken = now - started
                stop = now + _LINGER * taken if taken < EARLY_SECONDS else inf
            if now >= stop or printed > MAX_OUTPUT:
                self._leave_out()
                return False
        return True

    def resume(self) -> None:
        """Make ready for a search that goes on from the last file, of which not all may have been printed."""
        self._begin, self.begin = self._last, self._path(self._last)
        for word, by_path in self._found.items():
            if word not in self._flooded:
                self._left[word] += len(by_path.pop(self._last, ()))

    def _leave_out(self) -> None:
        """Of what would soon flood the search too, what there is will do: it is more than is ever told."""
        for word, left in self._left.items():
            if left < FLOOD * 3 // 8:
                self._flooded.setdefault(word, self._last)

    def _take(self, data: bytes) -> bytes:
        """Note all whole rows; gives what is left over."""
        found, left, skip, begin, at = self._found, self._left, self._skip, self._begin, 0
        for row in _ROW.finditer(data):
            path, line, word = row.groups()
            if path < begin:
                at = row.end()
                continue
            if left[word] > 0 and path not in skip:
                lines = found[word].setdefault(path, [])
                number = int(line) - 1
                if (not lines or lines[-1] != number) and len(lines) < FILE_LINES:
                    lines.append(number)
                    left[word] -= 1
                    if not left[word]:
                        self._flooded[word] = path
            self._last, at = path, row.end()
        return data[at:]

    def frontiers(self) -> dict[str, str]:
        return {word.decode("utf-8"): self._path(path) for word, path in self._flooded.items()}

    def hits(self) -> dict[str, Hits]:
        names = {path: self._path(path) for by_path in self._found.values() for path in by_path}
        for word, path in self._flooded.items():
            self._found[word].pop(path, None)  # the file in which it was enough may hold more
        return {
            word.decode("utf-8"): {names[path]: tuple(lines) for path, lines in by_path.items()}
            for word, by_path in self._found.items()
        }

    def _path(self, printed: bytes) -> str:
        return printed.removeprefix(self._prefix).decode("utf-8", "surrogateescape")


def _apart(words: Sequence[str]) -> Iterator[list[str]]:
    """Groups of words no two of which can stand in the same place: git tells one word for each place."""
    plain = [word for word in words if _PLAIN.fullmatch(word)]
    groups = [plain] if plain else []
    for word in words:
        if _PLAIN.fullmatch(word):
            continue
        for group in groups:
            if not any(_overlap(word, other) for other in group):
                group.append(word)
                break
        else:
            groups.append([word])
    yield from groups


def _overlap(one: str, other: str) -> bool:
    if one in other or other in one or _hides(one, other) or _hides(other, one):
        return True
    shorter = min(len(one), len(other))
    return any(one[-size:] == other[:size] or other[-size:] == one[:size] for size in range(1, shorter))


def _hides(before: str, after: str) -> bool:
    """Whether one word may end where another begins that is none there: git goes on behind what it told as if the line
    began there, and no longer sees the letter."""
    return before.encode()[-1] in _WORD_BYTES and after.encode()[0] not in _WORD_BYTES


def _tree(words: Sequence[bytes]) -> bytes:
    """An expression for any of the words that shares what they begin with: a quarter faster than a list of them."""
    ends = b"" in words
    rest = sorted({word for word in words if word})
    if not rest:
        return b""
    branches: list[bytes] = []
    at = 0
    while at < len(rest):
        first = rest[at][:1]
        same = [word for word in rest[at:] if word[:1] == first]
        at += len(same)
        shared = _shared(same[0], same[-1])
        branches.append(_escaped(shared) + _tree([word[len(shared) :] for word in same]))
    return b"(?:" + b"|".join(branches) + b")" + (b"?" if ends else b"")


def _shared(one: bytes, other: bytes) -> bytes:
    size = 0
    while size < min(len(one), len(other)) and one[size] == other[size]:
        size += 1
    return one[:size]


def _escaped(data: bytes) -> bytes:
    """Bytes of letters and digits stand for themselves, so do those outside ASCII; all others with a backslash."""
    return b"".join(bytes((byte,)) if byte in _WORD_BYTES or byte >= 128 else b"\\" + bytes((byte,)) for byte in data)
