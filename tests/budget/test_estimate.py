from __future__ import annotations

from decimal import Decimal

import pytest

from rebuttal.budget.estimate import PlannedTurn, enforced_cap, estimate, plan_calls, planned_call
from rebuttal.budget.model import UnknownPrice
from rebuttal.budget.prices import PriceBook
from rebuttal.store.model import Caps, Tokens, Totals

CAPS = Caps(review=Decimal(1), day=Decimal(5), month=Decimal(50))
SONNET, HAIKU = "claude-sonnet-5-5", "claude-haiku-5-5"


def test_the_first_call_of_each_model_writes_the_prefix_and_the_others_read_it() -> None:
    turns = [
        PlannedTurn("opening", seat, model, 100, 500) for seat, model in zip("abcd", [SONNET, HAIKU] * 2, strict=True)
    ]
    calls = plan_calls(turns, shared_tokens={SONNET: 10_000, HAIKU: 9_000}.__getitem__)
    assert [call.tokens for call in calls] == [
        Tokens(input=100, cache_write=10_000, output=500),
        Tokens(input=100, cache_write=9_000, output=500),
        Tokens(input=100, cache_read=10_000, output=500),
        Tokens(input=100, cache_read=9_000, output=500),
    ]


def test_a_question_without_the_prefix_does_not_write_it_for_the_seats() -> None:
    turns = [
        PlannedTurn("triage", "moderator", HAIKU, 900, 600, has_shared=False),
        PlannedTurn("opening", "documentation", HAIKU, 100, 500),
        PlannedTurn("opening", "frontend", HAIKU, 100, 500),
    ]
    calls = plan_calls(turns, shared_tokens={HAIKU: 9_000}.__getitem__)
    assert [call.tokens for call in calls] == [
        Tokens(input=900, output=600),
        Tokens(input=100, cache_write=9_000, output=500),
        Tokens(input=100, cache_read=9_000, output=500),
    ]


def test_a_models_only_call_writes_nothing() -> None:
    (call,) = plan_calls([PlannedTurn("opening", "a", SONNET, 100, 500)], shared_tokens={SONNET: 10_000}.__getitem__)
    assert call.tokens == Tokens(input=10_100, output=500)


def test_a_prefix_below_the_minimum_is_plain_input() -> None:
    call = planned_call("opening", "a", SONNET, shared_tokens=511, ask_tokens=100, output_tokens=5, warm=True)
    assert call.tokens == Tokens(input=611, output=5)


def test_expected_is_the_sum_of_its_parts() -> None:
    calls = [
        planned_call("opening", "a", SONNET, shared_tokens=10_000, ask_tokens=100, output_tokens=1_000, warm=False),
        planned_call("opening", "b", SONNET, shared_tokens=10_000, ask_tokens=100, output_tokens=1_000, warm=True),
        planned_call(
            "cross_examination", "b", HAIKU, shared_tokens=10_000, ask_tokens=0, output_tokens=200, warm=True, count=3
        ),
    ]
    result = estimate(calls, PriceBook(), CAPS, Totals())
    first, second, third = Decimal("0.0352"), Decimal("0.0112"), 3 * Decimal("0.0002")
    assert result.expected == first + second + third
    assert result.by_phase == {"opening": first + second, "cross_examination": third}
    assert result.by_seat == {"a": first, "b": second + third}
    assert result.by_model == {SONNET: first + second, HAIKU: third}
    assert result.calls == tuple(calls)
    assert result.fits


@pytest.mark.parametrize(
    ("caps", "totals", "expected"),
    [
        (CAPS, Totals(), "1"),
        (CAPS, Totals(day=Decimal("4.75"), month=Decimal(10)), "0.25"),
        (CAPS, Totals(day=Decimal("4.75"), month=Decimal("49.9")), "0.1"),
        (CAPS, Totals(day=Decimal(6), month=Decimal(6)), "0"),
        (Caps(month=Decimal(2)), Totals(day=Decimal(1), month=Decimal(1)), "1"),
        (Caps(), Totals(day=Decimal(1)), "Infinity"),
        (Caps(review=Decimal(1), repository=Decimal(2)), Totals(repository=Decimal("1.25")), "0.75"),
        (Caps(call=Decimal("0.1"), review=Decimal(1)), Totals(), "1"),
        (Caps(call=Decimal(0), review=Decimal(1)), Totals(), "0"),
        (Caps(hour=Decimal(0), review=Decimal(1)), Totals(), "0"),
        (Caps(hour=Decimal("0.5"), review=Decimal(1)), Totals(hour=Decimal("0.4"), day=Decimal("0.4")), "0.1"),
    ],
)
def test_at_most_is_the_cap_that_binds(caps: Caps, totals: Totals, expected: str) -> None:
    assert enforced_cap(caps, totals) == Decimal(expected)
    assert estimate([], PriceBook(), caps, totals).at_most == Decimal(expected)


def test_a_review_that_a_cap_will_cut_short_is_seen_beforehand() -> None:
    call = planned_call("opening", "a", SONNET, shared_tokens=0, ask_tokens=0, output_tokens=100_001, warm=False)
    result = estimate([call], PriceBook(), CAPS, Totals())
    assert result.expected > result.at_most == 1
    assert not result.fits


def test_nothing_planned_costs_nothing_and_needs_no_price() -> None:
    result = estimate([], PriceBook(), CAPS, Totals())
    assert result.expected == 0
    assert not result.calls
    assert not result.by_model


def test_a_model_without_a_price_is_not_estimated() -> None:
    call = planned_call("opening", "a", "my-model", shared_tokens=0, ask_tokens=0, output_tokens=1, warm=False)
    with pytest.raises(UnknownPrice):
        estimate([call], PriceBook(), CAPS, Totals())
