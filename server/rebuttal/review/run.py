"""One review, from scope to findings (design: docs/how-it-works.md)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from rebuttal.budget.currency import money_of
from rebuttal.budget.model import BudgetWarning, Estimate, UnknownPrice
from rebuttal.change.model import ChangeError
from rebuttal.change.read import Reading, read_change
from rebuttal.debate.stopping import Stopped, unless_stopped
from rebuttal.findings.notebooks import in_files
from rebuttal.findings.report import Degraded, NotSpent, Timing
from rebuttal.review import dismissals, fates, listing, past, recorded, taking_up
from rebuttal.review.assembly import brief, cost_heard, hunks_of, numbered_in, only_asked, remembered_as, report
from rebuttal.review.memory import recall, remember
from rebuttal.review.parts import Parts
from rebuttal.review.readiness import load_checks
from rebuttal.review.request import (
    BudgetWarned,
    Door,
    Estimated,
    Question,
    Request,
    Result,
    Resumed,
    StaticReady,
    UsageError,
)
from rebuttal.review.services import Services
from rebuttal.review.static_panel import linted, undismissed
from rebuttal.review.threads import detached, in_thread
from rebuttal.settings import SettingsError, repository_settings
from rebuttal.store.clock import utc_now
from rebuttal.store.model import StoreError
from rebuttal.text.parsing import Parser

if TYPE_CHECKING:
    from rebuttal.debate.events import DebateEvent
    from rebuttal.evidence.panel import Gathered
    from rebuttal.review.own_prompts import OwnPrompts

log = logging.getLogger(__name__)


async def review(request: Request, services: Services, door: Door, stop: asyncio.Event | None = None) -> Result:
    """Review one change. Once `stop` is set, what has been found until then is the result.

    Raises ChangeError, SettingsError or UsageError when there is nothing to review for a reason the user
    must mend, and Stopped when it was stopped before anything was found. Everything else that fails is told in
    the result: degraded, coverage, notes.
    """
    watch, begun = _Watch(services.clock), utc_now()
    detached(load_checks)
    await unless_stopped(stop, in_thread(partial(_check, request, services)))
    async with _opened(request, services, watch, stop) as reading:
        parser = Parser(facts=services.facts)
        static = _static(request, services, reading, parser, watch, existing=True)
        request, parts, gathered = await unless_stopped(stop, static)
        door.tell(_static_ready(parts))
        try:
            with watch.part("evidence_ms"):
                more = await unless_stopped(stop, linted(request, services, parts, gathered))
            if more.evidence is not parts.evidence:
                door.tell(_static_ready(more, with_linters=True))
            parts = more
            own = parts.own.version if parts.own is not None else ""
            memory = await unless_stopped(stop, recall(request, services, reading, parts.choice, own))
            parts = evolve(parts, memory=memory)
            await unless_stopped(stop, fates.look_again(request, services, reading, memory))
            parts = await unless_stopped(stop, _prepared(request, services, reading, parser, parts, watch))
        except Stopped:
            parts = _interrupted(parts)
    if parts.estimate is not None and parts.not_spent is None:
        parts = await _debated(request, services, door, parts, parts.estimate, watch, stop)
    result = await recorded.finished(request, services, await _result(request, services, parts, watch))
    await fates.record(request, services, parts, result, begun)
    await listing.keep(request, services, parts.memory, result)
    await remember(request, services, remembered_as(parts), result)
    return result


async def estimate(request: Request, services: Services) -> Estimate:
    """What a review of the change would cost, before anything is sent; zero where no model would be asked."""
    parts = await look(request, services)
    return parts.estimate or Estimate(Decimal(0), Decimal(0))


async def look(request: Request, services: Services, *, priced: bool = True) -> Parts:
    """The context, the payload and the price of a review that is not run (`context`, `estimate --show-payload`).

    Raises as `review`, and StoreError and UnknownPrice.
    """
    return (await looked(request, services, priced=priced))[1]


async def looked(request: Request, services: Services, *, priced: bool = True) -> tuple[Request, Parts]:
    """The same, with the request under the settings that the repository itself asks for."""
    watch, parser = _Watch(services.clock), Parser(facts=services.facts)
    async with _opened(request, services, watch) as reading:
        request, parts, _ = await _static(request, services, reading, parser, watch)
        parts = await _with_context(request, services, reading, parser, parts, watch)
    if priced:
        parts = await _priced(request, services, parts)
    asked = only_asked(parts.choice, request.settings.protocol)
    return request, evolve(parts, choice=asked, timing=watch.timing())


@asynccontextmanager
async def _opened(
    request: Request, services: Services, watch: _Watch, stop: asyncio.Event | None = None
) -> AsyncIterator[Reading]:
    """The change, and the repository for as long as the block runs. Leaving it never waits for git."""

    def read() -> Reading:
        return read_change(
            request.where,
            request.scope,
            base=request.base,
            buffers=request.buffers,
            only_lines=request.only_lines,
            include_working=request.include_working,
            ignore=lambda base: repository_settings(base, request.settings)[0].ignore,
            memory=services.seen_of(request.where),
        )

    with watch.part("change_ms"):
        reading = await unless_stopped(stop, in_thread(read, Reading.close))
    try:
        yield reading
    finally:
        detached(reading.close)


def _static_ready(parts: Parts, *, with_linters: bool = False) -> StaticReady:
    change, evidence = parts.change, parts.evidence
    found, stood = in_files(evidence.findings, change), in_files(evidence.pre_existing or (), change)
    return StaticReady(change.root, found, with_linters, hunks_of(change), stood)


async def _static(
    request: Request, services: Services, reading: Reading, parser: Parser, watch: _Watch, *, existing: bool = False
) -> tuple[Request, Parts, Gathered]:
    """The built-in checks of the static panel, under the settings that the repository itself asks for.

    `existing`: whether what stood before the change is looked for, where the settings ask for it.
    """
    change = reading.change

    def check() -> tuple[Request, Parts, Gathered]:
        # Loaded here, in the thread: a hover or a cancellation does not wait for it.
        from rebuttal.context.names import sendable
        from rebuttal.debate.panel.choice import choose_panel
        from rebuttal.evidence.panel import conclude, gather
        from rebuttal.evidence.wanted import Wanted

        narrowed, notes = _narrowed(request, reading)
        asked = existing and narrowed.settings.show_existing
        wanted = Wanted(narrowed.settings.rules_on, narrowed.settings.rules_off)
        gathered = gather(change, reading.repository, parser=parser, wanted=wanted, existing=asked)
        evidence = conclude(gathered)
        own = _own_prompts(narrowed, services, reading)
        seats, off = own.seats if own is not None else (), narrowed.settings.seats_off
        choice = choose_panel(sendable(change), narrowed.settings.panel, seats, parser, off)
        if off and own is not None:
            from rebuttal.debate.panel.seating import misnamed

            notes = (*notes, *misnamed(off, seats))
        told = (*notes, *evidence.notes, *reading.repository.notes, *(own.notes if own is not None else ()))
        return narrowed, Parts(change=change, evidence=evidence, choice=choice, notes=told, own=own), gathered

    with watch.part("evidence_ms"):
        request, parts, gathered = await in_thread(check)
        return request, await undismissed(services, parts), gathered


def _own_prompts(request: Request, services: Services, reading: Reading) -> OwnPrompts | None:
    """The user's own seats and templates; None where no debate may follow."""
    if request.settings.panel == "static":
        return None
    from rebuttal.review.own_prompts import own_prompts

    trusted = services.trusts(request, reading.change.root)
    return own_prompts(services.home, reading.repository.old, trusted=trusted)


async def _prepared(
    request: Request, services: Services, reading: Reading, parser: Parser, parts: Parts, watch: _Watch
) -> Parts:
    """Context and price of the debate, where one may follow; or why none will. The static findings stand either way."""
    why = _not_spent(request, services, parts)
    parts = evolve(parts, not_spent=why, lacking=services.lacking)
    if why not in (None, "no_key") or (why == "no_key" and not request.price_without_key):
        return parts
    if why is None and request.replay is None:
        services.warm_up()
    try:
        parts = await _with_context(request, services, reading, parser, parts, watch)
        return await _priced(request, services, parts)
    except Exception as error:
        if why == "no_key":
            return evolve(parts, notes=(*parts.notes, f"What a debate would cost is not known: {_told(error)}."))
        return _failed(parts, "context", error)


def _not_spent(request: Request, services: Services, parts: Parts) -> NotSpent | None:
    from rebuttal.context.names import sendable

    if parts.choice.panel == "static" or not sendable(parts.change).files:
        return "static_panel" if request.settings.panel == "static" else "trivial"
    return None if services.can_speak(request) else "no_key"


async def _with_context(
    request: Request, services: Services, reading: Reading, parser: Parser, parts: Parts, watch: _Watch
) -> Parts:
    secret = await services.secret()

    def prepare() -> Parts:
        from rebuttal.change.identity import framing
        from rebuttal.context.build import build
        from rebuttal.context.names import sendable
        from rebuttal.context.render import fence_id, render
        from rebuttal.debate.assemble import facts
        from rebuttal.debate.panel.kinds import kinds_of

        context = build(
            reading.change,
            reading.repository,
            budget_tokens=request.settings.context_tokens,
            parser=parser,
            framing=framing(reading),
            open_files=request.open_files,
            diagnostics=request.diagnostics,
        )
        fence = fence_id(secret, context.diff)
        shared = render(context, fence, facts(parts.evidence.findings, context.reported))
        told = tuple(dict.fromkeys((*parts.notes, *reading.repository.notes)))
        own = parts.own.templates if parts.own is not None else ()
        return evolve(
            parts,
            context=context,
            shared=shared,
            fence=fence,
            framing=context.framing,
            kinds=kinds_of(sendable(reading.change), own, context.framing),
            notes=told,
        )

    with watch.part("context_ms"):
        return await in_thread(prepare)


async def _priced(request: Request, services: Services, parts: Parts) -> Parts:
    parts = evolve(parts, totals=await services.totals(parts.change.root))
    tokenizers = await services.tokenizers()
    settings = request.settings
    earlier = await taking_up.find(request, services, parts.change.root, brief(settings, parts))
    if earlier is not None:
        parts, settings = evolve(parts, earlier=earlier), earlier.left_of(settings)
    if request.replay is None:
        forecast, lessons = await services.learned(request.settings.protocol)
        parts = evolve(parts, forecast=forecast, lessons=lessons)

    def price() -> Parts:
        from rebuttal.review.means import recorded_means

        recorded = recorded_means(request.replay) if request.replay is not None else None
        return services.priced(settings, parts, tokenizers, request.urgency, recorded)

    return await in_thread(price)


async def _debated(
    request: Request,
    services: Services,
    door: Door,
    parts: Parts,
    estimate: Estimate,
    watch: _Watch,
    stop: asyncio.Event | None,
) -> Parts:
    """The debate, where the user agrees to it. What fails of it is told; the static findings stand."""
    from rebuttal.debate.engine import debate

    door.tell(Estimated(estimate, parts.totals))
    warnings: dict[str, None] = {}

    def on_warning(warning: BudgetWarning) -> None:
        event = BudgetWarned(warning, money_of(request.settings))
        warnings.setdefault(event.message)
        door.tell(event)

    try:
        if not await unless_stopped(stop, agreed(request, services, door, parts, estimate)):
            return evolve(parts, not_spent="no_consent")
        parts = evolve(parts, review_id=request.review_id or uuid.uuid4().hex)
        with watch.part("debate_ms"):
            root, asked = parts.change.root, brief(request.settings, parts)
            if request.deadline_s is not None:
                asked = evolve(asked, deadline_s=request.deadline_s)
            earlier = await taking_up.find(request, services, root, asked)
            if earlier is not None:
                note = earlier.note(asked, money_of(request.settings))
                request = evolve(request, settings=earlier.left_of(request.settings))
                door.tell(Resumed(note, {one.id: one.lead.claim.title for one in earlier.record.contentions}))
                parts = evolve(parts, notes=(*parts.notes, note))
            elif parts.earlier is not None:
                # Taken up elsewhere while the user was asked: held anew, but for no more than they agreed to.
                most = min(request.settings.max_cost, estimate.at_most)
                request = evolve(request, settings=evolve(request.settings, max_cost=most))
            reviews = (*(earlier.reviews if earlier is not None else ()), parts.review_id or "")
            about = recorded.about(request.settings, parts, asked) if request.record is not None else None
            names = recorded.names(asked)
            speaker = await services.speaker(
                request, parts.review_id or "", root, on_warning, about, names, estimate.calls
            )
            record = earlier.record if earlier is not None else None
            async with (
                taking_up.keeping(request, services, root, asked, reviews) as keeper,
                past.written_down(request, services, parts, anew=earlier is None) as written,
                services.traced(request, parts.review_id or "", parts.choice.panel),
            ):

                def tell(event: DebateEvent) -> None:
                    keeper.hear(event)
                    door.tell(event)

                facts = Parser(facts=services.facts)
                outcome = await debate(asked, speaker, tell, services.clock, stop, record, facts, keeper.begun)
                written.outcome = outcome
            await taking_up.keep(request, services, root, asked, outcome, reviews, wrote=keeper.wrote)
    except (SettingsError, UsageError):
        raise
    except Stopped:
        return _interrupted(parts)
    except Exception as error:
        return _failed(evolve(parts, notes=(*parts.notes, *warnings)), "debate", error)
    stopped = outcome.stopped_by
    by_cap = stopped is not None and stopped.kind == "cap"
    parts = evolve(parts, outcome=outcome, notes=(*parts.notes, *warnings))
    if (unrecorded := services.unrecorded()) is not None:
        parts = evolve(parts, failures=(*parts.failures, Degraded("recording", "debate", unrecorded)))
    return evolve(parts, not_spent="cap" if by_cap else None)


async def agreed(request: Request, services: Services, door: Door, parts: Parts, estimate: Estimate) -> bool:
    """Whether the user agrees to sending and to the price; asks where that is not known yet."""
    if request.agreed or request.replay is not None:
        return True
    if request.unattended:
        return False
    from rebuttal.context.names import sendable

    root, sent = parts.change.root, sendable(parts.change)
    if estimate.expected <= request.settings.ask_above and await services.has_consent(root, sent.untracked):
        return True
    question = Question(
        repository=root.name,
        host=services.host,
        files=len(sent.files),
        untracked=sent.untracked,
        redactions=len(parts.context.redactions) if parts.context else 0,
        estimate=estimate,
    )
    answer = await door.agree(question)
    if answer.agree and answer.remember:
        await services.remember_consent(root, sent.untracked)
    return answer.agree


async def _result(request: Request, services: Services, parts: Parts, watch: _Watch) -> Result:
    try:
        cost = await services.cost(parts.review_id)
    except StoreError as error:
        # What was found has been paid for: it is not lost because the ledger cannot be read.
        cost, parts = cost_heard(parts.outcome), _failed(parts, "ledger", error)
    if parts.outcome is not None:
        # Anew: what was dismissed meanwhile counts. What the store fails of was told when the static panel had run.
        parts = evolve(await dismissals.known(services, parts), notes=parts.notes)
        with contextlib.suppress(StoreError):
            parts = evolve(parts, standing=await services.standing(request.settings, parts.change.root))

    def write() -> Result:
        from rebuttal.debate.transcript import transcript

        timed = evolve(parts, timing=watch.timing())
        names = {seat.id: seat.name for seat in parts.choice.seats}
        title = f"{parts.change.root.name}: {parts.change.scope} change against {parts.change.base_reason}"
        told = transcript(parts.outcome, title, names) if parts.outcome else ""
        return Result(parts.change.root, report(timed, cost), told, parts.outcome)

    if parts.outcome is None:
        return Result(parts.change.root, report(evolve(parts, timing=watch.timing()), cost), "")
    result = await in_thread(write)
    if parts.dismissed and parts.renames:
        await dismissals.carry_on(services, parts, await in_thread(partial(numbered_in, parts)))
    return result


def _interrupted(parts: Parts) -> Parts:
    from rebuttal.debate.sitting import INTERRUPTED

    return evolve(parts, failures=(*parts.failures, Degraded("panel", "debate", INTERRUPTED)))


def _failed(parts: Parts, part: str, error: Exception) -> Parts:
    """A part of the review failed: told, and never called clean."""
    seat = "ledger" if isinstance(error, StoreError | UnknownPrice) else part
    return evolve(parts, failures=(*parts.failures, Degraded(seat, "initialization", _told(error))))


def _told(error: Exception) -> str:
    """The sentence for the user. Of an unforeseen error only the kind: its message may hold code or a secret."""
    if isinstance(error, StoreError | UnknownPrice | ChangeError):
        return str(error).rstrip(".")
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place is not None else "?"
    log.error("a part of the review failed by a defect of Rebuttal: %s in %s", type(error).__name__, where)
    return f"an internal error of Rebuttal ({type(error).__name__}): please report it"


def _check(request: Request, services: Services) -> None:
    """What can be refused before anything is read. Raises UsageError and SettingsError."""
    if request.settings.panel == "static":
        return
    if request.record is not None and request.replay is not None and _is_same(request.record, request.replay):
        raise UsageError(f"--record and --replay both name {request.record}: record to another file")
    services.require_key(request)
    if request.replay is None and services.can_speak(request):
        # An endpoint that names no host is refused here, not after the static panel has run.
        _ = services.host


def _is_same(file: Path, other: Path) -> bool:
    return os.path.realpath(file) == os.path.realpath(other)


def _narrowed(request: Request, reading: Reading) -> tuple[Request, tuple[str, ...]]:
    """The repository's own settings, read from the base so that a change cannot steer its own review."""
    settings, problems = repository_settings(reading.repository.old.read, request.settings)
    return evolve(request, settings=settings), tuple(problem.message for problem in problems)


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
            self._parts[name] = self._parts.get(name, 0) + round((self._clock() - start) * 1000)

    def timing(self) -> Timing:
        return Timing(total_ms=round((self._clock() - self._start) * 1000), **self._parts)
