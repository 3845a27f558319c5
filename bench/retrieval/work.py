"""What worker processes do: a module of its own, because they cannot import a `__main__`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.retrieval import fit
from bench.retrieval.cases import Case, Commit, History, open_case
from bench.retrieval.measure import Outcome, material_of, outcome
from rebuttal.context.related.fusion import features, gather
from rebuttal.context.related.query import query_of

T = TypeVar("T")
Task = tuple[History, Path, Commit]


def measure_one(task: Task, limit: int) -> Outcome | None:
    """Every way of ranking on one case; None where the commit makes none."""
    history, clone, commit = task
    return _with_case(clone, commit, lambda case: outcome(case, history.name, history.language, limit))


def example_of(task: Task, limit: int) -> fit.Example | None:
    """What the weights can learn of one case."""
    history, clone, commit = task

    def make(case: Case) -> fit.Example | None:
        query = query_of(case.change)
        return fit.example(history.name, features(query, gather(query, material_of(case, limit))), case.hidden)

    return _with_case(clone, commit, make)


def _with_case(clone: Path, commit: Commit, use: Callable[[Case], T]) -> T | None:
    case = open_case(clone, commit)
    if case is None:
        return None
    try:
        return use(case)
    finally:
        case.repository.close()
