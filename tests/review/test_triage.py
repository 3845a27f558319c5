"""Whole reviews in which rules leave seats in doubt: asked after consent, priced before, told afterwards."""

from __future__ import annotations

from rebuttal.review.run import estimate, review
from rebuttal.settings import Settings
from tests.emulator.script import Fault, Rule
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

AUTO = Settings(panel="auto")
PLAIN = "".join(f"value_{n} = compute({n})\n" for n in range(20))
LEFT_OUT = {"leave_out": [{"seat": "architect", "why": "Only constants are added."}]}


def doubtful_change(repo: GitRepo) -> GitRepo:
    repo.commit("base", {"values.py": "from numbers import compute\n"})
    repo.write("values.py", "from numbers import compute\n" + PLAIN)
    return repo


def asked(emulator: Emulator) -> list[tuple[str | None, str | None]]:
    return [(one.seat, one.phase) for one in emulator.records]


async def test_who_is_left_out_is_not_paid_for_and_why_is_in_the_transcript(
    open_services: Open, git_repo: GitRepo, emulator: Emulator
) -> None:
    emulator.script.add(Rule(phase="triage", reply=LEFT_OUT))
    repo = doubtful_change(git_repo)
    result = await review(
        request_for(repo.root, settings=AUTO, agreed=True), open_services(emulator.environment()), Door()
    )
    assert asked(emulator)[0] == ("moderator", "triage")
    assert {seat for seat, phase in asked(emulator) if phase == "opening"} == {"code-reviewer", "security-analyst"}
    assert result.report.degraded == ()
    said = "Architect was left out by triage: Only constants are added"
    assert f"- {said}" in result.transcript
    (why,) = [note for note in result.report.notes if note.startswith("Why this panel:")]
    assert why == "Why this panel: 20 changed lines in 1 file: small (all reasons: in the transcript)."
    assert result.report.cost.by_phase["triage"].spent > 0
    assert result.report.cost.spent == emulator.bill


async def test_nothing_is_asked_before_the_user_has_agreed(
    open_services: Open, git_repo: GitRepo, emulator: Emulator
) -> None:
    repo = doubtful_change(git_repo)
    request = request_for(repo.root, settings=AUTO, unattended=True)
    result = await review(request, open_services(emulator.environment()), Door())
    assert (result.report.not_spent, asked(emulator)) == ("no_consent", [])


async def test_the_question_is_part_of_the_estimate_that_the_review_stays_below(
    open_services: Open, git_repo: GitRepo, emulator: Emulator
) -> None:
    repo = doubtful_change(git_repo)
    expected = await estimate(request_for(repo.root, settings=AUTO), open_services(emulator.environment()))
    assert expected.by_phase["triage"] > 0
    assert {"architect", "security-analyst", "code-reviewer", "moderator"} <= set(expected.by_seat)
    assert asked(emulator) == []
    await review(request_for(repo.root, settings=AUTO, agreed=True), open_services(emulator.environment()), Door())
    assert emulator.bill < expected.expected


async def test_a_question_that_fails_takes_no_seat_away_and_does_not_degrade_the_review(
    open_services: Open, git_repo: GitRepo, emulator: Emulator
) -> None:
    emulator.script.add(Rule(phase="triage", fault=Fault("status", status=403, message="No")))
    repo = doubtful_change(git_repo)
    result = await review(
        request_for(repo.root, settings=AUTO, agreed=True), open_services(emulator.environment()), Door()
    )
    assert len([phase for _, phase in asked(emulator) if phase == "opening"]) == 3
    assert result.report.degraded == ()
    assert "whom to leave out was asked, but not answered" in result.transcript


async def test_solo_does_not_tell_why_seats_sit_that_are_not_asked(
    open_services: Open, git_repo: GitRepo, emulator: Emulator
) -> None:
    repo = doubtful_change(git_repo)
    solo = Settings(panel="large", protocol="solo")
    services = open_services(emulator.environment())
    result = await review(request_for(repo.root, settings=solo, agreed=True), services, Door())
    assert asked(emulator) == [("code-reviewer", "opening")]
    told = "- Code Reviewer: sits with every change\n- the protocol solo asks no other seat\n"
    assert told in result.transcript
    assert "Architect" not in result.transcript
