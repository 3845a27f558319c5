"""What is measured: at which place each way of ranking names the hidden file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from bench.retrieval.cases import Case
from rebuttal.context.related.fusion import Material, gather, look_closer, weighed
from rebuttal.context.related.lexical import words_of
from rebuttal.context.related.model import Signal
from rebuttal.context.related.query import query_of
from rebuttal.context.related.texts import texts_of

BASELINES = {
    "popularity": "popular",
    "path likeness": "words",
    "co-change confidence": "together",
    "BM25": "bm25",
}
"""Ways of ranking by one signal, and which it is."""
FUSION, ALL = "rank fusion of the last three", "Rebuttal"
CUTS = (1, 5, 10, 20)
_SMOOTHING = 60
"""Of reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009)."""


@frozen
class Outcome:
    """Where the hidden file of one case stood."""

    repository: str
    language: str
    universe: int
    """How many files it could have been."""
    places: Mapping[str, float]
    """By way of ranking, from 1; the mean place among equals."""
    seconds: float
    """For ranking alone, reading the likeliest files included: what git had found was there already."""


@frozen
class Figures:
    """Recall at each of CUTS, and the mean reciprocal rank."""

    recall: tuple[float, ...]
    mrr: float
    cases: int

    def cells(self) -> list[str]:
        return [*(f"{value:.2f}" for value in self.recall), f"{self.mrr:.2f}"]


def figures(places: Sequence[float]) -> Figures:
    count = max(1, len(places))
    recall = tuple(sum(place <= cut for place in places) / count for cut in CUTS)
    return Figures(recall, sum(1 / place for place in places) / count, len(places))


def material_of(case: Case, limit: int) -> Material:
    query = query_of(case.change)
    return Material(case.repository.new.find(words_of(query)), case.repository.history(limit), case.universe)


def outcome(case: Case, repository: str, language: str, limit: int) -> Outcome:
    """Every way of ranking on one case, with at most `limit` past commits."""
    material = material_of(case, limit)
    started = time.perf_counter()
    query = query_of(case.change)
    signals = gather(query, material)
    ours = weighed(query, signals)
    look_closer(ours, texts_of(case.change, case.repository.new.read, case.universe))
    seconds = time.perf_counter() - started
    ways = {name: signals[signal] for name, signal in BASELINES.items()}
    ways[FUSION] = fused([signals[BASELINES[name]] for name in list(BASELINES)[1:]])
    ways[ALL] = ours
    places = {name: place_of(case.hidden, signal, len(case.universe)) for name, signal in ways.items()}
    return Outcome(repository, language, len(case.universe), places, seconds)


def fused(signals: Iterable[Signal]) -> Signal:
    """Plain reciprocal rank fusion."""
    found: Signal = {}
    for signal in signals:
        for place, path in enumerate(sorted(signal, key=lambda one: (-signal[one], one)), 1):
            found[path] = found.get(path, 0.0) + 1 / (_SMOOTHING + place)
    return found


def place_of(path: str, signal: Signal, universe: int) -> float:
    """The place of a file; of files that are equal, or not named at all, the mean of their places."""
    if path not in signal:
        return len(signal) + (universe - len(signal) + 1) / 2
    mine = signal[path]
    above = sum(value > mine for value in signal.values())
    return above + (sum(value == mine for value in signal.values()) + 1) / 2
