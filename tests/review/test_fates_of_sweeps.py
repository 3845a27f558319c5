"""What a sweep finds counts as what a review finds does: its money is in the same ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rebuttal.budget.returns import returns
from rebuttal.change.listing import list_changes
from rebuttal.review.sweep import sweep
from rebuttal.review.sweep_model import Asking
from rebuttal.settings import Settings
from rebuttal.store.database import Database
from rebuttal.store.fates import Fates
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.sweeping import PLENTY, QUICK, Knowing, with_branches


async def test_what_a_sweep_finds_is_recorded_with_what_it_cost(
    git_repo: GitRepo, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.script.default = Knowing()
    with_branches(git_repo, 2)
    environment = {"REBUTTAL_HOME": str(tmp_path / "rebuttal"), **emulator.environment()}
    asking = Asking(git_repo.root, PLENTY, environment, agreed=True, pace=QUICK)

    async def agree(offer: object) -> bool:
        return True

    listing = list_changes(git_repo.root, branches="*")
    result = await sweep(asking, listing, None, agree, lambda event: None, asyncio.Event())
    shown = {one.id for _, report in result.reviewed for one in report.findings if one.source == "debate"}
    with Database.open(tmp_path / "rebuttal" / "rebuttal.sqlite3") as database:
        made = returns(Fates(database).outlay().result(), Settings())
    assert made.total.shown == len(shown) == 2
    assert made.total.cost == result.cost.spent + result.cost.assumed > 0
    assert made.unshared == 0
