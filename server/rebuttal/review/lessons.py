"""What past debates teach of how money is shared among phases, and of when a further round is worth its price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from attrs import evolve, field, frozen

from rebuttal.budget.allocation import Shares, learned_shares
from rebuttal.debate.model import Means
from rebuttal.debate.worth import SEED, Worth, learned_worth
from rebuttal.store.debates import PastDebate
from rebuttal.store.model import ZERO


@frozen
class Lessons:
    """Of debates by one protocol. Without any: the seed's figures."""

    shares: Shares = field(factory=dict)
    """Of the budget, by phase; empty: the seed's."""
    worth: Worth = SEED

    def applied(self, means: Means) -> Means:
        """The means with what was learned; a recording keeps them."""
        return evolve(means, shares=dict(self.shares.items()), worth=self.worth)


def lessons_of(history: Iterable[PastDebate], protocol: str) -> Lessons:
    """What debates by that protocol have shown. Shares are learned of those that were held to their end with money
    left: how it was shared where it was short is no measure of how it should be, nor how it was in batches."""
    ones = [one for one in history if one.plan.protocol == protocol and one.is_learnable and not one.in_batches]
    whole = [_by_phase(one) for one in ones if one.state == "whole" and _was_whole(one)]
    rounds = [each for one in ones for each in one.rounds]
    return Lessons(learned_shares(whole) if whole else {}, learned_worth(rounds))


def _was_whole(one: PastDebate) -> bool:
    """Whether money was no matter: a tenth of the cap or more was left."""
    return one.plan.at_most is None or one.spent <= one.plan.at_most * Decimal("0.9")


def _by_phase(one: PastDebate) -> Mapping[str, Decimal]:
    costs: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for share in one.actual:
        costs[share.phase] += share.spent
    return costs
