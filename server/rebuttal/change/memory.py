"""What reviews of one repository remember for each other, so that only what is new is read again.

Everything here is keyed by content (object ids) or by what the file system tells of a file (size and times), and
never changes what a review says: a review with a memory and one without it give the same.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from hashlib import blake2b
from threading import Lock, RLock
from typing import Any

from attrs import define, field, frozen

from rebuttal.change.model import PastCommit
from rebuttal.change.search import MAX_LINES as TOO_COMMON
from rebuttal.change.search import Hits, count, find_word, glob_matches, in_order

YOUNG_NS = 3_000_000_000
"""A file that was written so shortly before may be written again without its times showing it (FAT counts in 2 s)."""
MAX_LINES = 200_000
"""Matches that are kept, some 150 bytes each."""
MAX_STALE = 1_000
MAX_HASHES = 100_000
_TEXTS = 200

Stat = tuple[int, int, int]
"""Size, time of the last change of the content, time of the last change of the file; both in nanoseconds."""
Globs = tuple[str, ...]
Everywhere = Callable[[Sequence[str]], tuple[Mapping[str, Hits], Mapping[str, str], bool]]
"""Words to their hits; of those that are too common the path up to which they are known; whether time sufficed."""
Within = Callable[[Mapping[str, Sequence[str]]], Mapping[str, Hits]]
"""Files, each with the words to search it for, to the hits of each word."""


def is_young(stat: Stat, now_ns: int) -> bool:
    """Whether the same times could hide that it is changed again."""
    return max(stat[1], stat[2]) > now_ns - YOUNG_NS


@define
class Remembered:
    """The latest few results of a kind, by key. May be shared by threads."""

    room: int
    _kept: OrderedDict[Hashable, Any] = field(factory=OrderedDict)
    _lock: Lock = field(factory=Lock)

    def get(self, key: Hashable) -> Any:
        """The result; None where there is none."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, value: object) -> None:
        with self._lock:
            self._keep(key, value)

    def get_or_make(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The result, made where there is none."""
        with self._lock:
            if key not in self._kept:
                self._keep(key, make())
            self._kept.move_to_end(key)
            return self._kept[key]

    def _keep(self, key: Hashable, value: object) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > self.room:
            self._kept.popitem(last=False)

    def values(self) -> Iterable[Any]:
        """All of them, the latest first."""
        with self._lock:
            return list(reversed(self._kept.values()))


@define
class _Known:
    """Where one word stands, but for the files in `stale`, which are to be searched again."""

    hits: Hits
    stale: set[str]
    frontier: bytes | None = None
    """Where set, nothing is known of this path and those after it, except that the word is too common."""

    @property
    def doubtful(self) -> bool:
        return self.frontier is not None and count(self.hits) <= TOO_COMMON

    def add(self, hits: Hits) -> None:
        for path, lines in hits.items():
            if self.frontier is None or in_order(path) < self.frontier:
                self.hits[path] = lines

    @property
    def weight(self) -> int:
        return 2 + len(self.hits) + count(self.hits)


@define
class Searched:
    """Where words stood when they were last searched for. May be shared by threads."""

    room: int = MAX_LINES
    keys: Mapping[str, Hashable] = field(factory=dict, init=False)
    """What told the content of each file when it was last searched."""
    _words: OrderedDict[tuple[Globs, str], _Known] = field(factory=OrderedDict)
    _texts: Remembered = field(factory=lambda: Remembered(_TEXTS))
    """Of texts that only we have, by digest: words to lines."""
    _lock: RLock = field(factory=RLock)

    def search(
        self,
        words: Sequence[str],
        globs: Globs,
        keys: Mapping[str, Hashable],
        outside: Set[str],
        everywhere: Everywhere,
        within: Within,
    ) -> tuple[dict[str, Hits], set[str]]:
        """Where each of the words stands among the files of `keys`, and which of them may stand in more places.

        `keys` tells the content of each file; None where nothing vouches for it. `everywhere` searches all files but
        those `outside`, `within` searches single ones.
        """
        with self._lock:
            self._see(keys)
            new = [word for word in words if (globs, word) not in self._words or self._words[(globs, word)].doubtful]
            whole = self._search_new(new, globs, keys, outside, everywhere)
            self._search_stale(words, globs, keys, within)
            found = {word: dict(self._words[(globs, word)].hits) for word in words}
            cut = {word for word in words if self._words[(globs, word)].frontier is not None}
            for word in words:
                self._words.move_to_end((globs, word))
            if not whole:
                for word in new:
                    del self._words[(globs, word)]
            self._make_room()
            return found, cut

    def find(self, text: str, words: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
        """Those of the words that stand in the text, with their lines; of the latest texts what was found is kept."""
        encoded = text.encode("utf-8", "replace")
        known = self._texts.get_or_make(blake2b(encoded, digest_size=16).digest(), dict)
        for word in words:
            if word not in known:
                known[word] = find_word(encoded, word.encode("utf-8"))
        return [(word, known[word]) for word in words if known[word]]

    def _see(self, keys: Mapping[str, Hashable]) -> None:
        """Note which files are others than when they were last searched."""
        if keys is self.keys:
            return
        before, self.keys = self.keys, keys
        last = before.get
        stale = [path for path, key in keys.items() if key is None or last(path) != key]
        stale += [path for path in before if path not in keys]
        if len(stale) > max(MAX_STALE // 20, min(MAX_STALE, len(keys) // 20)):
            self._words.clear()  # to search everything anew costs less
        for known in self._words.values():
            known.stale.update(stale)
            for path in stale:
                known.hits.pop(path, None)

    def _search_new(
        self,
        words: Sequence[str],
        globs: Globs,
        keys: Mapping[str, Hashable],
        outside: Set[str],
        everywhere: Everywhere,
    ) -> bool:
        if not words:
            return True
        found, frontiers, whole = everywhere(words)
        for word in words:
            hits = {path: lines for path, lines in found[word].items() if path in keys and path not in outside}
            self._words[(globs, word)] = _Known(
                hits, set(outside), in_order(frontiers[word]) if word in frontiers else None
            )
        return whole

    def _search_stale(
        self,
        words: Sequence[str],
        globs: Globs,
        keys: Mapping[str, Hashable],
        within: Within,
    ) -> None:
        wanted: dict[str, list[str]] = {}
        for word in words:
            for path in self._words[(globs, word)].stale:
                wanted.setdefault(path, []).append(word)
        there = {path: wanted[path] for path in sorted(wanted) if path in keys and glob_matches(path, globs)}
        for word, by_path in within(there).items() if there else ():
            self._words[(globs, word)].add(by_path)
        for word in words:
            self._words[(globs, word)].stale.clear()

    def _make_room(self) -> None:
        held = sum(known.weight for known in self._words.values())
        while held > self.room and self._words:
            held -= self._words.popitem(last=False)[1].weight


@frozen
class History:
    """The newest commits from `tip` back; `asked` is how many were wanted."""

    tip: str
    asked: int
    commits: tuple[PastCommit, ...]
    """One without paths stands for a commit that says nothing."""
    whole: bool
    """Whether git was left to tell everything."""


@define
class Hashes:
    """The object ids of files that look changed and are not, by path and times. May be shared by threads."""

    _known: dict[str, tuple[Stat, str]] = field(factory=dict)
    _clock: Callable[[], int] = time.time_ns

    def get(self, path: str, stat: Stat) -> str | None:
        known = self._known.get(path)
        return known[1] if known is not None and known[0] == stat else None

    def keep(self, path: str, stat: Stat, oid: str) -> None:
        """`stat` is from before the content was read."""
        if is_young(stat, self._clock()):
            return
        if len(self._known) >= MAX_HASHES:
            self._known.clear()
        self._known[path] = (stat, oid)


@define
class Memory:
    """One for each repository; whoever reviews it more than once owns it. May be shared by threads."""

    disk: Searched = field(factory=Searched)
    """Matches in the work tree, by what the file system tells of each file."""
    objects: Searched = field(factory=Searched)
    """Matches in commits and in the index, by object id."""
    hashes: Hashes = field(factory=Hashes)
    histories: Remembered = field(factory=lambda: Remembered(4))
    """History by tip."""
    listings: Remembered = field(factory=lambda: Remembered(3))
    """The files of a commit, by its hash."""
    indexes: Remembered = field(factory=lambda: Remembered(2))
    """The parsed index and how it differs from a base, by the times of the index and the base."""
    hunks: Remembered = field(factory=lambda: Remembered(1_000))
    """The hunks between two texts, by their digest."""
