"""Findings of several tools about one fact become one; two facts stay two."""

from __future__ import annotations

import pytest

from rebuttal.change.model import FileDiff
from rebuttal.evidence.linting.oneness import as_one
from rebuttal.evidence.model import Fact
from rebuttal.findings.model import Category

DIFF = FileDiff("a.py", "modified", "", "a\nb\nc\n", ())


def fact(rule: str, message: str = "", line: int = 1, category: Category = "correctness") -> Fact:
    return Fact(DIFF, rule, "t", message or f"{rule} speaks.", "medium", category, "code-reviewer", line, line)


@pytest.mark.parametrize(
    ("kept", "gone"),
    [
        ("ruff:F821", "pyright:reportUndefinedVariable"),
        ("eslint:no-const-assign", "biome:noConstAssign"),
        ("eslint:no-eval", "biome:noGlobalEval"),
        ("mypy:arg-type", "pyright:reportArgumentType"),
        ("ruff:S301", "bandit:B301"),
        ("ruff:S605", "bandit:B602"),
    ],
)
def test_the_same_fact_is_told_once_and_names_who_else_says_it(kept: str, gone: str) -> None:
    (one,) = as_one([fact(gone), fact(kept)])
    assert one.rule == kept
    assert one.message == f"{kept} speaks. {gone.replace(':', ' ')} says the same."


def test_three_are_one() -> None:
    three = [fact("pyright:reportUndefinedVariable"), fact("mypy:name-defined"), fact("ruff:F821")]
    (one,) = as_one(three)
    assert one.message.endswith("mypy name-defined and pyright reportUndefinedVariable say the same.")


def test_security_findings_about_one_thing_are_one() -> None:
    semgrep = fact("semgrep:subprocess-shell-true", "Found a subprocess with shell=True.", category="security")
    (one,) = as_one([fact("ruff:S602", "A call with shell=True: ...", category="security"), semgrep])
    assert one.rule == "ruff:S602"


def test_the_same_words_are_the_same_fact() -> None:
    words = "Value of type None is not callable here"
    assert len(as_one([fact("mypy:misc", words), fact("pyright:reportCallIssue", words)])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (fact("mypy:arg-type"), fact("mypy:attr-defined")),
        (fact("mypy:arg-type"), fact("pyright:reportArgumentType", line=2)),
        (fact("ruff:F821"), fact("mypy:arg-type", "Argument 1 has an incompatible type")),
        (fact("ruff:S301", "pickle", category="security"), fact("bandit:B506", "yaml", category="security")),
        (fact("impact:signature", "words"), fact("ruff:F821", "words")),
    ],
)
def test_two_facts_stay_two(one: Fact, other: Fact) -> None:
    assert len(as_one([one, other])) == 2
