"""How fast the static panel is: 10 changed files in a small and a large repository, cold and warm, callers included.

Cold: the first panel of a worker that runs (imports done, grammars not yet loaded, nothing remembered). Warm: the next
ones, each after one of the changed files was edited again. The peers, in turn in the same run: ruff alone on the same
files as a user would run it, and `git grep` of the names that the change defines anew or alters.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from bench.context_speed import ROOT, repository
from bench.repositories import LARGE, SMALL, Size, change, function_of, path_of, settle
from bench.table import median, table

CHANGED = 10
WARM_RUNS = 7
COLD_RUNS = 3
GOALS = {"small": (1_000, 400), "large": (1_500, 1_500)}
"""Cold and warm, milliseconds."""

EXPLAINED = (
    f"`python -m bench.panel_speed`; medians; {CHANGED} files changed, each with a new parameter and a new function; "
    "callers are looked for. Cold: the first panel of a running worker. Warm: the next ones, after one file was edited "
    "again. ruff alone: its command on the changed Python files. `git grep`: of the names that the change touches.\n"
)


def worker(where: Path, edited: str, warm_runs: int) -> None:
    """One worker: a cold panel, then warm ones; prints milliseconds (change and checks apart) and findings."""
    from rebuttal.change.memory import Memory
    from rebuttal.change.read import read_change
    from rebuttal.change.scope import parse_scope
    from rebuttal.evidence.panel import collect
    from rebuttal.text.facts import Facts
    from rebuttal.text.parsing import Parser

    memory, facts = Memory(), Facts()

    def panel() -> tuple[float, float, int]:
        start = time.perf_counter()
        with read_change(where, parse_scope("working"), memory=memory) as reading:
            read = time.perf_counter()
            found = collect(reading.change, reading.repository, parser=Parser(facts=facts)).findings
        return (read - start) * 1000, (time.perf_counter() - read) * 1000, len(found)

    runs = [panel()]
    path = where / edited
    text = path.read_text("utf-8")
    for number in range(warm_runs):
        path.write_text(f"{text}\n# again {number}\n", "utf-8")
        runs.append(panel())
    path.write_text(text, "utf-8")
    print(json.dumps(runs))


def changed(size: Size) -> tuple[Path, list[str], list[str]]:
    """The repository with its change, the changed files, and the names that they define anew or alter."""
    where = repository(size)
    change(where, size, CHANGED)
    numbers = [place * max(size.files // CHANGED, 1) % size.files for place in range(CHANGED)]
    paths = [path_of(number) for number in numbers]
    settle(where)
    subprocess.run(["git", "status"], cwd=where, capture_output=True, check=True)
    names = [function_of(number, 0) for number in numbers] + [f"newly{place}Added" for place in range(CHANGED)]
    return where, paths, names


def measure(size: Size) -> dict[str, float]:
    """Medians in milliseconds: cold, warm and its two parts, and the peers; and how many findings there were."""
    where, paths, names = changed(size)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT)])}
    command = [sys.executable, "-m", "bench.panel_speed", "worker", str(where), paths[0], str(WARM_RUNS)]
    cold, warm, ruff, grep = [], [], [], []
    python = [path for path in paths if path.endswith(".py")]
    pattern = "|".join(map(re.escape, names))
    for _ in range(COLD_RUNS):
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
        first, *others = json.loads(done.stdout)
        cold.append(first)
        warm += others
        ruff.append(_timed([sys.executable, "-m", "ruff", "check", "--no-cache", "--isolated", *python], where))
        grep.append(_timed(["git", "grep", "-n", "-w", "-E", pattern], where))
    subprocess.run(["git", "checkout", "-q", "--", "."], cwd=where, check=True)
    return {
        "cold": median([run[0] + run[1] for run in cold]),
        "warm": median([run[0] + run[1] for run in warm]),
        "change": median([run[0] for run in warm]),
        "checks": median([run[1] for run in warm]),
        "findings": median([run[2] for run in warm]),
        "ruff": median(ruff),
        "grep": median(grep),
    }


def _timed(command: list[str], where: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - start) * 1000


def section(full: bool = True) -> str:
    """This benchmark's part of RESULTS.md; the large repository takes some minutes to make, once."""
    rows = []
    for name, size in {"small": SMALL, "large": LARGE}.items():
        if name == "large" and not full:
            continue
        found = measure(size)
        cold, warm = GOALS[name]
        rows.append(
            [
                f"{size.files:,} files",
                f"{found['cold']:.0f} (goal {cold:,})",
                f"{found['warm']:.0f} (goal {warm:,})",
                f"{found['change']:.0f}",
                f"{found['checks']:.0f}",
                f"{found['ruff']:.0f}",
                f"{found['warm'] / found['ruff']:.1f}",
                f"{found['grep']:.0f}",
                f"{found['warm'] / found['grep']:.1f}",
                f"{found['findings']:.0f}",
            ]
        )
    head = ["repository", "cold, ms", "warm, ms", "of it the change", "the checks", "ruff alone, ms", "warm / ruff"]
    head += ["git grep, ms", "warm / grep", "findings"]
    return "\n".join(
        [
            "## Speed of the static panel\n",
            EXPLAINED,
            table(head, rows),
            "",
        ]
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        print(section(full="--short" not in sys.argv))
