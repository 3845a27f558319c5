"""One batch from its making to its end: made, found again where its id was never heard, waited for, taken in.

It is written down before it is made, and its id after, so nothing is handed over twice whatever happens between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from rebuttal.debate.model import Failure
from rebuttal.speakers.attempt import Call
from rebuttal.speakers.batches.answers import Heard, understood
from rebuttal.speakers.batches.model import (
    MORE_ROOM,
    TRIES,
    Asked,
    DeskEvent,
    Ended,
    Pace,
    Row,
    Submitted,
    Trouble,
    Waiting,
)
from rebuttal.speakers.batches.service import Batch, BatchFault, Gone, Result, Service, fault_of_result, kept
from rebuttal.speakers.batches.till import BatchTill
from rebuttal.speakers.faults import Fault, Target
from rebuttal.store.model import ZERO, StoreError
from rebuttal.store.sweeps import StoredBatch, Sweeps, prefix

log = logging.getLogger(__name__)

HandOver = Callable[[Asked], Awaitable[None]]
"""Takes a turn that is to be handed over again."""


class _Unsure(Exception):
    """Whether a batch was made cannot be found out now."""

    def __init__(self, fault: Fault) -> None:
        self.failure = fault.failure
        super().__init__(fault.failure.message)


class Flights:
    """Sees batches of one sweep through. `rows` are all turns that the sweep has handed over, by custom id."""

    def __init__(
        self,
        sweep: str,
        host: str,
        service: Service,
        sweeps: Sweeps,
        till: BatchTill,
        pace: Pace,
        tell: Callable[[DeskEvent], None],
        learn: Callable[[Call, int], None],
    ) -> None:
        self.rows: dict[str, Row] = {}
        self.known: set[str] = set()
        """The service's ids of the sweep's batches."""
        self.reading = 0
        """Batches whose results are being taken in."""
        self._sweep, self._host = sweep, host
        self._service, self._sweeps, self._till = service, sweeps, till
        self._pace, self._tell, self._learn = pace, tell, learn

    async def send(self, parcel: Sequence[Asked], again: HandOver) -> None:
        """Make a batch of turns for which money is set aside, and see it through."""
        try:
            newest = await self._before_sending(parcel)
            if isinstance(newest, Fault):
                await self._give_back(parcel, newest.failure)
                return
            turns = [(one.debate.change, one.name, one.reservation.id) for one in parcel if one.reservation is not None]
            number, ids = await self._sweeps.intend(self._sweep, newest, turns)
            rows = [self._written(number, id_, one) for id_, one in zip(ids, parcel, strict=True)]
            requests = [
                {"custom_id": id_, "params": params(one.call.request)}
                for id_, one in zip(ids, parcel, strict=True)
                if one.call is not None
            ]
            made = await self._make(number, newest, requests)
            if isinstance(made, Fault):
                await self._never_made(number, rows, made.failure, again)
                return
            await self._sent(number, made)
            self._tell(Submitted(made.id, len(parcel), len({one.debate.change for one in parcel})))
            await self._see_through(number, made, rows, again)
        except _Unsure as unsure:
            fail(parcel, unsure.failure)
        except StoreError as error:
            fail(parcel, Failure("billing", str(error)))
        except Exception as error:
            fail(parcel, defect(error))

    async def take_up(self, batch: StoredBatch, again: HandOver) -> None:
        """Go on with a batch that an earlier process left under way."""
        rows = [row for row in self.rows.values() if row.number == batch.number]
        try:
            if batch.batch:
                made = await self._patiently(partial(self._service.batch, batch.batch), self._pace.silences)
            else:
                made = await self._identify(batch.number, batch.newest, batch.turns)
                if isinstance(made, Batch):
                    await self._sent(batch.number, made)
            if isinstance(made, Fault):
                fail_rows(rows, made.failure)
            elif made is None:
                await self._never_made(batch.number, rows, None, again)
            else:
                await self._see_through(batch.number, made, rows, again)
        except Gone as gone:
            await self._lose(batch.number, rows, gone.fault.failure)
        except _Unsure as unsure:
            fail_rows(rows, unsure.failure)
        except StoreError as error:
            fail_rows(rows, Failure("billing", str(error)))
        except Exception as error:
            fail_rows(rows, defect(error))

    def _written(self, number: int, custom_id: str, asked: Asked) -> Row:
        assert asked.reservation is not None
        asked.tries += 1
        row = Row(custom_id, number, asked.reservation, "sent", False, asked.reservation.at_most, asked)
        self.rows[custom_id] = row
        return row

    # --- making ---

    async def _make(self, number: int, newest: str, requests: Sequence[Mapping[str, Any]]) -> Batch | Fault:
        """The batch; a Fault where it was certainly not made. Raises _Unsure."""
        attempt = 0
        while True:
            try:
                return await self._service.create(requests)
            except BatchFault as error:
                fault, unsure = error.fault, error.unsure
            if unsure and (found := await self._identify(number, newest, len(requests))) is not None:
                return found
            if not fault.retry or attempt >= self._pace.failures:
                return fault
            self._tell(Trouble(fault.failure.message))
            await self._pace.sleep(self._pace.after(fault, attempt))
            attempt += 1

    async def _identify(self, number: int, newest: str, turns: int) -> Batch | None:
        """The batch that was made, perhaps, without our hearing its id: known by its custom ids, which the service
        shows with its results only. None where there is none. Raises _Unsure where the service cannot be asked."""
        for pause in (0.0, *self._pace.doubt):
            if pause:
                await self._pace.sleep(pause)
            listed = _sure(await self._patiently(partial(self._service.since, newest)))
            for one in listed:
                if one.requests == turns and one.id not in self.known and await self._is_ours(one, number):
                    return await self._again(one)
        return None

    async def _again(self, batch: Batch) -> Batch:
        found: Batch = _sure(await self._patiently(partial(self._service.batch, batch.id)))
        return found

    async def _is_ours(self, batch: Batch, number: int) -> bool:
        begins = prefix(self._sweep, number)

        async def look() -> bool:
            results = self._service.results(batch.id)
            try:
                async for result in results:
                    if result.custom_id:
                        return result.custom_id.startswith(begins)
            finally:
                await _closed(results)
            return False

        try:
            _sure(await self._wait_for(batch, batch.requests))
            return bool(_sure(await self._patiently(look)))
        except Gone:
            return False

    async def _sent(self, number: int, batch: Batch) -> None:
        self.known.add(batch.id)
        await self._sweeps.sent(self._sweep, number, batch.id)

    # --- waiting and taking in ---

    async def _see_through(self, number: int, batch: Batch, rows: Sequence[Row], again: HandOver) -> None:
        """Wait until it has ended and take in its results."""
        try:
            ended = await self._wait_for(batch, len(rows))
            if isinstance(ended, Fault):
                fail_rows(rows, ended.failure)
                return
            self.reading += 1
            try:
                await self._read(number, ended, rows, again)
            finally:
                self.reading -= 1
        except Gone as gone:
            await self._lose(number, rows, gone.fault.failure)

    async def _wait_for(self, batch: Batch, turns: int) -> Batch | Fault:
        """The batch when it has ended. Raises Gone."""
        looks = 0
        while not batch.ended:
            pause = self._pace.pause(looks)
            self._tell(Waiting(batch.id, turns, pause))
            await self._pace.sleep(pause)
            looks += 1
            found = await self._patiently(partial(self._service.batch, batch.id), self._pace.silences)
            if isinstance(found, Fault):
                return found
            batch = found
        return batch

    async def _read(self, number: int, batch: Batch, rows: Sequence[Row], again: HandOver) -> None:
        mine = {row.custom_id: row for row in rows}

        async def take_in() -> None:
            results = self._service.results(batch.id)
            try:
                async for result in results:
                    row = mine.get(result.custom_id)
                    if row is not None and row.stage == "sent":
                        await self._came(row, result, again)
            finally:
                await _closed(results)

        fault = await self._patiently(take_in)
        if isinstance(fault, Fault):
            fail_rows(rows, fault.failure)
            return
        for row in rows:
            if row.stage == "sent":  # its line was not to be read, or is missing: it may have been paid for
                await self._came(row, Result(row.custom_id, "unreadable"), again)
        await self._sweeps.ended(self._sweep, number)
        self._tell(Ended(batch.id, len(rows), sum(row.stage != "answered" for row in rows)))

    async def _came(self, row: Row, result: Result, again: HandOver) -> None:
        """Keep what came of one turn, account it, and give it to who waits."""
        if result.kind == "succeeded" and result.message is not None:
            text = kept(result.message)
            await self._sweeps.answered(row.custom_id, text)
            await self._till.settle(row, result.message)
            row.stage = "answered"
            await self._heard(row, text, again)
            return
        if fault_of_result(result, self._target(row)).billed == "nothing":
            await self._unbilled(row)
        else:
            await self._lost(row)
        asked = _who_waits(row)
        if asked is None:
            return
        fault = fault_of_result(result, asked.target)
        if row.stage == "lost":
            asked.tally.assumed += row.cost
            asked.tally.calls += 1
        if fault.retry and asked.tries < TRIES:
            await again(asked)
        else:
            asked.fail(fault.failure)

    async def _heard(self, row: Row, text: str, again: HandOver) -> None:
        asked = _who_waits(row)
        if asked is None:
            return
        answer = understood(text, asked.target, is_statement=asked.is_statement)
        if asked.call is not None and asked.is_statement and answer.tokens.prompt:
            self._learn(asked.call, answer.tokens.prompt)
        if not take(asked, answer, row):
            await again(asked)

    async def _unbilled(self, row: Row) -> None:
        await self._till.release(row.reservation)
        await self._sweeps.unbilled(row.custom_id)
        row.stage, row.cost = "unbilled", ZERO

    async def _lost(self, row: Row) -> None:
        await self._till.assume(row)
        await self._sweeps.lost(row.custom_id)
        row.stage = "lost"

    # --- what fails ---

    async def _never_made(self, number: int, rows: Sequence[Row], failure: Failure | None, again: HandOver) -> None:
        """Nothing was sent. Who waits hears why, or is handed over anew where there is no reason not to."""
        for row in rows:
            if row.stage != "sent":
                continue
            await self._unbilled(row)
            if row.asked is None:
                continue
            if failure is not None:
                row.asked.fail(failure)
            else:
                row.asked.tries -= 1
                await again(row.asked)
        await self._sweeps.void(self._sweep, number)

    async def _before_sending(self, parcel: Sequence[Asked]) -> Any:
        """The id of the newest batch; a Fault where the service cannot be asked."""
        try:
            return await self._patiently(self._service.newest)
        except asyncio.CancelledError:
            await self._give_back(parcel, Failure("interrupted", "It was not sent."))
            raise

    async def _give_back(self, parcel: Sequence[Asked], failure: Failure) -> None:
        for one in parcel:
            if one.reservation is not None:
                await self._till.release(one.reservation)
            one.fail(failure)

    async def _lose(self, number: int, rows: Sequence[Row], failure: Failure) -> None:
        """The service has nothing of it any more: what it cost will never be known."""
        for row in rows:
            if row.stage != "sent":
                continue
            await self._lost(row)
            if row.asked is not None:
                row.asked.tally.assumed += row.cost
                row.asked.fail(failure)
        await self._sweeps.void(self._sweep, number)

    async def _patiently(self, work: Callable[[], Awaitable[Any]], failures: int | None = None) -> Any:
        """What it returns; a Fault where it fails for good. Raises Gone."""
        limit = self._pace.failures if failures is None else failures
        attempt = 0
        while True:
            try:
                return await work()
            except Gone:
                raise
            except BatchFault as error:
                fault = error.fault
            if not fault.retry or attempt >= limit:
                return fault
            self._tell(Trouble(fault.failure.message))
            await self._pace.sleep(self._pace.after(fault, attempt))
            attempt += 1

    def _target(self, row: Row) -> Target:
        return Target(self._host, row.reservation.key.model, "the model")


def take(asked: Asked, heard: Heard, row: Row) -> bool:
    """Account an answer to its turn; whether that is the end of it. Else it is asked once more."""
    tally = asked.tally
    tally.calls += 1
    tally.tokens += heard.tokens
    if row.settled:
        tally.spent += row.cost
    else:
        tally.assumed += row.cost
    tally.model = heard.model or tally.model
    if not isinstance(heard.said, Fault):
        asked.give(tally.reply(heard.said, None))
        return True
    if heard.said.retry and asked.tries < TRIES:
        if heard.said.failure.kind == "truncated":
            asked.call, asked.room = None, asked.room * MORE_ROOM
        return False
    asked.fail(heard.said.failure)
    return True


def fail(asked: Iterable[Asked], failure: Failure) -> None:
    """Nobody of them waits any longer."""
    for one in asked:
        one.fail(failure)


def fail_rows(rows: Iterable[Row], failure: Failure) -> None:
    """Nobody looks after them any longer. They stay under way in the store: the sweep can be taken up."""
    for row in rows:
        if row.stage == "sent":
            row.failed = failure
            if row.asked is not None:
                row.asked.fail(failure)


def params(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request as a batch takes it: what the cache keeps it keeps for an hour, for the next batch comes late."""

    def block(one: Mapping[str, Any]) -> dict[str, Any]:
        if "cache_control" not in one:
            return dict(one)
        return {**one, "cache_control": {"type": "ephemeral", "ttl": "1h"}}

    system = [block(one) for one in request["system"]]
    messages = [{**one, "content": [block(part) for part in one["content"]]} for one in request["messages"]]
    return {**request, "system": system, "messages": messages}


def _who_waits(row: Row) -> Asked | None:
    asked = row.asked
    if asked is not None and asked.given_up:
        asked.answered.set()
        return None
    return asked


def _sure(found: Any) -> Any:
    if isinstance(found, Fault):
        raise _Unsure(found)
    return found


def defect(error: Exception) -> Failure:
    """An error that nobody foresaw must not leave anybody waiting."""
    log.error("turns of a sweep failed by a defect of Rebuttal: %s", type(error).__name__)
    return Failure("invalid_reply", f"an internal error of Rebuttal ({type(error).__name__}): please report it")


async def _closed(results: Any) -> None:
    close = getattr(results, "aclose", None)
    if close is not None:
        await close()
