"""What the repository's own linters say that stood before the change: told apart, to who asks for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.linting.repository import Linters
from rebuttal.evidence.linting.tools import BY_NAME
from rebuttal.evidence.model import Evidence
from rebuttal.evidence.panel import collect
from tests.evidence.conftest import Files, commit
from tests.evidence.linting.test_repository_linters import MYPY, environment, needs
from tests.gitrepo import GitRepo

Lint = Callable[..., Evidence]
WRONG = 'def old() -> int:\n    return "was here"\n'


@pytest.fixture
def lint(git_repo: GitRepo) -> Lint:
    """Commits `before`, then `after`, and gives the evidence with the linters, and with what stood before."""

    def run(before: Files, after: Files, *, linters: Linters | None = None, existing: bool = True) -> Evidence:
        commit(git_repo, before)
        commit(git_repo, after)
        with read_change(git_repo.root, Scope("commit", "HEAD")) as reading:
            mine = linters or Linters(environment())
            return collect(reading.change, reading.repository, linters=mine, existing=existing)

    return run


def places(evidence: Evidence) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """What the change brings, and what stood before: rule and line, from 1."""
    assert evidence.degraded == ()
    told = evidence.findings, evidence.pre_existing or ()
    brought, stood = ([(one.rule, one.range.start.line + 1) for one in each] for each in told)
    return brought, stood


def test_of_a_linter_that_is_shown_the_base(lint: Lint) -> None:
    needs("mypy")
    before = WRONG + "\n\nold(1, 2)\n"
    after = before + "\n\ndef new(a: int) -> str:\n    return a\n"
    brought, stood = places(lint({**MYPY, "a.py": before}, {"a.py": after}))
    assert brought == [("mypy:return-value", 9)]
    assert sorted(stood) == [("mypy:call-arg", 5), ("mypy:return-value", 2)]


def test_without_being_asked_for_it_is_not_told(lint: Lint) -> None:
    needs("mypy")
    evidence = lint({**MYPY, "a.py": WRONG}, {"a.py": WRONG + "X = 1\n"}, existing=False)
    assert evidence.pre_existing is None


def test_what_two_tools_say_of_one_place_is_one(lint: Lint) -> None:
    needs("mypy")
    text = "print(undefined)\n"
    evidence = lint({**MYPY, "a.py": text}, {"a.py": text + "X = 1\n"})
    assert places(evidence) == ([], [("ruff:F821", 1)])
    (one,) = evidence.pre_existing or ()
    assert one.message.endswith("mypy name-defined says the same.")
    assert "It stood before the change." in one.message


def test_what_the_change_breaks_from_afar_did_not_stand_before(lint: Lint) -> None:
    needs("mypy")
    before = "def f(a: int) -> int:\n    return a\n\n\nx = 1\ny = f(x)\n"
    after = before.replace("a: int", "a: str").replace("return a", "return 1")
    assert places(lint({**MYPY, "a.py": before}, {"a.py": after})) == ([("mypy:arg-type", 6)], [])


def test_of_a_linter_that_is_not_shown_the_base_only_what_the_change_cannot_have_caused(lint: Lint) -> None:
    needs("mypy")
    needs("bandit")
    mypy = evolve(BY_NAME["mypy"], shadowing=False)
    bandit = evolve(BY_NAME["bandit"], ground="work tree", shadowing=False)
    before = "import pickle\n\nimport Crypto.Cipher\n\n\ndef f(a: int) -> int:\n    return a\n\n\nf(1, 2)\n"
    after = before + "import Crypto.Hash\n"
    linters = Linters(environment(), tools=(mypy, bandit))
    evidence = lint({**MYPY, ".bandit": "[bandit]\n", "a.py": before}, {"a.py": after}, linters=linters)
    brought, stood = places(evidence)
    assert ("bandit:B413", 11) in brought
    assert ("bandit:B413", 3) in stood
    # A call with one argument too many may be the doing of another line.
    assert not [one for one in stood if one[0].startswith("mypy:")]
