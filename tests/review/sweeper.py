"""A process whose children each sweep all branches of a repository, and kill themselves at the first event of a kind.

Forked, because every one of them needs the SDK, which takes seconds to import on a busy machine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import anthropic.resources.messages.batches  # noqa: F401 - before the first fork

from rebuttal.change.listing import list_changes
from rebuttal.review.sweep import sweep
from rebuttal.review.sweep_model import Asking
from tests.review.sweeping import PLENTY, QUICK


async def main(root: Path, home: Path, moment: str) -> None:
    asking = Asking(root, PLENTY, {**os.environ, "REBUTTAL_HOME": str(home)}, agreed=True, pace=QUICK)

    def tell(event: Any) -> None:
        if type(event).__name__ == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    async def agree(offer: Any) -> bool:
        return True

    await sweep(asking, list_changes(root, branches="*"), None, agree, tell, asyncio.Event())


if __name__ == "__main__":
    _, root, homes, *moments = sys.argv
    for moment in moments:
        child = os.fork()
        if child == 0:
            asyncio.run(main(Path(root), Path(homes, moment), moment))
            os._exit(0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
