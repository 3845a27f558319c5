"""Whatever goes wrong in one seat costs no other seat's work, and is never called clean."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from attrs import evolve

from rebuttal.debate.engine import debate
from rebuttal.debate.events import SeatFinished
from rebuttal.debate.model import FATAL, FailureKind, Statement, Turn
from rebuttal.debate.protocol import ProtocolUnavailable
from rebuttal.debate.sitting import MAX_CLAIMS
from rebuttal.evaluation.counted import CountedLoop
from tests.debate.conftest import (
    LOOP_CLAIM,
    SQL_CLAIM,
    SQL_LINE,
    Said,
    Scripted,
    brief_of,
    claim_of,
    fails,
    play,
    rules,
    says,
)
from tests.debate.test_crossfire import confirms, opening


def test_a_seat_that_fails_is_named_and_keeps_what_it_said() -> None:
    said = fails("truncated", "the answer was cut off: raise the limit", streamed=((2.0, SQL_CLAIM),))
    played = play(brief_of(), opening({"architect": said}))
    assert [finding.title for finding in played.outcome.findings] == [SQL_CLAIM.title]
    assert [(one.seat, one.phase, one.reason) for one in played.outcome.degraded] == [
        ("architect", "opening", "the answer was cut off: raise the limit")
    ]
    finished = [event for event in played.events if isinstance(event, SeatFinished) and event.failure]
    assert [(event.seat, event.claims) for event in finished] == [("architect", 1)]


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ValueError("x" * 5000), asyncio.CancelledError()])
def test_a_speaker_that_raises_loses_nobody_elses_work(error: BaseException) -> None:
    said = says(raises=error, streamed=((2.0, LOOP_CLAIM),), takes=3.0)
    played = play(brief_of(), opening({"code-reviewer": said, "architect": says(SQL_CLAIM)}))
    assert {finding.title for finding in played.outcome.findings} == {SQL_CLAIM.title, LOOP_CLAIM.title}
    assert [one.seat for one in played.outcome.degraded] == ["code-reviewer"]
    assert len(played.outcome.degraded[0].reason) < 400


def test_an_examiner_that_fails_leaves_its_claims_unverified_and_the_review_degraded() -> None:
    played = play(brief_of(), opening({"architect": says(SQL_CLAIM)}, lambda _: fails("overloaded")))
    assert not played.outcome.findings
    assert [(one.verdict, one.status) for one in played.outcome.held_back] == [("unverified", "held_back")]
    assert [one.phase for one in played.outcome.degraded] == ["cross_examination"]
    assert len(played.speaker.of("consensus")) == 0
    assert any("No ruling" in step.text for step in played.outcome.held_back[0].trace)


@pytest.mark.parametrize("kind", sorted(FATAL))
def test_after_a_fatal_failure_no_call_is_made_and_everything_said_is_kept(kind: FailureKind) -> None:
    script = opening(
        {
            "code-reviewer": says(LOOP_CLAIM, takes=4.0),
            "architect": fails(kind, "stop: do something", takes=6.0),
            "security-analyst": says(SQL_CLAIM, takes=30.0),
        }
    )
    played = play(brief_of(), script)
    assert played.outcome.stopped_by is not None
    assert played.outcome.stopped_by.kind == kind
    late = [one for one in played.outcome.exchanges if one.started > 6.0]
    assert late == []
    assert [finding.title for finding in played.outcome.findings] == [LOOP_CLAIM.title]
    assert [(one.title, one.verdict) for one in played.outcome.held_back] == [(SQL_CLAIM.title, "unverified")]
    # A cap is the user's own wish: it is told as such, not as a failure of the review.
    assert bool(played.outcome.degraded) is (kind != "cap")


def test_seats_that_were_not_asked_any_more_are_named() -> None:
    script = opening({"code-reviewer": fails("authentication", "the key is refused: check it", takes=1.0)})
    played = play(brief_of(), script)
    assert len(played.speaker.turns) == 1
    assert [one.seat for one in played.outcome.degraded] == ["code-reviewer", "architect", "security-analyst"]


def test_the_deadline_stops_new_calls() -> None:
    script = opening({"architect": says(SQL_CLAIM, takes=50.0)})
    played = play(brief_of(deadline_s=40.0), script)
    assert not played.speaker.of("cross_examination")
    assert played.outcome.stopped_by is not None
    assert played.outcome.stopped_by.kind == "timeout"
    assert played.outcome.held_back[0].verdict == "unverified"
    assert played.outcome.degraded


def test_claims_that_the_deadline_left_open_do_not_pass_for_a_whole_review() -> None:
    def examine(turn: Turn) -> Said:
        return evolve(rules(turn, SQL=("refuted", SQL_LINE)), takes=50.0)

    played = play(brief_of(deadline_s=40.0), opening({"architect": says(SQL_CLAIM)}, examine))
    assert played.outcome.stopped_by is not None
    assert [(one.seat, one.phase) for one in played.outcome.degraded] == [("moderator", "consensus")]
    assert played.outcome.degraded[0].reason.startswith("1 claim was not settled: the debate's deadline")


def test_more_claims_than_anybody_can_mean_are_cut_and_told() -> None:
    many = tuple(claim_of(f"x_{n} = {n}", f"Thing {n}", file="shop/users.py") for n in range(MAX_CLAIMS + 50))
    played = play(brief_of(), opening({"architect": says(*many)}))
    assert sum(len(one.raised) for one in played.outcome.contentions) <= MAX_CLAIMS
    assert [one.reason for one in played.outcome.degraded] == [
        f"it raised {MAX_CLAIMS + 50} claims: only the first {MAX_CLAIMS} were heard"
    ]


def test_what_a_speaker_says_after_its_turn_is_not_heard() -> None:
    kept: list[Any] = []

    class Late(Scripted):
        async def speak(self, turn: Turn, listener: Any) -> Any:
            kept.append(listener)
            for earlier in kept[:-1]:
                earlier.claim(LOOP_CLAIM)
                earlier.started()
            return await super().speak(turn, listener)

    speaker = Late(opening({"code-reviewer": says(SQL_CLAIM)}, confirms))
    loop = CountedLoop()
    brief = brief_of(sits=("code-reviewer",))
    try:
        outcome = loop.run_until_complete(debate(brief, speaker, lambda _: None, loop.time))
    finally:
        loop.close()
    assert len(kept) == 2
    assert [one.lead.claim for one in outcome.contentions] == [SQL_CLAIM]


@pytest.mark.parametrize("after", [0.5, 3.0, 6.5])
def test_cancelling_ends_every_turn_at_once_and_leaves_no_task(after: float) -> None:
    speaker = Scripted(opening({"code-reviewer": says(SQL_CLAIM, takes=5.0)}, lambda _: says(takes=100.0)))
    loop = CountedLoop()

    async def cancelled() -> float:
        task = asyncio.ensure_future(debate(brief_of(), speaker, lambda _: None, loop.time))
        await asyncio.sleep(after)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return loop.time()

    try:
        assert loop.run_until_complete(cancelled()) == after
        assert speaker.speaking == 0
        assert not asyncio.all_tasks(loop)
    finally:
        loop.close()


def test_an_unknown_protocol_is_refused_before_anything_is_asked() -> None:
    speaker = Scripted(lambda _: says())
    loop = CountedLoop()
    with pytest.raises(ProtocolUnavailable, match=r"parliament .* choose council, crossfire or solo"):
        loop.run_until_complete(debate(brief_of(protocol="parliament"), speaker, lambda _: None, loop.time))
    loop.close()
    assert speaker.turns == []


def test_solo_is_one_pass_and_says_that_nobody_objected() -> None:
    def script(turn: Turn) -> Said:
        assert turn.phase == "opening"
        return says(SQL_CLAIM, evolve(LOOP_CLAIM, certainty="possible"))

    played = play(brief_of(protocol="solo"), script)
    assert len(played.speaker.turns) == 1
    assert [(one.title, one.verdict) for one in played.outcome.findings] == [(SQL_CLAIM.title, "unopposed")]
    assert [(one.title, one.verdict) for one in played.outcome.held_back] == [(LOOP_CLAIM.title, "unopposed")]


def test_a_panel_without_seats_says_nothing_and_costs_nothing() -> None:
    played = play(brief_of(sits=()), lambda _: says())
    assert played.speaker.turns == []
    assert played.outcome.findings == ()


def test_an_empty_statement_beside_a_failure_is_still_a_failure() -> None:
    said = Said(Statement(), fails("refusal", "the model refused: use another").failure)
    outcome = play(brief_of(), opening({"architect": said})).outcome
    assert [one.reason for one in outcome.degraded] == ["the model refused: use another"]


def test_a_ruling_given_before_a_failure_counts() -> None:
    def examine(turn: Turn) -> Said:
        statement = rules(turn, SQL=("confirmed", SQL_LINE)).statement
        return Said(statement, fails("network").failure)

    outcome = play(brief_of(), opening({"architect": says(SQL_CLAIM)}, examine)).outcome
    assert outcome.findings
    assert outcome.degraded
