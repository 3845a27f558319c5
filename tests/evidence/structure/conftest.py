"""One check of this room on a change made of two commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.model import Fact, Material
from tests.evidence.conftest import Files, commit
from tests.gitrepo import GitRepo

Told = Callable[[Callable[[Material], Iterable[Fact]], Files, Files], list[Fact]]


@pytest.fixture
def told(git_repo: GitRepo) -> Told:
    def run(check: Callable[[Material], Iterable[Fact]], before: Files, after: Files) -> list[Fact]:
        commit(git_repo, before)
        commit(git_repo, after)
        with read_change(git_repo.root, Scope("commit", "HEAD")) as reading:
            return list(check(Material(reading.change, reading.repository)))

    return run


def marked(fact: Fact) -> str:
    """The first line that a fact is about."""
    return (fact.diff.text(fact.side) or "").split("\n")[fact.first_line].strip()
