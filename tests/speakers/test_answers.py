"""Turns with a schema of their own, over real HTTP to the strict service: sent, heard, recorded, replayed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.debate.model import Prompt, Turn
from rebuttal.debate.panel.triage import TRIAGE_SCHEMA
from rebuttal.debate.statement import STATEMENT_SCHEMA
from rebuttal.settings import Settings
from rebuttal.speakers.catalogue import facts
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.recordings.recording import RecordingSpeaker
from rebuttal.speakers.recordings.replay import ReplaySpeaker
from rebuttal.speakers.recordings.tape import turn_key
from rebuttal.speakers.requests import message_request
from tests.emulator import Emulator, Fault, Rule
from tests.speakers.conftest import FakePurse, Heard, MakeSpeaker, claim, statement, turn

ANSWER = {"leave_out": [{"seat": "architect", "why": "Only a constant changes."}]}


def question() -> Turn:
    prompt = Prompt("You decide.", "", '<turn seat="moderator" phase="triage"/>\nWho need not be asked?')
    return Turn("moderator", "triage", "haiku", prompt, 3000, TRIAGE_SCHEMA)


async def test_an_answer_of_another_schema_is_asked_for_heard_and_paid_like_any_other(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(seat="moderator", phase="triage", model="haiku", reply=ANSWER, chunk=5))
    heard = Heard()
    reply = await speaker.speak(question(), heard)
    assert (reply.answer, reply.statement, reply.failure) == (ANSWER, None, None)
    assert (heard.starts, heard.claims) == (1, [])
    assert reply.spent == emulator.bill > 0
    assert [(key.phase, key.seat) for key in purse.keys] == [("triage", "moderator")]
    assert purse.names == ["reserve", "settle"]


async def test_a_statement_stays_a_statement(emulator: Emulator, speaker: ClaudeSpeaker) -> None:
    emulator.script.add(Rule(reply=statement(claim(1))))
    reply = await speaker.speak(turn(), Heard())
    assert reply.answer is None
    assert reply.statement is not None


@pytest.mark.parametrize("model", ["claude-haiku-5-5", "claude-haiku-4-5", "claude-sonnet-4-6"])
async def test_every_model_takes_a_question_without_a_shared_part(
    emulator: Emulator, make_speaker: MakeSpeaker, model: str
) -> None:
    reply = await make_speaker(settings=Settings(model_haiku=model)).speak(question(), Heard())
    assert reply.failure is None
    assert reply.answer == {"leave_out": []}


def test_only_the_turn_says_which_schema_is_sent() -> None:
    asked = message_request(question(), facts("haiku"))
    assert asked["output_config"]["format"]["schema"] == TRIAGE_SCHEMA
    assert len(asked["messages"][0]["content"]) == 1
    assert message_request(turn(), facts("haiku"))["output_config"]["format"]["schema"] == STATEMENT_SCHEMA


async def test_a_question_does_not_void_the_cache_of_the_seats(emulator: Emulator, speaker: ClaudeSpeaker) -> None:
    first = await speaker.speak(turn("architect", tier="haiku"), Heard())
    await speaker.speak(question(), Heard())
    second = await speaker.speak(turn("documentation", tier="haiku"), Heard())
    assert second.tokens.cache_read == first.tokens.cache_write > 0


@pytest.mark.parametrize("said", ["not JSON", "[]", '"architect"', "null"])
async def test_an_answer_that_is_no_object_is_asked_for_once_more_and_then_a_failure(
    emulator: Emulator, speaker: ClaudeSpeaker, said: str
) -> None:
    emulator.script.add(Rule(reply=said))
    reply = await speaker.speak(question(), Heard())
    assert reply.answer is None
    assert reply.failure is not None
    assert (reply.failure.kind, reply.calls) == ("invalid_reply", 2)
    assert reply.spent == emulator.bill


async def test_a_question_that_the_service_refuses_is_a_failure_like_any_other(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    emulator.script.add(Rule(fault=Fault("status", status=401)))
    reply = await speaker.speak(question(), Heard())
    assert reply.failure is not None
    assert (reply.failure.kind, reply.answer, reply.spent) == ("authentication", None, Decimal(0))


async def test_an_answer_is_recorded_and_replayed(emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(Rule(phase="triage", reply=ANSWER), Rule(reply=statement(claim(1))))
    writing = RecordingSpeaker(speaker, file)
    await writing.speak(question(), Heard())
    await writing.speak(turn(), Heard())
    made = len(emulator.records)
    replay = ReplaySpeaker(file)
    reply = await replay.speak(question(), Heard())
    assert (reply.answer, reply.statement, reply.spent, reply.calls) == (ANSWER, None, Decimal(0), 0)
    spoken = await replay.speak(turn(), Heard())
    assert (spoken.answer, spoken.statement is None) == (None, False)
    assert len(emulator.records) == made


def test_the_schema_is_part_of_what_names_a_turn_and_old_recordings_keep_their_names() -> None:
    other = {**TRIAGE_SCHEMA, "description": "another"}
    keys = {turn_key(question()), turn_key(evolve(question(), schema=other)), turn_key(evolve(question(), schema=None))}
    assert len(keys) == 3
    reordered = dict(reversed(list(TRIAGE_SCHEMA.items())))
    assert turn_key(evolve(question(), schema=reordered)) == turn_key(question())
