"""In which order a debate hears what its seats say at the same time.

Which claim is first decides what is asked next. Where seats answer over a network, that is chance; here it is a rule:
every seat that is speaking says one thing after the other (that it begins, a claim, that it has finished), and of all
that is said, what was said after fewer things comes first, then that of who was asked first. So the same answers
give the same debate, whoever is faster. Nobody is waited for long: what has been held up for `HOLD` seconds is heard.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from attrs import define, field

HOLD = 2.0
"""Seconds that something is held up for a seat whose turn to speak it is."""
LOOPS = 50
"""Rounds of the event loop after which whoever heard something has acted on it."""

_Said = Callable[[], None]


@define(eq=False)
class Part:
    """One turn's part in a debate."""

    number: int
    level: int
    """How far the part is: of the last thing that it said."""
    waiting: deque[tuple[int, float, _Said]] = field(factory=deque)
    """Level, when it came, and what happens when it is heard."""

    @property
    def bound(self) -> tuple[int, int]:
        """Nothing of this part that has not been heard yet comes before this."""
        return (self.waiting[0][0] if self.waiting else self.level + 1, self.number)


class Lockstep:
    """The order of one debate. Used from one event loop only."""

    def __init__(self, hold: float | None = None) -> None:
        self._hold = HOLD if hold is None else hold
        self._parts: list[Part] = []
        self._count = 0
        self._level = 0
        self._stirred = asyncio.Event()
        self._conductor: asyncio.Task[None] | None = None

    def enter(self) -> Part:
        """A turn is asked. Whoever enters must `leave`."""
        part = Part(self._count, self._level)
        self._count += 1
        self._parts.append(part)
        return part

    def say(self, part: Part, said: _Said) -> None:
        """Call `said` when its turn has come."""
        part.level += 1
        part.waiting.append((part.level, asyncio.get_running_loop().time(), said))
        self._stirred.set()
        if self._conductor is None or self._conductor.done():
            self._conductor = asyncio.create_task(self._conduct())

    def leave(self, part: Part) -> None:
        """The turn has been heard to its end, or was cancelled: nobody waits for it any more."""
        part.waiting.clear()
        if part in self._parts:
            self._parts.remove(part)
        self._stirred.set()

    async def _conduct(self) -> None:
        # Whoever is asked together with the first is there before anything is heard.
        await settled()
        while any(part.waiting for part in self._parts):
            next_ = min(self._parts, key=lambda part: part.bound)
            if next_.waiting or await self._waited_enough():
                self._hear(min((part for part in self._parts if part.waiting), key=lambda part: part.bound))
                await settled()

    async def _waited_enough(self) -> bool:
        """Wait until something happens; True where what was said has been held up for too long meanwhile."""
        now = asyncio.get_running_loop().time()
        left = min(part.waiting[0][1] for part in self._parts if part.waiting) + self._hold - now
        self._stirred.clear()
        try:
            async with asyncio.timeout(max(left, 0.0)):
                await self._stirred.wait()
        except TimeoutError:
            return any(part.waiting for part in self._parts)
        return False

    def _hear(self, part: Part) -> None:
        level, _, said = part.waiting.popleft()
        self._level = max(self._level, level)
        said()


async def settled() -> None:
    """Everybody who heard something has acted on it."""
    for _ in range(LOOPS):
        await asyncio.sleep(0)
