"""What the prompt cache saves: whole debates over HTTP, with the real engine, speaker and SDK, against the emulator.

The emulator keeps the documented rules of the cache: by model, settings and bytes, from breakpoints only, readable once
the first answer has begun. What is said is simulated, and takes as many tokens as choices of tiers assume
(`rebuttal.debate.selection`): the shorter answers are, the more of the money is the prompt's, and the more the cache
saves. Money is reckoned again from the very requests that were sent, in the order in which they were, as it would have
been

- without any breakpoint ("no cache"),
- with the openings of all seats sent at once, so that none can read what another writes ("no warm-up"),
- with a breakpoint behind the shared part only, not behind our own words ("shared only").

The changes are those of the planted corpus that `bench.debate_time` puts together: three to six cases each.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import evolve, frozen

from bench.debate_time import larger
from bench.protocol_map import CORPUS
from bench.table import table
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse
from rebuttal.debate.engine import debate
from rebuttal.debate.model import Brief, PanelName, Profile
from rebuttal.debate.selection import ANSWER, RULING
from rebuttal.evaluation.corpus import load_corpus
from rebuttal.evaluation.run import Prepared, prepare
from rebuttal.settings import Settings
from rebuttal.speakers.claude import open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.patience import Patience
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import Caps, Cost
from tests.emulator import Emulator
from tests.emulator.cache import Cache, Plan
from tests.emulator.latency import Latency
from tests.emulator.record import Record
from tests.emulator.reply import Usage
from tests.emulator.script import Rule, Script
from tests.emulator.simulate import Simulated
from tests.emulator.validate import VERSION, Request, understand
from tests.emulator.virtual_time import LoopClock, run_virtual

CHANGES, SEED = 3, 1
GOAL = 0.99
SHOWN: tuple[tuple[str, PanelName, Profile], ...] = (
    ("solo", "small", "balanced"),
    ("crossfire", "small", "balanced"),
    ("crossfire", "medium", "balanced"),
    ("crossfire", "medium", "frugal"),
    ("crossfire", "medium", "thorough"),
    ("crossfire", "large", "balanced"),
    ("council", "small", "balanced"),
    ("council", "medium", "balanced"),
    ("council", "large", "balanced"),
)
Body = dict[str, Any]


# --- whole debates ---


@frozen
class Held:
    """A debate that was held: what the service saw of it, and what our own ledger says it cost."""

    records: tuple[Record, ...]
    cost: Cost
    seconds: float
    """Virtual."""


def hold(brief: Brief, rules: Sequence[Rule] = (), settings: Settings | None = None) -> Held:
    """One debate, over real sockets, in virtual time: entries of the cache live and lapse by it. `rules` of the
    emulator go before those by which it answers."""
    answers = [*rules, Rule(phase="opening", thinking_tokens=ANSWER), Rule(thinking_tokens=RULING)]

    async def whole() -> Held:
        loop = asyncio.get_running_loop()
        script = Script(answers, default=Simulated(SEED, share=1.0))
        emulator = Emulator(script, LoopClock(), latency=Latency())
        await emulator.start()
        connection = Connection(emulator.environment(), Patience(clock=loop.time))
        connection.prefixes.clock = loop.time
        with TemporaryDirectory(prefix="rebuttal-bench-", ignore_cleanup_errors=True) as folder:
            with Database.open(Path(folder) / "store.db") as database:
                ledger = Ledger(database)
                speaker = open_claude(
                    connection, settings or Settings(), Purse(ledger, Caps(), PriceBook()), "bench", "bench"
                )
                await debate(brief, speaker, lambda event: None, loop.time)
                cost = await ledger.cost_of("bench")
            await connection.aclose()
        await emulator.stop()
        assert emulator.problems == []
        return Held(tuple(emulator.records), cost, loop.time())

    return run_virtual(whole())


# --- what was read ---


@frozen
class Share:
    """Of the shared prefix, after each model's first call with it."""

    expected: int = 0
    read: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.expected + other.expected, self.read + other.read)

    @property
    def rate(self) -> float:
        return self.read / self.expected if self.expected else 1.0


def share_read(records: Iterable[Record]) -> Share:
    """From what the service saw alone. The shared prefix: all up to the shared part, as openings send it; the dossiers
    that other tiers get in its place are none."""
    records = list(records)
    shared = {record.body["messages"][0]["content"][0]["text"] for record in records if record.phase == "opening"}
    seen: dict[str, list[tuple[Request, Record]]] = {}
    for record in records:
        blocks = record.body["messages"][0]["content"]
        if record.usage is not None and blocks[0]["text"] in shared:
            request = understood(record.body)
            key = "\0".join((request.model.id, request.settings, *(block.key for block in request.blocks[:-1])))
            seen.setdefault(key, []).append((request, record))
    total = Share()
    for calls in seen.values():
        for request, record in calls[1:]:
            assert record.usage is not None
            prefix = request.base_tokens + sum(block.tokens for block in request.blocks[:-1])
            total += Share(prefix, min(record.usage.read, prefix))
    return total


def understood(body: Body) -> Request:
    return understand(body, VERSION, frozenset())


# --- what it would have cost otherwise ---


def as_sent(body: Body) -> Body:
    return body


def without_cache(body: Body) -> Body:
    """No breakpoint at all."""
    bare = deepcopy(body)
    for block in (*bare["system"], *bare["messages"][0]["content"]):
        block.pop("cache_control", None)
    return bare


def shared_only(body: Body) -> Body:
    """No breakpoint behind our own words."""
    bare = deepcopy(body)
    for block in bare["system"]:
        block.pop("cache_control", None)
    return bare


def bill(records: Sequence[Record], edit: Callable[[Body], Body] = as_sent, *, at_once: bool = False) -> Decimal:
    """Dollars for the same requests, edited, each begun before the next starts; `at_once`: but for the openings."""
    answered = [record for record in records if record.usage is not None]
    groups = [[record] for record in answered if not at_once or record.phase != "opening"]
    if at_once:
        groups.insert(0, [record for record in answered if record.phase == "opening"])
    cache, total = Cache(), Decimal(0)
    for group in groups:
        requests = [understood(edit(record.body)) for record in group]
        plans = [cache.plan(request, "key", 0.0) for request in requests]
        for request, plan, record in zip(requests, plans, group, strict=True):
            assert record.usage is not None
            total += _usage(request, plan, record.usage.output).price(request.model)
            cache.begin(plan)
    return total


def _usage(request: Request, plan: Plan, output: int) -> Usage:
    plain = request.prompt_tokens - plan.read - plan.written
    return Usage(plain, plan.write_5m, plan.write_1h, plan.read, output)


# --- the table ---


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    cases = [case for case in load_corpus(CORPUS) if not case.clean]
    changes = list(larger(cases))[:CHANGES]
    prepared = {
        panel: asyncio.run(prepare(changes, Settings(panel=panel), dict(os.environ)))
        for panel in dict.fromkeys(panel for _, panel, _ in SHOWN)
    }
    rows = []
    total = Share()
    for protocol, panel, profile in SHOWN:
        share, row = _row(prepared[panel], protocol, profile)
        total += share
        rows.append([protocol, panel, profile, *row])
    head = [
        "protocol",
        "panel",
        "profile",
        "calls",
        "prefix read",
        "with cache",
        "no cache",
        "no warm-up",
        "shared only",
    ]
    note = (
        f"`python -m bench.caching`; sums over {CHANGES} changes. Prefix read: of the shared prefix, the share that was"
        " read from the cache after each model's first call with it. Goal: 99 %; over all debates it is"
        f" {total.rate:.1%}: {'reached' if total.rate >= GOAL else 'MISSED'}. The columns of money are explained in the"
        " module.\n"
    )
    return "\n".join(
        [
            "## The prompt cache (simulated)\n",
            note,
            table(head, rows),
            "",
        ]
    )


def _row(prepared: Sequence[Prepared], protocol: str, profile: Profile) -> tuple[Share, list[str]]:
    share, calls = Share(), 0
    money = [Decimal(0)] * 4
    for one in prepared:
        records = hold(evolve(one.brief, protocol=protocol, profile=profile)).records
        share += share_read(records)
        calls += len(records)
        ways = (bill(records), bill(records, without_cache), bill(records, at_once=True), bill(records, shared_only))
        money = [before + more for before, more in zip(money, ways, strict=True)]
    rate = f"{share.rate:.1%}" if share.expected else "none shared"
    return share, [str(calls), rate, *(f"${amount:.4f}" for amount in money)]


if __name__ == "__main__":
    print(section())
