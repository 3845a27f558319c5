"""The one way to spend: reserve the worst case, make the call, settle what it really cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from attrs import evolve

from rebuttal.budget.breaker import is_near
from rebuttal.budget.model import BudgetWarning, CapWarning, OverrunWarning, Reservation, UnknownPrice, WaitWarning
from rebuttal.budget.owed import Owed
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.watch import Watch
from rebuttal.settings import Settings
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import (
    CAP_SETTINGS,
    NO_CACHE_USE,
    CacheUse,
    CallKey,
    CapReached,
    Caps,
    Settlement,
    StoreError,
    Tokens,
)

PATIENCE = 20.0
"""Seconds that a call waits for other reviews' calls to give back a part of what they set aside: most take less."""
PAUSE = 0.5
"""Seconds between two looks: nobody tells what other processes give back."""
_OF_ONE_REVIEW = frozenset({"call", "review"})
"""Caps that no other review uses up."""


def caps_of(settings: Settings) -> Caps:
    """The hard caps that settings name, and where each is set."""
    amounts = {cap: getattr(settings, setting) for cap, setting in CAP_SETTINGS.items()}
    return Caps(**amounts, places={cap: settings.place(setting) for cap, setting in CAP_SETTINGS.items()})


def _others_may_give_back(refused: CapReached) -> bool:
    """Whether the call would fit if all calls under way, of whomever, cost nothing."""
    spent = refused.already - refused.under_way
    return refused.cap not in _OF_ONE_REVIEW and spent + refused.wanted <= refused.limit


class Purse:
    """Spends under caps, out of a ledger that all processes share. Used on an event loop.

    What is handed to the ledger is done even when the waiting task is cancelled: a cancelled `settle` or `assume` is
    recorded all the same, and a cancelled `reserve` leaves nothing set aside.
    """

    def __init__(
        self,
        ledger: Ledger,
        caps: Caps,
        book: PriceBook,
        on_warning: Callable[[BudgetWarning], None] = lambda warning: None,
        patience: float = PATIENCE,
        watch: Watch | None = None,
        owed: Owed | None = None,
    ) -> None:
        """`patience`: seconds to wait for what calls of other reviews and processes give back; `watch`: who tells
        what is unusual, begun already; `owed`: of all purses of this process that share the ledger."""
        self.book = book
        self.caps = caps
        self._ledger = ledger
        self._on_warning = on_warning
        self._patience = patience
        self._until: float | None = None
        """The loop's time up to which calls wait for what others give back; None: none does."""
        self._watch = watch
        self._warned: set[str] = set()
        self._outstanding: dict[int, Reservation] = {}
        self._owed = owed if owed is not None else Owed()
        self._freed = asyncio.Event()

    async def reserve(self, key: CallKey, at_most: Decimal) -> Reservation:
        """Set aside what a call may cost; only then may it be made.

        Calls set aside much more than they cost in the end. So where a cap would be passed while other calls of this
        purse are under way, this one waits for what they give back: a cap thins out calls that could run side by
        side, and stops them only when it is really used up. So whoever holds a reservation must settle, assume or
        release it before it reserves again, and when it is cancelled. For what calls of other reviews and processes
        give back it waits too, but only for a while: all its calls together for `patience`.

        Raises CapReached and StoreError; nothing may be sent then.
        """
        waited = looked = False
        while True:
            freed = self._freed
            try:
                reservation = await self._reserve(key, at_most)
            except CapReached as refused:
                # Set already: a call ended between the ledger's answer and now, so the answer is out of date.
                if freed.is_set() or self._may_fit(refused, key):
                    await freed.wait()
                elif not _others_may_give_back(refused):
                    raise
                elif not looked:
                    # What belongs to processes that have ended will never be given back.
                    looked = True
                    await self._ledger.recover()
                elif await self._wait_for_others(refused, freed):
                    waited = True
                else:
                    raise
            else:
                if waited:
                    self._until = None
                return reservation

    async def _wait_for_others(self, refused: CapReached, freed: asyncio.Event) -> bool:
        """Wait a little; False where all calls together have waited long enough, in vain."""
        now = asyncio.get_running_loop().time()
        if self._until is None:
            self._until = now + self._patience
            self._on_warning(WaitWarning(refused.cap, refused.limit, refused.under_way, self._patience))
        if now >= self._until:
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(freed.wait(), min(self._until - now, PAUSE))
        return True

    async def reserve_now(self, key: CallKey, at_most: Decimal, caps: Caps | None = None) -> Reservation:
        """`reserve` without waiting for what other calls give back; under `caps` where a review has its own.

        Raises CapReached and StoreError.
        """
        return await self._reserve(key, at_most, caps)

    def _may_fit(self, refused: CapReached, key: CallKey) -> bool:
        """Whether the call would fit if all calls of this purse that count against the cap cost nothing."""

        def counts(other: CallKey) -> bool:
            match refused.cap:
                case "call":
                    return False
                case "review":
                    return other.review == key.review
                case "repository":
                    return other.repository == key.repository
            return True

        under_way = sum(one.at_most for one in self._outstanding.values() if counts(one.key))
        return refused.already - under_way + refused.wanted <= refused.limit

    async def _reserve(self, key: CallKey, at_most: Decimal, caps: Caps | None = None) -> Reservation:
        await self._owed.record(self._ledger)
        granting = self._ledger.reserve(key, at_most, caps or self.caps)
        try:
            granted = await granting
        except asyncio.CancelledError:
            self._ledger.give_back(granting)
            raise
        reservation = Reservation(granted.id, key, granted.at_most)
        self._outstanding[granted.id] = reservation
        return reservation

    async def _settled(self, reservation: Reservation, tokens: Tokens, cost: Decimal, cache: CacheUse) -> Settlement:
        try:
            return await self._ledger.settle(reservation.id, tokens, cost, cache)
        except StoreError:
            self._owed.add(reservation.id, lambda ledger: ledger.settle(reservation.id, tokens, cost, cache))
            raise

    def _over(self, reservation: Reservation) -> None:
        """A call is through: whoever waits for money tries again."""
        self._outstanding.pop(reservation.id, None)
        freed, self._freed = self._freed, asyncio.Event()
        freed.set()

    async def settle(
        self, reservation: Reservation, tokens: Tokens, model: str, cache: CacheUse = NO_CACHE_USE
    ) -> Decimal:
        """Record what the call used, at the price of the model that answered; returns its cost in dollars.

        `cache`: what the caller knows of the prompt cache; what it saved is reckoned here.

        Raises StoreError: the worst case stays set aside then, and nothing more is spent before the cost is recorded.
        Where the answering model has no price (a fallback), its worst case stands: the call is assumed, UnknownPrice is
        raised.
        """
        try:
            cost = self.book.price(model, tokens)
            cache = evolve(cache, saved=self.book.saved(model, tokens))
            settlement = await self._settled(reservation, tokens, cost, cache)
        except UnknownPrice:
            await self.assume(reservation)
            raise
        finally:
            # Whatever went wrong: whoever waits for this money must not wait for ever.
            self._over(reservation)
        self._warn(reservation, settlement)
        if self._watch is not None:
            for warning in await self._watch.settled(reservation, settlement.cost):
                self._on_warning(warning)
        return settlement.cost

    async def assume(self, reservation: Reservation) -> Decimal:
        """The call was made and its usage will never be known: its worst case stands. Returns that."""
        try:
            return await self._ledger.assume(reservation.id)
        except StoreError:
            self._owed.add(reservation.id, lambda ledger: ledger.assume(reservation.id))
            raise
        finally:
            self._over(reservation)

    async def release(self, reservation: Reservation) -> None:
        """The call was refused before it cost anything, or was never made."""
        try:
            await self._ledger.release(reservation.id)
        except StoreError:
            self._owed.add(reservation.id, lambda ledger: ledger.release(reservation.id))
            raise
        finally:
            self._over(reservation)

    def _warn(self, reservation: Reservation, settlement: Settlement) -> None:
        if settlement.over:
            self._on_warning(OverrunWarning(reservation.key, reservation.at_most, settlement.cost))
        for cap in ("review", "day", "month", "repository"):
            limit: Decimal | None = getattr(self.caps, cap)
            spent: Decimal = getattr(settlement, cap)
            # Once for a review, a day, a month: a new one starts below the mark, which arms the warning again.
            mark = f"{cap} {reservation.key.review}" if cap == "review" else cap
            if limit is None or not is_near(spent, limit):
                self._warned.discard(mark)
            elif mark not in self._warned:
                self._warned.add(mark)
                self._on_warning(CapWarning(cap, limit, spent))
