"""The server as a process: framing, a clean stdout, exit codes, and an end that comes in time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.samples import SOURCE, progress, static

_ROOT = Path(__file__).parents[2]
_FAKE = Path(__file__).with_name("fake_worker.py")

HANGING = {"review": [{"deaf": True}, progress("starting", 1, "0"), {"wait": "ever"}]}
_HEARD = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
"""A shell in the background has its children ignore an interruption."""


class Server:
    """`rebuttal serve` with a fake worker, seen from the other end of its pipes."""

    def __init__(
        self, folder: Path, script: dict[str, Any] | None, home: Path, prelude: str = "", **environment: str
    ) -> None:
        file = folder.parent / "script.json"
        file.write_text(json.dumps(script))
        worker = None if script is None else [sys.executable, str(_FAKE), str(file)]
        code = f"{_HEARD}\n{prelude}\nfrom rebuttal.lsp.main import serve\nserve(worker={worker!r})"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT / "server"),
            "REBUTTAL_HOME": str(home),
            "ANTHROPIC_API_KEY": "sk-test",
            **environment,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        )
        self.answers: dict[str, Any] = {"workspace/configuration": [None]}
        self.folder, self.messages, self._last = folder, list[dict[str, Any]](), 0

    def send(self, method: str, params: Any = None, **more: Any) -> None:
        self._write({"method": method, "params": params, **more})

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        head = self.process.stdout.readline()
        assert head.startswith(b"Content-Length: "), f"stdout holds something else: {head!r}"
        while self.process.stdout.readline().strip():
            pass
        message: dict[str, Any] = json.loads(self.process.stdout.read(int(head.split(b":")[1])))
        self.messages.append(message)
        if "id" in message and "method" in message:
            answer = self.answers.get(message["method"])
            self._write({"id": message["id"], "result": answer(message["params"]) if callable(answer) else answer})
        return message

    def until(self, method: str) -> dict[str, Any]:
        while True:
            message = self.read()
            if message.get("method") == method:
                return message

    def request(self, method: str, params: Any = None) -> Any:
        self._last += 1
        self.send(method, params, id=self._last)
        while True:
            message = self.read()
            if message.get("id") == self._last and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]

    def command(self, name: str, **arguments: Any) -> Any:
        return self.request("workspace/executeCommand", {"command": name, "arguments": [arguments]})

    def open(self, file: Path) -> None:
        item = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": file.read_bytes().decode()}
        self.send("textDocument/didOpen", {"textDocument": item})

    def until_status(self, *states: str) -> dict[str, Any]:
        while True:
            status: dict[str, Any] = self.until("$/rebuttal.status")["params"]
            if status["state"] in states:
                return status

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def initialize(self, process_id: int | None = None, capabilities: dict[str, Any] | None = None) -> None:
        folders = [{"uri": self.folder.as_uri(), "name": self.folder.name}]
        params: dict[str, Any] = {"processId": process_id, "rootUri": None, "capabilities": capabilities or {}}
        self.request("initialize", {**params, "workspaceFolders": folders})
        self.send("initialized", {})

    def review(self, **arguments: Any) -> None:
        self.command("rebuttal.review", **arguments)

    def end(self) -> int:
        return self.process.wait(10)

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()


@pytest.fixture
def serve(repo: Path, tmp_path: Path) -> Iterator[Any]:
    servers: list[Server] = []

    def start(script: dict[str, Any] | None = None, prelude: str = "") -> Server:
        servers.append(Server(repo, script or {}, tmp_path / "home", prelude))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def test_review_over_stdio_with_a_worker_process(serve: Any, repo: Path) -> None:
    (repo / "cart.py").write_text(SOURCE)
    server = serve({"review": [{"event": "static", "findings": [static()]}, {"wait": "ever"}]})
    server.initialize()
    server.review()
    published = server.until("textDocument/publishDiagnostics")["params"]
    assert published["uri"] == (repo / "cart.py").as_uri()
    assert published["diagnostics"][0]["code"] == "ruff:F401"
    assert server.request("shutdown") is None
    server.send("exit")
    assert server.end() == 0
    assert "Traceback" not in server.errors()


def test_print_to_stdout_broke_the_stream(serve: Any) -> None:
    server = serve(
        {"review": [{"event": "failed", "message": "No."}]},
        "import asyncio, subprocess, sys\nimport rebuttal.lsp.jobs as jobs\nwas = jobs.Jobs.start\n"
        "def start(*args):\n    print('stray')\n"
        "    subprocess.run([sys.executable, '-c', 'print(\"stray child\")'])\n    return was(*args)\n"
        "jobs.Jobs.start = start",
    )
    server.initialize()
    server.review()
    assert server.until("window/showMessage")["params"]["message"] == "No."
    server.request("shutdown")
    server.send("exit")
    assert server.end() == 0
    assert "stray child" in server.errors()


def test_ends_in_time_with_a_worker_that_hangs(serve: Any) -> None:
    server = serve(HANGING)
    server.initialize()
    server.review()
    server.until_status("debating")
    server.request("shutdown")
    server.send("exit")
    assert server.end() == 0  # the worker would hang for ever; bench/speed.py says how long it takes


def test_worker_was_orphaned_by_a_shutdown_while_it_started(serve: Any) -> None:
    server = serve(HANGING)
    server.initialize()
    server.review()
    server.request("shutdown")
    server.send("exit")
    assert server.end() == 0
    # Its stderr is ours: it ends only when the worker has ended too.
    started = time.monotonic()
    server.errors()
    assert time.monotonic() - started < 10


def test_exit_without_shutdown_is_code_1(serve: Any) -> None:
    server = serve()
    server.initialize()
    server.send("exit")
    assert server.end() == 1


def test_ends_when_stdin_closes(serve: Any) -> None:
    server = serve(HANGING)
    server.initialize()
    server.review()
    server.process.stdin.close()
    assert server.end() == 1


def test_ends_when_its_editor_is_killed_though_the_pipe_stays_open(serve: Any) -> None:
    editor = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    server = serve(HANGING)
    server.initialize(editor.pid)
    editor.kill()
    editor.wait()
    assert server.end() == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        b"Content-Length: many\r\n\r\n{}",
        b"Content-Length: 1000000000\r\n\r\n" + b"x" * 300_000,
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"Content-Length: -5\r\n\r\n{}",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00" * 200_000,
    ],
)
def test_header_that_cannot_be_read_ended_the_server(serve: Any, nonsense: bytes) -> None:
    server = serve()
    server.initialize()
    server.process.stdin.write(nonsense)
    server.process.stdin.flush()
    server.request("shutdown")
    assert [one["error"]["code"] for one in server.messages if "error" in one] == [-32700]
    server.send("exit")
    assert server.end() == 0
    assert "left out what is no message" in server.errors()


def test_nothing_heavy_is_loaded_before_the_first_review(serve: Any) -> None:
    heavy = ("anthropic", "httpx2", "git", "tree_sitter", "tiktoken", "genai_prices", "pydantic", "rapidfuzz", "ruff")
    server = serve(
        prelude="import atexit, os, sys\nimport rebuttal.lsp.main as main\nwas = os._exit\n"
        "def leave(code):\n    print('LOADED', *sorted(sys.modules), file=sys.stderr, flush=True)\n    was(code)\n"
        "main.os._exit = leave"
    )
    server.initialize()
    server.request("shutdown")
    server.send("exit")
    server.end()
    loaded = server.errors().split("LOADED ")[1].split()
    assert "rebuttal.lsp.server" in loaded
    assert not [name for name in loaded if name.split(".")[0] in heavy]
    assert not [name for name in loaded if name.startswith(("rebuttal.review", "rebuttal.worker", "rebuttal.change"))]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process at once")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_server_with_its_worker_and_without_a_traceback(serve: Any, sent: signal.Signals) -> None:
    server = serve(HANGING)
    server.initialize()
    server.review()
    server.until_status("debating")
    server.process.send_signal(sent)
    assert server.end() == 1
    # Its worker's stderr is the same pipe: it ends when both have.
    assert "Traceback" not in server.errors()


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 of a process group is POSIX's")
def test_worker_does_not_outlive_a_killed_server(serve: Any) -> None:
    server = serve({"review": [{"wait": "ever"}]})
    server.initialize()
    server.review()
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    if not children.exists():
        pytest.skip("this platform does not list children")
    deadline = time.monotonic() + 10
    while not (pids := children.read_text().split()) and time.monotonic() < deadline:
        time.sleep(0.01)
    server.process.kill()
    server.process.wait()
    while Path(f"/proc/{pids[0]}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{pids[0]}").exists() or "Z" in Path(f"/proc/{pids[0]}/stat").read_text()
