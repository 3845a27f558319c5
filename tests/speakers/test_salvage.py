"""No paid word is lost: what was whole in an answer that broke off counts, and the seat is named all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve

from rebuttal.debate.engine import debate
from rebuttal.debate.transcript import transcript
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.patience import Patience
from tests.debate.conftest import SQL_LINE, brief_of
from tests.emulator import Emulator, Fault, Rule
from tests.speakers.conftest import Heard, MakeSpeaker, claim, statement, turn
from tests.speakers.test_again import said

CHUNK = 10


def ruling(about: str, verdict: str = "refuted") -> dict[str, Any]:
    place = {"file": "src/app.py", "quote": "    line_1 = compute(1)"}
    return {"claim": about, "verdict": verdict, **place, "argument": "It is not so.", "severity": "low"}


def cut_in(answer: dict[str, Any], word: str) -> int:
    """The event of the stream before which it breaks off, so that the word is the last that is heard."""
    return 4 + (json.dumps(answer, ensure_ascii=False).index(word) + len(word)) // CHUNK


ANSWER = statement(claim(1)) | {"rulings": [ruling("c-1"), ruling("c-2"), ruling("c-3") | {"argument": "Cut " * 40}]}


@pytest.mark.parametrize("kind", ["cut", "eof", "error_event"])
async def test_the_rulings_of_a_stream_that_broke_off_were_lost(
    emulator: Emulator, make_speaker: MakeSpeaker, kind: Any
) -> None:
    at = cut_in(ANSWER, "Cut Cut Cut")
    emulator.script.add(
        Rule(reply=ANSWER, chunk=CHUNK, thinking_tokens=0, fault=Fault(kind, at=at), model="sonnet"),
        Rule(fault=Fault("status", status=403, message="No")),
    )
    reply = await make_speaker(patience=Patience(first_pause=0.001)).speak(turn(phase="rebuttal"), Heard())
    assert reply.failure is not None
    assert reply.statement is not None
    assert [one.claim for one in reply.statement.rulings] == ["c-1", "c-2"]
    assert len(reply.statement.claims) == 1


async def test_the_rulings_of_an_answer_that_was_cut_at_its_limit_count(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    long = evolve(turn(phase="rebuttal"), max_tokens=200)
    answer = {"claims": [], "rulings": [ruling("c-1"), ruling("c-2") | {"argument": "Cut " * 2000}], "needs": []}
    emulator.script.add(Rule(reply=answer, thinking_tokens=0))
    reply = await speaker.speak(long, Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "truncated"
    assert reply.statement is not None
    assert [one.claim for one in reply.statement.rulings] == ["c-1"]


async def test_of_two_attempts_the_later_ruling_counts_and_none_is_lost(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    at = cut_in(ANSWER, "Cut Cut Cut")
    again = {"claims": [], "rulings": [ruling("c-2", "confirmed")], "needs": []}
    emulator.script.add(
        Rule(times=1, reply=ANSWER, chunk=CHUNK, thinking_tokens=0, fault=Fault("cut", at=at)), Rule(reply=again)
    )
    reply = await speaker.speak(turn(phase="rebuttal"), Heard())
    assert reply.failure is None
    assert reply.statement is not None
    assert [(one.claim, one.verdict) for one in reply.statement.rulings] == [("c-1", "refuted"), ("c-2", "confirmed")]


async def test_a_malformed_claim_costs_no_other(emulator: Emulator, speaker: ClaudeSpeaker) -> None:
    answer = json.dumps(statement(claim(1), claim(2) | {"severity": "dreadful"}, claim(3)))
    emulator.script.add(Rule(reply=answer))
    heard = Heard()
    reply = await speaker.speak(turn(), heard)
    assert (reply.failure, reply.calls) == (None, 1)
    assert reply.statement is not None
    assert reply.statement.claims == tuple(heard.claims)
    assert len(heard.claims) == 2
    assert reply.statement.left_out == (
        "claim 2: severity is 'dreadful', which is none of critical, high, medium, low",
    )


async def test_in_a_debate_a_ruling_before_the_cut_settles_its_claim_and_the_seat_is_named(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    first = said(SQL_LINE, "User-controlled name is concatenated into SQL", "find() builds the query from `name`.")

    def confirms(asked: Any) -> str:
        shown = next(iter(json_objects(asked.request.last_text)))
        rules = ruling(shown["claim"], "confirmed") | {"file": "shop/users.py", "quote": SQL_LINE}
        return json.dumps({"claims": [], "rulings": [rules]})[:-2] + ', {"claim": "c-'

    emulator.script.add(
        Rule(phase="opening", seat="code-reviewer", reply=statement(first)),
        Rule(phase="opening", reply=statement()),
        Rule(phase="cross_examination", reply=confirms),
        Rule(reply=statement()),
    )
    outcome = await debate(brief_of(sits=("code-reviewer", "architect")), speaker, lambda _: None, lambda: 0.0)
    (finding,) = outcome.findings
    assert finding.verdict == "confirmed"
    assert [one.phase for one in outcome.degraded] == ["cross_examination"]


def json_objects(text: str) -> list[dict[str, Any]]:
    from tests.emulator.prompt import shown_claims

    return [dict(one) for one in shown_claims(text)]


async def test_the_transcript_says_what_was_left_out_and_why(emulator: Emulator, speaker: ClaudeSpeaker) -> None:
    first = said(SQL_LINE, "User-controlled name is concatenated into SQL", "find() builds the query from `name`.")
    answer = json.dumps(statement(first, first | {"side": "left"}))
    emulator.script.add(Rule(phase="opening", reply=answer), Rule(reply=statement()))
    outcome = await debate(brief_of(sits=("code-reviewer",)), speaker, lambda _: None, lambda: 0.0)
    assert len(outcome.contentions) == 1
    told = transcript(outcome)
    assert "Left out of what was answered" in told
    assert "claim 2: side is 'left', which is none of new, old, file" in told
