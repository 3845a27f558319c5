"""What words tell: files that hold the change's rare words, by BM25 (Robertson and Zaragoza, 2009)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log

from rebuttal.change.model import Places
from rebuttal.context.related.model import Query, Signal
from rebuttal.context.related.query import stems_of

K1 = 1.2
B = 0.5


class Index:
    """How often each file holds each word: made of one search."""

    def __init__(self, places: Places, universe: frozenset[str]) -> None:
        self._words = {word: _counts(by_path, universe) for word, by_path in places.items()}
        self._files = len(universe)
        self._lengths: dict[str, int] = {}
        lengths = self._lengths
        for counts in self._words.values():
            for path, count in counts.items():
                lengths[path] = lengths.get(path, 0) + count
        self._mean = sum(lengths.values()) / max(1, len(lengths))

    def files(self, word: str) -> Mapping[str, int]:
        return self._words.get(word, {})

    def rarity(self, word: str) -> float:
        """Inverse document frequency, never negative."""
        holding = len(self.files(word))
        return log(1 + (self._files - holding + 0.5) / (holding + 0.5))

    def bm25(self, terms: Mapping[str, float], b: float = B) -> Signal:
        found: Signal = {}
        # Longer files need more: what the count is held against, for each length that there is.
        damped = {length: K1 * (1 - b + b * length / self._mean) for length in set(self._lengths.values())}
        lengths = self._lengths
        for word in sorted(terms):
            weight = self.rarity(word) * terms[word] * (K1 + 1)
            for path, count in self.files(word).items():
                found[path] = found.get(path, 0.0) + weight * count / (count + damped[lengths[path]])
        return found

    def rarest(self, terms: Iterable[str]) -> Signal:
        """The rarity of the rarest shared word."""
        found: Signal = {}
        for word in sorted(terms):
            rarity = self.rarity(word)
            for path in self.files(word):
                if found.get(path, 0.0) < rarity:
                    found[path] = rarity
        return found

    def shared(self, terms: Mapping[str, float]) -> Signal:
        """The share of the change's words, weighed by rarity, that a file holds."""
        whole = sum(self.rarity(word) * terms[word] for word in terms if self.files(word)) or 1.0
        found: Signal = {}
        for word in sorted(terms):
            share = self.rarity(word) * terms[word] / whole
            for path in self.files(word):
                found[path] = found.get(path, 0.0) + share
        return found


def _counts(by_path: Mapping[str, Sequence[int]], universe: frozenset[str]) -> dict[str, int]:
    counts = dict(zip(by_path, map(len, by_path.values()), strict=True))
    if not by_path.keys() <= universe:
        for path in [path for path in by_path if path not in universe]:
            del counts[path]
    return counts


def words_of(query: Query) -> list[str]:
    """Every word that the signals need; one search finds them all."""
    return sorted({*query.terms, *query.around, *stems_of(query)})


def lexical_signals(query: Query, index: Index) -> dict[str, Signal]:
    stems = stems_of(query)
    return {
        "bm25": index.bm25(query.terms),
        "shared": index.shared(query.terms),
        "rarest": index.rarest(query.terms),
        "around": index.bm25(query.around, 0.0),
        "gone": index.bm25(query.gone, 0.0),
        "repeated": index.bm25(query.repeated, 0.0),
        "mentions": index.bm25(stems, 0.0),
    }
