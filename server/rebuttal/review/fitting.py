"""Before anything is sent: how much of a debate fits what is left of the caps.

The plans of `rebuttal.debate.shortening` are priced in their order, and the first that fits is held. A plan fits where
each phase is expected to cost no more than it may use (`rebuttal.budget.allocation`), and where opening and
cross-examination can begin: what is left, and the cap of a call, cover the worst case of one call of theirs. More than
that of worst cases would starve the debate, for they are many times what calls cost: calls wait for each other's, and
a call for which the rest does not reach in the end is asked of a cheaper model (`rebuttal.debate.affording`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from attrs import evolve

from rebuttal.budget.allocation import DEFAULT_SHARES, SPENDERS, Allocation, Shares, Spender
from rebuttal.budget.model import Estimate
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import caps_of
from rebuttal.debate.affording import SHORTER, room_for
from rebuttal.debate.model import Means, Tier
from rebuttal.debate.prompts import TIERS
from rebuttal.debate.selection import MAX_TOKENS
from rebuttal.debate.shortening import CHECKED, WHOLE, Plan, kept_seats, ladder
from rebuttal.review.means import fitted
from rebuttal.settings import Settings
from rebuttal.speakers.roster import Roster
from rebuttal.store.model import ZERO
from rebuttal.store.money import dollars
from rebuttal.text.words import joined

if TYPE_CHECKING:
    from rebuttal.debate.model import Profile
    from rebuttal.review.parts import Parts

Price = Callable[["Parts"], Estimate]
MUST_BEGIN: tuple[Spender, ...] = ("opening", "cross_examination")
"""Without these a debate comes to nothing."""


def fit(settings: Settings, parts: Parts, price: Price) -> Parts:
    """The parts with the first plan that fits, and its estimate; where none does, with the cheapest of them. `parts`
    have means and the estimate of the whole. Raises UnknownPrice."""
    means, estimate = parts.means, parts.estimate
    if means is None or means.cap is None or estimate is None or not estimate.calls:
        return parts
    slices = parts.context is not None and bool(parts.context.slices)
    rebuttal = parts.choice.rounds > CHECKED
    found = parts
    for group in ladder(len(parts.choice.seats), cast("Profile", settings.profile), slices=slices, rebuttal=rebuttal):
        cheapest = _priced(group[-1], parts, price)
        found = cheapest
        if not fits(settings, cheapest):
            continue
        for plan in group[:-1]:
            found = _priced(plan, parts, price)
            if fits(settings, found):
                return found
        return cheapest
    return found


def planned(plan: Plan, parts: Parts) -> Parts:
    """The parts as a plan has them: who sits, for how many rounds, what is shown. The plan is kept in the means."""
    assert parts.means is not None
    means = evolve(parts.means, plan=plan)
    if plan.is_whole:
        return evolve(parts, means=means)
    choice = parts.choice
    seats = kept_seats(choice.seats, choice.doubtful, plan)
    gone = [seat for seat in choice.seats if seat not in seats]
    reason = told(plan, parts)
    rounds = choice.rounds if plan.rebuttal else min(choice.rounds, CHECKED)
    doubtful = frozenset(seat.id for seat in seats) & choice.doubtful
    shorter = evolve(choice, seats=seats, rounds=rounds, doubtful=doubtful, reasons=(*choice.reasons, reason))
    if plan.slices < 100 and parts.context is not None:
        kept = len(parts.context.slices) * plan.slices // 100
        means = evolve(means, slices={tier: min(means.slices.get(tier, kept), kept) for tier in TIERS})
    shown = evolve(parts, choice=shorter, means=means)
    needed = tuple(seat.id for seat in gone if seat.id not in choice.doubtful)
    return evolve(shown, fitted=fitted(shown, means), unasked=needed, whole=choice)


def told(plan: Plan, parts: Parts) -> str:
    """What is shortened and why, for people."""
    assert parts.means is not None
    words = joined(list(plan.words(len(parts.choice.seats))))
    return f"to fit your caps ({dollars(parts.means.cap or ZERO)} left for it), it is held with {words}"


def _priced(plan: Plan, parts: Parts, price: Price) -> Parts:
    if plan == WHOLE:
        return parts
    shorter = planned(plan, parts)
    estimate = price(shorter)
    return evolve(shorter, estimate=evolve(estimate, shortened=plan.words(len(parts.choice.seats))))


def fits(settings: Settings, parts: Parts) -> bool:
    """Whether every phase is expected to keep within what it may use, and the first two can begin."""
    means, estimate = parts.means, parts.estimate
    assert means is not None
    assert estimate is not None
    assert means.cap is not None
    allocation, spent = allocation_of(means), ZERO
    assert allocation is not None
    needs = {phase: estimate.by_phase.get(phase, ZERO) for phase in SPENDERS}
    worst, of_a_call = _worst_cases(settings, parts), caps_of(settings).call
    a_call = means.cap if of_a_call is None else of_a_call
    for phase in SPENDERS:
        if needs[phase] > allocation.available(phase, spent, needs):
            return False
        if phase in MUST_BEGIN and worst.get(phase, ZERO) > min(means.cap - spent, a_call):
            return False
        spent += needs[phase]
    return True


def allocation_of(means: Means) -> Allocation | None:
    """What each phase may use; None where nobody set a limit."""
    if means.cap is None:
        return None
    shares = cast("Shares", means.shares) or DEFAULT_SHARES
    return Allocation(means.cap, shares, means.budget)


def _worst_cases(settings: Settings, parts: Parts) -> Mapping[str, Decimal]:
    """By phase, about what is set aside for its dearest call."""
    assert parts.estimate is not None
    book, roster = PriceBook.of(settings), Roster.of(settings)
    tiers: dict[str, Tier] = {roster.id(tier): tier for tier in reversed(TIERS)}
    found: dict[str, Decimal] = {}
    planned_ = {(call.phase, call.model) for call in parts.estimate.calls if call.phase in MUST_BEGIN}
    opening = {model for phase, model in planned_ if phase == "opening"}
    for phase, model in planned_:
        whole = parts.fitted.get(tiers[model], parts.shared) if model in tiers else parts.shared
        limit = MAX_TOKENS["opening"] if phase == "opening" else SHORTER["cross_examination"]
        worst = book.worst_case(model, room_for(whole if model in opening else ""), limit)
        found[phase] = max(found.get(phase, ZERO), worst)
    return found
