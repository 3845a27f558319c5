"""What a cap below the expected cost leaves of a review: confirmed defects, of those that were planted, by cap.

Simulated: the speakers know the truth and say it as well as their skill allows (`rebuttal.evaluation.skilled`); haiku
is assumed to find nearly what sonnet does (`rebuttal.evaluation.skill`), which decides much of what is seen here. Real
is what is under test: the estimate and the fitting of the plan before anything is sent, the engine, and the purse that
sets aside the worst case of every call, by the bytes of its prompt and the longest answer that it may be given.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

from attrs import define, evolve, field, frozen

from bench.debate_time import larger
from bench.protocol_map import CORPUS
from bench.table import table
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse, caps_of
from rebuttal.budget.tokenizers import Tokenizers
from rebuttal.context.render import fence_id, render
from rebuttal.debate.assemble import facts
from rebuttal.debate.engine import debate
from rebuttal.debate.model import Failure, Listener, Outcome, Reply, Turn
from rebuttal.evaluation.corpus import Case, load_corpus
from rebuttal.evaluation.counted import run_counted
from rebuttal.evaluation.repository import planted
from rebuttal.evaluation.run import FENCE
from rebuttal.evaluation.score import judged
from rebuttal.evaluation.skill import PRESETS, Skill
from rebuttal.evaluation.skilled import Knowledge, Skilled, Till
from rebuttal.review.assembly import brief
from rebuttal.review.parts import Parts
from rebuttal.review.request import Request
from rebuttal.review.run import look
from rebuttal.review.services import Services, open_services
from rebuttal.settings import Settings
from rebuttal.speakers.roster import Roster
from rebuttal.store.model import ZERO, CallKey, CapReached, Granted, Settlement, Totals
from rebuttal.store.money import dollars
from rebuttal.text.facts import Facts
from rebuttal.text.parsing import Parser
from rebuttal.text.tokens import TokenCounter

SHARES = (100, 70, 50, 30, 15, 5)
"""The cap, in hundredths of what the whole debate is expected to cost."""
PANELS = ("medium", "large")
SEEDS = range(1, 3)
BEFORE = {
    "medium": {100: (44, 49), 70: (47, 38), 50: (37, 40), 30: (11, 20), 15: (2, 18), 5: (2, 43)},
    "large": {100: (63, 53), 70: (55, 43), 50: (45, 41), 30: (19, 29), 15: (3, 19), 5: (3, 48)},
}
"""Confirmed defects and what was spent of the cap, in hundredths, as this benchmark measured it on the day before there
were plans: openings of the next cheaper column, and the first call that the rest did not cover ended the debate. The
estimates of that day were higher by a tenth to a quarter, so the same share was a larger cap."""
SCHEMA = 4_000
"""Bytes of the schema and of what stands around a prompt, which count as well where money is set aside."""
PLENTY = Decimal(10_000)


@frozen
class Known:
    """A change as a review reads it, before it is priced."""

    case: Case
    parts: Parts
    expected: Decimal
    """Of the whole debate, where money does not matter."""


@define
class Memory:
    """The ledger's own rules for one review, without a file: counted time cannot wait for the store's thread."""

    held: dict[int, Decimal] = field(factory=dict)

    async def reserve(self, key: CallKey, at_most: Decimal, caps: Any) -> Granted:
        already = sum(self.held.values(), ZERO)
        if caps.review is not None and already + at_most > caps.review:
            raise CapReached("review", caps.review, already, at_most)
        number = len(self.held)
        self.held[number] = at_most
        return Granted(number, at_most)

    async def settle(self, call: int, tokens: Any, cost: Decimal, cache: Any = None) -> Settlement:
        over = cost > self.held[call]
        self.held[call] = cost
        spent = sum(self.held.values(), ZERO)
        return Settlement(cost, over, spent, spent, spent)

    async def assume(self, call: int) -> Decimal:
        return self.held[call]

    async def release(self, call: int) -> None:
        self.held[call] = ZERO


class Paying:
    """A speaker whose every call is paid for out of a purse."""

    def __init__(self, speaker: Skilled, purse: Purse, roster: Roster) -> None:
        self._speaker = speaker
        self._purse = purse
        self._roster = roster

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        model = self._roster.id(turn.tier)
        prompt = turn.prompt
        sent = sum(len(text.encode()) for text in (prompt.system, prompt.shared, prompt.ask)) + SCHEMA
        worst = self._purse.book.worst_case(model, sent, turn.max_tokens)
        try:
            reserved = await self._purse.reserve(CallKey("bench", "bench", turn.phase, turn.seat, model), worst)
        except CapReached as error:
            return Reply(None, model, Failure("cap", str(error)), calls=0)
        try:
            reply = await self._speaker.speak(turn, listener)
        except BaseException:
            await self._purse.assume(reserved)
            raise
        await self._purse.settle(reserved, reply.tokens, model)
        return reply


@frozen
class Held:
    """One debate under a cap."""

    found: frozenset[str]
    planted: int
    false: int
    raised: int
    examined: int
    """Of what was raised, claims that anybody ruled on."""
    spent: Decimal
    cap: Decimal
    seats: int
    is_stopped: bool
    """A cap stopped it."""
    is_settled: bool
    """Nothing that was raised was left without a ruling, and no cap stopped it."""


def known(cases: Iterable[Case], settings: Settings) -> Iterator[Known]:
    """Each change as a review reads it."""
    with TemporaryDirectory(prefix="rebuttal-bench-", ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "REBUTTAL_HOME": home}

        async def read() -> list[Parts]:
            async with open_services(environment, settings) as services, AsyncExitStack() as stack:
                found = []
                for case in cases:
                    there = stack.enter_context(planted(case, environment))
                    request = Request(where=there.root, settings=settings, scope=there.scope, unattended=True)
                    found.append(await look(request, services, priced=False))
                return found

        for case, parts in zip(cases, asyncio.run(read()), strict=True):
            context = parts.context
            assert context is not None
            fence = fence_id(FENCE, context.diff)
            shared = render(context, fence, facts(parts.evidence.findings, context.reported))
            whole = evolve(parts, fence=fence, shared=shared, totals=Totals())
            expected = priced(whole, capped(settings, PLENTY)).estimate
            assert expected is not None
            yield Known(case, whole, expected.expected)


def capped(settings: Settings, cap: Decimal) -> Settings:
    """With that cap of a review, and no other that matters."""
    return evolve(settings, max_cost=cap, max_cost_per_day=PLENTY, max_cost_per_month=PLENTY)


def priced(parts: Parts, settings: Settings) -> Parts:
    """What stands before the user is asked: the estimate, and the plan as it fits the cap."""
    return Services({}, settings).priced(settings, parts, Tokenizers(), "command")


def held(one: Known, settings: Settings, cap: Decimal, skill: Skill, seed: int, till: Till) -> tuple[Held, Outcome]:
    """One debate under a cap."""
    limited = capped(settings, cap)
    asked = brief(limited, priced(one.parts, limited))
    shown = frozenset(exhibit.file for exhibit in asked.context.exhibits)
    skilled = Skilled(Knowledge(one.case, asked.change, shown, skill), skill, seed, till.fresh())
    ledger: Any = Memory()

    async def whole() -> Outcome:
        loop = asyncio.get_running_loop()
        purse = Purse(ledger, caps_of(limited), PriceBook.of(limited), lambda _: None)
        speaker = Paying(skilled, purse, Roster.of(limited))
        return await debate(asked, speaker, lambda _: None, loop.time, parser=Parser(facts=Facts()))

    outcome = run_counted(whole())
    told = judged(one.case, outcome.findings)
    true = {t.judged.defect.id for t in told if t.judged.judgement == "true" and t.judged.defect is not None}
    examined = sum(any(each.valid for each in claim.rulings) for claim in outcome.contentions)
    raised, is_stopped = len(outcome.contentions), outcome.stopped_by is not None
    spent = sum(ledger.held.values(), ZERO)
    assert spent <= cap
    opened = {x.turn.seat for x in outcome.exchanges if x.turn.phase == "opening" and x.reply.failure is None}
    figures = Held(
        frozenset(true),
        len(one.case.defects),
        sum(t.judged.judgement == "false" for t in told),
        *(raised, examined, spent, cap, len(opened)),
        *(is_stopped, not is_stopped and raised == examined),
    )
    return figures, outcome


def measured(
    some: Sequence[Known], settings: Settings, share: int, skill: Skill, seeds: Iterable[int] = SEEDS
) -> list[Held]:
    """All debates with one share of their expected cost."""
    till = Till(settings, TokenCounter())
    return [
        held(one, settings, (one.expected * share / 100).quantize(Decimal("0.0001")), skill, seed, till)[0]
        for one in some
        for seed in seeds
    ]


def row(name: str, debates: Sequence[Held]) -> list[str]:
    found, planted_ = sum(len(one.found) for one in debates), sum(one.planted for one in debates)
    raised, examined = sum(one.raised for one in debates), sum(one.examined for one in debates)
    spent = sum((one.spent for one in debates), ZERO) / sum((one.cap for one in debates), ZERO)
    return [
        name,
        f"{found / planted_:.0%}".removesuffix("%"),
        f"{sum(one.false for one in debates) / len(debates):.2f}",
        f"{raised / len(debates):.1f}",
        f"{examined / max(raised, 1):.0%}".removesuffix("%"),
        f"{sum(one.seats for one in debates) / len(debates):.1f}",
        f"{sum(one.is_settled for one in debates) / len(debates):.0%}".removesuffix("%"),
        f"{sum(one.is_stopped for one in debates) / len(debates):.0%}".removesuffix("%"),
        f"{spent:.0%}".removesuffix("%"),
    ]


HEAD = [
    "cap, % of expected",
    "confirmed defects %",
    "false findings",
    "claims",
    "examined %",
    "seats heard",
    "whole %",
    "stopped by the cap %",
    "spent / cap %",
    "before: confirmed %",
    "before: spent %",
]


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    cases = [case for case in load_corpus(CORPUS) if not case.clean]
    parts = ["## What a cap leaves of a debate (simulated)\n"]
    for panel in PANELS:
        settings = Settings(panel=panel)
        some = list(known(list(larger(cases)), settings))
        rows = []
        for share in SHARES:
            found, spent = BEFORE[panel][share]
            now = row(str(share), measured(some, settings, share, PRESETS["average"]))
            rows.append([*now, str(found), str(spent)])
        expected = sum((one.expected for one in some), ZERO) / len(some)
        what = f"Panel `{panel}`, {len(some)} changes, {len(SEEDS)} seeds, expected {dollars(expected)} on average:\n"
        parts += [what, table(HEAD, rows), ""]
    return "\n".join([*parts, _WHY, ""])


_WHY = (
    "Caps are hundredths of what the whole debate is expected to cost; every debate has another one. *Before* is the "
    "same benchmark on the day before debates were shortened beforehand: claims were raised that nobody could examine, "
    "because the first call whose worst case the rest did not cover ended the debate. What is spent stays far under a "
    "small cap because a dear model's worst case does not fit it, and haiku's calls cost a twentieth. That haiku finds "
    "nine tenths of what sonnet does, and rules as well, is assumed of the simulated speakers: real ones lose more."
)


if __name__ == "__main__":
    sys.stdout.write(section())
