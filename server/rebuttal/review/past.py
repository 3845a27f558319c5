"""Writes down how a debate was expected to go and how it went, so that the next ones can be expected by it.

Only debates that were held as any other: not one that is played from a recording, not one that takes up what an earlier
one paid for, and not those of an evaluation. What fails of it fails no review.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from attrs import define

from rebuttal.review.request import Request
from rebuttal.review.threads import in_thread
from rebuttal.store.debates import Debates, DebateState, Round
from rebuttal.store.model import StoreError

if TYPE_CHECKING:
    from rebuttal.debate.model import Outcome
    from rebuttal.review.parts import Parts
    from rebuttal.review.services import Services

log = logging.getLogger(__name__)

_CUT = ("cap", "timeout", "interrupted")
"""What stops a debate that would have gone on as expected."""


@define
class Written:
    """What the block has to say of its debate, once it has one."""

    outcome: Outcome | None = None


@asynccontextmanager
async def written_down(request: Request, services: Services, parts: Parts, *, anew: bool) -> AsyncIterator[Written]:
    """Writes the debate down that is held in the block; `anew`: nothing of it was paid for before.

    A process that ends in the block leaves it open, and nothing is learned from it.
    """
    written = Written()
    counts = anew and request.replay is None and request.counts
    debates = await _begun(request, services, parts) if counts else None
    state: DebateState = "failed"
    try:
        yield written
        if written.outcome is not None:
            state = state_of(written.outcome)
    finally:
        if debates is not None:
            await _end(debates, parts.review_id or "", state, written.outcome)


async def _begun(request: Request, services: Services, parts: Parts) -> Debates | None:
    from rebuttal.review.pricing import plan_of

    try:
        plan = await in_thread(
            lambda: plan_of(request.settings, parts, parts.review_id or "", services.repository(parts.change.root))
        )
        if plan is None:
            return None
        debates = Debates(await services.database())
        await debates.begin(plan)
    except (StoreError, ValueError) as error:
        log.warning("the debate is not written down for later estimates: %s", error)
        return None
    return debates


async def _end(debates: Debates, review: str, state: DebateState, outcome: Outcome | None) -> None:
    rounds = [
        Round(one.number, one.before, one.after, one.so_far, one.cost)
        for one in (outcome.rounds if outcome is not None else ())
    ]
    claims = len(outcome.contentions) if outcome is not None else 0
    try:
        await debates.end(review, state, claims, rounds)
    except (StoreError, ValueError) as error:
        log.warning("how the debate ended is not written down for later estimates: %s", error)


def state_of(outcome: Outcome) -> DebateState:
    """How a debate ended."""
    stopped = outcome.stopped_by
    if stopped is None:
        # A seat that failed would have raised claims that others would have examined; and what was left out for want
        # of money while it was held would have been asked, by dearer models.
        short = outcome.gave_way or outcome.shortened or (outcome.ended is not None and outcome.ended.by == "budget")
        return "cut" if outcome.degraded or short else "whole"
    return "cut" if stopped.kind in _CUT else "failed"
