"""The client of the one worker process that reviews (`python -m rebuttal.worker`).

JSON objects, one a line, both ways. The worker is started when it is first needed, again when it has died, and
killed when it does not acknowledge a cancellation in time. Whatever happens to it, each call ends with exactly
one event of `done`, `cancelled` or `failed`: nobody waits for a dead process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import define, field

log = logging.getLogger(__name__)

TERMINAL = frozenset({"done", "cancelled", "failed"})
LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of one event; a report with its transcript is far smaller."""

STOPPED = "The review process stopped before the review was done; run it again."
UNSTARTED = "The review process could not be started; check that Rebuttal is installed completely."
UNREADABLE = "The review process answered in a way this version cannot read; reinstall Rebuttal."

Event = Mapping[str, Any]


class WorkerPipe(Protocol):
    """A running worker."""

    async def readline(self) -> bytes:
        """One line; empty at the end. Raises ValueError for a line beyond the limit."""
        ...

    def write(self, line: bytes) -> None: ...

    def close_input(self) -> None: ...

    def kill(self) -> None: ...

    async def wait(self) -> None:
        """Until the worker has ended."""
        ...


Launch = Callable[[], Awaitable[WorkerPipe]]


@define(eq=False)
class Call:
    """One request to the worker."""

    id: int
    method: str
    _events: asyncio.Queue[Event] = field(factory=asyncio.Queue)
    cancelling: bool = False
    ended: asyncio.Event = field(factory=asyncio.Event)

    async def next(self) -> Event:
        """The next event. Do not call it again after a terminal one."""
        return await self._events.get()

    @property
    def pending(self) -> bool:
        """Whether an event waits to be taken."""
        return not self._events.empty()

    def deliver(self, event: Event) -> None:
        """Queue an event; what comes after the terminal one is left out."""
        if self.ended.is_set():
            return
        self._events.put_nowait(event)
        if event.get("event") in TERMINAL:
            self.ended.set()


@define(eq=False)
class WorkerClient:
    """Owns the worker process. `patience`: seconds in which it must acknowledge a cancellation."""

    launch: Launch
    patience: float = 2.0
    _pipe: WorkerPipe | None = None
    _reading: asyncio.Task[None] | None = None
    _calls: dict[int, Call] = field(factory=dict)
    _tasks: set[asyncio.Task[None]] = field(factory=set)
    _starting: asyncio.Lock = field(factory=asyncio.Lock)
    _last_id: int = 0
    _closed: asyncio.Event = field(factory=asyncio.Event)

    def call(self, method: str, params: Mapping[str, Any]) -> Call:
        """Ask the worker, which is started if need be; what it says comes as the call's events."""
        self._last_id += 1
        call = Call(self._last_id, method)
        self._calls[call.id] = call
        self._spawn(self._open(call, params))
        return call

    def answer(self, call: Call, params: Mapping[str, Any]) -> None:
        """Answer the question that the call asked (`consent`)."""
        if not call.ended.is_set():
            self._send({"id": call.id, "method": "answer", "params": dict(params)})

    def cancel(self, call: Call) -> None:
        """Ask the worker to stop a call; it is killed if it does not say in time that it has."""
        if call.cancelling or call.ended.is_set():
            return
        call.cancelling = True
        self._send({"method": "cancel", "params": {"id": call.id}})
        self._spawn(self._insist(call))

    async def close(self, patience: float = 0.5) -> None:
        """End the worker: politely first, by force after `patience` seconds. Every call ends."""
        self._closed.set()
        with contextlib.suppress(TimeoutError):
            # A process that is being started would be orphaned if its start were cancelled half-way.
            async with asyncio.timeout(patience), self._starting:
                pass
        pipe = self._pipe
        if pipe is not None:
            self._send({"method": "shutdown"})
            pipe.close_input()
            try:
                await asyncio.wait_for(pipe.wait(), patience)
            except TimeoutError:
                pipe.kill()
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=patience)
            self._reading.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._fail_all(STOPPED)

    async def _open(self, call: Call, params: Mapping[str, Any]) -> None:
        try:
            await self._connect()
        except OSError as error:
            log.error("the worker could not be started: %s", error)
            self._end(call, {"event": "failed", "message": UNSTARTED})
            return
        if call.cancelling:
            self._end(call, {"event": "cancelled"})
        else:
            self._send({"id": call.id, "method": call.method, "params": dict(params)})

    async def _connect(self) -> None:
        async with self._starting:
            if self._pipe is not None:
                return
            if self._closed.is_set():
                raise OSError("the server is shutting down")
            pipe = await self.launch()
            if self._closed.is_set():
                pipe.kill()
                await pipe.wait()
                raise OSError("the server is shutting down")
            self._pipe = pipe
            self._reading = asyncio.get_running_loop().create_task(self._read(pipe))

    async def _read(self, pipe: WorkerPipe) -> None:
        message = STOPPED
        try:
            while line := await pipe.readline():
                self._dispatch(line)
        except ValueError:
            # The stream is out of step: no later line can be trusted.
            message = UNREADABLE
        except OSError as error:
            log.warning("the worker's pipe broke: %s", error)
        finally:
            if self._pipe is pipe:
                self._pipe = None
            pipe.kill()
            self._fail_all(message)
        await pipe.wait()

    def _dispatch(self, line: bytes) -> None:
        event = json.loads(line)
        if not isinstance(event, dict):
            raise ValueError("an event must be an object")
        call = self._calls.get(event["id"]) if isinstance(event.get("id"), int) else None
        if call is None:
            return
        if event.get("event") in TERMINAL:
            self._end(call, event)
        else:
            call.deliver(event)

    async def _insist(self, call: Call) -> None:
        try:
            await asyncio.wait_for(call.ended.wait(), self.patience)
        except TimeoutError:
            log.warning("the worker did not stop in time and is killed")
            self._end(call, {"event": "cancelled"})
            if self._pipe is not None:
                self._pipe.kill()

    def _end(self, call: Call, event: Event) -> None:
        self._calls.pop(call.id, None)
        call.deliver(event)

    def _fail_all(self, message: str) -> None:
        for call in list(self._calls.values()):
            self._end(call, {"event": "cancelled"} if call.cancelling else {"event": "failed", "message": message})

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._pipe is None:
            return
        try:
            # ASCII only: a lone surrogate of a buffer survives as an escape, and no line end can slip in.
            self._pipe.write(json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n")
        except OSError as error:
            log.warning("the worker's pipe broke: %s", error)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@define(eq=False)
class WorkerProcess:
    """A worker as a child process, with its own process group so that its helpers end with it."""

    _process: asyncio.subprocess.Process

    async def readline(self) -> bytes:
        assert self._process.stdout is not None
        return await self._process.stdout.readline()

    def write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)

    def close_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def kill(self) -> None:
        if self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                _end_tree(self._process.pid)
                self._process.kill()
            else:
                # The group: git or a linter may be running.
                os.killpg(self._process.pid, signal.SIGKILL)

    async def wait(self) -> None:
        await self._process.wait()


def _end_tree(pid: int) -> None:
    """Windows knows no groups: the helpers are found by their parent, which must still be there."""
    killer = str(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe")
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run([killer, "/T", "/F", "/PID", str(pid)], capture_output=True, check=False, timeout=1)


def worker_command() -> list[str]:
    """The command of the real worker. `-P`: nothing is imported from the folder it runs in."""
    return [sys.executable, "-P", "-m", "rebuttal.worker"]


def process_launcher(command: Sequence[str], environment: Mapping[str, str]) -> Launch:
    """Starts `command` away from the workspace: a repository must not decide what is imported or run."""

    async def launch() -> WorkerPipe:
        own_group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            env=dict(environment),
            cwd=str(Path(sys.prefix)),
            **own_group,
        )
        return WorkerProcess(process)

    return launch
