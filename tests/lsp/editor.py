"""An editor for tests: raw JSON over two streams in this process, against the real server.

It answers what a real one would, keeps what it was told, and complains about what nobody expected: an unknown
request, a popup, a second answer, the same diagnostics twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rebuttal.lsp.server import RebuttalServer
from rebuttal.lsp.transport import read_messages
from tests.lsp.profiles import undeclared

PATIENCE = 10.0
"""Seconds; only a failing test waits so long."""

Json = dict[str, Any]


class RequestFailed(Exception):
    """The server answered with an error."""

    def __init__(self, error: Json) -> None:
        self.code, self.message, self.data = error["code"], error["message"], error.get("data")
        super().__init__(f"{self.code}: {self.message}")


class _Wire:
    """The writer that the server sees."""

    def __init__(self, take: Callable[[Json], None]) -> None:
        self._take, self._buffer = take, b""

    def write(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            size = int(head.split(b"Content-Length:")[1].split(b"\r\n")[0])
            if len(rest) < size:
                return
            self._buffer = rest[size:]
            self._take(json.loads(rest[:size]))

    def close(self) -> None: ...


class Editor:
    def __init__(self, server: RebuttalServer, capabilities: Json, folders: list[Path], settings: Json) -> None:
        self.server, self.capabilities, self.folders = server, capabilities, folders
        self.settings = settings
        self.diagnostics: dict[str, list[Json]] = {}
        self.published: list[Json] = []
        self.statuses: list[Json] = []
        self.progress: list[Json] = []
        self.logged: list[str] = []
        self.said: list[str] = []
        self.asked: list[Json] = []
        self.unexpected: list[Json] = []
        self.taken_back: list[str] = []
        """Ids of requests that the server waits for no more."""
        self.refused: list[int] = []
        """Codes of errors that name no request, because what was sent is none."""
        self.answers: dict[str, Any] = {
            "workspace/configuration": lambda params: [self.settings],
            "client/registerCapability": None,
            "client/unregisterCapability": None,
            "window/workDoneProgress/create": None,
            "window/showDocument": {"success": True},
            "workspace/textDocumentContent/refresh": None,
            "workspace/codeLens/refresh": None,
        }
        self.silent: set[str] = set()
        """Requests that this client never answers."""
        self._versions: dict[str, int] = {}
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last = 0
        self.news = asyncio.Event()
        self._input = asyncio.StreamReader()
        server.protocol.set_writer(_Wire(self._take))
        self.reading = asyncio.get_running_loop().create_task(read_messages(self._input, server.protocol))

    # What the editor does

    async def initialize(self, **params: Any) -> Json:
        folders = [{"uri": folder.as_uri(), "name": folder.name} for folder in self.folders]
        whole = {"processId": None, "rootUri": None, "capabilities": self.capabilities, "workspaceFolders": folders}
        result: Json = await self.request("initialize", {**whole, **params})
        self.notify("initialized", {})
        return result

    def send(self, message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_bytes(body)

    def send_bytes(self, body: bytes) -> None:
        self._input.feed_data(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def start_request(self, method: str, params: Any) -> tuple[int, asyncio.Future[Any]]:
        self._last += 1
        future = asyncio.get_running_loop().create_future()
        self._waiting[self._last] = future
        self.send({"id": self._last, "method": method, "params": params})
        return self._last, future

    async def request(self, method: str, params: Any = None) -> Any:
        _, future = self.start_request(method, params)
        return await asyncio.wait_for(future, PATIENCE)

    async def command(self, name: str, **arguments: Any) -> Any:
        params = {"command": name, "arguments": [arguments] if arguments else []}
        return await self.request("workspace/executeCommand", params)

    def open(self, path: Path, text: str | None = None) -> None:
        content = path.read_bytes().decode() if text is None else text
        self._versions[path.as_uri()] = 1
        item = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": content}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, path: Path, *changes: Json) -> None:
        uri = path.as_uri()
        self._versions[uri] += 1
        identifier = {"uri": uri, "version": self._versions[uri]}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": list(changes)})

    def save(self, path: Path) -> None:
        self.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})

    def close(self, path: Path) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    async def settle(self) -> None:
        """Until the server has handled everything sent so far."""
        with_error = self.request("rebuttal/nothing")
        try:
            await with_error
        except RequestFailed as error:
            assert error.code == -32601  # noqa: PT017
            return
        raise AssertionError("an unknown request was answered")

    # What the editor sees

    async def until(self, condition: Callable[[], Any]) -> Any:
        """The condition's value once it is true; it is looked at after every message, the worker's too, and now and
        then besides: the server may act on a message without sending another."""

        async def wait() -> Any:
            while not (value := condition()):
                self.news.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.news.wait(), 0.05)
            return value

        try:
            return await asyncio.wait_for(wait(), PATIENCE)
        except TimeoutError:
            raise AssertionError(f"never came true; status: {self.statuses[-1:]}, said: {self.said}") from None

    def of(self, path: Path) -> list[Json]:
        """The diagnostics that the editor shows in a file."""
        return self.diagnostics.get(path.as_uri(), [])

    @property
    def state(self) -> str | None:
        return str(self.statuses[-1]["state"]) if self.statuses else None

    def heard(self, sentence: str) -> bool:
        """Whether a popup said so; it counts as expected from now on."""
        for message in self.said:
            if sentence in message:
                self.said.remove(message)
                return True
        return False

    async def shutdown(self) -> None:
        assert await self.request("shutdown") is None
        self.notify("exit", None)
        await asyncio.wait_for(self.reading, PATIENCE)

    def check(self) -> None:
        """Nothing came that no test expected."""
        assert not self.unexpected, self.unexpected
        assert not self.said, self.said
        assert not any(not future.done() for future in self._waiting.values()), "a request was never answered"
        assert not any(self.diagnostics.values()), "diagnostics were left behind"
        assert not self.open_progress(), "a progress has no end"

    def open_progress(self) -> set[str]:
        """Tokens of progresses that have begun and not ended; what is said without a beginning fails."""
        tokens: set[str] = set()
        for one in self.progress:
            token, kind = one["token"], one["value"]["kind"]
            assert isinstance(token, str), "Zed refuses tokens that are numbers"
            assert (token in tokens) is (kind != "begin"), one
            tokens = tokens ^ {token} if kind != "report" else tokens
        return tokens

    # The wire

    def _take(self, message: Json) -> None:
        assert message["jsonrpc"] == "2.0"
        if "method" not in message:
            self._response(message)
        elif "id" in message:
            self._request(message)
        else:
            self._notification(message["method"], message.get("params"))
        self.news.set()

    def _response(self, message: Json) -> None:
        if message["id"] is None:
            self.refused.append(message["error"]["code"])
            return
        future = self._waiting.get(message["id"])
        if future is None or future.done():
            self.unexpected.append(message)
        elif "error" in message:
            future.set_exception(RequestFailed(message["error"]))
        else:
            future.set_result(message.get("result"))

    def _request(self, message: Json) -> None:
        method = message["method"]
        self._gated(method, message.get("params") or {})
        self.asked.append(message)
        if method in self.silent:
            return
        if method not in self.answers:
            self.unexpected.append(message)
            return
        answer = self.answers[method]
        self.reply(message, answer(message.get("params")) if callable(answer) else answer)

    def _gated(self, method: str, params: Json) -> None:
        if (missing := undeclared(self.capabilities, method, params)) is not None:
            self.unexpected.append({"never declared": missing, "method": method})

    def reply(self, request: Mapping[str, Any], result: Any) -> None:
        self.send({"id": request["id"], "result": result})

    def _notification(self, method: str, params: Json | None) -> None:
        params = params or {}
        self._gated(method, params)
        if method == "textDocument/publishDiagnostics":
            if self.diagnostics.get(params["uri"], []) == params["diagnostics"]:
                self.unexpected.append({"the same diagnostics twice": params})
            self.diagnostics[params["uri"]] = params["diagnostics"]
            self.published.append(params)
        elif method == "$/rebuttal.status":
            self.statuses.append(params)
        elif method == "$/progress":
            self.progress.append(params)
        elif method == "window/logMessage":
            self.logged.append(params["message"])
        elif method == "window/showMessage":
            self.said.append(params["message"])
        elif method == "$/cancelRequest":
            self.taken_back.append(params["id"])
        else:
            self.unexpected.append({"method": method, "params": params})
