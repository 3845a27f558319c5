"""What is expected of the next debate, from those that were held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.budget.forecast import Forecast, Nature, shares_of
from rebuttal.budget.model import Estimate, Likely, PlannedCall
from rebuttal.store.debates import ActualShare, DebatePlan, DebateState, PastDebate, PlannedShare
from rebuttal.store.model import Tokens

SONNET, OPUS = "claude-sonnet-5-5", "claude-opus-5-5"
OPENING = PlannedCall("opening", "architect", SONNET, Tokens(input=1_000, cache_write=9_000, output=2_000), 3)
CROSS = PlannedCall("cross_examination", "architect", SONNET, Tokens(input=1_500, cache_read=9_000, output=800), 4)
PLANNED = (OPENING, CROSS)
NATURE = Nature("crossfire", "balanced", 3, 3, 100)


def past(
    calls: Sequence[tuple[PlannedCall, float]],
    state: DebateState = "whole",
    spent: str = "0.1",
    expected: str = "0.1",
    **nature: int,
) -> PastDebate:
    """A debate of which `PLANNED` was assumed, and which took these calls."""
    sizes = {"seats": 3, "rounds": 3, "files": 3, "lines": 100, **nature}
    assumed = tuple(
        PlannedShare(one.phase, one.seat, one.model, one.count, 0, 0, Decimal(0), one.count, _times(one, one.count))
        for one in PLANNED
    )
    plan = DebatePlan(
        *("r", "mine", "small", "crossfire", "balanced"),
        *(sizes["seats"], sizes["rounds"], sizes["files"], sizes["lines"], 9_000),
        expected=Decimal(expected),
        at_most=Decimal(1),
        calls=assumed,
    )
    actual = tuple(
        ActualShare(one.phase, one.seat, one.model, round(count), _times(one, count), Decimal(spent) / len(calls))
        for one, count in calls
    )
    return PastDebate(plan, datetime(2026, 11, 1, tzinfo=UTC), state, 3, actual)


def _times(call: PlannedCall, count: float) -> Tokens:
    one = call.tokens
    parts = (one.input, one.cache_write, one.cache_read, one.output)
    return Tokens(*(round(part * count) for part in parts))


def counts(calls: Sequence[PlannedCall], phase: str) -> float:
    return sum(call.count for call in calls if call.phase == phase)


def test_without_history_the_assumptions_stand() -> None:
    forecast = Forecast.of(())
    assert forecast.calls(PLANNED, NATURE) == PLANNED
    assert forecast.likely(Decimal("0.1"), Decimal(1)) is None
    assert Estimate(Decimal(1), Decimal(2)).basis == "assumed: no debate yet"


def test_a_debate_as_assumed_changes_nothing() -> None:
    forecast = Forecast.of([past([(OPENING, 3), (CROSS, 4)])] * 30)
    calls = forecast.calls(PLANNED, NATURE)
    for phase, count in (("opening", 3), ("cross_examination", 4)):
        assert counts(calls, phase) == pytest.approx(count, rel=0.01)
    assert [call.tokens for call in calls] == [call.tokens for call in PLANNED]


def test_more_calls_are_expected_where_debates_took_more() -> None:
    forecast = Forecast.of([past([(OPENING, 3), (CROSS, 12)])] * 30)
    calls = forecast.calls(PLANNED, NATURE)
    assert counts(calls, "cross_examination") == pytest.approx(12, rel=0.1)
    assert counts(calls, "opening") == pytest.approx(3, rel=0.01)


def test_lengths_of_answers_are_learned() -> None:
    short = evolve(CROSS, tokens=evolve(CROSS.tokens, output=300))
    forecast = Forecast.of([past([(OPENING, 3), (short, 4)])] * 30)
    cross = forecast.calls(PLANNED, NATURE)[1]
    assert cross.tokens.output == pytest.approx(300, rel=0.1)
    assert cross.count == pytest.approx(4, rel=0.01)


def test_what_the_cache_misses_is_expected_to_be_written_again() -> None:
    missed = evolve(CROSS, tokens=evolve(CROSS.tokens, cache_read=4_500, cache_write=4_500))
    forecast = Forecast.of([past([(OPENING, 3), (missed, 4)])] * 40)
    tokens = forecast.calls(PLANNED, NATURE)[1].tokens
    assert tokens.cache_read == pytest.approx(4_500, rel=0.15)
    assert tokens.cache_read + tokens.cache_write == pytest.approx(9_000, abs=2)


def test_a_model_that_nobody_planned_is_expected_where_it_may_be_asked() -> None:
    dearer = evolve(CROSS, model=OPUS)
    forecast = Forecast.of([past([(OPENING, 3), (CROSS, 3), (dearer, 1)])] * 30)
    calls = forecast.calls(PLANNED, NATURE, [SONNET, OPUS])
    opus = sum(call.count for call in calls if call.model == OPUS)
    assert opus == pytest.approx(1, rel=0.15)
    assert counts(calls, "cross_examination") == pytest.approx(4, rel=0.05)
    # One that is not in use any more has no price: it is not planned with.
    assert all(call.model == SONNET for call in forecast.calls(PLANNED, NATURE, [SONNET]))


def test_a_debate_that_was_cut_short_does_not_lower_the_expectation() -> None:
    forecast = Forecast.of([past([(OPENING, 3)], "cut")] * 30)
    assert counts(forecast.calls(PLANNED, NATURE), "cross_examination") == pytest.approx(4, rel=0.01)


def test_failed_and_open_debates_and_those_with_unknown_costs_teach_nothing() -> None:
    lost = past([(OPENING, 9), (CROSS, 9)])
    lost = evolve(lost, actual=tuple(evolve(one, assumed=Decimal(1)) for one in lost.actual))
    ones = [past([(OPENING, 9)], "failed"), past([(OPENING, 9)], "open"), lost]
    assert Forecast.of(ones).debates == 0


def test_newer_debates_weigh_more() -> None:
    new, old = past([(OPENING, 3), (CROSS, 12)]), past([(OPENING, 3), (CROSS, 4)])
    count = counts(Forecast.of([*[new] * 60, *[old] * 60]).calls(PLANNED, NATURE), "cross_examination")
    reverse = counts(Forecast.of([*[old] * 60, *[new] * 60]).calls(PLANNED, NATURE), "cross_examination")
    assert count > 9
    assert reverse < 7


def test_it_is_said_between_what_such_debates_ended_once_there_are_enough() -> None:
    ends = [past([(OPENING, 3)], spent=f"0.{ending:02}") for ending in range(6, 16)]
    assert Forecast.of(ends[:4]).likely(Decimal("0.1"), Decimal(1)) is None
    likely = Forecast.of(ends * 3).likely(Decimal("0.1"), Decimal(1))
    assert likely is not None
    assert Decimal("0.06") <= likely.low <= Decimal("0.08")
    assert Decimal("0.13") <= likely.high <= Decimal("0.15")
    # Debates of another size say nothing of this one.
    assert Forecast.of(ends * 3).likely(Decimal(20), Decimal(100)) is None
    capped = Forecast.of(ends * 3).likely(Decimal("0.1"), Decimal("0.09"))
    assert capped is not None
    assert capped.high == Decimal("0.09")


def test_the_line_for_people_says_what_it_rests_on() -> None:
    estimate = Estimate(Decimal("0.1"), Decimal(1), learned_from=46)
    assert estimate.grounds == "from 46 debates of yours"
    surer = evolve(estimate, likely=Likely(Decimal("0.08"), Decimal("0.17")))
    assert surer.grounds == "from 46 debates of yours; four of five such debates ended between $0.08 and $0.17"
    assert surer.to_json()["likely"] == {"from": "0.08", "to": "0.17"}
    assert "likely" not in estimate.to_json()


def test_what_is_written_down_has_what_was_shown_beside_what_was_assumed() -> None:
    shown = [(evolve(CROSS, count=2.5), Decimal("0.02")), (evolve(CROSS, model=OPUS, count=0.5), Decimal("0.01"))]
    first, second = shares_of(shown, [CROSS])
    assert (first.calls, first.expected, first.assumed_calls) == (2.5, Decimal("0.02"), 4)
    assert first.assumed == Tokens(input=6_000, cache_read=36_000, output=3_200)
    assert (second.model, second.assumed_calls, second.assumed) == (OPUS, 0, Tokens())


@given(
    st.lists(
        st.builds(
            lambda opened, argued, state, lines: past([(OPENING, opened), (CROSS, argued)], state, lines=lines),
            st.integers(0, 10_000),
            st.integers(0, 10_000),
            st.sampled_from(["whole", "cut"]),
            st.integers(0, 1_000_000),
        ),
        max_size=6,
    ),
    st.integers(0, 1_000_000),
)
def test_whatever_was_seen_no_call_is_expected_less_than_not_at_all(history: list[PastDebate], lines: int) -> None:
    for call in Forecast.of(history).calls(PLANNED, evolve(NATURE, lines=lines), [SONNET, OPUS]):
        assert call.count >= 0
        assert min(call.tokens.input, call.tokens.cache_write, call.tokens.cache_read, call.tokens.output) >= 0
