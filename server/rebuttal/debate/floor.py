"""What protocols have in common: openings that fill the cache, questions put to a seat, the Moderator's last word.

A protocol adds who is asked what, when, and when it is enough.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property

from attrs import evolve

from rebuttal.debate.model import (
    Claim,
    Contention,
    Ended,
    EndedBy,
    Failure,
    HeldRound,
    Phase,
    Prompt,
    Reply,
    Seat,
    Tier,
)
from rebuttal.debate.prompts import EXAMINER, MODERATOR
from rebuttal.debate.selection import Choice
from rebuttal.debate.selection import Standing as Situation
from rebuttal.debate.sitting import Sitting
from rebuttal.debate.verdict import facts_of, is_open, raised_severity
from rebuttal.debate.worth import Spread, Standing, Weighed, dissent
from rebuttal.findings.model import Category
from rebuttal.findings.severity import SEVERITIES
from rebuttal.store.model import ZERO
from rebuttal.text.words import counted

LANES = 6
"""Calls of one phase under way at once."""
SCARCELY = "claims below high were left open: what is left of the budget is kept for serious ones"
MODERATED = 8
"""Claims in one call of the Moderator."""

_VERSED: dict[Category, tuple[str, ...]] = {
    "correctness": ("code-reviewer", "architect", "database", "frontend"),
    "security": ("security-analyst", "code-reviewer", "database"),
    "performance": ("performance-expert", "database", "code-reviewer"),
    "architecture": ("architect", "code-reviewer"),
    "usability": ("ux-specialist", "frontend", "code-reviewer"),
    "documentation": ("documentation", "code-reviewer"),
    "testing": ("code-reviewer", "architect"),
}
"""Which seats know most about a category; the others follow as they stand in the panel."""


class Floor:
    """One debate's seats, and the ways in which every protocol asks them."""

    def __init__(self, sitting: Sitting, later: Iterable[Tier] = (), arguing: Phase = "cross_examination") -> None:
        """`later`: the tiers that the protocol expects to ask after the opening; `arguing`: what it asks them."""
        self.sitting = sitting
        self._arguing = arguing
        self.brief = sitting.brief
        self.seats = {seat.id: seat for seat in self.brief.seats}
        self.free = {seat.id for seat in self.brief.seats if sitting.has_opened(seat)}
        """Seats that have opened without failing: only of them it is known what they raised, so only they rule."""
        self._openers = [seat for seat in self.brief.seats if seat.id not in self.free]
        self._opening = {seat.id for seat in self._openers}
        opening = Counter(sitting.opening[seat.id].tier for seat in self._openers)
        self._warm = {tier: asyncio.Event() for tier in opening}
        sitting.repeating = frozenset((*later, *(tier for tier, seats in opening.items() if seats > 1)))

    # --- opening ---

    @property
    def is_opening(self) -> bool:
        """Whether a seat has yet to open, or is still speaking."""
        return bool(self._opening)

    async def open(self, submit: Callable[[Sequence[Contention]], None]) -> None:
        """Every seat that has not opened yet, blind to the others. `submit` gets claims that nobody raised before, and
        nothing as soon as a seat has ended."""
        by_tier: dict[Tier, list[Seat]] = {}
        for seat in self._openers:
            by_tier.setdefault(self.sitting.opening[seat.id].tier, []).append(seat)
        if self._openers:
            self.sitting.begin("opening", len(self._openers))
        async with asyncio.TaskGroup() as group:
            for tier, seats in by_tier.items():
                group.create_task(self._open_tier(tier, seats, submit))

    async def _open_tier(
        self, tier: Tier, seats: Sequence[Seat], submit: Callable[[Sequence[Contention]], None]
    ) -> None:
        """The first seat alone until it begins to answer: from then on the others read what it wrote into the cache."""
        warm = self._warm[tier]
        async with asyncio.TaskGroup() as group:
            first = group.create_task(self._open_seat(seats[0], submit, warm.set))
            first.add_done_callback(lambda _: warm.set())
            await warm.wait()
            for seat in seats[1:]:
                group.create_task(self._open_seat(seat, submit, _nothing))

    async def _open_seat(
        self, seat: Seat, submit: Callable[[Sequence[Contention]], None], started: Callable[[], None]
    ) -> None:
        sitting = self.sitting
        if not sitting.may_speak():
            sitting.degrade(seat.id, "opening", _not_asked(sitting.stopped_by))
            self._opening.discard(seat.id)
            return

        def heard(claims: Sequence[Claim], turn: int) -> None:
            opened = [sitting.hear(claim, seat.id, turn) for claim in claims]
            submit([contention for contention in opened if contention is not None])

        choice = sitting.opening[seat.id]
        prompt = sitting.assembler.opening(seat, choice.tier)
        _, reply = await sitting.ask(seat, "opening", choice, prompt, started=started, heard=heard)
        if reply.failure is None:
            self.free.add(seat.id)
        # In the same step as its end is heard: what happens next is no question of how soon the loop gets to it.
        self._opening.discard(seat.id)
        submit(())

    # --- asking ---

    @cached_property
    def warm(self) -> frozenset[Tier]:
        """The tiers that have the shared part in their cache, or will have it as soon as their first seat speaks."""
        return frozenset(self._warm)

    def situation(self) -> Situation:
        """How the debate stands, for the choice of a tier."""
        claims = self.sitting.docket.all()
        return Situation(self.sitting.spent, self.warm, self._dissent(), len(claims))

    def settling(self, contention: Contention, phase: Phase, situation: Situation) -> Choice:
        """Who argues about a claim that is open, or rules on it in the end."""
        severity, contested = raised_severity(contention), is_contested(contention)
        return self.sitting.selection.settling(severity, contested=contested, standing=situation, phase=phase)

    def worth_asking(self, contentions: Iterable[Contention]) -> list[Contention]:
        """Those that are argued about with what is left of the budget; that others are not is told."""
        ones, spent = list(contentions), self.sitting.spent
        kept = [one for one in ones if self.sitting.selection.is_worth_asking(raised_severity(one), spent)]
        if len(kept) < len(ones):
            self.tell_scarce()
        return kept

    def tell_scarce(self) -> None:
        """Claims are left open because of money: nothing that is clean."""
        self.sitting.degrade(EXAMINER, self._arguing, SCARCELY)

    async def is_warm(self, tier: Tier) -> bool:
        """Whether the tier reads the shared part from its cache; waits until it can, where a seat of the tier opens."""
        if tier not in self._warm:
            return False
        await self._warm[tier].wait()
        return True

    async def put(
        self,
        seat: Seat,
        phase: Phase,
        choice: Choice,
        prompt: Prompt,
        ids: Sequence[str],
        round_: int,
        heard: Callable[[Sequence[Claim], int], None] | None = None,
        *,
        may_ask: bool = False,
    ) -> tuple[set[str], Reply]:
        """Ask a seat to rule: the ids that it decided, and its reply. Claims are set aside, or `heard` takes them."""
        heard = heard or self._passed_over(seat, phase)
        turn, reply = await self.sitting.ask(seat, phase, choice, prompt, ids, heard=heard)
        asks = may_ask and reply.failure is None and reply.statement is not None and bool(reply.statement.needs)
        return self.sitting.rule(ids, reply, seat, phase, round_, turn, is_last=not asks), reply

    def _passed_over(self, seat: Seat, phase: Phase) -> Callable[[Sequence[Claim], int], None]:
        def passed_over(claims: Sequence[Claim], _: int) -> None:
            for claim in claims:
                self.sitting.pass_over(
                    seat.id, claim, f"it was raised in {phase.replace('_', '-')}, not in the opening"
                )

        return passed_over

    @property
    def examiner(self) -> Seat:
        """The seat without a lens, which raised nothing."""
        return self.sitting.prompts.seats[EXAMINER]

    def versed(self, contention: Contention, but: Collection[str] = ()) -> list[Seat]:
        """The seats that have opened and did not raise the claim, who knows most of its category first."""
        order = _VERSED[contention.lead.claim.category]
        rank = {seat: number for number, seat in enumerate(order)}
        raisers = contention.raisers
        seats = [seat for seat in self.seats.values() if seat.id in self.free]
        others = [seat for seat in seats if seat.id not in raisers and seat.id not in but]
        return sorted(others, key=lambda seat: (rank.get(seat.id, len(order)), seat.standing))

    # --- how it stands ---

    def open_ones(self) -> list[Contention]:
        """What is still open, worst first."""
        return sorted((one for one in self.sitting.docket.all() if is_open(one)), key=urgency)

    def why_no_round(self, calls: int, round_: int, *, whole: bool = False) -> EndedBy | None:
        """Why a further round of so many calls is not held, where anything is against it: the panel's rounds, its
        price, or what rebuttal may use. `whole`: it is held with all its calls or not at all."""
        if round_ > self.brief.rounds:
            return "round_limit" if self.brief.means.plan.rebuttal else "budget"
        if not self.pays(calls, round_):
            return "not_worth"
        return None if self.within(calls, round_) >= (calls if whole else 1) else "budget"

    def pays(self, calls: int, round_: int) -> bool:
        """Whether a further round of so many calls is worth its price; the decision is noted with its inputs."""
        worth, spread = self.brief.worth, Spread(self._dissent(), self._relative_cost(calls))
        held = worth.pays(spread)
        self.sitting.weighed.append(Weighed(round_, spread, worth, held))
        return held

    def within(self, calls: int, round_: int) -> int:
        """How many of a further round's calls keep within what rebuttal may use; that others are not made is told."""
        each = self._price_of_a_call()
        kept = self.sitting.allotted.calls("rebuttal", calls, each, self.sitting.spent, {"consensus": each})
        if kept < calls:
            kept_words = f"only {kept} of {counted(calls, 'call')}" if kept else "not held"
            why = f"Round {round_} was {kept_words}: more would cost more than rebuttal may use of what is left."
            if why not in self.sitting.shortened:
                self.sitting.shortened.append(why)
        return kept

    def covers(self, phase: Phase) -> bool:
        """Whether what a phase may use is expected to pay for one more call."""
        each = self._price_of_a_call()
        return bool(self.sitting.allotted.calls(phase, 1, each, self.sitting.spent, {"consensus": each}))

    def stopped(self) -> EndedBy | None:
        """What has forbidden to ask on, if anything has."""
        failure = self.sitting.stopped_by
        if failure is None:
            return None
        return "budget" if failure.kind in ("cap", "timeout") else "failure"

    def last_round(self, but: int) -> int:
        """The last round in which anybody ruled, in a debate that is taken up; at least `but`."""
        ruled = (each.round for one in self.sitting.docket.all() for each in one.rulings if each.phase != "consensus")
        return max((but, *ruled))

    @contextmanager
    def round(self, number: int) -> Iterator[None]:
        """A round of argument: what it settled and cost is noted, also where it was cut short."""
        before, so_far = self._dissent(), self.sitting.spent
        try:
            yield
        finally:
            cost = self.sitting.spent - so_far
            self.sitting.rounds.append(HeldRound(number, before, self._dissent(), so_far, cost))

    def end(self, by: EndedBy, round_: int, still_open: int) -> None:
        """No further round is held. Where nothing was claimed there was no argument, and nothing is told."""
        if self.sitting.docket.all():
            self.sitting.end_argument(Ended(by, round_, still_open))

    def _dissent(self) -> float:
        return dissent(_standing(one) for one in self.sitting.docket.all())

    def _relative_cost(self, calls: int) -> float | None:
        whole = sum((one.reply.price for one in self.sitting.exchanges), ZERO)
        return float(self._price_of_a_call() * calls / whole) if whole else None

    def _price_of_a_call(self) -> Decimal:
        """What a question about claims has cost in this debate, on average; before there was one, any call."""
        spent = [one.reply.price for one in self.sitting.exchanges]
        alike = [one.reply.price for one in self.sitting.exchanges if one.asked] or spent
        return sum(alike, ZERO) / len(alike) if alike else ZERO

    # --- consensus ---

    async def moderate(self, still_open: Sequence[Contention]) -> None:
        """The Moderator rules on what is open, and rules last."""
        everything = still_open
        still_open = self.worth_asking(everything)
        kept = {one.id for one in still_open}
        for one in everything:
            if one.id not in kept and not one.rulings and not one.unheard:
                self.sitting.leave_unheard(one.id, SCARCELY)
        if not still_open:
            return
        if not self.sitting.may_speak():
            self._tell_unsettled(len(still_open))
            return
        calls = list(self._moderated(still_open))
        self.sitting.begin("consensus", len(calls))
        async with asyncio.TaskGroup() as group:
            for choice, about in calls:
                group.create_task(self._rule_last(choice, about))

    def _moderated(self, still_open: Iterable[Contention]) -> Iterator[tuple[Choice, Sequence[Contention]]]:
        situation = self.situation()
        choices = {one.id: self.settling(one, "consensus", situation) for one in still_open}
        by_tier: dict[Tier, list[Contention]] = {}
        for one in still_open:
            by_tier.setdefault(choices[one.id].tier, []).append(one)
        for ones in by_tier.values():
            ordered = sorted(ones, key=place_order)
            for start in range(0, len(ordered), MODERATED):
                about = ordered[start : start + MODERATED]
                # Another reason for the same tier is worth no call of its own.
                whys = dict.fromkeys(choices[one.id].why for one in about)
                yield evolve(choices[about[0].id], why="; ".join(whys)), about

    async def _rule_last(self, choice: Choice, about: Sequence[Contention]) -> None:
        moderator = self.sitting.prompts.seats[MODERATOR]
        is_warm = await self.is_warm(choice.tier)
        if not self.sitting.may_speak():
            return
        ids = [one.id for one in about]
        prompt = self.sitting.assembler.consensus(moderator, about, warm=is_warm, tier=choice.tier)
        await self.put(moderator, "consensus", choice, prompt, ids, self.brief.rounds + 1)
        for one in ids:
            self.sitting.settle(one)

    def _tell_unsettled(self, claims: int) -> None:
        """Of a cap and of a failure the user is told where they happen; time that ran out happened nowhere else."""
        failure = self.sitting.stopped_by
        if failure is not None and failure.kind == "timeout":
            self.sitting.degrade(MODERATOR, "consensus", f"{_were(claims)} not settled: {failure.message}")

    def tell_unexamined(self) -> None:
        """Claims that nobody was asked about because the debate was stopped lower the verdict."""
        left = sum(not one.rulings and not one.unheard for one in self.sitting.docket.all())
        if left and self.sitting.stopped_by is not None:
            self.sitting.degrade(
                EXAMINER, self._arguing, f"{_were(left)} not examined: {self.sitting.stopped_by.message}"
            )


def urgency(contention: Contention) -> tuple[int, str, str, int, int, str]:
    """Sorts the worst first, and alike ones by place."""
    return (SEVERITIES.index(raised_severity(contention)), *place_order(contention))


def place_order(contention: Contention) -> tuple[str, str, int, int, str]:
    """By place, so that the order does not betray who raised what, or when."""
    place = contention.lead.place
    return (place.file, place.side, place.first_line, place.last_line, contention.id)


def is_contested(contention: Contention) -> bool:
    """Whether anybody refuted it with lines that are in the code."""
    return any(one.valid and one.ruling.verdict == "refuted" for one in contention.rulings)


def _standing(contention: Contention) -> Standing:
    facts = facts_of(contention)
    raised = min(facts.raisers, 1)
    undecided = facts.unsure + facts.void
    return Standing(facts.severity, facts.confirmed + raised, facts.refuted, undecided, is_open(contention))


def _were(claims: int) -> str:
    return f"{counted(claims, 'claim')} {'was' if claims == 1 else 'were'}"


def _not_asked(failure: Failure | None) -> str:
    return f"not asked: {failure.message}" if failure else "not asked"


def _nothing() -> None:
    """For a turn whose start nobody waits for."""
