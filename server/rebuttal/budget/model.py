"""The frozen data of money before it is spent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from rebuttal.store.currency import DOLLARS, Money
from rebuttal.store.model import CallKey, Tokens
from rebuttal.store.money import exact
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.budget.tokenizers import Tokenizer


class UnknownPrice(Exception):
    """No price is known for the model, so nothing is spent on it; the message says how to give one."""


@frozen
class PlannedCall:
    """A call that a panel is expected to make."""

    phase: str
    seat: str
    model: str
    tokens: Tokens
    """Of one of them, as expected; `output` with thinking."""
    count: float = 1.0
    """How many such calls are expected: need not be whole."""


@frozen
class Likely:
    """Between what four of five debates like this one ended, in dollars."""

    low: Decimal
    high: Decimal

    def told(self, money: Money) -> str:
        """For people."""
        return f"four of five such debates ended between {money(self.low)} and {money(self.high)}"


@frozen
class Estimate:
    """Before anything is sent. `at_most` is the review's cap, which is enforced: not a forecast."""

    expected: Decimal
    at_most: Decimal
    by_phase: Mapping[str, Decimal] = field(factory=dict)
    by_seat: Mapping[str, Decimal] = field(factory=dict)
    by_model: Mapping[str, Decimal] = field(factory=dict)
    calls: tuple[PlannedCall, ...] = ()
    tokenizers: Mapping[str, Tokenizer] = field(factory=dict)
    """By model: how the expectation counts tokens."""
    assumed: tuple[PlannedCall, ...] = ()
    """The same calls by the documented assumptions alone, before past debates corrected them."""
    learned_from: int = 0
    """Past debates that corrected them; 0: nothing but assumptions."""
    likely: Likely | None = None
    """None: too few debates have been held."""
    before: Decimal = Decimal(0)
    """What the same debate took of its cap before it was cut short, with what is assumed: no part of what is expected
    now, nor of at most."""
    shortened: tuple[str, ...] = ()
    """What of the review is left out to fit the cap, in a few words each."""
    money: Money = DOLLARS
    """How amounts are written for people."""

    @property
    def fits(self) -> bool:
        """Whether the expected cost stays under the cap; else the review will be cut short."""
        return self.expected <= self.at_most

    @property
    def words(self) -> str:
        """For people, before anything is sent."""
        words = in_words(self.expected, self.at_most, self.money)
        if self.before:
            words += f" for the rest of a debate that has used {self.money(self.before)}"
        if not self.shortened or not (self.fits or self.at_most):
            return words
        return f"{words} ({'to fit' if self.fits else 'even'} with {', '.join(self.shortened)})"

    @property
    def basis(self) -> str:
        """For people: what the expectation rests on."""
        if not self.learned_from:
            return "assumed: no debate yet"
        return f"from {counted(self.learned_from, 'debate')} of yours"

    @property
    def grounds(self) -> str:
        """For people, in one line: what the expectation rests on, and how sure it is where that is known."""
        return f"{self.basis}; {self.likely.told(self.money)}" if self.likely is not None else self.basis

    def to_json(self) -> dict[str, Any]:
        """What every door tells of it: amounts as decimal strings, `likely` where it is known."""
        told: dict[str, Any] = {
            "expected": exact(self.expected),
            "at_most": exact(self.at_most),
            "learned_from": self.learned_from,
        }
        if self.likely is not None:
            told["likely"] = {"from": exact(self.likely.low), "to": exact(self.likely.high)}
        if self.before:
            told["before"] = exact(self.before)
        if self.shortened:
            told["shortened"] = list(self.shortened)
        return told

    def shares_to_json(self) -> dict[str, Any]:
        """What is expected by phase, seat and model, as decimal strings."""
        shares = {"by_phase": self.by_phase, "by_seat": self.by_seat, "by_model": self.by_model}
        return {name: {one: exact(amount) for one, amount in share.items()} for name, share in shares.items()}


def in_words(expected: Decimal, at_most: Decimal, money: Money = DOLLARS) -> str:
    """What something will cost; whether a cap will cut it short."""
    if expected <= at_most:
        return f"expected {money(expected)}, at most {money.deciding(at_most)}"
    if not at_most:
        return f"expected {money(expected)}, but your caps leave nothing, so nothing will be sent"
    return f"expected {money(expected)}, so it will be cut short by the cap at {money.deciding(at_most)}"


@frozen
class Reservation:
    """Money set aside for one call that is about to be made; it must be settled, assumed or released."""

    id: int
    key: CallKey
    at_most: Decimal


@frozen
class CapWarning:
    """A cap is nearly used up by what is settled and assumed. `cap`: as `Caps` names it."""

    cap: str
    limit: Decimal
    spent: Decimal


@frozen
class OverrunWarning:
    """A call cost more than its worst case: recorded as it is. The price or the bound is wrong."""

    key: CallKey
    at_most: Decimal
    cost: Decimal


@frozen
class SpikeWarning:
    """A call cost far more than such calls do. `usual`: what is usual, in dollars."""

    key: CallKey
    cost: Decimal
    usual: Decimal


@frozen
class PriceWarning:
    """A model has become dearer since it was last called: so many times."""

    model: str
    times: Decimal


@frozen
class RateWarning:
    """The last sixty minutes, over all processes, cost unusually much. `usual`: what would still have been usual."""

    spent: Decimal
    usual: Decimal


@frozen
class WaitWarning:
    """A call waits for what calls of other reviews will give back of a cap: dollars, and seconds at most."""

    cap: str
    limit: Decimal
    under_way: Decimal
    seconds: float


BudgetWarning = CapWarning | OverrunWarning | SpikeWarning | PriceWarning | RateWarning | WaitWarning
