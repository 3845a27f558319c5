"""What each phase of a review may use of its cap."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.budget.allocation import (
    AT_ONCE,
    CONSERVATIVE,
    DEFAULT_SHARES,
    PRIOR,
    SEED_NAMES,
    SEED_SHARES,
    SPENDERS,
    Allocation,
    Shares,
    Spender,
    learned_shares,
)
from rebuttal.store.model import ZERO

MONEY = st.decimals(0, 100, allow_nan=False, allow_infinity=False, places=9)
COSTS = st.dictionaries(st.sampled_from((*SPENDERS, "summary")), MONEY)
HISTORY = st.lists(COSTS, max_size=30)
LEARNED = HISTORY.map(learned_shares)
NEEDS = st.none() | st.dictionaries(st.sampled_from(SPENDERS), MONEY)
SHARES = st.decimals(0, 1, allow_nan=False, places=3)


def test_it_begins_with_the_seeds_shares() -> None:
    by_name = dict.fromkeys(SEED_SHARES, ZERO)
    for phase, name in SEED_NAMES.items():
        by_name[name] += DEFAULT_SHARES[phase]
    assert by_name == {
        "initialization": Decimal("0.1"),
        "core_debate": Decimal("0.6"),
        "refinement": Decimal("0.2"),
        "summary": Decimal("0.1"),
    }
    assert DEFAULT_SHARES["opening"] == DEFAULT_SHARES["cross_examination"] == Decimal("0.3")


def test_unspent_is_passed_on() -> None:
    one = Allocation(Decimal(1))
    assert one.available("triage", ZERO) == Decimal("0.1")
    assert one.available("opening", ZERO) == Decimal("0.4")
    assert one.available("cross_examination", Decimal("0.25")) == Decimal("0.45")
    assert one.available("rebuttal", Decimal("0.55")) == Decimal("0.35")


def test_what_later_phases_will_not_need_may_be_used_before() -> None:
    one = Allocation(Decimal(1))
    needs: dict[Spender, Decimal] = {"cross_examination": Decimal("0.2"), "rebuttal": Decimal("0.5")}
    assert one.available("opening", ZERO, needs) == 1 - Decimal("0.2") - Decimal("0.2")


def test_below_thirty_percent_a_phase_may_use_half_of_what_is_left() -> None:
    one = Allocation(Decimal(1))
    assert one.available("opening", Decimal("0.8"), {"consensus": Decimal("0.01")}) == Decimal("0.10")
    assert one.available("opening", Decimal("0.7"), {"consensus": Decimal("0.01")}) == Decimal("0.29")


def test_of_little_that_day_and_month_have_left_half_is_risked_at_once() -> None:
    one = Allocation(Decimal("0.2"), full=Decimal(1))
    assert one.available("opening", ZERO, {"consensus": Decimal("0.001")}) == Decimal("0.1")


def test_the_last_phase_may_use_everything_that_is_left() -> None:
    one = Allocation(Decimal(1))
    assert one.available("consensus", Decimal("0.95")) == Decimal("0.05")
    assert one.available("cross_examination", Decimal("0.95"), {}) == Decimal("0.05")


@given(LEARNED)
def test_shares_are_together_one_and_none_is_below_zero(shares: Shares) -> None:
    assert set(shares) == set(SPENDERS)
    assert sum(shares.values()) == 1
    assert min(shares.values()) >= 0


@given(MONEY, LEARNED)
def test_allotments_are_together_the_budget_to_the_last_nano_dollar(budget: Decimal, shares: Shares) -> None:
    allotments = Allocation(budget, shares).allotments
    assert sum(allotments.values()) == budget
    assert min(allotments.values()) >= 0


@given(MONEY, LEARNED, NEEDS, st.lists(SHARES, min_size=len(SPENDERS), max_size=len(SPENDERS)))
def test_whatever_phases_use_nothing_is_lost_and_the_budget_is_never_passed(
    budget: Decimal, shares: Shares, needs: dict[str, Decimal] | None, used: list[Decimal]
) -> None:
    one, spent = Allocation(budget, shares), ZERO
    for phase, share in zip(SPENDERS, used, strict=True):
        available = one.available(phase, spent, needs)  # type: ignore[arg-type]  # drawn from SPENDERS
        assert 0 <= available <= one.left(spent)
        if phase == SPENDERS[-1]:
            assert available == budget - spent
        spent += available * share
    assert spent <= budget


@given(MONEY, MONEY, LEARNED, NEEDS)
def test_a_phase_never_has_less_than_its_allotment_while_the_debate_keeps_within_them(
    budget: Decimal, saved: Decimal, shares: Shares, needs: dict[str, Decimal] | None
) -> None:
    one, spent = Allocation(budget, shares), ZERO
    for phase in SPENDERS:
        if not one.is_conservative(spent):
            assert one.available(phase, spent, needs) >= one.allotments[phase]  # type: ignore[arg-type]  # as above
        spent += max(one.allotments[phase] - saved, ZERO)


@given(st.dictionaries(st.sampled_from(SPENDERS), MONEY, min_size=1), LEARNED)
def test_a_review_that_is_expected_to_fit_is_not_shortened_for_its_shares(
    needs: dict[str, Decimal], shares: Shares
) -> None:
    one, spent = Allocation(sum(needs.values(), ZERO), shares), ZERO
    for phase in SPENDERS:
        if one.is_conservative(spent):
            break
        assert needs.get(phase, ZERO) <= one.available(phase, spent, needs)  # type: ignore[arg-type]  # as above
        spent += needs.get(phase, ZERO)


@given(MONEY, MONEY, LEARNED, st.sampled_from(SPENDERS), NEEDS)
def test_more_money_never_gives_a_phase_less(
    budget: Decimal, more: Decimal, shares: Shares, phase: str, needs: dict[str, Decimal] | None
) -> None:
    low, high = sorted((budget, more))
    some, rich = (Allocation(one, shares).available(phase, ZERO, needs) for one in (low, high))  # type: ignore[arg-type]  # as above
    assert some <= rich or Allocation(low, shares).is_conservative(ZERO)


def test_without_history_the_shares_stay() -> None:
    assert learned_shares([]) == DEFAULT_SHARES
    assert learned_shares([{}, {"opening": ZERO}, {"summary": Decimal(3)}]) == DEFAULT_SHARES


@pytest.mark.parametrize("debates", [1, PRIOR, 1_000])
def test_shares_move_towards_the_history_by_how_much_of_it_there_is(debates: int) -> None:
    shares = learned_shares([{"opening": Decimal(3), "cross_examination": Decimal(1)}] * debates)
    expected = (PRIOR * Decimal("0.3") + debates * Decimal("0.75")) / (PRIOR + debates)
    assert abs(shares["opening"] - expected) < Decimal("0.0002")
    assert shares["triage"] < DEFAULT_SHARES["triage"]


@given(HISTORY, st.randoms())
def test_the_order_of_debates_and_their_size_do_not_matter(
    history: list[dict[str, Decimal]], random: st.DataObject
) -> None:
    again = [{phase: cost * 7 for phase, cost in one.items()} for one in history]
    random.shuffle(again)  # type: ignore[attr-defined]  # of Random, which is what `randoms` draws
    some, other = learned_shares(history), learned_shares(again)
    assert all(abs(some[phase] - other[phase]) <= Decimal("0.0005") for phase in SPENDERS)


def test_the_figures_are_the_seeds() -> None:
    assert (Decimal("0.3"), Decimal("0.5")) == (CONSERVATIVE, AT_ONCE)
