"""Work that costs CPU or waits for git, in threads that nobody has to wait for.

Not `asyncio.to_thread`: its threads are joined when the loop ends, so that a parser that hangs would keep a
cancelled command, or a worker whose editor has gone, alive for as long as it hangs.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T], give_back: Callable[[T], object] | None = None) -> T:
    """What `work` returns or raises. Cancelling ends the wait at once; the thread goes on unheard.

    `give_back` takes, in the thread, what nobody waits for any more: a resource that must be closed.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def deliver(result: T) -> None:
        if not done.done():
            done.set_result(result)
        elif give_back is not None:
            detached(lambda: give_back(result))

    def fail(error: BaseException) -> None:
        if not done.done():
            done.set_exception(error)

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            with suppress(RuntimeError):  # the loop has ended: nobody is left to hear it
                loop.call_soon_threadsafe(fail, error)
            return
        try:
            loop.call_soon_threadsafe(deliver, result)
        except RuntimeError:
            if give_back is not None:
                give_back(result)

    threading.Thread(target=run, name="rebuttal-work", daemon=True).start()
    return await done


def detached(work: Callable[[], object]) -> None:
    """Do it in a thread that nobody waits for; what it raises is nobody's."""

    def run() -> None:
        with suppress(Exception):
            work()

    threading.Thread(target=run, name="rebuttal-detached", daemon=True).start()
