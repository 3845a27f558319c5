"""Watches what a review's calls cost, beside what all processes' calls did: the circuit breaker's eyes.

It only tells: what stops is a cap. Each kind of warning comes once in a review.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial

from rebuttal.budget.breaker import WINDOW, is_above_plan, is_near, is_spike, mean, price_rise, rate_limit
from rebuttal.budget.model import (
    BudgetWarning,
    CapWarning,
    PlannedCall,
    PriceWarning,
    RateWarning,
    Reservation,
    SpikeWarning,
    UnknownPrice,
)
from rebuttal.budget.prices import PriceBook
from rebuttal.store.model import Caps, StoreError, Tokens
from rebuttal.store.pace import Pace, PastCall


class Watch:
    """For one review. `planned`: its calls as the estimate has them; `caps`: those that it is held under."""

    def __init__(self, pace: Pace, book: PriceBook, caps: Caps, planned: Iterable[PlannedCall] = ()) -> None:
        self._pace = pace
        self._book = book
        self._caps = caps
        self._planned = tuple(planned)
        self._usual: Mapping[tuple[str, str], Decimal] | None = None
        self._rate: Decimal | None = None
        self._told: set[str] = set()

    async def begin(self) -> tuple[BudgetWarning, ...]:
        """Before the first call: have prices risen, is the last hour unusual already?"""
        try:
            hours = await self._pace.hours()
            self._rate = rate_limit(hours.known, hours.dearest, self._caps.day)
            return (*await self._dearer(), *self._of_hour(hours.last))
        except StoreError:
            # Whoever reserves will be told.
            return ()

    async def settled(self, reservation: Reservation, cost: Decimal) -> tuple[BudgetWarning, ...]:
        """After a call: was it a spike, is the last hour unusual now? Asks the ledger only where the answer matters."""
        try:
            hour = self._of_hour(await self._pace.last_hour()) if self._watches_hour else ()
            return (*await self._spike(reservation, cost), *hour)
        except StoreError:
            return ()

    @property
    def _watches_hour(self) -> bool:
        is_rate_open = self._rate is not None and "rate" not in self._told
        return is_rate_open or (self._caps.hour is not None and "hour" not in self._told)

    async def _dearer(self) -> tuple[BudgetWarning, ...]:
        models = dict.fromkeys(call.model for call in self._planned)
        last = {model: await self._pace.last_calls(model, WINDOW) for model in models}
        # The prices take a second to load.
        return await asyncio.to_thread(partial(self._rises, last)) if any(last.values()) else ()

    def _rises(self, last: Mapping[str, tuple[PastCall, ...]]) -> tuple[BudgetWarning, ...]:
        found: list[BudgetWarning] = []
        for model, calls in last.items():
            paid = [(call.cost, now) for call in calls if (now := self._now(model, call.tokens)) is not None]
            if (times := price_rise(paid)) is not None:
                found.append(PriceWarning(model, times))
        return tuple(found)

    def _now(self, model: str, tokens: Tokens) -> Decimal | None:
        try:
            return self._book.price(model, tokens)
        except UnknownPrice:
            return None

    async def _spike(self, reservation: Reservation, cost: Decimal) -> tuple[BudgetWarning, ...]:
        key = reservation.key
        planned = self._plan().get((key.phase, key.model))
        if "spike" in self._told or not is_above_plan(cost, planned):
            return ()
        calls = await self._pace.last_calls(key.model, WINDOW, phase=key.phase, before=reservation.id)
        last = [call.cost for call in calls]
        if not is_spike(cost, last, planned):
            return ()
        self._told.add("spike")
        usual = mean(last) if len(last) == WINDOW else planned
        return (SpikeWarning(key, cost, usual or cost),)

    def _plan(self) -> Mapping[tuple[str, str], Decimal]:
        """What a call is planned to cost, by phase and model, where all of its prompt is written to the cache."""
        if self._usual is None:
            usual: dict[tuple[str, str], Decimal] = {}
            for call in self._planned:
                key = (call.phase, call.model)
                price = self._now(call.model, Tokens(cache_write=call.tokens.prompt, output=call.tokens.output))
                if price:
                    usual[key] = max(usual.get(key, price), price)
            self._usual = usual
        return self._usual

    def _of_hour(self, spent: Decimal) -> tuple[BudgetWarning, ...]:
        found: list[BudgetWarning] = []
        if self._caps.hour is not None and "hour" not in self._told and is_near(spent, self._caps.hour):
            self._told.add("hour")
            found.append(CapWarning("hour", self._caps.hour, spent))
        if self._rate is not None and "rate" not in self._told and spent > self._rate:
            self._told.add("rate")
            # What the warning of the day's cap says is not said twice.
            if self._caps.day is None or not is_near(spent, self._caps.day):
                found.append(RateWarning(spent, self._rate))
        return tuple(found)
