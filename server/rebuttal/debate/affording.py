"""Whether what is left covers a call, and who is asked in its place where it does not.

For every call its worst case is set aside before it is made: its longest answer, and a prompt in which each byte may
be a token. That is many times what it will cost, so near the end of a budget, or under a small one, the rest may not
cover a call that it would pay for many times over. A cheaper tier is asked the same then, with the reason; only when
the rest does not even cover the cheapest is the debate at its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from attrs import evolve, frozen

from rebuttal.budget.allocation import DEFAULT_SHARES, Allocation, Shares, Spender
from rebuttal.debate.model import Means, Phase, Prompt, Reply, Tier, Turn
from rebuttal.debate.prompts import TIERS
from rebuttal.store.model import ZERO
from rebuttal.store.money import dollars

AROUND = 16_000
"""Bytes of a prompt beside the shared part: system prompt, schema, lens, task, claims and their code."""
COUNTED_FROM = 60_000
"""Bytes of a prompt from which its tokens are counted before money is set aside: then some three bytes bind one."""
SCHEMA = 4_000
"""Bytes of the answer's schema, and of what stands around a prompt."""
_MILLION = Decimal(1_000_000)


def room_for(shared: str) -> int:
    """About how many tokens are set aside for a prompt with that shared part."""
    return _bound(len(shared.encode()) + AROUND)


@frozen
class Allotted:
    """What the phases of one debate may use of its budget (rebuttal.budget.allocation)."""

    means: Means

    def calls(self, phase: Phase, wanted: int, each: Decimal, spent: Decimal, needs: Mapping[Spender, Decimal]) -> int:
        """How many of the calls that a phase would make keep within what it may use, at `each` dollars. `needs`: what
        the phases after it are expected to cost."""
        allocation = self._allocation
        if allocation is None or phase == "summary" or each <= 0:
            return wanted
        return min(wanted, int(allocation.available(phase, spent, needs) // each))

    @property
    def _allocation(self) -> Allocation | None:
        means = self.means
        if means.cap is None:
            return None
        return Allocation(means.cap, cast("Shares", means.shares) or DEFAULT_SHARES, means.budget)


@frozen
class Affording:
    """What the calls of one debate may cost at most, about: the ledger knows it to the cent, and decides."""

    means: Means

    def fitting(self, turn: Turn, spent: Decimal) -> Turn:
        """The turn as what is left covers it: by its own tier, or the next cheaper one that it does cover. Where it
        covers none it stays as it is: the ledger says so."""
        means, asked = self.means, turn
        if means.cap is None or not means.prices:
            return turn
        left = max(means.cap - spent, ZERO)
        while self.at_most(asked) > left:
            if (cheaper := self._cheaper(asked, f"what is left ({dollars(left)}) may not cover {asked.tier}")) is None:
                return turn
            asked = cheaper
        return asked

    def after(self, turn: Turn, reply: Reply) -> Turn | None:
        """The turn as it is asked where a cap did not allow it: by a cheaper tier; None where there is none."""
        if reply.failure is None or reply.failure.kind != "cap" or reply.calls:
            return None  # what earlier attempts of it used up, no other tier can mend
        return self._cheaper(turn, f"the caps did not cover {turn.tier}")

    def at_most(self, turn: Turn) -> Decimal:
        """About what is set aside for a call. Prices must be known."""
        price = self.means.prices[turn.tier]
        return (price.cache_write * _bound(_bytes(turn.prompt)) + price.output * turn.max_tokens) / _MILLION

    def _cheaper(self, turn: Turn, why: str) -> Turn | None:
        for tier in reversed(TIERS[: TIERS.index(turn.tier)]):
            other = evolve(turn, tier=tier, effort=None, why=_why(tier, turn, why))
            if not self._is_cut_off(tier) and (not self.means.prices or self.at_most(other) < self.at_most(turn)):
                return other
        return None

    def _is_cut_off(self, tier: Tier) -> bool:
        """Whether a prompt made for another tier would pass a step of the tier's price."""
        is_shorter = tier in self.means.slices and self.means.plan.slices == 100
        return is_shorter or tier in self.means.too_long


def _why(tier: Tier, turn: Turn, why: str) -> str:
    return f"{tier} instead of {turn.tier}: {why}" + (f" ({turn.why})" if turn.why else "")


def _bytes(prompt: Prompt) -> int:
    return sum(len(text.encode()) for text in (prompt.system, prompt.shared, prompt.ask)) + SCHEMA


def _bound(size: int) -> int:
    return size if size <= COUNTED_FROM else size // 3
