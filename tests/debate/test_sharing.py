"""Which turns say that others send the same shared part: only those are worth a place in the cache."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rebuttal.debate.engine import debate
from rebuttal.debate.model import Brief, Listener, Reply, Turn
from rebuttal.debate.resumption import Record, record_of
from tests.debate.conftest import (
    LOOP_CLAIM,
    LOOP_LINE,
    SQL_CLAIM,
    SQL_LINE,
    Played,
    Said,
    Script,
    Scripted,
    brief_of,
    fails,
    play,
    rules,
    run,
    says,
)
from tests.debate.test_crossfire import opening

WITH_ONE_HAIKU = ("code-reviewer", "architect", "security-analyst", "documentation")
"""Balanced: three of sonnet, who also examines, and one of haiku, which is asked nothing more."""


BEGINS = Said(None).first
"""Seconds after which an answer begins."""


def argue(turn: Turn) -> Said:
    return rules(turn, SQL=("confirmed", SQL_LINE), item=("refuted", LOOP_LINE), name=("confirmed", SQL_LINE))


def held(protocol: str = "crossfire", **brief: Any) -> Played:
    plain: dict[str, Any] = {"protocol": protocol, "sits": WITH_ONE_HAIKU, "panel": "medium", "rounds": 3}
    claims = {"security-analyst": says(SQL_CLAIM), "code-reviewer": says(LOOP_CLAIM)}
    return play(brief_of(**(plain | brief)), opening(claims, argue))


def by_tier(turns: list[Turn]) -> dict[str, set[bool]]:
    return {tier: {turn.reusable for turn in turns if turn.tier == tier} for tier in {turn.tier for turn in turns}}


def test_a_tier_of_one_turn_writes_nothing_to_the_cache() -> None:
    played = held()
    assert by_tier(played.speaker.of("opening")) == {"sonnet": {True}, "haiku": {False}}
    assert {turn.reusable for turn in played.speaker.of("cross_examination")} == {True}
    assert {turn.tier for turn in played.speaker.turns if turn.alone} == {"haiku"}


def test_a_tier_of_one_seat_writes_where_it_will_answer_again() -> None:
    assert by_tier(held("council").speaker.of("opening")) == {"sonnet": {True}, "haiku": {True}}
    alone = held(sits=("code-reviewer",))
    assert by_tier(alone.speaker.of("opening")) == {"sonnet": {True}}


def test_a_dossier_is_not_shared() -> None:
    played = held(profile="frugal")  # haiku opens, sonnet examines without having read the whole
    examined = played.speaker.of("cross_examination")
    whole = played.speaker.of("opening")[0].prompt.shared
    assert {turn.tier for turn in examined} >= {"sonnet"}
    for turn in examined:
        assert turn.reusable == (turn.prompt.shared == whole)
    assert any(not turn.reusable for turn in examined)
    assert not any(turn.alone for turn in examined)  # our own words they have in common


def test_solo_shares_with_nobody() -> None:
    assert [(turn.reusable, turn.alone) for turn in held("solo").speaker.turns] == [(False, True)]


class Timed(Scripted):
    """Remembers when each turn was asked."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.asked: list[float] = []

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        self.asked.append(asyncio.get_running_loop().time())
        return await super().speak(turn, listener)


@pytest.mark.parametrize("protocol", ["crossfire", "council"])
@pytest.mark.parametrize("failing", [(), ("architect",), ("architect", "security-analyst"), WITH_ONE_HAIKU])
def test_nobody_sends_what_is_shared_before_the_first_ones_answer_has_begun(
    protocol: str, failing: tuple[str, ...]
) -> None:
    brief = brief_of(protocol=protocol, sits=WITH_ONE_HAIKU, panel="medium", rounds=3)
    claims = {"security-analyst": says(SQL_CLAIM), "code-reviewer": says(LOOP_CLAIM)}
    script = opening(claims, argue)

    def broken(turn: Turn) -> Said:
        return fails("overloaded") if turn.seat in failing and turn.phase == "opening" else script(turn)

    # A debate from its begin, and one that is taken up where openings failed.
    first = play(brief, broken).outcome
    record = record_of(first, "key")
    for taken_up in (None, record) if record is not None else (None,):
        speaker = Timed(script)
        run(_whole(brief, speaker, taken_up))
        first_asked: dict[str, float] = {}
        for turn, at in sorted(zip(speaker.turns, speaker.asked, strict=True), key=lambda one: one[1]):
            if turn.reusable and turn.tier in first_asked:
                assert at >= first_asked[turn.tier] + BEGINS
            elif turn.reusable:
                first_asked[turn.tier] = at


async def _whole(brief: Brief, speaker: Timed, record: Record | None) -> None:
    await debate(brief, speaker, lambda _: None, asyncio.get_running_loop().time, record=record)


@pytest.mark.parametrize("protocol", ["crossfire", "council"])
@pytest.mark.parametrize("profile", ["frugal", "balanced", "thorough"])
def test_all_that_share_a_prompt_say_so_and_think_alike(protocol: str, profile: str) -> None:
    turns = held(protocol, profile=profile).speaker.turns
    shared: dict[tuple[str, str], list[Turn]] = {}
    for turn in turns:
        shared.setdefault((turn.tier, turn.prompt.system + turn.prompt.shared), []).append(turn)
    for ones in shared.values():
        assert len({turn.reusable for turn in ones}) == 1
        assert len({turn.effort for turn in ones}) == 1
        assert all(turn.schema is None for turn in ones)
