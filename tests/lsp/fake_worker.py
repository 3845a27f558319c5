"""A worker that plays a script instead of reviewing: in this process, or as a real one (`python fake_worker.py FILE`).

A script maps a key to steps. The key is "<method>:<panel>" or "<method>"; without one the answer is an empty
report. Steps: {"event": ...} is sent with the request's id; {"wait": "answer"} and {"wait": "release"} wait,
as does {"wait": "ever"}; {"agreed": [...], "refused": [...]} goes on by the answer; {"raw": text} is written as it is;
{"exit": code} ends the process; {"deaf": true} makes the request ignore its cancellation from here on. A request that
is cancelled while it waits answers `cancelled`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

EMPTY_REPORT: dict[str, Any] = {
    "schema": 1,
    "scope": {"kind": "working", "base": "HEAD", "base_reason": "HEAD", "head": "work tree"},
    "panel": "static",
    "findings": [],
    "held_back": [],
    "coverage": {"reviewed": [], "skipped": []},
    "degraded": [],
    "cost": {"currency": "USD", "spent": "0", "assumed": "0", "calls": 0},
    "timing": {"total_ms": 1},
    "not_spent": "static_panel",
    "notes": [],
}
TOTALS: dict[str, Any] = {"day": {"spent": "0", "cap": "5"}, "month": {"spent": "0", "cap": "50"}}


def done(*findings: Mapping[str, Any], **report: Any) -> dict[str, Any]:
    """The last step of a review that found these."""
    whole = {**EMPTY_REPORT, "findings": list(findings), **report}
    return {"event": "done", "report": whole, "transcript": "# Transcript\n\nIt was argued.\n", "totals": TOTALS}


class FakeWorker:
    """Plays scripts. `send` takes a line without its end."""

    def __init__(
        self, script: Mapping[str, list[dict[str, Any]]], send: Callable[[str], None], exit: Callable[[int], None]
    ) -> None:
        self.script, self._send, self._exit = script, send, exit
        self.noticed: Callable[[], None] = lambda: None
        self.received: list[dict[str, Any]] = []
        self._answers: dict[int, asyncio.Queue[bool]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._deaf: set[int] = set()
        self._released = asyncio.Event()

    def release(self) -> None:
        """Let every {"wait": "release"} go on."""
        self._released.set()

    def receive(self, message: dict[str, Any]) -> None:
        self.received.append(message)
        self.noticed()
        method, params = message["method"], message.get("params") or {}
        if method == "shutdown":
            if not self._deaf:
                self._exit(0)
        elif method == "cancel":
            if params["id"] not in self._deaf and (task := self._tasks.get(params["id"])) is not None:
                task.cancel()
        elif method == "answer":
            self._answers[message["id"]].put_nowait(bool(params["agree"]))
        else:
            id = message["id"]
            self._answers[id] = asyncio.Queue()
            self._tasks[id] = asyncio.get_running_loop().create_task(
                self._play(id, self._steps(method, params), params)
            )

    def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    def _steps(self, method: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        named = self.script.get(f"{method}:{params.get('panel')}", self.script.get(method))
        if named is not None:
            return named
        return [done()] if method == "review" else [{"event": "done", "totals": TOTALS}]

    async def _play(self, id: int, steps: list[dict[str, Any]], params: Mapping[str, Any]) -> None:
        try:
            await self._steps_of(id, steps, params)
        except asyncio.CancelledError:
            self._emit(id, {"event": "cancelled"})

    async def _steps_of(self, id: int, steps: list[dict[str, Any]], params: Mapping[str, Any]) -> None:
        for step in steps:
            if "event" in step:
                root = {"root": params["root"]} if step["event"] in ("static", "done") and "root" in params else {}
                self._emit(id, {**root, **step})
            elif "raw" in step:
                self._send(step["raw"])
            elif "exit" in step:
                self._exit(step["exit"])
            elif "deaf" in step:
                self._deaf.add(id)
            elif step.get("wait") == "release":
                await self._released.wait()
            elif step.get("wait") == "answer":
                agreed = await self._answers[id].get()
                self._agreed = agreed
            elif "agreed" in step:
                await self._steps_of(id, step["agreed"] if self._agreed else step["refused"], params)
            else:
                await asyncio.Event().wait()

    def _emit(self, id: int, event: Mapping[str, Any]) -> None:
        self._send(json.dumps({"id": id, **event}))


class MemoryPipe:
    """A fake worker in this process, seen as the client sees a process."""

    def __init__(self, script: Mapping[str, list[dict[str, Any]]]) -> None:
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        self._ended = asyncio.Event()
        self.worker = FakeWorker(script, self._send, lambda code: self.kill())
        self.killed = False

    async def readline(self) -> bytes:
        return await self._lines.get()

    def write(self, line: bytes) -> None:
        if not self._ended.is_set():
            self.worker.receive(json.loads(line))

    def close_input(self) -> None:
        if not self.worker._deaf:
            self.kill()

    def kill(self) -> None:
        if not self._ended.is_set():
            self.killed = True
            self._ended.set()
            self._lines.put_nowait(b"")
            self.worker.stop()

    async def wait(self) -> None:
        await self._ended.wait()

    def _send(self, line: str) -> None:
        if not self._ended.is_set():
            self._lines.put_nowait(line.encode() + b"\n")


async def _serve(script: Mapping[str, list[dict[str, Any]]]) -> None:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    def send(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    threading.Thread(target=read, daemon=True).start()
    # Whatever a test does wrong, no deaf process stays behind.
    loop.call_later(30, os._exit, 1)
    worker = FakeWorker(script, send, os._exit)
    while (line := await lines.get()) is not None or worker._deaf:
        if line is not None:
            worker.receive(json.loads(line))


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
    os._exit(0)
