"""Arguing in the default protocol: rebuttal, consensus, and when an argument ends."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve

from rebuttal.debate.events import ArgumentEnded
from rebuttal.debate.model import FailureKind, RulingVerdict, Turn
from rebuttal.debate.transcript import transcript
from rebuttal.debate.worth import Worth
from tests.debate.conftest import (
    LOOP_CLAIM,
    LOOP_LINE,
    SQL_CLAIM,
    SQL_LINE,
    Said,
    brief_of,
    fails,
    play,
    rules,
    ruling_of,
    says,
    shown,
)
from tests.debate.test_crossfire import MEDIUM, PHASES, argue, ended, events, opening, phases, verdicts


def test_a_serious_claim_refuted_once_is_argued_and_a_second_refutation_ends_it() -> None:
    played = argue({"cross_examination": "refuted", "rebuttal": "refuted"})
    assert phases(played) == ["cross_examination", "rebuttal"]
    assert not played.outcome.findings
    assert not played.outcome.held_back
    assert played.outcome.contentions[0].settled is not None
    assert played.outcome.contentions[0].settled.row == "refuted twice"


def test_a_tie_is_argued_to_the_last_round_and_more_voices_for_it_prevail() -> None:
    played = argue({"cross_examination": "refuted", "rebuttal": "confirmed"})
    assert phases(played) == ["cross_examination", "rebuttal", "rebuttal"]
    assert played.outcome.findings[0].verdict == "confirmed"
    assert played.outcome.contentions[0].settled is not None
    assert played.outcome.contentions[0].settled.row == "prevails"


def test_nobody_argues_the_same_claim_twice() -> None:
    played = argue({"cross_examination": "refuted", "rebuttal": "confirmed"}, rounds=5)
    seats = [turn.seat for turn in played.speaker.turns if turn.phase in ("cross_examination", "rebuttal")]
    assert len(seats) == len(set(seats))
    assert "architect" not in seats


def test_two_unsure_rulings_end_the_argument_and_the_moderator_decides() -> None:
    played = argue({"cross_examination": "unsure", "rebuttal": "unsure", "consensus": "confirmed"}, rounds=5)
    assert phases(played) == ["cross_examination", "rebuttal", "consensus"]
    assert played.outcome.findings


def test_a_small_claim_refuted_once_is_dropped_without_argument() -> None:
    played = argue({"cross_examination": "refuted"}, evolve(SQL_CLAIM, severity="medium"))
    assert phases(played) == ["cross_examination"]
    assert not played.outcome.findings
    assert not played.outcome.held_back


def test_a_panel_of_two_rounds_goes_straight_to_the_moderator() -> None:
    played = argue({"cross_examination": "refuted", "consensus": "unsure"}, rounds=2)
    assert phases(played) == ["cross_examination", "consensus"]
    assert played.outcome.held_back[0].verdict == "contested"


def test_positions_are_shown_without_names_and_with_their_quotes() -> None:
    played = argue({"cross_examination": "refuted", "rebuttal": "refuted"})
    (turn,) = played.speaker.of("rebuttal")
    assert turn.prompt.ask.count('source="position"') == 2
    material = turn.prompt.ask.split("# You are:", maxsplit=1)[0].split("/>", 1)[1]
    assert "security-analyst" not in material
    assert "architect" not in material
    assert '"holds": "refuted"' in material
    assert '"holds": "confirmed"' in material


def test_a_contested_critical_claim_is_moderated_by_the_dearest_tier() -> None:
    ruled: dict[str, RulingVerdict] = {"cross_examination": "refuted", "consensus": "confirmed"}
    played = argue(ruled, evolve(SQL_CLAIM, severity="critical"), rounds=2)
    assert [turn.tier for turn in played.speaker.of("consensus")] == ["opus"]
    assert [turn.tier for turn in argue(ruled, rounds=2).speaker.of("consensus")] == ["sonnet"]


def test_the_argument_ends_at_consensus() -> None:
    assert ended(argue({"cross_examination": "confirmed"})) == ("consensus", 2, 0)
    assert ended(argue({"cross_examination": "refuted", "rebuttal": "refuted"})) == ("consensus", 3, 0)


def test_the_argument_ends_when_no_position_changes() -> None:
    played = argue({"cross_examination": "refuted", "rebuttal": "unsure", "consensus": "unsure"}, rounds=9)
    assert phases(played) == ["cross_examination", "rebuttal", "consensus"]
    assert ended(played) == ("no_change", 3, 1)


def test_void_rulings_change_nothing_and_end_the_argument_as_well() -> None:
    script = opening({"architect": says(SQL_CLAIM)}, verdicts(dict.fromkeys(PHASES, "confirmed"), "not in the code"))
    played = play(brief_of(**{**MEDIUM, "rounds": 9}), script)
    assert phases(played) == ["cross_examination", "rebuttal", "consensus"]
    assert ended(played) == ("no_change", 3, 1)


def test_the_argument_ends_with_the_rounds_of_the_panel() -> None:
    played = argue({"cross_examination": "refuted", "rebuttal": "confirmed", "consensus": "unsure"}, rounds=3)
    assert ended(played) == ("round_limit", 3, 1)


def test_the_argument_ends_where_a_round_is_not_worth_its_price() -> None:
    mild = evolve(SQL_CLAIM, severity="low")
    grave = evolve(LOOP_CLAIM, severity="critical")

    def script(turn: Turn) -> Said:
        said = rules(turn, SQL=("unsure", SQL_LINE), first=("confirmed", LOOP_LINE))
        return evolve(said, spent=Decimal("0.05"))

    claims = opening({"architect": says(mild, grave)}, script)
    played = play(brief_of(**MEDIUM), claims)
    assert ended(played) == ("not_worth", 2, 1)
    assert "rebuttal" not in phases(played)
    assert phases(played)[-1] == "consensus"
    assert "another round was not worth its price; 1 claim was left open" in transcript(played.outcome)
    argued = play(brief_of(**MEDIUM, worth=Worth(threshold=0.0)), claims)
    assert "rebuttal" in phases(argued)


@pytest.mark.parametrize(("kind", "by"), [("cap", "budget"), ("billing", "failure")])
def test_the_argument_ends_with_the_budget_and_nothing_more_is_asked(kind: FailureKind, by: str) -> None:
    def script(turn: Turn) -> Said:
        if turn.phase == "rebuttal":
            return fails(kind, "the review cap of $1 would be passed")
        return verdicts({"cross_examination": "refuted"})(turn)

    played = play(brief_of(**MEDIUM), opening({"architect": says(SQL_CLAIM)}, script))
    assert phases(played) == ["cross_examination", "rebuttal"]
    assert ended(played) == (by, 3, 1)


def test_the_argument_ends_with_the_deadline() -> None:
    script = opening({"architect": says(SQL_CLAIM)}, verdicts({"cross_examination": "refuted"}))
    played = play(brief_of(**MEDIUM, deadline_s=8.0), script)
    assert ended(played)[:2] == ("budget", 2)


def test_where_nothing_was_claimed_there_was_no_argument() -> None:
    played = play(brief_of(), lambda _: says())
    assert events(played, ArgumentEnded) == []
    assert played.outcome.ended is None


def test_from_the_second_rebuttal_on_only_what_is_new_is_told_whole() -> None:
    long = "It is so. " + "And here is at length why and how it comes to be. " * 10

    def script(turn: Turn) -> Said:
        ruled: RulingVerdict = "confirmed" if turn.phase == "rebuttal" else "refuted"
        rulings = [
            evolve(ruling_of(one["claim"], ruled), argument=f"{turn.phase.title()}. {long}") for one in shown(turn)
        ]
        return says(rulings=tuple(rulings))

    claim = evolve(SQL_CLAIM, argument=f"Claimed. {long}")
    played = play(brief_of(**MEDIUM), opening({"architect": says(claim)}, script))
    first, second = (turn.prompt.ask for turn in played.speaker.of("rebuttal"))
    assert first.count(long.strip()) == 2
    assert "Held before" not in first
    assert second.count(long.strip()) == 1
    assert "New since the last turn:" in second
    assert second.count('"because": "Claimed"') == second.count('"because": "Cross_Examination"') == 1
    assert second.count(SQL_LINE.strip().replace('"', '\\"')) >= 3


def test_a_seat_that_gave_no_ruling_is_not_asked_about_the_claim_again() -> None:
    def script(turn: Turn) -> Said:
        if turn.phase == "rebuttal":
            return fails("overloaded")
        return verdicts({"cross_examination": "refuted", "consensus": "unsure"})(turn)

    played = play(brief_of(**MEDIUM, worth=Worth(threshold=0.0)), opening({"architect": says(SQL_CLAIM)}, script))
    asked = [turn.seat for turn in played.speaker.of("rebuttal")]
    assert len(asked) == len(set(asked)) == 2


def test_a_seat_that_raised_a_claim_never_confirms_it() -> None:
    """Asked as the last, after everybody was unsure, its own word must not make a finding."""

    def script(turn: Turn) -> Said:
        ruled: RulingVerdict = "confirmed" if turn.seat == "architect" else "unsure"
        return says(rulings=tuple(ruling_of(one["claim"], ruled) for one in shown(turn)))

    played = play(
        brief_of(sits=("architect",), **MEDIUM, worth=Worth(threshold=0.0)),
        opening({"architect": says(SQL_CLAIM)}, script),
    )
    assert [turn.seat for turn in played.speaker.of("rebuttal")] == ["architect"]
    assert played.outcome.findings == ()


def test_the_trace_names_the_pass_of_each_step() -> None:
    played = argue({"cross_examination": "refuted", "rebuttal": "confirmed", "consensus": "confirmed"}, rounds=3)
    trace = played.outcome.findings[0].trace
    assert [step.refinement for step in trace] == ["broad", "contentious", "targeted", "consensus", None]
    text = transcript(played.outcome)
    for line in ("**broad**", "**contentious**", "**targeted**", "**consensus**"):
        assert line in text
    assert "The argument ended after round 3: the panel's rounds were over; 1 claim was left open." in text
