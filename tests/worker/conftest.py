"""The worker as its own process, seen from the other end of its pipe."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from examples.make_repository import make_repository
from rebuttal.lsp.worker_client import worker_command
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.gitrepo import isolated_environment

ROOT = Path(__file__).resolve().parents[2]
REVIEWERS = ROOT / "examples" / "parcels" / "reviewers.json"
TERMINAL = ("done", "cancelled", "failed")
PATIENCE = 60.0
"""Seconds for anything at all on a busy machine."""

Event = dict[str, Any]


class WorkerProcess:
    """`python -m rebuttal.worker`. Events are kept in the order in which they came."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            worker_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment, "PYTHONPATH": str(ROOT / "server")},
            cwd=sys.prefix,
        )
        self.events: list[Event] = []
        self._new: queue.Queue[Event | None] = queue.Queue()
        self._stderr: list[bytes] = []
        self._threads = [threading.Thread(target=self._listen), threading.Thread(target=self._log)]
        for thread in self._threads:
            thread.start()

    def request(self, id: int, method: str, **params: Any) -> None:
        self.write({"id": id, "method": method, "params": params})

    def cancel(self, id: int) -> None:
        self.write({"method": "cancel", "params": {"id": id}})

    def write(self, *messages: Any) -> None:
        """Several in one piece, as a pipe may deliver them; bytes go as they are."""
        lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """The next event that is wanted."""
        deadline = time.monotonic() + PATIENCE
        while True:
            event = self._new.get(timeout=max(deadline - time.monotonic(), 0.01))
            assert event is not None, f"the worker ended: {self.log}"
            self.events.append(event)
            if wanted(event):
                return event

    def named(self, id: int, *names: str) -> Event:
        return self.until(lambda event: event["id"] == id and event["event"] in names)

    def ended(self, id: int) -> Event:
        return self.named(id, *TERMINAL)

    def of(self, id: int) -> list[str]:
        return [event["event"] for event in self.events if event["id"] == id]

    @property
    def log(self) -> str:
        return b"".join(self._stderr).decode("utf-8", "replace")

    def end(self) -> tuple[int, float]:
        """Close its stdin, as a dead editor does; its exit code, and seconds until it had ended."""
        assert self.process.stdin is not None
        started = time.monotonic()
        self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        return code, time.monotonic() - started

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._new.put(json.loads(line))
        self._new.put(None)

    def _log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._stderr.append(line)


Start = Callable[..., WorkerProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts workers that share a REBUTTAL_HOME of the test's own; no key but what the test gives."""
    running: list[WorkerProcess] = []
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC_", "REBUTTAL_"))}
    git = {name: value for name, value in isolated_environment(tmp_path / "git").items() if name not in os.environ}

    def begin(**environment: str) -> WorkerProcess:
        worker = WorkerProcess({**plain, **git, "REBUTTAL_HOME": str(tmp_path / "home"), **environment})
        running.append(worker)
        return worker

    yield begin
    for worker in running:
        worker.stop()


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    """The bundled example: a repository with a faulty change in its work tree."""
    return make_repository(tmp_path / "parcels")


@pytest.fixture
def panel(emulator: Emulator) -> Emulator:
    """A panel who knows the example's planted defects."""
    emulator.script.default = Planted.load(REVIEWERS)
    return emulator
