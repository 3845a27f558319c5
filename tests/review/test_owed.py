"""Costs that a full disk or a read-only store kept from the ledger."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse, caps_of
from rebuttal.review import services as services_
from rebuttal.review.services import Services
from rebuttal.review.sweep_model import Job
from rebuttal.review.sweep_services import SweepServices
from rebuttal.settings import Settings
from rebuttal.store.database import Connection, Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, StoreError, Tokens
from tests.review.conftest import Open

MODEL = "claude-sonnet-5-5"
KEY = CallKey("review", "repository", "synthesis", "moderator", MODEL)


async def read_only(database: Database, on: str) -> None:
    await database.read(lambda connection: connection.execute(f"PRAGMA query_only = {on}").fetchone())


def _execute(statement: str, connection: Connection) -> None:
    connection.execute(statement)


async def last_call(services: Services) -> Ledger:
    """A review's last call ends while the store cannot be written."""
    database = await services.database()
    ledger = Ledger(database)
    purse = Purse(ledger, caps_of(Settings()), PriceBook(), owed=services.owed)
    reservation = await purse.reserve(KEY, Decimal("0.5"))
    await read_only(database, "ON")
    with pytest.raises(StoreError):
        await purse.settle(reservation, Tokens(input=100_000), MODEL)
    return ledger


async def test_the_cost_of_a_reviews_last_call_stayed_at_its_worst_case_until_the_process_ended(
    open_services: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services_, "OWED_FIRST", 0.01)
    services = open_services()
    ledger = await last_call(services)
    assert (await services.totals()).day == Decimal("0.5")  # cannot be written yet
    await read_only(await services.database(), "OFF")

    async def written() -> None:
        while services.owed:  # noqa: ASYNC110 - it is the clock that is to do it, and nothing tells of it
            await asyncio.sleep(0.01)

    await asyncio.wait_for(written(), 20)
    assert [(one.state, one.cost) for one in await ledger.entries()] == [("settled", Decimal("0.2"))]


async def test_whoever_looks_at_the_ledger_next_has_it_written_down_first(open_services: Open) -> None:
    services = open_services()
    await last_call(services)
    await read_only(await services.database(), "OFF")
    assert (await services.cost("review")).spent == Decimal("0.2")
    assert (await services.totals()).day == Decimal("0.2")


async def test_it_is_written_down_at_the_latest_when_the_process_ends(open_services: Open, tmp_path: Path) -> None:
    services = open_services()
    await last_call(services)
    await read_only(await services.database(), "OFF")
    await services.close()
    with Database.open(next((tmp_path / "rebuttal").glob("*.sqlite3"))) as database:
        assert [one.state for one in Ledger(database).entries().result()] == ["settled"]


async def test_a_call_of_a_store_that_was_replaced_kept_every_later_review_from_spending(open_services: Open) -> None:
    services = open_services()
    ledger = await last_call(services)
    database = await services.database()
    await read_only(database, "OFF")
    for statement in ("DROP TRIGGER calls_delete", "DELETE FROM calls"):  # as restored from a copy
        await database.write(partial(_execute, statement))
    purse = Purse(ledger, caps_of(Settings()), PriceBook(), owed=services.owed)
    assert (await purse.reserve(KEY, Decimal("0.5"))).at_most == Decimal("0.5")
    assert not services.owed


async def test_a_sweep_tells_where_spending_stands_now_though_it_decides_by_what_was_when_it_began(
    open_services: Open, parcels: Path
) -> None:
    settings = Settings(max_cost_per_day=Decimal("0.5"))
    services = open_services(settings=settings, kind=SweepServices)
    assert isinstance(services, SweepServices)
    services.pin(Job((), "small", "balanced", "crossfire"))
    await Ledger(await services.database()).reserve(KEY, Decimal("0.5"), caps_of(settings))
    (call,) = await Ledger(await services.database()).entries()
    await Ledger(await services.database()).settle(call.id, Tokens(), Decimal("0.5"))
    assert (await services.totals(parcels)).day == 0
    assert (await services.standing(settings, parcels)).state == "stopped"
