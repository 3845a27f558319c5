"""The verdict table, row by row, and the properties that no row may break."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.debate.model import Contention, Phase, Place, Raised, Ruled, RulingVerdict
from rebuttal.debate.verdict import TABLE, Facts, facts_of, is_open, row_for, settle
from rebuttal.findings.severity import Severity
from tests.debate.conftest import SQL_CLAIM, claim_of, ruling_of

PLAIN = Facts(severity="medium", certainty="likely", raisers=1)

ROWS: list[tuple[str, dict[str, Any], str, str, bool]] = [
    ("moderator confirmed", {"moderator": "confirmed", "refuted": 2}, "finding", "confirmed", False),
    ("moderator split", {"moderator": "refuted", "severity": "high"}, "held_back", "contested", False),
    ("moderator split", {"moderator": "refuted", "confirmed": 1, "refuted": 1}, "held_back", "contested", False),
    ("moderator split", {"moderator": "refuted", "raisers": 2}, "held_back", "contested", False),
    ("moderator refuted", {"moderator": "refuted", "unsure": 1}, "dropped", "contested", False),
    (
        "moderator refuted",
        {"moderator": "refuted", "severity": "high", "certainty": "possible"},
        "dropped",
        "contested",
        False,
    ),
    ("moderator torn", {"moderator": "unsure", "refuted": 1, "severity": "high"}, "held_back", "contested", False),
    ("moderator unsure", {"moderator": "unsure", "unsure": 2}, "held_back", "unverified", False),
    ("withdrawn", {"raisers": 0, "refuted": 1, "severity": "critical"}, "dropped", "contested", False),
    ("withdrawn", {"raisers": 0, "refuted": 1, "unsure": 1}, "dropped", "contested", False),
    ("tied", {"raisers": 0, "refuted": 1, "confirmed": 1}, "held_back", "contested", True),
    ("unopposed", {"examined": False}, "finding", "unopposed", False),
    ("unopposed, possible", {"examined": False, "certainty": "possible"}, "held_back", "unopposed", False),
    ("confirmed", {"confirmed": 1}, "finding", "confirmed", False),
    ("confirmed", {"confirmed": 1, "unsure": 1, "void": 1}, "finding", "confirmed", False),
    ("refuted twice", {"refuted": 2, "severity": "critical", "certainty": "certain"}, "dropped", "contested", False),
    ("refuted twice", {"refuted": 2, "raisers": 3}, "dropped", "contested", False),
    ("contested", {"refuted": 1, "severity": "high", "certainty": "likely"}, "held_back", "contested", True),
    ("contested", {"refuted": 1, "severity": "critical", "certainty": "certain"}, "held_back", "contested", True),
    ("refuted, several", {"refuted": 1, "raisers": 2}, "held_back", "contested", False),
    ("refuted", {"refuted": 1}, "dropped", "contested", False),
    ("refuted", {"refuted": 1, "severity": "critical", "certainty": "possible"}, "dropped", "contested", False),
    ("prevails", {"confirmed": 2, "refuted": 1}, "finding", "confirmed", False),
    ("outweighed", {"confirmed": 1, "refuted": 2}, "held_back", "contested", False),
    ("tied", {"confirmed": 1, "refuted": 1}, "held_back", "contested", True),
    ("unsure", {"unsure": 1}, "held_back", "unverified", True),
    ("unsure", {"void": 1}, "held_back", "unverified", True),
    ("unheard", {}, "held_back", "unverified", False),
    ("unheard", {"severity": "critical", "certainty": "certain", "raisers": 5}, "held_back", "unverified", False),
]


@pytest.mark.parametrize(("name", "facts", "outcome", "verdict", "stays_open"), ROWS)
def test_row(name: str, facts: dict[str, Any], outcome: str, verdict: str, stays_open: bool) -> None:
    row = row_for(evolve(PLAIN, **facts))
    assert (row.name, row.outcome, row.verdict, row.is_open) == (name, outcome, verdict, stays_open)


def test_every_row_is_tested() -> None:
    assert {name for name, *_ in ROWS} == {row.name for row in TABLE}


def test_the_documented_table_is_the_one_in_code() -> None:
    import rebuttal.debate.verdict as module

    lines = [line for line in (module.__doc__ or "").split("\n") if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    documented = [(row[0], row[3], row[4], row[5] == "yes") for row in cells if row[0]]
    words = {"finding": "finding", "held_back": "held back", "dropped": "dropped"}
    assert documented == [(row.name, words[row.outcome], row.verdict, row.is_open) for row in TABLE]


FACTS = st.builds(
    Facts,
    severity=st.sampled_from(("critical", "high", "medium", "low")),
    certainty=st.sampled_from(("certain", "likely", "possible")),
    raisers=st.integers(0, 4),
    confirmed=st.integers(0, 3),
    refuted=st.integers(0, 3),
    unsure=st.integers(0, 3),
    void=st.integers(0, 3),
    moderator=st.sampled_from((None, "confirmed", "refuted", "unsure")),
)


@given(FACTS)
def test_without_a_confirmation_nothing_becomes_a_finding(facts: Facts) -> None:
    if facts.confirmed == 0 and facts.moderator != "confirmed":
        assert row_for(facts).outcome != "finding"


@given(FACTS)
def test_without_a_valid_refutation_nothing_is_dropped(facts: Facts) -> None:
    if facts.refuted == 0 and facts.moderator != "refuted":
        assert row_for(facts).outcome != "dropped"


@given(FACTS, st.integers(0, 5))
def test_void_rulings_decide_nothing(facts: Facts, void: int) -> None:
    before, after = row_for(facts), row_for(evolve(facts, void=void))
    assert (before.outcome, before.verdict) == (after.outcome, after.verdict)


HERE = Place("shop/users.py", "new", 4, 4)


def ruled(
    verdict: RulingVerdict, seat: str = "examiner", phase: Phase = "cross_examination", round_: int = 2, **more: Any
) -> Ruled:
    plain = Ruled(seat, phase, round_, ruling_of("c-1", verdict), HERE, 1)
    return evolve(plain, **more)


def contention(*rulings: Ruled, **claim: Any) -> Contention:
    return Contention("c-1", (Raised("architect", evolve(SQL_CLAIM, **claim), HERE, 0),), rulings)


def test_a_void_ruling_is_no_ruling() -> None:
    settled = settle(contention(ruled("confirmed", place=None)))
    assert (settled.outcome, settled.verdict) == ("held_back", "unverified")


def test_an_examiner_that_asked_for_code_rules_anew() -> None:
    one = contention(ruled("unsure"), ruled("confirmed"))
    assert facts_of(one).unsure == 0
    assert settle(one).outcome == "finding"


def confirmed(seat: str, severity: Severity, phase: Phase = "cross_examination") -> Ruled:
    plain = ruled("confirmed", seat, phase, 2)
    return evolve(plain, ruling=evolve(plain.ruling, severity=severity))


@pytest.mark.parametrize(
    ("severities", "settled"),
    [
        (["medium"], "medium"),
        (["low"], "medium"),
        (["critical"], "critical"),
        (["high", "low"], "high"),
        (["low", "low"], "low"),
        (["low", "medium", "critical"], "medium"),
    ],
)
def test_one_voice_alone_does_not_decide_the_severity(severities: list[Severity], settled: Severity) -> None:
    """Raised as high. Of those who confirmed it the middle one counts; one alone lowers it by one step at most."""
    voices = [confirmed(f"seat-{number}", severity) for number, severity in enumerate(severities)]
    assert settle(contention(*voices, severity="high")).severity == settled


def test_the_moderators_severity_counts() -> None:
    voices = (confirmed("a", "high"), ruled("refuted", "b"), confirmed("moderator", "low", "consensus"))
    assert settle(contention(*voices, severity="high")).severity == "low"


def test_a_held_back_claim_keeps_the_severity_raised() -> None:
    assert settle(contention(ruled("unsure"), severity="critical")).severity == "critical"


def test_an_unanchored_claim_is_only_possible_however_many_confirm_it() -> None:
    raised = Raised("architect", claim_of(certainty="certain"), Place("shop/users.py", "file"), 0, anchored=False)
    one = Contention("c-1", (raised,), (ruled("confirmed"), ruled("confirmed", "b")))
    assert settle(one).confidence == "possible"


def test_agreement_raises_and_dissent_lowers_confidence() -> None:
    both = evolve(contention(ruled("confirmed")), raised=tuple(evolve(contention().lead, seat=s) for s in ("a", "b")))
    assert settle(both).confidence == "certain"
    split = contention(ruled("confirmed"), ruled("confirmed", "b", "rebuttal", 3), ruled("refuted", "c", "rebuttal", 4))
    assert settle(split).confidence == "likely"
    assert settle(contention(ruled("confirmed"))).confidence == "likely"


def test_a_serious_claim_refuted_once_is_argued_on_and_a_small_one_is_not() -> None:
    assert is_open(contention(ruled("refuted")))
    assert not is_open(contention(ruled("refuted"), severity="low"))


def test_a_seat_has_one_voice_however_often_it_rules() -> None:
    often = contention(*(ruled("confirmed", "b", "rebuttal", round_) for round_ in (2, 3, 4)))
    assert facts_of(often).confirmed == 1
    turned = contention(ruled("confirmed", "b", "rebuttal", 2), ruled("refuted", "b", "rebuttal", 3))
    assert (facts_of(turned).confirmed, facts_of(turned).refuted) == (0, 1)


def test_a_void_ruling_does_not_take_back_a_valid_one() -> None:
    one = contention(ruled("confirmed", "b", "rebuttal", 2), ruled("refuted", "b", "rebuttal", 3, place=None))
    assert settle(one).outcome == "finding"


def test_a_raiser_is_no_witness_for_its_own_claim() -> None:
    one = contention(ruled("confirmed", "architect", "rebuttal", 3))
    assert facts_of(one).confirmed == 0
    assert settle(one).outcome == "held_back"
    mild = evolve(ruled("confirmed", "architect", "rebuttal", 3), ruling=ruling_of("c-1", "confirmed", severity="low"))
    assert settle(contention(ruled("confirmed"), mild)).severity == "high"


def test_a_claim_that_its_raiser_refutes_is_withdrawn() -> None:
    one = contention(ruled("refuted", "architect", "rebuttal", 2), severity="critical", certainty="certain")
    assert settle(one).row == "withdrawn"
    again = contention(
        ruled("refuted", "architect", "rebuttal", 2), ruled("confirmed", "architect", "rebuttal", 3), severity="low"
    )
    assert facts_of(again).raisers == 1
    assert settle(again).outcome == "held_back"
    disputed = contention(ruled("refuted", "architect", "rebuttal", 3), ruled("confirmed"))
    assert settle(disputed).row == "tied"


def test_a_seat_that_ruled_before_it_raised_the_same_claim_is_no_witness_either() -> None:
    one = contention(ruled("confirmed", "database"))
    joined = evolve(one, raised=(*one.raised, evolve(one.lead, seat="database")))
    assert facts_of(joined).confirmed == 0
    assert settle(joined).outcome == "held_back"
