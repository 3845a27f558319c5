"""Clocks that jump, and a machine that sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from itertools import cycle
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.debate.events import DebateEvent, PhaseStarted, SeatFinished
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger, local_now
from rebuttal.store.model import Caps
from tests.emulator import Emulator, Fault, Rule
from tests.reliability.checks import check, code, failed
from tests.reliability.stage import PHASES, SHORT, closed_again, hold, open_sockets, patience
from tests.reliability.weather import Relay

HOURS = (0, 26, -5, 49, -30, 1)


def _jumping(base: Callable[[], datetime] = local_now) -> Callable[[], datetime]:
    hours = cycle(HOURS)
    return lambda: base() + timedelta(hours=next(hours))


async def test_a_wall_clock_that_jumps_by_days_loses_no_money(emulator: Emulator, tmp_path: Path) -> None:
    run = await hold(emulator, tmp_path, now=_jumping())
    check(run)
    assert not failed(run)
    with Database.open(tmp_path / "store.sqlite3") as database:
        days = await Ledger(database).rows("day")
    assert len(days) > 1
    assert sum((one.spent for one in days), Decimal(0)) == run.held
    assert all(one.reserved == 0 for one in days)


async def test_a_cap_of_the_day_holds_on_every_day_that_the_clock_jumps_to(emulator: Emulator, tmp_path: Path) -> None:
    cap = Decimal("0.16")  # one opening at its worst case
    run = await hold(emulator, tmp_path, now=_jumping(), caps=Caps(day=cap))
    check(run)
    with Database.open(tmp_path / "store.sqlite3") as database:
        days = await Ledger(database).rows("day")
    assert all(one.spent + one.assumed <= cap for one in days)


async def test_the_wall_clock_is_no_deadline(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, hours = time.time, cycle(HOURS)
    monkeypatch.setattr(time, "time", lambda: real() + 3600 * next(hours))
    run = await hold(emulator, tmp_path)
    check(run)
    assert not failed(run)
    assert run.attempts == 1


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_date_to_wait_for_is_read_by_the_service_s_own_clock(
    emulator: Emulator, tmp_path: Path, hours: int
) -> None:
    date = format_datetime(datetime(2026, 11, 22, 12, tzinfo=UTC), usegmt=True)
    busy = Fault("status", status=429, headers={"date": date, "retry-after": date})
    emulator.script.add(*(Rule(phase=phase, times=1, fault=busy) for phase in PHASES))
    wait = patience(now=lambda: datetime.now(UTC) + timedelta(hours=hours))
    run = await hold(emulator, tmp_path, wait=wait)
    check(run)
    assert not failed(run)


@pytest.mark.parametrize("phase", PHASES[:-1])
async def test_an_hour_asleep_ends_the_debate_at_its_deadline_and_keeps_what_was_said(
    emulator: Emulator, tmp_path: Path, phase: str
) -> None:
    """The debate's clock has gone on meanwhile, as it does on macOS and Windows."""
    slept = 0.0

    def during(event: DebateEvent) -> None:
        nonlocal slept
        if isinstance(event, SeatFinished) and event.phase == phase:
            slept = 3600.0

    run = await hold(emulator, tmp_path, clock=lambda: time.monotonic() + slept, during=during)
    check(run)
    assert run.outcome.stopped_by is not None
    assert run.outcome.stopped_by.kind == "timeout"
    assert failed(run)
    assert code(run) == 3
    later = PHASES[PHASES.index(phase) + 1 :]
    assert all(not run.of(one) for one in later if one != "cross_examination")


@pytest.mark.parametrize("phase", ["opening", "cross_examination", "rebuttal", "consensus"])
async def test_connections_that_are_dead_after_a_sleep_are_made_anew(
    emulator: Emulator, tmp_path: Path, phase: str
) -> None:
    """Whatever was open leads nowhere, without a word."""
    before = open_sockets()
    with Relay(emulator.port) as relay:

        def during(event: DebateEvent) -> None:
            if isinstance(event, PhaseStarted) and event.phase == phase:
                relay.freeze()

        storm = {"ANTHROPIC_BASE_URL": relay.url}
        run = await hold(
            emulator, tmp_path, storm=storm, phases=frozenset(PHASES), during=during, wait=patience(silence=SHORT)
        )
    await closed_again(before)
    # What the service said into a dead connection it may have billed; nobody has heard it.
    check(evolve(run, sockets=open_sockets() - before), lossy=True)
    assert not failed(run), [one.reason for one in run.outcome.degraded]
    assert run.attempts <= 2
