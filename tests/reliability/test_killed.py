"""A process that is killed in the middle of a debate: the next review takes it up, and pays for no answer twice."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from examples.make_repository import make_repository
from rebuttal.debate.events import DebateEvent
from rebuttal.review.request import Answer, Question, Request, ReviewEvent
from rebuttal.review.run import review
from rebuttal.review.services import Services
from rebuttal.settings import Settings
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from tests.emulator import Emulator, Fault, Record, Rule
from tests.emulator.planted import Planted
from tests.emulator.script import Asked

REVIEWERS = Path(__file__).resolve().parents[2] / "examples" / "parcels" / "reviewers.json"
STALLS = 8
"""The event of a stream from which on nothing comes."""
PANEL, SEATS = "medium", 5
"""Three rounds: there is a rebuttal."""


class Quarrel:
    """The planted reviewers, but whoever cross-examines a claim refutes it, so that there is argument to its end. They
    open at length, as models do: beside openings of a line no further round would be worth its price."""

    def __init__(self) -> None:
        self._honest = Planted.load(REVIEWERS)

    def __call__(self, asked: Asked) -> dict[str, object]:
        said = self._honest(asked)
        for claim in said["claims"]:
            claim["argument"] += " So it stays, whatever else is changed." * 20
        if asked.phase == "cross_examination":
            for ruling in said["rulings"]:
                ruling["verdict"] = "refuted"
        return said


class Door:
    """Nobody is asked, nothing is shown."""

    def __init__(self) -> None:
        self.events: list[ReviewEvent | DebateEvent] = []

    def tell(self, event: ReviewEvent | DebateEvent) -> None:
        self.events.append(event)

    async def agree(self, question: Question) -> Answer:
        raise AssertionError("nobody was to be asked")


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "parcels")


def environment(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    return {**emulator.environment(), "REBUTTAL_HOME": str(tmp_path / "rebuttal")}


async def killed_in(phase: str, emulator: Emulator, parcels: Path, tmp_path: Path) -> None:
    """Hold the review as a program, and kill it when all that it asks the service is of that phase."""
    emulator.script.rules[:] = [Rule(phase=phase, fault=Fault("stall", at=STALLS))]
    begun = len(emulator.records)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rebuttal", "review", "--repo", str(parcels), "--panel", PANEL, "--yes"),
        env={**os.environ, **environment(emulator, tmp_path)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _until(lambda: any(one.phase == phase for one in emulator.records[begun:]))
        if phase != "opening":
            await _until(lambda: len({one.seat for one in emulator.records if _opened(one)}) == SEATS)
        await _until(lambda: all(one.completed or len(one.events) >= STALLS for one in emulator.records[begun:]))
        await _written(tmp_path / "rebuttal" / "rebuttal.sqlite3", sum(one.completed for one in emulator.records))
    finally:
        process.kill()
        await process.wait()
    emulator.script.rules.clear()


def _opened(record: Record) -> bool:
    return record.phase == "opening" and record.completed


async def _until(holds: Callable[[], bool]) -> None:
    """The emulator tells nobody of single events."""
    for _ in range(3000):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("the review did not get there in time")


async def _written(store: Path, answers: int) -> None:
    """Until that many answers have been written down, which each is a moment after it was given."""
    found = 0
    for _ in range(300):
        with Database.open(store) as database:
            rows = await database.read(lambda one: one.execute("SELECT body FROM unfinished").fetchall())
        found = len(json.loads(zlib.decompress(rows[0][0]))["record"]["exchanges"]) if rows else 0
        if found >= answers:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{answers} answers were given, {found} are written down")


async def test_killed_once_in_every_phase(emulator: Emulator, parcels: Path, tmp_path: Path) -> None:
    emulator.script.default = Quarrel()
    for phase in ("opening", "cross_examination", "rebuttal", "consensus"):
        await killed_in(phase, emulator, parcels, tmp_path)
    before = len(emulator.records)

    services = Services(environment(emulator, tmp_path), Settings(panel=PANEL))
    try:
        result = await review(Request(where=parcels, settings=Settings(panel=PANEL), agreed=True), services, Door())
    finally:
        await services.close()

    # The rest is asked for, and nothing else.
    assert {one.phase for one in emulator.records[before:]} == {"consensus"}
    assert result.report.degraded == ()
    assert any("is taken up" in note for note in result.report.notes)
    whole = Counter(json.dumps(one.body["messages"]) for one in emulator.records if one.completed)
    assert set(whole.values()) == {1}, "an answer was paid for twice"
    openings = Counter(one.seat for one in emulator.records if one.completed and one.phase == "opening")
    assert set(openings.values()) == {1}
    with Database.open(tmp_path / "rebuttal" / "rebuttal.sqlite3") as database:
        entries = await Ledger(database).entries()
        left = await database.read(lambda one: one.execute("SELECT count(*) FROM unfinished").fetchone())
    assert {one.state for one in entries} == {"settled", "assumed"}, "the killed calls' worst cases are kept aside"
    assert sum(one.cost for one in entries) >= emulator.bill
    assert left == (0,), "a debate that is whole is not kept"
