"""One debate while it runs: its record, and the one way in which a seat is asked.

Every protocol works on a sitting. It hears claims as they are spoken, keeps what each call cost, turns
whatever a speaker does wrong into a degraded seat, and says when nothing more may be asked.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import evolve

from rebuttal.debate.affording import Affording, Allotted
from rebuttal.debate.anchoring import Anchoring
from rebuttal.debate.assemble import Assembler
from rebuttal.debate.events import (
    ArgumentEnded,
    ClaimRaised,
    ClaimRuled,
    ClaimSettled,
    CostChanged,
    DebateEvent,
    PhaseStarted,
    SeatFinished,
    SeatStarted,
)
from rebuttal.debate.exhibits import Exhibits
from rebuttal.debate.merge import Docket
from rebuttal.debate.model import (
    FATAL,
    Brief,
    Claim,
    Contention,
    Ended,
    Exchange,
    Failure,
    HeldRound,
    Phase,
    Prompt,
    Raised,
    Reply,
    Ruled,
    Ruling,
    Seat,
    SetAside,
    Settled,
    Speaker,
    Tier,
    Turn,
)
from rebuttal.debate.prompts import Prompts
from rebuttal.debate.resumption import Record, opened, record_so_far
from rebuttal.debate.selection import MAX_TOKENS, Choice, Selection
from rebuttal.debate.statement import one_line
from rebuttal.debate.verdict import settle
from rebuttal.debate.worth import Weighed
from rebuttal.findings.report import Degraded
from rebuttal.store.model import ZERO
from rebuttal.text.parsing import Parser
from rebuttal.text.words import counted

MAX_CLAIMS = 200
"""Claims of one seat that are heard; more is no review."""

INTERRUPTED = "the debate was interrupted: review again to have the rest argued"

Listen = Callable[[DebateEvent], None]
Clock = Callable[[], float]


class Sitting:
    """The record of a running debate. Used from one event loop only."""

    def __init__(
        self,
        brief: Brief,
        speaker: Speaker,
        listen: Listen,
        clock: Clock,
        prompts: Prompts,
        *,
        examines: bool = True,
        parser: Parser | None = None,
    ) -> None:
        self.brief = brief
        self.prompts = prompts
        self.exhibits = Exhibits(brief.context, parser)
        self.assembler = Assembler(brief, prompts, self.exhibits)
        self.selection = Selection.of(brief)
        self.opening = self.selection.opening(brief.seats)
        """By seat, who opens with which tier: decided once, for seats of a tier share its cache."""
        self._affording = Affording(brief.means)
        self.allotted = Allotted(brief.means)
        self.weighed: list[Weighed] = []
        self.shortened: list[str] = []
        """What was left out because of money, in sentences."""
        self.gave_way = False
        """Whether cheaper tiers were asked while it was held, because of what was left."""
        self.repeating: frozenset[Tier] = frozenset()
        """Tiers of which several turns are expected: only they have a use for the cache."""
        self.docket = Docket()
        self.degraded: list[Degraded] = []
        self.set_aside: list[SetAside] = []
        self.stopped_by: Failure | None = None
        self.ended: Ended | None = None
        """Why the argument ended, once it has."""
        self.rounds: list[HeldRound] = []
        """Of argument, that were held."""
        self.joined: Callable[[Contention], None] = lambda _: None
        """Hears of every claim that has got one more raiser."""
        self.examines = examines
        """Whether the protocol asks for rulings."""
        self._anchoring = Anchoring(brief.change, self.exhibits)
        self._speaker = speaker
        self._listen = listen
        self._clock = clock
        self._start = clock()
        self._turns = 0
        self._anew: dict[tuple[int, Claim], int] = {}
        """By turn, claims of answers that were given anew: the last attempt that made them."""
        self._exchanges: dict[int, Exchange] = {}
        self.spent = ZERO
        """Dollars that decisions go by: the same when it is replayed."""
        self._cost = CostChanged(ZERO, ZERO, 0)
        """Of what is said now; what was said before the debate was taken up is not in it."""

    def take_up(self, record: Record) -> None:
        """Go on where an earlier debate about the same brief was cut short; before anything is asked."""
        self._exchanges = {one.number: evolve(one, earlier=True) for one in record.exchanges}
        # A turn that was cut off left no exchange, but perhaps claims: no other turn may pass for theirs.
        raised = (each.turn for one in record.contentions for each in one.raised)
        self._turns = max((*self._exchanges, *raised), default=-1) + 1
        for one in record.exchanges:
            self._note_flood(one.turn, len(one.reply.statement.claims) if one.reply.statement else 0)
        self.docket.restore(record.contentions)
        self.set_aside += record.set_aside

    def so_far(self, key: str) -> Record | None:
        """What could be taken up if the debate ended now. Between two steps of the event loop: what a turn said stands
        in it with all that came of it, or not at all."""
        return record_so_far(key, self.exchanges, self.docket.all(), self.set_aside)

    def has_opened(self, seat: Seat) -> bool:
        """Whether the seat's opening was heard to its end, here or before the debate was taken up."""
        return seat.id in opened(self._exchanges.values())

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """By turn, in the order in which the turns began; every turn that began is there once it has ended."""
        return tuple(self._exchanges[turn] for turn in sorted(self._exchanges))

    def exchange(self, turn: int) -> Exchange | None:
        """What a turn cost and said; None while it is under way."""
        return self._exchanges.get(turn)

    def may_speak(self) -> bool:
        """Whether another call may be made: nothing fatal has happened and the deadline has not passed."""
        if self.stopped_by is None and self._clock() - self._start >= self.brief.deadline_s:
            limit = f"{self.brief.deadline_s:g} seconds"
            self.stopped_by = Failure("timeout", f"the debate's deadline of {limit} passed: review a smaller change")
        return self.stopped_by is None

    def interrupt(self) -> None:
        """Nothing more is asked: the user does not want to wait. What was said stands."""
        self.stopped_by = Failure("interrupted", INTERRUPTED)
        self.degraded.append(Degraded("panel", "debate", INTERRUPTED))

    def tell(self, event: DebateEvent) -> None:
        self._listen(event)

    def begin(self, phase: Phase, turns: int) -> None:
        self.tell(PhaseStarted(phase, turns))

    async def ask(
        self,
        seat: Seat,
        phase: Phase,
        choice: Choice,
        prompt: Prompt,
        asked: Sequence[str] = (),
        *,
        started: Callable[[], None] = lambda: None,
        heard: Callable[[Sequence[Claim], int], None] = lambda claims, turn: None,
        schema: Mapping[str, Any] | None = None,
    ) -> tuple[int, Reply]:
        """Ask a seat once; the turn's number and the reply. Only cancellation is raised.

        `heard` gets each claim as it is spoken, and at the end all those that were not streamed. `schema`: of an answer
        that is no statement. The debate can do without such an answer, so failing to give it degrades nothing.
        """
        number = self._turns
        self._turns += 1
        tier = choice.tier
        alone = tier not in self.repeating
        reusable = not alone and prompt.shared == self.assembler.shared(tier)
        limit = MAX_TOKENS[phase]
        turn = Turn(seat.id, phase, tier, prompt, limit, schema, choice.why, reusable, alone, choice.effort)

        def hears(claims: Sequence[Claim]) -> None:
            if ear.attempt:
                self._anew.update(dict.fromkeys(((number, claim) for claim in claims), ear.attempt))
            heard(claims, number)

        ear = _Ear(started, lambda claim: hears((claim,)))
        self.tell(SeatStarted(seat.id, phase))
        began = self._now()
        try:
            self.gave_way |= phase != "opening" and self.selection.saves(self.spent)
            turn = self._affording.fitting(turn, self.spent)
            reply = await self._speak(turn, ear)
            # The ledger knows what the caps allow: what they do not, a cheaper tier may still be asked.
            while (cheaper := self._affording.after(turn, reply)) is not None:
                turn = cheaper
                reply = await self._speak(turn, ear)
            self.gave_way |= turn.tier != tier
        finally:
            ear.close()
        self._exchanges[number] = Exchange(
            turn, reply, began, self._now(), tuple(asked), number, notes=_left_out(reply)
        )
        self.spent += reply.price
        if schema is None:
            self._note_failure(turn, reply)
        hears(ear.unheard(reply))
        self._tell_finished(turn, reply, ear)
        return number, reply

    def hear_late(self, claim: Claim, seat: str, turn: int, round_: int) -> None:
        """Hear a claim that is raised while others are argued about. What was known before the round is set aside.

        Its seat has seen others' claims, so saying the same is no finding of its own.
        """
        raised = self._anchored(claim, seat, turn)
        known = None if isinstance(raised, SetAside) else self.docket.find(raised)
        if known is not None and known.lead.round < round_:
            self.pass_over(seat, claim, f"it says again what {known.id} says")
        else:
            self.hear(claim, seat, turn, round_)

    def hear(self, claim: Claim, seat: str, turn: int, round_: int = 1) -> Contention | None:
        """Anchor and merge a claim. The contention that it opened; None where it joined one or was set aside."""
        raised = self._anchored(claim, seat, turn)
        if isinstance(raised, SetAside):
            self._put_aside(raised, turn)
            return None
        contention, opened = self.docket.add(evolve(raised, round=round_))
        if not opened:
            if contention.settled is not None:
                self.settle(contention.id)
            self.joined(contention)
            return None
        place = raised.place
        self.tell(ClaimRaised(contention.id, seat, claim.title, place.file, place.first_line, claim.severity))
        return contention

    def _anchored(self, claim: Claim, seat: str, turn: int) -> Raised | SetAside:
        raised = self._anchoring.claim(claim, seat, turn)
        attempt = self._anew.get((turn, claim), 0)
        return evolve(raised, attempt=attempt) if isinstance(raised, Raised) and attempt else raised

    def _put_aside(self, one: SetAside, turn: int) -> None:
        """What an answer that is given anew says again is set aside once."""
        if (turn, one.claim) not in self._anew or one not in self.set_aside:
            self.set_aside.append(one)

    def rule(
        self,
        asked: Iterable[str],
        reply: Reply,
        seat: Seat,
        phase: Phase,
        round_: int,
        turn: int,
        *,
        is_last: bool = True,
    ) -> set[str]:
        """Record a reply's rulings on the claims it was asked about; the ids that it decided with valid quotes.

        `is_last`: whoever gives no ruling now gives none; otherwise the seat asked to see code first.
        """
        said: dict[str, list[Ruling]] = defaultdict(list)
        for ruling in reply.statement.rulings if reply.statement else ():
            said[ruling.claim.strip().lower()].append(ruling)
        asked, decided = tuple(asked), set[str]()
        self._note_strangers(turn, len(said.keys() - set(asked)))
        for contention_id in asked:
            contention = self._contention(contention_id)
            if not (rulings := said.get(contention_id)):
                if not is_last:
                    continue
                why = reply.failure.message if reply.failure else f"{seat.name} gave no ruling on it"
                self.docket.put(evolve(contention, unheard=(*contention.unheard, why)))
                continue
            ruled = self._ruled(rulings, contention, seat, phase, round_, turn)
            # By turn, for turns begin in an order that does not depend on who answers faster.
            by_turn = tuple(sorted((*contention.rulings, ruled), key=lambda one: one.turn))
            self.docket.put(evolve(contention, rulings=by_turn))
            self.tell(ClaimRuled(contention_id, seat.id, ruled.ruling.verdict, ruled.valid))
            if ruled.valid and ruled.ruling.verdict != "unsure":
                decided.add(contention_id)
        return decided

    def _note_strangers(self, turn: int, strangers: int) -> None:
        if strangers and (exchange := self._exchanges.get(turn)) is not None:
            about = counted(strangers, "other claim")
            note = f"it ruled on {about}, which it was not asked about: that counts for nothing"
            self._exchanges[turn] = evolve(exchange, notes=(*exchange.notes, note))

    def settle(self, contention_id: str) -> None:
        """Settle a contention as it stands now; told again only if it has become something else."""
        contention = self._contention(contention_id)
        settled = settle(contention, examined=self.examines)
        before = contention.settled.outcome if contention.settled else None
        self.docket.put(evolve(contention, settled=settled))
        if settled.outcome != before:
            self.tell(ClaimSettled(contention_id, settled.outcome, settled.verdict, settled.severity))

    def end_argument(self, ended: Ended) -> None:
        """No further round is held: tell why."""
        self.ended = ended
        self.tell(ArgumentEnded(ended.by, ended.round, ended.still_open))

    def hold_back(self, contention_id: str, settled: Settled) -> None:
        """Settle a contention otherwise than the table does: it is true, but not asked for."""
        self.docket.put(evolve(self._contention(contention_id), settled=settled))
        self.tell(ClaimSettled(contention_id, settled.outcome, settled.verdict, settled.severity))

    def leave_unheard(self, contention_id: str, why: str) -> None:
        """Nobody is asked to rule on a contention."""
        contention = self._contention(contention_id)
        self.docket.put(evolve(contention, unheard=(*contention.unheard, why)))
        self.settle(contention_id)

    def pass_over(self, seat: str, claim: Claim, reason: str) -> None:
        """Keep a claim that will not be argued about, with the reason."""
        self.set_aside.append(SetAside(seat, claim, reason))

    def degrade(self, seat: str, phase: Phase, reason: str) -> None:
        """Note that a part of the review failed; a cap is no failure, it is told by `stopped_by`."""
        one = Degraded(seat, phase, reason)
        if one not in self.degraded and not (self.stopped_by is not None and self.stopped_by.kind == "cap"):
            self.degraded.append(one)

    def _contention(self, contention_id: str) -> Contention:
        found = self.docket.get(contention_id)
        assert found is not None
        return found

    def _ruled(
        self, rulings: Sequence[Ruling], about: Contention, seat: Seat, phase: Phase, round_: int, turn: int
    ) -> Ruled:
        """The ruling given; void where its quote is not found, or where one answer rules both ways."""
        ruling = rulings[-1]
        agrees = len({one.verdict for one in rulings}) == 1
        place = self._anchoring.ruling(ruling, about.lead.place) if agrees else None
        return Ruled(seat.id, phase, round_, ruling, place, turn)

    async def _speak(self, turn: Turn, ear: _Ear) -> Reply:
        try:
            return await self._speaker.speak(turn, ear)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return _broken("it was cancelled from within")
        except Exception as error:  # a speaker's bug must not cost another seat's work
            return _broken(f"{type(error).__name__}: {error}")

    def _note_failure(self, turn: Turn, reply: Reply) -> None:
        failure = reply.failure
        if failure is None:
            return
        if failure.kind in FATAL and self.stopped_by is None:
            self.stopped_by = failure
        # What broke is told also where a cap has stopped the debate meanwhile: the cap did not break it.
        one = Degraded(turn.seat, turn.phase, failure.message)
        if failure.kind != "cap" and one not in self.degraded:
            self.degraded.append(one)

    def _tell_finished(self, turn: Turn, reply: Reply, ear: _Ear) -> None:
        rulings = len(reply.statement.rulings) if reply.statement else 0
        failure = reply.failure.message if reply.failure else None
        self.tell(SeatFinished(turn.seat, turn.phase, reply.spent, ear.count, rulings, failure))
        if reply.calls:
            cost = self._cost
            cost = CostChanged(cost.spent + reply.spent, cost.assumed + reply.assumed, cost.calls + reply.calls)
            self._cost = cost
            self.tell(cost)
        self._note_flood(turn, ear.count)

    def _note_flood(self, turn: Turn, claims: int) -> None:
        if claims > MAX_CLAIMS:
            self.degrade(turn.seat, turn.phase, f"it raised {claims} claims: only the first {MAX_CLAIMS} were heard")

    def _now(self) -> float:
        return self._clock() - self._start


class _Ear:
    """Hears one turn. A claim heard in the stream is not heard again when it comes in the statement.

    Claims of an attempt that broke off stand: they were paid for, and the next attempt may not make them.
    """

    def __init__(self, started: Callable[[], None], claim: Callable[[Claim], None]) -> None:
        self._on_started = started
        self._on_claim = claim
        self._heard: Counter[Claim] = Counter()
        """In this attempt."""
        self._earlier: set[Claim] = set()
        self._open = True
        self.attempt = 0
        self.count = 0
        """Of all attempts, what is said again word for word once."""

    def started(self) -> None:
        if self._open:
            self._on_started()

    def claim(self, claim: Claim) -> None:
        if not self._open:
            return
        self._heard[claim] += 1
        self.count += claim not in self._earlier
        if self.count <= MAX_CLAIMS:
            self._on_claim(claim)

    def again(self) -> None:
        if self._open:
            self._earlier |= set(self._heard)
            self._heard.clear()
            self.attempt += 1

    def close(self) -> None:
        """What a speaker says after its turn is not heard."""
        self._open = False

    def unheard(self, reply: Reply) -> list[Claim]:
        """The claims of the statement that did not come in the stream, up to the limit."""
        left = self._heard.copy()
        missing: list[Claim] = []
        for claim in reply.statement.claims if reply.statement else ():
            if left[claim] > 0:
                left[claim] -= 1
            else:
                missing.append(claim)
        room = max(MAX_CLAIMS - self.count, 0)
        self.count += sum(claim not in self._earlier for claim in missing)
        return missing[:room]


def _broken(why: str) -> Reply:
    message = f"the speaker failed in a way it must not ({one_line(why, 200)}): please report this"
    return Reply(statement=None, model="", failure=Failure("invalid_reply", message), calls=0)


def _left_out(reply: Reply) -> tuple[str, ...]:
    return reply.statement.left_out if reply.statement is not None else ()
