"""With what means a debate is held: what it may cost, what each tier costs, what a tier's prompts may hold.

All of it is worked out before anything is sent, and a recording keeps it: by other means a replay would take another
course (`rebuttal.debate.selection`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from attrs import evolve

from rebuttal.budget.estimate import enforced_cap
from rebuttal.budget.model import Estimate, UnknownPrice
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import caps_of
from rebuttal.context.render import render
from rebuttal.debate.assemble import facts
from rebuttal.debate.model import Cover, Means, Profile, Tier, TierPrice, Urgency
from rebuttal.debate.panel.traits import traits_of
from rebuttal.debate.prompts import TIERS
from rebuttal.debate.selection import ANSWER, ASK, complexity_of
from rebuttal.settings import Settings
from rebuttal.speakers.catalogue import UnknownModel
from rebuttal.speakers.roster import Roster
from rebuttal.store.model import Tokens
from rebuttal.store.money import money_converter
from rebuttal.text.tokens import TokenCounter, bound_tokens

if TYPE_CHECKING:
    from rebuttal.budget.tokenizers import Tokenizer, Tokenizers
    from rebuttal.review.parts import Parts

ROOM = 15_000
"""Tokens of a prompt that stay free for what follows the shared part: lens, task, templates, claims and their code."""
MARGIN = 1.15
"""How much more a model may count than it is expected to: the factor of its tokenizer is assumed, or learned from texts
that were not this one (`budget/tokenizers.py` takes 12 % for the spread of one model)."""
AMPLE_TIMES = 4
"""Dearer tiers double the cost of an opening, and half of the budget shall be left for the argument."""
_PER = 1_000
_MILLION = Decimal(1_000_000)


def means_of(
    settings: Settings, parts: Parts, urgency: Urgency, counter: TokenCounter, tokenizers: Tokenizers
) -> Means:
    """The means of a debate, but for what it is expected to cost. Counts tokens: not for an event loop."""
    caps = caps_of(settings)
    cap = enforced_cap(caps, parts.totals)
    means = Means(
        urgency=urgency,
        complexity=complexity_of(traits_of(parts.change), [kind.id for kind in parts.kinds]),
        cap=cap if cap.is_finite() else None,
        # What a review may cost with nothing spent yet: who allows one more than a day may cost, has no day left over.
        budget=min(one for one in (caps.review, caps.hour, caps.day, caps.month, caps.repository) if one is not None),
        prices=prices_of(settings),
    )
    return _within_steps(means, settings, parts, counter, tokenizers)


def cover_of(estimate: Estimate) -> Cover | None:
    """Whether what is left covers what a review is expected to cost; None where nothing is expected or limited."""
    if not estimate.calls or not estimate.at_most.is_finite():
        return None
    if not estimate.fits:
        return "short"
    return "ample" if estimate.expected * AMPLE_TIMES <= estimate.at_most else "enough"


def prices_of(settings: Settings) -> Mapping[Tier, TierPrice]:
    """Dollars for a million tokens, by tier; nothing where that of one tier is not known."""
    book, roster = PriceBook.of(settings), Roster.of(settings)
    try:
        return {tier: _price(book, roster.id(tier)) for tier in TIERS}
    except UnknownPrice:
        return {}


def _price(book: PriceBook, model: str) -> TierPrice:
    kinds = (Tokens(input=_PER), Tokens(cache_write=_PER), Tokens(cache_read=_PER), Tokens(output=_PER))
    return TierPrice(*(book.price(model, one) * _MILLION / _PER for one in kinds))


# --- steps of a price ---------------------------------------------------------------------------------------


def _within_steps(
    means: Means, settings: Settings, parts: Parts, counter: TokenCounter, tokenizers: Tokenizers
) -> Means:
    """Where the prompts of a tier would pass a step of its price, it is shown fewer slices; where even the change alone
    would, the next dearer tier opens in its place, if that costs less."""
    slices: dict[Tier, int] = {}
    too_long: list[Tier] = []
    roster = Roster.of(settings)
    for tier in TIERS:
        try:
            step = roster.model(tier).price_step
        except UnknownModel:
            continue
        if step is None or bound_tokens(parts.shared) <= step - ROOM:
            continue
        kept = _kept(parts, floor((step - ROOM) / MARGIN), counter, tokenizers.of(roster.id(tier)))
        if kept is None and _is_cheaper_above(tier, parts, settings, step):
            too_long.append(tier)
        elif kept is not None and parts.context is not None and kept < len(parts.context.slices):
            slices[tier] = kept
    return evolve(means, slices=slices, too_long=tuple(too_long))


def _kept(parts: Parts, limit: int, counter: TokenCounter, tokenizer: Tokenizer) -> int | None:
    """How many slices, the best first, fit into so many tokens; None where not even the change does."""
    assert parts.context is not None

    def fits(number: int) -> bool:
        text = shown(parts, number)
        return tokenizer.expected(counter.count(text), bound_tokens(text)) + tokenizer.overhead <= limit

    low, high = 0, len(parts.context.slices)
    if fits(high):
        return high
    if not fits(0):
        return None
    while high - low > 1:  # `low` fits, `high` does not
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def shown(parts: Parts, slices: int) -> str:
    """The shared part with so many of its slices, the best first."""
    assert parts.context is not None
    context = evolve(parts.context, slices=parts.context.slices[:slices])
    return render(context, parts.fence, facts(parts.evidence.findings, context.reported))


def fitted(parts: Parts, means: Means) -> Mapping[Tier, str]:
    """The shared part of each tier that is shown less: the same bytes for all its seats."""
    return {tier: shown(parts, number) for tier, number in means.slices.items()}


def _is_cheaper_above(tier: Tier, parts: Parts, settings: Settings, step: int) -> bool:
    """Whether the tier's seats cost less with the next dearer one than above their own price step. That one's cache is
    written anyway where other seats open with it."""
    if tier == TIERS[-1]:
        return False
    dearer = TIERS[TIERS.index(tier) + 1]
    profile = cast("Profile", settings.profile)
    tiers = [seat.tiers[profile] for seat in parts.choice.seats]
    seats = tiers.count(tier)
    if not seats:
        return False
    book, roster = PriceBook.of(settings), Roster.of(settings)
    shared = max(bound_tokens(parts.shared) // 3, step + 1)

    def price(of: Tier, *, written: bool) -> Decimal:
        kind = Tokens(cache_write=shared) if written else Tokens(cache_read=shared)
        return book.price(roster.id(of), kind + Tokens(input=ASK, output=ANSWER))

    try:
        above = price(tier, written=True) + price(tier, written=False) * (seats - 1)
        first = price(dearer, written=dearer not in tiers)
        return first + price(dearer, written=False) * (seats - 1) < above
    except UnknownPrice:
        return False


def told(parts: Parts) -> tuple[str, ...]:
    """What a tier did not see, for the user."""
    means, context = parts.means, parts.context
    if means is None or context is None or parts.outcome is None:
        return ()
    names = {seat.id: seat.name for seat in parts.choice.seats}
    opened = [one.turn for one in parts.outcome.exchanges if one.turn.phase == "opening" and one.reply.statement]
    notes = []
    for tier, number in means.slices.items():
        seats = list(dict.fromkeys(names.get(turn.seat, turn.seat) for turn in opened if turn.tier == tier))
        if seats:
            pieces = f"{number} of {len(context.slices)} pieces of other code"
            why = (
                f"a longer prompt costs {tier} several times as much" if means.plan.slices == 100 else "more costs more"
            )
            notes.append(f"{_listed(seats)} saw {pieces}: {why}.")
    return tuple(notes)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# --- in a recording -----------------------------------------------------------------------------------------


def means_to_json(means: Means) -> dict[str, Any]:
    """For a recording: money as decimal strings."""
    written: dict[str, Any] = money_converter().unstructure(means)
    return written


def means_from_json(given: object) -> Means | None:
    """What `means_to_json` wrote; None for anything else, as in recordings of earlier versions."""
    from cattrs.errors import BaseValidationError

    try:
        means = money_converter().structure(given, Means) if isinstance(given, Mapping) else None
    except (BaseValidationError, ArithmeticError):
        return None
    return means if means is not None and (not means.prices or set(means.prices) == set(TIERS)) else None


def recorded_means(file: Path) -> Means:
    """Those of the debate that was recorded; where the file does not tell, it was held by the table alone."""
    from rebuttal.speakers.recordings.tape import about_of

    return means_from_json(about_of(file).get("means")) or Means()
