"""A server in a thread of its own, for as long as a `with` block runs."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self


class Threaded:
    """What `start` sets up runs on a loop and a thread of its own, which are the block's."""

    _thread: threading.Thread | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _stopped: asyncio.Event | None = None

    async def start(self) -> None:
        raise NotImplementedError

    async def stop(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        ready = threading.Event()
        name = type(self).__name__
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name=name, daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise TimeoutError(f"{name} did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._loop is not None and self._stopped is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
        if self._thread is not None:
            self._thread.join(10)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        await self.start()
        ready.set()
        await self._stopped.wait()
        await self.stop()
