"""What a debate is expected to cost: the calls that are planned, corrected by what past debates took, and priced."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

from attrs import evolve

from rebuttal.budget.currency import money_of
from rebuttal.budget.estimate import PlannedTurn, estimate, plan_calls, price_of
from rebuttal.budget.forecast import Forecast, Nature, shares_of
from rebuttal.budget.model import Estimate
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import caps_of
from rebuttal.change.model import Change
from rebuttal.context.names import sendable
from rebuttal.debate.panel.triage import taken_up
from rebuttal.debate.planning import planned_claims, planned_turns
from rebuttal.debate.prompts import TIERS, load_prompts
from rebuttal.debate.remaining import remaining
from rebuttal.debate.selection import Selection, tokens_of
from rebuttal.review.assembly import brief
from rebuttal.settings import Settings
from rebuttal.speakers.roster import Roster
from rebuttal.store.debates import DebatePlan
from rebuttal.text.tokens import TokenCounter, bound_tokens

if TYPE_CHECKING:
    from rebuttal.budget.tokenizers import Tokenizers
    from rebuttal.debate.model import Profile
    from rebuttal.review.parts import Parts

_FENCE = "0123456789abcdef"
"""As long as the id of a fence."""


def estimated(settings: Settings, parts: Parts, tokenizers: Tokenizers, counter: TokenCounter) -> Estimate:
    """What the debate is expected to cost and may cost at most. Raises UnknownPrice. Counts tokens: not for an event
    loop."""
    roster, forecast = Roster.of(settings), parts.forecast or Forecast()
    sent = sendable(parts.change)
    turns = _turns(settings, parts, sent, roster)
    if not turns or not sent.files:
        return Estimate(Decimal(0), Decimal(0))
    known = {model: tokenizers.of(model) for model in dict.fromkeys(turn.model for turn in turns)}
    fitted = {roster.id(tier): text for tier, text in parts.fitted.items()}
    system = load_prompts().system

    def shared_tokens(model: str) -> int:
        # The fence's id takes more tokens or fewer by chance; the same change has the same price everywhere.
        text, tokenizer = fitted.get(model, parts.shared).replace(parts.fence or _FENCE, _FENCE), known[model]
        base, bound = (counter.count(text) + counter.count(system)), bound_tokens(text) + bound_tokens(system)
        return tokenizer.expected(base, bound) + tokenizer.overhead

    assumed = plan_calls(turns, shared_tokens, lambda model: known[model].overhead)
    calls = forecast.calls(assumed, _nature(settings, parts, sent), [roster.id(tier) for tier in TIERS])
    priced = estimate(calls, PriceBook.of(settings), caps_of(settings), parts.totals)
    likely = forecast.likely(priced.expected, priced.at_most)
    return evolve(
        priced,
        tokenizers=known,
        assumed=assumed,
        before=parts.earlier.spent if parts.earlier is not None else Decimal(0),
        learned_from=forecast.debates,
        likely=likely,
        money=money_of(settings),
    )


def plan_of(settings: Settings, parts: Parts, review: str, repository: str) -> DebatePlan | None:
    """What is written down of a debate that is about to be held; None where none was priced."""
    estimate = parts.estimate
    if estimate is None or not estimate.calls:
        return None
    sent = sendable(parts.change)
    nature, book = _nature(settings, parts, sent), PriceBook.of(settings)
    priced = ((call, price_of(call, book)) for call in estimate.calls)
    return DebatePlan(
        review=review,
        repository=repository,
        panel=parts.choice.panel,
        protocol=nature.protocol,
        profile=nature.profile,
        seats=nature.seats,
        rounds=parts.choice.rounds,
        files=nature.files,
        lines=nature.lines,
        shared_tokens=tokens_of(parts.shared),
        expected=estimate.expected,
        at_most=estimate.at_most if estimate.at_most.is_finite() else None,
        calls=shares_of(priced, estimate.assumed),
    )


def _turns(settings: Settings, parts: Parts, sent: Change, roster: Roster) -> list[PlannedTurn]:
    profile, protocol = cast("Profile", settings.profile), settings.protocol
    selection = Selection(profile, parts.means, tokens_of(parts.shared)) if parts.means is not None else None
    planned = planned_turns(parts.choice, profile, sent, protocol, parts.kinds, selection)
    if parts.earlier is not None and planned:
        asked, record = brief(settings, parts), parts.earlier.record
        seats = taken_up(asked, record.exchanges).seats
        planned = remaining(planned, record, seats, planned_claims(parts.choice, profile, sent))
    return [
        PlannedTurn(
            *(one.phase, one.seat, roster.id(one.tier)),
            ask_tokens=one.ask_tokens,
            output_tokens=one.output_tokens,
            has_shared=one.has_shared,
            count=one.count,
        )
        for one in planned
    ]


def _nature(settings: Settings, parts: Parts, sent: Change) -> Nature:
    lines = sum(hunk.old_count + hunk.new_count for diff in sent.files for hunk in diff.hunks)
    return Nature(settings.protocol, settings.profile, len(parts.choice.seats), len(sent.files), lines)
