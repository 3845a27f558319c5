"""Time that is counted, not waited for: a debate of a minute is played in milliseconds, and its seconds are exact."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.BaseSelector):
    """A selector that never waits: it moves the clock on instead."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits for something that will not happen")
        self.now += max(timeout, 0.0)
        return self._real.select(0)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class CountedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when everybody sleeps, and then at once.

    For work that does nothing but compute and sleep: what waits for a thread or the network would fail in it.
    """

    def __init__(self) -> None:
        self.jumping = _Jumping()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


def run_counted(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop whose time is counted, from 0; no task may be left over."""
    loop = CountedLoop()
    try:
        result = loop.run_until_complete(coroutine)
        assert not asyncio.all_tasks(loop)
        return result
    finally:
        loop.close()
