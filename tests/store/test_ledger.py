from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.store import schema
from rebuttal.store.database import Connection, Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CacheSum, CacheUse, CapReached, Caps, Cost, Spent, StoreError, Tokens, Totals, UnderWay
from tests.store.conftest import WIDE, Clock, call_key
from tests.store.place import Store

ON_BOTH = True
TOKENS = Tokens(input=10, cache_write=20, cache_read=30, output=40, cache_write_1h=5)


async def test_a_call_is_reserved_then_settled(ledger: Ledger) -> None:
    granted = await ledger.reserve(call_key(), Decimal("0.10"), WIDE)
    assert await ledger.totals() == Totals(Decimal("0.1"), Decimal("0.1"), hour=Decimal("0.1"))
    aside = (await ledger.totals(repository=call_key().repository)).under_way
    assert (aside.day, aside.month, aside.repository, aside.hour) == (Decimal("0.1"),) * 4
    settlement = await ledger.settle(granted.id, TOKENS, Decimal("0.0312"))
    assert settlement.cost == settlement.review == settlement.day == settlement.month == Decimal("0.0312")
    assert not settlement.over
    assert await ledger.totals() == Totals(Decimal("0.0312"), Decimal("0.0312"), hour=Decimal("0.0312"))
    assert (await ledger.totals()).under_way == UnderWay()
    (entry,) = await ledger.entries()
    assert (entry.state, entry.tokens, entry.cost, entry.at_most) == (
        "settled",
        TOKENS,
        Decimal("0.0312"),
        Decimal("0.1"),
    )
    assert (entry.started_at, entry.day) == ("2026-11-22T10:00:00.000+00:00", "2026-11-22")


@pytest.mark.parametrize(
    ("caps", "cap"),
    [
        (Caps(call=Decimal("0.59"), review=Decimal(100)), "call"),
        (Caps(review=Decimal("1.19")), "review"),
        (Caps(day=Decimal("1.19")), "day"),
        (Caps(month=Decimal("1.19")), "month"),
    ],
)
async def test_each_cap_binds_and_says_what_to_do(ledger: Ledger, caps: Caps, cap: str) -> None:
    await ledger.reserve(call_key(), Decimal("0.60"), WIDE)
    with pytest.raises(CapReached, match=f"per {cap} would be passed.* to go on") as reached:
        await ledger.reserve(call_key(), Decimal("0.60"), caps)
    assert reached.value.cap == cap
    assert len(await ledger.entries()) == 1


async def test_a_cap_may_be_used_up_to_the_last_nano_dollar(ledger: Ledger) -> None:
    caps = Caps(review=Decimal("0.1"))
    for _ in range(3):
        await ledger.reserve(call_key(), Decimal("0.033333333"), caps)
    await ledger.reserve(call_key(), Decimal("0.000000001"), caps)
    with pytest.raises(CapReached):
        await ledger.reserve(call_key(), Decimal("0.000000001"), caps)


async def test_a_fraction_of_a_nano_dollar_is_not_free(ledger: Ledger) -> None:
    caps = Caps(review=Decimal("0.000000002"))
    for _ in range(2):
        await ledger.reserve(call_key(), Decimal("0.0000000001"), caps)
    with pytest.raises(CapReached):
        await ledger.reserve(call_key(), Decimal("0.0000000001"), caps)


async def test_another_review_has_its_own_cap_and_shares_the_day(ledger: Ledger) -> None:
    caps = Caps(review=Decimal(1), day=Decimal("1.5"))
    await ledger.reserve(call_key("first"), Decimal(1), caps)
    await ledger.reserve(call_key("second"), Decimal("0.5"), caps)
    with pytest.raises(CapReached) as reached:
        await ledger.reserve(call_key("third"), Decimal("0.5"), caps)
    assert reached.value.cap == "day"
    assert reached.value.already == Decimal("1.5")


async def test_a_day_ends_where_the_user_lives(ledger: Ledger, clock: Clock) -> None:
    caps = Caps(day=Decimal(1), month=Decimal(3))
    east = timezone(timedelta(hours=2))
    clock.now = datetime(2026, 11, 30, 23, 59, tzinfo=east)
    await ledger.reserve(call_key(), Decimal(1), caps)
    clock.now = datetime(2026, 12, 1, 0, 0, tzinfo=east)  # still November in Greenwich
    granted = await ledger.reserve(call_key(), Decimal(1), caps)
    assert await ledger.totals() == Totals(Decimal(1), Decimal(1), hour=Decimal(2))
    clock.now = datetime(2026, 12, 2, 12, 0, tzinfo=east)
    await ledger.settle(granted.id, TOKENS, Decimal("0.5"))
    assert await ledger.totals() == Totals(Decimal(0), Decimal("0.5"))
    then = await ledger.totals(datetime(2026, 11, 30, 12, tzinfo=east))
    assert (then.day, then.month) == (Decimal(1), Decimal(1))


def test_a_clock_without_a_place_is_refused(database: Database) -> None:
    ledger = Ledger(database, lambda: datetime(2026, 11, 22))  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        ledger.reserve(call_key(), Decimal(1), WIDE)


async def test_a_clock_set_back_gives_no_more_than_the_day_it_shows_has_left(ledger: Ledger, clock: Clock) -> None:
    caps = Caps(day=Decimal(1))
    await ledger.reserve(call_key(), Decimal(1), caps)
    clock.now += timedelta(days=1)
    await ledger.reserve(call_key(), Decimal(1), caps)
    clock.now -= timedelta(days=1)
    with pytest.raises(CapReached):
        await ledger.reserve(call_key(), Decimal("0.01"), caps)


async def test_an_assumed_call_stands_at_its_worst_case_until_the_user_releases_it(ledger: Ledger) -> None:
    granted = await ledger.reserve(call_key(), Decimal(1), WIDE)
    assert await ledger.assume(granted.id) == Decimal(1)
    assert (await ledger.totals()).day == Decimal(1)
    cost = await ledger.cost_of("review")
    assert (cost.spent, cost.assumed, cost.calls) == (Decimal(0), Decimal(1), 1)
    assert [entry.id for entry in await ledger.entries(state="assumed")] == [granted.id]
    await ledger.release(granted.id)
    assert (await ledger.totals()).day == Decimal(0)
    assert await ledger.cost_of("review") == Cost()


async def test_usage_that_becomes_known_late_replaces_what_was_assumed(ledger: Ledger) -> None:
    granted = await ledger.reserve(call_key(), Decimal(1), WIDE)
    await ledger.assume(granted.id)
    await ledger.settle(granted.id, TOKENS, Decimal("0.25"))
    assert await ledger.totals() == Totals(Decimal("0.25"), Decimal("0.25"), hour=Decimal("0.25"))
    assert (await ledger.cost_of("review")).assumed == 0


async def test_usage_that_becomes_known_after_a_wrong_release_is_recorded_all_the_same(ledger: Ledger) -> None:
    granted = await ledger.reserve(call_key(), Decimal(1), WIDE)
    await ledger.release(granted.id)
    await ledger.settle(granted.id, TOKENS, Decimal("0.25"))
    assert (await ledger.cost_of("review")).spent == Decimal("0.25")
    assert (await ledger.totals()).month == Decimal("0.25")


async def test_a_cost_above_the_reservation_is_recorded_as_it_is_and_flagged(ledger: Ledger) -> None:
    granted = await ledger.reserve(call_key(), Decimal("0.10"), WIDE)
    settlement = await ledger.settle(granted.id, TOKENS, Decimal("0.30"))
    assert settlement.over
    assert settlement.cost == Decimal("0.3")
    (row,) = await ledger.rows("day")
    assert (row.spent, row.over) == (Decimal("0.3"), 1)


async def test_what_is_settled_is_neither_settled_again_nor_given_back(ledger: Ledger) -> None:
    granted = await ledger.reserve(call_key(), Decimal(1), WIDE)
    await ledger.settle(granted.id, TOKENS, Decimal("0.25"))
    with pytest.raises(ValueError, match="settled already"):
        await ledger.settle(granted.id, TOKENS, Decimal("0.25"))
    with pytest.raises(ValueError, match="cannot be released"):
        await ledger.release(granted.id)
    assert await ledger.assume(granted.id) == Decimal("0.25")
    assert (await ledger.totals()).day == Decimal("0.25")


async def test_a_call_of_another_store_is_not_settled_in_silence(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="another store"):
        await ledger.settle(7, TOKENS, Decimal("0.25"))


async def test_tokens_below_zero_are_refused(ledger: Ledger) -> None:
    granted = await ledger.reserve(call_key(), Decimal(1), WIDE)
    with pytest.raises(ValueError, match="less than nothing"):
        await ledger.settle(granted.id, Tokens(output=-1), Decimal("0.25"))


async def test_a_reservation_whose_caller_went_away_is_given_back(ledger: Ledger) -> None:
    await ledger.give_back(ledger.reserve(call_key(), Decimal(1), WIDE))
    assert (await ledger.totals()).day == 0
    await ledger.give_back(ledger.reserve(call_key(), Decimal(1000), WIDE))  # was refused: nothing to give back
    assert [entry.state for entry in await ledger.entries()] == ["released"]


async def test_what_was_spent_cannot_be_deleted(database: Database, ledger: Ledger) -> None:
    await ledger.reserve(call_key(), Decimal(1), WIDE)
    with pytest.raises(StoreError, match="never forgotten"):
        await database.write(lambda connection: connection.execute("DELETE FROM calls").rowcount)


async def test_the_cost_of_a_review_is_told_by_phase_seat_and_model(ledger: Ledger) -> None:
    for phase, seat, model, amount in [
        ("opening", "architect", "claude-sonnet-5-5", "0.02"),
        ("opening", "code-reviewer", "claude-sonnet-5-5", "0.03"),
        ("cross_examination", "architect", "claude-haiku-5-5", "0.001"),
    ]:
        granted = await ledger.reserve(call_key(phase=phase, seat=seat, model=model), Decimal(1), WIDE)
        await ledger.settle(granted.id, TOKENS, Decimal(amount))
    await ledger.reserve(call_key(), Decimal(1), WIDE)  # under way: in no cost
    await ledger.reserve(call_key("another"), Decimal(1), WIDE)
    cost = await ledger.cost_of("review")
    assert (cost.spent, cost.calls, cost.tokens) == (Decimal("0.051"), 3, TOKENS + TOKENS + TOKENS)
    assert cost.by_phase["opening"] == Spent(Decimal("0.05"), 2, TOKENS + TOKENS)
    assert cost.by_seat["architect"] == Spent(Decimal("0.021"), 2, TOKENS + TOKENS)
    assert cost.by_model == {
        "claude-sonnet-5-5": Spent(Decimal("0.05"), 2, TOKENS + TOKENS),
        "claude-haiku-5-5": Spent(Decimal("0.001"), 1, TOKENS),
    }
    assert await ledger.cost_of("a review without calls") == Cost()


async def test_what_the_cache_did_is_summed_for_a_review_and_in_the_report(ledger: Ledger) -> None:
    for use in (
        CacheUse(0, Decimal("-0.000000004")),
        CacheUse(25, Decimal("0.00001")),
        CacheUse(40, Decimal("0.00001"), "lost"),
        CacheUse(40, Decimal("-0.00001"), "lost"),
    ):
        granted = await ledger.reserve(call_key(), Decimal(1), WIDE)
        await ledger.settle(granted.id, TOKENS, Decimal("0.2"), use)
    assumed = await ledger.reserve(call_key(), Decimal(1), WIDE)
    await ledger.assume(assumed.id)
    # Of what more was read than expected, only the expected counts: no call makes up for another.
    summed = CacheSum(105, 25 + 30 + 30, Decimal("0.000009996"), {"lost": 2})
    assert (await ledger.cost_of("review")).cache == summed
    assert summed.rate == 85 / 105
    (row,) = await ledger.rows("seat")
    assert row.cache == summed
    first, *_, last = await ledger.entries("review")
    assert first.cache == CacheUse(0, Decimal("-0.000000004"))
    assert last.cache == CacheUse()


async def test_a_store_from_before_the_cache_was_watched_keeps_its_calls(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:5])
        before.setattr(schema, "VERSION", 5)
        Database.open(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO calls (review, repository, phase, seat, model, state, reserved, held, final, started_at, day,"
            " month, owner, process) VALUES ('old', 'r', 'opening', 'architect', 'm', 'assumed', 5, 5, 5, 'then',"
            " '2026-11-22', '2026-11', '', 1)"
        )
    with Database.open(path) as database:
        ledger = Ledger(database, clock)
        (entry,) = await ledger.entries()
        assert (entry.cost, entry.cache) == (Decimal("0.000000005"), CacheUse())
        settled = await ledger.settle(entry.id, TOKENS, Decimal("0.000000003"), CacheUse(1, Decimal("-0.5"), "x"))
        assert settled.day == Decimal("0.000000003")


async def test_the_report_groups_by_every_key_and_keeps_to_the_days(ledger: Ledger, clock: Clock) -> None:
    for _ in range(3):
        granted = await ledger.reserve(call_key(), Decimal(1), WIDE)
        await ledger.settle(granted.id, TOKENS, Decimal("0.2"))
        clock.now += timedelta(days=1)
    assert [(row.name, row.spent) for row in await ledger.rows("day")] == [
        ("2026-11-22", Decimal("0.2")),
        ("2026-11-23", Decimal("0.2")),
        ("2026-11-24", Decimal("0.2")),
    ]
    names = {
        "month": "2026-11",
        "review": "review",
        "repository": "repository",
        "phase": "opening",
        "seat": "architect",
        "model": "claude-haiku-5-5",
    }
    for by, name in names.items():
        (row,) = await ledger.rows(by, since=date(2026, 11, 23), until=date(2026, 11, 23))  # type: ignore[arg-type]
        assert (row.name, row.spent, row.calls, row.tokens) == (name, Decimal("0.2"), 1, TOKENS)
    with pytest.raises(ValueError, match="no rows by"):
        ledger.rows("1; DROP TABLE calls")  # type: ignore[arg-type]


async def test_what_each_user_spent_is_told_where_they_share_the_store(ledger: Ledger, database: Database) -> None:
    granted = await ledger.reserve(call_key(), Decimal(1), WIDE)
    await ledger.settle(granted.id, TOKENS, Decimal("0.2"))
    await ledger.assume((await ledger.reserve(call_key(), Decimal("0.3"), WIDE)).id)
    await ledger.reserve(call_key("other"), Decimal("0.4"), WIDE)
    (row,) = await ledger.rows("user")
    assert (row.name, row.spent, row.assumed, row.reserved) == (
        database.who,
        Decimal("0.2"),
        Decimal("0.3"),
        Decimal("0.4"),
    )
    assert {entry.who for entry in await ledger.entries()} == {database.who}


def test_reservations_of_a_process_that_ended_are_assumed_and_of_a_living_one_stay(store: Store, clock: Clock) -> None:
    ended, living = store.open(), store.open()
    Ledger(ended, clock).reserve(call_key("ended"), Decimal(1), WIDE).result()
    Ledger(living, clock).reserve(call_key("living"), Decimal(2), WIDE).result()
    ended.close()
    with store.open() as database:
        recovered = Ledger(database, clock).recover().result()
        assert (recovered.calls, recovered.assumed) == (1, Decimal(1))
        states = {entry.key.review: entry.state for entry in Ledger(database, clock).entries().result()}
        assert states == {"ended": "assumed", "living": "reserved"}
        assert Ledger(database, clock).totals().result().day == Decimal(3)
    living.close()


def test_the_dead_are_found_even_where_the_first_reservation_is_refused(store: Store, clock: Clock) -> None:
    with store.open() as ended:
        Ledger(ended, clock).reserve(call_key("ended"), Decimal(1), WIDE).result()
    with store.open() as database:
        ledger = Ledger(database, clock)
        with pytest.raises(CapReached):
            ledger.reserve(call_key("next"), Decimal(1), Caps(day=Decimal("1.5"))).result()
        assert [entry.state for entry in ledger.entries().result()] == ["assumed"]


def test_times_are_kept_in_utc(database: Database) -> None:
    ledger = Ledger(database, lambda: datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    ledger.reserve(call_key(), Decimal(1), WIDE).result()
    (entry,) = ledger.entries().result()
    assert datetime.fromisoformat(entry.started_at) == datetime(2025, 12, 31, 19, tzinfo=UTC)
    assert entry.day == "2026-01-01"


def _steps(database: Database, ledger: Ledger) -> int:
    """Instructions of SQLite's virtual machine for one reservation with its settlement."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    def count_with(handler: Callable[[], int] | None) -> None:
        def work(connection: Connection) -> None:
            assert isinstance(connection, sqlite3.Connection)
            connection.set_progress_handler(handler, 1)

        database.read(work).result()

    count_with(step)
    granted = ledger.reserve(call_key("measured"), Decimal(1), WIDE).result()
    ledger.settle(granted.id, TOKENS, Decimal("0.1")).result()
    count_with(None)
    return count


def test_a_reservation_costs_the_same_however_long_the_ledger_is(
    store: Store, database: Database, ledger: Ledger
) -> None:
    if store.is_shared:
        pytest.skip("counted in SQLite's instructions: the statements are the same")
    _steps(database, ledger)
    short = _steps(database, ledger)
    insert = (
        "INSERT INTO calls (review, repository, phase, seat, model, state, reserved, held, final, started_at, day,"
        " month, owner, process) VALUES (?, 'r', 'opening', 's', 'm', 'settled', 1, 1, 1, 't', '2026-11-22',"
        " '2026-11', 'o', 1)"
    )
    rows = [(f"review {number}",) for number in range(5000)]
    database.write(lambda connection: connection.executemany(insert, rows).rowcount).result()
    assert _steps(database, ledger) < short * 1.1
