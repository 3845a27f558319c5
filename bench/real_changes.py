"""Reviews the difference between consecutive releases of real packages.

The static panel runs for real. The debate runs against the emulator's *simulated* reviewer: its findings mean
nothing, its calls, tokens and money show what the machinery sends (token counts are the emulator's own).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from bench.chart import stacked
from bench.packages import RELEASES, WORK, NotDownloaded, Release, repository
from bench.table import table

ROOT = Path(__file__).resolve().parent.parent


@frozen
class Run:
    """One package: what the static panel says alone, and a whole review."""

    release: Release
    static: dict[str, Any]
    whole: dict[str, Any]


@contextmanager
def emulator(seed: int = 1, *options: str) -> Iterator[str]:
    """The base URL of a running simulated reviewer; `options` are of its command line."""
    command = [sys.executable, "-m", "tests.emulator", "--simulate", str(seed), "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line.rsplit(" ", 1)[-1].strip()
    finally:
        process.terminate()
        process.wait(10)


def review(where: Path, home: Path, *arguments: str, url: str | None = None) -> dict[str, Any]:
    """The JSON of `rebuttal review`; without a URL no key is given."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    environment["REBUTTAL_HOME"] = str(home)
    if url is not None:
        environment |= {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "emulator-key"}
    command = [sys.executable, "-m", "rebuttal", "review", "--repo", str(where), "--format", "json", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    if not done.stdout:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure() -> tuple[list[Run], list[str]]:
    """All packages that could be downloaded, and why others could not."""
    runs, missing = [], []
    with tempfile.TemporaryDirectory() as folder, emulator() as url:
        for release in RELEASES:
            try:
                where = repository(release)
            except NotDownloaded as error:
                missing.append(f"{release.name}: {error}")
                continue
            static = review(where, Path(folder), "--scope", "commit:HEAD", "--panel", "static")
            whole = review(where, Path(folder), "--scope", "commit:HEAD", "--yes", url=url)
            keep(release, static)
            runs.append(Run(release, static, whole))
    return runs, missing


def keep(release: Release, static: dict[str, Any]) -> None:
    """Leave the findings to be read by a person: noise is a defect."""
    WORK.mkdir(exist_ok=True)
    (WORK / f"{release.name}.json").write_text(json.dumps(static, indent=1, ensure_ascii=False), "utf-8")


def static_table(runs: list[Run]) -> str:
    head = ["package", "languages", "files", "hunks", "skipped", "change ms", "evidence ms", "findings", "by rule"]
    rows = []
    for run in runs:
        report, timing = run.static, run.static["timing"]
        rules = Counter(one["rule"] for one in report["findings"])
        rows.append(
            [
                f"{run.release.name} {run.release.old} to {run.release.new}",
                run.release.kind,
                len(report["coverage"]["reviewed"]),
                sum(one["hunks"] for one in report["coverage"]["reviewed"]),
                len(report["coverage"]["skipped"]),
                timing["change_ms"],
                timing["evidence_ms"],
                len(report["findings"]),
                ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items())) or "none",
            ]
        )
    return table(head, rows)


def debate_table(runs: list[Run]) -> str:
    head = ["package", "panel", "context ms", "debate ms", "calls", "input", "cache write", "cache read", "output"]
    head += ["findings (simulated)", "held back", "expected $", "spent $", "at most $"]
    rows = []
    for run in runs:
        report, cost = run.whole, run.whole["cost"]
        tokens = cost["tokens"]
        rows.append(
            [
                run.release.name,
                report["panel"],
                report["timing"]["context_ms"],
                report["timing"]["debate_ms"],
                cost["calls"],
                tokens["input"],
                tokens["cache_write"],
                tokens["cache_read"],
                tokens["output"],
                sum(one["source"] == "debate" for one in report["findings"]),
                len(report["held_back"]),
                cost["estimate"]["expected"],
                cost["spent"],
                cost["estimate"]["at_most"],
            ]
        )
    return table(head, rows)


def draw(runs: list[Run]) -> Path:
    """Where the time of a whole review goes, by package."""
    phases = ("change", "evidence", "context", "debate")
    parts = {phase: [run.whole["timing"][f"{phase}_ms"] / 1000 for run in runs] for phase in phases}
    title = "A whole review of real changes, by phase (the debate is simulated)"
    target = Path(__file__).parent / "real_changes.svg"
    stacked(target, title, [run.release.name for run in runs], parts, "seconds")
    return target


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    runs, missing = measure()
    parts = [
        "## Real changes\n",
        "Two consecutive releases of real packages, reviewed as one commit (`python -m bench.real_changes`).\n",
        "The static panel, for real:\n",
        static_table(runs),
        "\nWhat people thought of the findings stands under Precision.\n",
        "\nThe debate, against the emulator: reviewer, token counts and findings are *simulated*; prices are real.\n",
        debate_table(runs),
        f"\n![seconds by phase]({draw(runs).name})",
    ]
    parts += [f"\nNot measured: {one}" for one in missing]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(section())
