from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.budget.model import (
    BudgetWarning,
    CapWarning,
    PlannedCall,
    PriceWarning,
    RateWarning,
    SpikeWarning,
)
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse
from rebuttal.budget.watch import Watch
from rebuttal.settings import ModelPrice
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, CapReached, Caps, Tokens
from rebuttal.store.pace import Pace

D = Decimal
MODEL = "claude-sonnet-5-5"
CAPS = Caps(review=D(3), day=D(20))
START = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
USUAL = Tokens(input=2000, cache_read=10_000, output=2000)
PLANNED = (PlannedCall("opening", "architect", MODEL, USUAL),)
DOUBLED = ModelPrice(D(4), D(20), D(5), D(8), D("0.2"))
"""Twice what Claude Sonnet 5.5 costs."""


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "store.db") as opened:
        yield opened


class Reviews:
    """Reviews one after the other, each with a purse and a watch of its own, as processes have."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database, self.clock, self.told, self.count = database, clock, list[BudgetWarning](), 0
        self.caps, self.book = CAPS, PriceBook()

    async def hold(
        self, *calls: Tokens, phase: str = "opening", model: str = MODEL, plan: bool = True, at_most: str = "1"
    ) -> None:
        self.count += 1
        watch = Watch(Pace(self.database, self.clock), self.book, self.caps, PLANNED if plan else ())
        self.told += await watch.begin()
        purse = Purse(Ledger(self.database, self.clock), self.caps, self.book, self.told.append, watch=watch)
        key = CallKey(f"review{self.count}", "repository", phase, "architect", model)
        for tokens in calls:
            await purse.settle(await purse.reserve(key, D(at_most)), tokens, model)
            self.clock.later(seconds=30)


@pytest.fixture
def reviews(database: Database, clock: Clock) -> Reviews:
    return Reviews(database, clock)


def times(tokens: Tokens, factor: int) -> Tokens:
    return Tokens(*(one * factor for one in (tokens.input, tokens.cache_write, tokens.cache_read, tokens.output)))


async def test_calls_as_planned_are_told_of_by_nobody(reviews: Reviews) -> None:
    cold = Tokens(input=2000, cache_write=10_000, output=3000)
    for _ in range(6):
        await reviews.hold(cold, *[USUAL] * 4)
    assert reviews.told == []


@pytest.mark.parametrize(
    "unusual",
    [evolve(USUAL, input=100_000), evolve(USUAL, output=20_000), times(USUAL, 12)],
    ids=["the prompt blown up", "an answer without an end", "everything"],
)
async def test_a_spike_is_told_once_and_beside_what_other_processes_paid(reviews: Reviews, unusual: Tokens) -> None:
    await reviews.hold(*[USUAL] * 5)
    await reviews.hold(unusual, unusual, unusual)
    (told,) = reviews.told
    assert isinstance(told, SpikeWarning)
    assert told.key.review == "review2"
    assert told.usual == PriceBook().price(MODEL, USUAL)


async def test_the_plan_finds_a_spike_where_nothing_was_ever_called(reviews: Reviews) -> None:
    await reviews.hold(evolve(USUAL, output=30_000))
    (told,) = reviews.told
    assert isinstance(told, SpikeWarning)


async def test_an_opening_by_opus_after_rulings_by_haiku_is_no_spike(reviews: Reviews) -> None:
    await reviews.hold(*[Tokens(input=2000, output=300)] * 5, phase="cross_examination", model="claude-haiku-5-5")
    await reviews.hold(Tokens(cache_write=30_000, output=8000), model="claude-opus-5-5", plan=False)
    assert reviews.told == []


async def test_a_price_that_has_doubled_is_told_before_anything_is_spent_and_only_once(reviews: Reviews) -> None:
    await reviews.hold(*[USUAL] * 5)
    reviews.book = PriceBook({MODEL: DOUBLED})
    await reviews.hold()
    assert reviews.told == [PriceWarning(MODEL, D(2))]
    await reviews.hold(USUAL)
    del reviews.told[:]
    await reviews.hold()
    assert reviews.told == []


async def test_a_price_that_has_fallen_is_no_news(reviews: Reviews) -> None:
    reviews.book = PriceBook({MODEL: DOUBLED})
    await reviews.hold(USUAL)
    reviews.book = PriceBook()
    await reviews.hold(USUAL)
    assert reviews.told == []


async def test_an_hour_far_dearer_than_all_before_is_told(reviews: Reviews, clock: Clock) -> None:
    for _ in range(6):
        await reviews.hold(*[USUAL] * 20)
        clock.later(hours=3)
    hour = 20 * PriceBook().price(MODEL, USUAL)
    limit = max(3 * hour, D(2))
    for _ in range(8):
        await reviews.hold(*[USUAL] * 12)
    told = [one for one in reviews.told if isinstance(one, RateWarning)]
    assert told == reviews.told
    assert told
    assert all(one.usual == limit for one in told)
    assert len({one.spent for one in told}) == len(told)


async def test_seventy_percent_of_an_hours_cap_are_told_once(reviews: Reviews) -> None:
    reviews.caps = evolve(CAPS, hour=D("0.3"), day=D(100))
    with pytest.raises(CapReached, match=r"the cap of \$0\.30 per hour"):
        await reviews.hold(*[evolve(USUAL, output=2500)] * 12, at_most="0.05")
    assert reviews.told == [CapWarning("hour", D("0.3"), D("0.21"))]


async def test_a_store_that_cannot_be_read_stops_no_settlement(database: Database, clock: Clock) -> None:
    watch = Watch(Pace(database, clock), PriceBook(), CAPS, PLANNED)
    database.close()
    assert await watch.begin() == ()
