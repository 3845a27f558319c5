"""Why a file is ranked high, in words for the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from rebuttal.change.model import PastCommit
from rebuttal.context.related.lexical import Index
from rebuttal.context.related.model import Query, Signal
from rebuttal.context.related.paths import kind_of, name_of
from rebuttal.text.words import counted

_MOST = 3
_WORDS = 3
_RARE, _RARE_IN_FEW, _FEW = 3.0, 1.0, 3
"""A word is rare in a twentieth of all files or fewer; in three at most, where that is less than a third of them."""
_OFTEN, _TIMES = 0.1, 2
"""Less than this share of a file's commits, or fewer of them, can be chance."""
_LINE, _LISTED, _SHARE = 1.6, 3, 0.3
"""A line that more than a quarter of the files read hold, or fewer names of neighbours, can be chance."""


@frozen
class Pair:
    """How often a file changed together with one of the change, of how often that one changed."""

    path: str
    times: int
    of: int


def pairs(history: Sequence[PastCommit], shown: Collection[str], wanted: Collection[str]) -> dict[str, Pair]:
    """For each wanted file the changed one that it went along with most often."""
    totals: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    for commit in history:
        here = [path for path in commit.paths if path in shown]
        totals.update(here)
        if here:
            others = [path for path in commit.paths if path in wanted]
            together.update((path, other) for path in here for other in others)
    found: dict[str, Pair] = {}
    for (path, other), times in sorted(together.items()):
        known = found.get(other)
        if known is None or times * known.of > known.times * totals[path]:
            found[other] = Pair(path, times, totals[path])
    return found


@frozen
class Reasons:
    """Makes the reasons of one ranking."""

    query: Query
    signals: Mapping[str, Signal]
    index: Index
    pairs: Mapping[str, Pair]

    def of(self, path: str) -> tuple[str, ...]:
        """At most three, the weightiest first; none where only the habits of the repository speak for the file."""
        found = [self._past(path), self._name(path), self._words(path), self._named(path), self._text(path)]
        strong = sorted(((-weight, text) for weight, text in found if weight > 0), key=lambda one: one)
        return tuple(text for _, text in strong[:_MOST])

    def _value(self, signal: str, path: str) -> float:
        return self.signals.get(signal, {}).get(path, 0.0)

    def _past(self, path: str) -> tuple[float, str]:
        pair = self.pairs.get(path)
        if pair is None or pair.times < _TIMES or pair.times < _OFTEN * pair.of:
            return 0.0, ""
        name = pair.path.rpartition("/")[2]
        share = self._value("together_either", path)
        return 0.3 + share, f"changed together with {name} in {pair.times} of {counted(pair.of, 'commit')}"

    def _name(self, path: str) -> tuple[float, str]:
        if not self._value("stem", path):
            return 0.0, ""
        stem = name_of(path).stem
        like = next(one for one in self.query.paths if name_of(one).stem == stem)
        return 0.9, f"{'test' if kind_of(path) == 'test' else 'namesake'} of {like}"

    def _text(self, path: str) -> tuple[float, str]:
        if self._value("gone_lines", path) > _LINE:
            return 0.5, "holds lines that the change takes out"
        if self._value("listed", path) >= _LISTED and self._value("lists", path) > _SHARE:
            return 0.5, "names the files beside one that came, went or moved"
        return (0.5, "holds the version that the change takes out") if self._value("old_version", path) else (0.0, "")

    def _words(self, path: str) -> tuple[float, str]:
        held = [
            (-self.index.rarity(word) * weight, word)
            for word, weight in self.query.terms.items()
            if path in self.index.files(word) and self._is_rare(word)
        ]
        if not held:
            return 0.0, ""
        words = [word for _, word in sorted(held)[:_WORDS]]
        noun = "the rare names" if len(words) > 1 else "the rare name"
        return self._value("shared", path), f"shares {noun} {', '.join(words)} with the change"

    def _is_rare(self, word: str) -> bool:
        rarity = self.index.rarity(word)
        return rarity > (_RARE_IN_FEW if len(self.index.files(word)) <= _FEW else _RARE)

    def _named(self, path: str) -> tuple[float, str]:
        return self._value("named", path) * 0.5, "named in the changed files"
