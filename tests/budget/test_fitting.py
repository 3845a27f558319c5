"""Corrections of assumptions: little is learned from little, nothing strange is believed, and nothing breaks."""

from __future__ import annotations

from math import isfinite, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.budget.fitting import MOST, Fit, Observation, fit, solved

ONE = (0.6,)


def test_without_observations_the_assumption_stands() -> None:
    assert fit([], ONE).factor((1.0,)) == 1.0


def test_one_observation_moves_it_a_little_and_many_decide() -> None:
    twice = Observation((1.0,), 8, 4)
    factors = [fit([twice] * number, ONE).factor((1.0,)) for number in (1, 5, 50)]
    assert factors == sorted(factors)
    assert 1.0 < factors[0] < 1.9
    assert factors[-1] == pytest.approx(2, abs=0.05)


def test_what_depends_on_size_is_learned_by_size() -> None:
    seen = [Observation((1.0, size), 10 * 2.718281828**size, 10) for size in (-1.0, -0.5, 0.0, 0.5, 1.0)] * 20
    learned = fit(seen, (0.6, 0.6))
    assert learned.factor((1.0, 0.75)) == pytest.approx(2.117, rel=0.05)


def test_beyond_what_was_seen_the_correction_stays_as_it_is_at_the_edge() -> None:
    seen = [Observation((1.0, size), 10 + 5 * size, 10) for size in (0.0, 1.0)] * 30
    learned = fit(seen, (0.6, 0.6))
    assert learned.factor((1.0, 9.0)) == learned.factor((1.0, 1.0))


def test_one_debate_that_ran_wild_moves_the_expectation_little() -> None:
    usual = [Observation((1.0,), 4, 4)] * 20
    assert fit([*usual, Observation((1.0,), 400, 4)], ONE).factor((1.0,)) < 1.12


def test_what_was_cut_short_never_lowers_the_expectation() -> None:
    cut = [Observation((1.0,), 1, 4, at_least=True)] * 20
    assert fit(cut, ONE).factor((1.0,)) == 1.0
    more = [Observation((1.0,), 9, 4, at_least=True)] * 20
    assert fit(more, ONE).factor((1.0,)) > 1.8


def test_newer_observations_weigh_more() -> None:
    old, new = Observation((1.0,), 4, 4, 0.2), Observation((1.0,), 8, 4, 1.0)
    assert fit([old, new] * 20, ONE).factor((1.0,)) > 1.6


def test_linear_equations_are_solved() -> None:
    assert solved([[4.0, 1.0], [1.0, 3.0]], [1.0, 2.0]) == pytest.approx([1 / 11, 7 / 11])


_COUNTS = st.floats(0, 1e9)


@given(
    st.lists(
        st.builds(
            Observation,
            st.tuples(st.just(1.0), st.floats(-8, 12)),
            _COUNTS,
            st.floats(0, 1e6),
            st.floats(0, 1),
            st.none() | st.floats(0.01, 1e4),
            st.booleans(),
        ),
        max_size=12,
    ),
    st.floats(-100, 100),
)
def test_whatever_was_seen_the_correction_is_a_number_within_bounds(seen: list[Observation], size: float) -> None:
    factor = fit(seen, (0.6, 0.3)).factor((1.0, size))
    assert isfinite(factor)
    assert abs(log(factor)) <= MOST + 1e-9


def test_an_empty_fit_corrects_nothing() -> None:
    assert Fit().factor((1.0, 2.0, 3.0)) == 1.0
