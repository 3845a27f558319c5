"""A cancelled review ends at once: nothing waits for a thread, no git is left, no reservation stays open."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import rebuttal.evidence.panel
import rebuttal.review.run
from rebuttal.change.read import Reading, read_change
from rebuttal.review.run import review
from rebuttal.review.threads import in_thread
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from tests.emulator.script import Fault, Rule
from tests.emulator.server import Emulator
from tests.review.conftest import Door, Open, request_for


async def cancelled(task: asyncio.Task[Any]) -> float:
    """Cancel it; the seconds until it had ended."""
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - started


async def test_cancelling_while_the_change_is_read_closes_what_was_opened_for_it(
    open_services: Open, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()
    close = Reading.close

    def slow(*arguments: Any, **options: Any) -> Reading:
        begun.set()
        go_on.wait(30)
        return read_change(*arguments, **options)

    def closing(reading: Reading) -> None:
        close(reading)
        closed.set()

    monkeypatch.setattr(rebuttal.review.run, "read_change", slow)
    monkeypatch.setattr(Reading, "close", closing)
    task = asyncio.create_task(review(request_for(parcels, agreed=True, replay=None), open_services(KEYED), Door()))
    await asyncio.to_thread(begun.wait, 30)
    assert await cancelled(task) < 0.1
    go_on.set()
    assert await asyncio.to_thread(closed.wait, 30)


async def test_cancelling_does_not_wait_for_a_check_that_hangs_and_closes_git(
    open_services: Open, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    readings: list[Any] = []

    def hangs(change: Any, repository: Any, **_: Any) -> None:
        repository.objects.get("HEAD")
        readings.append(repository)
        begun.set()
        go_on.wait(30)

    monkeypatch.setattr(rebuttal.evidence.panel, "gather", hangs)
    task = asyncio.create_task(review(request_for(parcels), open_services(KEYED), Door()))
    await asyncio.to_thread(begun.wait, 30)
    assert await cancelled(task) < 0.1
    (repository,) = readings
    for _ in range(100):
        if repository.objects._running is None:
            break
        await asyncio.sleep(0.05)
    assert repository.objects._running is None
    go_on.set()


async def test_the_loop_goes_on_while_threads_work(
    open_services: Open, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    gather = rebuttal.evidence.panel.gather

    def slow(*arguments: Any, **options: Any) -> Any:
        go_on.wait(30)
        return gather(*arguments, **options)

    monkeypatch.setattr(rebuttal.evidence.panel, "gather", slow)
    task = asyncio.create_task(review(request_for(parcels), open_services(KEYED), Door()))
    for _ in range(20):
        await asyncio.sleep(0.01)
    assert not task.done()
    await cancelled(task)
    go_on.set()


async def test_cancelling_in_mid_stream_leaves_no_reservation_open(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    panel.script.add(Rule(fault=Fault("stall", at=4)))
    services = open_services(panel.environment())
    task = asyncio.create_task(review(request_for(parcels, agreed=True), services, Door()))
    await panel.seen(lambda: any(len(record.events) >= 4 for record in panel.records))
    assert await cancelled(task) < 0.5
    await panel.seen(lambda: all(record.closed_early is not None for record in panel.records))
    (row,) = await Ledger(await services.database()).rows("day")
    assert row.reserved == 0
    assert row.spent + row.assumed >= panel.bill > 0


async def test_a_store_that_is_opened_for_a_cancelled_job_is_closed(
    open_services: Open, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()
    opening, closing = Database.open, Database.close

    def slow(path: Path, **options: Any) -> Database:
        begun.set()
        go_on.wait(30)
        return opening(path, **options)

    def close(database: Database) -> None:
        closing(database)
        closed.set()

    monkeypatch.setattr(Database, "open", slow)
    monkeypatch.setattr(Database, "close", close)
    services = open_services()
    task = asyncio.create_task(services.totals())
    await asyncio.to_thread(begun.wait, 30)
    assert await cancelled(task) < 0.1
    go_on.set()
    assert await asyncio.to_thread(closed.wait, 30)
    assert (await services.totals()).day == 0


async def test_what_a_thread_raises_reaches_who_waits_and_nobody_else() -> None:
    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_thread(fails)
    heard: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context["message"]))
    go_on = threading.Event()

    def fails_late() -> None:
        go_on.wait(30)
        raise ValueError("late")

    await cancelled(asyncio.create_task(in_thread(fails_late)))
    go_on.set()
    await asyncio.sleep(0.1)
    assert heard == []


def test_a_loop_that_ends_waits_for_no_thread() -> None:
    hanging = threading.Event()
    try:

        async def run() -> None:
            task = asyncio.create_task(in_thread(lambda: hanging.wait(30)))
            await asyncio.sleep(0.01)
            await cancelled(task)

        started = time.monotonic()
        asyncio.run(run())
        assert time.monotonic() - started < 5
    finally:
        hanging.set()


KEYED = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
"""A key, so that a debate would follow, and nobody at the other end."""
