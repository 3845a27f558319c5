"""What was shown, by whom it was raised, and what became of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from rebuttal.store import fates as module
from rebuttal.store.database import Database
from rebuttal.store.fates import Counts, Fate, Fates, Pending, Raised, SeatRecord, Shown
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, Tokens
from tests.store.conftest import WIDE, Clock, call_key

ON_BOTH = True

MINE = "repository"
SEATS = {"architect": "claude-sonnet-5-5", "code-reviewer": "claude-haiku-5-5"}


def shown(finding: str = "f1", **changes: object) -> Shown:
    given: dict[str, object] = {
        **{"finding": finding, "seats": SEATS, "category": "security", "severity": "high"},
        **{"scope": "working", "file": "a", "marks": "m"},
    }
    return Shown(**{**given, **changes})  # type: ignore[arg-type]  # a test's options


@pytest.fixture
def fates(database: Database, clock: Clock) -> Fates:
    return Fates(database, clock)


async def fate_of(fates: Fates, finding: str = "f1") -> tuple[Fate, str]:
    """The same for all its seats."""
    found = {(one.fate, one.reason) for one in (await fates.outlay()).raised if one.finding == finding}
    assert len(found) == 1
    return found.pop()


async def show(fates: Fates, clock: Clock, *findings: Shown, review: str = "review") -> None:
    begun = clock.now
    clock.now += timedelta(minutes=1)
    await fates.record(MINE, review, findings, {}, begun)
    clock.now += timedelta(minutes=1)


async def test_a_finding_is_one_row_for_each_seat_however_often_it_is_shown(fates: Fates, clock: Clock) -> None:
    await show(fates, clock, shown(), review="first")
    clock.now += timedelta(days=3)
    await show(fates, clock, shown(severity="low"), review="second")
    architect, reviewer = (await fates.outlay()).raised
    assert architect == Raised(MINE, "f1", "architect", "claude-sonnet-5-5", "security", "high", "2026-11-22")
    assert (reviewer.seat, reviewer.model) == ("code-reviewer", "claude-haiku-5-5")
    assert await fates.counts() == Counts(open=1)


async def test_a_seat_that_raises_it_later_is_counted_too(fates: Fates, clock: Clock) -> None:
    await show(fates, clock, shown(seats={"architect": "m"}))
    await show(fates, clock, shown(seats={"database": "m"}))
    assert [one.seat for one in (await fates.outlay()).raised] == ["architect", "database"]


async def test_a_dismissal_has_its_reason_and_is_taken_back_when_restored(fates: Fates, clock: Clock) -> None:
    await show(fates, clock, shown(), shown("f2"))
    assert await fates.dismiss(MINE, "f1", "false positive")
    assert await fate_of(fates) == ("dismissed", "false positive")
    assert await fate_of(fates, "f2") == ("open", "")
    assert not await fates.accept(MINE, ["f1"])
    assert await fates.restore(MINE, "f1")
    assert await fate_of(fates) == ("open", "")
    assert not await fates.restore(MINE, "f1")


async def test_a_dismissal_of_what_no_debate_has_shown_is_not_counted(fates: Fates) -> None:
    assert not await fates.dismiss(MINE, "static", "later")
    assert await fates.counts() == Counts()


async def test_restoring_does_not_make_undone_what_was_acted_upon(fates: Fates, clock: Clock) -> None:
    await show(fates, clock, shown())
    assert await fates.accept(MINE, ["f1"])
    assert not await fates.restore(MINE, "f1")
    assert await fate_of(fates) == ("accepted", "")
    assert await fates.reopen(MINE, ["f1"])
    assert await fate_of(fates) == ("open", "")


async def test_what_is_shown_again_later_is_open_again(fates: Fates, clock: Clock) -> None:
    await show(fates, clock, shown(), shown("f2"))
    await fates.accept(MINE, ["f1"])
    await fates.dismiss(MINE, "f2", "later")
    clock.now += timedelta(hours=1)
    await show(fates, clock, shown(), shown("f2"))
    assert await fates.counts() == Counts(open=2)


async def test_a_review_that_began_before_the_fix_does_not_undo_it(fates: Fates, clock: Clock) -> None:
    await show(fates, clock, shown())
    begun = clock.now
    clock.now += timedelta(minutes=1)
    await fates.accept(MINE, ["f1"])
    clock.now += timedelta(minutes=1)
    await fates.record(MINE, "slow", [shown()], {}, begun)
    assert await fate_of(fates) == ("accepted", "")


async def test_only_what_the_text_may_tell_more_of_is_pending(fates: Fates, clock: Clock) -> None:
    away = shown("f2", scope="staged")
    await show(fates, clock, shown(), away, shown("f3", marks=""), shown("f4"), shown("f5"))
    await fates.dismiss(MINE, "f4", "later")
    await fates.accept(MINE, ["f5"])
    assert await fates.pending(MINE, "working") == (Pending("f1", "a", "m", False), Pending("f5", "a", "m", True))
    assert await fates.pending_of(MINE, ["f2", "f4", "gone"]) == (Pending("f2", "a", "m", False),)
    assert await fates.pending("another", "working") == ()


async def test_what_every_review_looks_at_does_not_grow_for_ever(
    fates: Fates, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 2)
    for number in range(4):
        await show(fates, clock, shown(f"f{number}"))
        clock.now += timedelta(days=10)
    assert [one.finding for one in await fates.pending(MINE, "working")] == ["f3", "f2"]
    clock.now += timedelta(days=15)
    assert [one.finding for one in await fates.pending(MINE, "working")] == ["f3"]
    assert await fates.counts() == Counts(open=4)


async def test_counts_and_outlay_are_of_days_and_repositories(fates: Fates, ledger: Ledger, clock: Clock) -> None:
    async def spend(key: CallKey, amount: str) -> None:
        granted = await ledger.reserve(key, Decimal(1), WIDE)
        await ledger.settle(granted.id, Tokens(output=1), Decimal(amount))

    await spend(call_key(phase="opening"), "0.25")
    await spend(call_key(phase="rebuttal"), "0.5")
    await fates.record(MINE, "review", [shown()], {("architect", "m"): Decimal("0.5")}, clock.now)
    clock.now += timedelta(days=1)
    await spend(call_key(repository="another"), "0.125")
    await fates.record("another", "next", [shown()], {("architect", "m"): Decimal("0.25")}, clock.now)
    first, second = date(2026, 11, 22), date(2026, 11, 23)
    assert await fates.counts(second) == await fates.counts(until=first) == Counts(open=1)
    assert await fates.counts() == Counts(open=2)
    today = await fates.outlay(first, first)
    assert [(one.phase, one.amount) for one in today.spent] == [
        ("opening", Decimal("0.25")),
        ("rebuttal", Decimal("0.5")),
    ]
    assert [(one.seat, one.amount, one.month) for one in today.examined] == [("architect", Decimal("0.5"), "2026-11")]
    assert today == await fates.outlay(until=first)
    assert (await fates.outlay(repository=MINE)).spent == today.spent
    assert {one.repository for one in (await fates.outlay(repository="another")).raised} == {"another"}


async def test_the_record_of_a_seat_is_of_all_time_and_without_what_was_put_off(
    fates: Fates, ledger: Ledger, clock: Clock
) -> None:
    granted = await ledger.reserve(call_key(phase="opening"), Decimal(1), WIDE)
    await ledger.settle(granted.id, Tokens(output=1), Decimal("0.25"))
    await fates.record(
        MINE, "review", [shown(f"f{number}") for number in range(4)], {("architect", "m"): Decimal(2)}, clock.now
    )
    await fates.dismiss(MINE, "f0", "false positive")
    await fates.dismiss(MINE, "f1", "later")
    await fates.accept(MINE, ["f2"])
    clock.now += timedelta(days=40)
    for outlay in (await fates.outlay(clock.now.date()), await fates.outlay(clock.now.date(), repository=MINE)):
        assert outlay.raised == ()
        architect, reviewer = outlay.seats
        assert architect == SeatRecord(MINE, "architect", 1, 1, "2026-11-22", Decimal("2.25"))
        assert (reviewer.seat, reviewer.cost) == ("code-reviewer", Decimal(0))
    assert (await fates.outlay(repository="another")).seats == ()


async def test_days_end_where_the_user_lives(fates: Fates, clock: Clock) -> None:
    clock.now = clock.now.replace(hour=1)  # 23:00 of the day before in Greenwich
    await fates.record(MINE, "review", [shown()], {}, clock.now)
    assert {one.day for one in (await fates.outlay()).raised} == {"2026-11-22"}


async def test_a_clock_that_does_not_say_where_it_is_is_refused(fates: Fates) -> None:
    with pytest.raises(ValueError, match="aware datetime"):
        fates.record(MINE, "review", [shown()], {}, datetime(2026, 11, 22))  # noqa: DTZ001 - that is the point


async def test_recording_a_review_twice_does_not_count_its_money_twice(fates: Fates) -> None:
    for _ in range(2):
        await fates.record(MINE, "review", [], {("architect", "m"): Decimal("0.5")}, datetime.now(UTC))
    (one,) = (await fates.outlay()).examined
    assert one.amount == Decimal("0.5")
