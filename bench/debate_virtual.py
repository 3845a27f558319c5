"""A whole debate over real HTTP in virtual time: whether it takes as long as `bench.debate_time` counts, and how long
we wait for it.

The same simulated speakers are asked twice: directly, on a loop that counts time, and behind HTTP, by the real speaker
over the real SDK from the emulator, in one process on a loop whose time jumps (`tests.emulator.virtual_time`). Money is
set aside and booked in a real store, retries and limits are as in any review.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from attrs import define, evolve, field, frozen

from bench.debate_speed import material
from bench.debate_time import PANEL, larger
from bench.protocol_map import CORPUS
from bench.table import table
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse, caps_of
from rebuttal.debate.engine import debate
from rebuttal.debate.model import Brief, Outcome
from rebuttal.debate.worth import Worth
from rebuttal.evaluation.corpus import load_corpus
from rebuttal.evaluation.run import Prepared, prepare, simulate
from rebuttal.evaluation.skill import PRESETS, Skill
from rebuttal.evaluation.skilled import Knowledge, Skilled, Till
from rebuttal.settings import Settings
from rebuttal.speakers.claude import open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.patience import Patience
from rebuttal.speakers.traffic import MOST, START
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.text.parsing import Parser
from rebuttal.text.tokens import TokenCounter
from tests.emulator import Asked, Emulator, Rule, Script
from tests.emulator.knowing import Knowing
from tests.emulator.latency import Latency
from tests.emulator.prompt import added_lines, shown_claims
from tests.emulator.script import Said, draw
from tests.emulator.virtual_time import LoopClock, run_virtual

CASES = 12
SEED = 1
SEATS, ROUNDS = 7, 5
RUNS = 5
CHUNK = 200
"""Characters in one event of a stream: some 50 tokens, as a service that writes a few events a second sends them."""
PLENTY = Decimal(10_000)
AS_SKILLED = Latency(read_per_second=float("inf"), cached_per_second=float("inf"), tail=0.0)
"""Without what `rebuttal.evaluation.skilled` does not count: the reading of a long prompt."""


@frozen
class Held:
    """One debate that was held."""

    outcome: Outcome
    virtual_s: float
    real_s: float
    cpu_s: float
    """Processor time of this process, which other work on the machine does not add to."""
    calls: int
    events: int


def held(
    brief: Brief, answer: Callable[[Asked], Any], latency: Latency, settings: Settings, slots: int = START
) -> Held:
    """The debate over HTTP. What is loaded and opened before the first call is not in its real time.

    `slots`: calls that may be under way when it begins.
    """

    async def whole() -> Held:
        loop = asyncio.get_running_loop()
        emulator = Emulator(Script(default=answer, otherwise=Rule(chunk=CHUNK)), LoopClock(), latency=latency)
        await emulator.start()
        with TemporaryDirectory(prefix="rebuttal-bench-", ignore_cleanup_errors=True) as home:
            connection = Connection(emulator.environment(), Patience(clock=loop.time), settings)
            connection.traffic.limit.allowed = float(slots)
            with Database.open(Path(home) / "store.db") as database:
                purse = Purse(Ledger(database), caps_of(settings), PriceBook.of(settings), lambda _: None)
                speaker = open_claude(connection, settings, purse, "bench", "bench")
                await connection.warm_up()
                gc.collect()
                began, worked, virtual = time.perf_counter(), time.process_time(), loop.time()
                outcome = await debate(brief, speaker, lambda _: None, loop.time, parser=Parser())
                took, work = time.perf_counter() - began, time.process_time() - worked
                events = sum(len(record.events) for record in emulator.records)
                found = Held(outcome, loop.time() - virtual, took, work, len(emulator.records), events)
            await connection.aclose()
        await emulator.stop()
        assert emulator.problems == []
        return found

    return run_virtual(_without_proxy(whole()))


async def _without_proxy(work: Coroutine[Any, Any, Held]) -> Held:
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    return await work


# Whether both ways of counting agree


@frozen
class Compared:
    """One debate in three ways: seconds, and how far it is from the first."""

    name: str
    counted_s: float
    free: Held
    """Over HTTP, with as many calls at once as there may ever be."""
    usual: Held
    same: bool
    """The findings of the first two."""

    @property
    def apart(self) -> float:
        return self.free.virtual_s / self.counted_s - 1

    @property
    def slowed(self) -> float:
        """What beginning with a few calls at once adds."""
        return self.usual.virtual_s / self.free.virtual_s - 1

    def row(self) -> list[str]:
        return [
            self.name,
            f"{self.counted_s:.1f}",
            f"{self.free.virtual_s:.1f}",
            f"{self.apart * 100:+.1f} %",
            "same" if self.same else "differ",
            f"{self.usual.virtual_s:.1f}",
            f"{self.slowed * 100:+.1f} %",
            str(self.usual.calls),
            f"{self.usual.real_s:.2f}",
        ]


def agreement(skill: Skill) -> list[Compared]:
    """Changes of the corpus, and two larger ones, that there is something to argue about."""
    cases = [case for case in load_corpus(CORPUS) if not case.clean]
    some = [*cases[:: max(len(cases) // CASES, 1)][:CASES], *list(larger(cases))[:2]]
    settings = Settings(panel=PANEL, max_cost=PLENTY, max_cost_per_day=PLENTY, max_cost_per_month=PLENTY)
    till = Till(settings, TokenCounter())
    found = []
    for one in asyncio.run(prepare(some, settings, dict(os.environ))):
        score, outcome = simulate(one, skill, SEED, till)
        if not outcome.contentions:
            continue
        free, usual = (
            held(one.brief, Knowing(_speaker(one, skill, till)), AS_SKILLED, settings, slots) for slots in (MOST, START)
        )
        same = _verdicts(outcome) == _verdicts(free.outcome)
        found.append(Compared(one.case.name, score.seconds, free, usual, same))
    return found


def _speaker(one: Prepared, skill: Skill, till: Till) -> Skilled:
    known = Knowledge(one.case, one.brief.change, one.shown, skill)
    return Skilled(known, skill, SEED, till.fresh())


def _verdicts(outcome: Outcome) -> list[str]:
    return sorted(finding.title for finding in outcome.findings)


# The long one


@define
class Quarrel:
    """Seats who never agree and always have something new: the longest debate that the rounds allow."""

    made: dict[str, int] = field(factory=dict)

    def __call__(self, asked: Asked) -> Said:
        wanted = asked.request.format or {}
        if "claims" not in wanted.get("schema", {}).get("properties", {}):
            return Said({"leave_out": []})
        shown = list(shown_claims(asked.request.last_text))
        claims = [] if shown or asked.phase != "opening" else [self._claim(asked, *one) for one in self._lines(asked)]
        rulings = [self._ruling(asked, one) for one in shown]
        # As long as they may be: what takes a model fifteen minutes is the most that a panel of seven can say.
        spoken = asked.request.max_tokens * 19 // 20
        return Said({"claims": claims, "rulings": rulings, "needs": []}, None, spoken)

    def _lines(self, asked: Asked) -> list[tuple[str, str]]:
        lines = sorted(set(added_lines(asked.request.text)), key=lambda one: draw(asked.seat, *one))
        return [one for one in lines if len(one[1]) > 24][:2]

    def _claim(self, asked: Asked, path: str, quote: str) -> dict[str, Any]:
        return {
            **{"file": path, "side": "new", "quote": quote, "title": f"{quote.strip()[:60]} is wrong"},
            **{"argument": f"{asked.seat} says so of `{quote.strip()}`.", "category": "correctness"},
            **{"severity": "high", "certainty": "likely", "fixes": []},
        }

    def _ruling(self, asked: Asked, shown: Any) -> dict[str, Any]:
        key = f"{asked.seat} {shown['claim']}"
        turn = self.made[key] = self.made.get(key, -1) + 1
        side = ("confirmed", "refuted")[int(draw("side", key) * 2)]
        verdict = side if turn % 2 == 0 else "unsure"
        return {
            **{"claim": shown["claim"], "verdict": verdict, "file": shown["file"], "quote": shown["quote"]},
            **{"argument": f"{verdict} for reason {turn} of {key}.", "severity": "high"},
        }


def long_debate() -> tuple[list[Held], Brief]:
    """The same one several times."""
    brief = material(files=3).brief
    brief = evolve(brief, seats=brief.seats[:SEATS], rounds=ROUNDS, protocol="council", worth=Worth(threshold=0.0))
    brief = evolve(brief, deadline_s=3_600.0)
    settings = Settings(max_cost=PLENTY, max_cost_per_day=PLENTY, max_cost_per_month=PLENTY)
    return [held(brief, Quarrel(), Latency(), settings) for _ in range(RUNS)], brief


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    runs, brief = long_debate()
    compared = agreement(PRESETS["average"])
    apart = [abs(one.apart) for one in compared]
    one, real = runs[0], [run.real_s for run in runs]
    same = len({run.virtual_s for run in runs}) == 1
    rounds = max((ruled.round for item in one.outcome.contentions for ruled in item.rulings), default=1)
    head = ["change", "counted s", "HTTP s", "apart", "findings", f"{START} slots s", "adds", "calls", "real s"]
    return "\n".join(
        [
            "## A debate over HTTP in virtual time\n",
            (
                f"`python -m bench.debate_virtual`: {len(brief.seats)} seats, {rounds} rounds, {one.calls} calls,"
                f" {one.events:,} events: {one.virtual_s / 60:.1f} virtual minutes in {median(real):.2f} s (median of"
                f" {len(runs)} runs, {min(real):.2f} to {max(real):.2f}; {median(run.cpu_s for run in runs):.2f} s of"
                " processor time; the SDK had been loaded);"
                f" every run {'took the same' if same else 'took ANOTHER'} virtual time.\n"
            ),
            (
                f"The same speakers asked directly with counted time, and over the SDK and HTTP with {MOST} calls at"
                f" once: {median(apart) * 100:.1f} % apart in the median, {max(apart) * 100:.1f} % at most. Beginning"
                f" with {START} calls at once, as the speaker does, takes"
                f" {median(one.slowed for one in compared) * 100:.0f} % longer in the median: `bench.debate_time` does"
                " not count that.\n"
            ),
            table(head, [one.row() for one in compared]),
            "",
        ]
    )


if __name__ == "__main__":
    print(section())
