"""A debate that was cut short is taken up by the next review of the same change: only what is missing is paid for."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

from rebuttal.debate.model import Speaker
from rebuttal.findings.report import Report
from rebuttal.review.request import Answer, Question, Request, Result
from rebuttal.review.run import estimate, review
from rebuttal.review.services import Services
from rebuttal.settings import Settings
from rebuttal.store.ledger import Ledger
from tests.emulator.script import Fault, Rule
from tests.emulator.server import Emulator
from tests.review.conftest import Door, Open, request_for

SEAT = "architect"


def down(seat: str) -> Rule:
    """The seat's calls are refused by the service, in a way in which trying again at once is useless."""
    return Rule(seat=seat, phase="opening", reply={"claims": [], "rulings": [], "needs": []}, stop_reason="refusal")


def asked(panel: Emulator, since: int = 0) -> list[tuple[str | None, str | None]]:
    return [(one.seat, one.phase) for one in panel.records[since:]]


def argued(report: Report) -> set[str]:
    return {finding.id for finding in report.findings if finding.source == "debate"}


async def test_only_the_seat_that_failed_speaks_again(open_services: Open, parcels: Path, panel: Emulator) -> None:
    elsewhere = {**panel.environment(), "REBUTTAL_HOME": str(parcels.parent / "another")}
    whole = await review(request_for(parcels, agreed=True), open_services(elsewhere), Door())
    panel.script.rules.append(down(SEAT))
    first = await review(request_for(parcels, agreed=True), open_services(panel.environment()), Door())
    assert SEAT in [one.seat for one in first.report.degraded]
    before = len(panel.records)
    panel.script.rules.clear()

    second = await review(request_for(parcels, agreed=True), open_services(panel.environment()), Door())

    assert [seat for seat, phase in asked(panel, before) if phase == "opening"] == [SEAT]
    assert second.report.degraded == ()
    assert argued(second.report) == argued(whole.report)
    assert second.report.cost.spent < whole.report.cost.spent
    assert any("is taken up: only Architect is asked again" in note for note in second.report.notes)


async def test_a_whole_debate_is_held_anew(open_services: Open, parcels: Path, panel: Emulator) -> None:
    services = open_services(panel.environment())
    first = await review(request_for(parcels, agreed=True), services, Door())
    before = len(panel.records)
    opened = sorted(str(seat) for seat, phase in asked(panel) if phase == "opening")
    again = await review(request_for(parcels, agreed=True), services, Door())
    assert sorted(str(seat) for seat, phase in asked(panel, before) if phase == "opening") == opened
    # How many claims share an examination depends on who is faster; that there is one does not.
    assert "cross_examination" in [phase for _, phase in asked(panel, before)]
    assert argued(again.report) == argued(first.report)
    assert not any("taken up" in note for note in again.report.notes)


async def test_fresh_holds_a_debate_that_was_cut_short_anew_and_forgets_it(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    panel.script.rules.append(down(SEAT))
    services = open_services(panel.environment())
    await review(request_for(parcels, agreed=True), services, Door())
    first = {seat for seat, phase in asked(panel) if phase == "opening"}
    panel.script.rules.clear()
    before = len(panel.records)

    anew = await review(request_for(parcels, agreed=True, fresh=True), services, Door())

    assert {seat for seat, phase in asked(panel, before) if phase == "opening"} == first
    assert len(first) > 1
    assert anew.report.degraded == ()
    assert not any("taken up" in note for note in anew.report.notes)
    later = await review(request_for(parcels, agreed=True), services, Door())
    assert not any("taken up" in note for note in later.report.notes)


async def test_a_fresh_debate_that_is_cut_short_is_the_one_that_is_taken_up(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    for seat in (SEAT, "code-reviewer"):
        panel.script.rules[:] = [down(seat)]
        await review(request_for(parcels, agreed=True, fresh=True), services, Door())
    panel.script.rules.clear()
    before = len(panel.records)
    await review(request_for(parcels, agreed=True), services, Door())
    assert [seat for seat, phase in asked(panel, before) if phase == "opening"] == ["code-reviewer"]


async def test_a_fresh_debate_in_which_nothing_is_said_leaves_the_earlier_one_to_be_taken_up(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    panel.script.rules[:] = [down(SEAT)]
    await review(request_for(parcels, agreed=True), services, Door())
    panel.script.rules[:] = [Rule(fault=Fault("status", status=403, message="No"))]
    await review(request_for(parcels, agreed=True, fresh=True), services, Door())
    panel.script.rules.clear()
    before = len(panel.records)
    await review(request_for(parcels, agreed=True), services, Door())
    assert [seat for seat, phase in asked(panel, before) if phase == "opening"] == [SEAT]


async def test_another_change_is_not_answered_from_what_was_said_before(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    panel.script.rules.append(down(SEAT))
    services = open_services(panel.environment())
    await review(request_for(parcels, agreed=True), services, Door())
    panel.script.rules.clear()
    (parcels / "later.py").write_text("LATER = 1\n", "utf-8")
    before = len(panel.records)
    await review(request_for(parcels, agreed=True), services, Door())
    assert len([phase for _, phase in asked(panel, before) if phase == "opening"]) > 1


async def test_a_record_of_another_version_is_left_alone(open_services: Open, parcels: Path, panel: Emulator) -> None:
    panel.script.rules.append(down(SEAT))
    services = open_services(panel.environment())
    await review(request_for(parcels, agreed=True), services, Door())
    panel.script.rules.clear()
    database = await services.database()
    await database.write(lambda connection: connection.execute("UPDATE unfinished SET body = ?", (b"",)))
    again = await review(request_for(parcels, agreed=True), services, Door())
    assert again.report.degraded == ()
    assert not any("taken up" in note for note in again.report.notes)


async def test_other_models_are_not_credited_with_what_these_said(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    panel.script.rules.append(down(SEAT))
    services = open_services(panel.environment())
    await review(request_for(parcels, agreed=True), services, Door())
    panel.script.rules.clear()
    other = Settings(panel="small", profile="frugal")
    again = await review(request_for(parcels, agreed=True, settings=other), services, Door())
    assert not any("taken up" in note for note in again.report.notes)


async def under_way(panel: Emulator, services: Services, parcels: Path) -> asyncio.Task[Result]:
    """A review that is stuck in cross-examination, with what was said written down."""
    panel.script.rules[:] = [Rule(phase="cross_examination", fault=Fault("stall"))]
    running = asyncio.create_task(review(request_for(parcels, agreed=True), services, Door()))
    database = await services.database()
    while True:
        await panel.seen(lambda: bool(panel.records))
        (kept,) = await database.read(lambda one: one.execute("SELECT count(*) FROM unfinished").fetchone())
        if kept:
            break
    panel.script.rules.clear()
    return running


async def stopped(running: asyncio.Task[Result]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_debate_that_another_process_is_holding_is_not_taken_up(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    running = await under_way(panel, open_services(panel.environment()), parcels)
    other = await review(request_for(parcels, agreed=True), open_services(panel.environment()), Door())
    await stopped(running)
    assert not any("taken up" in note for note in other.report.notes)
    assert other.report.degraded == ()


async def test_a_debate_that_was_cancelled_is_taken_up_by_the_same_process(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    await stopped(await under_way(panel, services, parcels))
    before = {seat for seat, phase in asked(panel) if phase == "opening"}
    count = len(panel.records)
    again = await review(request_for(parcels, agreed=True), services, Door())
    assert any("is taken up" in note for note in again.report.notes)
    assert before - {seat for seat, phase in asked(panel, count) if phase == "opening"}


async def test_the_rest_of_a_debate_was_priced_as_a_whole_one_and_had_a_cap_of_its_own(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    whole = await estimate(request_for(parcels), services)
    panel.script.rules.append(down(SEAT))
    first = await review(request_for(parcels, agreed=True), services, Door())
    panel.script.rules.clear()

    rest = await estimate(request_for(parcels), services)

    assert rest.before == first.report.cost.spent > 0
    assert 0 < rest.expected < whole.expected / 2
    assert rest.at_most == Settings().max_cost - rest.before
    assert "opening" in rest.by_phase
    assert {one.seat for one in rest.calls if one.phase == "opening"} == {SEAT}
    assert "for the rest of a debate that has used" in rest.words
    anew = await estimate(request_for(parcels, fresh=True), services)
    assert anew.before == 0
    assert anew.at_most == Settings().max_cost


async def test_a_debate_that_is_taken_up_again_and_again_passed_the_cap_of_a_review(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    panel.script.rules.append(down(SEAT))
    first = await review(request_for(parcels, agreed=True), services, Door())
    panel.script.rules.clear()
    before = len(panel.records)
    settings = Settings(panel="small", max_cost=first.report.cost.spent + Decimal("0.000001"))

    second = await review(request_for(parcels, agreed=True, settings=settings), services, Door())

    assert second.report.cost.spent == 0
    assert [record for record in panel.records[before:] if "count" not in record.path] == []
    assert any("count for the cap of a review" in note for note in second.report.notes)
    assert second.report.not_spent == "cap"
    third = await review(request_for(parcels, agreed=True), services, Door())
    assert third.report.degraded == ()


async def test_calls_that_were_cut_off_with_their_debate_counted_nowhere_once_it_was_taken_up(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    await stopped(await under_way(panel, services, parcels))
    ledger = Ledger(await services.database())
    (held,) = await ledger.most_expensive(2)
    used = await services.cost(held.review)
    assert used.assumed > 0

    rest = await estimate(request_for(parcels), services)

    assert rest.before == used.spent + used.assumed
    assert rest.at_most == Settings().max_cost - rest.before
    panel.script.rules[:] = [Rule(reply={"claims": [], "rulings": [], "needs": []}, stop_reason="refusal")]
    second = await review(request_for(parcels, agreed=True), services, Door())
    assert any("is assumed, count for the cap of a review" in note for note in second.report.notes)
    # And again: all of its parts count, and what is released does no more.
    third = await estimate(request_for(parcels), services)
    assert third.before == rest.before + second.report.cost.spent + second.report.cost.assumed
    await ledger.release_assumed([one.id for one in await ledger.entries(held.review, "assumed")])
    assert (await estimate(request_for(parcels), services)).before == third.before - used.assumed


async def test_a_debate_that_was_taken_up_elsewhere_meanwhile_was_held_anew_for_more_than_was_agreed_to(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    caps: list[Decimal] = []

    class Watched(Services):
        async def speaker(self, request: Request, *about: Any) -> Speaker:
            caps.append(request.settings.max_cost)
            return await super().speaker(request, *about)

    services = open_services(panel.environment(), kind=Watched)
    panel.script.rules.append(down(SEAT))
    await review(request_for(parcels, agreed=True), services, Door())
    panel.script.rules.clear()

    class Slow(Door):
        async def agree(self, question: Question) -> Answer:
            database = await services.database()
            await database.write(lambda connection: connection.execute("DELETE FROM unfinished"))
            return await super().agree(question)

    door = Slow(Answer(agree=True))
    second = await review(request_for(parcels), services, door)

    (question,) = door.questions
    assert not any("is taken up" in note for note in second.report.notes)
    assert caps == [Settings().max_cost, question.estimate.at_most]
    assert question.estimate.at_most < Settings().max_cost
