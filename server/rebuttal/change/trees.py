"""One side of a change as a tree of files: read, listed and searched."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from attrs import define, field

from rebuttal.change.decode import NotText
from rebuttal.change.git import Git
from rebuttal.change.memory import Globs, Searched
from rebuttal.change.model import Match
from rebuttal.change.search import MAX_LINES, GitSearch, Hits, count, find_word, glob_matches, in_order, searchable
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
    common: set[str] = field(factory=set)
    """Words that were searched for and stand on more than MAX_LINES lines besides the change: not all were told."""

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
            self._paths = self.source.list_paths() | self.overlay.keys()
        return self._paths

    def grep(self, words: Iterable[str], globs: Iterable[str] = ()) -> Iterator[Match]:
        """See `Tree.grep`; in order of path, line and word. Of what is too common only the first come: see `common`."""
        rows: list[tuple[str, int, str]] = []
        for word, hits in self._find(searchable(words), tuple(sorted(set(globs)))).items():
            rows += [(path, line, word) for path in hits for line in hits[path]]
        for path, line, word in sorted(rows):
            yield Match(path, line, word)

    def _find(self, words: list[str], globs: Globs) -> dict[str, Hits]:
        where = self.source.grep_arguments()
        if not words:
            return {}
        found: dict[str, Hits] = {word: {} for word in words}
        own = self._own()
        if where is not None:
            keys = self._keys
            outside = {path for path in self.source.outside() if path in keys and glob_matches(path, globs)}
            single = where or ("--untracked",)
            if len(outside) > MAX_SCANNED:
                where, outside = (*where, "--untracked"), set()

            def everywhere(new: Sequence[str]) -> tuple[Mapping[str, Hits], Mapping[str, str], bool]:
                search = GitSearch(self.git, skip=own.keys())
                hits = search.search(new, [f":(top){glob}" for glob in globs], where)
                return hits, search.frontiers, not search.late

            def within(wanted: Mapping[str, Sequence[str]]) -> Mapping[str, Hits]:
                return self._look_into(wanted, single)

            everything = self._searched.search(words, globs, keys, outside, everywhere, within)
            found = {word: self._first(word, hits) for word, hits in everything.items()}
        for path in sorted(own):
            if glob_matches(path, globs):
                _scan(own[path].encode("utf-8", "replace"), path, words, found)
        return found

    def _first(self, word: str, hits: Hits) -> Hits:
        """As many lines as are told of one word, by path."""
        if count(hits) <= MAX_LINES:
            return hits
        self.common.add(word)
        kept: Hits = {}
        room = MAX_LINES
        for path in sorted(hits, key=in_order):
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
        own = self._own()
        return {path: key for path, key in self.source.keys().items() if path not in own}

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
