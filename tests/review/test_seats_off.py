"""Seats that the user or the repository has switched off are not asked, and what is misspelt is told."""

from __future__ import annotations

from rebuttal.debate.prompts import load_prompts
from rebuttal.review.run import review
from rebuttal.settings import Settings
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

CHANGE = "def average(prices):\n    return sum(prices) / len(prices)\n"


async def test_a_repository_may_switch_a_seat_off_in_its_base_and_is_told_of_a_slip(
    open_services: Open, git_repo: GitRepo, panel: Emulator
) -> None:
    git_repo.commit("base", {"a.py": "x = 1\n", ".rebuttal.toml": 'seats_off = ["architect", "databse"]\n'})
    git_repo.write("a.py", CHANGE)
    # What the change itself says of it does not count.
    git_repo.write(".rebuttal.toml", 'seats_off = ["code-reviewer"]\n')
    result = await review(request_for(git_repo.root, agreed=True), open_services(panel.environment()), Door())
    assert result.outcome is not None
    asked = {one.turn.seat for one in result.outcome.exchanges if one.turn.phase == "opening"}
    assert "code-reviewer" in asked
    assert "architect" not in asked
    assert any(one == "switched off by seats_off: Architect" for one in result.outcome.reasons)
    assert [one for one in result.report.notes if "seats_off" in one] == [
        "seats_off: there is no seat databse: did you mean database?"
    ]


async def test_with_every_seat_off_nothing_is_sent_and_that_is_told(
    open_services: Open, git_repo: GitRepo, panel: Emulator
) -> None:
    git_repo.commit("base", {"a.py": "x = 1\n"})
    git_repo.write("a.py", CHANGE)
    settings = Settings(seats_off=tuple(seat.id for seat in load_prompts().openers))
    request = request_for(git_repo.root, settings=settings, agreed=True)
    result = await review(request, open_services(panel.environment()), Door())
    assert panel.records == []
    assert result.report.panel == "static"
    assert any("seats_off switches off every seat" in one for one in result.report.notes)
