"""`rebuttal serve --tcp` and `--ws`: one client over loopback, which must show the token that was printed.

Any program and any web page of this machine can reach a port of loopback, and a language server reads files and
spends money. So nothing is answered before the token, which only who started the server can know; a browser's
request is refused whatever it brings (`Origin`, and `Host` because a page's own name may be made to resolve to
loopback). The server ends with its client, as it does over stdio.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import json
import logging
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import parse_qs, urlsplit

from attrs import define, field, frozen

from rebuttal.lsp.protocol import REQUEST_FAILED, HardenedProtocol
from rebuttal.lsp.transport import (
    LARGEST_BACKLOG,
    LARGEST_MESSAGE,
    LAST_WORDS,
    BadStream,
    Framing,
    Writer,
    handle,
    read_messages,
    take,
)

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

Kind = Literal["tcp", "ws"]

PATIENCE = 10.0
"""Seconds in which a client must have shown its token."""
STRANGERS = 16
"""Connections that have not shown a token yet; more are closed at once."""
LARGEST_FIRST_MESSAGE = 4 * 1024 * 1024
"""Bytes of `initialize`, before the client is known."""
TAKEN = "Another client is connected to this server, which has one at a time; start a server of your own."
ASK_OVER_TCP = "Give the token that `rebuttal serve` printed at its start as initializationOptions.token."
ASK_OVER_WS = (
    "Give the token that `rebuttal serve` printed at its start: `Authorization: Bearer TOKEN`, or `?token=TOKEN`."
)


class NotListening(Exception):
    """The port cannot be had, or what is needed for it is missing; the message says what to do."""


@frozen
class Link:
    """A client that showed its token. `read` hands its messages on until it has gone."""

    read: Callable[[HardenedProtocol], Awaitable[None]]
    writer: Writer
    with_headers: bool = True


class _Listener(Protocol):
    def close(self) -> None: ...


@define(eq=False)
class Door:
    """Listens, lets one client in and keeps all others out. `on_lost`: the client does not read any more."""

    kind: Kind
    port: int
    on_lost: Callable[[], None]
    token: str = field(factory=lambda: secrets.token_urlsafe(32), repr=False)
    client: asyncio.Future[Link] = field(factory=lambda: asyncio.get_running_loop().create_future())
    _listeners: list[_Listener] = field(factory=list)
    _strangers: int = 0

    async def open(self) -> None:
        """Listen on loopback; `port` 0 becomes the one that was free. Raises NotListening."""
        sockets = listen(self.port)
        self.port = int(sockets[0].getsockname()[1])
        for one in sockets:
            self._listeners.append(await (self._open_tcp(one) if self.kind == "tcp" else self._open_ws(one)))

    @property
    def line(self) -> str:
        """What is printed at the start: JSON in one line."""
        url = f"{self.kind}://127.0.0.1:{self.port}" + ("/" if self.kind == "ws" else "")
        told = {"transport": self.kind, "host": "127.0.0.1", "port": self.port, "url": url, "token": self.token}
        return json.dumps({"listening": told})

    def close(self) -> None:
        """No more clients."""
        for one in self._listeners:
            one.close()

    def knows(self, given: Any) -> bool:
        """Whether that is the token, in a time that tells nothing of it."""
        return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    # TCP: the header format

    async def _open_tcp(self, sock: socket.socket) -> _Listener:
        return await asyncio.start_server(self._tcp, sock=sock)

    async def _tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._strangers >= STRANGERS:
            writer.close()
            return
        self._strangers += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._meet(reader, writer)
        except (TimeoutError, BadStream, ConnectionError):
            writer.close()
        finally:
            self._strangers -= 1

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framing = Framing(reader, LARGEST_FIRST_MESSAGE, strict=True)
        first = _request_in(await framing.next())
        given = take_token(first)
        out = StreamWriter(writer, self.on_lost)
        if not self.knows(given):
            await _refuse(out, first, ASK_OVER_TCP)
        elif self.client.done():
            await _refuse(out, first, TAKEN)
        else:
            framing.largest, framing.strict = LARGEST_MESSAGE, False

            async def read(protocol: HardenedProtocol) -> None:
                handle(first, protocol)
                await read_messages(framing, protocol)

            self.client.set_result(Link(read, out))

    # WebSocket: a message in each frame

    async def _open_ws(self, sock: socket.socket) -> _Listener:
        try:
            from websockets.asyncio.server import serve
        except ImportError:
            sock.close()
            raise NotListening("WebSocket needs an extra: pip install 'rebuttal[ws]'.") from None
        return await serve(
            self._ws,
            sock=sock,
            process_request=self._greet,
            max_size=LARGEST_MESSAGE,
            compression=None,  # nothing crosses a network, and nothing small may become large
            ping_interval=None,  # an editor that stands still in a debugger has not gone
            open_timeout=PATIENCE,
            server_header=None,
        )

    def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        """Before the handshake: None lets it go on."""
        hosts, origins = request.headers.get_all("Host"), request.headers.get_all("Origin")
        own = [f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]")]
        if len(hosts) != 1 or hosts[0].lower() not in own:
            return connection.respond(403, f"Connect to 127.0.0.1:{self.port} by that name.\n")
        if any(origin.lower() not in [f"http://{host}" for host in own] for origin in origins):
            return connection.respond(403, "Web pages may not connect to a language server.\n")
        given = [value[7:].strip() for value in request.headers.get_all("Authorization") if value[:7] == "Bearer "]
        given += parse_qs(urlsplit(request.path).query).get("token", [])
        if len(given) != 1 or not self.knows(given[0]):
            return connection.respond(401, ASK_OVER_WS + "\n")
        return connection.respond(503, TAKEN + "\n") if self.client.done() else None

    async def _ws(self, connection: ServerConnection) -> None:
        if self.client.done():  # two came at once
            await connection.close(1013, TAKEN)
            return
        gone = asyncio.Event()

        async def read(protocol: HardenedProtocol) -> None:
            await _read_frames(connection, protocol)

        self.client.set_result(Link(read, FrameWriter(connection, self.on_lost, gone), with_headers=False))
        await gone.wait()


async def _read_frames(connection: ServerConnection, protocol: HardenedProtocol) -> None:
    from websockets.exceptions import ConnectionClosed

    while not protocol.exited:
        try:
            message = await connection.recv()
        except ConnectionClosed:
            return
        data = _request_in(message)
        take_token(data)  # a client of both kinds of server gives it here too
        if data is None:
            await take(message, protocol)
        else:
            handle(data, protocol)
        # A flood of messages must not starve the jobs.
        await asyncio.sleep(0)


class StreamWriter:
    """A TCP connection as a Writer."""

    def __init__(self, stream: asyncio.StreamWriter, on_lost: Callable[[], None]) -> None:
        self._stream, self._on_lost = stream, on_lost

    def write(self, data: bytes) -> None:
        if self._stream.transport.get_write_buffer_size() + len(data) > LARGEST_BACKLOG:
            self._on_lost()
        elif not self._stream.is_closing():
            self._stream.write(data)

    async def finish(self) -> None:
        self._stream.transport.set_write_buffer_limits(0)
        try:
            async with asyncio.timeout(LAST_WORDS):
                await self._stream.drain()
        except (TimeoutError, ConnectionError):
            self._stream.transport.abort()
        self._stream.close()


class FrameWriter:
    """A WebSocket as a Writer; `gone` is set at its end."""

    def __init__(self, connection: ServerConnection, on_lost: Callable[[], None], gone: asyncio.Event) -> None:
        self._connection, self._on_lost, self._gone = connection, on_lost, gone
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting = 0
        self._task = asyncio.get_running_loop().create_task(self._run())

    def write(self, data: bytes) -> None:
        if self._waiting + len(data) > LARGEST_BACKLOG:
            self._on_lost()
            return
        self._waiting += len(data)
        self._queue.put_nowait(data)

    async def finish(self) -> None:
        self._queue.put_nowait(None)
        await asyncio.wait({self._task}, timeout=LAST_WORDS)
        self._task.cancel()
        self._gone.set()

    async def _run(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while (data := await self._queue.get()) is not None:
                await self._connection.send(data, text=True)
                self._waiting -= len(data)
            await self._connection.close()
        except ConnectionClosed:
            self._on_lost()


def take_token(message: Any) -> str | None:
    """Take the token out of an `initialize`, where it is no setting; None if there is none."""
    if not isinstance(message, dict) or message.get("method") != "initialize":
        return None
    params = message.get("params")
    options = params.get("initializationOptions") if isinstance(params, dict) else None
    token = options.pop("token", None) if isinstance(options, dict) else None
    return token if isinstance(token, str) else None


def listen(port: int) -> list[socket.socket]:
    """Sockets of 127.0.0.1 and, where this machine has it, ::1, on one port: `localhost` may be either, and nobody
    else must answer there. Raises NotListening."""
    for _ in range(20):
        first = _bound(socket.AF_INET, "127.0.0.1", port)
        try:
            second = _bound(socket.AF_INET6, "::1", int(first.getsockname()[1]))
        except NotListening:
            first.close()
            if port:
                raise
            continue
        except OSError:
            return [first]  # no IPv6 here
        return [first, second]
    raise NotListening("No port is free on both 127.0.0.1 and ::1; name one.")


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let another program take the same port.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((host, port))
        one.listen(STRANGERS)
        one.setblocking(False)
    except OSError as error:
        one.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise NotListening(f"Port {port} of {host} cannot be had; choose another, or 0 for any.") from None
        raise
    return one


def _request_in(body: bytes | str | None) -> Any:
    try:
        return json.loads(body or "null")
    except (ValueError, RecursionError):
        return None


async def _refuse(out: StreamWriter, first: Any, why: str) -> None:
    """Answer an `initialize` with a sentence, and nothing else with anything."""
    if isinstance(first, dict) and first.get("method") == "initialize" and isinstance(first.get("id"), int | str):
        answer = {"jsonrpc": "2.0", "id": first["id"], "error": {"code": REQUEST_FAILED, "message": why}}
        body = json.dumps(answer).encode()
        out.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    await out.finish()
