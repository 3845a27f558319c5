from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import fields

from rebuttal.budget.model import BudgetWarning, CapWarning, OverrunWarning, UnknownPrice, WaitWarning
from rebuttal.budget.owed import Owed
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse, caps_of
from rebuttal.settings import Settings, narrow
from rebuttal.settings.schema import SCHEMA
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CAP_SETTINGS, CacheSum, CacheUse, CallKey, CapReached, Caps, StoreError, Tokens

MODEL = "claude-sonnet-5-5"
CAPS = Caps(review=Decimal(1), day=Decimal(5), month=Decimal(50))


def key(review: str = "review") -> CallKey:
    return CallKey(review=review, repository="repository", phase="opening", seat="architect", model=MODEL)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@pytest.fixture
def warnings() -> list[BudgetWarning]:
    return []


@pytest.fixture
def purse(ledger: Ledger, warnings: list[BudgetWarning]) -> Purse:
    return Purse(ledger, CAPS, PriceBook(), warnings.append)


async def test_a_call_is_paid_at_the_price_of_the_model_that_answered(purse: Purse, ledger: Ledger) -> None:
    reservation = await purse.reserve(key(), Decimal("0.5"))
    assert reservation.at_most == Decimal("0.5")
    assert await purse.settle(reservation, Tokens(output=10_000), "claude-opus-5-5") == Decimal("0.2")
    assert (await ledger.cost_of("review")).spent == Decimal("0.2")


async def test_what_the_cache_saved_is_reckoned_at_the_price_of_the_model_that_answered(
    purse: Purse, ledger: Ledger
) -> None:
    wrote, read = Tokens(cache_write=100_000), Tokens(cache_read=100_000)
    await purse.settle(await purse.reserve(key(), Decimal("0.5")), wrote, MODEL)
    await purse.settle(await purse.reserve(key(), Decimal("0.5")), read, "claude-opus-5-5", CacheUse(100_000))
    first, second = await ledger.entries("review")
    assert first.cache == CacheUse(0, Decimal("-0.05"))
    assert second.cache == CacheUse(100_000, Decimal("0.38"))
    assert (await ledger.cost_of("review")).cache == CacheSum(100_000, 100_000, Decimal("0.33"))


async def test_what_is_not_spent_is_free_again(purse: Purse) -> None:
    for _ in range(3):
        await purse.settle(await purse.reserve(key(), Decimal("0.9")), Tokens(output=1_000), MODEL)
    await purse.release(await purse.reserve(key(), Decimal("0.97")))
    assert await purse.assume(await purse.reserve(key(), Decimal("0.97"))) == Decimal("0.97")
    with pytest.raises(CapReached):
        await purse.reserve(key(), Decimal("0.01"))


async def test_calls_in_parallel_share_one_cap(ledger: Ledger) -> None:
    purses = [Purse(ledger, CAPS, PriceBook()) for _ in range(8)]
    calls = (purse.reserve(key(), Decimal("0.3")) for purse in purses)
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, CapReached) for result in results) == 5
    assert (await ledger.totals()).day == Decimal("0.9")


@pytest.mark.parametrize("steps", range(4))
async def test_a_cancelled_reserve_leaves_nothing_set_aside(
    purse: Purse, ledger: Ledger, database: Database, steps: int
) -> None:
    gate = threading.Event()
    blocked = database.read(lambda _: gate.wait(10))
    task = asyncio.create_task(purse.reserve(key(), Decimal("0.9")))
    for _ in range(steps):
        await asyncio.sleep(0)
    if steps == 3:  # let the reservation be written, and cancel before the waiting task hears of it
        gate.set()
        blocked.result()
        ledger.totals().result()
    task.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await ledger.totals()).day == 0


async def test_a_cancelled_settlement_is_recorded_all_the_same(
    purse: Purse, ledger: Ledger, database: Database
) -> None:
    reservation = await purse.reserve(key(), Decimal("0.9"))
    purse.book.price(MODEL, Tokens())  # loads the prices, so that the task gets to the ledger at once
    gate = threading.Event()
    database.read(lambda _: gate.wait(10))
    task = asyncio.create_task(purse.settle(reservation, Tokens(output=1_000), MODEL))
    await asyncio.sleep(0)
    task.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await ledger.cost_of("review")).spent == Decimal("0.01")


async def test_an_answer_of_a_model_without_a_price_stands_at_its_worst_case(purse: Purse, ledger: Ledger) -> None:
    reservation = await purse.reserve(key(), Decimal("0.5"))
    with pytest.raises(UnknownPrice):
        await purse.settle(reservation, Tokens(output=1), "a-fallback-we-do-not-know")
    cost = await ledger.cost_of("review")
    assert (cost.spent, cost.assumed) == (Decimal(0), Decimal("0.5"))


async def test_spending_stops_rather_than_going_unrecorded(purse: Purse, database: Database) -> None:
    database.close()
    with pytest.raises(StoreError):
        await purse.reserve(key(), Decimal("0.5"))


async def _spend(purse: Purse, dollars: str, review: str = "review") -> None:
    tokens = Tokens(output=int(Decimal(dollars) * 100_000))
    await purse.settle(await purse.reserve(key(review), Decimal(dollars)), tokens, MODEL)


async def test_the_user_is_warned_once_at_seventy_percent_of_a_cap(purse: Purse, warnings: list[BudgetWarning]) -> None:
    await _spend(purse, "0.69")
    assert warnings == []
    await _spend(purse, "0.01")
    assert warnings == [CapWarning("review", Decimal(1), Decimal("0.7"))]
    await _spend(purse, "0.1")
    assert len(warnings) == 1
    await _spend(purse, "0.8", "another review")
    assert warnings[1:] == [CapWarning("review", Decimal(1), Decimal("0.8"))]


async def test_money_that_is_only_set_aside_warns_nobody(purse: Purse, warnings: list[BudgetWarning]) -> None:
    reservation = await purse.reserve(key(), Decimal("0.95"))
    await purse.settle(reservation, Tokens(output=1), MODEL)
    assert warnings == []


async def test_a_call_that_cost_more_than_its_worst_case_is_told(purse: Purse, warnings: list[BudgetWarning]) -> None:
    reservation = await purse.reserve(key(), Decimal("0.01"))
    await purse.settle(reservation, Tokens(output=2_000), MODEL)
    assert warnings == [OverrunWarning(key(), Decimal("0.01"), Decimal("0.02"))]


def test_caps_come_from_the_settings() -> None:
    settings = Settings(max_cost=Decimal(1), max_cost_per_day=Decimal(2), max_cost_per_month=Decimal(3))
    assert caps_of(settings) == Caps(review=Decimal(1), day=Decimal(2), month=Decimal(3))
    more = Settings(max_cost_per_call=Decimal("0.1"), max_cost_per_repository=Decimal(4))
    assert (caps_of(more).call, caps_of(more).repository) == (Decimal("0.1"), Decimal(4))


def test_every_setting_that_bounds_spending_has_its_cap_in_the_ledger() -> None:
    assert {*CAP_SETTINGS, "places"} == {one.name for one in fields(Caps)}
    assert set(CAP_SETTINGS.values()) == {row.key for row in SCHEMA if row.cap}


async def test_a_cap_thins_out_parallel_calls_instead_of_failing_those_that_would_fit_one_by_one(
    purse: Purse, ledger: Ledger
) -> None:
    async def call() -> Decimal:
        reservation = await purse.reserve(key(), Decimal("0.6"))
        await asyncio.sleep(0)
        return await purse.settle(reservation, Tokens(output=1_000), MODEL)

    costs = await asyncio.gather(*(call() for _ in range(8)))
    assert costs == [Decimal("0.01")] * 8
    assert (await ledger.cost_of("review")).spent == Decimal("0.08")


async def test_a_call_that_waits_for_money_is_refused_when_nothing_is_given_back(purse: Purse) -> None:
    first = await purse.reserve(key(), Decimal("0.6"))
    waiting = asyncio.create_task(purse.reserve(key(), Decimal("0.6")))
    await asyncio.sleep(0)
    await purse.assume(first)
    with pytest.raises(CapReached):
        await waiting


async def test_a_call_does_not_wait_for_money_that_cannot_come(purse: Purse) -> None:
    await purse.assume(await purse.reserve(key(), Decimal("0.5")))
    await purse.reserve(key(), Decimal("0.1"))
    await purse.reserve(key("another review"), Decimal("0.9"))
    with pytest.raises(CapReached):  # 0.5 stands, so 0.6 does not fit whatever becomes of the 0.1
        await asyncio.wait_for(purse.reserve(key(), Decimal("0.6")), 10)


async def test_a_refusal_that_is_out_of_date_is_not_believed(purse: Purse, database: Database) -> None:
    """The ledger refuses, then the only other call gives its money back, then the refusal is heard."""
    first = await purse.reserve(key(), Decimal("0.9"))
    gate = threading.Event()
    database.read(lambda _: gate.wait(10))
    second = asyncio.create_task(purse.reserve(key(), Decimal("0.9")))
    await asyncio.sleep(0)
    release = asyncio.create_task(purse.release(first))
    await asyncio.sleep(0)
    release.cancel()  # the release is in the ledger's hands; the purse hears of its end before the refusal
    with pytest.raises(asyncio.CancelledError):
        await release
    gate.set()
    assert (await second).at_most == Decimal("0.9")


async def test_a_cancelled_wait_for_money_leaves_nothing_set_aside(purse: Purse, ledger: Ledger) -> None:
    first = await purse.reserve(key(), Decimal("0.6"))
    waiting = asyncio.create_task(purse.reserve(key(), Decimal("0.6")))
    await asyncio.sleep(0)
    await ledger.totals()  # in order: the refusal has been given by now
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await purse.release(first)
    assert (await ledger.totals()).day == 0


async def test_who_waits_for_money_does_not_wait_for_ever_where_a_price_cannot_be_reckoned(
    purse: Purse, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def price(model: str, tokens: Tokens) -> Decimal:
        raise ZeroDivisionError

    reservation = await purse.reserve(key(), Decimal("0.9"))
    waiting = asyncio.create_task(purse.reserve(key(), Decimal("0.9")))
    await asyncio.sleep(0)
    await ledger.totals()  # in order: the refusal has been given by now
    await asyncio.sleep(0)
    assert not waiting.done()
    monkeypatch.setattr(purse.book, "price", price)
    with pytest.raises(ZeroDivisionError):
        await purse.settle(reservation, Tokens(output=1), MODEL)
    with pytest.raises(CapReached):
        await asyncio.wait_for(waiting, 2)
    assert len(await ledger.entries(state="reserved")) == 1


async def test_worst_cases_of_another_review_do_not_stop_this_one_at_the_cap_of_a_day(database: Database) -> None:
    told: list[BudgetWarning] = []
    waits = asyncio.Event()

    def tell(warning: BudgetWarning) -> None:
        told.append(warning)
        waits.set()

    caps = Caps(day=Decimal(1))
    one, other = Purse(Ledger(database), caps, PriceBook()), Purse(Ledger(database), caps, PriceBook(), tell)
    first = await one.reserve(key("one"), Decimal("0.9"))
    waiting = asyncio.create_task(other.reserve(key("other"), Decimal("0.9")))
    await asyncio.wait_for(waits.wait(), 5)
    assert told == [WaitWarning("day", Decimal(1), Decimal("0.9"), 20)]
    await one.release(first)
    assert (await asyncio.wait_for(waiting, 5)).at_most == Decimal("0.9")


async def test_the_wait_for_other_reviews_ends(database: Database) -> None:
    caps = Caps(month=Decimal(1))
    await Purse(Ledger(database), caps, PriceBook()).reserve(key("one"), Decimal("0.9"))
    with pytest.raises(CapReached):
        await Purse(Ledger(database), caps, PriceBook(), patience=0.1).reserve(key("other"), Decimal("0.9"))


async def test_nobody_waits_for_what_a_process_that_has_ended_set_aside(tmp_path: Path) -> None:
    caps = Caps(repository=Decimal(1))
    with Database.open(tmp_path / "store.db") as living:
        ledger = Ledger(living)
        await ledger.recover()  # so that the dead are not found by the first reservation
        with Database.open(tmp_path / "store.db") as ending:
            await Purse(Ledger(ending), caps, PriceBook()).reserve(key("one"), Decimal("0.9"))
        told: list[BudgetWarning] = []
        with pytest.raises(CapReached):
            await Purse(ledger, caps, PriceBook(), told.append).reserve(key("other"), Decimal("0.9"))
        assert told == []


async def test_a_call_above_the_cap_of_a_call_is_refused_at_once_though_others_are_under_way(ledger: Ledger) -> None:
    purse = Purse(ledger, Caps(call=Decimal("0.5")), PriceBook())
    await purse.reserve(key(), Decimal("0.5"))
    with pytest.raises(CapReached, match="max_cost_per_call"):
        await asyncio.wait_for(purse.reserve(key(), Decimal("0.6")), 2)


def read_only(database: Database, on: str) -> None:
    database.read(lambda connection: connection.execute(f"PRAGMA query_only = {on}").fetchone()).result()


async def test_nothing_more_is_spent_while_a_cost_cannot_be_recorded_and_it_is_recorded_first(
    purse: Purse, ledger: Ledger, database: Database
) -> None:
    first = await purse.reserve(key(), Decimal("0.5"))
    read_only(database, "ON")
    with pytest.raises(StoreError):
        await purse.settle(first, Tokens(input=100_000), MODEL)
    assert (await ledger.totals()).day == Decimal("0.5")  # the worst case stands
    with pytest.raises(StoreError):
        await purse.reserve(key(), Decimal("0.1"))
    read_only(database, "OFF")
    second = await purse.reserve(key(), Decimal("0.1"))
    states = {entry.id: (entry.state, entry.cost) for entry in await ledger.entries()}
    assert states == {first.id: ("settled", Decimal("0.2")), second.id: ("reserved", Decimal("0.1"))}


async def test_what_was_recorded_though_its_answer_was_lost_does_not_stop_spending(
    purse: Purse, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await purse.reserve(key(), Decimal("0.5"))
    await ledger.settle(first.id, Tokens(input=1), Decimal("0.2"))

    def lost(*_: object) -> None:
        raise StoreError("the server did not answer")

    with monkeypatch.context() as away:
        away.setattr(ledger, "settle", lost)
        with pytest.raises(StoreError):
            await purse.settle(first, Tokens(input=1), MODEL)
    assert (await purse.reserve(key(), Decimal("0.1"))).at_most == Decimal("0.1")
    assert (await ledger.cost_of("review")).spent == Decimal("0.2")


async def test_the_calls_of_a_review_wait_for_others_together_and_not_one_after_another(database: Database) -> None:
    told: list[BudgetWarning] = []
    caps = Caps(day=Decimal(1))
    await Purse(Ledger(database), caps, PriceBook()).reserve(key("a sweep that takes hours"), Decimal("0.9"))
    purse = Purse(Ledger(database), caps, PriceBook(), told.append, patience=1)
    begun = asyncio.get_running_loop().time()
    found = await asyncio.gather(*(purse.reserve(key(), Decimal("0.9")) for _ in range(5)), return_exceptions=True)
    waited = asyncio.get_running_loop().time() - begun
    assert all(isinstance(one, CapReached) for one in found)
    assert len(told) == 1
    again = asyncio.get_running_loop().time()
    with pytest.raises(CapReached):
        await purse.reserve(key(), Decimal("0.9"))
    assert asyncio.get_running_loop().time() - again < 1 <= waited
    assert len(told) == 1


async def test_a_refused_call_names_the_file_that_set_the_cap(ledger: Ledger) -> None:
    settings, _ = narrow(Settings(), {"max_cost": "0.01"}, ".rebuttal.toml")
    purse = Purse(ledger, caps_of(settings), PriceBook())
    with pytest.raises(CapReached, match=r"raise max_cost in the repository's \.rebuttal\.toml to go on") as refused:
        await purse.reserve(key(), Decimal("0.02"))
    assert "config.toml" not in str(refused.value)
    assert "--max-cost" not in str(refused.value)  # it could not raise what the repository lowers
    own = Purse(ledger, caps_of(Settings(max_cost=Decimal("0.01"))), PriceBook())
    with pytest.raises(CapReached, match=r"raise max_cost in your config\.toml \(or --max-cost\) to go on"):
        await own.reserve(key(), Decimal("0.02"))


async def test_what_one_review_could_not_record_was_left_to_it_though_it_had_ended(
    ledger: Ledger, database: Database
) -> None:
    owed = Owed()
    ended = Purse(ledger, CAPS, PriceBook(), owed=owed)
    settled, assumed, released = [await ended.reserve(key(), Decimal("0.3")) for _ in range(3)]
    read_only(database, "ON")
    with pytest.raises(StoreError):
        await ended.settle(settled, Tokens(input=100_000), MODEL)
    with pytest.raises(StoreError):
        await ended.assume(assumed)
    with pytest.raises(StoreError):
        await ended.release(released)
    later = Purse(ledger, CAPS, PriceBook(), owed=owed)
    with pytest.raises(StoreError):
        await later.reserve(key("later"), Decimal("0.1"))
    assert (await ledger.totals()).day == Decimal("0.9")
    read_only(database, "OFF")
    await later.reserve(key("later"), Decimal("0.1"))
    assert not owed
    assert [one.state for one in await ledger.entries("review")] == ["settled", "assumed", "released"]
    assert (await ledger.totals()).day == Decimal("0.2") + Decimal("0.3") + Decimal("0.1")
