"""What worker processes do: a module of its own, because they cannot import a `__main__`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.retrieval import fit
from bench.retrieval.cases import Case, Commit, History, open_case
from bench.retrieval.measure import Outcome, material_of, outcome
from rebuttal.context.related.fusion import features, gather, likeliest, text_features, weighed
from rebuttal.context.related.query import query_of
from rebuttal.context.related.texts import texts_of

T = TypeVar("T")
Task = tuple[History, Path, Commit]


def measure_one(task: Task, limit: int) -> Outcome | None:
    """Every way of ranking on one case; None where the commit makes none."""
    history, clone, commit = task
    return _with_case(clone, commit, lambda case: outcome(case, history.name, history.language, limit))


def example_of(task: Task, limit: int) -> tuple[fit.Example, fit.Example | None] | None:
    """What the weights can learn of one case, and the weights of texts; None for these where the file is not read."""
    history, clone, commit = task

    def make(case: Case) -> tuple[fit.Example, fit.Example | None] | None:
        query = query_of(case.change)
        signals = gather(query, material_of(case, limit))
        one = fit.example(history.name, features(query, signals), case.hidden)
        sums = weighed(query, signals)
        read = likeliest(sums)
        texts = text_features(texts_of(case.change, case.repository.new.read, case.universe).signals(read))
        return None if one is None else (one, fit.text_example(history.name, sums, texts, read, case.hidden))

    return _with_case(clone, commit, make)


def _with_case(clone: Path, commit: Commit, use: Callable[[Case], T]) -> T | None:
    case = open_case(clone, commit)
    if case is None:
        return None
    try:
        return use(case)
    finally:
        case.repository.close()
