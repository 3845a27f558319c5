"""Is a further round worth what it costs? Expected gain against expected cost, both without units.

The rule is the seed's (section 5.2): go on while gain / cost is above a half, with gain = (1 - consensus) × 0.3 and
cost = what was spent so far × 0.2. Taken as it stands it divides a share by dollars, so that the same debate would
stop sooner in a dearer currency. Here both are shares:

- *gain*: 1 - consensus is the dissent, the share of what the panel argues about that is still disputed, by weight
  of severity. 0.3 is the share of the dissent that a round is expected to settle.
- *cost*: what the round is expected to cost, as a share of what the debate has cost so far. It is measured: the
  calls that the round would make, at what such calls have cost in this debate. Where nothing has cost anything yet,
  it is the seed's 0.2.

So a round is held as long as settling by argument costs less than 0.6 of what it has cost to get so far, weight for
weight. The three numbers are nobody's measurement. The first two are learned: of each further round that was held it
is recorded what share of the dissent it settled, and what it cost as a share of the debate before it. The seed's
figures count as `PRIOR` rounds beside them, so they move slowly, and only once there is history. The threshold stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from attrs import evolve, frozen

from rebuttal.findings.severity import Severity
from rebuttal.text.words import counted

WEIGHTS: dict[Severity, int] = {"critical": 8, "high": 4, "medium": 2, "low": 1}
"""What a claim weighs in the dissent. Hand-set: each step doubles it."""


@frozen
class Standing:
    """How the voices on one claim stand. Those who raised it count as one voice for it, however many they are."""

    severity: Severity
    confirmed: int
    refuted: int
    unsure: int
    is_open: bool

    @property
    def spread(self) -> float:
        """0: nobody disputes it, or it is settled. 1: as many for it as against it."""
        voices = self.confirmed + self.refuted + self.unsure
        if not self.is_open or voices == 0:
            return 0.0
        return 1 - abs(self.confirmed - self.refuted) / voices


@frozen
class Spread:
    """How the panel stands before a further round, and what the round would cost."""

    dissent: float
    """1 - consensus: from 0, all is settled, to 1, all is disputed one to one."""
    relative_cost: float | None = None
    """Expected cost of the round as a share of the debate's cost so far; None: not known."""


@frozen
class Worth:
    """When a further round is worth its price. All three are shares, without a unit."""

    gain: float = 0.3
    """Of the dissent, what a round is expected to settle."""
    cost: float = 0.2
    """What a round costs, as a share of the debate so far, where it is not known."""
    threshold: float = 0.5
    """Gain for cost above which a round is held."""
    rounds: int = 0
    """That the first two were learned from."""

    def gain_of(self, spread: Spread) -> float:
        """Of what the panel argues about, the share that the round is expected to settle."""
        return spread.dissent * self.gain

    def cost_of(self, spread: Spread) -> float:
        """Of the round, as a share of the debate so far."""
        return self.cost if spread.relative_cost is None else spread.relative_cost

    def pays(self, spread: Spread) -> bool:
        """Whether the round is worth its price. Without dissent it never is; at no cost, always where there is any."""
        return spread.dissent > 0 and self.gain_of(spread) > self.cost_of(spread) * self.threshold


SEED = Worth()
"""The seed's figures, until there are learned ones."""
PRIOR = 20
"""How many rounds the seed's figures weigh as much as. Hand-set."""


@frozen
class Weighed:
    """Whether a further round was worth its price, and by what that was decided."""

    round: int
    spread: Spread
    worth: Worth
    held: bool

    @property
    def words(self) -> str:
        """The decision with its inputs, in one sentence."""
        worth, gain, cost = self.worth, self.worth.gain_of(self.spread), self.worth.cost_of(self.spread)
        learned = f"learned from {counted(worth.rounds, 'round')}" if worth.rounds else "the seed's figure"
        return (
            f"Round {self.round} was {'held' if self.held else 'not held'}: {self.spread.dissent:.0%} of what was"
            f" argued about was disputed, of which a round settles {worth.gain:.0%} ({learned}), so the expected gain"
            f" was {gain:.3f}; the expected cost was {cost:.3f} of the debate so far, and a round is held where the"
            f" gain is above {worth.threshold:g} of that ({cost * worth.threshold:.3f})."
        )


class Lesson(Protocol):
    """What is known of a further round that was held: dissent before and after, and dollars before it and of it."""

    @property
    def before(self) -> float: ...
    @property
    def after(self) -> float: ...
    @property
    def so_far(self) -> Decimal: ...
    @property
    def cost(self) -> Decimal: ...


def learned_worth(rounds: Iterable[Lesson], prior: Worth = SEED) -> Worth:
    """The rule with what rounds have shown: the mean share of the dissent that they settled, and their mean cost as a
    share of the debate before them, drawn towards `prior`. A round that opened more than it settled counts as none."""
    gains, costs = list[float](), list[float]()
    for one in rounds:
        if one.before > 0 and one.so_far > 0:
            gains.append(min(max((one.before - one.after) / one.before, 0.0), 1.0))
            costs.append(min(float(one.cost / one.so_far), 1.0))
    if not gains:
        return prior
    weight = PRIOR + len(gains)
    gain, cost = ((of * PRIOR + sum(ones)) / weight for of, ones in ((prior.gain, gains), (prior.cost, costs)))
    return evolve(prior, gain=round(gain, 4), cost=round(cost, 4), rounds=len(gains))


def dissent(standings: Iterable[Standing]) -> float:
    """1 - consensus, by weight of severity; 0 where there is nothing to argue about."""
    ones = list(standings)
    weight = sum(WEIGHTS[one.severity] for one in ones)
    return sum(WEIGHTS[one.severity] * one.spread for one in ones) / weight if weight else 0.0
