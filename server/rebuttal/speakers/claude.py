"""Claude answers for a seat, over the SDK.

A turn becomes a call (calls.py), which is attempted (attempt.py) until it is answered or no attempt is left.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from rebuttal.debate.model import Failure, Listener, Reply, Turn
from rebuttal.settings import Settings
from rebuttal.speakers.attempt import Call, Caller, Once, Purse, Tally, Unheard, Usage
from rebuttal.speakers.calls import Calls, Prices
from rebuttal.speakers.catalogue import UnknownModel
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.faults import Fault, Target, late
from rebuttal.speakers.roster import Roster
from rebuttal.store.model import CapReached, StoreError


class BookedPurse(Purse, Protocol):
    """A purse that knows its prices."""

    @property
    def book(self) -> Prices: ...


class ClaudeSpeaker:
    """Speaks for all seats of one review. `review` and `repository` name its calls in the ledger."""

    def __init__(
        self,
        *,
        settings: Settings,
        connection: Connection,
        purse: Purse,
        prices: Prices,
        review: str,
        repository: str,
        usage: Usage | None = None,
    ) -> None:
        self._roster = Roster.of(settings)
        self._connection = connection
        self._caller = Caller(connection, purse, usage or Unheard())
        self._calls = Calls(connection, prices, review, repository)

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The answer to a turn, or why there is none. Raises nothing but CancelledError; what a cancelled call cost is
        recorded."""
        tally = Tally(self._roster.id(turn.tier))
        target = Target(self._connection.host, tally.model, f"model_{turn.tier}")
        try:
            async with asyncio.timeout(self._connection.patience.total):
                call = await self._prepare(turn, target)
                if isinstance(call, Failure):
                    return tally.reply(None, call)
                return await self._persist(call, Once(listener), tally)
        except TimeoutError:
            return tally.reply(None, late(target, self._connection.patience.total))
        except StoreError as error:
            # What cannot be recorded is not spent. The kind is the nearest that stops the debate.
            return tally.reply(None, Failure("billing", str(error)))

    async def _prepare(self, turn: Turn, target: Target) -> Call | Failure:
        try:
            model = self._roster.model(turn.tier)
        except UnknownModel as error:
            return Failure("not_found", f"{error}: it is the setting {target.setting}.")
        return await self._calls.prepare(turn, model, target.setting)

    async def _persist(self, call: Call, listener: Once, tally: Tally) -> Reply:
        """Attempts until one succeeds or none is left. A chain of models (fallback) would loop around this."""
        attempt = 0
        failed: Failure | None = None
        while True:
            attempt += 1
            try:
                result = await self._caller.attempt(call, listener, tally)
            except CapReached as error:
                # Where earlier attempts failed and used the cap up, the cap is not what is to be mended.
                return tally.reply(None, failed or Failure("cap", str(error)))
            if not isinstance(result, Fault):
                return tally.reply(result, None)
            failed = result.failure
            pause = self._connection.patience.pause(result, attempt)
            if pause is None:
                return tally.reply(None, result.failure)
            await self._connection.patience.sleep(pause)


def open_claude(
    connection: Connection,
    settings: Settings,
    purse: BookedPurse,
    review: str,
    repository: str,
    usage: Usage | None = None,
) -> ClaudeSpeaker:
    """A speaker for one review that spends out of `purse` at the purse's own prices."""
    return ClaudeSpeaker(
        settings=settings,
        connection=connection,
        purse=purse,
        prices=purse.book,
        review=review,
        repository=repository,
        usage=usage,
    )
