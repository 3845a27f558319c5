"""From a turn to a call that is ready to be made: the request, and what it may cost at most."""

from __future__ import annotations

import asyncio
import math
from decimal import Decimal
from typing import Any, Protocol

from attrs import evolve

from rebuttal.budget.model import UnknownPrice
from rebuttal.debate.model import Failure, Turn
from rebuttal.speakers.attempt import Call
from rebuttal.speakers.catalogue import ModelFacts
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.endpoints.clients import Unusable
from rebuttal.speakers.requests import message_request, prompt_bytes
from rebuttal.store.model import CallKey

COUNT_FROM = 60_000
"""Bytes of a prompt from which its tokens are counted before money is set aside: some three bytes are a token, so
the bytes of a long prompt bind three times what it can cost, and a cap stops what would have fitted."""
COUNT_MARGIN = 1.1
"""The count is an estimate (platform.claude.com, token counting); real usage may differ by a small amount."""


class Prices(Protocol):
    """What a call may cost at most: `rebuttal.budget.prices.PriceBook`."""

    def worst_case(self, model: str, prompt_bytes: int, max_tokens: int) -> Decimal: ...


class Calls:
    """Prepares the calls of one review. `review` and `repository` name them in the ledger."""

    def __init__(self, connection: Connection, prices: Prices, review: str, repository: str) -> None:
        self._connection = connection
        self._prices = prices
        self._review = review
        self._repository = repository
        self._has_prices = False
        self._loading = asyncio.Lock()

    async def prepare(self, turn: Turn, model: ModelFacts, setting: str) -> Call | Failure:
        """The call that asks `model` for a turn; why none can be made. `setting` chose the model."""
        if failure := self._connection.failure():
            return failure
        request = self._request(turn, model)
        # Both the SDK and the prices take a second to load: not on the event loop.
        try:
            await self._connection.client()
            bound = await self._bound(request)
            at_most = await self._at_most(model, bound, request["max_tokens"])
        except UnknownPrice as error:
            return Failure("no_price", str(error))
        except Unusable as error:
            return Failure("bad_request", str(error))
        if problem := self._connection.too_long(model, request, bound):
            return problem
        key = CallKey(self._review, self._repository, turn.phase, turn.seat, model.id)
        target = self._connection.target(model.name, setting)
        return Call(key, request, at_most, target, self._connection.kept(request), turn.schema is None)

    async def _at_most(self, model: ModelFacts, bound: int, max_tokens: int) -> Decimal:
        # In the order of asking: who comes first writes what the others read from the cache; no thread decides that.
        async with self._loading:
            if self._has_prices:
                return self._prices.worst_case(model.id, bound, max_tokens)
            at_most = await asyncio.to_thread(self._prices.worst_case, model.id, bound, max_tokens)
            self._has_prices = True
            return at_most

    def _request(self, turn: Turn, model: ModelFacts) -> dict[str, Any]:
        """With breakpoints where the turn calls for them, or where what it says stands in the cache already: another
        review has said it, or one model speaks for several tiers."""
        request = message_request(turn, model)
        if turn.reusable and not turn.alone:
            return request
        keeping = message_request(evolve(turn, reusable=True, alone=False), model)
        return keeping if self._connection.prefixes.holds(self._connection.kept(keeping)) else request

    async def _bound(self, request: dict[str, Any]) -> int:
        """No more tokens than these does the prompt have: its bytes, or where that would set far too much aside for
        the caps, the API's own free count with a margin. An endpoint that does not count leaves the bytes."""
        bound = prompt_bytes(request)
        if bound <= COUNT_FROM:
            return bound
        import anthropic
        import httpx2

        abilities = self._connection.abilities(request["model"])
        if not abilities.counts:
            return bound
        client = await self._connection.client()
        counted = {name: value for name, value in self._connection.wire(request).items() if name != "max_tokens"}
        try:
            answer = await client.messages.count_tokens(**counted)
        except (anthropic.APIError, httpx2.HTTPError, ValueError) as error:
            # Who knows no such address, or says so in another way than the API would, is not asked again.
            unable = anthropic.NotFoundError if self._connection.endpoint == "anthropic" else anthropic.APIStatusError
            abilities.counts = not isinstance(error, unable)
            return bound
        tokens: object = answer.input_tokens  # the SDK takes whatever an endpoint says
        if not isinstance(tokens, int) or tokens <= 0:
            return bound
        return min(bound, math.ceil(tokens * COUNT_MARGIN))
