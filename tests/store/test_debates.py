"""What was planned of a debate, what became of it, and what it took: for all processes, and bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from rebuttal.store.database import Database
from rebuttal.store.debates import ActualShare, DebatePlan, Debates, PlannedShare, Round
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CacheUse, Tokens

from .conftest import WIDE, call_key

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHARE = PlannedShare(
    "opening",
    "architect",
    "claude-haiku-5-5",
    calls=1.5,
    prompt=12_000,
    output=2_000,
    expected=Decimal("0.0123"),
    assumed_calls=2,
    assumed=Tokens(input=1_000, cache_write=11_000, output=2_400),
)
PLAN = DebatePlan(
    review="one",
    repository="mine",
    panel="code",
    protocol="crossfire",
    profile="balanced",
    seats=3,
    rounds=3,
    files=4,
    lines=120,
    shared_tokens=11_000,
    expected=Decimal("0.0123"),
    at_most=Decimal("0.5"),
    calls=(SHARE, evolve(SHARE, phase="rebuttal")),
)
ROUNDS = (
    Round(3, 0.75, 0.25, Decimal("0.02"), Decimal("0.004")),
    Round(4, 0.25, 0.0, Decimal("0.024"), Decimal("0.002")),
)

ON_BOTH = True


class _Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def debates(database: Database) -> Debates:
    return Debates(database, _Clock())


async def _spend(ledger: Ledger, review: str, **key: str) -> None:
    granted = await ledger.reserve(call_key(review, **key), Decimal("0.1"), WIDE)
    tokens = Tokens(input=100, cache_write=0, cache_read=900, output=50)
    await ledger.settle(granted.id, tokens, Decimal("0.01"), CacheUse(expected=1000))


async def test_a_debate_is_told_as_it_was_planned_and_as_it_went(debates: Debates, ledger: Ledger) -> None:
    await debates.begin(PLAN)
    await _spend(ledger, "one")
    await _spend(ledger, "one")
    await debates.end("one", "whole", 7, ROUNDS)
    (past,) = await debates.history()
    assert past.plan == PLAN
    assert (past.state, past.claims, past.rounds, past.is_learnable) == ("whole", 7, ROUNDS, True)
    twice = Tokens(input=200, cache_read=1800, output=100)
    assert past.actual == (
        ActualShare("opening", "architect", "claude-haiku-5-5", 2, twice, Decimal("0.02"), Decimal(0), 2000, 1800),
    )
    assert past.spent == Decimal("0.02")


async def test_no_cap_is_told_as_none(debates: Debates) -> None:
    await debates.begin(evolve(PLAN, at_most=None))
    await debates.end("one", "whole")
    (past,) = await debates.history()
    assert past.plan.at_most is None


async def test_a_debate_that_never_ended_is_no_history_but_is_told_of_its_time(debates: Debates) -> None:
    await debates.begin(PLAN)
    assert await debates.history() == ()
    (open_,) = await debates.between(NOON, NOON + timedelta(hours=1))
    assert (open_.state, open_.is_learnable) == ("open", False)
    assert await debates.between(NOON - timedelta(days=1), NOON) == ()


async def test_what_was_not_begun_is_not_ended(debates: Debates) -> None:
    await debates.end("replayed", "whole", 3, ROUNDS)
    assert await debates.history() == ()
    assert await debates.rounds() == ()


async def test_a_call_whose_usage_is_lost_leaves_nothing_to_learn(debates: Debates, ledger: Ledger) -> None:
    await debates.begin(PLAN)
    granted = await ledger.reserve(call_key("one"), Decimal("0.1"), WIDE)
    await ledger.assume(granted.id)
    await debates.end("one", "cut")
    (past,) = await debates.history()
    assert (past.assumed, past.is_learnable) == (Decimal("0.1"), False)


async def test_the_history_is_bounded_and_begins_with_the_newest(debates: Debates) -> None:
    for number in range(5):
        await debates.begin(evolve(PLAN, review=f"r{number}", repository=f"repository {number}"))
        await debates.end(f"r{number}", "whole", number, ROUNDS[:1])
    newest = await debates.history(limit=2)
    assert [one.plan.review for one in newest] == ["r4", "r3"]
    assert all(one.rounds == ROUNDS[:1] and len(one.plan.calls) == 2 for one in newest)
    assert [one.round for one in await debates.rounds(limit=3)] == [ROUNDS[0]] * 3


async def test_a_debate_begun_again_under_its_name_takes_the_place_of_the_first(debates: Debates) -> None:
    await debates.begin(PLAN)
    await debates.end("one", "failed", 2, ROUNDS)
    await debates.begin(evolve(PLAN, calls=(SHARE,)))
    await debates.end("one", "whole", 1)
    (past,) = await debates.history()
    assert (past.state, past.claims, past.rounds, past.plan.calls) == ("whole", 1, (), (SHARE,))
