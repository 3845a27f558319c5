"""One review, from scope to findings (design: docs/how-it-works.md)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TypeVar

from attrs import evolve, frozen

from rebuttal.budget.model import Estimate, UnknownPrice
from rebuttal.change.identity import framing
from rebuttal.change.read import Reading, read_change
from rebuttal.context.build import build
from rebuttal.context.model import Context
from rebuttal.context.render import fence_id, render
from rebuttal.debate.assemble import facts
from rebuttal.debate.engine import ProtocolUnavailable, debate, protocol
from rebuttal.debate.panel import choose_panel
from rebuttal.evidence.model import Evidence
from rebuttal.evidence.panel import collect
from rebuttal.findings.report import Degraded, Timing
from rebuttal.review.assembly import Parts, brief, report
from rebuttal.review.request import Door, Estimated, Question, Request, Result, StaticReady, UsageError
from rebuttal.review.services import Services
from rebuttal.settings import repository_settings
from rebuttal.store.model import StoreError

T = TypeVar("T")


async def review(request: Request, services: Services, door: Door) -> Result:
    """Review one change.

    Raises ChangeError, SettingsError or UsageError when there is nothing to review for a reason the user
    must mend. Everything else that fails is told in the result: degraded, coverage, notes.
    """
    watch = _Watch(services.clock)
    _check(request, services)
    with watch.part("change_ms"):
        reading = await _cpu(_read, request)
    try:
        request, notes = _narrowed(request, reading)
        parts = await _static(request, services, door, reading, watch)
        parts = await _further(request, services, door, reading, evolve(parts, notes=notes), watch)
        cost = await services.cost(parts.review_id)
    finally:
        reading.close()
    parts = evolve(parts, timing=watch.timing())
    return Result(parts.change.root, report(parts, cost), _transcript(parts))


async def estimate(request: Request, services: Services) -> Estimate:
    """What a review of the change would cost, before anything is sent; zero where no model would be asked."""
    parts = await _priced_only(request, services)
    return parts.estimate or Estimate(Decimal(0), Decimal(0))


async def look(request: Request, services: Services) -> Parts:
    """The context, the payload and the price of a review that is not run (`context`, `estimate --show-payload`)."""
    return await _priced_only(request, services)


async def _priced_only(request: Request, services: Services) -> Parts:
    reading = await _cpu(_read, request)
    try:
        request, notes = _narrowed(request, reading)
        parts = await _static(request, services, None, reading, _Watch(services.clock))
        return await _priced(request, services, reading, evolve(parts, notes=notes), _Watch(services.clock))
    finally:
        reading.close()


async def _static(request: Request, services: Services, door: Door | None, reading: Reading, watch: _Watch) -> Parts:
    change = reading.change
    with watch.part("evidence_ms"):
        evidence = await _cpu(collect, change, reading.repository)
        evidence = evolve(evidence, findings=await services.suppressed(change, evidence.findings))
    if door is not None:
        door.tell(StaticReady(change.root, evidence.findings))
    return Parts(change=change, evidence=evidence, choice=choose_panel(change, request.settings.panel))


async def _further(
    request: Request, services: Services, door: Door, reading: Reading, parts: Parts, watch: _Watch
) -> Parts:
    """What comes after the static panel, as far as key, consent and caps allow."""
    if parts.choice.panel == "static" or not parts.change.files:
        return evolve(parts, not_spent="static_panel" if request.settings.panel == "static" else "trivial")
    if not services.can_speak(request):
        parts = evolve(parts, not_spent="no_key")
        return await _priced(request, services, reading, parts, watch) if request.price_without_key else parts
    warming = asyncio.create_task(services.warm_up()) if request.replay is None else None
    try:
        parts = await _priced(request, services, reading, parts, watch)
        return await _debated(request, services, door, parts, watch)
    except (StoreError, UnknownPrice) as error:
        # What cannot be recorded or priced is not spent; the static findings stand all the same.
        return evolve(parts, failures=(Degraded("ledger", "initialization", str(error)),))
    finally:
        if warming is not None:
            warming.cancel()


async def _priced(request: Request, services: Services, reading: Reading, parts: Parts, watch: _Watch) -> Parts:
    """Build the context and say what a debate about it would cost."""
    secret = await services.secret()
    with watch.part("context_ms"):
        prepared = await _cpu(_prepare, request, secret, reading, parts.evidence)
    totals = await services.totals()
    parts = evolve(
        parts,
        context=prepared.context,
        shared=prepared.shared,
        fence=prepared.fence,
        framing=prepared.framing,
        totals=totals,
    )
    return evolve(parts, estimate=await _cpu(services.estimate, request.settings, parts))


async def _debated(request: Request, services: Services, door: Door, parts: Parts, watch: _Watch) -> Parts:
    assert parts.estimate is not None
    door.tell(Estimated(parts.estimate, parts.totals))
    if not await _agreed(request, services, door, parts, parts.estimate):
        return evolve(parts, not_spent="no_consent")
    review_id = uuid.uuid4().hex
    with watch.part("debate_ms"):
        speaker = await services.speaker(request, review_id, parts.change.root)
        outcome = await debate(brief(request.settings, parts), speaker, door.tell, services.clock)
    stopped = outcome.stopped_by
    by_cap = stopped is not None and stopped.kind == "cap"
    return evolve(parts, outcome=outcome, review_id=review_id, not_spent="cap" if by_cap else None)


async def _agreed(request: Request, services: Services, door: Door, parts: Parts, estimate: Estimate) -> bool:
    """Whether the user agrees to sending and to the price; asks where that is not known yet."""
    if request.agreed or request.replay is not None:
        return True
    root = parts.change.root
    if estimate.expected <= request.settings.ask_above and await services.has_consent(root):
        return True
    question = Question(
        repository=root.name,
        host=services.host,
        files=len(parts.change.files),
        untracked=parts.change.untracked,
        redactions=len(parts.context.redactions) if parts.context else 0,
        estimate=estimate,
    )
    answer = await door.agree(question)
    if answer.agree and answer.remember:
        await services.remember_consent(root)
    return answer.agree


def _check(request: Request, services: Services) -> None:
    """What can be refused before anything is read. Raises UsageError."""
    if request.settings.panel == "static":
        return
    services.require_key(request)
    try:
        protocol(request.settings.protocol)
    except ProtocolUnavailable as error:
        raise UsageError(str(error)) from None


def _transcript(parts: Parts) -> str:
    if parts.outcome is None:
        return ""
    from rebuttal.debate.transcript import transcript

    return transcript(parts.outcome)


def _narrowed(request: Request, reading: Reading) -> tuple[Request, tuple[str, ...]]:
    """The repository's own settings, read from the base so that a change cannot steer its own review."""
    settings, problems = repository_settings(reading.repository.old.read, request.settings)
    return evolve(request, settings=settings), tuple(problem.message for problem in problems)


@frozen
class _Prepared:
    context: Context
    shared: str
    fence: str
    framing: str


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
    fence = fence_id(secret, context.diff)
    return _Prepared(context, render(context, fence, facts(evidence.findings)), fence, framing(reading))


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
