from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, CapReached, Caps, Tokens
from rebuttal.store.pace import Hours, Pace, PastCall

D = Decimal
ON_BOTH = True
MODEL = "claude-sonnet-5-5"
START = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


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
def ledger(database: Database, clock: Clock) -> Ledger:
    return Ledger(database, clock)


@pytest.fixture
def pace(database: Database, clock: Clock) -> Pace:
    return Pace(database, clock)


def spend(ledger: Ledger, cost: str, phase: str = "opening", model: str = MODEL, review: str = "review") -> int:
    call = ledger.reserve(CallKey(review, "repository", phase, "architect", model), D(cost), Caps()).result().id
    ledger.settle(call, Tokens(input=1, output=int(D(cost) * 1000)), D(cost)).result()
    return call


def reserve(ledger: Ledger, at_most: str, caps: Caps) -> int:
    return ledger.reserve(CallKey("review", "repository", "opening", "architect", MODEL), D(at_most), caps).result().id


def test_a_cap_of_an_hour_holds_over_any_sixty_minutes(ledger: Ledger, clock: Clock) -> None:
    caps = Caps(hour=D(1))
    reserve(ledger, "0.6", caps)
    clock.later(minutes=40)  # in another hour of the clock
    with pytest.raises(CapReached, match="per hour") as refused:
        reserve(ledger, "0.5", caps)
    assert (refused.value.cap, refused.value.already, refused.value.under_way) == ("hour", D("0.6"), D("0.6"))
    assert "max_cost_per_hour" in str(refused.value)
    reserve(ledger, "0.4", caps)
    clock.later(minutes=20)
    reserve(ledger, "0.6", caps)


def test_what_is_released_makes_room_in_the_hour(ledger: Ledger) -> None:
    call = reserve(ledger, "1", Caps(hour=D(1)))
    ledger.release(call).result()
    reserve(ledger, "1", Caps(hour=D(1)))


def test_a_clock_that_was_set_back_makes_no_room(ledger: Ledger, clock: Clock) -> None:
    reserve(ledger, "1", Caps(hour=D(1)))
    clock.later(days=-3)
    with pytest.raises(CapReached):
        reserve(ledger, "0.01", Caps(hour=D(1)))


def test_the_totals_tell_the_last_sixty_minutes_too(ledger: Ledger, clock: Clock) -> None:
    spend(ledger, "0.5")
    clock.later(minutes=59)
    spend(ledger, "0.25")
    assert ledger.totals().result().hour == D("0.75")
    clock.later(minutes=2)
    assert ledger.totals().result().hour == D("0.25")


def test_hours_are_those_in_which_something_was_spent(ledger: Ledger, pace: Pace, clock: Clock) -> None:
    assert pace.hours().result() == Hours(D(0), 0, D(0))
    for cost in ("0.2", "0.3", "0.1"):
        spend(ledger, cost)
        clock.later(hours=5)
    spend(ledger, "0.4")
    reserve(ledger, "5", Caps())  # under way: it has not cost anything yet
    assert pace.hours().result() == Hours(D("0.4"), 3, D("0.3"))
    assert pace.last_hour().result() == D("0.4")
    clock.later(days=31)
    assert pace.hours().result() == Hours(D(0), 0, D(0))


def test_what_is_assumed_counts_for_the_hour(ledger: Ledger, pace: Pace) -> None:
    ledger.assume(reserve(ledger, "0.7", Caps())).result()
    assert pace.last_hour().result() == D("0.7")


def test_the_last_calls_are_those_of_the_model_and_phase_the_newest_first(ledger: Ledger, pace: Pace) -> None:
    spend(ledger, "0.1")
    spend(ledger, "0.2", phase="rebuttal")
    spend(ledger, "0.3", model="claude-opus-5-5")
    spend(ledger, "0.4", review="sweep12345678-a")
    last = spend(ledger, "0.5")
    reserve(ledger, "0.6", Caps())
    assert [one.cost for one in pace.last_calls(MODEL, 5).result()] == [D("0.5"), D("0.2"), D("0.1")]
    assert [one.cost for one in pace.last_calls(MODEL, 5, phase="opening").result()] == [D("0.5"), D("0.1")]
    assert pace.last_calls(MODEL, 5, phase="opening", before=last).result() == (
        PastCall(D("0.1"), Tokens(input=1, output=100)),
    )
    assert [one.cost for one in pace.last_calls(MODEL, 1).result()] == [D("0.5")]
