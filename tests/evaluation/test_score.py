"""Precision, recall and F1 are the counts that they are said to be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve

from rebuttal.debate.model import Place
from rebuttal.evaluation.corpus import Case, Defect
from rebuttal.evaluation.report import SIMULATED, to_json, to_text
from rebuttal.evaluation.run import Evaluation
from rebuttal.evaluation.score import CaseScore, Figures, Score, SeatScore, judged
from rebuttal.findings.model import Category, Finding
from rebuttal.findings.severity import Severity
from rebuttal.store.model import Cost, Spent
from rebuttal.text.positions import Position, Range


def finding(line: int, title: str, category: Category = "correctness", severity: Severity = "high") -> Finding:
    return Finding(
        id=f"{line:016}",
        file="shop/cart.py",
        side="new",
        range=Range(Position(line, 0), Position(line, 10)),
        quote="",
        title=title,
        message="",
        severity=severity,
        category=category,
        rule=f"debate:{category}",
        source="debate",
        raised_by=("code-reviewer",),
        verdict="confirmed",
        confidence="likely",
    )


TRUE = finding(6, "The discount is ten times the price")
AGAIN = finding(5, "The total becomes negative")
FALSE = finding(11, "Labels are not translated", "usability", "low")


@pytest.fixture
def two(faulty: Case) -> Case:
    """With a second defect that nobody finds."""
    other: Defect = evolve(
        faulty.defects[0],
        id="python-cart-discount.2",
        places=(Place("shop/checkout.py", "new", 4, 4),),
        category="security",
        severity="medium",
        title="Anybody may pay",
    )
    return evolve(faulty, defects=(*faulty.defects, other))


def score_of(case: Case, *told: Finding, held_back: tuple[Finding, ...] = ()) -> CaseScore:
    findings = judged(case, told)
    return CaseScore(case, "small", findings, held_back=judged(case, held_back, findings), raised=frozenset())


def test_each_finding_and_each_defect_counts_once(two: Case, clean: Case) -> None:
    score = Score((score_of(two, TRUE, AGAIN, FALSE), score_of(clean)))
    figures = score.figures()
    assert figures == Figures(planted=2, found=1, true=1, false=1, duplicates=1)
    assert (figures.precision, figures.recall, figures.f1) == (0.5, 0.5, 0.5)
    assert [one.id for one in score.cases[0].missed] == ["python-cart-discount.2"]


def test_defects_count_by_their_own_category_and_false_findings_by_the_one_they_claim(two: Case) -> None:
    score = Score((score_of(two, TRUE, FALSE),))
    categories, severities = score.by_category(), score.by_severity()
    assert categories["correctness"] == Figures(1, 1, 1, 0, 0)
    assert categories["security"] == Figures(1, 0, 0, 0, 0)
    assert categories["usability"] == Figures(0, 0, 0, 1, 0)
    assert severities["critical"].found == 1
    assert severities["low"].false == 1


def test_held_back_ones_are_counted_apart_and_only_for_what_was_not_told(two: Case) -> None:
    missed = evolve(finding(4, "Anybody may pay", "security"), file="shop/checkout.py")
    score = Score((score_of(two, TRUE, held_back=(AGAIN, missed, FALSE)),))
    held = score.held_back()
    assert (held.planted, held.true, held.false, held.duplicates) == (1, 1, 1, 1)
    assert score.figures().found == 1


def test_what_only_the_static_panel_told_is_found_but_no_finding_of_the_debate(two: Case) -> None:
    told = score_of(two)
    score = Score((evolve(told, static=judged(two, (evolve(TRUE, source="static"),))),))
    figures = score.figures()
    assert (figures.found, figures.true) == (1, 0)
    assert figures.recall == 0.5
    assert score.cases[0].by_static_only == {two.defects[0].id}


def test_a_ratio_of_nothing_is_none_and_nothing_found_is_zero(two: Case, clean: Case) -> None:
    silent, nothing = Score((score_of(two),)).figures(), Score((score_of(clean),)).figures()
    assert (silent.precision, silent.recall, silent.f1) == (None, 0.0, 0.0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)


def test_clean_cases_with_an_alarm_are_counted(clean: Case) -> None:
    alarm = evolve(finding(6, "Copied for nothing", "performance"), file="app/settings.py")
    assert Score((score_of(clean, alarm), score_of(clean))).clean_alarmed == (1, 2)


def test_costs_and_seats_add_up(two: Case) -> None:
    seat = SeatScore(raised=2, true=1, false=1, cost=Spent(Decimal("0.02"), 3))
    one = evolve(score_of(two, TRUE), seats={"architect": seat}, cost=Cost(Decimal("0.02"), calls=3))
    score = Score((one, one))
    assert score.cost.spent == Decimal("0.04")
    assert score.cost.calls == 6
    assert score.seats()["architect"] == SeatScore(raised=4, true=2, false=2, cost=Spent(Decimal("0.04"), 6))


def test_a_page_says_what_is_simulated_and_what_was_not_measured(two: Case) -> None:
    evaluation = Evaluation(Score((score_of(two, TRUE, FALSE),)), 3, simulated=True, ended="it was interrupted")
    text = to_text(evaluation)
    assert text.startswith(SIMULATED)
    assert "1 of 3 changes reviewed: it was interrupted" in text
    assert "medium    python-cart-discount: Anybody may pay (not claimed)" in text
    assert "low       python-cart-discount: Labels are not translated (beside a defect)" in text
    assert SIMULATED not in to_text(evolve(evaluation, simulated=False))


def test_nothing_measured_is_a_page_and_a_document_as_well() -> None:
    empty = Evaluation(Score(()), 2, ended="sending was not agreed to")
    assert "0 of 2 changes reviewed: sending was not agreed to" in to_text(empty)
    assert to_json(empty)["cases"] == []
    assert to_json(empty)["figures"]["precision"] is None
