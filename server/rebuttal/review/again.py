"""One finding of a debate asked about again: consented to, priced, reserved and capped as any review."""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import partial
from pathlib import Path

from attrs import evolve, frozen

from rebuttal.budget.currency import money_of
from rebuttal.budget.estimate import PlannedTurn, estimate, plan_calls
from rebuttal.budget.model import BudgetWarning, Estimate
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import caps_of
from rebuttal.debate.model import Brief, Means
from rebuttal.debate.reconsider import NotInChange, Reconsideration, Reconsidered
from rebuttal.findings.model import Finding
from rebuttal.review import fates
from rebuttal.review.assembly import brief
from rebuttal.review.parts import Parts
from rebuttal.review.request import BudgetWarned, Door, Estimated, Request, UsageError
from rebuttal.review.run import agreed, looked
from rebuttal.review.services import Services
from rebuttal.review.threads import in_thread
from rebuttal.settings import Settings
from rebuttal.speakers.roster import Roster
from rebuttal.store.model import Cost
from rebuttal.text.parsing import Parser
from rebuttal.text.redaction import Redactor

_GONE = "The code that the finding is about is not part of the change any more; run the review again."
_STATIC = "Only what a debate found can be asked about again; this was found without a model."


@frozen
class AskedAgain:
    """What came of it."""

    root: Path
    finding: Finding
    decided: bool
    cost: Cost
    message: str
    """One sentence for the user."""


async def ask_again(request: Request, services: Services, door: Door, finding: Finding, comment: str) -> AskedAgain:
    """Have the finding argued about anew. `request` names the change that it was found in, as it is now.

    Raises UsageError where there is nothing to ask, or nobody to be asked; ChangeError, SettingsError, StoreError and
    UnknownPrice. Where sending was not agreed to, nothing was sent and the finding stays.
    """
    if finding.source != "debate":
        raise UsageError(_STATIC)
    if not services.can_speak(request):
        lacking = services.lacking or "there is no API key: set ANTHROPIC_API_KEY"
        raise UsageError(f"Nobody can be asked: {lacking}.")
    request, parts = await looked(request, services, priced=False)
    root = parts.change.root
    parts = evolve(parts, means=Means(), totals=await services.totals(root))
    parser = Parser(facts=services.facts)
    try:
        held, price = await in_thread(partial(_prepared, request.settings, parts, finding, comment, parser))
    except NotInChange:
        raise UsageError(_GONE) from None
    door.tell(Estimated(price, parts.totals))
    if not await agreed(request, services, door, parts, price):
        return AskedAgain(root, finding, False, Cost(), "Nothing was sent: sending was not agreed to.")

    def on_warning(warning: BudgetWarning) -> None:
        door.tell(BudgetWarned(warning, money_of(request.settings)))

    review = uuid.uuid4().hex
    speaker = await services.speaker(request, review, root, on_warning, planned=price.calls)
    came = await held.hold(speaker, door.tell, services.clock)
    cost = await services.cost(review)
    await fates.asked_again(request, services, root, came.finding, review, cost.spent + cost.assumed)
    return AskedAgain(root, came.finding, came.decided, cost, _told(came, cost.spent + cost.assumed, request.settings))


def _brief(settings: Settings, parts: Parts) -> Brief:
    """Of the change, with nobody to open."""
    return evolve(brief(settings, parts), evidence=(), kinds=(), seats=(), max_findings=1, minimum_severity="low")


def _prepared(
    settings: Settings, parts: Parts, finding: Finding, comment: str, parser: Parser
) -> tuple[Reconsideration, Estimate]:
    """What will be asked, and its price. Raises NotInChange, UnknownPrice. Not for an event loop."""
    held = Reconsideration(_brief(settings, parts), finding, _redacted(comment, parts), parser)
    roster = Roster.of(settings)
    turns = [
        PlannedTurn(one.phase, one.seat, roster.id(one.tier), one.ask_tokens, one.output_tokens, False, one.count)
        for one in held.planned()
    ]
    calls = plan_calls(turns, lambda model: 0)
    priced = estimate(calls, PriceBook.of(settings), caps_of(settings), parts.totals)
    return held, evolve(priced, money=money_of(settings))


def _redacted(comment: str, parts: Parts) -> str:
    """What the user types may hold a secret, as code may, and one of the code's own that nothing else gives away."""
    redactor = Redactor()
    for exhibit in parts.context.exhibits if parts.context is not None else ():
        redactor.learn(exhibit.original, exhibit.file)
    return redactor.redact_names(comment)


def _told(came: Reconsidered, spent: Decimal, settings: Settings) -> str:
    cost = money_of(settings)(spent)
    if not came.decided:
        why = came.failure.message if came.failure is not None else "no ruling quoted code that settles it"
        return f"Asked again ({cost}): the finding stays as it was, for {why}."
    if came.finding.status == "open":
        return f"Asked again ({cost}): the finding was confirmed."
    return f"Asked again ({cost}): the finding did not stand and is held back; its trace says why."
