"""The classic protocol, economically: blind openings, then rounds in which seats answer each other, then the Moderator.

What makes it cheaper than everybody reading everybody, with where it was published:

- *sparse neighbours* (Li et al. 2024): on one claim a seat reads two others only, the next one in the ring of the panel
  and the seat at the claim's centre, so of n (n - 1) possible readings there are 2n: a density of 2 / (n - 1). At the
  centre is whoever knows most of the claim's category and did not raise it; it also reads those who raised it.
- *conditional participation* (S2-MAD): a seat is asked about a claim only if a neighbour holds something new to it that
  it does not hold itself. Whether two positions are the same is told by what they hold, not by how they are worded,
  which paraphrases cannot fool.
- *anonymity* and *memory*: positions bear no names; what the seat knows already is one line each, or a number.
- *early stop*: see `EndedBy`.

All seats of a round answer to what stood before it, so no answer depends on who is faster. New claims are heard in the
first round of argument only, and only where another round is left to check them: a second look at what was missed
brings recall (CR-Bench: 27 to 33 %), but more noise (signal to noise from 5.1 down to 2.0), so nobody's word is taken.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from attrs import frozen

from rebuttal.debate.assemble import Put
from rebuttal.debate.floor import LANES, Floor, place_order, urgency
from rebuttal.debate.memory import Position, difference, positions, standing
from rebuttal.debate.model import Claim, Contention, EndedBy, Prompt, Seat
from rebuttal.debate.planning import PlannedTurn, Planning, calls_for
from rebuttal.debate.prompts import EXAMINER
from rebuttal.debate.protocol import DebateProtocol
from rebuttal.debate.selection import Choice
from rebuttal.debate.selection import Standing as Situation
from rebuttal.debate.sitting import Sitting
from rebuttal.debate.verdict import is_open, raised_severity
from rebuttal.findings.severity import Severity

PUT = 8
"""Claims in one call: more of them, and each gets less thought."""
BESIDE = 3
"""Settled claims that are told with a claim, before and behind it in its file."""
FIRST = 2
"""The number of the first round of argument; round 1 is the opening."""


@frozen
class _Call:
    """One seat's turn in a round, made before any of the round is answered."""

    seat: Seat
    choice: Choice
    prompt: Prompt
    ids: tuple[str, ...]


_Turn = tuple[Seat, list[Put]]
"""A seat, and the claims that are put to it in one call."""


class Council:
    """One run of the protocol on one sitting."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting
        answer = sitting.selection.answering
        answering = (answer(seat, about).tier for seat in sitting.brief.seats for about in ((), ("medium",)))
        self._floor = Floor(sitting, answering, "rebuttal")
        self._last_turn: dict[tuple[str, str], int] = {}
        """By claim and seat, the round in which it was last asked, whatever came of it."""
        self._late: list[tuple[int, str, Claim]] = []
        """Turn, seat and claim of what was raised in the round under way."""
        self._centres: dict[str, Seat] = {}
        """By claim: once seats have opened, nobody joins those who raised it."""

    async def run(self) -> None:
        await self._floor.open(lambda _: None)
        await self._argue_out()
        await self._floor.moderate(self._disputed())
        self._floor.tell_unexamined()

    async def _argue_out(self) -> None:
        """Round after round, until there is a reason to stop; the reason is told."""
        round_ = self._floor.last_round(FIRST - 1)
        pending = self._pending()
        turns = self._turns(pending, round_ + 1)
        while (reason := self._why_stop(pending, turns, round_)) is None:
            round_ += 1
            with self._floor.round(round_):
                await self._hold(self._within_limit(turns, round_), round_)
            pending = self._pending()
            turns = self._turns(pending, round_ + 1)
        self._floor.end(reason, round_, len(self._disputed()))

    def _why_stop(self, pending: Sequence[Contention], turns: Sequence[_Turn], last: int) -> EndedBy | None:
        """Why no round is held after that one."""
        if (stopped := self._floor.stopped()) is not None:
            return stopped
        if not pending:
            return "budget" if self._disputed() else "consensus"
        if not turns:
            return "no_change"
        # A claim that nobody was asked about is owed its check; limit and price are of argument beyond that.
        is_owed = any(map(_is_owed, pending))
        if not is_owed and (reason := self._floor.why_no_round(len(turns), last + 1, whole=True)) is not None:
            return reason
        return None if self._sitting.may_speak() else self._floor.stopped()

    def _within_limit(self, turns: Sequence[_Turn], round_: int) -> list[_Turn]:
        """Past the panel's rounds, where a debate was taken up late, only what is owed its check."""
        if round_ <= self._sitting.brief.rounds:
            return list(turns)
        owed = [(seat, [put for put in puts if _is_owed(put.contention)]) for seat, puts in turns]
        return [(seat, puts) for seat, puts in owed if puts]

    def _disputed(self) -> list[Contention]:
        """What is disputed, or was not ruled on yet, worst first."""
        ones = (one for one in self._sitting.docket.all() if is_open(one) or not any(r.valid for r in one.rulings))
        return sorted(ones, key=urgency)

    def _pending(self) -> list[Contention]:
        """What of it can be argued about with what is left of the budget."""
        return self._floor.worth_asking(self._disputed())

    # --- who reads whom ---

    @cached_property
    def _ring(self) -> tuple[str, ...]:
        """The seats that opened, as they stand in the panel."""
        return tuple(seat for seat in self._floor.seats if seat in self._floor.free)

    def _centre(self, contention: Contention) -> Seat:
        """Who knows most of the claim's category and did not raise it; where all did, the examiner without a lens."""
        if contention.id not in self._centres:
            self._centres[contention.id] = next(iter(self._floor.versed(contention)), self._floor.examiner)
        return self._centres[contention.id]

    def _reads(self, seat: str, contention: Contention) -> frozenset[str]:
        """The seats whose positions on the claim a seat reads."""
        centre = self._centre(contention).id
        if seat == centre:
            return frozenset((*self._beside(seat, 1), *self._beside(seat, -1), *contention.raisers)) - {seat}
        following = self._beside(seat, 1)
        other = self._beside(seat, -1) if centre in following else (centre,)
        return frozenset((*following, *other)) - {seat}

    def _beside(self, seat: str, step: int) -> tuple[str, ...]:
        if seat not in self._ring:
            return ()
        return (self._ring[(self._ring.index(seat) + step) % len(self._ring)],)

    # --- a round ---

    async def _hold(self, turns: Sequence[_Turn], round_: int) -> None:
        calls = await self._calls(turns, round_)
        self._sitting.begin("rebuttal", len(calls))
        try:
            async with asyncio.TaskGroup() as group:
                lanes = asyncio.Semaphore(LANES)
                for call in calls:
                    group.create_task(self._answer(call, round_, lanes))
        finally:
            self._hear_late(round_)
        for one in dict.fromkeys(each for call in calls for each in call.ids):
            self._sitting.settle(one)

    async def _calls(self, turns: Sequence[_Turn], round_: int) -> list[_Call]:
        late, decided, situation = self._hears_late(round_), self._decided(), self._floor.situation()
        calls = []
        for seat, puts in turns:
            choice = self._choice(seat, puts, situation)
            near = [one for put in puts for one in _nearest(put.contention, decided)]
            near = sorted({one.id: one for one in near}.values(), key=place_order)
            is_warm = await self._floor.is_warm(choice.tier)
            prompt = self._sitting.assembler.council(
                seat, puts, near, warm=is_warm, now=round_, late=late, tier=choice.tier
            )
            calls.append(_Call(seat, choice, prompt, tuple(put.contention.id for put in puts)))
        return calls

    def _decided(self) -> dict[str, list[tuple[int, Contention]]]:
        """What is settled, by file and line."""
        by_file: dict[str, list[tuple[int, Contention]]] = {}
        for one in sorted(self._sitting.docket.all(), key=place_order):
            if one.settled is not None and not is_open(one):
                by_file.setdefault(one.lead.place.file, []).append((one.lead.place.first_line, one))
        return by_file

    def _turns(self, pending: Sequence[Contention], round_: int) -> list[_Turn]:
        """Who is asked about what: every seat to whom a neighbour says something new that it does not hold itself."""
        by_seat: dict[str, list[Put]] = {}
        for contention in pending:
            said = positions(contention, round_)
            for seat in dict.fromkeys((*self._ring, self._centre(contention).id)):
                if (put := self._put(seat, contention, said)) is not None:
                    by_seat.setdefault(seat, []).append(put)
        turns: list[_Turn] = []
        for seat, puts in by_seat.items():
            member = self._floor.seats.get(seat, self._floor.examiner)
            turns += [(member, _by_place(puts[start : start + PUT])) for start in range(0, len(puts), PUT)]
        return turns

    def _put(self, seat: str, contention: Contention, said: Sequence[Position]) -> Put | None:
        """The claim as it is put to the seat; None where its neighbours say nothing new but what it holds itself."""
        reads, since = self._reads(seat, contention), self._since(seat, contention)
        read = [one for one in said if one.seat in reads]
        news = difference(standing(one for one in read if one.round < since), standing(read))
        own = next((one.holds for one in reversed(said) if one.seat == seat), None)
        if all(one.holds == own for one in news.stances):
            return None
        return Put(contention, reads | {seat}, since, news)

    def _since(self, seat: str, contention: Contention) -> int:
        """The round of the seat's last turn on the claim: it has read what was said before."""
        ruled = (one.round for one in contention.rulings if one.seat == seat)
        return max(self._last_turn.get((contention.id, seat), 0), *ruled, 0)

    def _choice(self, seat: Seat, puts: Sequence[Put], situation: Situation) -> Choice:
        """The seat's own; for claims that it is the centre of, at least that of an examiner."""
        central = [put.contention for put in puts if self._centre(put.contention).id == seat.id]
        own = None if seat.id == EXAMINER else seat
        return self._sitting.selection.answering(own, [raised_severity(one) for one in central], situation)

    def _hears_late(self, round_: int) -> bool:
        return round_ == FIRST < self._sitting.brief.rounds

    async def _answer(self, call: _Call, round_: int, lanes: asyncio.Semaphore) -> None:
        async with lanes:
            if not self._sitting.may_speak():
                return
            self._last_turn.update(dict.fromkeys(((one, call.seat.id) for one in call.ids), round_))
            heard = self._keep_late(call.seat) if self._hears_late(round_) else None
            await self._floor.put(call.seat, "rebuttal", call.choice, call.prompt, call.ids, round_, heard)

    def _keep_late(self, seat: Seat) -> Callable[[Sequence[Claim], int], None]:
        def heard(claims: Sequence[Claim], turn: int) -> None:
            self._late += [(turn, seat.id, claim) for claim in claims]

        return heard

    def _hear_late(self, round_: int) -> None:
        """The round's new claims, by turn: so it does not matter who of two that say the same was faster."""
        for turn, seat, claim in sorted(self._late, key=lambda late: late[0]):
            self._sitting.hear_late(claim, seat, turn, round_)
        self._late.clear()


def _is_owed(contention: Contention) -> bool:
    return not contention.rulings and not contention.unheard


def _nearest(one: Contention, decided: Mapping[str, Sequence[tuple[int, Contention]]]) -> list[Contention]:
    """The settled claims that stand next to a claim: what is known of the same lines."""
    there = decided.get(one.lead.place.file, ())
    at = bisect_left(there, one.lead.place.first_line, key=lambda each: each[0])
    return [each for _, each in there[max(at - BESIDE, 0) : at + BESIDE]]


def _by_place(puts: Sequence[Put]) -> list[Put]:
    return sorted(puts, key=lambda put: place_order(put.contention))


_SEVERITIES: tuple[Severity, ...] = ("high", "medium")
"""Of the claims that a seat is the centre of: as often the one as the other."""


def _plan(planning: Planning) -> Iterator[PlannedTurn]:
    yield from planning.opening()
    seats, last = planning.choice.seats, planning.choice.rounds
    # Two voices on every claim in the first round; of what is said then a quarter is disputed and new to somebody, and
    # every second time that is worth a round.
    heard = 2 * planning.claims
    for _ in range(FIRST, last + 1):
        put = heard / len(seats)
        calls = calls_for(put, PUT)
        for seat in seats:
            tiers = [planning.selection.answering(seat, [severity]).tier for severity in _SEVERITIES]
            for tier in dict.fromkeys(tiers):
                share = calls * tiers.count(tier) / len(tiers)
                yield planning.turn("rebuttal", seat, tier, put / calls, 600 + 200 * put / calls, share)
        heard /= 8
    yield from planning.moderated(planning.claims / 8)


PROTOCOL = DebateProtocol(
    "Blind openings, then rounds in which each seat answers a few others, as long as somebody says something new.",
    run=lambda sitting: Council(sitting).run(),
    plan=_plan,
)
