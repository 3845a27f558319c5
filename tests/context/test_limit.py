"""What is shown of a change that is larger than a prompt should be."""

from __future__ import annotations

import pytest

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.context import code
from rebuttal.context.build import build
from rebuttal.context.limit import DIFF_TOKENS, TOO_LARGE, left_out
from tests.gitrepo import GitRepo


def test_one_huge_file_does_not_suppress_the_review_of_the_others(git_repo: GitRepo) -> None:
    git_repo.write("seed.txt", "seed\n")
    git_repo.commit("one")
    git_repo.write("a_notes.md", "".join(f"A long line of prose with number {number}.\n" for number in range(20_000)))
    git_repo.write("code.py", "def f(x):\n    return x\n")
    with read_change(git_repo.root, Scope()) as reading:
        context = build(reading.change, reading.repository, budget_tokens=2000)
    assert "def f(x):" in context.diff
    assert "number 7." not in context.diff
    assert [(one.file, one.reason) for one in context.skipped] == [("a_notes.md", TOO_LARGE)]
    assert {one.file for one in context.exhibits} == {"code.py"}
    assert context.tokens < DIFF_TOKENS


def test_a_change_of_usual_size_is_shown_whole(git_repo: GitRepo) -> None:
    git_repo.write("a.py", "x = 1\n")
    git_repo.commit("one")
    git_repo.write("a.py", "x = 2\n")
    with read_change(git_repo.root, Scope()) as reading:
        assert left_out(reading.change.files) == frozenset()


def test_code_goes_before_prose(git_repo: GitRepo) -> None:
    git_repo.write("seed.txt", "seed\n")
    git_repo.commit("one")
    git_repo.write("a.md", "words " * 200 + "\n")
    git_repo.write("b.py", "value = 1\n" * 120)
    with read_change(git_repo.root, Scope()) as reading:
        assert left_out(reading.change.files, limit=1000) == frozenset({"a.md"})


def test_files_that_would_take_too_long_to_parse_are_left_out_and_said(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    filler = "".join(f"value_{number} = {number}\n" for number in range(200))
    git_repo.write("core.py", "def renamed_total(n):\n    return n\n")
    for name in ("a.py", "b.py", "c.py"):
        git_repo.write(
            name, f"from core import renamed_total\n{filler}\n\ndef use_{name[0]}():\n    renamed_total(1)\n"
        )
    git_repo.commit("one")
    git_repo.write("core.py", "def renamed_total(n, m):\n    return n\n")
    monkeypatch.setattr(code, "MAX_PARSED", 2 * len(filler) + 1_000)
    with read_change(git_repo.root, Scope()) as reading:
        context = build(reading.change, reading.repository, budget_tokens=9_000)
    callers = {one.file for one in context.slices if "uses renamed_total" in one.reason}
    (told,) = [one for one in context.skipped if "could matter for context" in one.reason]
    assert callers == {"a.py", "b.py", "c.py"} - {told.file}
