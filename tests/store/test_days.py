"""Days and months end where the user lives, wherever that is at the time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.store.clock import local_now
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, CapReached, Caps, Tokens

D = Decimal
KIRIBATI, BAKER = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
SUMMER, WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
"""Of Berlin."""
KEY = CallKey("review", "repository", "opening", "architect", "claude-sonnet-5-5")
DAILY = Caps(day=D(1))
MONTHLY = Caps(month=D(1))


class Clock:
    """A time and a place that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def at(self, text: str, zone: tzinfo) -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with Database.open(tmp_path / "store.db") as database:
        yield Ledger(database, clock)


def spend(ledger: Ledger, caps: Caps, amount: str = "1") -> int:
    call = ledger.reserve(KEY, D(amount), caps).result().id
    ledger.settle(call, Tokens(output=1), D(amount)).result()
    return call


def is_spent(ledger: Ledger, caps: Caps) -> bool:
    try:
        ledger.release(ledger.reserve(KEY, D("0.01"), caps).result().id).result()
    except CapReached:
        return True
    return False


@pytest.mark.parametrize(
    ("before", "after", "zone"),
    [
        ("2026-12-31T23:59:59", "2027-01-01T00:00:00", KIRIBATI),
        ("2026-12-31T23:59:59", "2027-01-01T00:00:00", BAKER),
        ("2028-02-29T23:59:59", "2028-03-01T00:00:00", WINTER),
        ("2026-03-31T23:59:59", "2026-04-01T00:00:00", SUMMER),
        ("2026-11-30T23:59:59", "2026-12-01T00:00:00", timezone(timedelta(hours=5, minutes=45))),
    ],
)
def test_a_year_and_a_month_end_at_the_users_midnight(
    ledger: Ledger, clock: Clock, before: str, after: str, zone: tzinfo
) -> None:
    clock.at(before, zone)
    spend(ledger, Caps(day=D(1), month=D(1)))
    assert is_spent(ledger, DAILY)
    assert is_spent(ledger, MONTHLY)
    clock.at(after, zone)
    assert not is_spent(ledger, DAILY)
    assert not is_spent(ledger, MONTHLY)


def test_the_day_on_which_clocks_go_back_has_25_hours_under_one_cap(ledger: Ledger, clock: Clock) -> None:
    clock.at("2026-10-25T00:10:00", SUMMER)
    spend(ledger, DAILY, "0.4")
    clock.at("2026-10-25T02:30:00", SUMMER)
    spend(ledger, DAILY, "0.3")
    clock.at("2026-10-25T02:30:00", WINTER)  # an hour later, at the same time of the clock
    spend(ledger, DAILY, "0.3")
    clock.at("2026-10-25T23:50:00", WINTER)
    assert is_spent(ledger, DAILY)
    clock.at("2026-10-26T00:00:00", WINTER)
    assert not is_spent(ledger, DAILY)


def test_an_hour_is_sixty_minutes_when_clocks_change(ledger: Ledger, clock: Clock) -> None:
    hourly = Caps(hour=D(1))
    clock.at("2026-03-29T01:50:00", WINTER)
    spend(ledger, hourly)
    clock.at("2026-03-29T03:10:00", SUMMER)  # twenty minutes later
    assert is_spent(ledger, hourly)
    clock.at("2026-10-25T02:50:00", SUMMER)
    spend(ledger, hourly)
    clock.at("2026-10-25T02:10:00", WINTER)  # twenty minutes later as well
    assert is_spent(ledger, hourly)
    clock.at("2026-10-25T02:51:00", WINTER)
    assert not is_spent(ledger, hourly)


def test_a_call_stays_with_the_day_on_which_it_began_where_it_was_made(ledger: Ledger, clock: Clock) -> None:
    clock.at("2026-12-31T23:00:00", KIRIBATI)
    call = ledger.reserve(KEY, D(1), DAILY).result().id
    clock.at("2027-01-01T00:30:00", KIRIBATI)
    ledger.settle(call, Tokens(output=1), D("0.5")).result()
    assert not is_spent(ledger, DAILY)
    assert [row.name for row in ledger.rows("day").result()] == ["2026-12-31"]
    assert [row.name for row in ledger.rows("month").result()] == ["2026-12"]


def test_a_flight_gives_a_day_anew_only_where_the_calendar_does(ledger: Ledger, clock: Clock) -> None:
    """Westward the same day goes on, with what it has seen; the month's cap holds in any case."""
    clock.at("2026-11-22T20:00:00", KIRIBATI)
    spend(ledger, Caps(day=D(1), month=D("1.5")))
    clock.now = (clock.now + timedelta(hours=8)).astimezone(BAKER)
    assert f"{clock.now:%Y-%m-%d}" == "2026-11-22"
    assert is_spent(ledger, DAILY)
    clock.now = (clock.now + timedelta(hours=4)).astimezone(KIRIBATI)
    assert f"{clock.now:%Y-%m-%d}" == "2026-11-23"
    assert not is_spent(ledger, DAILY)
    spend(ledger, Caps(day=D(1), month=D("1.5")), "0.5")
    assert is_spent(ledger, Caps(month=D("1.5")))


moments = st.integers(0, 2 * 366 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
zones = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


@given(moment=moments, one=zones, other=zones)
def test_wherever_the_user_is_a_month_holds_its_days(moment: datetime, one: tzinfo, other: tzinfo) -> None:
    from rebuttal.store.ledger import _moment

    here, there = _moment(moment.astimezone(one)), _moment(moment.astimezone(other))
    assert here.day.startswith(here.month)
    assert (here.utc, here.hour_ago) == (there.utc, there.hour_ago)
    assert abs((datetime.fromisoformat(here.day) - datetime.fromisoformat(there.day)).days) <= 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its zone elsewhere than in TZ")
def test_a_process_that_has_run_for_weeks_notices_that_its_zone_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        for name, hours in (("UTC-14", 14), ("UTC+12", -12), ("UTC", 0)):
            monkeypatch.setenv("TZ", name)
            assert local_now().utcoffset() == timedelta(hours=hours)
    finally:
        monkeypatch.undo()
        time.tzset()
