"""Whether a further round is worth its price."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.debate.worth import SEED, Spread, Standing, Weighed, Worth, dissent

TIED = Standing("high", 1, 1, 0, is_open=True)
STANDINGS = st.lists(
    st.builds(
        Standing,
        st.sampled_from(("critical", "high", "medium", "low")),
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(0, 5),
        st.booleans(),
    ),
    max_size=12,
)
SHARES = st.floats(0, 1, allow_nan=False)


def test_a_claim_that_is_tied_is_disputed_and_one_that_is_settled_is_not() -> None:
    assert TIED.spread == 1
    assert evolve(TIED, is_open=False).spread == 0
    assert 0 < Standing("high", 1, 0, 1, is_open=True).spread < 1
    assert Standing("high", 3, 0, 0, is_open=True).spread == 0


def test_dissent_weighs_a_claim_by_its_severity() -> None:
    mild = evolve(TIED, severity="low", is_open=False)
    assert dissent([TIED, mild]) == 0.8
    assert dissent([evolve(TIED, is_open=False), evolve(mild, is_open=True)]) == 0.2
    assert dissent([]) == 0


@given(STANDINGS)
def test_dissent_is_a_share(standings: list[Standing]) -> None:
    assert 0 <= dissent(standings) <= 1


def test_the_default_is_the_seeds_rule() -> None:
    """(1 - consensus) × 0.3 / 0.2 > 0.5 where the cost of a round is not known: from a third of dissent on."""
    worth = Worth()
    assert not worth.pays(Spread(0.33))
    assert worth.pays(Spread(0.34))


def test_a_dearer_round_needs_more_dissent() -> None:
    assert Worth().pays(Spread(0.5, 0.25))
    assert not Worth().pays(Spread(0.5, 0.35))


@given(SHARES, SHARES, SHARES)
def test_more_dissent_never_stops_a_round_and_more_cost_never_starts_one(some: float, more: float, cost: float) -> None:
    low, high = sorted((some, more))
    assert Worth().pays(Spread(high, cost)) or not Worth().pays(Spread(low, cost))
    assert Worth().pays(Spread(some, low)) or not Worth().pays(Spread(some, high))


@given(SHARES)
def test_consensus_is_never_argued_however_cheap(cost: float) -> None:
    assert not Worth(threshold=0).pays(Spread(0.0, cost))


def test_learned_figures_take_the_place_of_the_seeds() -> None:
    spread = Spread(0.2, 0.2)
    assert not Worth().pays(spread)
    assert Worth(gain=0.6).pays(spread)
    assert Worth(threshold=0.2).pays(spread)
    assert Worth(cost=0.1).pays(Spread(0.2))


def test_a_decision_is_told_with_all_that_it_went_by() -> None:
    told = Weighed(3, Spread(0.5, 0.4), Worth(gain=0.36, rounds=12), held=False).words
    for figure in (
        "Round 3 was not held",
        "50%",
        "36% (learned from 12 rounds)",
        "0.180",
        "0.400",
        "0.5 of that (0.200)",
    ):
        assert figure in told
    assert "the seed's figure" in Weighed(3, Spread(0.5), SEED, held=True).words
