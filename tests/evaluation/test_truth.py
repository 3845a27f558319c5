"""What meets a defect, what repeats it, and what is false."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from rebuttal.debate.model import Place
from rebuttal.evaluation.corpus import Case
from rebuttal.evaluation.truth import NEAR, Said, judge

DEFECT_LINE = 6
"""Of `result -= result * rate` in shop/cart.py, from 0."""
FAR_AWAY = 11


def said(line: int = DEFECT_LINE, words: str = "The total becomes negative", **more: Any) -> Said:
    plain = Said(Place("shop/cart.py", "new", line, line), "correctness", words)
    return evolve(plain, **more)


def judgements(case: Case, *some: Said) -> list[str]:
    return [one.judgement for one in judge(case, some)]


def test_the_place_and_the_category_make_it_true_however_it_is_worded(faulty: Case) -> None:
    assert judgements(faulty, said(words="Something else entirely in other words")) == ["true"]


def test_a_line_that_is_accepted_as_well_and_lines_nearby_are_its_place(faulty: Case) -> None:
    assert judgements(faulty, said(DEFECT_LINE - 1)) == ["true"]
    assert judgements(faulty, said(DEFECT_LINE - 1 - NEAR)) == ["true"]
    assert judgements(faulty, said(FAR_AWAY, "The discount is ten times the price")) == ["false"]


@pytest.mark.parametrize("place", [Place("shop/cart.py", "old", 6, 6), Place("shop/checkout.py", "new", 6, 6)])
def test_the_other_side_and_another_file_are_not_its_place(faulty: Case, place: Place) -> None:
    assert judgements(faulty, said(place=place)) == ["false"]


def test_another_category_needs_the_same_words(faulty: Case) -> None:
    same = "The rate is a percent and the total is multiplied by the rate as if it were a share: it becomes negative"
    assert judgements(faulty, said(category="usability", words=same)) == ["true"]
    assert judgements(faulty, said(category="usability", words="The label is not translated")) == ["false"]


def test_a_second_finding_on_a_defect_is_neither_true_nor_false(faulty: Case) -> None:
    better = said(words="The discount is ten times the price")
    assert judgements(faulty, said(words="This is wrong"), better) == ["duplicate", "true"]
    assert judgements(faulty, better, said(words="This is wrong")) == ["true", "duplicate"]


def test_who_falls_for_a_lure_beside_a_defect_has_not_found_the_defect(faulty: Case) -> None:
    near = evolve(
        faulty, lures=(evolve(faulty.lures[0], place=Place("shop/cart.py", "new", DEFECT_LINE - 1, DEFECT_LINE - 1)),)
    )
    fell = said(words="An unknown code raises KeyError: whoever enters a code not in the table gets an error page")
    (judged,) = judge(near, [fell])
    assert judged.judgement == "false"
    assert judged.lure == near.lures[0]
    assert judgements(near, said(words="The rate is a percent, so the total becomes negative")) == ["true"]


def test_in_a_clean_case_everything_is_false(clean: Case) -> None:
    place = Place("app/settings.py", "new", 6, 6)
    (judged,) = judge(clean, [Said(place, "performance", "The settings are copied for nothing")])
    assert judged.judgement == "false"
    assert judged.lure is not None


def test_what_is_missing_from_a_file_is_met_by_what_is_said_of_the_file(faulty: Case) -> None:
    missing = evolve(faulty, defects=(evolve(faulty.defects[0], places=(Place("shop/cart.py", "file"),)),))
    assert judgements(missing, said(place=Place("shop/cart.py", "file"))) == ["true"]
    assert judgements(missing, said()) == ["false"]
