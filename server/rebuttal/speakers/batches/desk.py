"""One desk for all debates of a sweep: it gathers what they ask, hands it over in batches, and gives the answers out.

Debates advance in lock-step: a batch is made when every debate waits for answers. Of one debate all that was asked
together is answered together, in the order in which it was asked: what it asks next then depends on the answers alone,
so a sweep that is taken up asks the same again, and finds what was answered in the store.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from rebuttal.budget.model import Reservation
from rebuttal.debate.model import Failure, Reply, Turn
from rebuttal.speakers.attempt import Call, Tally
from rebuttal.speakers.batches.answers import understood
from rebuttal.speakers.batches.flights import Flights, defect, fail, take
from rebuttal.speakers.batches.model import Asked, Debate, DeskEvent, Pace, Prepare, Row, Short
from rebuttal.speakers.batches.service import Service
from rebuttal.speakers.batches.till import BatchTill, cap_words, refusal
from rebuttal.speakers.faults import Target
from rebuttal.store.model import ZERO, CallKey, CapReached, Caps, StoreError
from rebuttal.store.sweeps import StoredTurn, Sweeps

LOOPS = 50
"""Rounds of the event loop after which whoever heard something has asked what it has to ask."""
MOST_REQUESTS = 100_000
MOST_BYTES = 200_000_000
"""Of one batch; the service takes 256 MB (platform.claude.com, Message Batches)."""
PREPARING = 8
"""Turns whose call is made at the same time: the tokens of a long one are counted by the service."""


class BatchDesk:
    """Use as an asynchronous context manager, on one event loop."""

    def __init__(
        self,
        sweep: str,
        *,
        service: Service,
        sweeps: Sweeps,
        till: BatchTill,
        host: str,
        pace: Pace,
        tell: Callable[[DeskEvent], None] = lambda event: None,
        learn: Callable[[Call, int], None] = lambda call, counted: None,
    ) -> None:
        """`learn` hears how many tokens the prompt of a call had."""
        self.sweep = sweep
        self.host = host
        self._sweeps = sweeps
        self._till = till
        self._pace = pace
        self._tell = tell
        self._flights = Flights(sweep, host, service, sweeps, till, pace, tell, learn)
        self._debates: dict[str, Debate] = {}
        self._before: dict[tuple[str, str], list[Row]] = {}
        """What earlier processes handed over, by change and name of the turn."""
        self._queue: list[Asked] = []
        self._short: list[Asked] = []
        """They wait for money."""
        self._since: float | None = None
        """When the first turn of the queue came."""
        self._woken = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()
        self._clerk: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(PREPARING)

    # --- opening and closing ---

    async def open(self) -> None:
        """Take up what an earlier process left under way. Raises StoreError."""
        for stray in await self._sweeps.strays(self.sweep):
            await self._till.release(Reservation(stray, CallKey("", "", "", "", ""), ZERO))
        for turn in await self._sweeps.turns(self.sweep):
            await self._remember(turn)
        batches = await self._sweeps.batches(self.sweep)
        self._flights.known.update(one.batch for one in batches if one.batch)
        for batch in batches:
            if batch.stage in ("intended", "sent"):
                self._fly(self._flights.take_up(batch, self._queue_up))
        self._clerk = asyncio.create_task(self._clerk_works())

    async def close(self) -> None:
        """Stop waiting. What the service has under way goes on there."""
        tasks = [*self._flying, *(debate.conductor for debate in self._debates.values()), self._clerk]
        there = [task for task in tasks if task is not None]
        for task in there:
            task.cancel()
        await asyncio.gather(*there, return_exceptions=True)

    async def __aenter__(self) -> BatchDesk:
        await self.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    @property
    def under_way(self) -> int:
        """Turns that the service has, or may have."""
        return sum(row.stage == "sent" for row in self._flights.rows.values())

    async def all_in(self) -> None:
        """Wait until nothing is under way any more."""
        while self._flying:
            await asyncio.wait(set(self._flying))

    async def _remember(self, turn: StoredTurn) -> None:
        reservation = Reservation(turn.call, turn.key, turn.at_most)
        row = Row(turn.custom_id, turn.number, reservation, turn.stage, turn.call_state == "settled", turn.held)
        self._flights.rows[turn.custom_id] = row
        self._before.setdefault((turn.change, turn.turn), []).append(row)
        if turn.stage == "sent":
            self._till.under_way(reservation)
        if turn.stage == "answered" and not row.settled:
            # It was kept by a process that ended before it had accounted it.
            text = await self._sweeps.answer(turn.custom_id)
            if text is not None:
                await self._till.settle(row, json.loads(text))

    # --- debates ---

    def expect(self, change: str) -> None:
        """A debate of this change will ask, or leave without."""
        debate = Debate(change)
        self._debates[change] = debate
        debate.conductor = asyncio.create_task(self._conduct(debate))

    def leave(self, change: str) -> None:
        """Its debate is over: nobody waits for it any more."""
        debate = self._debates.pop(change, None)
        if debate is not None and debate.conductor is not None:
            debate.conductor.cancel()
        self._woken.set()

    def ask(
        self, change: str, turn: Turn, key: str, target: Target, prepare: Prepare, caps: Caps
    ) -> asyncio.Future[Reply]:
        """The answer, in time. `key` names the turn by all that its answer depends on; `caps` are the review's own.

        Does not wait, so that the order of what is asked is the debate's own.
        """
        debate = self._debates[change]
        debate.names[key] = number = debate.names.get(key, 0) + 1
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        tally = Tally(target.model)
        asked = Asked(debate, turn, f"{key}/{number}", target, prepare, reply, tally, caps)
        debate.waiting.append(asked)
        debate.stirred.set()
        return reply

    async def _conduct(self, debate: Debate) -> None:
        """Answer what a debate asks, all that it asks together at a time."""
        while True:
            await debate.stirred.wait()
            while debate.stirred.is_set():
                debate.stirred.clear()
                await _rounds()
            wave, debate.waiting = debate.waiting, []
            await asyncio.gather(*map(self._look_up, wave))
            debate.busy = False
            self._woken.set()
            for one in wave:
                await one.answered.wait()
            debate.busy = True
            for one in wave:
                if not one.reply.done() and one.answer is not None:
                    one.reply.set_result(one.answer)
                    await _rounds()

    async def _look_up(self, asked: Asked) -> None:
        """Give the answer that is there, wait for the one that is under way, or hand the turn over."""
        try:
            if not await self._found(asked):
                await self._queue_up(asked)
        except StoreError as error:
            # What cannot be recorded is not spent. The kind is the nearest that stops the debate.
            asked.fail(Failure("billing", str(error)))
        except Exception as error:
            asked.fail(defect(error))

    async def _found(self, asked: Asked) -> bool:
        for row in self._before.get((asked.debate.change, asked.name), ()):
            if row.stage == "lost":
                asked.tally.assumed += row.cost
                asked.tally.calls += 1
            text = await self._sweeps.answer(row.custom_id) if row.stage == "answered" else None
            if row.stage == "sent":
                asked.tries += 1
                row.asked = asked
                if row.failed is not None:
                    asked.fail(row.failed)
                return True
            if text is None:
                continue
            asked.tries += 1
            if take(asked, understood(text, asked.target, is_statement=asked.is_statement), row):
                return True
        return False

    async def _queue_up(self, asked: Asked) -> None:
        if asked.call is None:
            try:
                async with self._slots:
                    call = await asked.prepare(asked.room)
            except Exception as error:
                call = defect(error)
            if isinstance(call, Failure):
                asked.fail(call)
                return
            asked.call = call
        self._queue.append(asked)
        self._stir()

    # --- handing over ---

    async def _clerk_works(self) -> None:
        while True:
            left = self._patience_left()
            if self._queue and (left <= 0 or self._everybody_waits()):
                queue, self._queue, self._since = self._queue, [], None
                await self._hand_over(queue)
                continue
            try:
                async with asyncio.timeout(left if self._queue else None):
                    await self._woken.wait()
            except TimeoutError:
                continue
            self._woken.clear()

    def _patience_left(self) -> float:
        if self._since is None:
            return self._pace.gather
        return self._since + self._pace.gather - asyncio.get_running_loop().time()

    def _everybody_waits(self) -> bool:
        return not self._flights.reading and not any(debate.busy for debate in self._debates.values())

    def _stir(self) -> None:
        if self._queue and self._since is None:
            self._since = asyncio.get_running_loop().time()
        self._woken.set()

    async def _hand_over(self, queue: Sequence[Asked]) -> None:
        """Set money aside for these turns and make batches of those for which there is enough."""
        granted: list[Asked] = []
        refused: CapReached | None = None
        try:
            held = await self._sweeps.held(self.sweep)
            for asked in queue:
                if asked.given_up:
                    asked.answered.set()
                    continue
                try:
                    await self._till.set_aside(asked, held)
                except CapReached as cap:
                    if self._till.may_fit(cap, asked):
                        self._short.append(asked)
                        refused = cap
                    else:
                        asked.fail(Failure("cap", refusal(cap)))
                    continue
                granted.append(asked)
                held += asked.reservation.at_most if asked.reservation is not None else ZERO
        except StoreError as error:
            fail(set(queue) - {*granted, *self._short}, Failure("billing", str(error)))
        except Exception as error:
            fail(set(queue) - {*granted, *self._short}, defect(error))
        if refused is not None and not granted and not self._flying:
            # Nothing will give money back: a batch that nobody looks after any more still holds its own.
            short, self._short = self._short, []
            fail(short, Failure("cap", refusal(refused)))
        elif refused is not None:
            self._tell(Short(len(self._short), cap_words(refused)))
        for parcel in _parcels(granted):
            self._fly(self._flights.send(parcel, self._queue_up))

    def _fly(self, flight: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(flight)
        self._flying.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        # Money may have been given back.
        self._queue += self._short
        self._short = []
        self._stir()


def _parcels(granted: Iterable[Asked]) -> Iterable[Sequence[Asked]]:
    """What fits into one batch each."""
    parcel: list[Asked] = []
    size = 0
    for one in granted:
        assert one.call is not None
        length = len(json.dumps(one.call.request).encode()) + 200
        if parcel and (len(parcel) >= MOST_REQUESTS or size + length > MOST_BYTES):
            yield parcel
            parcel, size = [], 0
        parcel.append(one)
        size += length
    if parcel:
        yield parcel


async def _rounds() -> None:
    for _ in range(LOOPS):
        await asyncio.sleep(0)
