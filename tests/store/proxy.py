"""A way to the server that tests cut, at the moment that hurts most."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

Cut = Literal["before", "after", "half-open"]
"""Where the next COMMIT is: lost on its way; carried out, but its answer lost; or, with any message, everything is lost
and the server hears of nothing."""


class Proxy:
    """Passes on what is said to the server's port until `cut` says otherwise, once."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._cut: Cut | None = None
        self._messages: int | None = None
        self.on_cut: Callable[[], None] = lambda: None
        """What happens besides, before the client hears of it."""
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread(self._accept)

    def cut(self, how: Cut | None, message: int | None = None) -> None:
        """At the next COMMIT; or at the client's so-maniest message from now; or, of None, not at all."""
        self._cut, self._messages = how, message

    def close(self) -> None:
        for one in (self._listening, *self._sockets):
            _close(one)

    def _thread(self, work: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    _close(client)
                    continue
                self._sockets += [client, server]
                muted = threading.Event()
                self._thread(self._up, client, server, muted)
                self._thread(self._down, server, client, muted)

    def _up(self, client: socket.socket, server: socket.socket, muted: threading.Event) -> None:
        with suppress(OSError):
            while said := client.recv(65536):
                if (how := self._due(said)) is not None:
                    self._cut = None
                    muted.set()
                    if how == "after":
                        server.sendall(said)
                        server.recv(65536)
                    self.on_cut()
                    _close(client)
                    if how != "half-open":
                        _close(server)
                    return
                server.sendall(said)
        _close(server)

    def _due(self, said: bytes) -> Cut | None:
        """Whether, and how, the way is cut at this message."""
        if self._messages is not None:
            self._messages -= 1
            return self._cut if self._messages <= 0 else None
        return self._cut if self._cut == "half-open" or b"COMMIT\0" in said else None

    def _down(self, server: socket.socket, client: socket.socket, muted: threading.Event) -> None:
        with suppress(OSError):
            while True:
                # Looked at, not taken: what answers a COMMIT that is cut is for nobody.
                server.recv(1, socket.MSG_PEEK)
                if muted.is_set():
                    return
                said = server.recv(65536)
                if not said:
                    break
                client.sendall(said)
        if not muted.is_set():
            _close(client)


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
