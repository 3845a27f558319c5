"""What gives way where money does not reach, in which order."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.debate.model import Profile
from rebuttal.debate.shortening import FEWEST, SHORTENINGS, WHOLE, Plan, kept_seats, ladder
from tests.debate.conftest import seats

PAGE = Path(__file__).parents[2] / "docs" / "budget.md"
PANEL = seats("architect", "code-reviewer", "security-analyst", "performance-expert", "documentation")


def steps(seats_: int, profile: Profile = "balanced", *, slices: bool = True, rebuttal: bool = True) -> list[Plan]:
    return [one for group in ladder(seats_, profile, slices=slices, rebuttal=rebuttal) for one in group]


def test_the_page_shows_the_order_of_the_code() -> None:
    rows = [f"| {number} | {one.what} | {one.how} |" for number, one in enumerate(SHORTENINGS, 1)]
    assert "\n".join(rows) in PAGE.read_text("utf-8")


def test_the_order_is_fewer_seats_cheaper_models_less_code_no_rebuttal_two_seats() -> None:
    plans = steps(5)
    assert plans[0] == WHOLE
    firsts = [
        next(number for number, one in enumerate(plans) if is_taken(one))
        for is_taken in (
            lambda one: one.seats is not None,
            lambda one: one.columns > 0,
            lambda one: one.slices < 100,
            lambda one: not one.rebuttal,
            lambda one: one.seats == FEWEST,
        )
    ]
    assert firsts == sorted(firsts)
    assert len(firsts) == len(SHORTENINGS)


@pytest.mark.parametrize("profile", ["frugal", "balanced", "thorough"])
@pytest.mark.parametrize("number", range(1, 9))
def test_no_step_takes_another_one_back_but_that_cheaper_models_bring_seats_back(number: int, profile: Profile) -> None:
    groups = list(ladder(number, profile, slices=True, rebuttal=True))
    for group in groups:
        assert len({evolve(one, seats=None) for one in group}) == 1
        assert [one.seats or number for one in group] == sorted((one.seats or number for one in group), reverse=True)
        assert min(one.seats or number for one in group) >= min(FEWEST, number)
    for one, other in pairwise(group[-1] for group in groups):
        assert other.columns >= one.columns
        assert other.slices <= one.slices
        assert other.rebuttal <= one.rebuttal


def test_what_there_is_none_of_is_not_given_up() -> None:
    assert all(one.slices == 100 and one.rebuttal for one in steps(3, slices=False, rebuttal=False))


def test_half_of_the_panel_stays_until_everything_else_has_given_way() -> None:
    assert {one.seats for one in steps(7) if one.rebuttal} == {None, 6, 5, 4}
    assert [one.seats for one in steps(7)][-2:] == [3, 2]


def test_those_in_doubt_go_first_then_the_least_needed() -> None:
    def gone(left: int, *doubtful: str) -> set[str]:
        kept = kept_seats(PANEL, frozenset(doubtful), Plan(seats=left))
        assert [seat for seat in PANEL if seat in kept] == list(kept)
        return {seat.id for seat in PANEL} - {seat.id for seat in kept}

    assert gone(4, "architect") == {"architect"}
    assert gone(4) == {"documentation"}
    assert gone(2) == {"documentation", "performance-expert", "security-analyst"}
    assert gone(3) == {"documentation", "performance-expert"}, "of alike ones the last, who is called for least"
    assert gone(5) == gone(9) == set()


def test_it_is_told_in_a_few_words() -> None:
    assert WHOLE.words(5) == ()
    assert Plan(2, 1, 50, rebuttal=False).words(5) == (
        "2 of 5 seats",
        "cheaper models",
        "50 % of the other code",
        "no rebuttal",
    )
    assert Plan(slices=0).words(5) == ("no other code",)
