"""How fast a context is made: in a small and a large repository, cold and warm, and how that grows.

Cold: the first context of a worker that runs (it has loaded its tools, as it does at its start; nothing is
remembered; the system's file cache is warm). Warm: the next one after one of the changed files was edited again. The
peer, measured in turn in the same run, is what git alone takes for the same questions: `git status`, `git log` and
one `git grep`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from attrs import evolve

from bench import chart
from bench.packages import WORK
from bench.repositories import LARGE, SMALL, Size, change, make, path_of, settle
from bench.table import median, table

ROOT = Path(__file__).resolve().parent.parent
FILES = (100, 300, 1_000, 3_000, 10_000, 30_000)
CHANGED = (1, 3, 10, 30, 100, 300)
GOALS = {"small": (700, 100), "large": (2_000, 250)}
MEMORY_MB = 250
WARM_RUNS = 7
COLD_RUNS = 3
CURVE_RUNS = 3
"""Warm ones, after one cold one, for each point of the curves."""
EXPLAINED = (
    "`python -m bench.context_speed`; medians; 10 files changed. Cold: the first context of a running worker. Warm: the"
    " next one, after one file was edited again. Git alone: `git status`, `git log` of 1,000 commits and one `git grep`"
    " for 60 words, in turn in the same run.\n"
)
COMMITS = 1_000
"""How far back git's log is read for the peer."""


def worker(where: Path, edited: str, warm_runs: int) -> None:
    """One worker: a cold context, then warm ones; prints milliseconds and megabytes."""
    from rebuttal.change.memory import Memory
    from rebuttal.change.read import read_change
    from rebuttal.change.scope import parse_scope
    from rebuttal.context.build import build
    from rebuttal.review.readiness import collect_seldom, load_tools
    from rebuttal.text.facts import Facts
    from rebuttal.text.parsing import Parser

    load_tools()
    collect_seldom()
    memory, facts = Memory(), Facts()

    def context() -> float:
        start = time.perf_counter()
        with read_change(where, parse_scope("working"), memory=memory) as reading:
            made = build(reading.change, reading.repository, budget_tokens=5_000, parser=Parser(facts=facts))
            assert made.slices
        return (time.perf_counter() - start) * 1000

    times = [context()]
    path = where / edited
    text = path.read_text("utf-8")
    for number in range(warm_runs):
        path.write_text(f"{text}\n# again {number}\n" if path.suffix == ".py" else f"{text}\n// {number}\n", "utf-8")
        times.append(context())
    path.write_text(text, "utf-8")
    print(json.dumps({"cold": times[0], "warm": times[1:], "mb": _peak_mb()}))


def _peak_mb() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def measure(where: Path, cold_runs: int = COLD_RUNS, warm_runs: int = WARM_RUNS) -> tuple[float, float, float, float]:
    """Medians: cold, warm, the peer (milliseconds); and the peak of memory (megabytes)."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT)])}
    command = [sys.executable, "-m", "bench.context_speed", "worker", str(where), path_of(0), str(warm_runs)]
    cold, warm, peer, memory = [], [], [], []
    for _ in range(cold_runs):
        peer.append(_timed(lambda: _git_alone(where)))
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
        found = json.loads(done.stdout)
        cold.append(found["cold"])
        warm += found["warm"]
        memory.append(found["mb"])
    return median(cold), median(warm), median(peer), max(memory)


def _git_alone(where: Path) -> None:
    words = "|".join(f"newly{place}Added|each_{place}" for place in range(30))
    for command in (
        ["status", "--porcelain", "-z"],
        ["log", "--name-only", "--format=%H", f"-n{COMMITS}"],
        ["grep", "-n", "-o", "-w", "-E", words],
    ):
        subprocess.run(["git", *command], cwd=where, stdout=subprocess.DEVNULL, check=False)


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def repository(size: Size) -> Path:
    """The repository of this size without a change, made once and kept."""
    where = WORK / f"made-{size.files}-{size.commits}-{size.functions}"
    if not (where / ".git" / "index").is_file():
        make(where, size)
        settle(where)
        subprocess.run(["git", "status"], cwd=where, capture_output=True, check=True)
    subprocess.run(["git", "checkout", "-q", "--", "."], cwd=where, check=True)
    return where


def _changed(size: Size, files: int) -> Path:
    where = repository(size)
    change(where, size, files)
    settle(where)
    return where


def section(full: bool = True) -> str:
    """This benchmark's part of RESULTS.md; the large repository takes some minutes to make, once."""
    rows, sizes = [], {"small": SMALL, "large": LARGE} if full else {"small": SMALL}
    for name, size in sizes.items():
        cold, warm, peer, memory = measure(_changed(size, 10))
        goal_cold, goal_warm = GOALS[name]
        what = f"{size.files:,} files, {size.commits:,} commits"
        rows.append(
            [
                what,
                f"{cold:.0f} (goal {goal_cold:,})",
                f"{warm:.0f} (goal {goal_warm})",
                f"{peer:.0f}",
                f"{cold / peer:.2f}",
                f"{warm / peer:.2f}",
                f"{memory:.0f} (goal {MEMORY_MB})",
            ]
        )
    by_files = _curve([_sized(files) for files in FILES if full or files <= SMALL.files], [10])
    by_change = _curve([SMALL], list(CHANGED))
    picture = Path(__file__).parent / "context_speed.svg"
    chart.lines(
        picture,
        "Time of a context",
        {
            "files in the repository, 10 of them changed": _series(by_files, FILES),
            "files changed, of 1,000": _series(by_change, CHANGED),
        },
        "ms",
    )
    curve = [[f"{files:,}", "10", *found] for files, found in zip(FILES, by_files, strict=False)]
    curve += [["1,000", str(files), *found] for files, found in zip(CHANGED, by_change, strict=True)]
    head = ["repository", "cold, ms", "warm, ms", "git alone, ms", "cold / git", "warm / git", "memory, MB"]
    return "\n".join(
        [
            "## Speed of the context\n",
            EXPLAINED,
            table(head, rows),
            "\n![time against repository size and change size](context_speed.svg)\n",
            table(["files", "changed", "cold, ms", "warm, ms"], curve),
            "",
        ]
    )


def _curve(sizes: list[Size], changed: list[int]) -> list[list[str]]:
    found = []
    for size in sizes:
        for files in changed:
            cold, warm, _, _ = measure(_changed(size, files), 1, CURVE_RUNS)
            found.append([f"{cold:.0f}", f"{warm:.0f}"])
    return found


def _sized(files: int) -> Size:
    return LARGE if files == LARGE.files else evolve(SMALL, files=files)


def _series(found: list[list[str]], places: tuple[int, ...]) -> dict[str, list[tuple[float, float]]]:
    return {
        name: [(float(place), float(row[at])) for place, row in zip(places, found, strict=False)]
        for at, name in enumerate(("cold", "warm"))
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]) if sys.argv[4:] else WARM_RUNS)
    else:
        print(section(full="--short" not in sys.argv))
