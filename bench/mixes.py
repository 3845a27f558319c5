"""Which tiers do the work, by profile: shares of calls, tokens and money, beside the seed's 20 / 60 / 20.

Speakers are simulated (`rebuttal.evaluation.skilled`) on the planted corpus and on larger changes made of it, under the
panel that rules choose; tokens of prompts are counted, lengths of answers assumed, prices those of genai-prices.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from attrs import define, evolve, field

from bench.debate_time import larger
from bench.protocol_map import CORPUS
from bench.table import percentile, table
from rebuttal.debate.model import Means, Profile, Tier
from rebuttal.debate.panel.traits import traits_of
from rebuttal.debate.prompts import PROFILES
from rebuttal.debate.selection import COMPLEX, SIMPLE, complexity_of
from rebuttal.evaluation.corpus import load_corpus
from rebuttal.evaluation.run import Prepared, prepare, simulate
from rebuttal.evaluation.skill import PRESETS
from rebuttal.evaluation.skilled import Till
from rebuttal.settings import Settings
from rebuttal.text.tokens import TokenCounter

SEED = 1
ORDER: tuple[Tier, ...] = ("opus", "sonnet", "haiku")


@define
class Mix:
    """What the tiers of some debates did."""

    debates: int = 0
    calls: Counter[str] = field(factory=Counter)
    tokens: Counter[str] = field(factory=Counter)
    money: dict[str, Decimal] = field(factory=dict)
    moved: int = 0
    """Turns that another tier was asked for than the table has."""

    def add(self, prepared: Prepared, till: Till) -> None:
        _, outcome = simulate(prepared, PRESETS["average"], SEED, till)
        self.debates += bool(outcome.exchanges)
        for one in outcome.exchanges:
            tier, tokens = one.turn.tier, one.reply.tokens
            self.calls[tier] += 1
            self.tokens[tier] += tokens.prompt + tokens.output
            self.money[tier] = self.money.get(tier, Decimal(0)) + one.reply.spent
            self.moved += " instead of " in one.turn.why

    @property
    def row(self) -> list[str]:
        spent = sum(self.money.values(), Decimal(0))
        share = self.moved / max(sum(self.calls.values()), 1)
        each = spent / max(self.debates, 1)
        return [_shares(self.calls), _shares(self.tokens), _shares(self.money), f"${each:.3f}", f"{share:.1%}"]


def _shares(of: Mapping[str, int | Decimal]) -> str:
    whole = sum(map(float, of.values())) or 1.0
    return " / ".join(f"{float(of.get(tier, 0)) / whole:.0%}".removesuffix("%") for tier in ORDER)


def with_means(one: Prepared, **more: Any) -> Prepared:
    brief = one.brief
    complexity = complexity_of(traits_of(brief.change), [kind.id for kind in brief.kinds])
    return evolve(one, brief=evolve(brief, means=evolve(Means(complexity=complexity), **more)))


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    cases = [case for case in load_corpus(CORPUS) if not case.clean]
    both = asyncio.run(prepare([*cases, *larger(cases)], Settings(), dict(os.environ)))
    some = [with_means(one) for one in both if one.brief.seats]
    till = Till(Settings(), TokenCounter())
    rows = [[f"`{profile}`", *_measured(some, till, profile)] for profile in PROFILES]
    low = {"cap": Decimal("0.29"), "budget": Decimal(1)}
    rows.append(["`balanced`, 29 % of the budget left", *_measured([with_means(one, **low) for one in some], till)])
    saved = [with_means(one, urgency="save") for one in some]
    rows.append(["`balanced`, begun by a save", *_measured(saved, till)])
    rows.append(["`thorough`, begun by a save", *_measured(saved, till, "thorough")])
    plain = [evolve(one, brief=evolve(one.brief, means=Means())) for one in some]
    rows.insert(2, ["the same, complexity aside", *_measured(plain, till)])
    rows.append(["the seed", "20 / 60 / 20", "", "", "", ""])
    figures = [one.brief.means.complexity for one in some]
    simple, complex_ = (sum(map(held, figures)) / len(figures) for held in (_is_simple, _is_complex))
    return "\n".join(
        [
            "## Which tiers do the work (simulated)\n",
            (
                f"`python -m bench.mixes`: {len(some)} changes (the faulty ones of the corpus and larger ones made of "
                "them), panel by rules, shares of opus / sonnet / haiku in per cent.\n"
            ),
            table(["", "calls", "tokens", "money", "a debate", "turns moved"], rows),
            "",
            _WHY,
            "",
            (
                f"Complexity of these changes: median {percentile(figures, 0.5):.2f}, 95th percentile "
                f"{percentile(figures, 0.95):.2f}; {simple:.0%} are simple (below {SIMPLE}), {complex_:.0%} complex "
                f"(from {COMPLEX})."
            ),
            "",
        ]
    )


_WHY = (
    "The seed's mix is of a time when its dearest model cost 40 times its cheapest and 5 times the middle one. Today "
    "opus costs twice what sonnet does, and sonnet 20 times what haiku does: what saves is moving turns to haiku, and "
    "opus is cheap where it is wanted. `balanced` gives it contested critical claims, the openings of complex changes "
    "and serious claims that split the panel, for nothing published shows it finding more than sonnet in a review; "
    "`thorough`, whose openings are the seed's own matrix, gives it more turns than the seed's mix does."
)


def _measured(some: Sequence[Prepared], till: Till, profile: Profile = "balanced") -> list[str]:
    mix = Mix()
    for one in some:
        mix.add(evolve(one, brief=evolve(one.brief, profile=profile)), till)
    return mix.row


def _is_simple(one: float) -> bool:
    return one < SIMPLE


def _is_complex(one: float) -> bool:
    return one >= COMPLEX


if __name__ == "__main__":
    print(section())
