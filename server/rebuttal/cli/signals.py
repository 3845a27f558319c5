"""Ctrl-C and the polite kill: the review ends, what was found is printed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event of the running loop that SIGINT and SIGTERM set while the block runs.

    The second signal raises KeyboardInterrupt. For the main thread. Not the loop's own
    `add_signal_handler`, which Windows has not.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    seen: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number)
        loop.call_soon_threadsafe(stop.set)  # the loop may sleep

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
