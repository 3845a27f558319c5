"""`rebuttal serve --tcp` and `--ws`: who gets in, who does not, and how it ends."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from rebuttal.lsp import network
from rebuttal.lsp.network import TAKEN, Door, NotListening, listen
from tests.lsp.samples import progress

_ROOT = Path(__file__).parents[2]
_FAKE = Path(__file__).with_name("fake_worker.py")
_HANGING = {"review": [{"deaf": True}, progress("starting", 1, "0"), {"wait": "ever"}]}

Json = dict[str, Any]


class Listening:
    """A server process that listens; it has printed where."""

    def __init__(self, kind: str, home: Path, port: int = 0) -> None:
        script = home / "script.json"
        home.mkdir()
        script.write_text(json.dumps(_HANGING))
        worker = [sys.executable, str(_FAKE), str(script)]
        code = f"from rebuttal.lsp.main import serve\nserve(worker={worker!r}, listen=({kind!r}, {port}))"
        environment = {"PYTHONPATH": str(_ROOT / "server"), "REBUTTAL_HOME": str(home), "ANTHROPIC_API_KEY": "sk-test"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
        )
        assert self.process.stderr is not None
        self.line = self.process.stderr.readline().decode()
        told = json.loads(self.line)["listening"]
        self.port, self.url, self.token = told["port"], told["url"], told["token"]
        assert told["host"] == "127.0.0.1"
        assert told["transport"] == kind

    def end(self) -> int:
        return self.process.wait(10)

    def said(self) -> str:
        """All that it wrote, once it has ended, without the line that is meant to hold the token."""
        out, errors = self.process.communicate()
        return out.decode() + errors.decode()


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Callable[..., Listening]]:
    servers: list[Listening] = []

    def start(kind: str, port: int = 0) -> Listening:
        servers.append(Listening(kind, tmp_path / f"home-{len(servers)}", port))
        return servers[-1]

    yield start
    for server in servers:
        server.process.kill()
        server.process.communicate()


class Client:
    """A client over TCP."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), timeout=10)
        self.file = self.socket.makefile("rb")

    def send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def receive(self) -> Json | None:
        """The next message; None when the server has closed."""
        size = 0
        try:
            while line := self.file.readline().strip():
                name, _, value = line.partition(b":")
                size = int(value) if name == b"Content-Length" else size
            return json.loads(self.file.read(size)) if size else None
        except ConnectionError:
            return None

    def answer(self, id: int) -> Json:
        while (message := self.receive()) is not None:
            if message.get("id") == id and "method" not in message:
                return message
        raise AssertionError("the server has closed")

    def initialize(self, token: Any, id: int = 1) -> Json:
        self.send(initialize(id, token))
        return self.answer(id)

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def initialize(id: int, token: Any = None, **more: Any) -> Json:
    options = {} if token is None else {"initializationOptions": {"token": token, "on_save": "off"}}
    params = {"processId": None, "rootUri": None, "capabilities": {}, **options, **more}
    return {"jsonrpc": "2.0", "id": id, "method": "initialize", "params": params}


def test_session_over_tcp(listening: Callable[..., Listening]) -> None:
    server = listening("tcp")
    client = Client(server.port)
    result = client.initialize(server.token)["result"]
    assert result["serverInfo"]["name"] == "rebuttal"
    client.send({"method": "initialized", "params": {}})
    client.send({"id": 2, "method": "shutdown"})
    assert client.answer(2)["result"] is None
    client.send({"method": "exit"})
    assert server.end() == 0
    client.close()
    said = server.said()
    assert server.token not in said
    assert "token" not in said  # it is no setting that nobody knows


@pytest.mark.parametrize("token", [None, "", "guess", 7, ["x"], "\ud800"])
def test_nothing_is_answered_without_the_token(listening: Callable[..., Listening], token: Any) -> None:
    server = listening("tcp")
    client = Client(server.port)
    refusal = client.initialize(token)
    assert "initializationOptions.token" in refusal["error"]["message"]
    assert server.token not in json.dumps(refusal)
    assert client.receive() is None
    client.close()


@pytest.mark.parametrize(
    "sent",
    [
        b'Content-Length: 57\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"shutdown","params":null}'[:-1],
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 4\r\n\r\nnull",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: 99999999\r\n\r\n",
        b"\x00" * 100_000,
    ],
)
def test_whoever_does_not_begin_with_initialize_is_told_nothing(
    listening: Callable[..., Listening], sent: bytes
) -> None:
    server = listening("tcp")
    stranger = Client(server.port)
    stranger.socket.sendall(sent)
    assert stranger.receive() is None
    stranger.close()
    client = Client(server.port)
    assert "result" in client.initialize(server.token)
    client.close()
    assert server.end() == 1


def test_web_page_that_posts_to_the_port_is_told_nothing(listening: Callable[..., Listening]) -> None:
    """A browser's `fetch` sends the header that LSP needs by itself."""
    server = listening("tcp")
    body = json.dumps(initialize(1, server.token)).encode()
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(body)}\r\n\r\n"
    page = Client(server.port)
    page.socket.sendall(head.encode() + body)
    assert page.receive() is None
    page.close()
    client = Client(server.port)
    assert "result" in client.initialize(server.token)
    client.close()


def test_one_client_at_a_time_and_the_server_ends_with_it(listening: Callable[..., Listening]) -> None:
    server = listening("tcp")
    first = Client(server.port)
    first.initialize(server.token)
    second = Client(server.port)
    assert second.initialize(server.token)["error"]["message"] == TAKEN
    stranger = Client(server.port)
    assert stranger.initialize("guess")["error"]["message"] != TAKEN  # who has no token learns nothing
    first.send({"id": 2, "method": "rebuttal/nothing"})
    assert first.answer(2)["error"]["code"] == -32601
    for client in (first, second, stranger):
        client.close()
    assert server.end() == 1


def test_strangers_that_say_nothing_keep_nobody_out(listening: Callable[..., Listening]) -> None:
    server = listening("tcp")
    strangers = [Client(server.port) for _ in range(network.STRANGERS + 4)]
    assert strangers[-1].receive() is None  # one too many
    strangers[0].close()
    strangers[1].close()
    deadline = time.monotonic() + 10
    answer = None
    while answer is None and time.monotonic() < deadline:
        strangers.append(Client(server.port))
        strangers[-1].send(initialize(1, server.token))
        answer = strangers[-1].receive()
    assert answer is not None
    assert "result" in answer
    for one in strangers:
        one.close()


@pytest.mark.parametrize("kind", ["tcp", "ws"])
def test_ends_when_the_pipe_of_who_started_it_closes(listening: Callable[..., Listening], kind: str) -> None:
    server = listening(kind)
    assert server.process.stdin is not None
    server.process.stdin.close()
    server.process.stdin = None
    assert server.end() == 1
    assert "Traceback" not in server.said()


def test_ends_with_its_client_though_the_worker_hangs(listening: Callable[..., Listening], repo: Path) -> None:
    server = listening("tcp")
    client = Client(server.port)
    folders = [{"uri": repo.as_uri(), "name": "shop"}]
    client.send(initialize(1, server.token, workspaceFolders=folders))
    client.answer(1)
    client.send({"method": "initialized", "params": {}})
    client.send({"id": 2, "method": "workspace/executeCommand", "params": {"command": "rebuttal.review"}})
    while (message := client.receive()) is not None and message.get("params", {}).get("state") != "debating":
        pass
    client.close()
    assert server.end() == 1


def test_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "rebuttal", "serve", "--tcp", str(port)],
            env={**os.environ, "PYTHONPATH": str(_ROOT / "server"), "REBUTTAL_HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr == f"Port {port} of 127.0.0.1 cannot be had; choose another, or 0 for any.\n"


def test_localhost_is_ours_in_both_families() -> None:
    sockets = listen(0)
    names = [one.getsockname()[:2] for one in sockets]
    for one in sockets:
        one.close()
    assert {port for _, port in names} == {names[0][1]}
    assert {host for host, _ in names} <= {"127.0.0.1", "::1"}


def test_port_that_another_has_on_ipv6_is_not_taken() -> None:
    """Else what is meant for us, the token with it, would reach who listens there."""
    try:
        other = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with other, pytest.raises(NotListening, match="::1"):
        listen(other.getsockname()[1])


# WebSocket


async def ask(connection: ClientConnection, message: Json) -> Json:
    await connection.send(json.dumps({"jsonrpc": "2.0", **message}))
    while True:
        answer: Json = json.loads(await asyncio.wait_for(connection.recv(), 10))
        if answer.get("id") == message["id"] and "method" not in answer:
            return answer


def bearer(token: str) -> Json:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("how", ["header", "query", "both kinds"])
async def test_session_over_websocket(listening: Callable[..., Listening], how: str) -> None:
    server = listening("ws")
    url = server.url + (f"?token={server.token}" if how == "query" else "")
    headers = {} if how == "query" else bearer(server.token)
    async with connect(url, additional_headers=headers, proxy=None) as connection:
        assert "result" in await ask(connection, initialize(1, server.token if how == "both kinds" else None))
        await connection.send(json.dumps({"jsonrpc": "2.0", "method": "initialized", "params": {}}))
        await connection.send("{ not json")
        await connection.send(b"\xff\xfe\x00")
        assert (await ask(connection, {"id": 2, "method": "rebuttal/nothing"}))["error"]["code"] == -32601
        assert (await ask(connection, {"id": 3, "method": "shutdown"}))["result"] is None
        await connection.send(json.dumps({"jsonrpc": "2.0", "method": "exit"}))
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(connection.recv(), 10)
    assert await asyncio.to_thread(server.end) == 0
    said = server.said()
    assert server.token not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer guess"}, 401),
        ({"Authorization": "Basic TOKEN"}, 401),
        ({"Authorization": "Bearer TOKEN", "Origin": "https://evil.example"}, 403),
        ({"Authorization": "Bearer TOKEN", "Origin": "null"}, 403),
        ({"Authorization": "Bearer TOKEN", "Origin": "http://localhost:1"}, 403),
        ({"Authorization": "Bearer TOKEN", "Host": "evil.example:PORT"}, 403),
        ({"Authorization": "Bearer TOKEN", "Host": "127.0.0.1"}, 403),
        ({"Authorization": "Bearer TOKEN", "Origin": "http://127.0.0.1:PORT.evil.example"}, 403),
    ],
)
async def test_web_page_or_stranger_is_refused(
    listening: Callable[..., Listening], headers: dict[str, str], status: int
) -> None:
    server = listening("ws")
    given = {k: v.replace("TOKEN", server.token).replace("PORT", str(server.port)) for k, v in headers.items()}
    lines = {"Host": f"127.0.0.1:{server.port}", **given}
    request = "GET /?x=1 HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    request += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request.encode() + b"\r\n")
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    assert answer.split()[1] == str(status)
    assert server.token not in answer
    writer.close()
    # Nothing of that kept the owner out, whose client may say where it comes from.
    own = f"http://127.0.0.1:{server.port}"
    async with connect(server.url, additional_headers=bearer(server.token), origin=own, proxy=None) as connection:  # type: ignore[arg-type]  # a NewType of str
        assert "result" in await ask(connection, initialize(1))


async def test_second_websocket_is_refused_and_the_server_ends_with_the_first(
    listening: Callable[..., Listening],
) -> None:
    server = listening("ws")
    async with connect(server.url, additional_headers=bearer(server.token), proxy=None) as connection:
        await ask(connection, initialize(1))
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.url, additional_headers=bearer(server.token), proxy=None)
        assert refused.value.response.status_code == 503
        assert TAKEN.encode() in refused.value.response.body
        assert (await ask(connection, {"id": 2, "method": "rebuttal/nothing"}))["error"]["code"] == -32601
    assert await asyncio.to_thread(server.end) == 1


async def test_client_that_is_killed_left_a_traceback(listening: Callable[..., Listening]) -> None:
    server = listening("ws")
    connection = await connect(server.url, additional_headers=bearer(server.token), proxy=None)
    await ask(connection, initialize(1))
    connection.transport.abort()
    assert await asyncio.to_thread(server.end) == 1
    said = server.said()
    assert "Traceback" not in said
    assert server.token not in said


async def test_client_that_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "LARGEST_BACKLOG", 1_000_000)
    lost = asyncio.Event()
    door = Door("tcp", 0, lost.set)
    await door.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    reader._limit = 1  # type: ignore[attr-defined]  # it does not read ahead either
    body = json.dumps(initialize(1, door.token)).encode()
    writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    link = await asyncio.wait_for(door.client, 10)
    for _ in range(400):
        link.writer.write(b"x" * 100_000)
        await asyncio.sleep(0)
    assert lost.is_set()
    await asyncio.wait_for(link.writer.finish(), 10)
    writer.close()
    door.close()


async def test_token_is_compared_in_constant_time_and_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door("tcp", 0, lambda: None)
    compared: list[bytes] = []

    def compare(given: bytes, own: bytes) -> bool:
        compared.extend((given, own))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert door.knows("guess")
    assert compared == [b"guess", door.token.encode()]
    assert door.token not in repr(door)
    assert len(door.token) >= 43  # 256 bits
    assert door.token != Door("tcp", 0, lambda: None).token


async def test_websocket_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.asyncio.server", None)
    with pytest.raises(NotListening, match=r"rebuttal\[ws\]"):
        await Door("ws", 0, lambda: None).open()
