"""What is asked where the rest of the money does not cover the worst case of a call."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from rebuttal.debate.affording import SHORTER, Affording, Allotted
from rebuttal.debate.model import Failure, Means, Prompt, Reply, Tier, TierPrice, Turn
from rebuttal.debate.selection import MAX_TOKENS
from rebuttal.debate.shortening import Plan
from rebuttal.store.model import ZERO
from tests.debate.conftest import (
    LOOP_CLAIM,
    SQL_CLAIM,
    Said,
    brief_of,
    fails,
    play,
    ruling_of,
    says,
    shown,
)

PRICES: dict[Tier, TierPrice] = {
    "haiku": TierPrice(*map(Decimal, ("0.1", "0.125", "0.01", "0.5"))),
    "sonnet": TierPrice(*map(Decimal, ("2", "2.5", "0.1", "10"))),
    "opus": TierPrice(*map(Decimal, ("4", "5", "0.2", "20"))),
}
PROMPT = Prompt("system", "shared " * 500, "ask")


def means(cap: str, **more: Any) -> Means:
    return Means(cap=Decimal(cap), budget=Decimal(cap), prices=PRICES, **more)


def turn(tier: Tier = "sonnet", phase: Any = "cross_examination") -> Turn:
    return Turn("architect", phase, tier, PROMPT, MAX_TOKENS[phase], why=f"{tier}: balanced, {phase}")


def test_with_enough_left_nothing_is_another() -> None:
    assert Affording(means("1")).fitting(turn(), ZERO) == turn()
    assert Affording(Means()).fitting(turn(), ZERO) == turn()
    assert Affording(Means(cap=Decimal("0.001"))).fitting(turn(), ZERO) == turn()


def test_first_the_limit_of_the_answer_then_the_model_gives_way() -> None:
    affording = Affording(means("0.2"))
    whole, shorter = affording.at_most(turn()), Decimal("0.06")
    asked = affording.fitting(turn(), Decimal("0.2") - whole + Decimal("0.001"))
    assert (asked.tier, asked.max_tokens) == ("sonnet", SHORTER["cross_examination"])
    assert affording.at_most(asked) < shorter < whole
    asked = affording.fitting(turn(), Decimal("0.19"))
    assert (asked.tier, asked.max_tokens) == ("haiku", MAX_TOKENS["cross_examination"])
    assert asked.why.startswith("haiku instead of sonnet: what is left ($0.01) may not cover sonnet")


def test_an_opening_keeps_its_limit() -> None:
    asked = Affording(means("0.05")).fitting(turn("opus", "opening"), ZERO)
    assert (asked.tier, asked.max_tokens) == ("haiku", MAX_TOKENS["opening"])


def test_what_not_even_the_cheapest_fits_is_left_to_the_ledger() -> None:
    assert Affording(means("0.0001")).fitting(turn(), ZERO) == turn()


@pytest.mark.parametrize("prices", [PRICES, {}])
def test_what_the_ledger_refuses_is_asked_another_way_until_there_is_none(prices: dict[Tier, TierPrice]) -> None:
    affording, asked, ways = Affording(Means(prices=prices)), turn("opus"), list[tuple[str, int]]()
    refused = Reply(None, "model", Failure("cap", "the cap would be passed"), calls=0)
    while (other := affording.after(asked, refused)) is not None:
        asked = other
        ways.append((asked.tier, asked.max_tokens))
    assert ways[0] == ("opus", 4_000)
    assert ways[-1] == ("haiku", 4_000)
    assert len(ways) == len(set(ways)) <= 6


def test_nothing_else_is_asked_again() -> None:
    affording = Affording(means("1"))
    for kind in ("overloaded", "billing"):
        assert affording.after(turn(), Reply(None, "m", Failure(kind, "why"), calls=0)) is None
    assert affording.after(turn(), Reply(None, "m", Failure("cap", "why"), calls=1)) is None
    assert affording.after(turn(), Reply(None, "m")) is None


def test_a_prompt_that_is_too_long_for_a_tiers_price_is_not_sent_to_it() -> None:
    poor = means("0.02", slices={"haiku": 2})
    assert Affording(poor).fitting(turn(), ZERO) == turn()
    assert Affording(evolve(poor, plan=Plan(slices=50))).fitting(turn(), ZERO).tier == "haiku"


# --- a phase ---


def test_a_phase_makes_the_calls_that_its_allotment_pays_for() -> None:
    allotted, each = Allotted(means("1.00")), Decimal("0.1")
    assert allotted.calls("rebuttal", 9, each, Decimal("0.5"), {"consensus": each}) == 4
    assert allotted.calls("rebuttal", 3, each, Decimal("0.5"), {"consensus": each}) == 3
    assert allotted.calls("rebuttal", 9, each, Decimal("0.99"), {"consensus": each}) == 0
    assert allotted.calls("rebuttal", 9, ZERO, Decimal("0.99"), {}) == 9
    assert Allotted(Means()).calls("rebuttal", 9, each, Decimal(5), {}) == 9


# --- whole debates ---


def test_a_dear_model_that_a_cap_refused_stopped_the_debate_though_a_cheap_one_could_speak() -> None:
    def speaks(turn: Turn) -> Said:
        if turn.tier != "haiku":
            return fails("cap", "the cap of $0.1 per review would be passed", calls=0)
        if turn.phase == "opening":
            return says(*((SQL_CLAIM,) if turn.seat == "architect" else ()))
        return says(rulings=tuple(ruling_of(one["claim"], "confirmed") for one in shown(turn)))

    outcome = play(brief_of(), speaks).outcome
    assert outcome.stopped_by is None
    assert [one.title for one in outcome.findings] == [SQL_CLAIM.title]
    assert {one.turn.tier for one in outcome.exchanges} == {"haiku"}
    assert all("the caps did not cover" in one.turn.why for one in outcome.exchanges)
    assert not outcome.degraded


def test_claims_that_were_put_off_are_examined_once_nothing_worse_waits() -> None:
    """With a tenth of the budget left claims below high were left open, though the money sufficed for them."""

    def speaks(turn: Turn) -> Said:
        if turn.phase == "opening":
            return says(*((LOOP_CLAIM, SQL_CLAIM) if turn.seat == "architect" else ()), spent=Decimal("0.0305"))
        rulings = tuple(ruling_of(one["claim"], "confirmed", one["quote"]) for one in shown(turn))
        return says(rulings=rulings, spent=Decimal("0.001"))

    cap = Decimal("0.1")
    played = play(brief_of(panel="medium", rounds=2, means=Means(cap=cap, budget=cap)), speaks)
    asked = [[one["title"] for one in shown(turn)] for turn in played.speaker.of("cross_examination")]
    assert SQL_CLAIM.title in asked[0]
    assert {one.title for one in played.outcome.findings} == {SQL_CLAIM.title, LOOP_CLAIM.title}
    assert not played.outcome.degraded
