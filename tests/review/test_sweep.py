"""Many changes at once over message batches: real git, the real SDK over HTTP, the emulator's batches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from rebuttal.change.listing import list_changes
from rebuttal.review.sweep import cancel, kept_sweeps, sweep, take_up
from rebuttal.review.sweep_model import Asking, Done, Estimated, Offer, Swept
from rebuttal.settings import Settings
from rebuttal.speakers.batch_model import Submitted
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.sweeping import QUICK, Knowing, with_branches

PLENTY = Settings(panel="small", max_cost=Decimal(5), max_cost_per_day=Decimal(500), max_cost_per_month=Decimal(900))


@define
class Told:
    """Everything that a sweep tells, and what is answered when it asks."""

    yes: bool = True
    events: list[Any] = field(factory=list)
    offers: list[Offer] = field(factory=list)

    def __call__(self, event: Any) -> None:
        self.events.append(event)

    async def agree(self, offer: Offer) -> bool:
        self.offers.append(offer)
        return self.yes

    def of(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.events if isinstance(one, kind)]


@pytest.fixture
def panel(emulator: Emulator) -> Emulator:
    emulator.script.default = Knowing()
    return emulator


@pytest.fixture
def told() -> Told:
    return Told()


Asks = Callable[..., Asking]


@pytest.fixture
def asking(git_repo: GitRepo, tmp_path: Path, panel: Emulator) -> Asks:
    def make(settings: Settings = PLENTY, **options: Any) -> Asking:
        environment = {"REBUTTAL_HOME": str(tmp_path / "rebuttal"), **panel.environment()}
        options = {"agreed": True, "pace": QUICK} | options
        return Asking(git_repo.root, settings, environment, **options)

    return make


async def swept(asked: Asking, told: Told, max_cost: Decimal | None = None, **listed: Any) -> Swept:
    listing = list_changes(asked.where, branches="*", **listed)
    return await sweep(asked, listing, max_cost, told.agree, told, asyncio.Event())


def ledger(asked: Asking) -> tuple[Decimal, Decimal, Decimal]:
    """Settled, assumed, reserved."""
    with Database.open(Path(asked.environment["REBUTTAL_HOME"]) / "rebuttal.sqlite3") as database:
        entries = Ledger(database).entries().result()
    sums = {
        state: sum((one.cost for one in entries if one.state == state), Decimal(0))
        for state in ("settled", "assumed", "reserved")
    }
    return sums["settled"], sums["assumed"], sums["reserved"]


async def test_every_branch_is_reviewed_and_the_bill_is_what_the_ledger_settled(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 3)
    result = await swept(asking(), told)
    titles = {
        finding.title for _, report in result.reviewed for finding in report.findings if finding.source == "debate"
    }
    assert titles == {f"Region {number} without weights divides by zero" for number in range(3)}
    assert not result.failed
    assert ledger(asking()) == (panel.bill, 0, 0)
    assert result.cost.spent == panel.bill
    assert all(one.batch for one in panel.records)
