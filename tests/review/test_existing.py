"""What stood before the change goes through a review beside the findings, and takes part in nothing."""

from __future__ import annotations

from rebuttal.review.listing import listed
from rebuttal.review.request import StaticReady
from rebuttal.review.run import review
from rebuttal.settings import Settings
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

BASE = "def first(items=[]):\n    return items\n\n\ndef second(a={}):\n    return a\n"
CHANGED = BASE.replace("items=[]):", "items=[], more=1):").replace("return items\n", "return items[more]\n")
ASKED = Settings(panel="small", show_existing=True)


def claim(**given: str) -> Planted:
    whole = {
        **{"file": "app.py", "side": "new", "quote": "def first(items=[], more=1):", "title": "Shared list"},
        **{"argument": "One list for all.", "category": "correctness", "severity": "high", "certainty": "certain"},
        "fixes": [],
        **given,
    }
    ruling = {"verdict": "confirmed", "quote": whole["quote"], "argument": "Yes.", "severity": whole["severity"]}
    return Planted([{"by": ["code-reviewer"], "claim": whole, "ruling": ruling}])


def changed(repo: GitRepo) -> GitRepo:
    repo.commit("base", {"app.py": BASE})
    repo.write("app.py", CHANGED)
    return repo


async def test_it_is_told_beside_the_findings_and_kept_nowhere(open_services: Open, git_repo: GitRepo) -> None:
    repo, services, door = changed(git_repo), open_services(), Door()
    settings = Settings(panel="static", show_existing=True)
    report = (await review(request_for(repo.root, settings=settings), services, door)).report
    assert report.findings == ()
    assert [one.range.start.line for one in report.pre_existing or ()] == [0, 4]
    (ready,) = door.told(StaticReady)
    assert (ready.findings, ready.pre_existing) == ((), report.pre_existing)
    assert (await listed(services, repo.root)).findings == ()


async def test_nobody_asked(open_services: Open, git_repo: GitRepo) -> None:
    repo, door = changed(git_repo), Door()
    settings = Settings(panel="static")
    report = (await review(request_for(repo.root, settings=settings), open_services(), door)).report
    assert report.pre_existing is None
    assert door.told(StaticReady)[0].pre_existing == ()


async def test_what_a_confirmed_finding_says_is_not_told_once_more(
    open_services: Open, git_repo: GitRepo, panel: Emulator
) -> None:
    panel.script.default = claim()
    services = open_services(panel.environment())
    result = await review(request_for(changed(git_repo).root, agreed=True, settings=ASKED), services, Door())
    assert [(one.source, one.range.start.line) for one in result.report.findings] == [("debate", 0)]
    assert [one.range.start.line for one in result.report.pre_existing or ()] == [4]


async def test_a_finding_of_the_debate_has_the_id_that_it_has_without_them(
    open_services: Open, git_repo: GitRepo, panel: Emulator
) -> None:
    panel.script.default = claim(category="usability")
    repo = changed(git_repo)
    without, asked = [
        (await review(request_for(repo.root, agreed=True, settings=settings), services, Door())).report
        for settings in (Settings(panel="small"), ASKED)
        for services in [open_services(panel.environment())]
    ]
    assert len(asked.pre_existing or ()) == 2
    assert [one.id for one in asked.findings] == [one.id for one in without.findings] != []
