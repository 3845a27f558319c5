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
weight. The three numbers are nobody's measurement; they stand in `Worth`, so that learned ones can take their place.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from rebuttal.findings.severity import Severity

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

    def pays(self, spread: Spread) -> bool:
        """Whether the round is worth its price. Without dissent it never is; at no cost, always where there is any."""
        cost = self.cost if spread.relative_cost is None else spread.relative_cost
        return spread.dissent > 0 and spread.dissent * self.gain > cost * self.threshold


SEED = Worth()
"""The seed's figures, until there are learned ones."""


def dissent(standings: Iterable[Standing]) -> float:
    """1 - consensus, by weight of severity; 0 where there is nothing to argue about."""
    ones = list(standings)
    weight = sum(WEIGHTS[one.severity] for one in ones)
    return sum(WEIGHTS[one.severity] * one.spread for one in ones) / weight if weight else 0.0
