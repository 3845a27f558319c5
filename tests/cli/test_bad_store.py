"""A store that cannot be used: one sentence, an exit code that says so, and nothing is sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.review.stores import STORE
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from tests.cli.conftest import Rebuttal
from tests.emulator.server import Emulator


def _newer(path: Path) -> None:
    Database.open(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 1000")


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE notes (text TEXT)")


def _damaged(path: Path) -> None:
    Database.open(path).close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (size - 100))


def _none(path: Path) -> None:
    path.write_bytes(b"these are my notes\n" * 100)


BAD: dict[str, Callable[[Path], None]] = {
    "of a newer Rebuttal: install the newest one": _newer,
    "belongs to another program: move it away": _foreign,
    "is damaged: move it away": _damaged,
    "is no database: move it away": _none,
}


@pytest.mark.parametrize("said", BAD)
def test_a_store_that_cannot_be_used_is_one_sentence_and_nothing_is_sent(
    rebuttal: Rebuttal, parcels: Path, home: Path, panel: Emulator, said: str
) -> None:
    home.mkdir(parents=True, exist_ok=True)
    BAD[said](home / STORE)
    before = (home / STORE).read_bytes()
    for command in (("ledger",), ("ledger", "--release", "all", "--yes")):
        ran = rebuttal(*command)
        assert (ran.code, ran.out) == (2, "")
        assert len(ran.err.splitlines()) == 1
        assert said in ran.err
    ran = rebuttal("review", "--repo", parcels, "--yes", "--require-debate", "--fail-on", "never", "--format", "json")
    assert ran.code == 3
    assert ran.json["findings"]  # the static panel's
    assert any(said in one["reason"] for one in ran.json["degraded"])
    assert panel.records == []
    assert (home / STORE).read_bytes() == before


def test_a_disk_that_is_full_after_a_call_was_made_stops_the_debate_and_keeps_the_worst_case(
    rebuttal: Rebuttal, parcels: Path, home: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = Ledger.settle

    def full(self: Ledger, *given: object, **named: object) -> object:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL

        def fail(_: object) -> None:
            raise error

        return self._database.write(fail)

    monkeypatch.setattr(Ledger, "settle", full)
    ran = rebuttal("review", "--repo", parcels, "--yes", "--fail-on", "never", "--format", "json")
    assert ran.code == 3, ran.err
    assert any("the disk is full: make room" in one["reason"] for one in ran.json["degraded"])
    worst = ran.json["cost"]["assumed"]
    calls = len([record for record in panel.records if "messages" in record.path and "count" not in record.path])
    monkeypatch.setattr(Ledger, "settle", settle)
    with Database.open(home / STORE) as database:
        ledger = Ledger(database)
        ledger.recover().result()
        entries = ledger.entries().result()
    # Those that were under way side by side when the disk filled up: each at its worst case, and none after them.
    assert [one.state for one in entries] == ["assumed"] * calls
    assert all(one.cost == one.at_most > 0 for one in entries)
    assert Decimal(worst) == sum(one.cost for one in entries)
