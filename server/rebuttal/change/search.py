"""Whole words in a whole repository: by git's own search, and the same in texts that git does not have.

A line holds a word where the word's bytes stand between bytes that are no letter, digit or underscore of ASCII
(what `git grep -w` calls a word). Each word is looked for by itself: one inside another hides none.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import IO

from attrs import define, field

from rebuttal.change.git import Git

MAX_LINES = 5_000
"""A word that more lines hold says nothing about any of them: it is left out, and named as too common."""
MAX_OUTPUT = 32_000_000
"""Bytes that git may print before the words that are too common are left out of the search."""
FLOOD = 2 * MAX_LINES
"""So many lines of one word are noted, which leaves room for some to go before the word is looked for again."""
EARLY_SECONDS = 0.4
"""A word that floods so soon is left out at once. It decides how long a search takes, not what it finds."""
SECONDS = 30.0
_FAILED = 128

Hits = dict[str, tuple[int, ...]]
"""Of one word: the lines (from 0, ascending) that hold it, by path."""

_WORD = re.compile(r"[^\0\r\n\ud800-\udfff]+")
_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_ROW = re.compile(rb"([^\0]*)\0(\d+)\0([^\n]*)\n")
_WORD_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_OPTIONS = ("-n", "-z", "-o", "-a", "--no-textconv", "--no-color", "--no-recurse-submodules", "--threads=2")


def searchable(words: Iterable[str]) -> list[str]:
    """Those of the words that a line of a file can hold, sorted, each once."""
    return sorted({word for word in words if _WORD.fullmatch(word)})


def glob_matches(path: str, globs: Sequence[str]) -> bool:
    """As git's pathspecs: a star also stands for slashes. No globs match everything."""
    if not globs:
        return True
    return any(fnmatchcase(path, glob) or path == glob or path.startswith(glob.rstrip("/") + "/") for glob in globs)


def count(hits: Hits) -> int:
    """How many lines hold the word."""
    return sum(map(len, hits.values()))


def find_word(data: bytes, word: bytes) -> tuple[int, ...]:
    """The lines of one file that hold the word."""
    lines: list[int] = []
    counted = line = 0
    place = data.find(word)
    while place >= 0:
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


@define
class GitSearch:
    """Searches what git has. `perl`: whether this git knows Perl's expressions (Apple's and some others do not)."""

    git: Git
    perl: bool = True
    late: bool = False
    """Whether a search took longer than SECONDS, so that something may not have been found."""
    flooding: set[str] = field(factory=set)
    """Words that stand on more lines than were noted."""

    def search(self, words: Sequence[str], pathspecs: Sequence[str], where: Sequence[str]) -> dict[str, Hits]:
        """Where each of the words stands, in all files of `where` (options or a commit) that the pathspecs match."""
        found: dict[str, Hits] = {}
        for group in _apart(words):
            found |= self._group(group, pathspecs, where)
        return found

    def _group(self, words: Sequence[str], pathspecs: Sequence[str], where: Sequence[str]) -> dict[str, Hits]:
        wanted = list(words)
        dropped: dict[str, Hits] = {}
        while wanted:
            found, complete = self._once(wanted, pathspecs, where)
            if complete:
                return found | dropped
            # What one word floods is searched again without it: the others lose nothing.
            common = {word for word in wanted if count(found[word]) > MAX_LINES}
            if not common:
                return found | dropped  # out of time
            dropped |= {word: found[word] for word in common}
            wanted = [word for word in wanted if word not in common]
        return dropped

    def _once(
        self, words: Sequence[str], pathspecs: Sequence[str], where: Sequence[str]
    ) -> tuple[dict[str, Hits], bool]:
        """What git finds, and whether it was left to finish."""
        patterns, options = self._patterns(words)
        arguments = (*_OPTIONS, *options, "-f", "-", *where, "--", *pathspecs)
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
            prefix = b"" if not where or where[0].startswith("--") else where[0].encode("ascii") + b":"
            rows = _Rows(words)
            complete = rows.collect(process.stdout)
            refused = self.perl and not rows.size and process.wait() == _FAILED
        finally:
            limit.cancel()
            with suppress(BrokenPipeError):
                running.kill()
        if not refused:
            self.flooding |= rows.flooding
            return rows.hits(prefix), complete
        self.perl = False
        return self._once(words, pathspecs, where)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self.late = True
        process.kill()

    def _patterns(self, words: Sequence[str]) -> tuple[bytes, tuple[str, ...]]:
        encoded = [word.encode("utf-8") for word in words]
        if not self.perl:
            return b"\n".join(encoded) + b"\n", ("-F", "-w")
        return rb"(?<![A-Za-z0-9_])" + _tree(encoded) + rb"(?![A-Za-z0-9_])" + b"\n", ("-P",)


class _Rows:
    """What git prints, by word and path."""

    def __init__(self, words: Sequence[str]) -> None:
        self.size = 0
        self.flooding: set[str] = set()
        self._found: dict[bytes, dict[bytes, list[int]]] = {word.encode("utf-8"): {} for word in words}
        self._left = dict.fromkeys(self._found, FLOOD)
        self._until = time.monotonic() + EARLY_SECONDS

    def collect(self, stream: IO[bytes]) -> bool:
        """Read to the end, or until a word floods it; whether that was the end."""
        rest = b""
        while piece := stream.read1(1 << 18):  # type: ignore[attr-defined]  # a pipe is a BufferedReader
            self.size += len(piece)
            rest = self._take(rest + piece)
            if self.flooding and (time.monotonic() < self._until or self.size > MAX_OUTPUT):
                return False
        return True

    def _take(self, data: bytes) -> bytes:
        """Note all whole rows; gives what is left over."""
        found, left, at = self._found, self._left, 0
        for row in _ROW.finditer(data):
            path, line, word = row.groups()
            if left[word] > 0:
                lines = found[word].setdefault(path, [])
                number = int(line) - 1
                if not lines or lines[-1] != number:
                    lines.append(number)
                    left[word] -= 1
            at = row.end()
        self.flooding = {word.decode("utf-8") for word, room in left.items() if room <= 0}
        return data[at:]

    def hits(self, prefix: bytes) -> dict[str, Hits]:
        names: dict[bytes, str] = {}
        for by_path in self._found.values():
            for path in by_path:
                if path not in names:
                    names[path] = path.removeprefix(prefix).decode("utf-8", "surrogateescape")
        return {
            word.decode("utf-8"): {names[path]: tuple(lines) for path, lines in by_path.items()}
            for word, by_path in self._found.items()
        }


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
    if one in other or other in one:
        return True
    shorter = min(len(one), len(other))
    return any(one[-size:] == other[:size] or other[-size:] == one[:size] for size in range(1, shorter))


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
