"""Repositories with many small branches, each with a defect of its own, and reviewers who know them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import frozen

from rebuttal.settings import Settings
from rebuttal.speakers.batches.model import Pace
from tests.emulator.prompt import shown_claims
from tests.emulator.script import Asked
from tests.gitrepo import GitRepo

PLENTY = Settings(panel="small", max_cost=Decimal(5), max_cost_per_day=Decimal(500), max_cost_per_month=Decimal(900))
QUICK = Pace(first=0.005, growth=1.0, longest=0.005, gather=20.0, doubt=(0.0,))
"""Looks again at once. `gather` is longer than any of these tests: who needs it has not seen that everybody waits."""


def source(number: int) -> str:
    return (
        f'"""Rates of region {number}."""\n\n\n'
        f"def mean_{number}(weights: list[float]) -> float:\n"
        f"    total_{number} = 0.0\n"
        f"    for weight in weights:\n"
        f"        total_{number} += weight * {number + 3}\n"
        f"    return {quote(number)}\n"
    )


def quote(number: int) -> str:
    return f"total_{number} / len(weights)"


def with_branches(repo: GitRepo, count: int) -> GitRepo:
    """`main` and as many branches, each of which adds a module that divides by the length of an empty list."""
    repo.commit("base", {"README.md": "Rates\n", "rates/__init__.py": ""})
    for number in range(count):
        repo.git("checkout", "-q", "-b", f"region-{number:02}", "main")
        repo.commit(f"rates of region {number}", {f"rates/region_{number}.py": source(number)})
    repo.git("checkout", "-q", "main")
    return repo


@frozen
class Knowing:
    """The Code Reviewer raises the defect of the branch that is shown; everybody else confirms it."""

    def __call__(self, asked: Asked) -> dict[str, Any]:
        statement: dict[str, Any] = {"claims": [], "rulings": [], "needs": []}
        if asked.phase == "opening":
            if asked.seat == "code-reviewer":
                statement["claims"] = [_claim(number) for number in range(60) if quote(number) in asked.request.text]
            return statement
        for one in shown_claims(asked.request.last_text):
            ruling = {"claim": one["claim"], "file": one["file"], "quote": one["quote"], "verdict": "confirmed"}
            ruling |= {"argument": "No caller checks that there is a weight.", "severity": "high"}
            statement["rulings"].append(ruling)
        return statement


def _claim(number: int) -> dict[str, Any]:
    return {
        "file": f"rates/region_{number}.py",
        "side": "new",
        "quote": f"    return {quote(number)}",
        "title": f"Region {number} without weights divides by zero",
        "argument": "An empty list ends in ZeroDivisionError, and a parcel without a weight is allowed.",
        "category": "correctness",
        "severity": "high",
        "certainty": "likely",
        "fixes": [],
    }
