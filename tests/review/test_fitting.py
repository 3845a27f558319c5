"""How much of a debate fits what is left, decided before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.budget.allocation import DEFAULT_SHARES, SPENDERS
from rebuttal.debate.model import Means
from rebuttal.debate.resumption import brief_key
from rebuttal.debate.shortening import WHOLE, Plan
from rebuttal.debate.worth import PRIOR, SEED
from rebuttal.review.assembly import brief, remembered_as, unasked
from rebuttal.review.fitting import allocation_of, fits
from rebuttal.review.lessons import Lessons, lessons_of
from rebuttal.review.means import means_from_json, means_to_json
from rebuttal.review.parts import Memory, Parts
from rebuttal.review.run import look, review
from rebuttal.review.services import Services
from rebuttal.settings import Settings
from rebuttal.store.debates import ActualShare, DebatePlan, DebateState, PastDebate, Round
from rebuttal.store.model import ZERO
from tests.emulator import Emulator
from tests.review.conftest import Door, request_for

Open = Callable[..., Services]


async def looked_at(where: Path, open_services: Open, cap: str, panel: str = "medium") -> Parts:
    settings = Settings(panel=panel, max_cost=Decimal(cap))
    return await look(request_for(where, settings=settings), open_services(None, settings))


async def test_a_review_with_enough_money_is_whole(parcels: Path, open_services: Open) -> None:
    parts = await looked_at(parcels, open_services, "1")
    assert parts.means is not None
    assert parts.means.plan == WHOLE
    assert parts.unasked == ()
    assert len(parts.choice.seats) == 5
    assert parts.estimate is not None
    assert parts.estimate.shortened == ()


async def test_the_less_money_the_less_is_planned_and_what_is_planned_fits(parcels: Path, open_services: Open) -> None:
    caps = ("0.60", "0.30", "0.25", "0.20", "0.15", "0.10", "0.06", "0.03")
    plans: list[Plan] = []
    for cap in caps:
        parts = await looked_at(parcels, open_services, cap)
        settings = Settings(panel="medium", max_cost=Decimal(cap))
        assert parts.means is not None
        assert parts.estimate is not None
        assert fits(settings, parts)
        assert parts.estimate.fits
        assert bool(parts.estimate.shortened) == (not parts.means.plan.is_whole)
        plans.append(parts.means.plan)
    assert plans[0] == WHOLE
    assert plans[-1].columns == 2
    assert [one.columns for one in plans] == sorted(one.columns for one in plans)
    assert any(one.seats is not None and one.columns == 0 for one in plans)


async def test_where_nothing_fits_the_cheapest_plan_is_held_and_that_it_is_cut_short_is_told(
    parcels: Path, open_services: Open
) -> None:
    parts = await looked_at(parcels, open_services, "0.002")
    assert parts.means is not None
    assert parts.estimate is not None
    assert (parts.means.plan.seats, parts.means.plan.rebuttal) == (2, False)
    assert "cut short by the cap" in parts.estimate.words
    assert "even with 2 of 5 seats, cheaper models" in parts.estimate.words


async def test_a_cap_of_a_call_has_cheaper_models_speak_though_the_review_has_money(
    parcels: Path, panel: Emulator, open_services: Open
) -> None:
    settings = Settings(panel="small", max_cost_per_call=Decimal("0.03"))
    services = open_services(panel.environment(), settings)
    result = await review(request_for(parcels, settings=settings, agreed=True), services, Door())
    assert result.report.not_spent is None
    assert result.outcome is not None
    assert result.outcome.stopped_by is None
    assert {one.turn.tier for one in result.outcome.exchanges} == {"haiku"}


async def test_a_debate_without_rebuttal_has_its_rounds(parcels: Path, open_services: Open) -> None:
    parts = await looked_at(parcels, open_services, "0.002")
    asked = brief(Settings(panel="medium"), parts)
    assert (asked.rounds, len(asked.seats)) == (2, 2)
    assert any("to fit your caps ($0.002 left for it)" in one and "no rebuttal" in one for one in asked.reasons)


async def test_a_review_failed_each_time_because_its_own_cap_was_below_the_whole_panel(
    parcels: Path, panel: Emulator, open_services: Open
) -> None:
    poor = Settings(panel="medium", max_cost=Decimal("0.20"))
    planned = await looked_at(parcels, open_services, "0.20")
    result = await review(
        request_for(parcels, settings=poor, agreed=True), open_services(panel.environment(), poor), Door()
    )
    report = result.report
    assert report.not_spent is None
    (note,) = [one for one in report.notes if "To fit your caps ($0.2" in one]
    assert "of 5 seats" in note
    assert report.degraded == ()
    assert any(one.startswith("Not asked, though the change calls for it: ") for one in report.notes)
    # Where others have used up what a review may cost, less was looked at than was asked for.
    parts = evolve(planned, outcome=result.outcome)
    assert parts.means is not None
    assert unasked(parts) == ()
    left_out = unasked(evolve(parts, means=evolve(parts.means, budget=Decimal(1))))
    opened = {one.seat for one in panel.records if one.phase == "opening"}
    assert left_out
    assert not opened & {one.seat for one in left_out}
    assert "it is held with 3 of 5 seats" in result.transcript
    assert report.cost.spent <= Decimal("0.20")


async def test_a_debate_that_a_cap_stopped_before_anybody_answered_was_told_as_if_it_had_been_held(
    parcels: Path, panel: Emulator, open_services: Open
) -> None:
    rich, poor = Settings(panel="small"), Settings(panel="small", max_cost=Decimal("0.0005"))
    services = open_services(panel.environment(), rich)
    await review(request_for(parcels, settings=rich, agreed=True), services, Door())
    made = len(panel.records)
    result = await review(request_for(parcels, settings=poor, agreed=True, fresh=True), services, Door())
    assert len(panel.records) == made
    assert result.report.not_spent == "cap"
    (note,) = result.report.notes
    assert note.startswith("The debate was stopped: the cap of $0.0005 per review would be passed")


async def test_a_replay_goes_by_the_recorded_plan(
    parcels: Path, panel: Emulator, open_services: Open, tmp_path: Path
) -> None:
    tape, poor = tmp_path / "tape.jsonl", Settings(panel="medium", max_cost=Decimal("0.20"))
    services = open_services(panel.environment(), poor)
    live = await review(request_for(parcels, settings=poor, agreed=True, record=tape), services, Door())
    made, rich = len(panel.records), Settings(panel="medium", max_cost=Decimal(1))
    played = await review(request_for(parcels, settings=rich, replay=tape), open_services(), Door())
    assert len(panel.records) == made
    assert "came to what was recorded" in played.replayed
    assert [one.id for one in played.report.findings] == [one.id for one in live.report.findings]
    assert [one.seat for one in played.report.degraded] == [one.seat for one in live.report.degraded]


# --- what is learned ---


def debate(state: DebateState = "whole", rounds: tuple[Round, ...] = (), cap: str | None = None) -> PastDebate:
    shares = (
        ActualShare("opening", "architect", "sonnet", 1, spent=Decimal("0.06")),
        ActualShare("cross_examination", "architect", "sonnet", 1, spent=Decimal("0.04")),
    )
    sizes = (5, 3, 1, 9, 99)
    plan = DebatePlan(
        *("review", "mine", "medium", "crossfire", "balanced"),
        *sizes,
        expected=Decimal("0.1"),
        at_most=Decimal(cap) if cap is not None else None,
    )
    return PastDebate(plan, datetime(2026, 11, 1, tzinfo=UTC), state, 3, shares, rounds)


def held(before: float, after: float) -> Round:
    return Round(3, before, after, Decimal("0.1"), Decimal("0.01"))


def test_without_history_the_seeds_figures_stand() -> None:
    assert lessons_of((), "crossfire") == Lessons({}, SEED)
    assert Lessons().applied(Means()) == Means()


def test_shares_are_learned_of_debates_that_money_did_not_shorten() -> None:
    learned = lessons_of([debate()] * 10, "crossfire").shares
    assert learned["opening"] == (DEFAULT_SHARES["opening"] + Decimal("0.6")) / 2
    assert sum(learned[phase] for phase in SPENDERS) == 1
    for other in (debate("cut"), debate(cap="0.105"), debate("failed")):
        assert lessons_of([other] * 10, "crossfire").shares == {}
    assert lessons_of([debate()] * 10, "council") == Lessons({}, SEED)


def test_what_rounds_settled_and_cost_moves_the_rule_slowly() -> None:
    rounds = (held(0.5, 0.0),) * PRIOR
    worth = lessons_of([debate(rounds=rounds)], "crossfire").worth
    assert worth.rounds == PRIOR
    assert worth.gain == pytest.approx((0.3 + 1.0) / 2)
    assert worth.cost == pytest.approx((0.2 + 0.1) / 2)
    assert worth.threshold == SEED.threshold
    assert lessons_of([debate(rounds=(held(0.5, 0.5),) * PRIOR)], "crossfire").worth.gain == pytest.approx(0.15)
    nothing = (held(0.0, 0.0), Round(3, 0.5, 0.1, ZERO, ZERO))
    assert lessons_of([debate(rounds=nothing)], "crossfire").worth == SEED
    assert lessons_of([debate(rounds=(held(0.1, 0.9),))], "crossfire").worth.gain < SEED.gain


def test_a_recording_keeps_the_plan_and_what_was_learned() -> None:
    lessons = lessons_of([debate(rounds=(held(0.5, 0.2),))] * 3, "crossfire")
    means = lessons.applied(Means(cap=Decimal("0.1"), plan=Plan(2, 1, 50, rebuttal=False)))
    assert means_from_json(means_to_json(means)) == means
    allocation = allocation_of(means)
    assert allocation is not None
    assert allocation.shares["opening"] == lessons.shares["opening"] != DEFAULT_SHARES["opening"]


async def test_a_debate_that_a_small_cap_cut_short_was_lost_when_the_cap_was_raised(
    parcels: Path, open_services: Open
) -> None:
    """The plan that fits has other seats and rounds, but the debate is the same: what was paid for is taken up."""
    briefs = []
    for cap in ("0.002", "0.20", "1"):
        parts = await looked_at(parcels, open_services, cap)
        briefs.append(brief(Settings(panel="medium"), evolve(parts, fence="0123456789abcdef")))
    poor, less, rich = briefs
    assert len(poor.seats) < len(less.seats) < len(rich.seats)
    assert poor.rounds < rich.rounds
    assert len({brief_key(one, "prompts", "models") for one in briefs}) == 1


async def test_a_shortened_debate_was_remembered_as_held_by_the_whole_panel(parcels: Path, open_services: Open) -> None:
    for cap, is_whole in (("1", True), ("0.20", False)):
        parts = evolve(await looked_at(parcels, open_services, cap), memory=Memory(made_by="all"))
        kept = remembered_as(parts)
        assert kept is not None
        assert (kept.made_by == "all") == is_whole
