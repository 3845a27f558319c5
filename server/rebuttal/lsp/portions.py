"""Long work on the event loop, done in portions: between two of them whatever else waits has its turn.

Such work is a generator. At each `yield` a portion may end, and the world may be another one afterwards: what the work
goes by must be looked at again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any, TypeVar

from attrs import frozen

T = TypeVar("T")

Portions = Generator[None, None, T]
"""Work that yields wherever a portion may end, and its result."""

PORTION = 0.004
"""Seconds until the next `yield` ends a portion."""


@frozen
class Turns:
    """Shares the loop out between long work and everything else."""

    spawn: Callable[[Coroutine[Any, Any, Any]], None]
    """Runs what the server owns."""
    seconds: float = PORTION

    def begin(self, work: Portions[None]) -> None:
        """The first portion now, so that what is short is done at once; what is left, when others have had a turn."""
        for _ in self._pauses(work):
            self.spawn(self.finish(work))
            break

    async def finish(self, work: Portions[T]) -> T:
        """All of it, with a turn for others between the portions."""
        results: list[T] = []

        def kept() -> Iterator[None]:
            results.append((yield from work))

        for _ in self._pauses(kept()):
            await asyncio.sleep(0)
        return results[0]

    def _pauses(self, work: Iterator[None]) -> Iterator[None]:
        """Works, and yields at the end of each portion but the last."""
        until = time.perf_counter() + self.seconds
        for _ in work:
            if time.perf_counter() >= until:
                yield
                until = time.perf_counter() + self.seconds
