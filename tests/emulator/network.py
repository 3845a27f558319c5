"""What goes wrong before a request reaches the service: names, connections, certificates, proxies.

Each is a context manager that gives the base URL to use (`nowhere` is just one), on loopback, in a thread of its own.
"""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Literal

import trustme
from attrs import define, field

NOWHERE = "http://claude-api.invalid"
"""A host whose name cannot resolve, by RFC 2606."""
_TIMEOUT = 10.0
Unsafe = Literal["untrusted", "expired", "wrong_host", "no_tls", "cut"]


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """Every connection is refused. The port stays taken, so that nobody else answers there meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextlib.contextmanager
def unsafe(kind: Unsafe = "untrusted") -> Iterator[str]:
    """TLS that fails: a certificate that nobody trusts, one that has run out, one of another host, no TLS at all, or a
    connection that ends in the handshake. For expired and wrong_host trust `authority()` first."""
    context = None if kind in ("no_tls", "cut") else _context(kind)

    def serve(connection: socket.socket) -> None:
        if context is not None:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.recv(1 << 16)
        elif kind == "no_tls":
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with _listening(serve) as port:
        yield f"https://127.0.0.1:{port}"


_AUTHORITY: list[trustme.CA] = []


def authority() -> trustme.CA:
    """The authority that issues the certificates of `unsafe`, made when it is first asked for: some 10 ms."""
    if not _AUTHORITY:
        _AUTHORITY.append(trustme.CA(organization_name="Emulator"))
    return _AUTHORITY[0]


def _context(kind: Unsafe) -> ssl.SSLContext:
    past = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC) if kind == "expired" else None
    before = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC) if kind == "expired" else None
    host = "another.invalid" if kind == "wrong_host" else "127.0.0.1"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(host, not_after=past, not_before=before).configure_cert(context)
    return context


@define
class Proxy:
    """An HTTP proxy.

    `status`: what it refuses with (407, 403, 502); None: it lets everything through to `to`, a port on loopback,
    whatever host was asked for. `stalls`: it takes connections and says nothing.
    """

    status: int | None = 407
    to: int | None = None
    stalls: bool = False
    url: str = field(default="", init=False)
    asked: list[str] = field(factory=list, init=False)
    """First lines of the requests."""
    credentials: list[str | None] = field(factory=list, init=False)
    """Their `Proxy-Authorization`."""
    _stack: contextlib.ExitStack = field(factory=contextlib.ExitStack, init=False)
    _over: threading.Event = field(factory=threading.Event, init=False)

    def __enter__(self) -> Proxy:
        self.url = f"http://127.0.0.1:{self._stack.enter_context(_listening(self._serve))}"
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._stack.close()

    def _serve(self, client: socket.socket) -> None:
        head = _head(client)
        if not head:
            return
        lines = head.decode("latin-1").split("\r\n")
        self.asked.append(lines[0])
        given = (line.partition(":")[2].strip() for line in lines if line.lower().startswith("proxy-authorization:"))
        self.credentials.append(next(given, None))
        if self.stalls:
            self._over.wait(_TIMEOUT)
        elif self.status is not None:
            challenge = 'Proxy-Authenticate: Basic realm="proxy"\r\n' if self.status == 407 else ""
            answer = f"HTTP/1.1 {self.status} Refused by the proxy\r\n{challenge}Content-Length: 0\r\n"
            client.sendall(f"{answer}Connection: close\r\n\r\n".encode())
        elif self.to is not None:
            self._pass_on(client, head, lines[0])

    def _pass_on(self, client: socket.socket, head: bytes, first: str) -> None:
        method, target, version = first.split(" ")
        with socket.create_connection(("127.0.0.1", int(self.to or 0)), _TIMEOUT) as service:
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = "/" + target.partition("://")[2].partition("/")[2]
                service.sendall(head.replace(first.encode(), f"{method} {path} {version}".encode(), 1))
            back = threading.Thread(target=_copy, args=(service, client), daemon=True)
            back.start()
            _copy(client, service)
            back.join(_TIMEOUT)


def _head(client: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (part := client.recv(1 << 16)):
        head += part
    return head


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(1 << 16):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port at which every connection is served by a thread. Errors of connections are the point of it."""

    def one(connection: socket.socket) -> None:
        connection.settimeout(_TIMEOUT)
        with connection, contextlib.suppress(OSError):
            serve(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                if over.is_set():
                    connection.close()
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, name="emulated network", daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            # Closing it would not wake who waits in accept.
            with contextlib.suppress(OSError):
                socket.create_connection(listener.getsockname(), 1).close()
            thread.join(5)
