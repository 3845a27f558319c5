"""Which tier speaks where, how much it thinks, and why: the design's table in code, and what moves it.

The table is by seat, phase and profile. A move reads the neighbouring column of the same table, so no turn moves by
more than one tier, a move takes whole tiers along with their cache, and no profile passes the next dearer one; only a
plan that was shortened to fit what is left may read a cheaper column yet. The first of these rules that applies
decides; moves never add up (docs/models.md has them with their reasons):

1. *budget*: where the review would cost more than is left, the column of the plan that fits it (debate/shortening.py);
   otherwise, with less than `LOW` of the budget left, the next cheaper column. With less than `SCARCE` besides, only
   serious claims are argued about while others may still come (`is_worth_asking`).
2. *urgency*: nobody waits for a review that a save began: `thorough` speaks as `balanced`; `balanced` opens as
   `frugal` where the change is simple.
3. *complexity*: a complex change is opened as `thorough` would, where that is well within the budget. Only `balanced`
   moves: who chose `frugal` wants no dearer tier, and `thorough` has none. Seats of the cheapest tier stay: a change
   is complex by its size and its risks, and what their lenses look for is no harder to see in it (the seed's matrix has
   them with the cheapest model because their task is simple, whatever the change).
4. *consensus*: where the panel is split, serious contested claims are settled as `thorough` would. Only `balanced`.

A move to a cheaper tier is made only where it is cheaper: a tier whose cache is cold writes the shared part anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from rebuttal.debate.model import Area, Effort, Means, Phase, Profile, Seat, Tier, TierPrice
from rebuttal.debate.prompts import PROFILES, TIERS
from rebuttal.findings.severity import Severity, at_least
from rebuttal.store.model import ZERO
from rebuttal.store.money import dollars

if TYPE_CHECKING:
    from rebuttal.debate.model import Brief
    from rebuttal.debate.panel.traits import Traits

MAX_TOKENS: dict[Phase, int] = {
    "triage": 3_000,
    "opening": 12_000,
    "cross_examination": 8_000,
    "rebuttal": 6_000,
    "consensus": 4_000,
}
"""Of one answer, thinking included. It bounds what is set aside and saves nothing: a cut answer is paid and lost."""

LOW = 0.3
"""Share of the budget below which cheaper tiers speak (the seed's allocator turns conservative there)."""
SCARCE = 0.1
"""Share of the budget below which only serious claims are argued about."""
AMPLE = 0.5
"""Share of the budget above which a dearer tier may speak (the seed's selector asks as much for its dearest)."""
COMPLEX = 0.8
"""Complexity from which a change is opened by dearer tiers (the seed's figure)."""
SIMPLE = 0.3
"""Complexity below which a change is simple."""
SPLIT = 0.5
"""Dissent above which the panel is split (the seed: consensus below a half)."""
SPLIT_FROM = 3
"""Claims from which on disagreement is that of a panel, and not about one claim."""

EFFORTS: Mapping[Profile, Mapping[Tier, Effort]] = {
    "frugal": {"sonnet": "medium"},
    "balanced": {},
    "thorough": {},
}
"""Where it is not the model's default. One effort for a tier in a debate: the cache knows prompts by it. Opus is said
to keep its accuracy in reviews at low effort (Claude's prompting guide), so more of it is bought for nobody."""
TRIAGE_EFFORT: Effort = "low"
"""Its prompt is shared by no other, and the panel waits for it."""
USUAL: Mapping[Tier, Effort] = {"haiku": "medium", "sonnet": "high", "opus": "medium"}
"""The defaults of the models of 5.5."""
LENGTHS: Mapping[Effort, float] = {"low": 0.5, "medium": 0.7, "high": 1.0}
"""How long an answer is, thought included, beside one at high effort. ASSUMED: nobody publishes it for code review."""

ASK, ANSWER, RULING = 1_500, 2_250, 1_000
"""Tokens of an opening behind the shared part, of its answer, and of a ruling, where prices are compared."""
_CHARACTERS = 3
"""Of a token of the shared part."""
_PHASES: Mapping[str, str] = {"cross_examination": "cross-examination", "consensus": "Moderator"}
_RISKS: frozenset[Area] = frozenset({"security", "database", "concurrency", "memory"})
_PLAIN: frozenset[Area] = frozenset({"any", "docs", "tests", "messages"})


@frozen
class Choice:
    """The tier of a turn, and why, in words for the user."""

    tier: Tier
    why: str = ""
    effort: Effort | None = None
    """None: the model's default."""


# --- the table ----------------------------------------------------------------------------------------------


def opening_tier(seat: Seat, profile: Profile) -> Tier:
    """The seat's own, from its front matter."""
    return seat.tiers[profile]


def cross_tier(severity: Severity, profile: Profile) -> Tier:
    """For a claim raised with that severity."""
    high = at_least(severity, "high")
    if profile == "frugal":
        return "sonnet" if high else "haiku"
    return "opus" if profile == "thorough" and high else "sonnet"


def settling_tier(severity: Severity, profile: Profile, *, contested: bool) -> Tier:
    """For rebuttal and Moderator."""
    if profile == "thorough" or (profile == "balanced" and contested and severity == "critical"):
        return "opus"
    return "sonnet"


# --- what moves it ------------------------------------------------------------------------------------------


def complexity_of(traits: Traits, kinds: Collection[str] = ()) -> float:
    """How much there is to understand in a change, from 0 to 1, by what rules know of it at no cost.

    Four parts: its lines (0.35, full at 600, by their square root: the first hundred matter most), its files (0.15,
    full at 20), areas of risk that it touches (0.35: security, stored data, concurrency, memory, full at three) and
    other areas of code (0.15, full at five). A bug fix or a change of tests counts a tenth less, a migration, a
    security change or one of the architecture a tenth more. Hand-set: no measured weights are known.
    """
    risks, others = traits.sure & _RISKS, traits.sure - _RISKS - _PLAIN
    found = (
        0.35 * sqrt(min(traits.lines / 600, 1.0)) + 0.15 * min(traits.files / 20, 1.0) + 0.35 * min(len(risks) / 3, 1.0)
    )
    found += 0.15 * min(len(others) / 5, 1.0)
    found += 0.1 * bool({"migration", "security", "architecture-review"} & set(kinds))
    found -= 0.1 * bool({"bug-fix", "test"} & set(kinds))
    return round(min(max(found, 0.0), 1.0), 2)


@frozen
class Standing:
    """How the debate stands when a turn is about to be asked. Without anything: at its beginning."""

    spent: Decimal = ZERO
    """Dollars that the debate has cost so far, assumed ones with it."""
    warm: frozenset[Tier] = frozenset()
    """Tiers that have the shared part in their cache."""
    dissent: float = 0.0
    """Of the panel, from 0 to 1 (debate/worth.py)."""
    claims: int = 0
    """That the panel argues about."""


BEGINNING = Standing()


@frozen
class Selection:
    """The choice of tiers for one debate. Pure: the same means and the same standing give the same tier."""

    profile: Profile
    means: Means = field(factory=Means)
    shared_tokens: int = 0
    """About how many the shared part takes."""
    _opened: dict[tuple[str, ...], Mapping[str, Choice]] = field(factory=dict, init=False, eq=False, repr=False)

    @classmethod
    def of(cls, brief: Brief) -> Selection:
        """That of a debate."""
        return cls(
            brief.profile,
            brief.means,
            tokens_of(brief.shared or brief.context.diff),
        )

    # --- each phase ---

    def opening(self, seats: Sequence[Seat]) -> Mapping[str, Choice]:
        """By seat, for the whole opening at once: seats of a tier share its cache."""
        key = tuple(seat.id for seat in seats)
        if key not in self._opened:
            self._opened[key] = self._opening(seats)
        return self._opened[key]

    def cross(self, severity: Severity, standing: Standing = BEGINNING) -> Choice:
        """For the cross-examination of a claim raised with that severity."""
        return self._argument("cross_examination", partial(cross_tier, severity), standing)

    def answering(self, seat: Seat | None, severities: Sequence[Severity], standing: Standing = BEGINNING) -> Choice:
        """For a seat in a round of a council: its own tier, or that of an examiner where it stands at the centre of
        claims raised with those severities. `seat` None: it has no tier of its own."""

        def read(profile: Profile) -> Tier:
            own = [opening_tier(seat, profile)] if seat is not None else []
            return max((*own, *(cross_tier(one, profile) for one in severities)), key=TIERS.index)

        return self._argument("rebuttal", read, standing)

    def settling(
        self,
        severity: Severity,
        *,
        contested: bool,
        standing: Standing = BEGINNING,
        phase: Phase = "rebuttal",
    ) -> Choice:
        """For a rebuttal, or the Moderator's last word."""
        is_split = standing.dissent > SPLIT and standing.claims >= SPLIT_FROM
        split = standing.dissent if is_split and contested and at_least(severity, "high") else None
        return self._argument(phase, partial(settling_tier, severity, contested=contested), standing, split)

    def triage(self) -> Choice:
        """Who need not be asked is asked of the cheapest tier."""
        return Choice("haiku", "haiku: triage", TRIAGE_EFFORT)

    def is_worth_asking(self, severity: Severity, spent: Decimal) -> bool:
        """Whether a claim is argued about with what is left of the budget."""
        return at_least(severity, "high") or self.left(spent) >= SCARCE

    def left(self, spent: Decimal = ZERO) -> float:
        """The share of the budget that is left; 1 where there is none."""
        means = self.means
        if means.cap is None:
            return 1.0
        budget = means.budget if means.budget is not None else means.cap
        return float(min(max(means.cap - spent, ZERO) / budget, Decimal(1))) if budget > 0 else 0.0

    def saves(self, spent: Decimal) -> bool:
        """Whether so little is left that cheaper tiers speak than before, though the plan fitted."""
        return not self.means.plan.columns and self.left(spent) < LOW

    # --- how ---

    def _opening(self, seats: Sequence[Seat]) -> Mapping[str, Choice]:
        table = {seat.id: opening_tier(seat, self.profile) for seat in seats}
        step, reason = self._step(ZERO, opening=True)
        moved = {seat.id: self._moved(partial(opening_tier, seat), step) for seat in seats}
        if step > 0:
            moved = _without_lone(table, {seat: _unless_cheapest(table[seat], tier) for seat, tier in moved.items()})
        elif self._may_be_dearer(step) and not self._is_cheaper(tuple(moved.values()), tuple(table.values())):
            moved = table
        chosen = {seat: self._choice("opening", table[seat], moved[seat], reason) for seat in table}
        return {seat: self._fitting(one) for seat, one in chosen.items()}

    def _argument(
        self, phase: Phase, read: Callable[[Profile], Tier], standing: Standing, split: float | None = None
    ) -> Choice:
        table = read(self.profile)
        step, reason = self._step(standing.spent, split=split)
        moved = self._moved(read, step)
        if self._may_be_dearer(step) and not self._saves(table, moved, standing.warm):
            moved = table
        return self._choice(phase, table, moved, reason)

    def _step(self, spent: Decimal, *, opening: bool = False, split: float | None = None) -> tuple[int, str]:
        """By how many columns the table is read beside the profile's own, and why: -1, 0 or 1; less by a plan."""
        means, left = self.means, self.left(spent)
        if (cheaper := self._for_money(left)) is not None:
            return cheaper
        if means.urgency == "save":
            return (-1, "a save began it") if self._yields_to_haste(opening=opening) else (0, "")
        if self.profile != "balanced" or left <= AMPLE:
            return 0, ""
        if opening and means.complexity >= COMPLEX and self._is_well_within():
            return 1, f"the change is complex ({means.complexity:.2f})"
        return (1, f"the panel is split ({split:.0%} disputed)") if split is not None else (0, "")

    def _for_money(self, left: float) -> tuple[int, str] | None:
        means = self.means
        if means.plan.columns:
            return -means.plan.columns, f"the whole would not fit your caps ({dollars(means.cap or ZERO)} left)"
        if left < LOW:
            return -1, f"{left:.0%} of the budget is left"
        # Of recordings of earlier versions: they knew no plan.
        return (-1, "the review would cost more than is left") if means.cover == "short" else None

    def _may_be_dearer(self, step: int) -> bool:
        """Whether a move to a cheaper tier is to be looked at: that of a plan was priced as a whole."""
        return step < 0 and not self.means.plan.columns

    def _yields_to_haste(self, *, opening: bool) -> bool:
        if self.profile == "thorough":
            return True
        return opening and self.profile == "balanced" and self.means.complexity < SIMPLE

    def _is_well_within(self) -> bool:
        """Whether twice the expected cost, which is what dearer tiers come to, is within half of what is left."""
        means = self.means
        return means.cap is None or means.cover == "ample"

    def _moved(self, read: Callable[[Profile], Tier], step: int) -> Tier:
        table, column = read(self.profile), PROFILES.index(self.profile) + step
        if column < 0 and self.means.plan.columns:
            return TIERS[0]
        if step == 0 or not 0 <= column < len(PROFILES):
            return table
        if step < -1:
            return min(table, read(PROFILES[column]), key=TIERS.index)
        here, there = TIERS.index(table), TIERS.index(read(PROFILES[column]))
        # A seat of the user's own may have columns that lie further apart, or the wrong way round.
        return TIERS[min(max(there, here), here + 1) if step > 0 else max(min(there, here), here - 1)]

    def _choice(self, phase: Phase, table: Tier, moved: Tier, reason: str) -> Choice:
        effort = EFFORTS[self.profile].get(moved)
        if moved == table:
            return Choice(table, f"{table}: {self.profile}, {_PHASES.get(phase, phase)}", effort)
        return Choice(moved, f"{moved} instead of {table}: {reason}", effort)

    def _fitting(self, choice: Choice) -> Choice:
        """Where the prompt would pass a step of the tier's price."""
        tier = choice.tier
        if tier in self.means.too_long:
            dearer = TIERS[min(TIERS.index(tier) + 1, len(TIERS) - 1)]
            why = f"{dearer} instead of {tier}: the change is too long for {tier}'s lower price"
            return Choice(dearer, why, EFFORTS[self.profile].get(dearer))
        if tier in self.means.slices:
            reason = f"for {tier}'s lower price" if self.means.plan.slices == 100 else "to fit what is left"
            return evolve(choice, why=f"{choice.why}; less other code is shown, {reason}")
        return choice

    # --- what it costs ---

    def _is_cheaper(self, some: Sequence[Tier], others: Sequence[Tier]) -> bool:
        """Whether an opening by these tiers costs less: the first of a tier writes the shared part, others read it."""
        prices = self.means.prices
        if not prices:
            return True
        return _opening_price(some, prices, self.shared_tokens) < _opening_price(others, prices, self.shared_tokens)

    def _saves(self, table: Tier, moved: Tier, warm: frozenset[Tier]) -> bool:
        """Whether a ruling of a cheaper tier costs less, though the other one may read from its cache what this one is
        sent anew."""
        if moved in warm or table not in warm:
            return True
        prices = self.means.prices
        if not prices:
            return moved == "haiku"
        cold, hot = prices[moved], prices[table]
        sent = cold.input * self.shared_tokens + cold.output * RULING
        return sent < hot.cache_read * self.shared_tokens + hot.output * RULING


def tokens_of(shared: str) -> int:
    """About how many tokens the shared part takes, for comparing prices."""
    return len(shared) // _CHARACTERS


def relative_length(effort: Effort | None, tier: Tier) -> float:
    """How long an answer is beside one at the model's default effort. Assumed, see LENGTHS."""
    return 1.0 if effort is None else LENGTHS[effort] / LENGTHS[USUAL[tier]]


def _unless_cheapest(table: Tier, moved: Tier) -> Tier:
    return table if table == TIERS[0] else moved


def _without_lone(table: Mapping[str, Tier], moved: Mapping[str, Tier]) -> dict[str, Tier]:
    """A seat that alone would fill a cache that no other seat reads stays where the table has it."""
    tiers = list(moved.values())
    return {
        seat: table[seat] if tier != table[seat] and tiers.count(tier) == 1 else tier for seat, tier in moved.items()
    }


def _opening_price(tiers: Sequence[Tier], prices: Mapping[Tier, TierPrice], shared: int) -> Decimal:
    """Dollars times a million."""
    total = ZERO
    for tier in dict.fromkeys(tiers):
        price, seats = prices[tier], tiers.count(tier)
        total += price.cache_write * shared + price.cache_read * shared * (seats - 1)
        total += (price.input * ASK + price.output * ANSWER) * seats
    return total
