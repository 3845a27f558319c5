"""`python -m tests.reliability` writes docs/RELIABILITY.md anew: holds a debate for each fault of the table."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.emulator import Emulator
from tests.reliability.page import MADE_IN, PAGE, page, row
from tests.reliability.storms import meet
from tests.reliability.table import TROUBLES, Trouble


def main() -> int:
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    PAGE.write_text(page({one.name: _row(one) for one in TROUBLES}), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
    return 0


def _row(trouble: Trouble) -> str:
    with Emulator() as emulator, tempfile.TemporaryDirectory() as home:
        return row(trouble, asyncio.run(meet(trouble, emulator, Path(home), phases=MADE_IN)))


if __name__ == "__main__":
    sys.exit(main())
