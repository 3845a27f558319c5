"""What the ledger tells of what was spent, from sums that are kept with each call."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.store import schema
from rebuttal.store.database import Connection, Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CacheUse, Caps, Tokens
from rebuttal.store.sqlite import SqliteFile
from tests.store.conftest import WIDE, Clock, call_key

TOKENS = Tokens(input=10, cache_write=20, cache_read=30, output=40, cache_write_1h=5)
NOV_23 = date(2026, 11, 23)


def spend(ledger: Ledger, review: str, cost: str, repository: str = "one") -> int:
    call = ledger.reserve(call_key(review, repository=repository), Decimal(1), Caps()).result().id
    ledger.settle(call, TOKENS, Decimal(cost)).result()
    return call


@pytest.fixture
def spent(ledger: Ledger, clock: Clock) -> Ledger:
    """Three reviews of two repositories on three days; another was released."""
    spend(ledger, "cheap", "0.1")
    clock.now += timedelta(days=1)
    spend(ledger, "dear", "0.5", "two")
    spend(ledger, "middle", "0.2")
    clock.now += timedelta(days=1)
    spend(ledger, "middle", "0.2")
    ledger.release(ledger.reserve(call_key("never made", repository="three"), Decimal(9), Caps()).result().id).result()
    return ledger


def names(found: object) -> list[str]:
    return [one.review for one in found]  # type: ignore[attr-defined]


def test_the_most_expensive_reviews_are_told_the_dearest_first(spent: Ledger) -> None:
    assert names(spent.most_expensive(20).result()) == ["dear", "middle", "cheap"]
    assert names(spent.most_expensive(1).result()) == ["dear"]
    assert names(spent.most_expensive(0).result()) == names(spent.most_expensive(-1).result()) == []
    dear, middle, _ = spent.most_expensive(20).result()
    assert (dear.repository, dear.day, dear.calls, dear.total) == ("two", "2026-11-23", 1, Decimal("0.5"))
    assert (middle.day, middle.calls, middle.spent) == ("2026-11-23", 2, Decimal("0.4"))


def test_the_most_expensive_reviews_of_some_days_are_those_that_began_on_them(spent: Ledger) -> None:
    assert names(spent.most_expensive(20, NOV_23, NOV_23).result()) == ["dear", "middle"]
    assert names(spent.most_expensive(20, until=date(2026, 11, 22)).result()) == ["cheap"]
    assert names(spent.most_expensive(20, since=date(2026, 11, 24)).result()) == []
    assert names(spent.most_expensive(20, repository="one").result()) == ["middle", "cheap"]


def test_what_is_under_way_and_assumed_counts_for_a_review(ledger: Ledger) -> None:
    first, _ = (ledger.reserve(call_key("open"), Decimal(amount), Caps()).result() for amount in ("0.3", "0.2"))
    ledger.assume(first.id).result()
    (one,) = ledger.most_expensive(5).result()
    assert (one.spent, one.assumed, one.reserved, one.calls) == (Decimal(0), Decimal("0.3"), Decimal("0.2"), 1)


def test_rows_may_be_of_one_repository(spent: Ledger) -> None:
    for by in ("day", "month", "repository", "phase", "seat", "model", "review"):
        rows = spent.rows(by, repository="one").result()
        assert sum(row.spent for row in rows) == Decimal("0.5")
        assert sum(row.calls for row in rows) == 3
    assert spent.rows("day", repository="three").result() == ()
    assert [row.name for row in spent.rows("repository").result()] == ["one", "two"]


def test_what_was_released_is_in_no_row(ledger: Ledger) -> None:
    call = ledger.reserve(call_key(), Decimal(1), Caps()).result().id
    ledger.assume(call).result()
    assert [row.assumed for row in ledger.rows("seat").result()] == [Decimal(1)]
    ledger.release(call).result()
    assert ledger.rows("seat").result() == ledger.rows("review").result() == ()


def test_why_a_cache_was_missed_follows_a_call_that_is_settled_late(ledger: Ledger) -> None:
    call = ledger.reserve(call_key(), Decimal(1), Caps()).result().id
    ledger.assume(call).result()
    ledger.settle(call, TOKENS, Decimal("0.1"), CacheUse(40, Decimal("0.01"), "lost")).result()
    for by in ("model", "review"):
        (row,) = ledger.rows(by).result()
        assert (row.calls, row.assumed, row.spent) == (1, Decimal(0), Decimal("0.1"))
        assert (row.cache.expected, row.cache.read, row.cache.missed) == (40, 30, {"lost": 1})


_OLD = """
INSERT INTO calls (review, repository, phase, seat, model, state, reserved, held, final, input, cache_read,
    cache_expected, cache_saved, cache_missed, started_at, day, month, owner, process)
VALUES (?, ?, 'opening', 'architect', 'm', ?, 5, ?, ?, 1, 7, 9, -2, ?, 'then', ?, ?, '', 1)
"""


def _sums(connection: Connection) -> tuple[set[object], set[object]]:
    balances = connection.execute("SELECT scope, name, held, final FROM balances").fetchall()
    spending = connection.execute("SELECT * FROM spending").fetchall()
    return set(balances), set(spending)


def test_a_store_of_an_older_version_has_the_sums_that_its_calls_would_have_made(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        (review, repository, state, held, 0 if state == "reserved" else held, missed, f"{month}-0{day}", month)
        for review, repository, month in (("a", "one", "2026-10"), ("b", "two", "2026-11"), ("c", "one", "2026-11"))
        for day, (state, held, missed) in enumerate(
            (("settled", 3, ""), ("settled", 8, "lost"), ("assumed", 5, ""), ("reserved", 5, ""), ("released", 0, "")),
            1,
        )
    ]
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:7])
        before.setattr(schema, "VERSION", 7)
        Database.open(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(_OLD, rows)
    with Database.open(path) as older, Database.open(tmp_path / "new.db") as newer:
        newer.write(lambda connection: connection.executemany(_OLD, rows).rowcount).result()
        assert older.read(_sums).result() == newer.read(_sums).result()
        ledger = Ledger(older)
        assert [(row.name, row.calls, row.over) for row in ledger.rows("month").result()] == [
            ("2026-10", 3, 1),
            ("2026-11", 6, 2),
        ]
        with pytest.raises(Exception, match="its repository"):
            older.write(lambda connection: connection.execute("UPDATE calls SET repository = 'x'").rowcount).result()


def test_a_cost_that_a_power_cut_must_not_make_smaller_waits_for_the_disk(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting: list[bool] = []
    transact = SqliteFile.transact

    def noted(self: SqliteFile, *given: object, **named: object) -> object:
        lasting.append(bool(named["lasting"]))
        return transact(self, *given, **named)  # type: ignore[arg-type]

    calls = [ledger.reserve(call_key(), Decimal(1), WIDE).result().id for _ in range(4)]
    ledger.assume(calls[2]).result()
    ledger.release(calls[3]).result()
    monkeypatch.setattr(SqliteFile, "transact", noted)
    for call, cost, waits in ((0, "1", False), (1, "1.5", True), (2, "0.5", False), (3, "0.5", True)):
        lasting.clear()
        ledger.settle(calls[call], TOKENS, Decimal(cost)).result()
        assert lasting[-1] is waits
    assert [one.cost for one in ledger.entries().result()] == [Decimal(1), Decimal("1.5"), *2 * [Decimal("0.5")]]
