"""A context of a repository that one name is all over; and the same one while it is remembered what was seen."""

from __future__ import annotations

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
