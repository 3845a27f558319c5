"""The transcript: the whole story for a person."""

from __future__ import annotations

from decimal import Decimal

from attrs import evolve

from rebuttal.debate.model import Turn
from rebuttal.debate.transcript import transcript
from tests.debate.conftest import LOOP_CLAIM, SQL_CLAIM, SQL_LINE, Said, brief_of, fails, play, rules, says
from tests.debate.test_crossfire import confirm_all, opening


def test_it_tells_who_said_what_about_which_lines_what_settled_it_and_what_it_cost() -> None:
    text = transcript(play(brief_of(), confirm_all).outcome, "Review of working changes")
    assert text.startswith("# Review of working changes\n")
    assert "Code Reviewer, Architect and Security Analyst opened." in text
    assert "2 claims came to argument: 2 findings, 0 held back, 0 refuted. It took 5 calls, 11 s and $0.05." in text
    assert "`shop/users.py` line 5 · high · security · confirmed, likely" in text
    assert f"```py\n{SQL_LINE}\n```" in text
    assert "**Security Analyst** raised it as high, likely:" in text
    assert "cross-examination, confirmed it:" in text
    assert "→ **It stands.**" in text
    assert text.count("| cross-examination |") == 2


def test_it_names_what_was_refuted_held_back_set_aside_and_what_failed() -> None:
    claims = (SQL_CLAIM, evolve(LOOP_CLAIM, severity="low"), evolve(SQL_CLAIM, file="nowhere.py"))

    def examine(turn: Turn) -> Said:
        return rules(turn, SQL=("confirmed", "not in the code at all"), first=("refuted", "    result = 0"))

    script = opening(
        {"architect": says(*claims), "code-reviewer": fails("timeout", "no answer came: try again")}, examine
    )
    text = transcript(play(brief_of(), script).outcome)
    assert "## Refuted" in text
    assert "`shop/users.py` line 9:" in text
    assert "## Held back" in text
    assert "so this counts as no ruling" in text
    assert "## Set aside" in text
    assert "not among the files shown" in text
    assert "Code Reviewer, opening: no answer came: try again" in text


def test_it_says_when_it_was_stopped() -> None:
    script = opening({"code-reviewer": fails("cap", "the review cap of $1 would be passed")})
    text = transcript(play(brief_of(), script).outcome)
    assert "**The debate was stopped early:** the review cap of $1 would be passed." in text


def test_assumed_costs_are_shown_apart() -> None:
    outcome = play(brief_of(), confirm_all).outcome
    first = outcome.exchanges[0]
    unsure = evolve(first, reply=evolve(first.reply, assumed=Decimal("0.2")))
    text = transcript(evolve(outcome, exchanges=(unsure, *outcome.exchanges[1:])))
    assert "$0.01 (+ $0.20 assumed)" in text


def test_an_empty_debate_has_a_transcript_too() -> None:
    text = transcript(play(brief_of(sits=()), lambda _: says()).outcome)
    assert "Nobody opened." in text
