"""What money is counted in. Money is `Decimal` US dollars everywhere in code, integer nano-dollars in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from attrs import field, frozen

from rebuttal.store.money import dollars

ZERO = Decimal(0)

CallState = Literal["reserved", "settled", "assumed", "released"]
"""reserved: under way; settled: usage known; assumed: usage will never be known, the worst case stands;
released: the user said the assumed cost never happened, or the call was refused before it cost anything."""


PATIENCE = 10.0
"""Seconds to wait for another process that is writing; a transaction takes milliseconds."""
BRIEF = 0.04
"""Seconds to wait where the work can be done without the store: a static review must not be slow because of it."""


class StoreError(Exception):
    """The store cannot be used; the message is one sentence that says what to do."""


class UnknownCall(StoreError):
    """A call is not in the ledger: another store was put in the place of the one in which it was reserved."""


@frozen
class Tokens:
    """Tokens of one or more calls, as the API bills them. The four never overlap."""

    input: int = 0
    """Neither written to nor read from the cache."""
    cache_write: int = 0
    cache_read: int = 0
    output: int = 0
    """Thinking included."""
    cache_write_1h: int = 0
    """That part of `cache_write` which was written for an hour (it costs more)."""

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.input + other.input,
            self.cache_write + other.cache_write,
            self.cache_read + other.cache_read,
            self.output + other.output,
            self.cache_write_1h + other.cache_write_1h,
        )

    @property
    def prompt(self) -> int:
        """The whole prompt: what price steps by prompt length count."""
        return self.input + self.cache_write + self.cache_read


NO_TOKENS = Tokens()


@frozen
class CacheUse:
    """What the prompt cache did for one call, beside its tokens."""

    expected: int = 0
    """Tokens that should have been read from it: an earlier call of the same model had written the same bytes."""
    saved: Decimal = ZERO
    """Dollars, against the same tokens without a cache; less than zero where more was written than read."""
    missed: str = ""
    """Why less was read than expected (speakers/caching.py names the reasons); "" where it was not."""


NO_CACHE_USE = CacheUse()


@frozen
class CacheSum:
    """What the prompt cache did for several calls."""

    expected: int = 0
    """Tokens that should have been read from it."""
    read: int = 0
    """Those of them that were."""
    saved: Decimal = ZERO
    """Dollars, against the same tokens without a cache."""
    missed: Mapping[str, int] = field(factory=dict)
    """Calls that read less than expected, by reason."""

    @property
    def rate(self) -> float | None:
        """The share of the expected tokens that was read; None where none were expected."""
        return self.read / self.expected if self.expected else None

    @property
    def words(self) -> str:
        """For people; "" where there is nothing to tell."""
        parts = []
        if self.expected:
            # Rounded down: 100 % is all of it.
            parts.append(f"{100 * self.read // self.expected} % of the shared context read from cache")
        if self.saved > 0:
            parts.append(f"{dollars(self.saved, is_saving=True)} saved")
        elif self.saved < 0:
            parts.append(f"{dollars(-self.saved)} spent on writing it")
        return ", ".join(parts)

    def __add__(self, other: CacheSum) -> CacheSum:
        missed = Counter(self.missed) + Counter(other.missed)
        return CacheSum(
            self.expected + other.expected,
            self.read + other.read,
            self.saved + other.saved,
            dict(sorted(missed.items())),
        )


NO_CACHE_SUM = CacheSum()


@frozen
class Spent:
    """A share of the cost: by phase, seat or model."""

    spent: Decimal = ZERO
    calls: int = 0
    tokens: Tokens = NO_TOKENS

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.spent + other.spent, self.calls + other.calls, self.tokens + other.tokens)


@frozen
class Cost:
    """What one review cost. `assumed` is part of nothing else: the worst case of calls whose usage is unknown."""

    spent: Decimal = ZERO
    assumed: Decimal = ZERO
    tokens: Tokens = NO_TOKENS
    calls: int = 0
    by_phase: Mapping[str, Spent] = field(factory=dict)
    by_seat: Mapping[str, Spent] = field(factory=dict)
    by_model: Mapping[str, Spent] = field(factory=dict)
    cache: CacheSum = NO_CACHE_SUM


@frozen
class CallKey:
    """What a call is for; kept with its price."""

    review: str
    repository: str
    """A hash of the repository's root, not the path."""
    phase: str
    seat: str
    model: str


@frozen
class Caps:
    """Hard caps in dollars; None: no cap of that kind. Settled + reserved + assumed never passes one."""

    call: Decimal | None = None
    review: Decimal | None = None
    day: Decimal | None = None
    month: Decimal | None = None
    repository: Decimal | None = None
    """Of the call's repository, in a month."""
    hour: Decimal | None = None
    """Of the sixty minutes before a call."""
    places: Mapping[str, str] = field(factory=dict, eq=False, repr=False)
    """By the name of a cap, where it is set, for people; what is not in it, in the user's config.toml."""

    def place(self, cap: str) -> str:
        """Where a cap is set: "max_cost in your config.toml"."""
        return self.places.get(cap) or in_config(cap)


CAP_SETTINGS: Mapping[str, str] = {
    "call": "max_cost_per_call",
    "review": "max_cost",
    "hour": "max_cost_per_hour",
    "day": "max_cost_per_day",
    "month": "max_cost_per_month",
    "repository": "max_cost_per_repository",
}
"""By the name of a cap, as `Caps` has it, the setting that sets it; from what binds one call to what lasts longest."""


def in_config(cap: str) -> str:
    """What sets a cap where nobody but the user did: "max_cost in your config.toml"."""
    return f"{CAP_SETTINGS[cap]} in your config.toml"


def per(cap: str) -> str:
    """What a cap is of, for people: "per day"."""
    return "per month for this repository" if cap == "repository" else f"per {cap}"


class CapReached(Exception):
    """A reservation would pass a cap. `cap` names which: call, review, hour, day, month, repository. In dollars.

    `already`: spent, set aside and assumed; of it `under_way` is set aside by calls of any process that may still give
    a part of it back. `place`: where the cap is set, for people; None: in the user's config.toml.
    """

    def __init__(
        self,
        cap: str,
        limit: Decimal,
        already: Decimal,
        wanted: Decimal,
        under_way: Decimal = ZERO,
        place: str | None = None,
    ) -> None:
        self.cap, self.limit, self.already, self.wanted, self.under_way = cap, limit, already, wanted, under_way
        self.place = place or (in_config(cap) if cap in CAP_SETTINGS else None)
        option = " (or --max-cost)" if cap == "review" and self.place == in_config(cap) else ""
        advice = f"raise {self.place}{option}" if self.place else "review a smaller change"
        so_far = "" if cap == "call" else f"{dollars(already)} is spent or set aside and "
        super().__init__(
            f"the cap of {dollars(limit)} {self.per} would be passed: {so_far}this call may cost up to "
            f"{dollars(wanted)}, so nothing was sent; {advice} to go on"
        )

    @property
    def per(self) -> str:
        """What the cap is of, for people: "per day"."""
        return per(self.cap)


@frozen
class UnderWay:
    """What is only set aside of what counts against each cap: calls give most of it back when they end."""

    day: Decimal = ZERO
    month: Decimal = ZERO
    repository: Decimal = ZERO
    hour: Decimal = ZERO


@frozen
class Totals:
    """What counts against the caps of today and of this month: spent, set aside and assumed."""

    day: Decimal = ZERO
    month: Decimal = ZERO
    repository: Decimal = ZERO
    """Of one repository, this month; zero where none was asked for."""
    hour: Decimal = ZERO
    """Of the last sixty minutes."""
    under_way: UnderWay = field(factory=UnderWay, eq=False)


@frozen
class Granted:
    """A reservation that was written: `id` names it when it is settled."""

    id: int
    at_most: Decimal


@frozen
class Settlement:
    """What a call cost after all. The sums are settled and assumed costs, this one included."""

    cost: Decimal
    over: bool
    """The call cost more than was set aside for it: recorded as it is, and the caps may have been passed."""
    review: Decimal
    day: Decimal
    month: Decimal
    repository: Decimal = ZERO
    """Of the call's repository, in its month."""


@frozen
class Recovered:
    """Reservations of processes that ended without settling: their worst case stands until the user releases it."""

    calls: int = 0
    assumed: Decimal = ZERO


LedgerKey = Literal["day", "month", "review", "repository", "phase", "seat", "model", "user"]
"""What the ledger's report can be grouped by."""


@frozen
class LedgerRow:
    """One line of the ledger's report. The three amounts never overlap."""

    name: str
    spent: Decimal
    assumed: Decimal
    reserved: Decimal
    """Under way."""
    calls: int
    """Settled and assumed."""
    over: int
    """How many cost more than was set aside for them."""
    tokens: Tokens
    cache: CacheSum = NO_CACHE_SUM


@frozen
class ReviewCost:
    """What one review cost, for a list of the most expensive ones. The three amounts never overlap."""

    review: str
    repository: str
    day: str
    """On which it began."""
    spent: Decimal
    assumed: Decimal
    reserved: Decimal
    """Under way."""
    calls: int
    """Settled and assumed."""

    @property
    def total(self) -> Decimal:
        """What counts against the caps."""
        return self.spent + self.assumed + self.reserved


@frozen
class LedgerEntry:
    """One call."""

    id: int
    key: CallKey
    state: CallState
    at_most: Decimal
    cost: Decimal
    """What counts against the caps now: the worst case, the price, or zero once released."""
    tokens: Tokens
    started_at: str
    """UTC, ISO 8601."""
    settled_at: str | None
    day: str
    cache: CacheUse = NO_CACHE_USE
    who: str = ""
    """Whose it is, where several users share the store."""
