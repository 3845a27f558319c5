"""What was dismissed stays so when its file is renamed, whoever tells of the rename, and can be restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuttal.change.model import Scope
from rebuttal.change.scope import parse_scope
from rebuttal.review import renamed
from rebuttal.review.run import review
from rebuttal.review.services import Services
from rebuttal.settings import Settings
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

BASE = "".join(f"def f{number}(x):\n    return x + {number}\n\n\n" for number in range(20))
FAULTY = BASE + "def last(x, seen=[]):\n    seen.append(x)\n    return seen\n"
STATIC = Settings(panel="static")


@pytest.fixture
def repo(git_repo: GitRepo) -> GitRepo:
    git_repo.commit("base", {"a.py": BASE})
    git_repo.write("a.py", FAULTY)
    return git_repo


async def statuses(services: Services, repo: GitRepo, scope: Scope | None = None) -> dict[str, str]:
    request = request_for(repo.root, settings=STATIC, **({"scope": scope} if scope is not None else {}))
    result = await review(request, services, Door())
    return {one.id: one.status for one in result.report.findings if one.rule == "ruff:B006"}


async def dismiss(services: Services, repo: GitRepo) -> None:
    ((found, _),) = (await statuses(services, repo)).items()
    await services.dismiss(repo.root, found, "meant so")


@pytest.mark.parametrize("committed", [False, True])
async def test_a_finding_dismissed_in_a_file_does_not_come_back_when_git_renames_it(
    open_services: Open, repo: GitRepo, *, committed: bool
) -> None:
    services = open_services()
    await dismiss(services, repo)
    repo.git("mv", "a.py", "b.py")
    scope = None
    if committed:
        repo.commit("renamed")
        scope = parse_scope("commit:HEAD")
    assert list((await statuses(services, repo, scope)).values()) == ["dismissed"]
    # From now on it is so by itself: in another process, of a change that tells of no rename.
    repo.commit("renamed", {"b.py": BASE})
    repo.write("b.py", FAULTY)
    (again,) = (await statuses(open_services(), repo)).items()
    assert again[1] == "dismissed"
    assert await services.restore(repo.root, again[0])
    assert list((await statuses(services, repo)).values()) == ["open"]


async def test_a_finding_dismissed_in_a_file_that_git_does_not_know_does_not_come_back_when_the_editor_renames_it(
    open_services: Open, git_repo: GitRepo
) -> None:
    git_repo.commit("base", {"README": "."})
    git_repo.write("shop/a.py", FAULTY)
    services = open_services()
    await dismiss(services, git_repo)
    (git_repo.root / "shop").rename(git_repo.root / "store")
    (git_repo.root / "store" / "a.py").rename(git_repo.root / "store" / "b.py")
    assert list((await statuses(services, git_repo)).values()) == ["open"]
    await renamed.remember(services.stores, git_repo.root, [("shop", "store")])
    await renamed.remember(services.stores, git_repo.root, [("store/a.py", "store/b.py")])
    later = open_services()
    assert list((await statuses(later, git_repo)).values()) == ["dismissed"]


async def test_a_finding_dismissed_on_a_branch_does_not_come_back_when_a_commit_there_renames_its_file(
    open_services: Open, git_repo: GitRepo
) -> None:
    git_repo.commit("base", {"README": "."})
    git_repo.git("checkout", "-q", "-b", "feature")
    git_repo.commit("new", {"a.py": FAULTY})
    services, branch = open_services(), parse_scope("branch")
    ((found, _),) = (await statuses(services, git_repo, branch)).items()
    await services.dismiss(git_repo.root, found, "meant so")
    git_repo.git("mv", "a.py", "b.py")
    git_repo.commit("renamed")
    git_repo.git("mv", "b.py", "c.py")
    git_repo.commit("renamed again")
    # To the branch's base the file is new: no rename is in the change.
    assert list((await statuses(open_services(), git_repo, branch)).values()) == ["dismissed"]


async def test_a_copy_of_a_file_does_not_inherit_its_dismissals(open_services: Open, repo: GitRepo) -> None:
    services = open_services()
    await dismiss(services, repo)
    repo.write("b.py", FAULTY)
    assert sorted((await statuses(services, repo)).values()) == ["dismissed", "open"]


async def test_a_finding_of_the_renamed_file_was_hidden_by_what_was_dismissed_in_a_new_one_of_its_old_name(
    open_services: Open, repo: GitRepo
) -> None:
    services = open_services()
    ((found, _),) = (await statuses(services, repo)).items()
    (repo.root / "a.py").rename(repo.root / "b.py")
    await renamed.remember(services.stores, repo.root, [("a.py", "b.py")])
    repo.write("a.py", FAULTY)
    await services.dismiss(repo.root, found, "meant so here")
    told = await statuses(services, repo)
    assert told.pop(found) == "dismissed"
    assert list(told.values()) == ["open"]


async def test_what_a_debate_found_stays_dismissed_in_a_renamed_file(
    open_services: Open, repo: GitRepo, panel: Emulator
) -> None:
    claim = {
        **{"file": "a.py", "side": "new", "quote": "    seen.append(x)", "title": "It grows", "argument": "Always."},
        **{"category": "correctness", "severity": "high", "certainty": "certain", "fixes": []},
    }
    ruling = {"verdict": "confirmed", "quote": "    seen.append(x)", "argument": "Yes.", "severity": "high"}

    async def debated() -> dict[str, str]:
        panel.script.default = Planted([{"by": ["code-reviewer"], "claim": claim, "ruling": ruling}])
        result = await review(request_for(repo.root, agreed=True), services, Door())
        return {one.id: one.status for one in result.report.findings if one.source == "debate"}

    services = open_services(panel.environment())
    ((found, status),) = (await debated()).items()
    assert status == "open"
    await services.dismiss(repo.root, found, "meant so")
    repo.git("mv", "a.py", "b.py")
    claim["file"] = "b.py"
    ((then, status),) = (await debated()).items()
    assert (then != found, status) == (True, "dismissed")
    assert then in await services.dismissed(Path(repo.root))
