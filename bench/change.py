"""How long it takes to know what changed: a large unsaved buffer, and repositories of several sizes.

The peer of the buffer is `git diff --no-index` of the same two texts, which the user would run after saving it.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.packages import git
from bench.speed import make_repository
from bench.table import median, percentile, table
from rebuttal.change.memory import Memory
from rebuttal.change.model import Change, Scope
from rebuttal.change.read import read_change

LINES = 10_000
MANY = 20_000


def read(
    root: Path, buffers: Mapping[str, str] | None = None, scope: Scope | None = None, memory: Memory | None = None
) -> Change:
    """`memory`: what the worker of an editor keeps from one review to the next."""
    with read_change(root, scope or Scope(), buffers=buffers, memory=memory) as reading:
        return reading.change


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


@contextmanager
def _quiet_home(home: Path) -> Iterator[None]:
    """Git without the settings of whoever runs the benchmark."""
    given = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            del os.environ[name]
            os.environ.update({} if value is None else {name: value})


def buffer_against_git(where: Path, runs: int) -> tuple[list[float], list[float], list[float]]:
    """The change with a buffer of LINES lines, every 50th altered; git's diff of both texts; the change without it."""
    lines = [f"value_{number} = compute(first_{number}, second_{number})  # line {number}" for number in range(LINES)]
    old = "\n".join(lines) + "\n"
    lines[::50] = [f"{line}, altered" for line in lines[::50]]
    new = "\n".join(lines) + "\n"
    where.mkdir(parents=True)
    (where / "large.py").write_text(old, "utf-8")
    git(where, "init", "-q", "-b", "main")
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "Base")
    one, other = where.parent / "old.py", where.parent / "new.py"
    one.write_text(old, "utf-8")
    other.write_text(new, "utf-8")
    ours: list[float] = []
    peer: list[float] = []
    nothing: list[float] = []
    memory = Memory()
    command = ["git", "diff", "--no-index", "-U0", str(one), str(other)]
    for number in range(runs + 1):
        typed = f"{new}# edit {number}\n"  # each time another text: none is remembered
        ours.append(timed(partial(_overlaid, where, typed, memory)))
        peer.append(timed(lambda: subprocess.run(command, capture_output=True, check=False)))
        nothing.append(timed(lambda: read(where, memory=memory)))
    assert (where / "large.py").read_text("utf-8") == old
    return ours[1:], peer[1:], nothing[1:]


def _overlaid(where: Path, text: str, memory: Memory) -> None:
    (diff,) = read(where, {"large.py": text}, memory=memory).files
    assert len(diff.hunks) == LINES // 50 + 1


def warm(where: Path, files: int, runs: int) -> list[float]:
    make_repository(where, files)
    memory = Memory()
    return [timed(lambda: read(where, memory=memory)) for _ in range(runs + 1)][1:]


def too_many(where: Path, files: int) -> list[tuple[str, float, int]]:
    """So many changed files, each time read once: label, seconds, files reviewed."""
    where.mkdir(parents=True)
    (where / "a.py").write_text("1\n", "utf-8")
    git(where, "init", "-q", "-b", "main")
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "Base")
    for number in range(files):
        folder = where / f"folder{number // 1000:03}"
        folder.mkdir(exist_ok=True)
        (folder / f"module{number}.py").write_text(f"x = {number}\nprint(x)\n", "utf-8")
    rows = [_row("untracked", where, Scope())]
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "All")
    rows.append(_row("in one commit", where, Scope("commit", "HEAD")))
    for number in range(files):
        (where / f"folder{number // 1000:03}" / f"module{number}.py").write_text(f"x = {number}\nprint(-x)\n", "utf-8")
    rows.append(_row("altered in the work tree", where, Scope()))
    return rows


def _row(label: str, where: Path, scope: Scope) -> tuple[str, float, int]:
    start = time.perf_counter()
    change = read(where, scope=scope)
    return label, time.perf_counter() - start, len(change.files)


def section(runs: int = 11, many: int = MANY) -> str:
    """This benchmark's part of RESULTS.md."""
    with tempfile.TemporaryDirectory() as name, _quiet_home(Path(name)):
        folder = Path(name).resolve()
        ours, peer, nothing = buffer_against_git(folder / "buffer" / "repository", runs)
        sizes = [(files, warm(folder / f"size{files}", files, runs)) for files in (1_000, 30_000)]
        large = too_many(folder / "many", many)
    own = [one - other for one, other in zip(ours, nothing, strict=True)]
    ratio = median([one / other for one, other in zip(own, peer, strict=True)])
    rows = [
        ["the change with the buffer", _ms(ours, 0.5), _ms(ours, 0.95)],
        ["the change without it, in turn", _ms(nothing, 0.5), _ms(nothing, 0.95)],
        ["so the buffer takes", _ms(own, 0.5), _ms(own, 0.95)],
        ["`git diff --no-index` of both texts, in turn", _ms(peer, 0.5), _ms(peer, 0.95)],
    ]
    return "\n".join(
        [
            "## What changed\n",
            f"`python -m bench.change`; {runs} runs after a warm-up, milliseconds, {os.cpu_count()} cores.\n",
            f"An unsaved buffer of {LINES:,} lines, every 50th altered (goal: under 50 ms):\n",
            table(["what", "median", "95th percentile"], rows),
            f"\nThe buffer against git on saved files: {ratio:.2f} times (median of the pairs).\n",
            "The change of 10 files, read again and again:\n",
            table(
                ["files in the repository", "median", "95th percentile"],
                [[f"{files:,}", _ms(times, 0.5), _ms(times, 0.95)] for files, times in sizes],
            ),
            f"\nToo much at once, {many:,} files, read once:\n",
            table(
                ["how", "seconds", "files reviewed (the others are counted in coverage)"],
                [[label, f"{seconds:.1f}", count] for label, seconds, count in large],
            ),
            "",
        ]
    )


def _ms(seconds: list[float], share: float) -> str:
    return f"{percentile(seconds, share) * 1000:.1f}"


if __name__ == "__main__":
    print(section())
