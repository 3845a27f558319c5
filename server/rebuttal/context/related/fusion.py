"""One ranking out of all signals: a weighted sum of features, the weights of which were learned from real histories.

The model is a conditional logit (McFadden, 1974): of all files that could be missing from a change, the chance that it
is a certain one is the softmax of its sum. `weights.py` holds the weights and says where they come from; nothing
is learned here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import nlargest, nsmallest
from itertools import accumulate
from math import exp, log, sqrt

from attrs import field, frozen

from rebuttal.change.model import PastCommit, Places
from rebuttal.context.related.cochange import cochange_signals
from rebuttal.context.related.lexical import Index, lexical_signals
from rebuttal.context.related.model import Query, RankedFile, Signal
from rebuttal.context.related.paths import kind_of, name_of, path_signals
from rebuttal.context.related.reasons import Reasons, pairs
from rebuttal.context.related.texts import READ, Texts
from rebuttal.context.related.weights import TEXT_WEIGHTS, WEIGHTS
from rebuttal.text.facts import Facts

RANKED = 40
"""How many files are named at most: a later one is hardly ever needed."""
_SMALL = 3_000
"""How many files a repository may have for all their names to be taken apart."""
_BEST_OF_EACH = 200
"""How many files of each signal are looked at further."""
_FLOORS = {
    "together": 0.02, "together_mean": 0.02, "together_either": 0.02, "together_lift": 0.02, "by_folder": 0.02,
    "by_kind": 0.01, "popular": 0.002, "just_now": 0.01, "lately": 0.003, "words": 0.05, "shared": 0.05,
    "likely_commits": 0.05, "likely_lately": 0.05, "second": 0.02, "stem": 0.1, "topic": 0.05,
    "gone_lines": 0.25, "lists": 0.25,
}  # fmt: skip
"""Of signals that are read by their logarithm: what stands for "almost nothing"."""
_PAIRS = (
    ("bm25", "together_either"),
    ("bm25", "words"),
    ("words", "together_either"),
    ("bm25", "by_folder"),
    ("around", "together_either"),
    ("bm25", "topic"),
    ("together_either", "topic"),
)
"""Signals that say more where both agree."""


_CROSSED = ("bm25", "around", "together_either", "words", "by_folder", "topic", "popular")
"""Signals whose worth depends on the kind of file, and of change."""


@frozen
class Material:
    """What is known of the repository: all that the signals read besides the change."""

    places: Places
    """Where the words of `lexical.words_of(query)` stand."""
    history: Sequence[PastCommit]
    paths: frozenset[str]
    """Files that could be ranked: those of the change are left out."""
    texts: Texts | None = None
    """Reads the likeliest files; without it they stay in the order that all else gives."""
    facts: Facts = field(factory=Facts)
    """Keeps what history tells for the next review."""


def rank(
    query: Query,
    material: Material,
    *,
    weights: Mapping[str, float] = WEIGHTS,
    excluded: Callable[[str], bool] | None = None,
    most: int = RANKED,
) -> tuple[RankedFile, ...]:
    """The files that a reviewer needs most, best first, at most `most`. The same input gives the same result.

    `excluded` says which files are never shown (generated, vendored, secret); it is asked of the best only.
    """
    index = Index(material.places, material.paths)
    signals = gather(query, material, index)
    sums = weighed(query, signals, weights)
    if not sums:
        return ()
    if material.texts is not None:
        signals = {**signals, **look_closer(sums, material.texts)}
    highest = max(sums.values())
    whole = sum(exp(value - highest) for value in sums.values())
    kept: list[str] = []
    for path in sorted(sums, key=lambda one: (-sums[one], one)):
        if len(kept) == most:
            break
        if excluded is None or not excluded(path):
            kept.append(path)
    reasons = Reasons(query, signals, index, pairs(material.history, frozenset(query.paths), frozenset(kept)))
    return tuple(RankedFile(path, round(exp(sums[path] - highest) / whole, 6), reasons.of(path)) for path in kept)


def weighed(query: Query, signals: Mapping[str, Signal], weights: Mapping[str, float] = WEIGHTS) -> Signal:
    """The sum of each candidate, without what its text tells."""
    best = candidates(signals)
    sums: Signal = dict.fromkeys(best, 0.0)
    _add(sums, features(query, signals, set(weights), best), weights)
    return sums


def look_closer(sums: Signal, texts: Texts, weights: Mapping[str, float] = TEXT_WEIGHTS) -> dict[str, Signal]:
    """Add to the highest sums what the files' texts tell; the signals of the texts by name."""
    signals = texts.signals(likeliest(sums))
    _add(sums, text_features(signals, set(weights)), weights)
    return signals


def likeliest(sums: Signal) -> list[str]:
    """The files that are read."""
    return [path for _, path in nsmallest(READ, ((-value, path) for path, value in sums.items()))]


def _add(sums: Signal, found: Mapping[str, Signal], weights: Mapping[str, float]) -> None:
    for name, values in found.items():
        weight = weights[name]
        for path, value in values.items():
            sums[path] += weight * value


def gather(query: Query, material: Material, index: Index | None = None) -> dict[str, Signal]:
    """All signals by name."""
    index = index or Index(material.places, material.paths)
    past = cochange_signals(query, material.history, material.paths, material.facts)
    found = {**lexical_signals(query, index), **_of(material.paths, past)}
    names = [name_of(path) for path in sorted(_comparable(query, material.paths, found))]
    return {**found, **path_signals(query, names, material.facts)}


def _comparable(query: Query, paths: frozenset[str], found: Mapping[str, Signal]) -> Collection[str]:
    """The files whose names are compared: all, but of a large repository only those that something else speaks for."""
    if len(paths) <= _SMALL:
        return paths
    kept = set(candidates(found))
    folders = {path.rpartition("/")[0] for path in query.paths}
    stems = {name_of(path).base.lower().partition(".")[0] for path in query.paths}
    kept.update(path for path in paths if path.rpartition("/")[0] in folders)
    kept.update(_holding({stem for stem in stems if len(stem) > 3}, paths))
    return kept


def _holding(stems: Iterable[str], paths: Iterable[str]) -> Iterator[str]:
    """The files whose names hold one of the stems, in any case: found in one text of all paths, many times faster."""
    names = list(paths)
    text = "\0".join(names).lower() + "\0"
    starts = list(accumulate((len(one) + 1 for one in text.split("\0")), initial=0))
    for stem in stems:
        place = text.find(stem)
        while place >= 0:
            end = text.index("\0", place)
            slash = text.rfind("/", place, end)
            if slash < 0:
                yield names[bisect_right(starts, place) - 1]
                place = text.find(stem, end)
            else:  # a folder's name
                place = text.find(stem, slash)


def _of(paths: frozenset[str], signals: Mapping[str, Signal]) -> dict[str, Signal]:
    return {name: {path: value for path, value in signal.items() if path in paths} for name, signal in signals.items()}


def candidates(signals: Mapping[str, Signal]) -> list[str]:
    """The files that are looked at further, sorted: the best of each signal."""
    found: set[str] = set()
    for signal in signals.values():
        if len(signal) <= _BEST_OF_EACH:
            found.update(signal)
        else:
            found.update(_best(signal))
    return sorted(found)


def _best(signal: Signal) -> Iterable[str]:
    """The best, of equal ones the first by path."""
    least = nlargest(_BEST_OF_EACH, signal.values())[-1]
    kept = [path for path, value in signal.items() if value >= least]
    if len(kept) == _BEST_OF_EACH:
        return kept
    better = [path for path in kept if signal[path] > least]
    equal = [path for path in kept if signal[path] == least]
    return [*better, *nsmallest(_BEST_OF_EACH - len(better), equal)]


def features(
    query: Query,
    signals: Mapping[str, Signal],
    wanted: Collection[str] | None = None,
    kept: Sequence[str] | None = None,
) -> dict[str, Signal]:
    """What the weights apply to, for the candidates (`kept`, where they are known); `wanted` narrows to some names.

    Of each signal: its value (`x`), its share of the highest (`x/max`), one through its rank (`x/rank`), and the
    logarithm of how far it is above almost nothing (`x/log`); of pairs, the geometric mean of the shares (`x*y`);
    of each kind of file, whether it is of that kind.
    """
    kept = candidates(signals) if kept is None else kept
    held = frozenset(kept)
    small = {name: {path: value for path, value in signal.items() if path in held} for name, signal in signals.items()}
    shares = {name: _shares(signal) for name, signal in small.items()}
    found = _expanded(small, wanted)
    for one, other in _PAIRS:
        if wanted is None or f"{one}*{other}" in wanted:
            found[f"{one}*{other}"] = _product(shares[one], shares[other])
    found |= _kinds(query, kept, wanted)
    found |= _crossed(query, small, shares, wanted)
    return found


def text_features(signals: Mapping[str, Signal], wanted: Collection[str] | None = None) -> dict[str, Signal]:
    """Of each signal of texts the same as of others: `x`, `x/max`, `x/rank` and `x/log`."""
    return _expanded(signals, wanted)


def _expanded(signals: Mapping[str, Signal], wanted: Collection[str] | None) -> dict[str, Signal]:
    found: dict[str, Signal] = {}
    for name, signal in sorted(signals.items()):
        ways: dict[str, Callable[[Signal], Signal]] = {name: dict, f"{name}/max": _shares, f"{name}/rank": _by_rank}
        if name in _FLOORS:
            ways[f"{name}/log"] = partial(_logarithms, floor=_FLOORS[name])
        found |= {way: make(signal) for way, make in ways.items() if wanted is None or way in wanted}
    return found


def _crossed(
    query: Query, signals: Mapping[str, Signal], shares: Mapping[str, Signal], wanted: Collection[str] | None
) -> dict[str, Signal]:
    """What some signals say of each kind of file (`x for kind`), and what they say to certain changes (`x if ...`)."""
    found: dict[str, Signal] = {}
    shown = {kind_of(path) for path in query.paths}
    traits = [name for name, holds in (("no source", "source" not in shown), ("alone", len(query.paths) == 1)) if holds]
    kinds: dict[str, str] = {}
    for name in _CROSSED:
        if wanted is not None and not any(one.startswith((f"{name} for ", f"{name} if ")) for one in wanted):
            continue
        signal = _logarithms(signals[name], _FLOORS[name]) if name in _FLOORS else shares[name]
        for trait in traits:
            if wanted is None or f"{name} if {trait}" in wanted:
                found[f"{name} if {trait}"] = dict(signal)
        for path, value in signal.items():
            kind = kinds.get(path) or kinds.setdefault(path, kind_of(path))
            if wanted is None or f"{name} for {kind}" in wanted:
                found.setdefault(f"{name} for {kind}", {})[path] = value
    return found


def _shares(signal: Signal) -> Signal:
    highest = max(signal.values(), default=0.0)
    return {path: value / highest for path, value in signal.items()} if highest > 0 else {}


def _by_rank(signal: Signal) -> Signal:
    """One through the rank; equals share the better one."""
    found: Signal = {}
    before, rank_now = 0.0, 0
    for number, path in enumerate(sorted(signal, key=lambda one: (-signal[one], one)), 1):
        if number == 1 or signal[path] != before:
            before, rank_now = signal[path], number
        found[path] = 1 / rank_now
    return found


def _logarithms(signal: Signal, floor: float) -> Signal:
    return {path: log(1 + value / floor) for path, value in signal.items()}


def _product(one: Signal, other: Signal) -> Signal:
    return {path: sqrt(value * other[path]) for path, value in one.items() if path in other}


def _kinds(query: Query, paths: Iterable[str], wanted: Collection[str] | None) -> dict[str, Signal]:
    shown = {kind_of(path) for path in query.paths}
    suffixes = {path.rpartition(".")[2] for path in query.paths}
    found: dict[str, Signal] = {}
    for path in paths:
        kind = kind_of(path)
        names = [f"kind:{kind}"]
        if kind in shown:
            names.append(f"kind shown:{kind}")
        elif "source" in shown:
            names.append(f"kind missing:{kind}")
        if path.rpartition(".")[2] in suffixes:
            names.append("same suffix")
        for name in names:
            if wanted is None or name in wanted:
                found.setdefault(name, {})[path] = 1.0
    return found
