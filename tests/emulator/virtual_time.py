"""Time that jumps: client and emulator in one process talk over real sockets, and nobody waits for a clock.

`run_virtual(coroutine)` runs on an event loop whose time stands still while anything can happen and moves to the next
timer when nothing can: no callback is ready, no byte is on its way between two sockets of the loop, and no thread
works. Time limits, back-off, rate limits, the lives of cache entries, whatever sleeps or asks the loop for its time
follows it; what asks `time.monotonic` does not, so services are given `loop.time` as their clock.

Threads are not waited for but run in place: `run_in_executor`, `to_thread`, futures of other executors (the store's
thread) and `rebuttal.review.threads.in_thread` take no virtual time and come to an end in the order in which they were
asked, so that the same input gives the same order of events in every run, however busy the machine is.

What lies outside (another process, the emulator in a thread of its own) is not seen: give `is_idle`, which is asked
before every jump.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, TypeVar
from unittest.mock import patch

from attrs import define, field, frozen

T = TypeVar("T")
Address = tuple[Any, Any]
"""(own, peer's) of a connected socket."""
_PATIENCE = 5.0
"""Real seconds to wait for what should be under way."""
_INLINE = "rebuttal-work"
"""The name of the threads that somebody awaits."""


class Stuck(RuntimeError):
    """Everything waits for something that will not happen."""


@frozen
class LoopClock:
    """The emulator's clock on a loop of its own time: `Emulator(clock=LoopClock())`."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0))


@define
class _Wire:
    """How many bytes are on their way between sockets of the loop."""

    ends: Counter[Address] = field(factory=Counter)
    """Sockets that are open here."""
    flying: Counter[Address] = field(factory=Counter)
    has_changed: bool = False
    """A connection has begun or ended since this was looked at."""

    def opened(self, address: Address) -> None:
        self.has_changed = True
        self.ends[address] += 1

    def closed(self, address: Address) -> None:
        """What was on its way in either direction is lost."""
        self.has_changed = True
        for one in (address, address[::-1]):
            self.flying.pop(one, None)
        self.ends.pop(address, None)

    def moved(self, sender: Address, count: int) -> None:
        """Only bytes between two sockets of ours are waited for."""
        if sender in self.ends and sender[::-1] in self.ends:
            self.flying[sender] += count

    def state(self) -> dict[Address, int]:
        return {address: count for address, count in self.flying.items() if count > 0}


class _Counted(socket.socket):
    """A connected socket that tells what passes through it."""

    def follow(self, wire: _Wire) -> None:
        self._wire: _Wire | None = None
        with contextlib.suppress(OSError):
            self._address: Address = (self.getsockname(), self.getpeername())
            self._wire = wire
            wire.opened(self._address)

    def send(self, *arguments: Any) -> int:
        return self._out(super().send(*arguments))

    def sendmsg(self, *arguments: Any) -> int:
        return self._out(super().sendmsg(*arguments))

    def recv(self, *arguments: Any) -> bytes:
        found = super().recv(*arguments)
        self._in(len(found))
        return found

    def recv_into(self, *arguments: Any) -> int:
        count = super().recv_into(*arguments)
        self._in(count)
        return count

    def close(self) -> None:
        if self._wire is not None:
            self._wire.closed(self._address)
            self._wire = None
        super().close()

    def _out(self, count: int) -> int:
        if self._wire is not None:
            self._wire.moved(self._address, count)
        return count

    def _in(self, count: int) -> None:
        if self._wire is not None:
            self._wire.moved(self._address[::-1], -count)


class _Jumping(selectors.BaseSelector):
    """A selector that moves the clock on instead of waiting."""

    def __init__(self, wire: _Wire, is_idle: Callable[[], bool]) -> None:
        self._real = selectors.DefaultSelector()
        self._wire = wire
        self._is_idle = is_idle
        self._stuck: dict[Address, int] = {}
        self.now = 0.0
        self.jumps = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = self._real.select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if events := self._under_way():
            return events
        if timeout is None:
            if events := self._real.select(_PATIENCE):
                return events
            raise Stuck("everything waits for something that will not happen")
        self.now += timeout
        self.jumps += 1
        return []

    def _under_way(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What comes in, in real time, of what is known to be under way."""
        until = time.monotonic() + _PATIENCE
        while not self._is_idle() and time.monotonic() < until:
            if events := self._real.select(0.005):
                return events
        if (flying := self._wire.state()) != self._stuck:
            # A reader that has stopped reading leaves bytes on the way: they are waited for once.
            if events := self._real.select(0.1):
                return events
            self._stuck = flying
        if self._wire.has_changed:
            # On loopback the news of it is through at once, or nearly so.
            self._wire.has_changed = False
            return self._real.select(0.001)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """`is_idle`: whether nothing outside the loop is at work for it."""

    def __init__(self, is_idle: Callable[[], bool] = lambda: True) -> None:
        self._wire = _Wire()
        self._jumping = _Jumping(self._wire, is_idle)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    @property
    def jumps(self) -> int:
        """How often time has moved on."""
        return self._jumping.jumps

    def skip(self, seconds: float) -> None:
        """As if the machine had slept: time has passed, and whatever was due in it is due at once."""
        self._jumping.now += seconds

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override] # typeshed spells its arguments as a tuple of types
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except StopIteration as error:  # no future takes it
            done.set_exception(RuntimeError(repr(error)))
        except Exception as error:
            done.set_exception(error)
        return done

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self._wire.has_changed = True
        await super().sock_connect(sock, address)

    def _make_socket_transport(self, sock: socket.socket, *arguments: Any, **more: Any) -> Any:
        counted = _Counted(sock.family, sock.type, sock.proto, fileno=sock.detach())
        counted.setblocking(False)
        counted.follow(self._wire)
        return super()._make_socket_transport(counted, *arguments, **more)  # type: ignore[misc] # asyncio's own


def run_virtual(coroutine: Coroutine[Any, Any, T], is_idle: Callable[[], bool] = lambda: True) -> T:
    """Run to the end in virtual time, which begins at 0. What is left over is cancelled, as `asyncio.run` does."""
    with _threads_in_place(), asyncio.Runner(loop_factory=lambda: VirtualLoop(is_idle)) as runner:
        return runner.run(coroutine)


@contextlib.contextmanager
def _threads_in_place() -> Iterator[None]:
    here = threading.get_ident()
    wrap, start = asyncio.wrap_future, threading.Thread.start

    def wrap_done(future: Any, *, loop: asyncio.AbstractEventLoop | None = None) -> asyncio.Future[Any]:
        if threading.get_ident() == here and isinstance(future, concurrent.futures.Future):
            concurrent.futures.wait([future])
            finished: asyncio.Future[Any] = (loop or asyncio.get_running_loop()).create_future()
            if future.cancelled():
                finished.cancel()
            elif error := future.exception():
                finished.set_exception(error)
            else:
                finished.set_result(future.result())
            return finished
        return wrap(future, loop=loop)

    def start_here(thread: threading.Thread) -> None:
        if threading.get_ident() == here and thread.name == _INLINE:
            thread.run()
        else:
            start(thread)

    with patch.object(asyncio, "wrap_future", wrap_done), patch.object(threading.Thread, "start", start_here):
        yield
