"""Reviews of a whole corpus, one case after the other: with real models, from recordings, or simulated.

With models every case takes the way of any review (`review.run`): a repository, evidence, context, consent, caps and
ledger. Simulated, the same repository, evidence and context are read, but the panel's speakers know the truth and the
debate takes counted time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve, frozen

from rebuttal.context.render import fence_id, render
from rebuttal.debate.assemble import facts
from rebuttal.debate.engine import debate
from rebuttal.debate.events import ClaimSettled, DebateEvent, PhaseStarted
from rebuttal.debate.model import Brief, Outcome
from rebuttal.debate.stopping import Stopped, unless_stopped
from rebuttal.evaluation.corpus import Case
from rebuttal.evaluation.counted import run_counted
from rebuttal.evaluation.repository import planted
from rebuttal.evaluation.score import CaseScore, Score, judged, seat_scores
from rebuttal.evaluation.skill import Skill
from rebuttal.evaluation.skilled import Knowledge, Skilled, Till
from rebuttal.findings.model import Finding
from rebuttal.findings.report import NotSpent
from rebuttal.review.assembly import brief, cost_heard
from rebuttal.review.parts import Parts
from rebuttal.review.request import Answer, Question, Request, Result, ReviewEvent, UsageError
from rebuttal.review.run import look, review
from rebuttal.review.services import Services, open_services
from rebuttal.review.threads import in_thread
from rebuttal.settings import Settings, has_key
from rebuttal.store.model import ZERO
from rebuttal.text.facts import Facts
from rebuttal.text.parsing import Parser
from rebuttal.text.tokens import TokenCounter

FENCE = b"evaluation"
"""In place of the installation's secret, so that a simulation gives the same figures everywhere."""
TAPE = ".jsonl"
NO_KEY = (
    "to measure models there must be an API key: set ANTHROPIC_API_KEY, or use --simulated average, --replay DIR or "
    "--panel static"
)

_WHY: dict[NotSpent, str] = {
    "no_key": "there is no API key",
    "no_consent": "sending was not agreed to",
    "cap": "a cap stopped the debate",
    "static_panel": "the static panel was asked for",
    "trivial": "the change was taken for trivial: no model was asked",
}


@frozen
class Job:
    """What is to be measured."""

    cases: tuple[Case, ...]
    settings: Settings
    environment: Mapping[str, str]
    max_cost: Decimal | None = None
    """Hard cap of all cases together; each case has the review's own cap besides."""
    agreed: bool = False
    record: Path | None = None
    """A folder for a recording of each case."""
    replay: Path | None = None

    @property
    def free(self) -> bool:
        """Nothing is sent."""
        return self.replay is not None or self.settings.panel == "static"


@frozen
class Offer:
    """What a whole evaluation is expected to cost, before the first call."""

    host: str
    cases: int
    expected: Decimal
    at_most: Decimal


@frozen
class Evaluation:
    """What came of it. `ended` says why not every case was measured; None where all were."""

    score: Score
    cases: int
    """How many were to be measured."""
    simulated: bool = False
    ended: str | None = None
    interrupted: bool = False


Agree = Callable[[Offer], Awaitable[bool]]
Told = Callable[[CaseScore, int, int], None]
"""Called after each case: its score, which one it is from 1, of how many."""


async def evaluate(job: Job, agree: Agree, told: Told, stop: asyncio.Event | None = None) -> Evaluation:
    """Review every case with real models or from recordings.

    Nothing is sent before the whole has been priced and agreed to. Once `stop` is set, what has been measured is the
    result; of the case under way nothing is kept. Raises UsageError, SettingsError, StoreError, UnknownPrice.
    """
    async with open_services(job.environment, job.settings) as services:
        if not job.free:
            if not has_key(job.environment, job.settings):
                raise UsageError(NO_KEY)
            try:
                refusal = await _refusal(job, services, agree, stop)
            except Stopped:
                return Evaluation(Score(()), len(job.cases), ended="it was interrupted", interrupted=True)
            if refusal is not None:
                return Evaluation(Score(()), len(job.cases), ended=refusal)
        return await _reviewed(job, services, told, stop)


async def _refusal(job: Job, services: Services, agree: Agree, stop: asyncio.Event | None) -> str | None:
    """Why nothing may be sent; None where it was agreed to."""
    expected = at_most = ZERO
    for case in job.cases:
        async with AsyncExitStack() as stack:
            request = await _request(job, case, stack, job.settings.max_cost)
            parts = await unless_stopped(stop, look(request, services))
        if parts.estimate is not None:
            expected += parts.estimate.expected
            at_most += min(parts.estimate.at_most, job.settings.max_cost)
    totals = await services.totals()
    left = min(job.settings.max_cost_per_day - totals.day, job.settings.max_cost_per_month - totals.month)
    at_most = max(min(at_most, left, job.max_cost if job.max_cost is not None else at_most), ZERO)
    offer = Offer(services.host, len(job.cases), expected, at_most)
    if job.agreed or await unless_stopped(stop, agree(offer)):
        return None
    return "sending was not agreed to: run again with --yes to agree to it and to the estimate"


async def _reviewed(job: Job, services: Services, told: Told, stop: asyncio.Event | None) -> Evaluation:
    scores: list[CaseScore] = []
    spent = ZERO

    def done(ended: str | None = None, *, interrupted: bool = False) -> Evaluation:
        return Evaluation(Score(tuple(scores)), len(job.cases), ended=ended, interrupted=interrupted)

    for number, case in enumerate(job.cases, 1):
        cap = job.settings.max_cost
        if job.max_cost is not None and not job.free:
            cap = min(cap, job.max_cost - spent)
            if cap <= 0:
                return done(f"the cap of {job.max_cost} dollars for all cases is used up: raise --max-cost to go on")
        score = await _one(job, case, services, cap, stop)
        if score is None:
            return done("it was interrupted", interrupted=True)
        scores.append(score)
        spent += score.cost.spent + score.cost.assumed
        told(score, number, len(job.cases))
    return done()


async def _one(job: Job, case: Case, services: Services, cap: Decimal, stop: asyncio.Event | None) -> CaseScore | None:
    """The case's score; None where it was interrupted."""
    watch = _Watch(services.clock)
    async with AsyncExitStack() as stack:
        request = await _request(job, case, stack, cap)
        try:
            result = await review(request, services, watch, stop)
        except Stopped:
            return None
    if stop is not None and stop.is_set():
        return None
    return score_of_result(case, result, watch.first_s)


async def _request(job: Job, case: Case, stack: AsyncExitStack, cap: Decimal) -> Request:
    place = planted(case, job.environment)
    there = await in_thread(place.__enter__)
    stack.push_async_callback(partial(in_thread, lambda: place.__exit__(None, None, None)))
    return Request(
        where=there.root,
        settings=evolve(job.settings, max_cost=cap),
        scope=there.scope,
        agreed=True,
        unattended=True,
        counts=False,
        record=job.record / f"{case.name}{TAPE}" if job.record is not None else None,
        replay=job.replay / f"{case.name}{TAPE}" if job.replay is not None else None,
    )


def check_tapes(job: Job) -> None:
    """That there is a recording of every case, or a place for them. Raises UsageError."""
    if job.replay is not None:
        for case in job.cases:
            if not (job.replay / f"{case.name}{TAPE}").is_file():
                raise UsageError(f"{job.replay} holds no recording of {case.name}: record it, or choose with --case")
    if job.record is not None:
        try:
            job.record.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"the folder {job.record} cannot be made ({error}): name another") from None


class _Watch:
    """The door of one case: nobody is asked, and when the first finding was settled is noted."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began: float | None = None
        self.first_s: float | None = None

    def tell(self, event: ReviewEvent) -> None:
        if isinstance(event, PhaseStarted) and self._began is None:
            self._began = self._clock()
        if isinstance(event, ClaimSettled) and event.outcome == "finding" and self.first_s is None:
            self.first_s = self._clock() - (self._began or 0.0)

    async def agree(self, question: Question) -> Answer:
        return Answer(agree=False)


def score_of_result(case: Case, result: Result, first_s: float | None) -> CaseScore:
    """What a review of the case was worth."""
    report = result.report
    debated = [one for one in report.findings if one.source == "debate"]
    static = [one for one in report.findings if one.source == "static"]
    score = _scored(case, debated, report.held_back, static, result.outcome)
    why = _WHY[report.not_spent] if report.not_spent not in (None, "static_panel") else None
    return evolve(
        score,
        panel=report.panel,
        cost=report.cost,
        seconds=report.timing.debate_ms / 1000,
        first_s=first_s if debated else None,
        degraded=report.degraded,
        cut_short=why,
    )


def _scored(
    case: Case,
    debated: Iterable[Finding],
    held_back: Iterable[Finding],
    static: Iterable[Finding],
    outcome: Outcome | None,
) -> CaseScore:
    told = judged(case, tuple(debated))
    seats, raised = seat_scores(case, outcome) if outcome is not None else ({}, frozenset[str]())
    by_static = judged(case, tuple(static), told)
    return CaseScore(
        case=case,
        panel="",
        told=told,
        held_back=judged(case, tuple(held_back), (*told, *by_static)),
        static=by_static,
        raised=raised,
        seats=seats,
    )


# --- simulated ---


@frozen
class Prepared:
    """A case with all that a debate about it needs: made once, argued about as often as wanted."""

    case: Case
    brief: Brief
    static: tuple[Finding, ...] = ()
    parser: Parser | None = None
    """Remembers what it found in the case's texts."""

    @property
    def shown(self) -> frozenset[str]:
        """The files that the panel may see."""
        return frozenset(one.file for one in self.brief.context.exhibits)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Ids of the defects and lures that are decided by a file which the panel is not shown."""
        shown, case = self.shown, self.case
        decided = [(one.id, one.settled_file) for one in case.defects]
        decided += [(one.id, one.refuted_file) for one in case.lures]
        return tuple(id_ for id_, file in decided if file not in shown)


async def prepare(
    cases: Iterable[Case],
    settings: Settings,
    environment: Mapping[str, str],
    stop: asyncio.Event | None = None,
) -> tuple[Prepared, ...]:
    """Every case's repository read as a review would read it. Writes to no store but one of its own.

    Raises Stopped once `stop` is set.
    """
    prepared: list[Prepared] = []
    with TemporaryDirectory(prefix="rebuttal-eval-", ignore_cleanup_errors=True) as home:
        own = {**environment, "REBUTTAL_HOME": home}
        async with open_services(own, settings) as services:
            for case in cases:
                async with AsyncExitStack() as stack:
                    request = await _request(Job((), settings, own), case, stack, settings.max_cost)
                    parts = await unless_stopped(stop, look(request, services, priced=False))
                prepared.append(await in_thread(partial(_prepared, case, settings, parts)))
    return tuple(prepared)


def _prepared(case: Case, settings: Settings, parts: Parts) -> Prepared:
    context = parts.context
    assert context is not None
    fence = fence_id(FENCE, context.diff)
    shared = render(context, fence, facts(parts.evidence.findings, context.reported))
    asked = brief(settings, evolve(parts, fence=fence, shared=shared))
    static = tuple(one for one in parts.evidence.findings if one.status == "open")
    return Prepared(case, asked, static, Parser(facts=Facts()))


def simulate(prepared: Prepared, skill: Skill, seed: int, till: Till) -> tuple[CaseScore, Outcome]:
    """One debate by speakers of that skill, in counted time: what it is worth, and all that was said."""
    asked = prepared.brief
    if not asked.seats:
        return evolve(_scored(prepared.case, (), (), prepared.static, None), panel="static"), Outcome((), (), (), ())
    known = Knowledge(prepared.case, asked.change, prepared.shown, skill)
    speaker = Skilled(known, skill, seed, till.fresh())
    settled: list[float] = []

    async def whole() -> tuple[Outcome, float]:
        loop = asyncio.get_running_loop()

        def listen(event: DebateEvent) -> None:
            if isinstance(event, ClaimSettled) and event.outcome == "finding":
                settled.append(loop.time())

        return await debate(asked, speaker, listen, loop.time, parser=prepared.parser), loop.time()

    outcome, took = run_counted(whole())
    score = _scored(prepared.case, outcome.findings, outcome.held_back, prepared.static, outcome)
    stopped = outcome.stopped_by
    scored = evolve(
        score,
        panel=asked.panel,
        cost=cost_heard(outcome),
        seconds=took,
        first_s=settled[0] if settled and outcome.findings else None,
        degraded=outcome.degraded,
        cut_short=stopped.message if stopped is not None else None,
        unseen=prepared.unseen,
    )
    return scored, outcome


async def evaluate_simulated(
    job: Job, skill: Skill, seed: int, told: Told, stop: asyncio.Event | None = None
) -> Evaluation:
    """Hold every case's debate with simulated speakers: nothing is sent and nothing is spent."""
    scores: list[CaseScore] = []
    till = Till(job.settings, TokenCounter())
    for number, case in enumerate(job.cases, 1):
        try:
            (prepared,) = await prepare((case,), job.settings, job.environment, stop)
            score, _ = await unless_stopped(stop, in_thread(partial(simulate, prepared, skill, seed, till)))
        except Stopped:
            return Evaluation(Score(tuple(scores)), len(job.cases), True, "it was interrupted", interrupted=True)
        scores.append(score)
        told(score, number, len(job.cases))
    return Evaluation(Score(tuple(scores)), len(job.cases), simulated=True)
