"""How well estimates were kept: what debates were expected to cost, against what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from statistics import median

from attrs import frozen

from rebuttal.store.debates import PastDebate
from rebuttal.store.model import ZERO

BAND = Decimal("0.2")
"""Within so much of what was expected an estimate counts as kept: the project's goal is 80 % of them."""
FURTHEST = 5


@frozen
class Guess:
    """A debate whose whole cost is known, and what was expected of it."""

    review: str
    repository: str
    """What it is called."""
    day: date
    panel: str
    expected: Decimal
    spent: Decimal

    @property
    def is_kept(self) -> bool:
        return abs(self.spent - self.expected) <= BAND * self.expected

    @property
    def ratio(self) -> float:
        """What it cost for each dollar that was expected."""
        return float(self.spent / self.expected)


@frozen
class Accuracy:
    """Estimates of debates that went their whole course; those that were cut short say nothing of the estimate."""

    guesses: tuple[Guess, ...] = ()
    """The newest first."""
    left_out: int = 0
    """Debates that were cut short, failed, or lost the usage of a call."""

    @property
    def kept(self) -> int:
        return sum(guess.is_kept for guess in self.guesses)

    @property
    def cheaper(self) -> int:
        """That cost less than the band has room for."""
        return sum(not guess.is_kept and guess.spent < guess.expected for guess in self.guesses)

    @property
    def dearer(self) -> int:
        return len(self.guesses) - self.kept - self.cheaper

    @property
    def share(self) -> float | None:
        return self.kept / len(self.guesses) if self.guesses else None

    @property
    def middle(self) -> float | None:
        """The middle ratio: above 1, estimates are too low."""
        return median(guess.ratio for guess in self.guesses) if self.guesses else None

    @property
    def expected(self) -> Decimal:
        return sum((guess.expected for guess in self.guesses), ZERO)

    @property
    def spent(self) -> Decimal:
        return sum((guess.spent for guess in self.guesses), ZERO)

    @property
    def furthest(self) -> tuple[Guess, ...]:
        """Those that missed the band by most."""
        missed = [guess for guess in self.guesses if not guess.is_kept]
        return tuple(sorted(missed, key=lambda guess: (-_distance(guess), guess.review))[:FURTHEST])


def accuracy_of(debates: Iterable[PastDebate], title: Callable[[str], str]) -> Accuracy:
    """Of debates as the store has them, the newest first."""
    ended = [one for one in debates if one.state != "open"]
    known = [one for one in ended if one.state == "whole" and one.is_learnable and one.plan.expected > 0]
    return Accuracy(tuple(_guess(one, title) for one in known), len(ended) - len(known))


def _guess(debate: PastDebate, title: Callable[[str], str]) -> Guess:
    plan = debate.plan
    day = debate.at.astimezone().date()
    return Guess(plan.review, title(plan.repository), day, plan.panel, plan.expected, debate.spent)


def _distance(guess: Guess) -> float:
    """Half and double are equally far off."""
    return max(guess.ratio, 1 / guess.ratio) if guess.spent else float("inf")


def spread(guesses: Sequence[Guess]) -> tuple[Decimal, Decimal]:
    """The least and the largest amount above nothing; ValueError without one."""
    amounts = [amount for guess in guesses for amount in (guess.expected, guess.spent) if amount > 0]
    return min(amounts), max(amounts)
