"""A stream that breaks off, and the answer that then comes in other words: over HTTP, through a debate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rebuttal.debate.engine import debate
from rebuttal.debate.model import Outcome, Speaker
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.recordings.recording import RecordingSpeaker
from rebuttal.speakers.recordings.replay import ReplaySpeaker
from tests.debate.conftest import LOOP_LINE, SQL_LINE, brief_of
from tests.emulator import Emulator, Fault, Rule
from tests.speakers.conftest import statement

CHUNK = 10


def said(quote: str, title: str, argument: str) -> dict[str, Any]:
    place = {"file": "shop/users.py", "side": "new", "quote": quote}
    kind = {"category": "security", "severity": "high", "certainty": "likely", "fixes": []}
    return {**place, "title": title, "argument": argument, **kind}


FIRST = said(SQL_LINE, "User-controlled name is concatenated into SQL", "find() builds the query from `name`.")
REWORDED = said(
    SQL_LINE, "SQL injection through `name` in find()", "`name` is interpolated into the query string unescaped."
)
LOOP = said(
    LOOP_LINE, "The first item is left out of the total", "The slice begins at the second item, each time. " * 9
)


def breaks_off_after_the_first_claim(emulator: Emulator) -> None:
    at = 8 + len(json.dumps(FIRST)) // CHUNK
    broken = Rule(
        phase="opening",
        times=1,
        reply=statement(FIRST, LOOP),
        chunk=CHUNK,
        thinking_tokens=0,
        fault=Fault("cut", at=at),
    )
    emulator.script.add(broken, Rule(phase="opening", reply=statement(REWORDED)), Rule(reply=statement()))


async def held(speaker: Speaker) -> Outcome:
    return await debate(brief_of(sits=("code-reviewer",)), speaker, lambda _: None, lambda: 0.0)


def titles(outcome: Outcome) -> list[list[str]]:
    return [[one.claim.title for one in contention.raised] for contention in outcome.contentions]


async def test_a_claim_heard_before_the_stream_broke_off_and_worded_otherwise_after_it_were_two_findings(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    breaks_off_after_the_first_claim(emulator)
    outcome = await held(speaker)
    assert outcome.exchanges[0].reply.calls == 2
    assert titles(outcome) == [[FIRST["title"], REWORDED["title"]]]


async def test_a_replay_hears_where_an_answer_began_anew(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    breaks_off_after_the_first_claim(emulator)
    live = await held(RecordingSpeaker(speaker, file))
    assert titles(live) == [[FIRST["title"], REWORDED["title"]]]
    assert titles(await held(ReplaySpeaker(file))) == titles(live)


async def test_a_recording_from_before_answers_began_anew_is_still_played(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(Rule(phase="opening", reply=statement(FIRST)), Rule(reply=statement()))
    live = await held(RecordingSpeaker(speaker, file))
    file.write_text("".join(f"{json.dumps(line)}\n" for line in _as_schema_1(file)), "utf-8")
    assert titles(await held(ReplaySpeaker(file))) == titles(live) == [[FIRST["title"]]]


def _as_schema_1(file: Path) -> Iterator[dict[str, Any]]:
    """As the first version wrote it: a line for each turn, with all that it was asked and heard."""
    texts: dict[str, str] = {}
    for line in map(json.loads, file.read_text("utf-8").splitlines()):
        if "text" in line:
            texts[line["text"]] = line["is"]
        if "turn" in line:
            entry = line["turn"]
            claims = (entry["reply"].get("statement") or {}).get("claims", [])
            prompt = {name: texts.get(text, text) for name, text in entry.pop("prompt").items()}
            heard = [[number, claims[one] if isinstance(one, int) else one] for number, one in entry.pop("heard")]
            yield {**entry, "schema": 1, "turn": entry.pop("key"), "prompt": prompt, "heard": heard}
