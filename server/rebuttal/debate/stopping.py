"""Ending work early without losing what it has left so far."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """The user asked to stop before the work was done."""


async def unless_stopped(stop: asyncio.Event | None, work: Awaitable[T]) -> T:
    """What `work` returns or raises. Raises Stopped, with the work cancelled and ended, once `stop` is set first."""
    if stop is None:
        return await work
    task, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Stopped
    finally:
        for one in (task, stopping):
            one.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)
