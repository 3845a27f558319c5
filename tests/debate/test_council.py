"""The protocol `council`, end to end with scripted speakers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from rebuttal.debate.events import ArgumentEnded, ClaimSettled
from rebuttal.debate.model import RulingVerdict, Turn
from rebuttal.debate.protocols.council import PUT
from rebuttal.debate.transcript import transcript
from rebuttal.debate.worth import Worth
from tests.debate.conftest import (
    LOOP_CLAIM,
    LOOP_LINE,
    SQL_CLAIM,
    SQL_LINE,
    Played,
    Said,
    Script,
    brief_of,
    claim_of,
    fails,
    play,
    ruling_of,
    says,
    shown,
)
from tests.debate.test_crossfire import events, opening

SITS = ("code-reviewer", "architect", "security-analyst", "performance-expert", "documentation")
"""The ring. The claims about SQL are of security: the Security Analyst is their centre, then the Code Reviewer."""


ANY_PRICE = Worth(threshold=0.0)


def council(script: Script, **brief: Any) -> Played:
    plain: dict[str, Any] = {"protocol": "council", "panel": "large", "rounds": 5, "sits": SITS, "worth": ANY_PRICE}
    return play(brief_of(**(plain | brief)), script)


def by_seat(verdicts: dict[str, RulingVerdict | list[RulingVerdict]], rest: RulingVerdict = "confirmed") -> Script:
    """Rulings by seat, and by how often it has been asked where there is a list; the rest rules alike."""
    asked: dict[str, int] = {}

    def rule(turn: Turn) -> Said:
        number = asked[turn.seat] = asked.get(turn.seat, -1) + 1
        verdict = verdicts.get(turn.seat, rest)
        one = verdict if isinstance(verdict, str) else verdict[min(number, len(verdict) - 1)]
        return says(rulings=tuple(ruling_of(each["claim"], one, each["quote"]) for each in shown(turn)))

    return rule


def asked(played: Played) -> list[str]:
    return [turn.seat for turn in played.speaker.of("rebuttal")]


def ended(played: Played) -> tuple[str, int, int]:
    (event,) = events(played, ArgumentEnded)
    assert played.outcome.ended is not None
    assert (played.outcome.ended.by, played.outcome.ended.round) == (event.by, event.round)
    return event.by, event.round, event.still_open


# --- who is asked ---


def test_a_claim_is_put_to_its_centre_and_to_the_seat_before_its_raiser_in_the_ring() -> None:
    played = council(opening({"performance-expert": says(SQL_CLAIM)}, by_seat({})))
    assert asked(played) == ["security-analyst"]
    played = council(opening({"architect": says(SQL_CLAIM)}, by_seat({})))
    assert sorted(asked(played)) == ["code-reviewer", "security-analyst"]
    assert ended(played) == ("consensus", 2, 0)
    assert [one.verdict for one in played.outcome.findings] == ["confirmed"]
    assert played.outcome.findings[0].raised_by == ("architect",)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 7, 9])
def test_a_seat_reads_two_others_so_that_the_graph_stays_sparse(count: int) -> None:
    from rebuttal.debate.prompts import load_prompts
    from rebuttal.debate.protocols.council import Council
    from rebuttal.debate.sitting import Sitting
    from tests.debate.conftest import Scripted

    ids = tuple(seat.id for seat in load_prompts().openers)[:count]
    sitting = Sitting(brief_of(sits=ids), Scripted(lambda _: says()), lambda _: None, lambda: 0.0, load_prompts())
    contention = sitting.hear(SQL_CLAIM, ids[0], 0)
    assert contention is not None
    protocol = Council(sitting)
    protocol._floor.free.update(ids)
    centre = protocol._centre(contention).id
    reads = {seat: protocol._reads(seat, contention) for seat in ids}
    assert centre != ids[0]
    assert all(seat not in others for seat, others in reads.items())
    assert all(1 <= len(others) <= 2 for seat, others in reads.items() if seat != centre)
    assert ids[0] in reads[centre]
    assert all(centre in others for seat, others in reads.items() if seat != centre)
    assert sum(map(len, reads.values())) <= 2 * len(ids) + 1


def test_a_claim_that_all_raised_is_put_to_the_examiner_without_a_lens() -> None:
    played = council(lambda turn: says(SQL_CLAIM) if turn.phase == "opening" else by_seat({})(turn))
    assert asked(played) == ["examiner"]
    assert [one.verdict for one in played.outcome.findings] == ["confirmed"]


def test_a_panel_of_one_seat_is_answered_by_the_examiner() -> None:
    played = council(opening({"architect": says(SQL_CLAIM)}, by_seat({})), sits=("architect",))
    assert asked(played) == ["examiner"]
    assert played.outcome.findings


def test_a_seat_whose_opening_failed_is_not_asked_and_what_it_said_is_argued() -> None:
    script = opening(
        {"architect": evolve(fails("timeout"), streamed=((2.0, SQL_CLAIM),)), "code-reviewer": fails("timeout")},
        by_seat({}),
    )
    played = council(script)
    assert not {"architect", "code-reviewer"} & set(asked(played))
    assert [one.raised_by for one in played.outcome.findings] == [("architect",)]
    assert {one.seat for one in played.outcome.degraded} == {"architect", "code-reviewer"}


def test_a_seat_whose_neighbours_say_nothing_new_is_not_asked() -> None:
    # The centre and the seat before the raiser differ; only who reads one of them and holds something else is asked.
    script = opening({"architect": says(SQL_CLAIM)}, by_seat({"security-analyst": "refuted"}))
    played = council(script)
    first, rest = asked(played)[:2], asked(played)[2:]
    assert sorted(first) == ["code-reviewer", "security-analyst"]
    assert "code-reviewer" in rest  # it reads the centre, which holds the opposite
    assert "architect" in rest  # its claim was refuted by the centre
    assert len(rest) == len(set(rest))


# --- what is sent ---


def material(turn: Turn) -> str:
    """What a turn shows of others."""
    return turn.prompt.ask.split("# You are:", maxsplit=1)[0].split("/>", 1)[1]


def test_positions_bear_no_names_and_come_from_neighbours_only() -> None:
    def rule(turn: Turn) -> Said:
        verdict: RulingVerdict = "refuted" if turn.seat in ("security-analyst", "documentation") else "confirmed"
        rulings = (evolve(ruling_of(one["claim"], verdict), argument=f"Reason {turn.seat}!") for one in shown(turn))
        return says(rulings=tuple(rulings))

    played = council(opening({"architect": says(SQL_CLAIM)}, rule))
    third = [turn for turn in played.speaker.of("rebuttal") if "Reason" in turn.prompt.ask]
    assert third
    for turn in third:
        heard = {seat for seat in SITS if f"Reason {seat}!" in turn.prompt.ask}
        assert len(heard - {turn.seat}) <= 3
        for seat in SITS:
            assert seat not in material(turn).replace(f"Reason {seat}!", "")


def test_the_shared_part_and_the_system_prompt_stay_the_same_bytes_in_every_round() -> None:
    played = council(opening({"architect": says(SQL_CLAIM)}, by_seat({"security-analyst": "refuted"})))
    assert (
        len({(turn.prompt.system, turn.prompt.shared) for turn in played.speaker.turns if turn.tier == "sonnet"}) == 1
    )


def test_a_seat_is_told_what_is_new_since_its_last_turn_and_no_turn_is_sent_again() -> None:
    long = "It is so. " + "Many more words that say how. " * 20
    claim = evolve(SQL_CLAIM, argument=long)
    verdicts: dict[str, RulingVerdict | list[RulingVerdict]] = {
        "security-analyst": ["refuted", "confirmed"],
        "code-reviewer": ["confirmed", "refuted"],
    }
    played = council(opening({"architect": says(claim)}, by_seat(verdicts, "refuted")))
    again = [turn for turn in played.speaker.of("rebuttal") if "Since your last turn" in turn.prompt.ask]
    assert again
    for turn in again:
        assert long not in turn.prompt.ask
        assert "Held before, in one line each:" in turn.prompt.ask


def test_all_of_a_round_answer_to_what_stood_before_it() -> None:
    def slow(turn: Turn) -> Said:
        said = by_seat({"security-analyst": "refuted"})(turn)
        return evolve(said, takes=90.0 if turn.seat == "code-reviewer" else 1.0, first=0.5)

    script = opening({"architect": says(SQL_CLAIM)}, by_seat({"security-analyst": "refuted"}))
    fast, late = council(script), council(opening({"architect": says(SQL_CLAIM)}, slow))
    assert [turn.prompt for turn in fast.speaker.turns] == [turn.prompt for turn in late.speaker.turns]
    assert fast.outcome.findings == late.outcome.findings
    assert fast.outcome.contentions == late.outcome.contentions


def test_many_claims_go_in_calls_of_a_bounded_size() -> None:
    text = "".join(f"value_{n} = source_{n}()\n" for n in range(40))
    claims = [claim_of(f"value_{n} = source_{n}()", f"Defect number {n} of source_{n}", file="a.py") for n in range(40)]

    def rule(turn: Turn) -> Said:
        ruled = [evolve(ruling_of(one["claim"], "confirmed", one["quote"]), file="a.py") for one in shown(turn)]
        return says(rulings=tuple(ruled))

    played = council(opening({"architect": says(*claims)}, rule), files={"a.py": ("", text)}, max_findings=100)
    assert max(len(shown(turn)) for turn in played.speaker.of("rebuttal")) == PUT
    assert len(played.outcome.findings) == 40


# --- claims that come late ---


def late(claim_in: dict[str, Any]) -> Script:
    def rule(turn: Turn) -> Said:
        statement = by_seat({})(turn).statement
        assert statement is not None
        return Said(evolve(statement, claims=claim_in.pop(turn.seat, ())))

    return rule


def test_a_new_claim_of_the_first_round_is_argued_in_the_next() -> None:
    played = council(opening({"architect": says(SQL_CLAIM)}, late({"code-reviewer": (LOOP_CLAIM,)})))
    titles = [one.title for one in played.outcome.findings]
    assert titles == [SQL_CLAIM.title, LOOP_CLAIM.title]
    assert "New claims are heard in this round." in played.speaker.of("rebuttal")[0].prompt.ask
    later = [turn for turn in played.speaker.of("rebuttal") if LOOP_CLAIM.title in str(shown(turn))]
    assert later
    assert all("New claims are heard" not in turn.prompt.ask for turn in later)
    assert "code-reviewer" not in {turn.seat for turn in later}


def test_a_late_claim_that_says_a_known_one_again_adds_no_raiser() -> None:
    played = council(opening({"architect": says(SQL_CLAIM)}, late({"code-reviewer": (SQL_CLAIM,)})))
    assert played.outcome.findings[0].raised_by == ("architect",)
    assert [one.reason.split(" c-")[0] for one in played.outcome.set_aside] == ["it says again what"]


@pytest.mark.parametrize("slow", ["code-reviewer", "security-analyst"])
def test_two_seats_that_raise_the_same_late_claim_blind_to_each_other_are_two_raisers(slow: str) -> None:
    script = late({"code-reviewer": (LOOP_CLAIM,), "security-analyst": (LOOP_CLAIM,)})

    def rule(turn: Turn) -> Said:
        return evolve(script(turn), takes=50.0 if turn.seat == slow else 2.0)

    played = council(opening({"architect": says(SQL_CLAIM)}, rule))
    (loop,) = [one for one in played.outcome.contentions if one.lead.claim == LOOP_CLAIM]
    assert [(one.seat, one.round) for one in loop.raised] == [("code-reviewer", 2), ("security-analyst", 2)]
    assert played.outcome.set_aside == ()


@pytest.mark.parametrize(("rounds", "first_heard"), [(2, 0), (5, 1)])
def test_new_claims_are_not_heard_where_nobody_would_be_left_to_check_them(rounds: int, first_heard: int) -> None:
    def rule(turn: Turn) -> Said:
        said = by_seat({"security-analyst": "refuted"})(turn)
        assert said.statement is not None
        has_begun = turn.phase == "rebuttal" and (rounds == 2 or "New claims are heard" not in turn.prompt.ask)
        return evolve(said, statement=evolve(said.statement, claims=(LOOP_CLAIM,) if has_begun else ()))

    played = council(opening({"architect": says(SQL_CLAIM)}, rule), rounds=rounds)
    assert LOOP_CLAIM.title not in {one.lead.claim.title for one in played.outcome.contentions}
    assert {one.reason for one in played.outcome.set_aside} == {"it was raised in rebuttal, not in the opening"}
    heard = [turn for turn in played.speaker.of("rebuttal") if "New claims are heard" in turn.prompt.ask]
    assert bool(heard) == bool(first_heard)


# --- when it stops ---


def test_it_stops_at_consensus() -> None:
    played = council(opening({"architect": says(SQL_CLAIM)}, by_seat({}, "refuted")))
    assert ended(played) == ("consensus", 2, 0)
    assert played.outcome.contentions[0].settled is not None
    assert played.outcome.contentions[0].settled.row == "refuted twice"


def test_a_raiser_may_withdraw_its_claim() -> None:
    verdicts: dict[str, RulingVerdict | list[RulingVerdict]] = {"security-analyst": "refuted", "architect": "refuted"}
    played = council(opening({"architect": says(SQL_CLAIM)}, by_seat(verdicts, "unsure")))
    assert played.outcome.findings == ()
    settled = played.outcome.contentions[0].settled
    assert settled is not None
    assert settled.outcome == "dropped"


def test_it_stops_when_no_position_changes_and_the_moderator_rules() -> None:
    def script(turn: Turn) -> Said:
        ruled: RulingVerdict = "confirmed" if turn.phase == "consensus" else "unsure"
        return says(rulings=tuple(ruling_of(one["claim"], ruled) for one in shown(turn)))

    played = council(opening({"architect": says(SQL_CLAIM)}, script), rounds=9)
    by, round_, left = ended(played)
    assert (by, left) == ("no_change", 1)
    assert round_ < 9
    assert [turn.seat for turn in played.speaker.of("consensus")] == ["moderator"]
    assert played.outcome.findings[0].verdict == "confirmed"


def test_it_stops_at_the_round_limit() -> None:
    played = council(opening({"architect": says(SQL_CLAIM)}, by_seat({"security-analyst": "refuted"})), rounds=2)
    assert ended(played) == ("round_limit", 2, 1)
    assert len(played.speaker.of("consensus")) == 1


def test_it_stops_where_a_round_is_not_worth_its_price() -> None:
    mild = evolve(SQL_CLAIM, severity="low")
    small = evolve(LOOP_CLAIM, severity="critical")

    def script(turn: Turn) -> Said:
        rulings = []
        for one in shown(turn):
            disputed = one["title"] == SQL_CLAIM.title and turn.seat == "security-analyst"
            rulings.append(ruling_of(one["claim"], "refuted" if disputed else "confirmed", one["quote"]))
        return says(rulings=tuple(rulings), spent=Decimal("0.10"))

    played = council(opening({"architect": says(mild, small)}, script), worth=Worth())
    assert ended(played) == ("not_worth", 2, 1)


def test_it_stops_at_the_budget_and_says_so() -> None:
    def script(turn: Turn) -> Said:
        if turn.seat == "security-analyst":
            return fails("cap", "the review cap of $1 would be passed")
        return by_seat({}, "unsure")(turn)

    played = council(opening({"architect": says(SQL_CLAIM)}, script))
    assert ended(played)[0] == "budget"
    assert played.speaker.of("consensus") == []
    assert played.outcome.held_back[0].verdict == "unverified"
    assert "money or time was used up" in transcript(played.outcome)


def test_nothing_claimed_is_nothing_argued() -> None:
    played = council(lambda _: says())
    assert len(played.speaker.turns) == len(SITS)
    assert events(played, ArgumentEnded) == []
    assert played.outcome.ended is None


def test_a_claim_is_settled_once_a_round_is_over_and_not_before() -> None:
    played = council(opening({"architect": says(SQL_CLAIM)}, by_seat({"security-analyst": "refuted"})), rounds=2)
    assert [event.outcome for event in events(played, ClaimSettled)] == ["held_back", "finding"]
    rounds = [type(event).__name__ for event in played.events]
    assert rounds.index("ClaimSettled") > max(
        n for n, name in enumerate(rounds) if name == "ClaimRuled" and n < rounds.index("ArgumentEnded")
    )


# --- the same again ---


def test_the_same_brief_and_replies_give_the_same_prompts_and_outcome() -> None:
    def once() -> Played:
        claims = {"architect": says(SQL_CLAIM, LOOP_CLAIM), "code-reviewer": says(LOOP_CLAIM)}
        return council(opening(claims, by_seat({"security-analyst": "refuted", "documentation": "unsure"})))

    first, second = once(), once()
    assert first.speaker.turns == second.speaker.turns
    assert first.outcome == second.outcome
    assert first.events == second.events


def test_quotes_that_are_not_in_the_code_decide_nothing_here_either() -> None:
    def script(turn: Turn) -> Said:
        return says(rulings=tuple(ruling_of(one["claim"], "confirmed", "nowhere at all") for one in shown(turn)))

    played = council(opening({"architect": says(SQL_CLAIM)}, script))
    assert played.outcome.findings == ()
    assert LOOP_LINE not in str(played.outcome.findings)
    assert SQL_LINE in played.speaker.turns[0].prompt.shared
