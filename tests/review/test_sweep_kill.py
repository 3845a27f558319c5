"""A sweep that ends between any two of its steps: taken up, it pays for nothing twice and forgets nothing it paid."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from rebuttal.change.listing import list_changes
from rebuttal.review.sweep import sweep, take_up
from rebuttal.review.sweep_kept import kept_sweeps
from rebuttal.review.sweep_model import Asking, Swept
from rebuttal.speakers.batches.service import BatchService
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import StoreError
from rebuttal.store.sqlite import SqliteFile
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.sweeping import PLENTY, QUICK, Knowing, with_branches

POINTS = 6
"""Of all moments, so many are tried; which ones is chance, of a seed that a failure names."""


@define
class Mortal:
    """Counts the steps that leave something behind, in the store or at the service, and ends at one of them. After that
    nothing more is written and nothing more is sent, as by a process that is gone."""

    ends_at: int | None = None
    steps: int = 0
    dead: bool = False
    stop: asyncio.Event = field(factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop = field(factory=asyncio.get_running_loop)

    def step(self) -> None:
        self.live()
        self.steps += 1
        if self.steps == self.ends_at:
            self.dead = True
            self.loop.call_soon_threadsafe(self.stop.set)
        self.live()

    def live(self) -> None:
        if self.dead:
            raise StoreError("the process is gone")


@contextmanager
def mortal(one: Mortal) -> Iterator[None]:
    transact, create = SqliteFile.transact, BatchService.create
    batch, results = BatchService.batch, BatchService.results

    def write(self: SqliteFile, work: Any, *, writes: bool, **named: Any) -> Any:
        if not writes:
            return transact(self, work, writes=writes, **named)
        one.step()
        done = transact(self, work, writes=writes, **named)
        one.step()
        return done

    async def made(self: BatchService, requests: Any) -> Any:
        one.step()
        done = await create(self, requests)
        one.step()
        return done

    async def looked(self: BatchService, id_: str) -> Any:
        one.live()
        return await batch(self, id_)

    def read(self: BatchService, id_: str) -> Any:
        one.live()
        return results(self, id_)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteFile, "transact", write)
        patch.setattr(BatchService, "create", made)
        patch.setattr(BatchService, "batch", looked)
        patch.setattr(BatchService, "results", read)
        yield


def asking_at(repo: GitRepo, home: Path, emulator: Emulator) -> Asking:
    environment = {"REBUTTAL_HOME": str(home), **emulator.environment()}
    return Asking(repo.root, PLENTY, environment, agreed=True, pace=QUICK)


async def begun(asking: Asking, one: Mortal) -> Swept | None:
    """What a sweep comes to that may end on the way; None where it did."""

    async def agree(offer: Any) -> bool:
        return True

    with mortal(one), suppress(StoreError):
        swept = await sweep(asking, list_changes(asking.where, branches="*"), None, agree, lambda event: None, one.stop)
        return None if one.dead else swept
    return None


async def gone_on(asking: Asking, sweep_id: str, one: Mortal) -> Swept | None:
    with mortal(one), suppress(StoreError):
        swept = await take_up(asking, sweep_id, lambda event: None, one.stop)
        return None if one.dead else swept
    return None


def states(home: Path) -> dict[str, Decimal]:
    with Database.open(home / "rebuttal.sqlite3") as database:
        Ledger(database).recover().result()
        entries = Ledger(database).entries().result()
    sums: dict[str, Decimal] = {}
    for entry in entries:
        sums[entry.state] = sums.get(entry.state, Decimal(0)) + entry.cost
    return sums


@pytest.mark.timeout(300)
async def test_a_sweep_that_ends_at_any_step_pays_for_nothing_twice(
    git_repo: GitRepo, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.script.default = Knowing()
    with_branches(git_repo, 2)
    whole = Mortal()
    reference = await begun(asking_at(git_repo, tmp_path / "whole", emulator), whole)
    assert reference is not None
    calls = len(emulator.records)
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for number, first in enumerate(chance.sample(range(1, whole.steps + 1), min(POINTS, whole.steps))):
        home, before = tmp_path / f"home {number}", len(emulator.records)
        bill = emulator.bill
        asking = asking_at(git_repo, home, emulator)
        where = f"seed {seed}, ends at step {first} of {whole.steps}"
        swept = await begun(asking, Mortal(first))
        # Half of them are ended once more on the way.
        for again in (chance.randrange(1, 40) if number % 2 else None, None):
            if swept is not None:
                break
            kept = await kept_sweeps(asking)
            if not kept:
                swept = await begun(asking, Mortal())  # nothing had been written down, so nothing had been sent
                break
            swept = await gone_on(asking, kept[0].id, Mortal(again))
        assert swept is not None, where
        assert {one.name for one, _ in swept.reviewed} == {one.name for one, _ in reference.reviewed}, where
        found = [{finding.id for finding in report.findings} for _, report in swept.reviewed]
        assert found == [{finding.id for finding in report.findings} for _, report in reference.reviewed], where
        assert len(emulator.records) - before == calls, where
        sums = states(home)
        assert sums.pop("settled") == emulator.bill - bill, where
        assert not any(sums.values()), (where, sums)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
@pytest.mark.timeout(180)
async def test_a_killed_process_is_taken_up(git_repo: GitRepo, emulator: Emulator, tmp_path: Path) -> None:
    emulator.script.default = Knowing()
    with_branches(git_repo, 2)
    moments = ("Submitted", "Waiting", "Ended")
    command = ["-m", "tests.review.sweeper", str(git_repo.root), str(tmp_path), *moments]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        env={**os.environ, **emulator.environment()},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert out.split() == [str(-signal.SIGKILL).encode()] * len(moments), err
    settled = Decimal(0)
    for moment in moments:
        swept = await gone_on(asking_at(git_repo, tmp_path / moment, emulator), "", Mortal())
        assert swept is not None
        debated = [
            (one.name, sum(each.source == "debate" for each in report.findings)) for one, report in swept.reviewed
        ]
        assert debated == [("region-00", 1), ("region-01", 1)], moment
        asked = [one for one in emulator.records if (one.custom_id or "").startswith(f"{swept.sweep}-")]
        assert len({one.batch for one in asked if one.phase == "opening"}) == 1, moment
        assert len(asked) == len(
            {(one.seat, one.phase, one.body["messages"][-1]["content"][-1]["text"]) for one in asked}
        )
        sums = states(tmp_path / moment)
        settled += sums.pop("settled")
        assert not any(sums.values()), moment
    assert settled == emulator.bill
