"""One attempt at a call: set its worst case aside, hear the answer, settle what it really used, judge what it is.

Where what it used will never be known, the worst case stands. The SDK's own retries are off, because they would spend
money that nobody set aside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, evolve, field

from rebuttal.budget.model import Reservation, UnknownPrice
from rebuttal.debate.model import Claim, Failure, Listener, Reply, Statement
from rebuttal.debate.statement import StatementError, parse_answer, parse_statement, salvaged, together
from rebuttal.speakers.caching import Expectation, Prefix, judged
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.endpoints.clients import Unusable
from rebuttal.speakers.faults import (
    Billed,
    Fault,
    Target,
    broken_off,
    cut_short,
    fault_of,
    not_as_asked,
    not_the_api,
    refused,
    strange_answer,
)
from rebuttal.speakers.hearing import Hearing
from rebuttal.speakers.patience import Allowance
from rebuttal.speakers.requests import prompt_texts
from rebuttal.speakers.waits import room_of
from rebuttal.store.model import NO_CACHE_USE, NO_TOKENS, ZERO, CacheUse, CallKey, StoreError, Tokens

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_AFTER_THE_END = 1.0
"""Seconds."""
Answer = Mapping[str, Any]


class Purse(Protocol):
    """Who sets money aside: `rebuttal.budget.purse.Purse`."""

    async def reserve(self, key: CallKey, at_most: Decimal) -> Reservation: ...

    async def settle(
        self, reservation: Reservation, tokens: Tokens, model: str, cache: CacheUse = NO_CACHE_USE
    ) -> Decimal: ...

    async def assume(self, reservation: Reservation) -> Decimal: ...

    async def release(self, reservation: Reservation) -> None: ...


class Usage(Protocol):
    """Who learns from real replies how models count."""

    def heard(self, model: str, texts: tuple[str, ...], counted: int) -> None:
        """`model` counted `counted` tokens for a prompt of these texts. Returns at once and raises nothing."""
        ...


class Unheard:
    """Learns nothing."""

    def heard(self, model: str, texts: tuple[str, ...], counted: int) -> None:
        """Nobody learns from it."""


@define
class Tally:
    """What one call of `speak` has come to, over all its attempts."""

    model: str
    tokens: Tokens = NO_TOKENS
    spent: Decimal = ZERO
    assumed: Decimal = ZERO
    calls: int = 0
    notes: list[str] = field(factory=list)
    salvaged: Statement | None = None
    """What counts of the attempts that failed."""

    def keep(self, text: str) -> None:
        """An attempt failed after it had said this: what of it is whole has been paid for, and counts."""
        self.salvaged = together(self.salvaged, salvaged(text))

    def reply(self, said: Statement | Answer | None, failure: Failure | None) -> Reply:
        """A failed reply has what is whole of its attempts; of an answer that was given anew, claims stand that were
        heard before, and rulings that are not repeated."""
        if said is None:
            said = self.salvaged
        elif isinstance(said, Statement) and (both := together(self.salvaged, said)) is not None:
            said = evolve(said, rulings=both.rulings)
        statement, answer = (said, None) if isinstance(said, Statement) else (None, said)
        return Reply(
            statement,
            self.model,
            failure,
            self.tokens,
            self.spent,
            self.assumed,
            self.calls,
            answer,
            notes=tuple(self.notes),
        )


@define
class Once:
    """Passes on to the listener what several attempts say: that an answer has begun, once, and that it begins anew."""

    listener: Listener
    _started: bool = False
    _has_claims: bool = False

    def started(self) -> None:
        if not self._started:
            self._started = True
            self.listener.started()

    def claim(self, claim: Claim) -> None:
        self._has_claims = True
        self.listener.claim(claim)

    def again(self) -> None:
        """Before another attempt. Where no claim was heard, there is nothing that it could say again."""
        if self._has_claims:
            self.listener.again()


@define
class Call:
    """One call, ready to be made: the same request for every attempt."""

    key: CallKey
    request: dict[str, Any]
    at_most: Decimal
    target: Target
    prefixes: tuple[Prefix, ...] = ()
    """Of the request: what the service's cache shall hold."""
    is_statement: bool = True
    """Whether the answer shall be one, or an object with a schema of its own."""
    waits: bool = True
    """Whether it still waits for another that is writing its prefix; once that has taken too long, no longer."""


class Caller:
    """Makes attempts over one connection, out of one purse."""

    def __init__(self, connection: Connection, purse: Purse, usage: Usage) -> None:
        self._connection = connection
        self._purse = purse
        self._usage = usage

    async def ready(self, call: Call) -> None:
        """Wait until nobody is writing what the call could read from the service's cache, as long as that is worth it.

        Before a slot is taken, which others could use meanwhile.
        """
        if call.waits:
            call.waits = await self._connection.prefixes.settled(call.prefixes)

    async def attempt(
        self, call: Call, listener: Once, tally: Tally, allowance: Allowance
    ) -> Statement | Answer | Fault:
        """Make the call once, in the time that is left; cancelled or not, its money is settled, released or assumed.

        Raises CapReached and StoreError before anything is sent, and TimeoutError.
        """
        # Before money is set aside: whoever waits for another to write their prefix must not hold up a third.
        expected = await self._connection.prefixes.expect(call.prefixes, call.key.review, waits=call.waits)
        try:
            return await self._attempt(call, expected, listener, tally, allowance)
        finally:
            self._connection.prefixes.left(expected)

    async def _attempt(
        self, call: Call, expected: Expectation, listener: Once, tally: Tally, allowance: Allowance
    ) -> Statement | Answer | Fault:
        reservation = await self._purse.reserve(call.key, call.at_most)
        hearing = Hearing()
        cost: Billed = "nothing"
        try:
            if tally.calls:
                listener.again()
            tally.calls += 1
            cost = "unknown"
            async with allowance.spend():
                fault = await self._listen(call, expected, hearing, listener)
        except BaseException as error:
            # Cancelled, out of time, or a fault of our own: the connection is closed by now.
            await self._account(reservation, expected, hearing, cost, tally)
            if isinstance(error, TimeoutError) and hearing.stop_reason is not None:
                return self._judged(hearing, call, tally)
            self._keep(hearing, call, tally)
            raise
        await self._account(reservation, expected, hearing, fault.billed if fault else "unknown", tally)
        if hearing.tokens is not None and call.is_statement:  # another schema weighs otherwise
            self._usage.heard(tally.model, prompt_texts(call.request), hearing.tokens.prompt)
        if fault is not None:
            self._keep(hearing, call, tally)
            return fault
        said = self._judged(hearing, call, tally)
        if isinstance(said, Fault) and said.failure.kind == "invalid_reply":
            self._connection.unheeded(call.request)
        return said

    def _judged(self, hearing: Hearing, call: Call, tally: Tally) -> Statement | Answer | Fault:
        said = judge(hearing, call)
        if isinstance(said, Fault):
            self._keep(hearing, call, tally)
        return said

    def _keep(self, hearing: Hearing, call: Call, tally: Tally) -> None:
        if call.is_statement:
            tally.keep(hearing.text)

    async def _listen(self, call: Call, expected: Expectation, hearing: Hearing, listener: Once) -> Fault | None:
        """Send the request and hear the response to its end."""
        used: AsyncAnthropic | None = None
        try:
            async with (
                self._connection.lent() as used,
                await self._send(used, call.request, expected.diagnostics) as stream,
                asyncio.timeout(None) as limit,
            ):
                if "text/event-stream" not in stream.response.headers.get("content-type", ""):
                    return not_the_api(call.target)
                if (room := room_of(stream.response.headers)) is not None:
                    self._connection.traffic.has_room(room)
                hearing.within = self._connection.fields_within(call.request)
                async for event in stream:
                    had_begun = hearing.begun
                    for claim in hearing.hear(event):
                        listener.claim(claim)
                    if hearing.begun and not had_begun:
                        self._connection.prefixes.begun(expected, hearing.cached, hearing.id)
                        listener.started()
                    if hearing.stop_reason is not None:
                        # Nothing is missing. The end of the body lets the connection be used again; it is not worth
                        # waiting for.
                        limit.reschedule(asyncio.get_running_loop().time() + _AFTER_THE_END)
        except Unusable as error:
            # The client was made anew, and cannot be any more.
            return Fault(Failure("bad_request", str(error)))
        except Exception as error:
            if hearing.stop_reason is not None:
                return None
            now = self._connection.patience.now
            fault = fault_of(error, call.target, self._connection.secrets, hearing.begun, now)
            if fault is None:
                raise
            if used is not None and fault.billed == "unknown" and getattr(error, "status_code", None) is None:
                await self._connection.renew(used)
            return fault
        return None

    async def _send(self, client: AsyncAnthropic, request: dict[str, Any], diagnostics: dict[str, Any]) -> Any:
        """The stream that answers a request, and says what the cache made of it where the endpoint can."""
        import anthropic

        if self._connection.diagnoses:
            try:
                return await client.messages.create(**request, **diagnostics, stream=True)
            except anthropic.BadRequestError as error:
                if "diagnostics" not in str(error):
                    raise
                self._connection.diagnoses = False
        while True:
            sent = self._connection.wire(request)
            try:
                return await client.messages.create(**sent, stream=True)
            except anthropic.APIStatusError as error:
                # Each round sends less than the last.
                if not self._connection.learns(error, sent):
                    raise

    async def _account(
        self, reservation: Reservation, expected: Expectation, hearing: Hearing, billed: Billed, tally: Tally
    ) -> None:
        """Say what the attempt cost. Raises nothing: what cannot be recorded stays set aside at its worst case."""
        if hearing.model:
            tally.model = self._connection.answered_by(hearing.model, reservation.key.model)
        tokens = hearing.tokens
        try:
            if tokens is not None:
                answered = tally.model if hearing.model else reservation.key.model
                tally.spent += await self._purse.settle(
                    reservation, tokens, answered, self._cache_use(expected, hearing)
                )
                tally.tokens += tokens
            elif billed == "nothing" and not hearing.begun:
                await self._purse.release(reservation)
            else:
                tally.assumed += await self._purse.assume(reservation)
        except UnknownPrice:
            # Another model answered; the purse then lets the worst case stand.
            tally.assumed += reservation.at_most
            tally.notes.append(
                f"{tally.model} answered, though {reservation.key.model} was asked, and its price is not known, so its "
                f'worst case counts as assumed: set [prices."{tally.model}"] in your config.toml.'
            )
        except StoreError as error:
            tally.assumed += reservation.at_most
            tally.notes.append(f"What a call cost could not be recorded, so its worst case counts: {error}.")

    def _cache_use(self, expected: Expectation, hearing: Hearing) -> CacheUse:
        tokens = hearing.tokens or NO_TOKENS
        said = hearing.diagnosis if self._connection.diagnoses else None
        return judged(expected, tokens.cache_read, tokens.cache_write, said)


def judge(hearing: Hearing, call: Call) -> Statement | Answer | Fault:
    """What a response that was heard to its end comes to."""
    target = call.target
    if not hearing.begun:
        return strange_answer(target)
    if hearing.stop_reason is None:
        return broken_off(target)
    match hearing.stop_reason:
        case "refusal":
            return refused(target, hearing.refusal)
        case "max_tokens" | "model_context_window_exceeded":
            return cut_short(target, for_room=hearing.stop_reason == "max_tokens")
    try:
        return parse_statement(hearing.text) if call.is_statement else parse_answer(hearing.text)
    except StatementError as error:
        return not_as_asked(target, str(error))
