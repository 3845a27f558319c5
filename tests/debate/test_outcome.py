"""From contentions to findings: which severity and confidence they get, how many are shown, what each trace tells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from rebuttal.debate.model import Brief, Claim, Contention, Outcome, Phase, Place, Raised, Ruled, RulingVerdict, Turn
from rebuttal.debate.verdict import settle
from rebuttal.findings.model import Certainty, Finding
from rebuttal.findings.severity import SEVERITIES, Severity, at_least
from rebuttal.store.model import ZERO
from rebuttal.text.words import counted
from tests.debate.conftest import SQL_CLAIM, Said, brief_of, claim_of, play, ruling_of, says, shown
from tests.debate.test_crossfire import opening

HERE = Place("shop/users.py", "new", 4, 4)


def raised(seat: str = "architect", severity: Severity = "high", certainty: Certainty = "likely") -> Raised:
    return Raised(seat, evolve(SQL_CLAIM, severity=severity, certainty=certainty), HERE, 0)


def ruled(
    verdict: RulingVerdict, severity: Severity = "high", seat: str = "examiner", phase: Phase = "cross_examination"
) -> Ruled:
    return Ruled(seat, phase, 2, ruling_of("c-1", verdict, severity=severity), HERE, 1)


def settled_of(*given: Raised | Ruled) -> tuple[Severity, Certainty]:
    claims = tuple(one for one in given if isinstance(one, Raised)) or (raised(),)
    rulings = tuple(one for one in given if isinstance(one, Ruled))
    settled = settle(Contention("c-1", claims, rulings))
    return settled.severity, settled.confidence


SEVERITY: dict[str, tuple[tuple[Raised | Ruled, ...], Severity]] = {
    "as raised and confirmed": ((ruled("confirmed", "high"),), "high"),
    "the highest raised, where nobody confirmed": ((raised("a", "low"), raised("b", "critical")), "critical"),
    "the examiner makes it worse": ((raised(severity="low"), ruled("confirmed", "critical")), "critical"),
    "one examiner makes it milder by a step at most": (
        (raised(severity="critical"), ruled("confirmed", "low")),
        "high",
    ),
    "one step milder": ((raised(severity="high"), ruled("confirmed", "medium")), "medium"),
    "two agree that it is milder": (
        (raised(severity="critical"), ruled("confirmed", "low"), ruled("confirmed", "low", "database", "rebuttal")),
        "low",
    ),
    "two differ: the one nearer to what was raised": (
        (raised(severity="high"), ruled("confirmed", "low"), ruled("confirmed", "medium", "database", "rebuttal")),
        "medium",
    ),
    "the Moderator's word": (
        (raised(severity="critical"), ruled("unsure"), ruled("confirmed", "low", "moderator", "consensus")),
        "low",
    ),
    "who refutes has no say": ((raised(severity="high"), ruled("refuted", "low")), "high"),
}


@pytest.mark.parametrize("name", SEVERITY)
def test_severity(name: str) -> None:
    given, severity = SEVERITY[name]
    assert settled_of(*given)[0] == severity


CONFIDENCE: dict[str, tuple[tuple[Raised | Ruled, ...], Certainty]] = {
    "as raised": ((raised(certainty="likely"), ruled("confirmed")), "likely"),
    "the surest raiser, a step up for two": (
        (raised("a", certainty="possible"), raised("b", certainty="likely")),
        "certain",
    ),
    "two who only think it possible": (
        (raised("a", certainty="possible"), raised("b", certainty="possible"), ruled("confirmed")),
        "likely",
    ),
    "confirmed twice": (
        (raised(certainty="possible"), ruled("confirmed"), ruled("confirmed", seat="database", phase="rebuttal")),
        "likely",
    ),
    "one against it": (
        (raised(certainty="certain"), ruled("refuted"), ruled("confirmed", seat="database", phase="rebuttal")),
        "likely",
    ),
    "never below possible": ((raised(certainty="possible"), ruled("refuted")), "possible"),
    "never above certain": ((raised("a", certainty="certain"), raised("b", certainty="certain")), "certain"),
    "not found in the code": ((evolve(raised(certainty="certain"), anchored=False), ruled("confirmed")), "possible"),
    "found in the code by another": (
        (evolve(raised("a", certainty="certain"), anchored=False), raised("b", certainty="possible")),
        "likely",
    ),
}


@pytest.mark.parametrize("name", CONFIDENCE)
def test_confidence(name: str) -> None:
    given, confidence = CONFIDENCE[name]
    assert settled_of(*given)[1] == confidence


# --- how many are shown ---

LINES = [f"value_{number} = compute_{number}(source_{number})" for number in range(12)]
TEXT = "".join(f"{line}\n" for line in LINES)


def claims() -> list[Claim]:
    """Twelve, three of each severity, in no order."""
    return [
        claim_of(line, f"Wrong {number}", file="x.py", severity=SEVERITIES[number % 4])
        for number, line in enumerate(LINES)
    ]


def confirmed(turn: Turn) -> Said:
    def ruling(one: dict[str, str]) -> Severity:
        return SEVERITIES[int(one["title"].split()[1]) % 4]

    return says(
        rulings=tuple(
            evolve(ruling_of(one["claim"], "confirmed", one["quote"], ruling(one)), file="x.py") for one in shown(turn)
        )
    )


def outcome(**limits: Any) -> tuple[Brief, Outcome]:
    brief = brief_of({"x.py": (None, TEXT)}, sits=("architect", "code-reviewer"), **limits)
    return brief, play(brief, opening({"architect": says(*claims())}, confirmed)).outcome


def ranks(findings: tuple[Finding, ...]) -> list[int]:
    return [SEVERITIES.index(one.severity) for one in findings]


@pytest.mark.parametrize("minimum", SEVERITIES)
@pytest.mark.parametrize("most", [0, 1, 4, 100])
def test_the_worst_are_shown_and_the_rest_is_held_back_with_the_reason(minimum: Severity, most: int) -> None:
    brief, came = outcome(minimum_severity=minimum, max_findings=most)
    wanted = sum(at_least(claim.severity, minimum) for claim in claims())
    assert len(came.findings) == min(wanted, most)
    assert len(came.findings) + len(came.held_back) == len(LINES)
    assert ranks(came.findings) == sorted(ranks(came.findings))
    assert ranks(came.held_back) == sorted(ranks(came.held_back))
    rows = [one.settled.row for one in came.contentions if one.settled is not None]
    assert rows.count("below the minimum") == len(LINES) - wanted
    assert rows.count("too many") == max(wanted - most, 0)
    reasons = {
        f"It is below the severity asked for ({brief.minimum_severity}).",
        f"At most {counted(most, 'finding')} may be shown, and others come before it.",
    }
    assert {one.trace[-1].text for one in came.held_back} <= reasons
    assert all(one.verdict == "confirmed" for one in (*came.findings, *came.held_back))


def test_what_is_too_mild_takes_nobodys_place() -> None:
    _, came = outcome(minimum_severity="high", max_findings=6)
    assert [one.severity for one in came.findings] == ["critical"] * 3 + ["high"] * 3
    assert not any("come before it" in one.trace[-1].text for one in came.held_back)


def test_of_equals_those_that_stand_first_are_shown() -> None:
    _, came = outcome(max_findings=2)
    assert [one.range.start.line for one in came.findings] == [0, 4]


def test_every_finding_has_its_whole_trace_and_its_share_of_the_cost() -> None:
    _, came = outcome(minimum_severity="medium", max_findings=3)
    told = (*came.findings, *came.held_back)
    for finding in told:
        assert [step.phase for step in finding.trace] == ["opening", "cross_examination", "verdict"]
        raising, ruling, verdict = finding.trace
        assert (raising.seat, raising.file, raising.quote) == ("architect", "x.py", finding.quote)
        assert ruling.seat != "architect"
        assert (ruling.verdict, ruling.quote) == ("confirmed", finding.quote)
        assert (verdict.seat, verdict.verdict) == ("code", "confirmed")
        assert raising.spent > 0
        assert ruling.spent > 0
    spent = sum((step.spent for finding in told for step in finding.trace), ZERO)
    paid = sum((one.reply.spent for one in came.exchanges), ZERO)
    silent = Decimal("0.01")  # the code reviewer's opening, of which nothing came
    assert abs(paid - silent - spent) < Decimal("0.00001")


def test_every_id_is_its_own_and_known() -> None:
    _, came = outcome(max_findings=5)
    ids = [one.id for one in (*came.findings, *came.held_back)]
    assert len(set(ids)) == len(LINES)
    assert set(came.finding_of.values()) == set(ids)
    assert set(came.finding_of) == {one.id for one in came.contentions}


def test_what_was_dropped_is_no_finding_and_not_held_back() -> None:
    def refuted(turn: Turn) -> Said:
        return says(
            rulings=tuple(evolve(ruling_of(one["claim"], "refuted", one["quote"]), file="x.py") for one in shown(turn))
        )

    mild = [evolve(claim, severity="low") for claim in claims()]
    brief = brief_of({"x.py": (None, TEXT)}, sits=("architect", "code-reviewer"))
    came = play(brief, opening({"architect": says(*mild)}, refuted)).outcome
    assert came.findings == came.held_back == ()
    assert len(came.contentions) == len(LINES)
    assert came.finding_of == {}
