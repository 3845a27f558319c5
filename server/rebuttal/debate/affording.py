"""Whether what is left covers a call, and who is asked in its place where it does not.

For every call its worst case is set aside before it is made: its longest answer, and a prompt in which each byte may
be a token. That is many times what it will cost, so near the end of a budget, or under a small one, the rest may not
cover a call that it would pay for many times over. Then the limit of the answer is halved, which is still more than is
expected; where that is not enough a cheaper tier is asked the same, with the reason. Only when the rest does not even
cover the cheapest is the debate at its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import cast

from attrs import evolve, frozen

from rebuttal.budget.allocation import DEFAULT_SHARES, Allocation, Shares, Spender
from rebuttal.debate.model import Means, Phase, Prompt, Reply, Tier, Turn
from rebuttal.debate.prompts import TIERS
from rebuttal.debate.selection import MAX_TOKENS
from rebuttal.store.model import ZERO
from rebuttal.store.money import dollars

AROUND = 16_000
"""Bytes of a prompt beside the shared part: system prompt, schema, lens, task, claims and their code."""
COUNTED_FROM = 60_000
"""Bytes of a prompt from which its tokens are counted before money is set aside: then some three bytes bind one."""
SCHEMA = 4_000
"""Bytes of the answer's schema, and of what stands around a prompt."""
SHORTER: Mapping[Phase, int] = {"cross_examination": 4_000, "rebuttal": 3_000, "consensus": 2_000}
"""Limits of an answer where the usual ones are not covered: about twice what such answers are expected to take at the
longest. One that is cut at it is asked for again with twice the room, where the caps allow that."""
_MILLION = Decimal(1_000_000)


def room_for(shared: str) -> int:
    """About how many tokens are set aside for a prompt with that shared part. It is "" for a tier that has none in its
    cache, and is sent the files in dispute instead."""
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
        """The turn as what is left covers it: with a shorter limit of its answer, or by a cheaper tier. Where it covers
        none it stays as it is: the ledger says so."""
        means = self.means
        if means.cap is None or not means.prices:
            return turn
        left = max(means.cap - spent, ZERO)
        ways = (turn, *self._ways(turn, f"what is left ({dollars(left)}) may not cover {turn.tier}"))
        return next((way for way in ways if self.at_most(way) <= left), turn)

    def after(self, turn: Turn, reply: Reply) -> Turn | None:
        """The turn as it is asked where a cap did not allow it: the next way that costs less; None where there is
        none."""
        if reply.failure is None or reply.failure.kind != "cap" or reply.calls:
            return None  # what earlier attempts of it used up, no other tier can mend
        return next(iter(self._ways(turn, f"the caps did not cover {turn.tier}")), None)

    def at_most(self, turn: Turn) -> Decimal:
        """About what is set aside for a call. Prices must be known."""
        price = self.means.prices[turn.tier]
        return (price.cache_write * _bound(_bytes(turn.prompt)) + price.output * turn.max_tokens) / _MILLION

    def _ways(self, turn: Turn, why: str) -> Iterator[Turn]:
        """Other ways to ask the same, for which less is set aside, the least different first."""
        for tier in reversed(TIERS[: TIERS.index(turn.tier) + 1]):
            other = turn if tier == turn.tier else evolve(turn, tier=tier, effort=None, why=_why(tier, turn, why))
            if other is not turn and self._is_less(other, turn) and not self._is_cut_off(tier):
                yield evolve(other, max_tokens=max(turn.max_tokens, MAX_TOKENS[turn.phase]))
            shorter = evolve(other, max_tokens=min(turn.max_tokens, SHORTER.get(turn.phase, turn.max_tokens)))
            if self._is_less(shorter, turn) and not self._is_cut_off(tier):
                yield shorter

    def _is_less(self, one: Turn, other: Turn) -> bool:
        if not self.means.prices:
            return one.max_tokens < other.max_tokens or TIERS.index(one.tier) < TIERS.index(other.tier)
        return self.at_most(one) < self.at_most(other)

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
