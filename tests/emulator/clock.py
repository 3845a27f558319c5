"""The emulator's time: the world's, faster, or moved by hand."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Protocol

from attrs import define, field, frozen


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since some start."""
        ...

    async def sleep(self, seconds: float) -> None: ...


@frozen
class FastClock:
    """Runs `speed` times as fast as the world: 1 is real time."""

    speed: float = 1.0

    def now(self) -> float:
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


@define
class ManualClock:
    """Stands still until `advance`, which wakes whoever slept long enough. May be advanced from any thread."""

    _now: float = 1_000_000.0
    _sleepers: list[tuple[float, asyncio.AbstractEventLoop, asyncio.Future[None]]] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock)

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        with self._lock:
            self._sleepers.append((self._now + seconds, loop, future))
        await future

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
            awake = [one for one in self._sleepers if one[0] <= self._now]
            self._sleepers = [one for one in self._sleepers if one[0] > self._now]
        for _, loop, future in awake:
            loop.call_soon_threadsafe(_wake, future)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
