"""What was recorded is what is played; nothing else is in the file, and nothing is spent."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.debate.model import Prompt, Speaker, Turn
from rebuttal.settings import SettingsError
from rebuttal.speakers import recording
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.recording import RecordingSpeaker, ReplaySpeaker, turn_key
from tests.emulator import Emulator, Fault, Rule
from tests.speakers.conftest import Heard, claim, statement, turn


async def test_a_replay_says_what_was_said_and_costs_nothing(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(
        Rule(seat="architect", reply=statement(claim(1), claim(2))),
        Rule(seat="database", fault=Fault("status", status=403, message="No")),
    )
    writing = RecordingSpeaker(speaker, file)
    live, live_heard = [], [Heard(), Heard()]
    for seat, heard in zip(("architect", "database"), live_heard, strict=True):
        live.append(await writing.speak(turn(seat), heard))
    made = len(emulator.records)
    replay = ReplaySpeaker(file)
    for seat, before, heard_before in zip(("architect", "database"), live, live_heard, strict=True):
        heard = Heard()
        reply = await replay.speak(turn(seat), heard)
        assert (reply.statement, reply.failure, reply.model) == (before.statement, before.failure, before.model)
        assert heard.claims == heard_before.claims
        assert (reply.spent, reply.calls, reply.tokens.prompt) == (0, 0, 0)  # type: ignore[comparison-overlap] # money
    assert len(emulator.records) == made


async def test_a_recording_holds_no_key_no_header_and_no_address(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(Rule(times=1, reply=statement()), Rule(fault=Fault("status", status=401)))
    writing = RecordingSpeaker(speaker, file)
    await writing.speak(turn(), Heard())
    await writing.speak(turn("database"), Heard())
    text = file.read_text("utf-8")
    assert [json.loads(line)["seat"] for line in text.splitlines()] == ["architect", "database"]
    for secret in ("emulator-key", "Bearer", "authorization", "x-api-key", "review-1", str(tmp_path)):
        assert secret not in text


async def test_a_turn_that_was_not_recorded_is_a_failure_that_says_so(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    await RecordingSpeaker(speaker, file).speak(turn(), Heard())
    reply = await ReplaySpeaker(file).speak(turn(ask="Something else."), Heard())
    assert reply.failure is not None
    assert "architect in opening" in reply.failure.message
    assert "record anew" in reply.failure.message


async def test_the_same_question_asked_twice_has_two_answers(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(Rule(times=1, reply=statement(claim(1))), Rule(reply=statement(claim(2))))
    writing = RecordingSpeaker(speaker, file)
    live = [await writing.speak(turn(), Heard()) for _ in range(2)]
    replay = ReplaySpeaker(file)
    assert [(await replay.speak(turn(), Heard())).statement for _ in range(2)] == [one.statement for one in live]


async def test_what_was_said_at_the_same_time_is_heard_again_in_the_same_order(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    seats = ("architect", "database", "frontend")
    for number, seat in enumerate(seats):
        claims = [claim(n, title=f"{seat} {n}") for n in range(6)]
        emulator.script.add(Rule(seat=seat, reply=statement(*claims), between=0.004 - 0.001 * number, chunk=60))

    async def debate(speaker: Speaker, order: tuple[str, ...]) -> list[str]:
        titles: list[str] = []

        async def one(seat: str) -> None:
            await speaker.speak(turn(seat), Heard(on_claim=lambda claim: titles.append(claim.title)))
            titles.append(f"{seat} finished")

        await asyncio.gather(*(one(seat) for seat in order))
        return titles

    live = await debate(RecordingSpeaker(speaker, file), seats)
    assert live != sorted(live)
    assert await debate(ReplaySpeaker(file), seats) == live
    assert await debate(ReplaySpeaker(file), seats[::-1]) == live


async def test_a_replay_that_takes_another_course_is_not_held_up_for_ever(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "PATIENCE", 0.05)
    file = tmp_path / "recording.jsonl"
    writing = RecordingSpeaker(speaker, file)
    for seat in ("architect", "database"):
        await writing.speak(turn(seat), Heard())
    replay = ReplaySpeaker(file)
    reply = await asyncio.wait_for(replay.speak(turn("database"), Heard()), 5)
    assert reply.failure is None
    late = await asyncio.wait_for(replay.speak(turn("architect"), Heard()), 5)
    assert late.failure is None


def test_the_fence_of_another_installation_does_not_matter() -> None:
    def fenced(fence: str, code: str) -> Turn:
        shared = f'<pasted_content id="{fence}">\n{code}\n</pasted_content id="{fence}">'
        return evolve(turn(), prompt=Prompt("s", shared, f"The id is {fence}."))

    assert turn_key(fenced("aaaa", "x = 1")) == turn_key(fenced("bbbb", "x = 1"))
    assert turn_key(fenced("aaaa", "x = 1")) != turn_key(fenced("aaaa", "x = 2"))


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": 9}', '{"schema": 1}', "\udcff"])
def test_a_file_that_is_no_recording_is_refused_in_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "recording.jsonl"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError) as caught:
        ReplaySpeaker(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        ReplaySpeaker(tmp_path / "none.jsonl")


async def test_a_file_that_cannot_be_written_is_refused_before_anything_is_spent(
    speaker: ClaudeSpeaker, emulator: Emulator, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        RecordingSpeaker(speaker, tmp_path / "missing" / "recording.jsonl")
    assert emulator.records == []
