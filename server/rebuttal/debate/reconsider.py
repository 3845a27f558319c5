"""One finding argued about anew, because the user doubts it or wants to be surer: two calls, three at most.

The examiner without a lens is shown the claim, the code and what the user says of it, and tries to refute it as in
any cross-examination; it may ask once to see code. What it does not confirm the Moderator decides, who sees what was
held before as well. Only a ruling that quotes code counts: where none is given, the finding stays as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from decimal import Decimal

from attrs import evolve, frozen

from rebuttal.debate.anchoring import Anchoring
from rebuttal.debate.assemble import Served
from rebuttal.debate.events import DebateEvent
from rebuttal.debate.floor import Floor, place_order
from rebuttal.debate.model import (
    Brief,
    Claim,
    Contention,
    Failure,
    Phase,
    Prompt,
    Reply,
    Ruled,
    Ruling,
    RulingVerdict,
    Seat,
    Speaker,
    Turn,
)
from rebuttal.debate.planning import CHARACTERS_PER_TOKEN, PlannedTurn
from rebuttal.debate.prompts import EXAMINER, MODERATOR, load_prompts
from rebuttal.debate.selection import MAX_TOKENS, Choice
from rebuttal.debate.sitting import Sitting
from rebuttal.debate.stopping import Stopped, unless_stopped
from rebuttal.debate.verdict import raised_severity, settle
from rebuttal.findings.model import Finding, FindingStatus, TraceStep, Verdict
from rebuttal.text.parsing import Parser
from rebuttal.text.redaction import has_placeholder

ASKED_AGAIN = "asked_again"
"""The phase of the trace's step that holds the user's comment."""
LONGEST_COMMENT = 4_000
"""Characters of a comment."""
EARLIER = -1
"""The turn of what was said in the debate before: it costs nothing now."""
NEEDS = 6
"""Pieces of code that the examiner is served."""
_ARGUED = ("cross_examination", "rebuttal")
_VERDICTS: dict[str, RulingVerdict] = {"confirmed": "confirmed", "refuted": "refuted", "unsure": "unsure"}
EXAMINED, SETTLED = 2, 3
"""Rounds."""
_TURNS = {"cross_examination": (1.3, 1_200), "consensus": (0.5, 900)}
"""How many calls of a phase are expected, and the tokens of an answer, thinking included. ASSUMED."""


class NotInChange(Exception):
    """The code that the finding is about is not part of the change any more."""


@frozen
class Reconsidered:
    """What came of it. `finding` has the same id, its trace goes on."""

    finding: Finding
    decided: bool
    """Whether a ruling with quoted code was given; False: it stays as it was."""
    failure: Failure | None = None
    """Why nobody decided, where a call failed."""


class Reconsideration:
    """Prepared before anything is sent, so that it can be priced. Raises NotInChange."""

    def __init__(self, brief: Brief, finding: Finding, comment: str, parser: Parser | None = None) -> None:
        self._comment = comment.strip()[:LONGEST_COMMENT]
        # Nobody opens: only the finding is argued about.
        self._brief = evolve(brief, seats=(), remark=self._comment)
        self._finding = finding
        self._parser = parser

    def planned(self) -> tuple[PlannedTurn, ...]:
        """The calls that are expected. Raises NotInChange."""
        table = _Table(self._sitting(_Nobody(), lambda _: None, lambda: 0.0), self._finding)
        examiner, moderator = table.examiner, table.moderator
        asked = (
            ("cross_examination", examiner, table.crossing, table.examination()),
            ("consensus", moderator, table.settling, table.last_word()),
        )
        return tuple(
            PlannedTurn(
                *(phase, seat.id, choice.tier, MAX_TOKENS[phase]),  # type: ignore[index,arg-type]  # phases, by name
                ask_tokens=round(sum(map(len, (prompt.system, prompt.shared, prompt.ask))) / CHARACTERS_PER_TOKEN),
                output_tokens=_TURNS[phase][1],
                has_shared=False,
                count=_TURNS[phase][0],
            )
            for phase, seat, choice, prompt in asked
        )

    async def hold(
        self,
        speaker: Speaker,
        listen: Callable[[DebateEvent], None],
        clock: Callable[[], float],
        stop: asyncio.Event | None = None,
    ) -> Reconsidered:
        """Ask. What a speaker fails at is in what comes of it, never an exception; cancelling ends every call."""
        sitting = self._sitting(speaker, listen, clock)
        table = _Table(sitting, self._finding)
        try:
            await unless_stopped(stop, table.argue())
        except Stopped:
            sitting.interrupt()
        return table.outcome(self._finding, self._comment)

    def _sitting(self, speaker: Speaker, listen: Callable[[DebateEvent], None], clock: Callable[[], float]) -> Sitting:
        return Sitting(self._brief, speaker, listen, clock, load_prompts(), parser=self._parser)


class _Table:
    """The one contention, and who is asked about it."""

    def __init__(self, sitting: Sitting, finding: Finding) -> None:
        self._sitting = sitting
        self._floor = Floor(sitting)
        self.examiner: Seat = self._floor.examiner
        self.moderator: Seat = sitting.prompts.seats[MODERATOR]
        contention = sitting.hear(_claim(finding, sitting), (*finding.raised_by, EXAMINER)[0], EARLIER)
        if contention is None:
            raise NotInChange
        lead = contention.lead
        raised = tuple(evolve(lead, seat=seat) for seat in finding.raised_by) or (lead,)
        earlier = tuple(_earlier(finding, contention, Anchoring(sitting.brief.change, sitting.exhibits)))
        self._id = contention.id
        sitting.docket.put(evolve(contention, raised=raised, rulings=earlier))

    @property
    def contention(self) -> Contention:
        found = self._sitting.docket.get(self._id)
        assert found is not None
        return found

    @property
    def crossing(self) -> Choice:
        return self._sitting.selection.cross(raised_severity(self.contention))

    @property
    def settling(self) -> Choice:
        severity = raised_severity(self.contention)
        return self._sitting.selection.settling(severity, contested=True, phase="consensus")

    def examination(self, served: Iterable[Served] = ()) -> Prompt:
        tier, about = self.crossing.tier, (self.contention,)
        return self._sitting.assembler.cross_examination(self.examiner, about, tuple(served), warm=False, tier=tier)

    def last_word(self) -> Prompt:
        about = sorted((self.contention,), key=place_order)
        return self._sitting.assembler.consensus(self.moderator, about, warm=False, tier=self.settling.tier)

    async def argue(self) -> None:
        sitting = self._sitting
        sitting.begin("cross_examination", 1)
        needs = (await self._put(self.examiner, "cross_examination", self.crossing, self.examination())).statement
        if self._ruling("cross_examination") is None and needs is not None and needs.needs and sitting.may_speak():
            served = [Served(need, sitting.exhibits.serve(need)) for need in dict.fromkeys(needs.needs[:NEEDS])]
            await self._put(self.examiner, "cross_examination", self.crossing, self.examination(served))
        ruled = self._ruling("cross_examination")
        if (ruled is None or ruled.ruling.verdict != "confirmed") and sitting.may_speak():
            sitting.begin("consensus", 1)
            await self._put(self.moderator, "consensus", self.settling, self.last_word())

    def outcome(self, finding: Finding, comment: str) -> Reconsidered:
        examined, moderated = self._ruling("cross_examination"), self._ruling("consensus")
        settled = settle(self.contention)
        confirmed = examined is not None and examined.ruling.verdict == "confirmed"
        decided = confirmed or moderated is not None
        said = comment or "The finding was asked about again, without a comment."
        steps = [TraceStep(ASKED_AGAIN, "user", said)]
        steps += [self._step(one) for one in self.contention.rulings if one.turn != EARLIER]
        if decided:
            upheld = confirmed or settled.outcome == "finding"
            verdict: Verdict = "confirmed" if upheld else settled.verdict
            why = _UPHELD if upheld else f"{_REFUTED} {settled.why}"
            status: FindingStatus = "open" if upheld else "held_back"
            severity = settled.severity if upheld and not confirmed else finding.severity
            after = evolve(finding, status=status, verdict=verdict, severity=severity)
        else:
            verdict, why, after = finding.verdict, _UNDECIDED, finding
        steps.append(TraceStep("verdict", "code", why, verdict=verdict))
        return Reconsidered(evolve(after, trace=(*finding.trace, *steps)), decided, self._failure())

    async def _put(self, seat: Seat, phase: Phase, choice: Choice, prompt: Prompt) -> Reply:
        round_ = SETTLED if phase == "consensus" else EXAMINED
        _, reply = await self._floor.put(seat, phase, choice, prompt, (self._id,), round_, may_ask=True)
        return reply

    def _ruling(self, phase: Phase) -> Ruled | None:
        """What was ruled now, with lines that are in the code."""
        now = (one for one in self.contention.rulings if one.turn != EARLIER and one.phase == phase and one.valid)
        return next(now, None)

    def _step(self, ruled: Ruled) -> TraceStep:
        exchanges = [one for one in self._sitting.exchanges if one.turn.phase == ruled.phase]
        spent = sum((one.reply.spent for one in exchanges), Decimal(0))
        exchange = self._sitting.exchange(ruled.turn)
        model, why = (exchange.reply.model or None, exchange.turn.why or None) if exchange else (None, None)
        void = "" if ruled.valid else " (Void: it quotes no code that could settle it.)"
        text, file = f"{ruled.ruling.argument}{void}", ruled.place.file if ruled.place is not None else None
        quote = ruled.ruling.quote
        return TraceStep(ruled.phase, ruled.seat, text, ruled.ruling.verdict, quote, file, spent, None, model, why)

    def _failure(self) -> Failure | None:
        failures = [one.reply.failure for one in self._sitting.exchanges if one.reply.failure is not None]
        return self._sitting.stopped_by or (failures[-1] if failures else None)


_UPHELD = "It was asked about again and confirmed with the lines quoted."
_REFUTED = "It was asked about again and did not stand."
_UNDECIDED = "It was asked about again, and no ruling with lines found in the code was given: it stays as it was."


def _claim(finding: Finding, sitting: Sitting) -> Claim:
    """The claim as its raiser made it; the lines from the code where the finding's have lost a placeholder's number."""
    quote = finding.quote
    if has_placeholder(quote) and finding.side != "file":
        lines = sitting.exhibits.lines(finding.file, "old" if finding.side == "old" else "new")
        quote = "".join(lines[finding.range.start.line : finding.range.end.line + 1])
    return Claim(
        file=finding.file,
        side=finding.side,
        quote=quote,
        title=finding.title,
        argument=finding.message,
        category=finding.category,
        severity=finding.severity,
        certainty=finding.confidence,
    )


def _earlier(finding: Finding, contention: Contention, anchoring: Anchoring) -> Iterable[Ruled]:
    """What was ruled in the debate before, as far as its lines still stand."""
    for step in finding.trace:
        verdict = _VERDICTS.get(step.verdict or "")
        if verdict is None or step.phase not in _ARGUED or not step.quote or step.file is None:
            continue
        ruling = Ruling(contention.id, verdict, step.file, step.quote, step.text, finding.severity)
        place = anchoring.ruling(ruling, contention.lead.place)
        if place is not None:
            phase: Phase = "rebuttal" if step.phase == "rebuttal" else "cross_examination"
            yield Ruled(step.seat, phase, EXAMINED, ruling, place, EARLIER)


class _Nobody:
    """For a sitting in which nothing is asked."""

    async def speak(self, turn: Turn, listener: object) -> Reply:
        raise AssertionError("nothing is asked while it is priced")
