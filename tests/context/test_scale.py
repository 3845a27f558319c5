"""A context of a repository that one name is all over; and the same one while it is remembered what was seen."""

from __future__ import annotations

import os
import subprocess
import sys

from rebuttal.change.memory import Memory
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from rebuttal.context.build import build
from rebuttal.context.model import Context
from rebuttal.text.facts import Facts
from rebuttal.text.parsing import Parser
from tests.gitrepo import GitRepo


def _context(repo: GitRepo, memory: Memory | None = None, facts: Facts | None = None) -> Context:
    with read_change(repo.root, parse_scope("working"), memory=memory) as reading:
        return build(reading.change, reading.repository, budget_tokens=3_000, parser=Parser(facts=facts))


def _many_users(repo: GitRepo, files: int) -> None:
    users = {
        f"m{number // 100}/f{number}.py": f"from core import target\n\n\ndef use{number}():\n    return target(1)\n"
        for number in range(files)
    }
    repo.commit("base", {**users, "core.py": "def target(one):\n    return one\n", "near.py": "x = 1\n"})
    repo.write("core.py", "def target(one, two):\n    return one\n")


def test_a_name_that_thousands_use_still_shows_some_of_its_callers(git_repo: GitRepo) -> None:
    _many_users(git_repo, 1_500)
    context = _context(git_repo)
    assert len([one for one in context.slices if "target" in one.reason and one.file.startswith("m")]) >= 3


def test_warm_and_cold_contexts_are_the_same_bytes_while_work_goes_on(git_repo: GitRepo) -> None:
    _many_users(git_repo, 40)
    memory, facts = Memory(), Facts()
    for step in range(6):
        if step == 2:
            git_repo.write("m0/f7.py", "from core import target\n\n\ndef other():\n    return target(2, 3)\n")
        elif step == 3:
            git_repo.commit("all of it")
            git_repo.write("core.py", "def target():\n    return 0\n")
        elif step == 4:
            git_repo.remove("m0/f8.py")
        elif step == 5:
            git_repo.write("untracked.py", "from core import target\n\nprint(target(9))\n")
        cold = _context(git_repo)
        assert _context(git_repo, memory, facts) == cold
        assert _context(git_repo, memory, facts) == cold


def _with_a_past(repo: GitRepo) -> None:
    """A repository whose files changed together in several ways, so that many float weights are added up."""
    words = ["parcel", "route", "depot", "weight", "label", "customs", "driver", "stamp", "ledger", "quota"]
    files = {}
    for number, word in enumerate(words):
        others = " + ".join(f"{other}_of(1)" for other in words if other != word)
        files[f"core/{word}.py"] = f"def {word}_of(value):\n    return value * {number}\n"
        files[f"web/{word}_view.py"] = f"def show_{word}(value):\n    return {others}\n"
        files[f"tests/test_{word}.py"] = f"def test_{word}():\n    assert {word}_of(2) == {2 * number}\n"
    repo.commit("base", files)
    for step in range(14):
        touched = [path for place, path in enumerate(sorted(files)) if (place * 7 + step * 5) % 4 == 0]
        repo.commit(f"step {step}", {path: files[path] + f"\nSTEP = {step}\n" for path in touched})
    repo.write("core/parcel.py", "def parcel_of(value, depot):\n    return depot_of(value) + weight_of(value)\n")
    repo.write("web/route_view.py", "def show_route(value):\n    return parcel_of(value, customs_of(quota_of(3)))\n")
    repo.write("tests/test_label.py", "def test_label():\n    assert label_of(2) == stamp_of(ledger_of(8))\n")


_PRINT = """
import sys
from pathlib import Path
from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.context.build import build
with read_change(Path(sys.argv[1]), Scope()) as reading:
    sys.stdout.buffer.write(repr(build(reading.change, reading.repository, budget_tokens=1_500)).encode())
"""


def test_related_files_are_the_same_bytes_in_every_process(git_repo: GitRepo) -> None:
    _with_a_past(git_repo)
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PRINT, str(git_repo.root)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "77")
    }
    assert len(outputs) == 1
    assert b"changed together with" in outputs.pop()


def test_related_files_are_the_same_bytes_warm_and_cold(git_repo: GitRepo) -> None:
    _with_a_past(git_repo)
    memory, facts = Memory(), Facts()
    reasons = ""
    for step in range(4):
        cold = _context(git_repo)
        reasons += "".join(one.reason for one in cold.slices)
        assert _context(git_repo, memory, facts) == cold
        assert _context(git_repo, memory, facts) == cold
        if step == 1:
            git_repo.commit("all of it")
        git_repo.write("core/depot.py", f"def depot_of(value, step={step}):\n    return route_of(value)\n")
    assert "changed together with" in reasons
