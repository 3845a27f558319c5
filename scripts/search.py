"""Look for new examples that break a property: `make search`, or `python scripts/search.py [ROUNDS] [PATH...]`.

`make test` draws the same examples each time, so that it judges the change and not the day. This draws others, from a
seed that it names; what it finds belongs beside its test as an `@example`, with its mend.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_NO_TEST_THERE = 5


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    failed = []
    for number in range(1, rounds + 1):
        seed = secrets.randbelow(2**31)
        print(f"round {number} of {rounds}: --hypothesis-seed={seed}", flush=True)
        if _round(seed, sys.argv[2:]) not in (0, _NO_TEST_THERE):
            failed.append(seed)
    for seed in failed:
        print(f"pytest -m hypothesis --hypothesis-profile=search --hypothesis-seed={seed}  # failed")
    return 1 if failed else 0


def _round(seed: int, paths: list[str]) -> int:
    workers = str(min(os.cpu_count() or 1, 4))
    chosen = ["-m", "hypothesis and not vscode and not neovim and not emacs and not gateway"]
    drawn = ["--hypothesis-profile=search", f"--hypothesis-seed={seed}"]
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, *chosen, *drawn, *paths]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
