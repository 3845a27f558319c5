"""Whether the editor stutters: starting, typing, hovers, code actions and lenses, the event loop, and memory.

Ratios are against a bare pygls server, in turn in the same run. What the event loop does is measured in the server's
process: each callback that it runs is timed, wall time and the thread's own processor time, and those above 5 ms are
written down. Wall time holds what other processes took of a shared machine; processor time is what the server did.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from bench.lsp_client import LspClient, initialize_params
from bench.packages import git
from bench.real_changes import ROOT, emulator
from bench.speed import BARE, _agree, initialize_ratio, keyless, make_repository
from bench.table import median, percentile, table
from tests.lsp.fake_worker import done
from tests.lsp.samples import span, static

LINES, FINDINGS = 20_000, 200
EDITS, TURNS = 20, 15
"""Edits of a turn; ours and bare in turn."""
REVIEWS, EVERY = 100, 25
"""Static reviews for the memory, and every how many a debate is held."""
PAUSE = 0.4
"""Seconds between two reviews: people pause."""
STARTS = 15
STREAMING = ("--first-byte", "0.5", "--between", "0.02")
"""The emulator's answers come in pieces, as a model's do."""
WATCH = """
import asyncio.events as events, os, sys, time
was, out = events.Handle._run, open(os.environ["BENCH_BLOCKED"], "a", buffering=1)
def run(self):
    wall, cpu = time.perf_counter(), time.thread_time()
    was(self)
    took = time.perf_counter() - wall
    if took > 0.005:
        what = getattr(self._callback, "__self__", None)
        named = what.get_coro().__qualname__ if hasattr(what, "get_coro") else repr(self)
        print(f"{took * 1000:.3f} {(time.thread_time() - cpu) * 1000:.3f} {named}", file=out)
events.Handle._run = run
"""
"""What a server under measurement runs first."""


_TOLD = """## In the editor

`python -m bench editor_speed`; milliseconds, {cores} cores; load of the machine {low:.1f} at first, {high:.1f} later.

---

In turn. Typing: one character in a file of {lines:,} lines with {findings} findings, until a request right behind it
is answered.

---

Idle: in the same file. The debate (panel `large`: seven seats) streams from the emulator, its context is
built of 1,000 files, and the user types.

---

Each callback is timed in the server's process, wall time and its thread's processor time; counted are those above
20 ms of processor time. Goal: none. Wall time holds what other processes of the machine took.

---

PSS shares out what processes have in common. Reviews are static ones, and every {every}th a debate, each after an edit
and a pause.
Goals: under 60 before the first, under 250 after, less than 5 from the 10th to the 100th.
"""


@frozen
class Blocked:
    """How long callbacks of the event loop took that took more than 5 ms; milliseconds."""

    wall: tuple[float, ...] = ()
    own: tuple[float, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Blocked:
        rows = [line.split(" ", 2) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
        return cls(tuple(float(row[0]) for row in rows), tuple(float(row[1]) for row in rows))

    def told(self) -> list[object]:
        over = sum(one > 20 for one in self.own)
        return [f"{max(self.wall, default=0):.1f}", f"{max(self.own, default=0):.1f}", over]


@define
class Spans:
    """Round trips by kind, seconds."""

    of: dict[str, list[float]] = field(factory=dict)

    def add(self, kind: str, took: float) -> None:
        self.of.setdefault(kind, []).append(took)

    def rows(self, when: str, goal: int) -> list[list[object]]:
        return [
            [f"{kind}, {when}", len(took), _ms(took, 0.5), _ms(took, 0.99), f"under {goal}"]
            for kind, took in self.of.items()
        ]


@define
class Typed:
    """Seconds from an edit until the request behind it is answered; `whole`: where the client sends whole texts."""

    ours: list[float]
    bare: list[float]
    whole: list[float] = field(factory=list)
    bare_whole: list[float] = field(factory=list)


@frozen
class Kept:
    """Megabytes of server and worker together (PSS, and RSS): by how many reviews there were."""

    pss: dict[int, float]
    rss: dict[int, float]


# --- a file of 20,000 lines with 200 findings ---


def long_file(where: Path) -> Path:
    where.mkdir(parents=True)
    path = where / "long.py"
    path.write_text("".join(f"import module_{number} as name_{number}  # of {LINES}\n" for number in range(LINES)))
    git(where, "init", "-q")
    return path


def shown_findings(path: Path) -> dict[str, Any]:
    """The script of a worker that finds an unused import, with its fix, every hundred lines; and 100 hunks."""
    found = [_finding(path, number, number * (LINES // FINDINGS)) for number in range(FINDINGS)]
    hunks = {path.name: [[number * (LINES // 100), 3] for number in range(100)]}
    return {"review": [{"event": "static", "findings": found, "with_linters": True, "hunks": hunks}, done(*found)]}


def _finding(path: Path, number: int, line: int) -> dict[str, Any]:
    text = f"import module_{line} as name_{line}"
    fix = {"edits": [{"file": path.name, "range": span(line, 0, line + 1, 0), "new_text": ""}]}
    return static(f"f{number}", file=path.name, range=span(line, 7, line, len(text)), quote=text, fix=fix)


def ours(worker: Sequence[str] | None) -> list[str]:
    code = f"{WATCH}\nfrom rebuttal.lsp.main import serve\nserve(worker={worker!r})"
    return [sys.executable, "-c", code]


@asynccontextmanager
async def editor(command: Sequence[str], root: Path, environment: Mapping[str, str]) -> AsyncIterator[LspClient]:
    client = await LspClient.start(command, environment)
    client.answer = _agree
    await client.request("initialize", initialize_params(root.as_uri()))
    client.notify("initialized", {})
    try:
        yield client
    finally:
        await client.stop()


def open_file(client: LspClient, path: Path) -> None:
    document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": path.read_text("utf-8")}
    client.notify("textDocument/didOpen", {"textDocument": document})


async def reviewed(client: LspClient, panel: str, seconds: float = 180) -> None:
    """Run a review to its end."""
    client.heard.clear()
    await client.request("workspace/executeCommand", {"command": "rebuttal.review", "arguments": [{"panel": panel}]})
    await client.until(_ended, seconds)


async def edit(client: LspClient, path: Path, number: int, lines: int = LINES) -> float:
    """One character typed somewhere, and a request right behind it that both servers refuse at once: seconds."""
    line = number * 6_151 % lines
    where = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 0}}
    document = {"uri": path.as_uri(), "version": number + 2}
    start = time.perf_counter()
    client.notify(
        "textDocument/didChange", {"textDocument": document, "contentChanges": [{"range": where, "text": " "}]}
    )
    await client.request("bench/ping", None)
    return time.perf_counter() - start


async def typing(folder: Path) -> tuple[Typed, Spans, Blocked]:
    """Edits in turn with a bare server; then idle round trips in the same file, and what blocked the loop."""
    path = long_file(folder / "long")
    script, blocked = folder / "script.json", folder / "blocked-typing"
    script.write_text(json.dumps(shown_findings(path)), "utf-8")
    worker = [sys.executable, str(ROOT / "tests" / "lsp" / "fake_worker.py"), str(script)]
    environment = {**keyless(folder / "home"), "PYTHONPATH": f"{ROOT}", "BENCH_BLOCKED": str(blocked)}
    async with editor(ours(worker), path.parent, environment) as one, editor(BARE, path.parent, environment) as other:
        for client in (one, other):
            open_file(client, path)
        one.answer = _agree
        await one.request("workspace/executeCommand", {"command": "rebuttal.review", "arguments": [{}]})
        _, shown = await one.until(lambda method, given: _about(method, given, path))
        assert len(shown["diagnostics"]) == FINDINGS, len(shown["diagnostics"])
        typed = await _typed(one, other, path)
        await asyncio.sleep(0.5)
        spans = Spans()
        for number in range(300):
            await ask_all(one, path, number * (LINES // FINDINGS) % LINES, spans)
        text, version = path.read_text("utf-8"), (TURNS + 1) * EDITS + 2
        typed.whole, typed.bare_whole = [await _sent_whole(client, path, text, version) for client in (one, other)]
    return typed, spans, Blocked.read(blocked)


async def _sent_whole(client: LspClient, path: Path, text: str, first_version: int) -> list[float]:
    """Edits as a client makes them that sends whole texts: one character somewhere, with a request right behind."""
    took: list[float] = []
    for number in range(EDITS):
        at = len(text) * number // EDITS
        text = f"{text[:at]} {text[at:]}"
        document = {"uri": path.as_uri(), "version": first_version + number}
        start = time.perf_counter()
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        await client.request("bench/ping", None)
        took.append(time.perf_counter() - start)
    return took


async def _typed(one: LspClient, other: LspClient, path: Path) -> Typed:
    mine, bare = [], []
    for number in range(TURNS + 1):
        turn = range(number * EDITS, (number + 1) * EDITS)
        first = [await edit(one, path, each) for each in turn]
        second = [await edit(other, path, each) for each in turn]
        if number:
            mine += first
            bare += second
    return Typed(mine, bare)


async def ask_all(client: LspClient, path: Path, line: int, spans: Spans) -> None:
    """What an editor asks of the line under the cursor."""
    document, at = {"uri": path.as_uri()}, {"line": line, "character": 10}
    _, took = await client.request("textDocument/hover", {"textDocument": document, "position": at})
    spans.add("hover", took)
    asked = {"textDocument": document, "range": {"start": at, "end": at}, "context": {"diagnostics": []}}
    _, took = await client.request("textDocument/codeAction", asked)
    spans.add("code action", took)
    lenses, took = await client.request("textDocument/codeLens", {"textDocument": document})
    spans.add("code lens", took)
    if lenses:
        _, took = await client.request("codeLens/resolve", lenses[len(lenses) // 2])
        spans.add("code lens, resolved", took)


# --- while seven seats speak ---


async def debating(folder: Path, url: str, runs: int = 3) -> tuple[Spans, Blocked]:
    """Round trips while context is built and seven seats stream, the user typing; what blocked the loop."""
    root, blocked = make_repository(folder / "thousand", 1_000, 20), folder / "blocked-debate"
    path = root / "package00" / "module0000.py"
    spans = Spans()
    async with editor(ours(None), root, keyed(folder / "home-debate", url, blocked)) as client:
        open_file(client, path)
        for run in range(runs):
            client.heard.clear()
            command = {"command": "rebuttal.review", "arguments": [{"panel": "large"}]}
            await client.request("workspace/executeCommand", command)
            review, number = asyncio.create_task(client.until(_ended, 240)), 0
            while not review.done():
                number += 1
                if number % 10 == 0:
                    spans.add("an edit, with a request behind it", await edit(client, path, run * 1_000 + number, 40))
                await ask_all(client, path, 60 + number % 20, spans)
                await asyncio.sleep(0.01)
    return spans, Blocked.read(blocked)


def keyed(home: Path, url: str, blocked: Path) -> dict[str, str]:
    given = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "emulator-key", "BENCH_BLOCKED": str(blocked)}
    return {**keyless(home), **given}


# --- memory ---


async def memory(folder: Path, url: str) -> Kept:
    """Of server and worker: idle, after the first review, after the 10th, and so on."""
    root = make_repository(folder / "small", 20, 4)
    path, kept = root / "package00" / "module0000.py", Kept({}, {})
    async with editor(ours(None), root, keyed(folder / "home-memory", url, folder / "blocked-memory")) as client:
        open_file(client, path)
        await asyncio.sleep(1)
        _weigh(client, 0, kept)
        for number in range(1, REVIEWS + 1):
            await edit(client, path, number, 40)
            await reviewed(client, "medium" if number % EVERY == 1 else "static")
            await asyncio.sleep(PAUSE)
            if number in (1, 10, 25, 50, 75, REVIEWS):
                _weigh(client, number, kept)
    return kept


def _weigh(client: LspClient, number: int, kept: Kept) -> None:
    found = [_weight(pid) for pid in (client.pid, *_children(client.pid))]
    kept.pss[number] = sum(one["Pss"] for one in found)
    kept.rss[number] = sum(one["Rss"] for one in found)


def _weight(pid: int) -> dict[str, float]:
    found = {"Pss": 0.0, "Rss": 0.0}
    with contextlib.suppress(OSError):  # it has ended meanwhile
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0]) / 1024
    return found


def _children(pid: int) -> list[int]:
    """Of a process, and theirs: the worker and what it keeps running."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                found += [int(child), *_children(int(child))]
    return found


# --- the section ---


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        load = [os.getloadavg()[0]]
        start, bare = asyncio.run(initialize_ratio(make_repository(folder / "start", 50, 5), folder / "home", STARTS))
        typed, idle, quiet = asyncio.run(typing(folder))
        with emulator(1, *STREAMING) as url:
            busy, loud = asyncio.run(debating(folder, url))
        load.append(os.getloadavg()[0])
        with emulator() as url:
            kept = asyncio.run(memory(folder, url))
    told = _TOLD.format(cores=os.cpu_count(), low=load[0], high=load[1], lines=LINES, findings=FINDINGS, every=EVERY)
    before, of_typing, of_trips, of_loop, of_memory = told.split("\n---\n")
    loop = [["while typing", *quiet.told()], ["while a large panel debates", *loud.told()]]
    trips = [*idle.rows("idle", 10), *busy.rows("while a large panel debates", 20)]
    parts = [
        before,
        table(["against a bare pygls server", "ours", "bare", "difference", "goal"], _against(start, bare, typed)),
        of_typing,
        table(["round trip", "n", "median", "99th percentile", "goal"], trips),
        of_trips,
        table(["the longest callback of the event loop", "wall time", "processor time", "above 20 ms"], loop),
        of_loop,
        table(["megabytes of server and worker, after so many reviews", *map(str, kept.pss)], _kept(kept)),
        of_memory,
    ]
    return "\n".join(parts)


def _against(start: list[float], bare: list[float], typed: Typed) -> list[list[object]]:
    ratio = median([one / other for one, other in zip(start, bare, strict=True)])
    more = (median(typed.ours) - median(typed.bare)) * 1000
    return [
        ["`initialize`, from process start", _ms(start, 0.5), _ms(bare, 0.5), f"{ratio:.2f} times", "1.1 times"],
        ["typing, median", _ms(typed.ours, 0.5), _ms(typed.bare, 0.5), f"{more:+.1f}", "+1.0"],
        ["typing, 99th percentile", _ms(typed.ours, 0.99), _ms(typed.bare, 0.99), "", ""],
        ["typing, the whole text sent, median", _ms(typed.whole, 0.5), _ms(typed.bare_whole, 0.5), "", ""],
    ]


def _kept(kept: Kept) -> list[list[object]]:
    rows = (("PSS", kept.pss), ("RSS", kept.rss))
    return [[name, *(f"{one:.1f}" for one in values.values())] for name, values in rows]


def _about(method: str, params: Any, path: Path) -> bool:
    shown = method == "textDocument/publishDiagnostics" and params["uri"] == path.as_uri()
    return shown and bool(params["diagnostics"])


def _ended(method: str, params: Any) -> bool:
    return method == "$/progress" and params["value"]["kind"] == "end"


def _ms(seconds: Sequence[float], share: float) -> str:
    return f"{percentile(seconds, share) * 1000:.1f}"


if __name__ == "__main__":
    print(section())
