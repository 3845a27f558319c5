"""The default protocol: blind openings, each claim cross-examined as soon as it stands, argument where it is contested.

Opening and cross-examination run at the same time: a claim that has been anchored and merged is put to an
examiner while other seats still speak. What waits, waits for a free lane or for a tier's cache to be warm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import islice

from rebuttal.debate.assemble import Served
from rebuttal.debate.model import Claim, Contention, Failure, Phase, Prompt, Reply, Seat, Tier
from rebuttal.debate.planning import PlannedTurn, Planning
from rebuttal.debate.prompts import EXAMINER, MODERATOR
from rebuttal.debate.protocol import DebateProtocol
from rebuttal.debate.sitting import Sitting
from rebuttal.debate.tiers import cross_tier, opening_tier, settling_tier
from rebuttal.debate.verdict import is_open, latest, raised_severity
from rebuttal.findings.model import Category
from rebuttal.findings.severity import SEVERITIES, Severity

LANES = 6
"""Cross-examinations under way at once. While all are taken, claims of one file gather into one call."""
BATCH = 4
"""Claims in one cross-examination: more of them, and each gets less thought."""
CONSIDERED = 32
"""Waiting claims of a file that are looked at to fill a call."""
MODERATED = 8
"""Claims in one call of the Moderator."""
NEEDS = 6
"""Pieces of code that an examiner is served in one call."""

_VERSED: dict[Category, tuple[str, ...]] = {
    "correctness": ("code-reviewer", "architect", "database", "frontend"),
    "security": ("security-analyst", "code-reviewer", "database"),
    "performance": ("performance-expert", "database", "code-reviewer"),
    "architecture": ("architect", "code-reviewer"),
    "usability": ("ux-specialist", "frontend", "code-reviewer"),
    "documentation": ("documentation", "code-reviewer"),
    "testing": ("code-reviewer", "architect"),
}
"""Which seats know most about a category; the others follow by priority."""


class Crossfire:
    """One run of the protocol on one sitting."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting
        self._brief = sitting.brief
        self._seats = {seat.id: seat for seat in self._brief.seats}
        self._free = {seat.id for seat in self._brief.seats if sitting.has_opened(seat)}
        """Seats that have opened without failing: only of them it is known what they raised, so only they examine."""
        self._openers = [seat for seat in self._brief.seats if seat.id not in self._free]
        self._warm = {opening_tier(seat, self._brief.profile): asyncio.Event() for seat in self._openers}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            bench = _Bench(self, group)
            bench.submit(one for one in self._sitting.docket.all() if not any(each.valid for each in one.rulings))
            await self._open(bench, group)
            await bench.drained()
        for round_ in range(3, self._brief.rounds + 1):
            if not await self._rebut(round_):
                break
        await self._moderate()
        self._tell_unexamined()

    def _tell_unexamined(self) -> None:
        left = sum(not one.rulings and not one.unheard for one in self._sitting.docket.all())
        if left and self._sitting.stopped_by is not None:
            what = "1 claim was" if left == 1 else f"{left} claims were"
            reason = f"{what} not examined: {self._sitting.stopped_by.message}"
            self._sitting.degrade(EXAMINER, "cross_examination", reason)

    # --- opening ---

    async def _open(self, bench: _Bench, group: asyncio.TaskGroup) -> None:
        by_tier: dict[Tier, list[Seat]] = {}
        for seat in self._openers:
            by_tier.setdefault(opening_tier(seat, self._brief.profile), []).append(seat)
        if self._openers:
            self._sitting.begin("opening", len(self._openers))
        tiers = [group.create_task(self._open_tier(tier, seats, bench, group)) for tier, seats in by_tier.items()]
        await asyncio.gather(*tiers)

    async def _open_tier(self, tier: Tier, seats: Sequence[Seat], bench: _Bench, group: asyncio.TaskGroup) -> None:
        """The first seat alone until it begins to answer: from then on the others read what it wrote into the cache."""
        warm = self._warm[tier]
        first = group.create_task(self._open_seat(seats[0], tier, bench, warm.set))
        first.add_done_callback(lambda _: warm.set())
        await warm.wait()
        rest = [group.create_task(self._open_seat(seat, tier, bench, _nothing)) for seat in seats[1:]]
        await asyncio.gather(first, *rest)

    async def _open_seat(self, seat: Seat, tier: Tier, bench: _Bench, started: Callable[[], None]) -> None:
        sitting = self._sitting
        if not sitting.may_speak():
            sitting.degrade(seat.id, "opening", _not_asked(sitting.stopped_by))
            return

        def heard(claims: Sequence[Claim], turn: int) -> None:
            opened = [sitting.hear(claim, seat.id, turn) for claim in claims]
            bench.submit([contention for contention in opened if contention is not None])

        prompt = sitting.assembler.opening(seat)
        _, reply = await sitting.ask(seat, "opening", tier, prompt, started=started, heard=heard)
        if reply.failure is None:
            self._free.add(seat.id)

    # --- cross-examination ---

    def examiner(self, contention: Contention) -> Seat:
        """A seat that has opened and did not raise the claim, best versed first; else the examiner without a lens."""
        return next(iter(self._others(contention)), self._sitting.prompts.seats[EXAMINER])

    def _others(self, contention: Contention) -> list[Seat]:
        versed = _VERSED[contention.lead.claim.category]
        heard = {ruled.seat for ruled in contention.rulings}
        seats = [
            seat
            for seat in self._seats.values()
            if seat.id in self._free and seat.id not in contention.raisers and seat.id not in heard
        ]
        rank = {seat: number for number, seat in enumerate(versed)}
        return sorted(seats, key=lambda seat: (rank.get(seat.id, len(versed)), seat.standing))

    async def examine(self, seat: Seat, tier: Tier, ids: Sequence[str]) -> None:
        """Put claims to one examiner; serve the code that it asks for once, and ask once more."""
        sitting = self._sitting
        is_warm = await self._is_warm(tier)
        if not sitting.may_speak():
            return
        about = self._about(ids)
        prompt = sitting.assembler.cross_examination(seat, about, warm=is_warm)
        decided, reply = await self._put(seat, "cross_examination", tier, prompt, ids, 2)
        needs = reply.statement.needs[:NEEDS] if reply.statement else ()
        left = [one for one in ids if one not in decided]
        if left and needs and sitting.may_speak():
            served = [Served(need, sitting.exhibits.serve(need)) for need in dict.fromkeys(needs)]
            prompt = sitting.assembler.cross_examination(seat, self._about(left), served, warm=is_warm)
            await self._put(seat, "cross_examination", tier, prompt, left, 2)
        for one in ids:
            sitting.settle(one)

    async def _is_warm(self, tier: Tier) -> bool:
        """Whether the tier reads the shared part from its cache; waits until it can, where a seat of the tier opens."""
        if tier not in self._warm:
            return False
        await self._warm[tier].wait()
        return True

    async def _put(
        self, seat: Seat, phase: Phase, tier: Tier, prompt: Prompt, ids: Sequence[str], round_: int
    ) -> tuple[set[str], Reply]:
        turn, reply = await self._sitting.ask(seat, phase, tier, prompt, ids, heard=self._late_claims(seat, phase))
        return self._sitting.rule(ids, reply, seat, phase, round_, turn), reply

    def _late_claims(self, seat: Seat, phase: Phase) -> Callable[[Sequence[Claim], int], None]:
        def passed_over(claims: Sequence[Claim], _: int) -> None:
            for claim in claims:
                self._sitting.pass_over(
                    seat.id, claim, f"it was raised in {phase.replace('_', '-')}, not in the opening"
                )

        return passed_over

    # --- rebuttal ---

    async def _rebut(self, round_: int) -> bool:
        """One round; whether there was anything to argue about."""
        sitting = self._sitting
        disputes = [(one, seat) for one in self._open_ones() if (seat := self._arguer(one)) is not None]
        if not disputes or not sitting.may_speak():
            return False
        sitting.begin("rebuttal", len(disputes))
        async with asyncio.TaskGroup() as group:
            lanes = asyncio.Semaphore(LANES)
            for contention, seat in disputes:
                group.create_task(self._argue(contention, seat, round_, lanes))
        return True

    async def _argue(self, contention: Contention, seat: Seat, round_: int, lanes: asyncio.Semaphore) -> None:
        async with lanes:
            tier = settling_tier(raised_severity(contention), self._brief.profile, contested=_is_contested(contention))
            is_warm = await self._is_warm(tier)
            if not self._sitting.may_speak():
                return
            prompt = self._sitting.assembler.rebuttal(seat, (contention,), warm=is_warm)
            await self._put(seat, "rebuttal", tier, prompt, (contention.id,), round_)
            self._sitting.settle(contention.id)

    def _open_ones(self) -> list[Contention]:
        """What is still open, worst first."""
        return sorted((one for one in self._sitting.docket.all() if is_open(one)), key=_urgency)

    def _arguer(self, contention: Contention) -> Seat | None:
        """Who has not ruled yet: other seats, the examiner, then those who raised it. None: no position will change."""
        rulings = [one for one in latest(contention.rulings) if one.valid]
        if len(rulings) > 1 and all(one.ruling.verdict == "unsure" for one in rulings[-2:]):
            return None
        heard = {one.seat for one in contention.rulings}
        examiner = self._sitting.prompts.seats[EXAMINER]
        raisers = [self._seats[seat] for seat in contention.raisers if seat in self._free]
        return next((seat for seat in (*self._others(contention), examiner, *raisers) if seat.id not in heard), None)

    # --- consensus ---

    async def _moderate(self) -> None:
        sitting = self._sitting
        still_open = self._open_ones()
        if not still_open or not sitting.may_speak():
            return
        calls = list(self._moderated(still_open))
        sitting.begin("consensus", len(calls))
        async with asyncio.TaskGroup() as group:
            for tier, about in calls:
                group.create_task(self._rule_last(tier, about))

    def _moderated(self, still_open: Iterable[Contention]) -> Iterable[tuple[Tier, Sequence[Contention]]]:
        by_tier: dict[Tier, list[Contention]] = {}
        for one in still_open:
            tier = settling_tier(raised_severity(one), self._brief.profile, contested=_is_contested(one))
            by_tier.setdefault(tier, []).append(one)
        for tier, ones in by_tier.items():
            ordered = sorted(ones, key=_place_order)
            for start in range(0, len(ordered), MODERATED):
                yield tier, ordered[start : start + MODERATED]

    async def _rule_last(self, tier: Tier, about: Sequence[Contention]) -> None:
        moderator = self._sitting.prompts.seats[MODERATOR]
        is_warm = await self._is_warm(tier)
        if not self._sitting.may_speak():
            return
        ids = [one.id for one in about]
        prompt = self._sitting.assembler.consensus(moderator, about, warm=is_warm)
        await self._put(moderator, "consensus", tier, prompt, ids, self._brief.rounds + 1)
        for one in ids:
            self._sitting.settle(one)

    def _about(self, ids: Iterable[str]) -> list[Contention]:
        """By place, so that the order does not betray who raised what, or when."""
        found = [one for contention in ids if (one := self._sitting.docket.get(contention)) is not None]
        return sorted(found, key=_place_order)


class _Bench:
    """Claims that wait for their cross-examination, and the lanes in which it takes place."""

    def __init__(self, crossfire: Crossfire, group: asyncio.TaskGroup) -> None:
        self._crossfire = crossfire
        self._sitting = crossfire._sitting
        self._group = group
        self._queue: list[tuple[tuple[int, str, str, int, int, str], str]] = []
        self._waiting: dict[str, dict[str, None]] = {}
        """By file. What has been taken along is still in the queue, and passed over there."""
        self._under_way: set[asyncio.Task[None]] = set()
        self._has_begun = False

    def submit(self, contentions: Iterable[Contention]) -> None:
        """Examine the claims as soon as there is a lane; those that are submitted together may share a call.

        It starts at once, not at the loop's leisure: a debate is played again exactly by giving its events in order.
        """
        for one in contentions:
            heappush(self._queue, (_urgency(one), one.id))
            self._waiting.setdefault(one.lead.place.file, {})[one.id] = None
        self._start()

    async def drained(self) -> None:
        """Wait until every claim has been examined, or nothing more may be asked."""
        self._start()
        while self._under_way:
            await asyncio.wait(self._under_way)
            self._start()

    def _start(self) -> None:
        while len(self._under_way) < LANES and self._sitting.may_speak():
            most_urgent = self._next()
            if most_urgent is None:
                return
            if not self._has_begun:
                self._has_begun = True
                self._sitting.begin("cross_examination", 1)
            self._examine(most_urgent)

    def _next(self) -> Contention | None:
        while self._queue:
            contention = self._sitting.docket.get(heappop(self._queue)[1])
            if contention is not None and contention.id in self._waiting.get(contention.lead.place.file, ()):
                return contention
        return None

    def _examine(self, contention: Contention) -> None:
        """Put the claim to its examiner, with those of its file that the same one can take along."""
        beside = self._waiting[contention.lead.place.file]
        seat, tier = self._crossfire.examiner(contention), self._tier(contention)
        ids = [contention.id]
        for other_id in list(islice(beside, CONSIDERED)):
            other = self._sitting.docket.get(other_id)
            assert other is not None
            fits = self._tier(other) == tier and self._crossfire.examiner(other).id == seat.id
            if other_id != contention.id and fits and len(ids) < BATCH:
                ids.append(other_id)
        for one in ids:
            del beside[one]
        task = self._group.create_task(self._crossfire.examine(seat, tier, ids))
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is None:
            self._start()

    def _tier(self, contention: Contention) -> Tier:
        return cross_tier(raised_severity(contention), self._sitting.brief.profile)


def _urgency(contention: Contention) -> tuple[int, str, str, int, int, str]:
    return (SEVERITIES.index(raised_severity(contention)), *_place_order(contention))


def _place_order(contention: Contention) -> tuple[str, str, int, int, str]:
    place = contention.lead.place
    return (place.file, place.side, place.first_line, place.last_line, contention.id)


def _is_contested(contention: Contention) -> bool:
    return any(one.valid and one.ruling.verdict == "refuted" for one in contention.rulings)


def _not_asked(failure: Failure | None) -> str:
    return f"not asked: {failure.message}" if failure else "not asked"


def _nothing() -> None:
    """For a turn whose start nobody waits for."""


def _plan(planning: Planning) -> Iterator[PlannedTurn]:
    yield from planning.opening()
    yield from _planned_examinations(planning)
    settling = settling_tier("high", planning.profile, contested=True)
    examiner, disputed = planning.prompts.seats[EXAMINER], planning.claims // 5
    for _ in range(max(planning.choice.rounds - 2, 0)):
        yield from (planning.turn("rebuttal", examiner, settling, 1, 900) for _ in range(disputed))
        disputed //= 2
    if planning.claims >= 5:
        yield planning.turn("consensus", planning.prompts.seats[MODERATOR], settling, 2, 900)


def _planned_examinations(planning: Planning) -> Iterator[PlannedTurn]:
    severities: tuple[Severity, ...] = ("high", "medium")
    waiting = max(planning.claims - LANES, 0)
    alone = [1] * (planning.claims - waiting)
    for number, claims in enumerate(alone + [2] * (waiting // 2) + [1] * (waiting % 2)):
        tier = cross_tier(severities[number % 2], planning.profile)
        examiner = planning.prompts.seats[EXAMINER]
        yield planning.turn("cross_examination", examiner, tier, claims, 600 + 200 * claims)


PROTOCOL = DebateProtocol(
    "Blind openings, each claim cross-examined as soon as it stands, argument only where it is contested.",
    run=lambda sitting: Crossfire(sitting).run(),
    plan=_plan,
)
