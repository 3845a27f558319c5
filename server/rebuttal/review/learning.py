"""Learns from real replies how models count: what they are billed for against the base count of what was sent."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from rebuttal.budget.tokenizers import is_plausible
from rebuttal.review.threads import in_thread
from rebuttal.store.model import StoreError
from rebuttal.store.token_usage import TokenUsage
from rebuttal.text.tokens import TokenCounter

_FINISH = 2.0
"""Seconds. A count takes milliseconds; what takes longer is not worth waiting for."""


class TokenLearner:
    """Counts what was sent in a thread and hands the result to the store. No reply waits for it, and what fails of it
    is left out. Used on one event loop."""

    def __init__(self, counter: TokenCounter, usage: TokenUsage) -> None:
        self._counter = counter
        self._usage = usage
        self._learning: set[asyncio.Task[None]] = set()

    def heard(self, model: str, texts: tuple[str, ...], counted: int) -> None:
        """`model` counted `counted` tokens for a prompt of these texts. Returns at once."""
        task = asyncio.create_task(self._learn(model, texts, counted))
        self._learning.add(task)
        task.add_done_callback(self._learned)

    async def finish(self) -> None:
        """Wait, for a short time, until what was heard is learned."""
        if self._learning:
            _, late = await asyncio.wait(self._learning, timeout=_FINISH)
            for task in late:
                task.cancel()

    def _learned(self, task: asyncio.Task[None]) -> None:
        self._learning.discard(task)
        # Whatever it failed of, asyncio would complain on stderr if nobody looked.
        _ = task.cancelled() or task.exception()

    async def _learn(self, model: str, texts: tuple[str, ...], counted: int) -> None:
        base = await in_thread(lambda: sum(map(self._counter.count, texts)))
        if is_plausible(base, counted, model):
            # An estimate that stays as it was is no reason to fail a review.
            with suppress(StoreError):
                await self._usage.add(model, base, counted)
