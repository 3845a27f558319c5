"""An editor and a server in one process, with time and worker in the test's hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pygls.protocol import default_converter

from rebuttal.lsp.server import Deps, RebuttalServer, create_server
from rebuttal.lsp.worker_client import WorkerPipe
from rebuttal.settings import Settings
from tests.lsp.editor import Editor
from tests.lsp.fake_worker import MemoryPipe
from tests.lsp.profiles import PROFILES

_CONVERTER = default_converter()  # type: ignore[no-untyped-call]  # pygls leaves it untyped

AT_ONCE = 60.0
"""Seconds of a portion: no work is ever parted, whatever else the machine does. With 0, all work is parted."""

Script = Mapping[str, list[dict[str, Any]]]


class Clock:
    """Timers that ring when the test turns the clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[tuple[float, Callable[[], None], _Handle]] = []

    def __call__(self, seconds: float, callback: Callable[[], None]) -> _Handle:
        handle = _Handle()
        self._timers.append((self.now + seconds, callback, handle))
        return handle

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [timer for timer in self._timers if timer[0] <= self.now]
        self._timers = [timer for timer in self._timers if timer[0] > self.now]
        for _, callback, handle in sorted(due, key=lambda timer: timer[0]):
            if not handle.cancelled:
                callback()

    @property
    def waiting(self) -> int:
        return sum(not handle.cancelled for _, _, handle in self._timers)


class _Handle:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Stage:
    """One editor with its server and its fake workers."""

    def __init__(self, editor: Editor, clock: Clock, pipes: list[MemoryPipe]) -> None:
        self.editor, self.clock, self.pipes = editor, clock, pipes

    @property
    def worker(self) -> Any:
        return self.pipes[-1].worker

    def asked(self, method: str) -> list[dict[str, Any]]:
        """What the workers were asked, in order."""
        received = [message for pipe in self.pipes for message in pipe.worker.received]
        return [message for message in received if message["method"] == method]


def assert_nothing_pending(server: RebuttalServer) -> None:
    """After its end a server waits for nothing and keeps nothing of what it waited for."""
    protocol = server.protocol
    kept: dict[str, Mapping[Any, Any]] = {
        "request": protocol._request_futures,
        "reply": protocol._result_types,
        "question": protocol._waiting,
        "progress": protocol.progress.tokens,
    }
    assert {name: list(many) for name, many in kept.items() if many} == {}
    assert list(server.session.running()) == []


Start = Callable[..., Awaitable[Stage]]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A folder that looks like a repository to the server, which never asks git."""
    root = tmp_path / "shop"
    (root / ".git").mkdir(parents=True)
    return root


@pytest_asyncio.fixture
async def start(repo: Path) -> AsyncIterator[Start]:
    """Starts editors; each is shut down at the end, and must then have nothing left to say and no task left."""
    before = asyncio.all_tasks()
    stages: list[Stage] = []

    async def make(
        script: Script | None = None,
        profile: str | dict[str, Any] = "vscode",
        *,
        settings: dict[str, Any] | None = None,
        folders: list[Path] | None = None,
        environment: Mapping[str, str] | None = None,
        user_settings: Settings | None = None,
        patience: float = 2.0,
        portion: float = AT_ONCE,
        initialize: bool = True,
        **params: Any,
    ) -> Stage:
        clock, pipes = Clock(), list[MemoryPipe]()

        async def launch() -> WorkerPipe:
            pipes.append(MemoryPipe(script or {}))
            pipes[-1].worker.noticed = editor.news.set
            editor.news.set()
            return pipes[-1]

        deps = Deps(
            launch=launch,
            environment={
                "REBUTTAL_HOME": str(repo.parent / "home"),
                **({"ANTHROPIC_API_KEY": "sk-test"} if environment is None else environment),
            },
            user_settings=user_settings or Settings(),
            timer=clock,
            patience=patience,
            close_patience=0.05,
            portion=portion,
            converter_factory=lambda: _CONVERTER,
        )
        capabilities = PROFILES[profile] if isinstance(profile, str) else profile
        editor = Editor(create_server(deps), capabilities, [repo] if folders is None else folders, settings or {})
        stage = Stage(editor, clock, pipes)
        stages.append(stage)
        if initialize:
            await editor.initialize(**params)
        return stage

    yield make
    for stage in stages:
        if not stage.editor.reading.done():
            await stage.editor.shutdown()
        stage.editor.check()
        if stage.editor.server is not None:  # a test may have let go of it
            assert_nothing_pending(stage.editor.server)
        for pipe in stage.pipes:
            pipe.worker.stop()
    await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    left = {task for task in left if "FakeWorker" not in repr(task)}
    assert not left, f"tasks are left: {left}"
