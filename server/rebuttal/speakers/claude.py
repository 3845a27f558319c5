"""Claude answers for a seat, over the SDK.

Every attempt sets its worst case aside before it is made and settles what it really used; where that will never be
known, the worst case stands. The SDK's own retries are off, because they would spend money that nobody set aside.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from attrs import define, evolve

from rebuttal.budget.model import Reservation, UnknownPrice
from rebuttal.debate.model import Claim, Failure, Listener, Reply, Statement, Turn
from rebuttal.debate.statement import StatementError, parse_answer, parse_statement
from rebuttal.settings import Settings
from rebuttal.speakers.catalogue import ALIASES, UnknownModel
from rebuttal.speakers.connection import Connection, ProxyUnusable
from rebuttal.speakers.faults import Billed, Fault, Target, broken_off, fault_of, late, not_the_api, strange_answer
from rebuttal.speakers.hearing import Hearing
from rebuttal.speakers.requests import message_request, prompt_bytes, prompt_texts
from rebuttal.speakers.roster import Roster
from rebuttal.store.model import NO_TOKENS, ZERO, CallKey, CapReached, StoreError, Tokens

COUNT_FROM = 60_000
"""Bytes of a prompt from which its tokens are counted before money is set aside: some three bytes are a token, so
the bytes of a long prompt bind three times what it can cost, and a cap stops what would have fitted."""
COUNT_MARGIN = 1.1
"""The count is an estimate (platform.claude.com, token counting); real usage may differ by a small amount."""
_AFTER_THE_END = 1.0
"""Seconds."""
Answer = Mapping[str, Any]


class Purse(Protocol):
    """Who sets money aside: `rebuttal.budget.purse.Purse`."""

    async def reserve(self, key: CallKey, at_most: Decimal) -> Reservation: ...

    async def settle(self, reservation: Reservation, tokens: Tokens, model: str) -> Decimal: ...

    async def assume(self, reservation: Reservation) -> Decimal: ...

    async def release(self, reservation: Reservation) -> None: ...


class Prices(Protocol):
    """What a call may cost at most: `rebuttal.budget.prices.PriceBook`."""

    def worst_case(self, model: str, prompt_bytes: int, max_tokens: int) -> Decimal: ...


class Usage(Protocol):
    """Who learns from real replies how models count."""

    def heard(self, model: str, texts: tuple[str, ...], counted: int) -> None:
        """`model` counted `counted` tokens for a prompt of these texts. Returns at once and raises nothing."""
        ...


class Unheard:
    """Learns nothing."""

    def heard(self, model: str, texts: tuple[str, ...], counted: int) -> None:
        """Nobody learns from it."""


class BookedPurse(Purse, Protocol):
    """A purse that knows its prices."""

    @property
    def book(self) -> Prices: ...


@define
class _Tally:
    """What one call of `speak` has come to, over all its attempts."""

    model: str
    tokens: Tokens = NO_TOKENS
    spent: Decimal = ZERO
    assumed: Decimal = ZERO
    calls: int = 0

    def reply(self, said: Statement | Answer | None, failure: Failure | None) -> Reply:
        statement, answer = (said, None) if isinstance(said, Statement) else (None, said)
        return Reply(statement, self.model, failure, self.tokens, self.spent, self.assumed, self.calls, answer)


@define
class _Once:
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
class _Call:
    """One call, ready to be made: the same request for every attempt."""

    key: CallKey
    request: dict[str, Any]
    at_most: Decimal
    target: Target
    is_statement: bool = True
    """Whether the answer shall be one, or an object with a schema of its own."""


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
        self._purse = purse
        self._prices = prices
        self._review = review
        self._repository = repository
        self._usage = usage or Unheard()

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The answer to a turn, or why there is none. Raises nothing but CancelledError; what a cancelled call cost is
        recorded."""
        tally = _Tally(self._roster.id(turn.tier))
        target = Target(self._connection.host, tally.model, f"model_{turn.tier}")
        try:
            async with asyncio.timeout(self._connection.patience.total):
                call = await self._prepare(turn, target)
                if isinstance(call, Failure):
                    return tally.reply(None, call)
                return await self._persist(call, _Once(listener), tally)
        except TimeoutError:
            return tally.reply(None, late(target, self._connection.patience.total))
        except StoreError as error:
            # What cannot be recorded is not spent. The kind is the nearest that stops the debate.
            return tally.reply(None, Failure("billing", str(error)))

    async def _prepare(self, turn: Turn, target: Target) -> _Call | Failure:
        try:
            model = self._roster.model(turn.tier)
        except UnknownModel as error:
            return Failure("not_found", f"{error}: it is the setting {target.setting}.")
        if failure := self._connection.failure():
            return failure
        request = message_request(turn, model)
        # Both the SDK and the prices take a second to load: not on the event loop.
        try:
            await self._connection.client()
            bound = await self._bound(request)
            at_most = await asyncio.to_thread(self._prices.worst_case, model.id, bound, request["max_tokens"])
        except UnknownPrice as error:
            return Failure("no_price", str(error))
        except ProxyUnusable as error:
            return Failure("bad_request", str(error))
        key = CallKey(self._review, self._repository, turn.phase, turn.seat, model.id)
        return _Call(key, request, at_most, evolve(target, model=model.id), turn.schema is None)

    async def _bound(self, request: dict[str, Any]) -> int:
        """No more tokens than these does the prompt have: its bytes, or where that would set far too much aside for
        the caps, the API's own free count with a margin. An endpoint that does not count leaves the bytes."""
        bound = prompt_bytes(request)
        if bound <= COUNT_FROM:
            return bound
        import anthropic
        import httpx2

        client = await self._connection.client()
        counted = {name: value for name, value in request.items() if name != "max_tokens"}
        try:
            answer = await client.messages.count_tokens(**counted)
        except (anthropic.APIError, httpx2.HTTPError, ValueError):
            return bound
        tokens: object = answer.input_tokens  # the SDK takes whatever an endpoint says
        if not isinstance(tokens, int) or tokens <= 0:
            return bound
        return min(bound, math.ceil(tokens * COUNT_MARGIN))

    async def _persist(self, call: _Call, listener: _Once, tally: _Tally) -> Reply:
        """Attempts until one succeeds or none is left. A chain of models (fallback) would loop around this."""
        attempt = 0
        failed: Failure | None = None
        while True:
            attempt += 1
            try:
                reservation = await self._purse.reserve(call.key, call.at_most)
            except CapReached as error:
                # Where earlier attempts failed and used the cap up, the cap is not what is to be mended.
                return tally.reply(None, failed or Failure("cap", str(error)))
            if tally.calls:
                listener.again()
            tally.calls += 1
            result = await self._attempt(call, reservation, listener, tally)
            if not isinstance(result, Fault):
                return tally.reply(result, None)
            failed = result.failure
            pause = self._connection.patience.pause(result, attempt)
            if pause is None:
                return tally.reply(None, result.failure)
            await self._connection.patience.sleep(pause)

    async def _attempt(
        self, call: _Call, reservation: Reservation, listener: _Once, tally: _Tally
    ) -> Statement | Answer | Fault:
        """Make the call once. The reservation is always settled, released or assumed, cancelled or not."""
        hearing = Hearing()
        try:
            fault = await self._listen(call, hearing, listener)
        except BaseException:
            # Cancelled, out of time, or a fault of our own: the connection is closed by now.
            await self._account(reservation, hearing, "unknown", tally)
            raise
        await self._account(reservation, hearing, fault.billed if fault else "unknown", tally)
        if hearing.tokens is not None and call.is_statement:  # another schema weighs otherwise
            self._usage.heard(tally.model, prompt_texts(call.request), hearing.tokens.prompt)
        if fault is not None and hearing.stop_reason is None:
            return fault
        # Where the connection fails after the model has finished, nothing is missing.
        return _judge(hearing, call.target, is_statement=call.is_statement)

    async def _listen(self, call: _Call, hearing: Hearing, listener: _Once) -> Fault | None:
        """Send the request and hear the response to its end."""
        client = await self._connection.client()
        try:
            async with (
                await client.messages.create(**call.request, stream=True) as stream,
                asyncio.timeout(None) as limit,
            ):
                if "text/event-stream" not in stream.response.headers.get("content-type", ""):
                    return not_the_api(call.target)
                async for event in stream:
                    for claim in hearing.hear(event):
                        listener.claim(claim)
                    if hearing.begun:
                        listener.started()
                    if hearing.ended:
                        # The end of the body lets the connection be used again; it is not worth waiting for.
                        limit.reschedule(asyncio.get_running_loop().time() + _AFTER_THE_END)
        except Exception as error:
            if hearing.ended:
                return None
            fault = fault_of(error, call.target, self._connection.secrets, hearing.begun)
            if fault is None:
                raise
            return fault
        return None

    async def _account(self, reservation: Reservation, hearing: Hearing, billed: Billed, tally: _Tally) -> None:
        """Say what the attempt cost. Raises nothing: what cannot be recorded stays set aside at its worst case."""
        if hearing.model:
            tally.model = ALIASES.get(hearing.model, hearing.model)
        tokens = hearing.tokens
        try:
            if tokens is not None:
                tally.spent += await self._purse.settle(reservation, tokens, hearing.model or reservation.key.model)
                tally.tokens += tokens
            elif billed == "nothing" and not hearing.begun:
                await self._purse.release(reservation)
            else:
                tally.assumed += await self._purse.assume(reservation)
        except (StoreError, UnknownPrice):
            # UnknownPrice: another model answered; the purse then lets the worst case stand.
            tally.assumed += reservation.at_most


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


def _judge(hearing: Hearing, target: Target, *, is_statement: bool) -> Statement | Answer | Fault:
    """What a response that was heard to its end comes to."""
    if not hearing.begun:
        return strange_answer(target)
    if hearing.stop_reason is None:
        return broken_off(target)
    match hearing.stop_reason:
        case "refusal":
            why = f" ({hearing.refusal})" if hearing.refusal else ""
            todo = f"review without this seat, or set {target.setting} to another model"
            return Fault(Failure("refusal", f"{target.model} declined to answer{why}: {todo}."))
        case "max_tokens" | "model_context_window_exceeded":
            message = f"The answer of {target.model} was cut at its length limit: review a smaller scope."
            return Fault(Failure("truncated", message))
    try:
        return parse_statement(hearing.text) if is_statement else parse_answer(hearing.text)
    except StatementError as error:
        message = (
            f"The answer of {target.model} is not as it was asked for ({error}): review again, or choose another model."
        )
        return Fault(Failure("invalid_reply", message), retry=True)
