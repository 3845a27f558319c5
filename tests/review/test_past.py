"""What is written down of debates, for the estimates of later ones; and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.review.past import state_of
from rebuttal.review.request import Estimated, Request
from rebuttal.review.run import estimate, review
from rebuttal.review.services import Services
from rebuttal.store.debates import Debates, PastDebate
from rebuttal.store.model import StoreError
from tests.emulator.script import Rule
from tests.emulator.server import Emulator
from tests.review.conftest import Door, Open, request_for


async def history(services: Services) -> Sequence[PastDebate]:
    return await Debates(await services.database()).history()


async def test_a_debate_is_written_down_as_it_was_expected_and_as_it_went(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services, door = open_services(panel.environment()), Door()
    result = await review(request_for(parcels, agreed=True), services, door)
    (past,) = await history(services)
    (shown,) = door.told(Estimated)
    assert (past.state, past.plan.expected) == ("whole", shown.estimate.expected)
    assert past.plan.at_most == shown.estimate.at_most
    assert past.spent == result.report.cost.spent
    assert result.outcome is not None
    assert past.claims == len(result.outcome.contentions)
    assert [one.round for one in past.rounds] == [one.number for one in result.outcome.rounds]
    assert sum(one.expected for one in past.plan.calls) == past.plan.expected


async def test_the_next_estimate_says_that_it_was_learned_from_it(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    before = await estimate(request_for(parcels), services)
    assert (before.learned_from, before.basis, before.calls) == (0, "assumed: no debate yet", before.assumed)
    result = await review(request_for(parcels, agreed=True), services, Door())
    after = await estimate(request_for(parcels), services)
    assert (after.learned_from, after.basis) == (1, "from 1 debate of yours")
    assert [call.count for call in after.assumed] == [call.count for call in before.assumed]
    spent = result.report.cost.spent
    assert abs(after.expected - spent) < abs(before.expected - spent)


async def test_a_debate_that_ran_out_of_time_is_told_as_cut(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    await review(request_for(parcels, agreed=True, deadline_s=0.0), services, Door())
    (past,) = await history(services)
    assert (past.state, past.is_learnable) == ("cut", False)


async def test_a_seat_that_failed_leaves_no_whole_debate(open_services: Open, parcels: Path, panel: Emulator) -> None:
    panel.script.rules.append(
        Rule(
            seat="architect",
            phase="opening",
            reply={"claims": [], "rulings": [], "needs": []},
            stop_reason="refusal",
        )
    )
    services = open_services(panel.environment())
    await review(request_for(parcels, agreed=True), services, Door())
    (first,) = await history(services)
    assert first.state == "cut"
    panel.script.rules.clear()
    taken_up = await review(request_for(parcels, agreed=True), services, Door())
    assert any("taken up" in note for note in taken_up.report.notes)
    # Only what was missing was paid for: that says nothing of what a debate takes.
    assert await history(services) == (first,)


async def test_a_debate_that_is_played_from_a_recording_is_not_written_down(
    open_services: Open, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    services, tape = open_services(panel.environment()), tmp_path / "tape.jsonl"
    await review(request_for(parcels, agreed=True, record=tape), services, Door())
    assert len(await history(services)) == 1
    await review(request_for(parcels, replay=tape), services, Door())
    assert len(await history(services)) == 1


async def test_a_store_that_cannot_write_it_down_fails_no_review(
    open_services: Open, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StoreError("the disk is full: make room and try again")

    request: Request = request_for(parcels, agreed=True)
    whole = await review(request, open_services(panel.environment()), Door())
    monkeypatch.setattr(Debates, "end", broken)
    without_end = await review(request, open_services(panel.environment()), Door())
    monkeypatch.setattr(Debates, "begin", broken)
    without_both = await review(request, open_services(panel.environment()), Door())
    for result in (without_end, without_both):
        assert result.report.degraded == ()
        assert len(result.report.findings) == len(whole.report.findings)


async def test_a_debate_in_which_money_ran_short_taught_that_cheaper_models_are_always_asked(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    result = await review(request_for(parcels, agreed=True), open_services(panel.environment()), Door())
    assert result.outcome is not None
    assert state_of(result.outcome) == "whole"
    assert state_of(evolve(result.outcome, gave_way=True)) == "cut"
    assert state_of(evolve(result.outcome, shortened=("Round 3 was not held.",))) == "cut"
