"""The transcript: the whole story for a person."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from attrs import evolve

from rebuttal.debate.engine import debate
from rebuttal.debate.model import Outcome, SetAside, Turn
from rebuttal.debate.transcript import transcript
from tests.debate.conftest import (
    LOOP_CLAIM,
    SQL_CLAIM,
    SQL_LINE,
    Said,
    Scripted,
    brief_of,
    fails,
    play,
    rules,
    run,
    says,
)
from tests.debate.test_crossfire import confirm_all, opening


def test_it_tells_who_said_what_about_which_lines_what_settled_it_and_what_it_cost() -> None:
    text = transcript(play(brief_of(), confirm_all).outcome, "Review of working changes")
    assert text.startswith("# Review of working changes\n")
    assert "**What came out:** 2 findings (1 high, 1 medium)." in text
    assert "Both were confirmed by a reviewer who did not raise it" in text
    assert "5 calls to 4 seats, 11 s, $0.05." in text
    assert "Code Reviewer, Architect and Security Analyst read the change, blind to each other." in text
    assert "high · security · likely · `shop/users.py` line 5 · $0.0" in text
    assert f"```py\n{SQL_LINE}\n```" in text
    assert "**Security Analyst** raised it, high and likely:" in text
    assert "confirmed it in cross-examination, by the same lines:" in text
    assert "→ **It stands.**" in text
    assert text.count("| cross-examination |") == 2
    assert text.index("## Findings") < text.index("## How it went") < text.index("## What it cost")


def test_it_names_what_was_refuted_held_back_set_aside_and_what_failed() -> None:
    claims = (SQL_CLAIM, evolve(LOOP_CLAIM, severity="low"), evolve(SQL_CLAIM, file="nowhere.py"))

    def examine(turn: Turn) -> Said:
        return rules(turn, SQL=("confirmed", "not in the code at all"), first=("refuted", "    result = 0"))

    script = opening(
        {"architect": says(*claims), "code-reviewer": fails("timeout", "no answer came: try again")}, examine
    )
    text = transcript(play(brief_of(), script).outcome)
    assert "## Refuted" in text
    assert "↳ `shop/users.py` line 9: `result = 0`" in text
    assert "## Held back" in text
    assert "so this counts as no ruling" in text
    assert "## Set aside" in text
    assert "not among the files shown" in text
    assert "Code Reviewer, opening: no answer came: try again" in text


def test_a_claim_whose_id_begins_like_another_is_named_by_its_own_title() -> None:
    outcome = play(brief_of(), confirm_all).outcome
    first, second = outcome.contentions
    ids = {"c-abcdef": first, "c-abcdef-2": second}
    aside = SetAside("architect", SQL_CLAIM, "it says again what c-abcdef-2 says")
    named = tuple(evolve(one, id=id_) for id_, one in ids.items())
    text = transcript(evolve(outcome, contentions=named, set_aside=(aside,)))
    assert f"it says again what “{second.lead.claim.title}” says" in text


def test_it_says_to_whom_it_happened_that_another_model_answered() -> None:
    outcome = play(brief_of(), confirm_all).outcome
    note = "haiku answered instead of sonnet: sonnet was <b>overloaded</b>."
    first, second, *others = outcome.exchanges
    noted = tuple(evolve(one, reply=evolve(one.reply, notes=(note,))) for one in (first, second))
    text = transcript(evolve(outcome, exchanges=(*noted, *others)))
    [line] = [line for line in text.splitlines() if "instead of" in line]
    assert line.startswith("- haiku answered instead of sonnet: sonnet was")
    assert "<b>" not in line
    assert line.endswith("(Code Reviewer and Architect)")
    assert "On the way to the answers" not in transcript(outcome)


def test_it_says_when_it_was_stopped() -> None:
    script = opening({"code-reviewer": fails("cap", "the review cap of $1 would be passed")})
    text = transcript(play(brief_of(), script).outcome)
    assert "**The debate was stopped early:** the review cap of $1 would be passed." in text


def test_where_it_was_interrupted_it_says_that_calls_under_way_are_not_in_its_table() -> None:
    cut = "Calls that were cut off are in the ledger, not in this table."

    async def interrupted() -> Outcome:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.call_later(7.0, stop.set)
        slow = Scripted(lambda turn: evolve(confirm_all(turn), takes=30.0) if turn.seat == "architect" else says())
        return await debate(brief_of(), slow, lambda _: None, loop.time, stop)

    text = transcript(run(interrupted()))
    assert "| Architect |" not in text
    assert text.endswith(f" s |\n\n{cut}\n")
    assert cut not in transcript(play(brief_of(), confirm_all).outcome)


def test_assumed_costs_are_shown_apart() -> None:
    outcome = play(brief_of(), confirm_all).outcome
    first = outcome.exchanges[0]
    unsure = evolve(first, reply=evolve(first.reply, assumed=Decimal("0.2")))
    text = transcript(evolve(outcome, exchanges=(unsure, *outcome.exchanges[1:])))
    assert "$0.0100 (+ $0.20 assumed)" in text
    assert "and $0.20 assumed for what will never be known" in text


def test_an_empty_debate_has_a_transcript_too() -> None:
    text = transcript(play(brief_of(sits=()), lambda _: says()).outcome)
    assert "Nobody read the change." in text
