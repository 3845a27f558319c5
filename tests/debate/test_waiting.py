"""Claims that wait for others to share their examination: whom they wait for, how long, and what it may not cost."""

from __future__ import annotations

import asyncio
from typing import Any

from attrs import evolve

from rebuttal.debate.engine import debate
from rebuttal.debate.model import Turn
from rebuttal.debate.protocols.crossfire import BATCH
from tests.debate.conftest import Said, Scripted, brief_of, fails, play, run, says, shown
from tests.debate.test_crossfire import confirms_shown, many, speaks


def test_claims_were_shared_where_that_saved_no_call() -> None:
    files, claims = many(7)
    by_seat = {"architect": speaks(claims[:4], 20.0), "code-reviewer": says(*claims[4:], takes=20.0)}
    played = play(
        brief_of(files, sits=("architect", "code-reviewer")),
        lambda turn: by_seat[turn.seat] if turn.phase == "opening" else confirms_shown(turn, 90.0),
    )
    asked = [(turn.seat, len(shown(turn))) for turn in played.speaker.of("cross_examination")]
    assert asked[0] == ("examiner", 1)
    assert sorted(asked[1:]) == [("architect", 3), ("code-reviewer", 3)]


def test_a_seat_that_hung_until_the_deadline_cost_the_claims_that_waited_for_others() -> None:
    files, claims = many(6)

    def script(turn: Turn) -> Said:
        if turn.phase != "opening":
            return confirms_shown(turn, 30.0)
        return speaks(claims, 20.0) if turn.seat == "architect" else fails("timeout", takes=600.0)

    played = play(brief_of(files, sits=("architect", "code-reviewer")), script)
    calls = [one for one in played.outcome.exchanges if one.turn.phase == "cross_examination"]
    assert [len(shown(one.turn)) for one in calls] == [1, BATCH, 1]
    assert len(played.outcome.findings) == 6
    assert calls[-1].started <= 0.2 * brief_of().deadline_s + 6.0


def test_nothing_of_a_debate_that_ended_was_examined_later() -> None:
    files, claims = many(6)

    async def cut_short() -> int:
        loop = asyncio.get_running_loop()
        failed: list[Any] = []
        loop.set_exception_handler(lambda _, context: failed.append(context))
        speaker = Scripted(lambda turn: speaks(claims, 20.0) if turn.phase == "opening" else says(takes=500.0))
        task = asyncio.create_task(debate(brief_of(files), speaker, lambda _: None, loop.time))
        await asyncio.sleep(30.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        asked = len(speaker.turns)
        await asyncio.sleep(900.0)
        assert failed == []
        return len(speaker.turns) - asked

    assert run(cut_short()) == 0


def test_the_first_claims_waited_where_they_came_all_at_once_and_filled_no_call() -> None:
    files, high = many(5, severity="high")
    claims = [*high[:3], *(evolve(one, severity="medium") for one in high[3:])]

    def script(turn: Turn) -> Said:
        if turn.phase != "opening":
            return confirms_shown(turn, 30.0)
        return says(*claims, takes=10.0) if turn.seat == "architect" else says(takes=60.0)

    played = play(brief_of(files, sits=("architect", "code-reviewer"), profile="frugal"), script)
    calls = [one for one in played.outcome.exchanges if one.turn.phase == "cross_examination"]
    assert [(one.started, len(shown(one.turn))) for one in calls] == [(10.0, 3), (61.0, 2)]


def test_who_shared_a_call_depended_on_how_soon_the_loop_got_to_it() -> None:
    """The last seat and an examination end in the same moment, the seat first: what is left shares a call."""
    files, claims = many(4)
    by_seat = {"architect": claims[:2], "code-reviewer": claims[2:]}

    def script(turn: Turn) -> Said:
        if turn.phase == "opening":
            return speaks(by_seat[turn.seat], 20.0)
        return confirms_shown(turn, 20.0 if len(shown(turn)) == 1 else 30.0)

    played = play(brief_of(files, sits=("architect", "code-reviewer")), script)
    asked = [(turn.seat, len(shown(turn))) for turn in played.speaker.of("cross_examination")]
    assert asked == [("examiner", 1), ("examiner", 3)]


def test_a_claim_was_left_unexamined_where_the_examiner_without_a_lens_passed_it_over() -> None:
    files, claims = many(4)
    by_seat = {"architect": claims[:2], "code-reviewer": claims[2:]}

    def script(turn: Turn) -> Said:
        if turn.phase == "opening":
            return speaks(by_seat[turn.seat], 20.0)
        return says() if turn.seat == "examiner" and len(shown(turn)) > 1 else confirms_shown(turn, 90.0)

    played = play(brief_of(files, sits=("architect", "code-reviewer")), script)
    asked = [(turn.seat, len(shown(turn))) for turn in played.speaker.of("cross_examination")]
    assert asked[:2] == [("examiner", 1), ("examiner", 3)]
    assert sorted(asked[2:]) == [("architect", 2), ("code-reviewer", 1)]
    assert len(played.outcome.findings) == 4
