"""One review, from scope to findings (design: docs/how-it-works.md)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from attrs import evolve, frozen

from rebuttal.budget.model import Estimate
from rebuttal.change.model import Change
from rebuttal.change.read import Reading, read_change
from rebuttal.context.model import Context
from rebuttal.debate.model import Outcome
from rebuttal.debate.panel import PanelChoice, choose_panel
from rebuttal.evidence.panel import Evidence, collect
from rebuttal.findings.report import NotSpent, Timing
from rebuttal.review.assembly import Parts, assemble
from rebuttal.review.request import Door, Estimated, Question, Request, Result, StaticReady, UsageError
from rebuttal.review.services import Services

T = TypeVar("T")


async def review(request: Request, services: Services, door: Door) -> Result:
    """Review one change.

    Raises ChangeError, SettingsError or UsageError when there is nothing to review for a reason the user
    must mend. Everything else that fails is told in the result: degraded, coverage, notes.
    """
    watch = _Watch(services.clock)
    services.require_key(request)
    with watch.part("change_ms"):
        reading = await _cpu(_read, request)
    try:
        return await _review(request, services, door, reading, watch)
    finally:
        reading.close()


async def _review(request: Request, services: Services, door: Door, reading: Reading, watch: _Watch) -> Result:
    change = reading.change
    with watch.part("evidence_ms"):
        evidence = await _cpu(collect, change, reading.repository)
        evidence = evolve(evidence, findings=await services.suppress(change, evidence.findings))
    door.tell(StaticReady(change.root, evidence.findings))

    choice = choose_panel(change, request.settings.panel)
    parts = Parts(change=change, evidence=evidence, choice=choice, timing=Timing())
    if choice.panel == "static" or not change.files:
        parts = evolve(parts, not_spent=_why_static(request, choice))
    elif not services.can_speak(request):
        parts = evolve(parts, not_spent="no_key")
        if request.price_without_key:
            parts = await _with_price(request, services, reading, parts, watch)
    else:
        parts = await _with_price(request, services, reading, parts, watch)
        parts = await _with_debate(request, services, door, parts, watch)
    return await assemble(evolve(parts, timing=watch.timing()), services, request)


def _why_static(request: Request, choice: PanelChoice) -> NotSpent:
    return "static_panel" if request.settings.panel == "static" else "trivial"


async def _with_price(
    request: Request, services: Services, reading: Reading, parts: Parts, watch: _Watch
) -> Parts:
    """Build the context and say what a debate about it would cost."""
    with watch.part("context_ms"):
        prepared = await _cpu(_prepare, request, services, reading, parts)
    totals = await services.totals()
    estimate = services.estimate(request, prepared.planned, totals)
    return evolve(parts, context=prepared.context, shared=prepared.shared, estimate=estimate, totals=totals)


async def _with_debate(
    request: Request, services: Services, door: Door, parts: Parts, watch: _Watch
) -> Parts:
    assert parts.context is not None
    assert parts.estimate is not None
    door.tell(Estimated(parts.estimate, parts.totals))
    refused = await _ask(request, services, door, parts.change, parts.context, parts.estimate)
    if refused is not None:
        return evolve(parts, not_spent=refused)
    review_id = uuid.uuid4().hex
    with watch.part("debate_ms"):
        outcome = await services.debate(request, parts, review_id, door)
    return evolve(parts, outcome=outcome, review_id=review_id, not_spent=_stopped(outcome))


def _stopped(outcome: Outcome) -> NotSpent | None:
    return "cap" if outcome.stopped_by is not None and outcome.stopped_by.kind == "cap" else None


async def _ask(
    request: Request, services: Services, door: Door, change: Change, context: Context, estimate: Estimate
) -> NotSpent | None:
    """Ask for consent where it is not given yet. None: go on."""
    if request.agreed or request.replay is not None:
        return None
    if await services.has_consent(change.root) and estimate.expected <= request.settings.ask_above:
        return None
    question = Question(
        repository=change.root.name,
        host=services.host,
        files=len(change.files),
        untracked=change.untracked,
        redactions=len(context.redactions),
        estimate=estimate,
    )
    answer = await door.agree(question)
    if not answer.agree:
        return "no_consent"
    if answer.remember:
        await services.remember_consent(change.root)
    return None


@frozen
class _Prepared:
    context: Context
    shared: str
    fence: str


def _read(request: Request) -> Reading:
    return read_change(
        request.where,
        request.scope,
        base=request.base,
        buffers=request.buffers,
        only_lines=request.only_lines,
        include_working=request.include_working,
    )


def _prepare(request: Request, secret: bytes, reading: Reading, evidence: Evidence) -> _Prepared:
    context = build(reading.change, reading.repository, budget_tokens=request.settings.context_tokens)
    fence = fence_id(secret, context)
    return _Prepared(context, render(context, evidence.findings, fence), fence)


async def _cpu(work: Callable[..., T], *arguments: object) -> T:
    """Work that costs CPU leaves the loop free for the network and for cancelling."""
    return await asyncio.to_thread(work, *arguments)


class _Watch:
    """Milliseconds by part."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start = clock()
        self._parts: dict[str, int] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        start = self._clock()
        try:
            yield
        finally:
            self._parts[name] = round((self._clock() - start) * 1000)

    def timing(self) -> Timing:
        return Timing(total_ms=round((self._clock() - self._start) * 1000), **self._parts)
