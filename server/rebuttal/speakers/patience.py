"""How often a failed attempt is made again, after how long, and how long a call may take in all."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from attrs import field, frozen

from rebuttal.debate.model import Tier
from rebuttal.speakers.fallback import ATTEMPTS
from rebuttal.speakers.faults import Fault


def _now() -> datetime:
    return datetime.now(UTC)


@frozen
class Patience:
    """Attempts, back-off with jitter, and time limits, in seconds."""

    retries: int | None = None
    """After the first attempt at a model; None: by tier."""
    first_pause: float = 0.5
    longest_pause: float = 8.0
    longest_wait: float = 30.0
    """A service that asks for a longer wait is not waited for, where another model can be asked."""
    last_wait: float = 75.0
    """Nor for a longer one than this where none can: rate limits are by the minute, so a minute helps."""
    connect: float = 10.0
    silence: float = 120.0
    """Between two pieces of a response; the API sends pings while the model thinks."""
    total: float = 600.0
    """Of a whole call: connecting, sending, waiting, reading and every retry together, of all models that are asked.
    Waiting for a slot or for money is not counted."""
    chance: Callable[[], float] = field(factory=lambda: random.Random().random)  # noqa: S311 (jitter is no secret)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    """Of `sleep`."""
    now: Callable[[], datetime] = _now

    @property
    def attempts(self) -> Mapping[Tier, int]:
        """At one model."""
        return ATTEMPTS if self.retries is None else dict.fromkeys(ATTEMPTS, self.retries + 1)

    def pause(self, fault: Fault, attempt: int, *, is_last: bool = False) -> float | None:
        """Seconds to wait before trying again after attempt number `attempt` (from 1); None: more than it is worth.

        `is_last`: no other model can be asked.
        """
        longest = min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
        pause = longest * (1 - 0.25 * self.chance())
        if fault.wait is None:
            return pause
        # What the service names is the least that it asks for; none at all would use the attempts up in no time.
        return max(fault.wait, pause) if fault.wait <= (self.last_wait if is_last else self.longest_wait) else None


class Allowance:
    """The time that one call has left, in seconds of the event loop."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @asynccontextmanager
    async def spend(self) -> AsyncIterator[None]:
        """What is done inside counts. Raises TimeoutError once nothing is left."""
        clock = asyncio.get_running_loop().time
        start = clock()
        try:
            async with asyncio.timeout(self.left):
                yield
        finally:
            self.left -= clock() - start
