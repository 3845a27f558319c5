"""A process that sweeps all branches of a repository and kills itself at the first event of a kind; or takes it up."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from rebuttal.change.listing import list_changes
from rebuttal.review.sweep import sweep, take_up
from rebuttal.review.sweep_model import Asking
from rebuttal.settings import Settings
from tests.review.sweeping import QUICK


async def main(root: Path, moment: str) -> None:
    settings = Settings(
        panel="small", max_cost=Decimal(5), max_cost_per_day=Decimal(500), max_cost_per_month=Decimal(900)
    )
    asking = Asking(root, settings, os.environ, agreed=True, pace=QUICK)

    def tell(event: Any) -> None:
        if type(event).__name__ == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    async def agree(offer: Any) -> bool:
        return True

    if moment == "resume":
        swept = await take_up(asking, "", tell, asyncio.Event())
    else:
        swept = await sweep(asking, list_changes(root, branches="*"), None, agree, tell, asyncio.Event())
    for change, report in swept.reviewed:
        sys.stdout.write(f"{change.name} {sum(one.source == 'debate' for one in report.findings)}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
