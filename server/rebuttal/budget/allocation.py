"""How much of a review's cap each phase may use. Pure; money is Decimal dollars.

The shares are the seed's (section 5.2): initialization 10 %, core debate 60 %, refinement 20 %, summary 10 %. Our
phases:

| the seed's | share | ours | share |
|---|---|---|---|
| initialization | 10 % | triage (who need not be asked) | 10 % |
| core debate | 60 % | opening | 30 % |
| | | cross-examination | 30 % |
| refinement | 20 % | rebuttal | 20 % |
| summary | 10 % | consensus (the Moderator; the summary itself is made by code) | 10 % |

Opening and cross-examination share the core in halves: a claim that nobody checks becomes no finding, so the openings
must leave as much as they take. Triage costs next to nothing, so in effect the openings have 40 %.

- *Passed on*: what a phase leaves of its allotment is added to that of the next ones. Nothing is lost: the last phase
  may use all that is left.
- *Used before*: what the phases that follow are not expected to need may be used before them. So where the whole review
  is expected to fit, no phase is too dear (as long as nothing has to be conservative), whatever the shares say; they
  decide who must give way where it does not.
- *Conservative*: once less than 30 % of the budget is left, a phase that others follow may use half of what is left
  (the seed's rule), so that something remains to settle what was claimed.
- *Learned*: from debates that were held to their end, by what each phase of them cost. The shares above count as
  `PRIOR` debates, so they move only once there is history, and slowly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Literal, get_args

from attrs import field, frozen

from rebuttal.store.model import ZERO

Spender = Literal["triage", "opening", "cross_examination", "rebuttal", "consensus"]
"""A phase that costs money."""
SPENDERS: tuple[Spender, ...] = get_args(Spender)
"""In their order; opening and cross-examination run side by side."""

SEED_SHARES: Mapping[str, Decimal] = {
    "initialization": Decimal("0.1"),
    "core_debate": Decimal("0.6"),
    "refinement": Decimal("0.2"),
    "summary": Decimal("0.1"),
}
"""The seed's, by its own names (section 5.2)."""
SEED_NAMES: Mapping[Spender, str] = {
    "triage": "initialization",
    "opening": "core_debate",
    "cross_examination": "core_debate",
    "rebuttal": "refinement",
    "consensus": "summary",
}
CONSERVATIVE = Decimal("0.3")
"""Share of the budget below which little is risked at once (the seed's figure)."""
AT_ONCE = Decimal("0.5")
"""Of what is left then, what one phase may use (the seed's figure)."""
PRIOR = 10
"""How many debates the seed's shares weigh as much as. Hand-set: after so many of the user's own, both count alike."""
_GRAIN = Decimal("0.000000001")
"""Allotments are whole nano-dollars, as the ledger's amounts are."""
_SHARE = Decimal("0.0001")

Shares = Mapping[Spender, Decimal]
"""Of the budget, by phase: none below zero, together one."""


def _default_shares() -> dict[Spender, Decimal]:
    sharers = list(SEED_NAMES.values())
    return {phase: SEED_SHARES[name] / sharers.count(name) for phase, name in SEED_NAMES.items()}


DEFAULT_SHARES: Shares = _default_shares()


def learned_shares(debates: Iterable[Mapping[str, Decimal]], prior: Shares = DEFAULT_SHARES) -> Shares:
    """The shares after some finished debates, each told by what its phases cost, in dollars.

    Each debate counts once, whatever it cost in all. Phases that are none of ours are left out; a debate that cost
    nothing teaches nothing.
    """
    sums = {phase: prior[phase] * PRIOR for phase in SPENDERS}
    count = PRIOR
    for costs in debates:
        of_ours = {phase: max(costs.get(phase, ZERO), ZERO) for phase in SPENDERS}
        if not (whole := sum(of_ours.values(), ZERO)):
            continue
        count += 1
        for phase in SPENDERS:
            sums[phase] += of_ours[phase] / whole
    if count == PRIOR:
        return prior
    shares = {phase: (sums[phase] / count).quantize(_SHARE, ROUND_DOWN) for phase in SPENDERS}
    # What rounding leaves goes to the last phase, so that the shares are together one.
    shares[SPENDERS[-1]] += 1 - sum(shares.values(), ZERO)
    return shares


@frozen
class Allocation:
    """What each phase of one review may use."""

    budget: Decimal
    """Dollars that the review may cost. What shares are shares of."""
    shares: Shares = field(factory=lambda: DEFAULT_SHARES)
    full: Decimal | None = None
    """What a review may cost where day and month have enough left: 30 % is of this. None: the same as `budget`."""

    @property
    def allotments(self) -> Mapping[Spender, Decimal]:
        """By phase, before anything is passed on; together exactly the budget, none below zero."""
        budget = max(self.budget, ZERO)
        found = {phase: (budget * self.shares.get(phase, ZERO)).quantize(_GRAIN, ROUND_DOWN) for phase in SPENDERS}
        found[SPENDERS[-1]] += max(budget - sum(found.values(), ZERO), ZERO)
        return found

    def left(self, spent: Decimal) -> Decimal:
        """Dollars that nobody has used."""
        return max(self.budget - spent, ZERO)

    def is_conservative(self, spent: Decimal) -> bool:
        """Whether so little is left that a phase may use half of it."""
        full = self.budget if self.full is None else max(self.full, self.budget)
        return self.left(spent) < full * CONSERVATIVE

    def available(self, phase: Spender, spent: Decimal, needs: Mapping[Spender, Decimal] | None = None) -> Decimal:
        """Dollars that a phase may use, when `spent` has been spent so far: its own allotment, with what was passed on
        to it and what the phases after it are not expected to need.

        `needs`: what those are expected to cost; None: not known, so their whole allotments are kept for them. A phase
        that is not named in it is not expected to be held.
        """
        left, kept = self.left(spent), ZERO
        later = SPENDERS[SPENDERS.index(phase) + 1 :]
        allotments = self.allotments
        for one in later:
            kept += allotments[one] if needs is None else min(allotments[one], max(needs.get(one, ZERO), ZERO))
        found = max(left - kept, ZERO)
        return min(found, left * AT_ONCE) if kept and self.is_conservative(spent) else found
