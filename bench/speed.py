"""How fast it answers: the first static findings, `initialize`, and a hover while a review runs.

Ratios against a peer are measured in one run, in turn; absolute times are of a noisy two-core machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.lsp_client import LspClient, initialize_params
from bench.packages import git
from bench.real_changes import ROOT, emulator
from bench.table import median, percentile, table

BARE = [sys.executable, "-c", "from pygls.lsp.server import LanguageServer; LanguageServer('bare', '1').start_io()"]
OURS = [sys.executable, "-m", "rebuttal", "serve"]


def keyless(home: Path) -> dict[str, str]:
    """Without a key, and with byte code as every installation has it: some machines that build forbid to write it."""
    given = ("ANTHROPIC_", "REBUTTAL_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(given)}
    return {**kept, "REBUTTAL_HOME": str(home), "PYTHONPYCACHEPREFIX": str(home / "bytecode")}


def make_repository(where: Path, files: int = 1000, changed: int = 10) -> Path:
    """A repository of `files` Python modules that import each other, and a change of `changed` of them.

    Each changed module gets a mutable default, and one a changed signature whose callers stay as they are.
    """
    where.mkdir(parents=True)
    for number in range(files):
        folder = where / f"package{number // 50:02}"
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
        (folder / f"module{number:04}.py").write_text(_module(number), "utf-8")
    git(where, "init", "-q", "-b", "main")
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "Base")
    for number in range(0, files, files // changed):
        path = where / f"package{number // 50:02}" / f"module{number:04}.py"
        text = path.read_text("utf-8").replace(
            f"def work{number:04}(first, second):", f"def work{number:04}(first, second, third):"
        )
        path.write_text(text + "\n\ndef collect(item, into=[]):\n    into.append(item)\n    return into\n", "utf-8")
    return where


def _module(number: int) -> str:
    before = max(number - 1, 0)
    uses = "" if number == 0 else f"from package{before // 50:02}.module{before:04} import work{before:04}\n\n\n"
    call = "first + second" if number == 0 else f"work{before:04}(first, second)"
    filler = "\n\n".join(
        f'def helper{line}(value):\n    """Double it, unless it is nothing."""\n'
        "    if value is None:\n        return 0\n    return value * 2\n"
        for line in range(8)
    )
    return f'"""Module {number}."""\n\n{uses}def work{number:04}(first, second):\n    return {call}\n\n\n{filler}'


def static_findings(where: Path, home: Path, runs: int) -> list[float]:
    """Seconds from process start until the static findings are printed, `runs` times."""
    command = [
        sys.executable,
        "-m",
        "rebuttal",
        "review",
        "--repo",
        str(where),
        "--panel",
        "static",
        "--format",
        "json",
    ]
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        done = subprocess.run(command, env=keyless(home), capture_output=True, check=False)
        times.append(time.perf_counter() - start)
        found = json.loads(done.stdout)["findings"]
        assert {one["rule"] for one in found} >= {"impact:signature", "ruff:B006"}, found
    return times[1:]


async def initialize(command: list[str], root: Path, environment: Mapping[str, str]) -> float:
    """Seconds from process start until `initialize` is answered."""
    start = time.perf_counter()
    client = await LspClient.start(command, environment)
    await client.request("initialize", initialize_params(root.as_uri()))
    took = time.perf_counter() - start
    client.notify("initialized", {})
    await client.stop()
    return took


async def initialize_ratio(root: Path, home: Path, runs: int) -> tuple[list[float], list[float]]:
    """Ours and a bare pygls server, in turn."""
    ours, bare = [], []
    for number in range(runs + 1):
        one = await initialize(OURS, root, keyless(home))
        other = await initialize(BARE, root, keyless(home))
        if number:
            ours.append(one)
            bare.append(other)
    return ours, bare


async def hovers(root: Path, home: Path, url: str) -> tuple[list[float], list[float], float]:
    """Round trips of a hover on a finding: idle, and while a review runs (context, debate and ledger at work).

    Then how long `shutdown` and `exit` take in the middle of a review.
    """
    environment = {**keyless(home), "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "emulator-key"}
    client = await LspClient.start(OURS, environment)
    client.answer = _agree
    await client.request("initialize", initialize_params(root.as_uri()))
    client.notify("initialized", {})
    path = root / "package00" / "module0000.py"
    text = path.read_text("utf-8")
    document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})
    client.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})
    _, shown = await client.until(lambda method, params: _about(method, params, path) and bool(params["diagnostics"]))
    hover = {"textDocument": {"uri": path.as_uri()}, "position": shown["diagnostics"][0]["range"]["start"]}
    idle = [(await client.request("textDocument/hover", hover))[1] for _ in range(300)]
    busy: list[float] = []
    for _ in range(3):
        client.heard.clear()
        arguments = {"command": "rebuttal.review", "arguments": [{"panel": "medium"}]}
        await client.request("workspace/executeCommand", arguments)
        review = asyncio.create_task(client.until(_ended, 120))
        while not review.done():
            result, took = await client.request("textDocument/hover", hover)
            assert result is not None
            busy.append(took)
            await asyncio.sleep(0.005)
        await review
    client.heard.clear()
    await client.request("workspace/executeCommand", {"command": "rebuttal.review", "arguments": [{"panel": "medium"}]})
    await client.until(lambda method, params: method == "$/rebuttal.status" and params["state"] == "debating")
    start = time.perf_counter()
    await client.stop()
    return idle, busy, time.perf_counter() - start


def _agree(method: str, params: Any) -> Any:
    if method == "workspace/configuration":
        return [None] * len(params["items"])
    if method == "window/showMessageRequest":
        return params["actions"][0]
    return None


def _about(method: str, params: Any, path: Path) -> bool:
    return method == "textDocument/publishDiagnostics" and params["uri"] == path.as_uri()


def _ended(method: str, params: Any) -> bool:
    return method == "$/progress" and params["value"]["kind"] == "end"


def section(runs: int = 11) -> str:
    """This benchmark's part of RESULTS.md."""
    with tempfile.TemporaryDirectory() as folder, emulator() as url:
        home, where = Path(folder) / "home", make_repository(Path(folder) / "repository")
        static = static_findings(where, home, runs)
        ours, bare = asyncio.run(initialize_ratio(where, home, runs))
        idle, busy, end = asyncio.run(hovers(where, home, url))
    ratio = median([one / other for one, other in zip(ours, bare, strict=True)])
    rows = [
        [
            "static findings, 10 files changed of 1,000, from process start",
            _s(static, 0.5),
            _s(static, 0.95),
            "under 1000",
        ],
        ["`initialize`, from process start", _s(ours, 0.5), _s(ours, 0.95), ""],
        ["`initialize` of a bare pygls server, in turn", _s(bare, 0.5), _s(bare, 0.95), ""],
    ]
    spans = [
        ["hover, idle", len(idle), _s(idle, 0.5), _s(idle, 0.99)],
        ["hover, while a review runs", len(busy), _s(busy, 0.5), _s(busy, 0.99)],
    ]
    return "\n".join(
        [
            "## Speed\n",
            f"`python -m bench.speed`; {runs} runs after a warm-up, milliseconds, {os.cpu_count()} cores.\n",
            table(["what", "median", "95th percentile", "goal"], rows),
            f"\n`initialize` against the bare server: {ratio:.2f} times (median of the pairs; goal: at most 1.25).\n",
            table(["round trip", "n", "median", "99th percentile"], spans),
            "\nGoal for a hover during a review: 20 ms at the 99th percentile.\n",
            f"\n`shutdown` and `exit` in the middle of a debate: {end * 1000:.0f} ms (an editor kills after 2,000).\n",
        ]
    )


def _s(seconds: list[float], share: float) -> str:
    return f"{percentile(seconds, share) * 1000:.1f}"


if __name__ == "__main__":
    assert ROOT.is_dir()
    print(section())
