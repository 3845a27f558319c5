"""The money of a sweep: set aside before a batch is made, settled when its results are in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from rebuttal.budget.model import Reservation, UnknownPrice
from rebuttal.speakers.batches.model import Asked, Row
from rebuttal.speakers.batches.service import heard
from rebuttal.store.model import ZERO, CallKey, CapReached, Caps, Tokens
from rebuttal.store.money import dollars

SWEEP = "sweep"
"""The name of the cap of a whole sweep."""


class Purse(Protocol):
    """Who sets money aside at once or not at all: `rebuttal.budget.purse.Purse`."""

    async def reserve_now(self, key: CallKey, at_most: Decimal, caps: Caps | None = None) -> Reservation: ...

    async def settle(self, reservation: Reservation, tokens: Tokens, model: str) -> Decimal: ...

    async def assume(self, reservation: Reservation) -> Decimal: ...

    async def release(self, reservation: Reservation) -> None: ...


class BatchTill:
    """Sets aside under the caps of review, day and month, and of the whole sweep where there is one."""

    def __init__(self, purse: Purse, cap: Decimal | None) -> None:
        self.cap = cap
        self._purse = purse
        self._out: dict[int, Reservation] = {}
        """What is set aside for turns under way."""

    def under_way(self, reservation: Reservation) -> None:
        """Set aside by an earlier process."""
        self._out[reservation.id] = reservation

    async def set_aside(self, asked: Asked, held: Decimal) -> None:
        """`held`: what counts for the sweep so far. Raises CapReached, StoreError."""
        assert asked.call is not None
        call = asked.call
        if self.cap is not None and held + call.at_most > self.cap:
            raise CapReached(SWEEP, self.cap, held, call.at_most)
        asked.reservation = await self._purse.reserve_now(call.key, call.at_most, asked.caps)
        self._out[asked.reservation.id] = asked.reservation

    def may_fit(self, refused: CapReached, asked: Asked) -> bool:
        """Whether it would fit if all that is under way cost nothing."""
        assert asked.call is not None
        review = asked.call.key.review
        amounts = (one.at_most for one in self._out.values() if refused.cap != "review" or one.key.review == review)
        under_way = sum(amounts, ZERO)
        return refused.cap != "call" and under_way > 0 and refused.already - under_way + refused.wanted <= refused.limit

    async def settle(self, row: Row, message: Mapping[str, Any]) -> None:
        """Account an answer; one that is in the ledger already stays as it is."""
        if row.settled:
            return
        hearing = heard(message)
        try:
            if hearing.tokens is None:
                raise UnknownPrice("the service did not say what it counted")
            model = hearing.model or row.reservation.key.model
            row.cost = await self._purse.settle(row.reservation, hearing.tokens, model)
            row.settled = True
        except ValueError:
            row.settled = True  # by a process that ended before it could write down that it was
        except UnknownPrice:
            await self.assume(row)
        self._out.pop(row.reservation.id, None)

    async def assume(self, row: Row) -> None:
        """What it cost will never be known."""
        self._out.pop(row.reservation.id, None)
        row.cost = await self._purse.assume(row.reservation)

    async def release(self, reservation: Reservation) -> None:
        """It cost nothing."""
        self._out.pop(reservation.id, None)
        await self._purse.release(reservation)


def cap_words(refused: CapReached) -> str:
    """Which cap it is, for people."""
    per = "for this sweep" if refused.cap == SWEEP else f"per {refused.cap}"
    return f"the cap of {dollars(refused.limit)} {per}"


def refusal(refused: CapReached) -> str:
    """Why a turn was not sent, and what to do."""
    todo = {SWEEP: "--max-cost", "review": refused.place}.get(refused.cap)
    if todo is None:
        return str(refused)
    return (
        f"{cap_words(refused)} would be passed: {dollars(refused.already)} is spent or set aside and this call may "
        f"cost up to {dollars(refused.wanted)}, so it was not sent; raise {todo} to go on"
    )
