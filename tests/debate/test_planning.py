"""What is planned is what happens, near enough to be priced."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from attrs import evolve

from rebuttal.debate.model import Profile
from rebuttal.debate.panel.choice import choose_panel
from rebuttal.debate.planning import PlannedTurn, calls_for, planned_turns
from rebuttal.debate.protocol import protocol, protocol_names
from rebuttal.debate.selection import MAX_TOKENS, cross_tier, settling_tier
from rebuttal.settings import PROTOCOLS
from tests.debate.conftest import change_of

CHANGE = change_of({"a.py": ("", "".join(f"x_{n} = {n}\n" for n in range(120)))})


def test_each_seat_opens_once_with_its_own_tier() -> None:
    choice = choose_panel(CHANGE, "medium")
    opening = [turn for turn in planned_turns(choice, "balanced", CHANGE) if turn.phase == "opening"]
    assert [(turn.seat, turn.tier) for turn in opening] == [(s.id, s.tiers["balanced"]) for s in choice.seats]


def test_nothing_is_planned_for_the_static_panel() -> None:
    assert planned_turns(choose_panel(CHANGE, "static"), "balanced", CHANGE) == ()


def test_solo_plans_one_call() -> None:
    assert len(planned_turns(choose_panel(CHANGE, "medium"), "balanced", CHANGE, "solo")) == 1


def test_a_panel_of_two_rounds_plans_no_rebuttal() -> None:
    phases = {turn.phase for turn in planned_turns(choose_panel(CHANGE, "small"), "balanced", CHANGE)}
    assert phases == {"opening", "cross_examination", "consensus"}


@pytest.mark.parametrize("profile", ["frugal", "balanced", "thorough"])
def test_answers_fit_what_is_set_aside_for_them(profile: Profile) -> None:
    for panel in ("small", "medium", "large"):
        for turn in planned_turns(choose_panel(CHANGE, panel), profile, CHANGE):
            assert 0 < turn.output_tokens <= turn.max_tokens == MAX_TOKENS[turn.phase]
            assert turn.ask_tokens > 500


def test_larger_panels_and_changes_plan_more() -> None:
    small, large = (_calls(planned_turns(choose_panel(CHANGE, one), "balanced", CHANGE)) for one in ("small", "large"))
    assert small < large
    tiny = change_of({"a.py": ("", "x = 1\n")})
    assert _calls(planned_turns(choose_panel(tiny, "small"), "balanced", tiny)) < small


def test_tiers_are_the_designs_table() -> None:
    assert [cross_tier(s, "frugal") for s in ("critical", "high", "medium", "low")] == ["sonnet"] * 2 + ["haiku"] * 2
    assert {cross_tier(s, "balanced") for s in ("critical", "low")} == {"sonnet"}
    assert [cross_tier(s, "thorough") for s in ("critical", "high", "medium", "low")] == ["opus"] * 2 + ["sonnet"] * 2
    assert settling_tier("critical", "frugal", contested=True) == "sonnet"
    assert settling_tier("critical", "balanced", contested=True) == "opus"
    assert settling_tier("critical", "balanced", contested=False) == "sonnet"
    assert settling_tier("high", "balanced", contested=True) == "sonnet"
    assert settling_tier("low", "thorough", contested=False) == "opus"


def test_every_protocol_that_settings_name_is_built_and_plans_its_calls() -> None:
    assert sorted(PROTOCOLS) == list(protocol_names())
    for name in PROTOCOLS:
        turns = planned_turns(choose_panel(CHANGE, "medium"), "balanced", CHANGE, name)
        assert turns[0].phase == "opening"
        assert protocol(name).summary.endswith(".")


def test_a_council_plans_a_check_by_every_seat_and_rounds_that_grow_smaller() -> None:
    choice = choose_panel(CHANGE, "large")
    turns = planned_turns(choice, "balanced", CHANGE, "council")
    assert {turn.phase for turn in turns} == {"opening", "rebuttal", "consensus"}
    assert {seat.id for seat in choice.seats} <= {turn.seat for turn in turns if turn.phase == "rebuttal"}
    two_rounds = planned_turns(choose_panel(CHANGE, "small"), "balanced", CHANGE, "council")
    assert _calls(two_rounds) < _calls(turns)


def test_claims_come_by_chance_so_a_call_for_a_tenth_of_one_is_seldom_made() -> None:
    assert calls_for(0.1, 8) == pytest.approx(0.095, abs=0.001)
    assert calls_for(3, 8) == pytest.approx(0.95, abs=0.001)
    assert calls_for(24, 8) == 3


def test_seats_share_the_examinations_for_nobody_examines_what_it_raised_itself() -> None:
    choice = choose_panel(CHANGE, "medium")
    turns = [one for one in planned_turns(choice, "balanced", CHANGE) if one.phase == "cross_examination"]
    assert {turn.seat for turn in turns} == {seat.id for seat in choice.seats}
    assert len({turn.count for turn in turns if turn.output_tokens == turns[0].output_tokens}) == 1
    assert _calls(turns) > 2, "the first claim has a call of its own, and there are more than fit into another"


def test_a_tier_that_opens_nothing_is_sent_the_diffs_in_dispute_and_not_the_shared_part() -> None:
    choice = choose_panel(CHANGE, "medium")
    turns = planned_turns(choice, "frugal", CHANGE)
    opening = {turn.tier for turn in turns if turn.phase == "opening"}
    assert all(turn.has_shared == (turn.tier in opening) for turn in turns)
    only = evolve(choice, seats=tuple(evolve(seat, tiers={**seat.tiers, "balanced": "haiku"}) for seat in choice.seats))
    cold = [turn for turn in planned_turns(only, "balanced", CHANGE) if turn.tier == "sonnet"]
    assert cold
    assert not any(turn.has_shared for turn in cold)


def _calls(turns: Iterable[PlannedTurn]) -> float:
    return sum(turn.count for turn in turns)
