"""What money is counted in. Money is `Decimal` US dollars everywhere in code, integer nano-dollars in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from attrs import field, frozen

ZERO = Decimal(0)

CallState = Literal["reserved", "settled", "assumed", "released"]
"""reserved: under way; settled: usage known; assumed: usage will never be known, the worst case stands;
released: the user said the assumed cost never happened, or the call was refused before it cost anything."""


class StoreError(Exception):
    """The store cannot be used; the message is one sentence that says what to do."""


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


class CapReached(Exception):
    """A reservation would pass a cap. `cap` names which: call, review, day, month."""

    def __init__(self, cap: str, limit: Decimal, already: Decimal, wanted: Decimal) -> None:
        self.cap, self.limit, self.already, self.wanted = cap, limit, already, wanted
        super().__init__(
            f"the {cap} cap of ${limit} would be passed: ${already} is spent or set aside, "
            f"this call may cost up to ${wanted}"
        )


@frozen
class Totals:
    """What the caps leave: spent includes what is set aside and assumed."""

    day: Decimal = ZERO
    month: Decimal = ZERO
