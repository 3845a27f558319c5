"""A debate that was cut short is taken up: what was said stays said, and only what is missing is asked."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve

from rebuttal.debate.engine import debate
from rebuttal.debate.model import Brief, Failure, FailureKind, Outcome, RulingVerdict, Turn
from rebuttal.debate.resumption import brief_key, record_of
from rebuttal.debate.sitting import MAX_CLAIMS
from rebuttal.debate.worth import Worth
from tests.debate.conftest import (
    LOOP_CLAIM,
    LOOP_LINE,
    SQL_CLAIM,
    SQL_LINE,
    Said,
    Script,
    Scripted,
    brief_of,
    fails,
    play,
    rules,
    ruling_of,
    run,
    says,
    shown,
)

KEY = "brief"


def honest(turn: Turn) -> Said:
    """The Security Analyst sees the query, the Architect the loop; whoever is asked confirms."""
    if turn.phase != "opening":
        return rules(turn, SQL=("confirmed", SQL_LINE), item=("confirmed", LOOP_LINE))
    return {"security-analyst": says(SQL_CLAIM), "architect": says(LOOP_CLAIM)}.get(turn.seat, says())


def without(seat: str, kind: FailureKind = "overloaded") -> Script:
    return lambda turn: fails(kind) if turn.seat == seat and turn.phase == "opening" else honest(turn)


def resumed(brief: Brief, first: Outcome, script: Script = honest) -> tuple[Outcome, Scripted]:
    record = record_of(first, KEY)
    assert record is not None
    speaker = Scripted(script)

    async def whole() -> Outcome:
        return await debate(brief, speaker, lambda _: None, asyncio.get_running_loop().time, record=record)

    return run(whole()), speaker


def titles(outcome: Outcome) -> set[str]:
    return {one.title for one in outcome.findings}


@pytest.mark.parametrize("seat", ["security-analyst", "architect", "code-reviewer"])
def test_only_the_seat_that_failed_is_asked_again(seat: str) -> None:
    brief = brief_of()
    first = play(brief, without(seat)).outcome
    assert [one.seat for one in first.degraded] == [seat]

    outcome, speaker = resumed(brief, first)

    assert [turn.seat for turn in speaker.of("opening")] == [seat]
    whole = play(brief, honest).outcome
    assert titles(outcome) == titles(whole)
    assert outcome.degraded == ()
    assert record_of(outcome, KEY) is None


def test_a_claim_that_was_ruled_on_is_not_examined_again() -> None:
    brief = brief_of()
    first = play(brief, without("security-analyst")).outcome

    outcome, speaker = resumed(brief, first)

    asked = [one["title"] for turn in speaker.of("cross_examination") for one in shown(turn)]
    assert asked == [SQL_CLAIM.title]
    assert {one.id for one in first.findings} <= {one.id for one in outcome.findings}


def test_what_was_said_before_is_in_the_record_and_marked() -> None:
    brief = brief_of()
    outcome, speaker = resumed(brief, play(brief, without("architect")).outcome)
    assert sum(not one.earlier for one in outcome.exchanges) == len(speaker.turns)
    assert sum(one.earlier for one in outcome.exchanges) == len(outcome.exchanges) - len(speaker.turns)
    assert [one.number for one in outcome.exchanges] == sorted({one.number for one in outcome.exchanges})


def test_a_claim_that_its_examiner_failed_on_is_examined_when_taken_up() -> None:
    brief = brief_of()
    first = play(brief, lambda turn: fails("timeout") if turn.phase == "cross_examination" else honest(turn)).outcome
    assert not first.findings

    outcome, speaker = resumed(brief, first)

    assert speaker.of("opening") == []
    assert titles(outcome) == titles(play(brief, honest).outcome)
    assert outcome.degraded == ()


def test_a_seat_that_failed_in_mid_sentence_does_not_say_it_twice() -> None:
    brief = brief_of()

    def cut(turn: Turn) -> Said:
        if turn.seat == "security-analyst" and turn.phase == "opening":
            return fails("network", streamed=((1.0, SQL_CLAIM),))
        return honest(turn)

    outcome, _ = resumed(brief, play(brief, cut).outcome)

    found = [one for one in outcome.contentions if one.lead.claim.title == SQL_CLAIM.title]
    assert len(found) == 1
    assert found[0].raisers == ("security-analyst",)


def test_after_a_cap_the_rest_is_asked() -> None:
    brief = brief_of()
    first = play(brief, without("security-analyst", "cap")).outcome
    assert first.stopped_by is not None

    outcome, _ = resumed(brief, first)

    assert titles(outcome) == titles(play(brief, honest).outcome)
    assert outcome.stopped_by is None


def test_interrupted_debates_are_taken_up_where_they_stopped() -> None:
    brief = brief_of()

    async def stopped() -> Outcome:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.call_later(7.0, stop.set)
        slow = Scripted(lambda turn: evolve(honest(turn), takes=30.0) if turn.seat == "architect" else honest(turn))
        return await debate(brief, slow, lambda _: None, loop.time, stop)

    first = run(stopped())
    outcome, speaker = resumed(brief, first)
    assert [turn.seat for turn in speaker.of("opening")] == ["architect"]
    assert titles(outcome) == titles(play(brief, honest).outcome)


def test_a_whole_debate_leaves_nothing_to_take_up() -> None:
    assert record_of(play(brief_of(), honest).outcome, KEY) is None


def test_a_debate_in_which_nobody_spoke_leaves_nothing_to_take_up() -> None:
    assert record_of(play(brief_of(), lambda _: fails("authentication")).outcome, KEY) is None


def test_what_was_whole_in_answers_that_were_all_cut_off_is_taken_up() -> None:
    def cut(turn: Turn) -> Said:
        if turn.seat == "architect" and turn.phase == "opening":
            return evolve(says(SQL_CLAIM), failure=Failure("truncated", "its answer was cut off"))
        return fails("overloaded")

    first = play(brief_of(sits=("architect",)), cut).outcome
    record = record_of(first, "key")
    assert record is not None
    assert [one.lead.claim for one in record.contentions] == [SQL_CLAIM]


def test_the_key_names_all_that_the_answers_depend_on() -> None:
    brief = brief_of()
    key = brief_key(brief, "v1", "opus")
    assert key == brief_key(evolve(brief, max_findings=3, minimum_severity="high", deadline_s=1.0), "v1", "opus")
    others = [
        brief_key(brief, "v2", "opus"),
        brief_key(brief, "v1", "sonnet"),
        *(
            brief_key(evolve(brief, **change), "v1", "opus")
            for change in (
                {"fence": "other"},
                {"framing": "fix it"},
                {"seats": brief.seats[:2]},
                {"profile": "thorough"},
                {"rounds": 3},
                {"protocol": "solo"},
                {"shared": "another context"},
            )
        ),
    ]
    assert len({key, *others}) == len(others) + 1


@pytest.mark.parametrize("protocol", ["crossfire", "council"])
def test_what_was_argued_before_it_was_cut_short_is_known_to_those_who_argue_on(protocol: str) -> None:
    sits = ("code-reviewer", "architect", "security-analyst", "database")
    brief = brief_of(protocol=protocol, panel="large", rounds=6, worth=Worth(threshold=0.0), sits=sits)

    def script(cut_after: int) -> Script:
        sides: list[RulingVerdict] = ["refuted", "confirmed"]

        def said(turn: Turn) -> Said:
            nonlocal cut_after
            if turn.phase == "opening":
                return says(SQL_CLAIM) if turn.seat == "architect" else says()
            cut_after -= 1
            if cut_after < 0:
                return fails("cap")
            side = sides.pop(0) if sides else "unsure"
            ruled = (evolve(ruling_of(one["claim"], side), argument=f"Reason {turn.seat}.") for one in shown(turn))
            return says(rulings=tuple(ruled))

        return said

    first = play(brief, script(2)).outcome
    (one,) = first.contentions
    assert len(one.rulings) == 2
    outcome, speaker = resumed(brief, first, script(99))
    argued = [turn.prompt.ask for turn in speaker.turns if turn.phase == "rebuttal"]
    assert argued
    assert all(f"Reason {one.rulings[1].seat}." in ask for ask in argued[:1])
    rounds = [ruled.round for ruled in outcome.contentions[0].rulings]
    assert rounds == sorted(rounds)
    assert outcome.contentions[0].rulings[:2] == one.rulings


def test_a_seat_that_failed_in_mid_sentence_may_say_it_in_other_words_without_making_two_of_it() -> None:
    brief = brief_of()
    reworded = evolve(
        SQL_CLAIM,
        title="User input reaches the SQL text unescaped",
        argument="Whoever sets `name` can end the string and run SQL text of their own.",
    )

    def cut(turn: Turn) -> Said:
        if turn.seat == "security-analyst" and turn.phase == "opening":
            return fails("network", streamed=((1.0, SQL_CLAIM),))
        return honest(turn)

    def again(turn: Turn) -> Said:
        return says(reworded) if turn.seat == "security-analyst" and turn.phase == "opening" else honest(turn)

    outcome, _ = resumed(brief, play(brief, cut).outcome, again)

    assert {one.lead.claim.title for one in outcome.contentions} == {SQL_CLAIM.title, LOOP_CLAIM.title}


def test_no_turn_passes_for_one_that_was_cut_off_before_the_debate_was_taken_up() -> None:
    brief = brief_of()

    def cut(turn: Turn) -> Said:
        if turn.seat == "security-analyst" and turn.phase == "opening":
            return says(SQL_CLAIM, streamed=((2.0, SQL_CLAIM),), takes=30.0)
        return honest(turn) if turn.phase == "opening" else evolve(honest(turn), takes=30.0)

    async def stopped() -> Outcome:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.call_later(7.0, stop.set)
        return await debate(brief, Scripted(cut), lambda _: None, loop.time, stop)

    first = run(stopped())
    (cut_off,) = {raised.turn for one in first.contentions for raised in one.raised} - {
        one.number for one in first.exchanges
    }
    outcome, _ = resumed(brief, first)
    assert cut_off not in {one.number for one in outcome.exchanges}


@pytest.mark.parametrize("rounds", [2, 3])
def test_a_council_taken_up_after_its_rounds_still_has_the_new_claims_checked_by_seats(rounds: int) -> None:
    brief = brief_of(protocol="council", rounds=rounds)

    outcome, speaker = resumed(brief, play(brief, without("security-analyst")).outcome)

    (late,) = (one for one in outcome.contentions if one.lead.claim.title == SQL_CLAIM.title)
    assert {one.seat for one in late.rulings} == {"code-reviewer", "architect"}
    assert speaker.of("consensus") == []
    assert [one["title"] for turn in speaker.of("rebuttal") for one in shown(turn)] == [SQL_CLAIM.title] * 2


def test_a_seat_that_said_too_much_is_not_a_debate_to_take_up_but_stays_told_in_one() -> None:
    brief = brief_of()
    flood = tuple(evolve(LOOP_CLAIM, title=f"Loop {number} is wrong") for number in range(MAX_CLAIMS + 1))

    def flooded(turn: Turn) -> Said:
        return says(*flood) if turn.seat == "architect" and turn.phase == "opening" else honest(turn)

    whole = play(brief, flooded).outcome
    assert [one.seat for one in whole.degraded] == ["architect"]
    assert record_of(whole, KEY) is None

    def cut(turn: Turn) -> Said:
        return fails("timeout") if turn.seat == "security-analyst" and turn.phase == "opening" else flooded(turn)

    outcome, _ = resumed(brief, play(brief, cut).outcome, flooded)
    assert [one.seat for one in outcome.degraded] == ["architect"]


def test_code_that_only_an_examiner_would_see_is_part_of_the_key() -> None:
    key = brief_key(brief_of(others={"shop/db.py": "def run(sql): ...\n"}, shared="the same"), "v1")
    assert key != brief_key(brief_of(others={"shop/db.py": "\n\ndef run(sql): ...\n"}, shared="the same"), "v1")
