"""How many calls may be under way at one endpoint, and whose turn it is.

The limit adapts as TCP's congestion window does (RFC 5681): each success lets one more through until the service first
says that it is too much, from then on one more for as many successes as there are slots; "too much" halves it. Where
the service says how much room it has, some of that is believed at once. One process has one endpoint, so all its
reviews share the slots: repositories take turns, and within one it is first come, first served. Pure state here (Limit,
Queue) and one asynchronous class around it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from attrs import define, field

START, LEAST, MOST = 4, 1, 16
"""Calls under way."""
WIDE = 8
"""Calls under way where the service says that it has room for them."""
SHARE = 0.25
"""Of the room that the service says it has: others may use the same key."""

T = TypeVar("T")


@define
class Limit:
    """How many may be under way: additive increase, multiplicative decrease."""

    allowed: float = float(START)
    least: float = float(LEAST)
    most: float = float(MOST)
    _was_slowed: bool = False

    @property
    def slots(self) -> int:
        return int(self.allowed)

    def ease(self) -> None:
        """A call succeeded while all slots were taken."""
        self.allowed = min(self.allowed + (1 / self.allowed if self._was_slowed else 1), self.most)

    def widen(self, room: float) -> None:
        """The service says that it has room for so many calls more. Where it ever was too much, that is believed
        rather: its limits for short bursts are not told."""
        if not self._was_slowed:
            self.allowed = max(self.allowed, min(room * SHARE, WIDE, self.most))

    def slow(self) -> None:
        """The service says that it is too much."""
        self._was_slowed = True
        self.allowed = max(self.allowed / 2, self.least)


@define
class Queue(Generic[T]):
    """Who waits: round robin between repositories, first come, first served within one."""

    _waiting: OrderedDict[str, deque[T]] = field(factory=OrderedDict)

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def join(self, repository: str, one: T) -> None:
        self._waiting.setdefault(repository, deque()).append(one)

    def next(self) -> T:
        """Whose turn it is. Raises KeyError where nobody waits."""
        repository, ones = self._waiting.popitem(last=False)
        one = ones.popleft()
        if ones:
            self._waiting[repository] = ones
        return one

    def leave(self, repository: str, one: T) -> None:
        """Somebody does not want to wait any longer, and leaves no trace."""
        ones = self._waiting.get(repository)
        if ones is not None and one in ones:
            ones.remove(one)
            if not ones:
                del self._waiting[repository]


class Slot:
    """One call that is under way."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._epoch = traffic.epoch
        self._was_full = traffic.is_full

    def succeeded(self) -> None:
        """The call was answered. Where slots were free all the time, that says nothing about the limit."""
        if self._was_full or self._traffic.is_full:
            self._traffic.limit.ease()

    def refused(self, wait: float | None = None) -> None:
        """The service says that it is too much; nobody starts before `wait` seconds are over, where it named any."""
        self._traffic.slow(self._epoch, wait)


class Traffic:
    """Slots for the calls to one endpoint. Used on one event loop. `sleep` goes by `clock`, in seconds."""

    def __init__(
        self, sleep: Callable[[float], Awaitable[None]], clock: Callable[[], float], limit: Limit | None = None
    ) -> None:
        self.limit = limit or Limit()
        self.under_way = 0
        self.epoch = 0
        """How often the traffic was slowed: calls that began together are refused together, which halves but once."""
        self._sleep = sleep
        self._clock = clock
        self._queue: Queue[asyncio.Future[None]] = Queue()
        self._not_before: float | None = None
        self._timer: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether no slot is free."""
        return self.under_way >= self.limit.slots

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return len(self._queue)

    @asynccontextmanager
    async def slot(self, repository: str) -> AsyncIterator[Slot]:
        """A slot, once it is the repository's turn. Whoever sets money aside must hold one first: who waits for money
        then waits for calls that are under way, never for calls that wait for a slot."""
        await self._acquire(repository)
        try:
            yield Slot(self)
        finally:
            self.under_way -= 1
            self._grant()

    def has_room(self, calls: float) -> None:
        """The service says for how many calls more it has room."""
        self.limit.widen(calls)
        self._grant()

    def slow(self, epoch: int, wait: float | None) -> None:
        """See Slot.refused. `epoch`: when the call that was refused began."""
        if epoch == self.epoch:
            self.epoch += 1
            self.limit.slow()
        if wait:
            self._not_before = max(self._not_before or 0.0, self._clock() + wait)

    def close(self) -> None:
        """Nobody waits for anything that was named any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._not_before = None, None
        self._grant()

    async def _acquire(self, repository: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.join(repository, turn)
        self._grant()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # It was its turn in the very moment in which it was cancelled.
                self.under_way -= 1
            self._queue.leave(repository, turn)
            self._grant()
            raise

    def _grant(self) -> None:
        """Let in whoever's turn it is, as long as there are slots."""
        while len(self._queue) and not self.is_full:
            if self._is_paused():
                return
            turn = self._queue.next()
            if not turn.cancelled():
                self.under_way += 1
                turn.set_result(None)

    def _is_paused(self) -> bool:
        """Whether a time that the service named has not come yet; sees to it that it will."""
        if self._not_before is None:
            return False
        if self._timer is None:
            if self._not_before <= self._clock():
                self._not_before = None
                return False
            self._timer = asyncio.create_task(self._resume())
        return True

    async def _resume(self) -> None:
        """Let the others in when the time has come; a later one may have been named meanwhile."""
        while self._not_before is not None:
            until = self._not_before
            await self._sleep(max(until - self._clock(), 0.0))
            if self._not_before == until:
                self._not_before = None
        self._timer = None
        self._grant()
