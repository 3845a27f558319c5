"""A bare LSP client over a child's stdio, for measuring round trips: no editor, no framework in the way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class LspClient:
    """Speaks to one server process. Requests may overlap; server requests are answered with null."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._next = 0
        self.heard: list[tuple[float, str, Any]] = []
        """Notifications and requests of the server: when, method, params."""
        self.answer: Callable[[str, Any], Any] = lambda method, params: None
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str]) -> LspClient:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, env=dict(environment)
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def request(self, method: str, params: Any) -> tuple[Any, float]:
        """The result and how many seconds it took."""
        self._next += 1
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._next] = waiting
        start = time.perf_counter()
        self._send({"id": self._next, "method": method, "params": params})
        result = await waiting
        return result, time.perf_counter() - start

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    async def until(self, wanted: Callable[[str, Any], bool], seconds: float = 60) -> tuple[float, Any]:
        """Wait for a message of the server, also one that has come already: when it came, its params."""
        async with asyncio.timeout(seconds), self._news:
            seen = 0
            while True:
                for when, method, params in self.heard[seen:]:
                    if wanted(method, params):
                        return when, params
                seen = len(self.heard)
                await self._news.wait()

    async def stop(self) -> int:
        """Shut down politely; the exit code."""
        await self.request("shutdown", None)
        self.notify("exit", None)
        code = await asyncio.wait_for(self._process.wait(), 10)
        self._reader.cancel()
        return code

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := await stream.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = await stream.readline()
            message = json.loads(await stream.readexactly(length))
            if "method" not in message:
                waiting = self._waiting.pop(message["id"])
                if not waiting.done():
                    waiting.set_result(message.get("result"))
                continue
            if "id" in message:
                self._send({"id": message["id"], "result": self.answer(message["method"], message.get("params"))})
            async with self._news:
                self.heard.append((time.perf_counter(), message["method"], message.get("params")))
                self._news.notify_all()


def capabilities() -> dict[str, Any]:
    """What the benchmarks' client can do: as VS Code where it matters to us."""
    return {
        "workspace": {"workspaceFolders": True, "configuration": True, "applyEdit": True},
        "textDocument": {
            "hover": {"contentFormat": ["markdown"]},
            "publishDiagnostics": {"relatedInformation": True},
            "codeAction": {
                "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source.fixAll"]}},
                "resolveSupport": {"properties": ["edit"]},
                "dataSupport": True,
                "disabledSupport": True,
            },
        },
        "window": {"workDoneProgress": True, "showMessage": {}},
        "general": {"positionEncodings": ["utf-16"]},
    }


def initialize_params(root_uri: str) -> dict[str, Any]:
    folders = [{"uri": root_uri, "name": "bench"}]
    return {"processId": None, "rootUri": root_uri, "capabilities": capabilities(), "workspaceFolders": folders}
