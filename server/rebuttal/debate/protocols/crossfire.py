"""The default protocol: blind openings, each claim cross-examined as soon as it stands, argument where it is contested.

Opening and cross-examination run at the same time: a claim that has been anchored and merged is put to an
examiner while other seats still speak. All but the first few wait until their call is full or nobody opens any more;
what waits besides, waits for a free lane or for a tier's cache to be warm.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import islice
from math import ceil

from rebuttal.debate.assemble import Served
from rebuttal.debate.floor import LANES, SCARCELY, Floor, place_order, urgency
from rebuttal.debate.model import Contention, EndedBy, Seat, Tier
from rebuttal.debate.planning import PlannedTurn, Planning, calls_for
from rebuttal.debate.prompts import EXAMINER
from rebuttal.debate.protocol import DebateProtocol
from rebuttal.debate.selection import Choice
from rebuttal.debate.selection import Standing as Situation
from rebuttal.debate.sitting import Sitting
from rebuttal.debate.verdict import facts_of, raised_severity, row_for
from rebuttal.findings.severity import Severity

BATCH = 4
"""Claims in one cross-examination: more of them, and each gets less thought."""
SHARED = 3
"""Of them in a call that is shared, as planned for: the last calls of an examiner are not full."""
CONSIDERED = 32
"""Waiting claims of a file, and of all files, that are looked at to fill a call."""
LONGEST_WAIT = 0.2
"""Of the debate's deadline, how long a claim waits at most for others to share its call."""
FAIR = 20
"""Claims of one seat that are examined by their severity; the next so many wait for those of all others."""
NEEDS = 6
"""Pieces of code that an examiner is served in one call."""
EXAMINED = 2
"""The number of the round in which claims are cross-examined."""


class Crossfire:
    """One run of the protocol on one sitting."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting
        # Every claim is examined; who settles what stays open is seldom of another tier.
        examining = (sitting.selection.cross(severity).tier for severity in ("high", "medium"))
        self._floor = Floor(sitting, examining)
        self._asked: dict[str, set[str]] = {}
        """By claim, who was asked to argue about it, whatever came of it."""
        self._at_rest: set[str] = set()
        """Claims about which the last argument changed nothing."""

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            bench = _Bench(self, self._sitting, group)
            self._sitting.joined = bench.reconsider
            bench.submit(one for one in self._sitting.docket.all() if not any(each.valid for each in one.rulings))
            try:
                await self._floor.open(bench.submit)
                await bench.drained()
            finally:
                bench.close()
        await self._argue_out()
        await self._floor.moderate(self._floor.open_ones())
        self._floor.tell_unexamined()

    # --- cross-examination ---

    def examiner(self, contention: Contention) -> Seat:
        """A seat that has opened and did not raise the claim, best versed first; else the examiner without a lens."""
        return next(iter(self._floor.versed(contention, self._heard(contention))), self._floor.examiner)

    @property
    def has_heard_all(self) -> bool:
        """Whoever was to open has opened: no claim comes that could share a call with those that wait."""
        return not self._floor.is_opening

    @property
    def lensless(self) -> Seat:
        """The examiner without a lens."""
        return self._floor.examiner

    def may_hear(self, seat: Seat, contention: Contention) -> bool:
        """Whether the seat has not ruled on the claim yet."""
        return seat.id not in self._heard(contention)

    def choice(self, contention: Contention) -> Choice:
        """The tier that cross-examines a claim."""
        situation = Situation(self._sitting.spent, self._floor.warm)
        return self._sitting.selection.cross(raised_severity(contention), situation)

    async def examine(self, seat: Seat, choice: Choice, ids: Sequence[str]) -> None:
        """Put claims to one examiner; serve the code that it asks for once, and ask once more."""
        sitting = self._sitting
        tier = choice.tier
        is_warm = await self._floor.is_warm(tier)
        if not sitting.may_speak():
            return
        about = self._about(ids)
        prompt = sitting.assembler.cross_examination(seat, about, warm=is_warm, tier=tier)
        decided, reply = await self._floor.put(seat, "cross_examination", choice, prompt, ids, EXAMINED, may_ask=True)
        needs = reply.statement.needs[:NEEDS] if reply.statement and reply.failure is None else ()
        left = [one for one in ids if one not in decided]
        if left and needs and sitting.may_speak():
            served = [Served(need, sitting.exhibits.serve(need)) for need in dict.fromkeys(needs)]
            prompt = sitting.assembler.cross_examination(seat, self._about(left), served, warm=is_warm, tier=tier)
            await self._floor.put(seat, "cross_examination", choice, prompt, left, EXAMINED)
        silent = [one.id for one in self._about(ids) if not one.rulings]
        if reply.failure is None:
            # Whoever says nothing of a claim, for whatever reason, must not be able to keep it from being examined.
            for other, unheard in self._instead_of(seat, silent):
                if sitting.may_speak():
                    prompt = sitting.assembler.cross_examination(other, self._about(unheard), warm=is_warm, tier=tier)
                    await self._floor.put(other, "cross_examination", choice, prompt, unheard, EXAMINED)
        for one in ids:
            sitting.settle(one)

    def _instead_of(self, seat: Seat, ids: Sequence[str]) -> list[tuple[Seat, list[str]]]:
        """Who examines what a seat has said nothing of: the one without a lens, or instead of that one the seats."""
        if seat.id != EXAMINER:
            return [(self._floor.examiner, list(ids))] if ids else []
        calls: dict[str, tuple[Seat, list[str]]] = {}
        for contention in self._about(ids):
            other = self.examiner(contention)
            if other.id != EXAMINER:
                calls.setdefault(other.id, (other, []))[1].append(contention.id)
        return list(calls.values())

    def is_affordable(self, contention: Contention) -> bool:
        """Whether a claim is examined with what is left of the budget."""
        return self._sitting.selection.is_worth_asking(raised_severity(contention), self._sitting.spent)

    def is_still_affordable(self, contention: Contention) -> bool:
        """Whether a claim that has waited for all worse ones is examined in the end; where it is not, that is told."""
        if self.is_affordable(contention) or self._floor.covers("cross_examination"):
            return True
        self._floor.tell_scarce()
        self._sitting.leave_unheard(contention.id, SCARCELY)
        return False

    def _about(self, ids: Iterable[str]) -> list[Contention]:
        found = [one for contention in ids if (one := self._sitting.docket.get(contention)) is not None]
        return sorted(found, key=place_order)

    # --- rebuttal ---

    async def _argue_out(self) -> None:
        """Round after round, until there is a reason to stop; the reason is told."""
        round_ = self._floor.last_round(EXAMINED)
        while (reason := self._why_stop(round_)) is None:
            round_ += 1
            with self._floor.round(round_):
                await self._rebut(round_)
        self._floor.end(reason, round_, len(self._floor.open_ones()))

    def _why_stop(self, last: int) -> EndedBy | None:
        """Why no round is held after that one."""
        if (stopped := self._floor.stopped()) is not None:
            return stopped
        if not self._floor.open_ones():
            return "consensus"
        if not (disputes := self._affordable()):
            return "budget" if self._disputes() else "no_change"
        if (reason := self._floor.why_no_round(len(disputes), last + 1)) is not None:
            return reason
        return None if self._sitting.may_speak() else self._floor.stopped()

    async def _rebut(self, round_: int) -> None:
        disputes, situation = self._affordable(), self._floor.situation()
        disputes = disputes[: self._floor.within(len(disputes), round_)]
        self._sitting.begin("rebuttal", len(disputes))
        async with asyncio.TaskGroup() as group:
            lanes = asyncio.Semaphore(LANES)
            for contention, seat in disputes:
                group.create_task(self._argue(contention, seat, round_, lanes, situation))

    async def _argue(
        self, contention: Contention, seat: Seat, round_: int, lanes: asyncio.Semaphore, situation: Situation
    ) -> None:
        async with lanes:
            sitting = self._sitting
            choice = self._floor.settling(contention, "rebuttal", situation)
            is_warm = await self._floor.is_warm(choice.tier)
            if not sitting.may_speak():
                return
            self._asked.setdefault(contention.id, set()).add(seat.id)
            prompt = sitting.assembler.rebuttal(seat, (contention,), warm=is_warm, now=round_, tier=choice.tier)
            await self._floor.put(seat, "rebuttal", choice, prompt, (contention.id,), round_)
            sitting.settle(contention.id)
            self._note_rest(contention)

    def _note_rest(self, before: Contention) -> None:
        """A ruling that leaves the claim where it stood ends the argument about it: the next would hear nothing new."""
        after = self._sitting.docket.get(before.id)
        assert after is not None
        if len(after.rulings) > len(before.rulings) and _row(before) == _row(after):
            self._at_rest.add(before.id)

    def _disputes(self) -> list[tuple[Contention, Seat]]:
        """What can be argued on, worst first, and by whom."""
        moving = (one for one in self._floor.open_ones() if one.id not in self._at_rest)
        return [(one, seat) for one in moving if (seat := self._arguer(one)) is not None]

    def _affordable(self) -> list[tuple[Contention, Seat]]:
        """What of it is argued on with what is left of the budget."""
        disputes = self._disputes()
        kept = {one.id for one in self._floor.worth_asking(one for one, _ in disputes)}
        return [(one, seat) for one, seat in disputes if one.id in kept]

    def _arguer(self, contention: Contention) -> Seat | None:
        """Who has not been heard yet: other seats, the examiner, then those who raised it, who may withdraw it."""
        heard = self._heard(contention) | self._asked.get(contention.id, set())
        raisers = [self._floor.seats[seat] for seat in contention.raisers if seat in self._floor.free]
        asked = (*self._floor.versed(contention, heard), self._floor.examiner, *raisers)
        return next((seat for seat in asked if seat.id not in heard), None)

    def _heard(self, contention: Contention) -> set[str]:
        return {one.seat for one in contention.rulings}


class _Bench:
    """Claims that wait for their cross-examination, and the lanes in which it takes place."""

    def __init__(self, crossfire: Crossfire, sitting: Sitting, group: asyncio.TaskGroup) -> None:
        self._crossfire = crossfire
        self._sitting = sitting
        self._group = group
        self._queue: list[tuple[int, tuple[int, str, str, int, int, str], str]] = []
        self._submitted: Counter[str] = Counter()
        self._waiting: dict[str, dict[str, None]] = {}
        """By file. What has been taken along is still in the queue, and passed over there."""
        self._under_way: set[asyncio.Task[None]] = set()
        self._has_begun = False
        self._patience: asyncio.TimerHandle | None = None
        """Runs while claims wait for others."""
        self._has_waited = False
        """Claims have waited for others for too long, and are still there."""
        self._put_off: list[Contention] = []
        """Claims that are examined with what is left of the budget once all worse ones have been."""
        self._is_last = False
        """Nothing more will be claimed, and nothing worse waits."""

    def submit(self, contentions: Iterable[Contention]) -> None:
        """Examine the claims as soon as there is a lane; those that are submitted together may share a call.

        It starts at once, not at the loop's leisure: a debate is played again exactly by giving its events in order.
        """
        for one in contentions:
            seat = one.lead.seat
            heappush(self._queue, (self._submitted[seat] // FAIR, urgency(one), one.id))
            self._submitted[seat] += 1
            self._waiting.setdefault(one.lead.place.file, {})[one.id] = None
        self._start()

    def reconsider(self, contention: Contention) -> None:
        """Somebody else raised a waiting claim too, perhaps as worse: it need not wait as long as it would have."""
        if contention.id in self._waiting.get(contention.lead.place.file, ()):
            heappush(self._queue, (0, urgency(contention), contention.id))

    async def drained(self) -> None:
        """Everybody has opened: wait until every claim has been examined, or nothing more may be asked."""
        await self._idle()
        self._is_last = True
        for one in self._put_off:
            heappush(self._queue, (0, urgency(one), one.id))
        await self._idle()

    async def _idle(self) -> None:
        self._start()
        while self._under_way:
            await asyncio.wait(self._under_way)
            self._start()

    def _start(self) -> None:
        while len(self._under_way) < LANES and (contention := self._due()) is not None:
            if not self._sitting.may_speak():
                return
            if not self._has_begun:
                self._has_begun = True
                self._sitting.begin("cross_examination", 1)
            self._examine(contention)
        if self._crossfire.has_heard_all or self._next() is None:
            self.close()
        elif self._patience is None:
            longest = self._sitting.brief.deadline_s * LONGEST_WAIT
            self._patience = asyncio.get_running_loop().call_later(longest, self._wait_no_longer)

    def close(self) -> None:
        """Nothing waits for others any more."""
        if self._patience is not None:
            self._patience.cancel()
        self._patience, self._has_waited = None, False

    def _wait_no_longer(self) -> None:
        self._has_waited = True
        self._start()

    @property
    def _waits_for_none(self) -> bool:
        """Claims are examined with those that are there."""
        return self._has_waited or self._crossfire.has_heard_all

    def _due(self) -> Contention | None:
        """The most urgent claim whose call is due. The first, and few, are examined while nothing else is, alone if
        need be: neither a first finding nor a small review is kept waiting. A further call is due once it is full, or
        nobody opens any more: each is sent the change once more and thinks about it anew. A seat that hangs must not
        cost what others found, so no claim waits for others for long."""
        most_urgent = self._next()
        is_early = not self._under_way and (not self._has_begun or self._submitted.total() <= BATCH)
        if most_urgent is None or is_early:
            return most_urgent
        filled: dict[tuple[str, Tier], list[Contention]] = {}
        for one in (most_urgent, *self._elsewhere()):
            alike = filled.setdefault(self._call_for(one), [])
            if one not in alike:
                alike.append(one)
            if len(alike) == BATCH:
                return alike[0]
        return most_urgent if self._waits_for_none else None

    def _call_for(self, contention: Contention) -> tuple[str, Tier]:
        """Claims of which this is the same may share a call."""
        return self._crossfire.examiner(contention).id, self._crossfire.choice(contention).tier

    def _next(self) -> Contention | None:
        while self._queue:
            contention = self._sitting.docket.get(self._queue[0][-1])
            if contention is not None and contention.id in self._waiting.get(contention.lead.place.file, ()):
                if self._is_for_now(contention):
                    return contention
                if not self._is_last:
                    self._put_off.append(contention)
                else:
                    del self._waiting[contention.lead.place.file][contention.id]
            heappop(self._queue)
        return None

    def _is_for_now(self, contention: Contention) -> bool:
        if self._is_last:
            return self._crossfire.is_still_affordable(contention)
        return self._crossfire.is_affordable(contention)

    def _examine(self, contention: Contention) -> None:
        """Put the claim to its examiner, with those that the same one can take along: of its file, then of others."""
        seat, choice = self._crossfire.examiner(contention), self._crossfire.choice(contention)
        file = contention.lead.place.file
        beside = [self._sitting.docket.get(one) for one in islice(self._waiting[file], CONSIDERED)]
        # Every call costs its task and its thought once more: claims of other files come along, too.
        waiting = [one for one in (*beside, *self._elsewhere()) if one is not None]
        along = {one.id: one for one in (contention, *waiting) if self._call_for(one) == (seat.id, choice.tier)}
        if self._waits_for_none and len(along) < BATCH:
            seat, along = self._joined(seat, choice, along, waiting)
        ids = {one.id: one.lead.place.file for one in islice(along.values(), BATCH)}
        for one, its_file in ids.items():
            del self._waiting[its_file][one]
        task = self._group.create_task(self._crossfire.examine(seat, choice, tuple(ids)))
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _joined(
        self, seat: Seat, choice: Choice, along: dict[str, Contention], waiting: Iterable[Contention]
    ) -> tuple[Seat, dict[str, Contention]]:
        """The last claims of several seats share a call of the examiner without a lens, who raised none, where that
        takes fewer calls: what saves nothing is better read by who knows most of it."""
        examiner = self._crossfire.lensless
        fits = {one.id: one for one in waiting if self._crossfire.choice(one).tier == choice.tier}
        joined = {id_: one for id_, one in (along | fits).items() if self._crossfire.may_hear(examiner, one)}
        apart = Counter(self._call_for(one) for one in joined.values())
        saves = ceil(len(joined) / BATCH) < sum(ceil(claims / BATCH) for claims in apart.values())
        return (examiner, joined) if saves and along.keys() <= joined.keys() else (seat, along)

    def _elsewhere(self) -> Iterator[Contention]:
        """Claims of all files that wait and are worth a call, about the most urgent first."""
        for _, _, one in islice(self._queue, CONSIDERED):
            contention = self._sitting.docket.get(one)
            assert contention is not None
            if one in self._waiting.get(contention.lead.place.file, ()) and self._crossfire.is_affordable(contention):
                yield contention

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is None:
            self._start()


def _row(contention: Contention) -> str:
    return row_for(facts_of(contention)).name


def _plan(planning: Planning) -> Iterator[PlannedTurn]:
    yield from planning.opening()
    claims = planning.claims
    shared = max(claims - 1, 0.0)
    calls = calls_for(shared, SHARED)
    severities: tuple[Severity, ...] = ("high", "medium")
    tiers = [planning.selection.cross(severity).tier for severity in severities]
    for tier in dict.fromkeys(tiers):
        share = tiers.count(tier) / len(tiers)
        yield from planning.by_seats("cross_examination", tier, 1, 800, share)
        if shared:
            each = shared / calls
            yield from planning.by_seats("cross_examination", tier, each, 600 + 200 * each, calls * share)
    settling, disputed = planning.selection.settling("high", contested=True).tier, claims / 5
    for _ in range(max(planning.choice.rounds - EXAMINED, 0)):
        yield from planning.by_seats("rebuttal", settling, 1, 900, disputed / 2)
        disputed *= 3 / 4
    yield from planning.moderated(disputed)


PROTOCOL = DebateProtocol(
    "Blind openings, each claim cross-examined as soon as it stands, argument only where it is contested.",
    run=lambda sitting: Crossfire(sitting).run(),
    plan=_plan,
)
