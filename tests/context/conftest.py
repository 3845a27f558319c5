"""Real repositories for contexts: a base, a change on top of it, and the context of that change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pytest

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.context.build import build
from rebuttal.context.model import Context, Slice
from tests.gitrepo import GitRepo


class ContextOf(Protocol):
    def __call__(self, base: Mapping[str, str], change: Mapping[str, str | None], budget: int = 8000) -> Context: ...


@pytest.fixture
def context_of(git_repo: GitRepo) -> ContextOf:
    """Commits `base`, applies `change` to the work tree (None removes a file) and builds the context."""

    def make(base: Mapping[str, str], change: Mapping[str, str | None], budget: int = 8000) -> Context:
        git_repo.commit("base", base)
        for path, text in change.items():
            if text is None:
                git_repo.remove(path)
            else:
                git_repo.write(path, text)
        return working_context(git_repo, budget)

    return make


def working_context(repo: GitRepo, budget: int = 8000) -> Context:
    with read_change(repo.root, Scope("working")) as reading:
        return build(reading.change, reading.repository, budget_tokens=budget)


def by_reason(context: Context) -> dict[str, Slice]:
    return {one.reason: one for one in context.slices}
