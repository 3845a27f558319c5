"""One side of a change as a tree of files: read, listed and searched."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from attrs import define, field

from rebuttal.change.decode import NotText
from rebuttal.change.git import Git
from rebuttal.change.memory import Globs, Searched
from rebuttal.change.model import Match, Places
from rebuttal.change.search import (
    MAX_LINES,
    GitSearch,
    Hits,
    count,
    find_word,
    glob_matches,
    in_order,
    matcher,
    searchable,
)
from rebuttal.change.sides import load
from rebuttal.change.sources import Source

MAX_SCANNED = 2_000
"""Untracked files beyond this number are left to git to search, which has to find them anew."""
_CACHE_CHARACTERS = 32_000_000
_AT_ONCE = 100
"""Paths that one git is given: Windows limits how long a command line may be."""


@define(slots=False)
class SideTree:
    """One side of the change; fulfils `Tree`. `overlay` holds buffers by path, which hide what `source` has."""

    git: Git
    source: Source
    overlay: Mapping[str, str] = field(factory=dict)
    _searched: Searched = field(factory=Searched)
    _texts: dict[str, str | None] = field(factory=dict)
    _room: int = _CACHE_CHARACTERS
    _paths: frozenset[str] | None = None
    _pinned: set[str] = field(factory=set)
    _expected: set[str] = field(factory=set)
    _found: set[str] = field(factory=set)
    """Words that were looked for in all files."""
    common: set[str] = field(factory=set)
    """Words that were searched for and stand on more than MAX_LINES lines besides the change: not all were told."""
    late: bool = False
    """Whether a search took too long, so that something may not have been found."""

    def read(self, path: str) -> str | None:
        if path in self.overlay:
            return self.overlay[path]
        if path in self._texts:
            return self._texts[path]
        data = self.source.read_bytes(path)
        try:
            side = load(path, None, data).new
        except NotText:
            side = None
        text = None if side is None else side.text
        self._keep(path, text)
        return text

    def remember(self, path: str, text: str | None) -> None:
        """Keep a text that was read already, so that the snapshot stays what the change showed."""
        self._pinned.add(path)
        self._keep(path, text)

    def _keep(self, path: str, text: str | None) -> None:
        size = len(text or "")
        if size <= self._room:
            self._room -= size
            self._texts[path] = text

    def paths(self) -> frozenset[str]:
        if self._paths is None:
            self._paths = self.source.list_paths().union(self.overlay)
        return self._paths

    def grep(self, words: Iterable[str], globs: Iterable[str] = ()) -> Iterator[Match]:
        """See `Tree.grep`; in order of path, line and word. Of what is too common only the first come: see `common`."""
        rows: list[tuple[str, int, str]] = []
        for word, hits in self._find(searchable(words), tuple(sorted(set(globs)))).items():
            rows += [(path, line, word) for path in hits for line in hits[path]]
        for path, line, word in sorted(rows):
            yield Match(path, line, word)

    def find(self, words: Iterable[str]) -> Places:
        """See `Tree.find`."""
        return self._find(searchable(words), ())

    def expect(self, words: Iterable[str]) -> None:
        """See `Tree.expect`."""
        self._expected.update(searchable(words))

    def _find(self, words: list[str], globs: Globs) -> dict[str, Hits]:
        if not words:
            return {}
        found: dict[str, Hits] = {word: {} for word in words}
        if self.source.grep_arguments() is not None:
            found = {word: self._first(word, hits) for word, hits in self._sought(words, globs).items()}
        own = self._own()
        for path in sorted(own):
            if glob_matches(path, globs):
                for word, lines in self._searched.find(own[path], words):
                    found[word][path] = lines
        return found

    def _sought(self, words: Sequence[str], globs: Globs) -> dict[str, Hits]:
        """What stands in files that are not the change's own.

        Where other words are to be looked for in all files, these are too, and what the globs match is taken of it:
        that costs one search of the repository instead of two.
        """
        if globs and not self._expected and not self._found.issuperset(words):
            return self._search(words, globs)[0]
        everything, cut = self._search(sorted({*words, *self._expected}), ())
        self._found.update(everything)
        self._expected.clear()
        if not globs:
            return {word: everything[word] for word in words}
        matching = matcher(globs)
        paths = {path for word in words for path in everything[word]}
        inside = {path for path in paths if matching(path)}
        found = {word: {path: lines for path, lines in everything[word].items() if path in inside} for word in words}
        # Of what is too common the first lines are known, but few of them may be where the globs match.
        if scarce := [word for word in words if word in cut and count(found[word]) <= MAX_LINES]:
            found |= self._search(scarce, globs)[0]
        return found

    def _search(self, words: Sequence[str], globs: Globs) -> tuple[dict[str, Hits], set[str]]:
        """Where the words stand, by what is remembered and by git; and those that may stand in more places."""
        where = self.source.grep_arguments() or ()
        keys, own = self._keys, self._own()
        outside = {path for path in self.source.outside() if path in keys and glob_matches(path, globs)}
        single = where or ("--untracked",)
        if len(outside) > MAX_SCANNED:
            where, outside = (*where, "--untracked"), set()

        def everywhere(new: Sequence[str]) -> tuple[Mapping[str, Hits], Mapping[str, str], bool]:
            search = GitSearch(self.git, skip=own.keys(), paths=keys)
            hits = search.search(new, [f":(top){glob}" for glob in globs], where)
            self.late = self.late or search.late
            return hits, search.frontiers, not search.late

        def within(wanted: Mapping[str, Sequence[str]]) -> Mapping[str, Hits]:
            return self._look_into(wanted, single)

        return self._searched.search(words, globs, keys, outside, everywhere, within)

    def _first(self, word: str, hits: Hits) -> Hits:
        """As many lines as are told of one word, by path."""
        if count(hits) <= MAX_LINES:
            return hits
        self.common.add(word)
        kept: Hits = {}
        room = MAX_LINES
        plain = all(map(str.isascii, hits))  # as nearly always: then letters are in the order of their bytes
        for path in sorted(hits) if plain else sorted(hits, key=in_order):
            kept[path] = hits[path][:room]
            room -= len(kept[path])
            if not room:
                break
        return kept

    def _own(self) -> dict[str, str]:
        """Texts that count whatever git or the disk has."""
        own = {path: text for path in self._pinned if (text := self._texts.get(path)) is not None}
        own.update(self.overlay)
        return own

    @cached_property
    def _keys(self) -> Mapping[str, Hashable]:
        keys = dict(self.source.keys())
        for path in self._own():
            keys.pop(path, None)
        return keys

    def _look_into(self, wanted: Mapping[str, Sequence[str]], where: Sequence[str]) -> dict[str, Hits]:
        """Search single files, each for its own words."""
        found: dict[str, Hits] = {word: {} for words in wanted.values() for word in words}
        large = []
        for path, words in wanted.items():
            data = self.source.read_bytes(path)
            if data is None:
                large.append(path)
            else:
                _scan(data, path, words, found)
        # Git searches them without holding them in our memory.
        for start in range(0, len(large), _AT_ONCE):
            some = large[start : start + _AT_ONCE]
            words = sorted({word for path in some for word in wanted[path]})
            by_word = GitSearch(self.git).search(words, [f":(top,literal){path}" for path in some], where)
            for path in some:
                for word in wanted[path]:
                    if path in by_word[word]:
                        found[word][path] = by_word[word][path]
        return found


def _scan(data: bytes, path: str, words: Iterable[str], found: dict[str, Hits]) -> None:
    for word in words:
        lines = find_word(data, word.encode("utf-8"))
        if lines:
            found[word][path] = lines
