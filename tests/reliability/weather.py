"""What a network does to a connection, on loopback: a relay in front of the emulator that can be told to fail."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import pytest
from attrs import define, field

from tests.emulator.network import NOWHERE

_NOWHERE = NOWHERE.partition("://")[2]


@define
class Relay:
    """Passes bytes on to `target`, in a thread of its own.

    `deaf`: it takes connections and reads nothing, so that a long request is never sent to its end.

    `freeze` makes all connections that are open now lead nowhere, without closing them: as after a machine woke up.
    """

    target: int
    deaf: bool = False
    port: int = 0
    listens: bool = True
    accepted: int = field(default=0, init=False)
    _frozen: bool = field(default=False, init=False)
    _generation: int = field(default=0, init=False)
    _loop: asyncio.AbstractEventLoop = field(factory=asyncio.new_event_loop, init=False)
    _socket: socket.socket = field(factory=socket.socket, init=False)
    _never: asyncio.Event = field(factory=asyncio.Event, init=False)
    """Held here: a task that waits for what nobody holds is garbage, and its connection closes."""
    _thread: threading.Thread | None = field(default=None, init=False)
    _server: asyncio.Server | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        # Small, so that a request that nobody reads soon fills it.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.bind(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        if self.listens:
            self.listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(10)
        self._loop.close()
        self._socket.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def listen(self) -> None:
        """Until then the port is bound, and whoever connects is refused."""
        if self._server is None:
            self._call(self._listen())

    def hear(self) -> None:
        """New connections are passed on."""
        self.deaf = False

    def freeze(self) -> None:
        """Connections that are open lead nowhere from now on; new ones are passed on."""
        self._generation += 1

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self._socket)

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk(reader, writer)
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.deaf:
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # a read transport too
            await self._never.wait()
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        born = self._generation
        try:
            ways = [
                asyncio.create_task(self._pass_on(one, other, born))
                for one, other in ((reader, far_writer), (far_reader, writer))
            ]
            _, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for one in others:
                one.cancel()
        finally:
            far_writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, born: int) -> None:
        while part := await reader.read(1 << 16):
            if born != self._generation:
                await self._never.wait()
            writer.write(part)
            await writer.drain()


@contextmanager
def proxied(environment: Mapping[str, str]) -> Iterator[None]:
    """The SDK takes a proxy from the process's environment when its client is made."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            if name.lower().endswith("_proxy"):
                patch.setenv(name.upper(), value)
                patch.setenv(name.lower(), value)
        yield


@define
class Resolver:
    """Knows the emulator's NOWHERE only once it is healed."""

    healed: bool = False

    def heal(self) -> None:
        self.healed = True

    @contextmanager
    def asked(self) -> Iterator[Self]:
        real = socket.getaddrinfo

        def resolve(host: Any, *rest: Any, **more: Any) -> Any:
            if host not in (_NOWHERE, _NOWHERE.encode()):
                return real(host, *rest, **more)
            if not self.healed:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return real("127.0.0.1", *rest, **more)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", resolve)
            yield self
