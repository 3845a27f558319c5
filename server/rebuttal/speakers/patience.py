"""How often a failed attempt is made again, and after how long."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from attrs import field, frozen

from rebuttal.speakers.faults import Fault


@frozen
class Patience:
    """Attempts, back-off with jitter, and time limits, in seconds."""

    retries: int = 2
    first_pause: float = 0.5
    longest_pause: float = 8.0
    longest_wait: float = 30.0
    """A service that asks for a longer wait is not waited for."""
    connect: float = 10.0
    silence: float = 120.0
    """Between two pieces of a response; the API sends pings while the model thinks."""
    total: float = 600.0
    """Of a whole call: connecting, sending, waiting, reading and every retry together."""
    chance: Callable[[], float] = field(factory=lambda: random.Random().random)  # noqa: S311 (jitter is no secret)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def pause(self, fault: Fault, attempt: int) -> float | None:
        """Seconds to wait before trying again after attempt number `attempt` (from 1); None: do not."""
        if not fault.retry or attempt > self._retries(fault):
            return None
        if fault.wait is not None:
            return fault.wait if fault.wait <= self.longest_wait else None
        longest = min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
        return longest * (1 - 0.25 * self.chance())

    def _retries(self, fault: Fault) -> int:
        # A reply that is no statement has been paid for: it gets one more chance, not several.
        return min(1, self.retries) if fault.failure.kind == "invalid_reply" else self.retries
