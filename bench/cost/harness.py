"""Calls over HTTP, in virtual time: whatever is held here is sent by the real SDK, billed by the emulator's usage at
today's prices, and booked in a real ledger."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve, field, frozen

from bench.cost.scripted import Reviewers
from bench.cost.study import Study
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse, caps_of
from rebuttal.budget.tokenizers import Tokenizers
from rebuttal.context.render import fence_id, render
from rebuttal.debate.assemble import facts
from rebuttal.debate.model import Brief, Claim, Profile, Speaker
from rebuttal.debate.panel.choice import PanelChoice
from rebuttal.debate.prompts import load_prompts
from rebuttal.evaluation.repository import planted
from rebuttal.evaluation.run import FENCE
from rebuttal.review.assembly import brief
from rebuttal.review.parts import Parts
from rebuttal.review.request import Request
from rebuttal.review.run import look
from rebuttal.review.services import open_services
from rebuttal.settings import Settings
from rebuttal.speakers.claude import open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.patience import Patience
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import Cost, Tokens
from rebuttal.text.facts import Facts
from rebuttal.text.parsing import Parser
from tests.emulator import Emulator, Rule, Script
from tests.emulator.latency import Latency
from tests.emulator.record import Record
from tests.emulator.virtual_time import LoopClock, run_virtual

PLENTY = Decimal(1_000)
CHUNK = 400
"""Characters in one event of a stream: coarse, for nothing here depends on it but how long the benchmark takes."""


@frozen
class Spent:
    """What one way of review cost."""

    cost: Cost
    seconds: float
    """Virtual."""
    records: tuple[Record, ...] = field(repr=False, default=())

    @property
    def tokens(self) -> Tokens:
        return self.cost.tokens

    @property
    def all_tokens(self) -> int:
        """Read and written, from the cache or not: as the seed counts."""
        return self.tokens.prompt + self.tokens.output


def spend(
    work: Callable[[Speaker, Callable[[], float]], Awaitable[None]], reviewers: Reviewers, settings: Settings
) -> Spent:
    """Do the work with a speaker whose models are the reviewers, under the caps of the settings."""

    async def whole() -> Spent:
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
        loop = asyncio.get_running_loop()
        script = Script(default=reviewers, otherwise=Rule(chunk=CHUNK))
        emulator = Emulator(script, LoopClock(), latency=Latency(tail=0.0))
        await emulator.start()
        with TemporaryDirectory(prefix="rebuttal-bench-", ignore_cleanup_errors=True) as folder:
            connection = Connection(emulator.environment(), Patience(clock=loop.time), settings)
            connection.prefixes.clock = loop.time
            with Database.open(Path(folder) / "store.db") as database:
                ledger = Ledger(database)
                purse = Purse(ledger, caps_of(settings), PriceBook.of(settings), lambda _: None)
                speaker = open_claude(connection, settings, purse, "bench", "bench")
                await connection.warm_up()
                began = loop.time()
                await work(speaker, loop.time)
                took = loop.time() - began
                cost = await ledger.cost_of("bench")
            await connection.aclose()
        await emulator.stop()
        if emulator.problems:
            raise RuntimeError(f"the emulator met a problem: {emulator.problems[0]}")
        return Spent(cost, took, tuple(emulator.records))

    return run_virtual(whole())


class Nobody:
    """Hears nothing: the baselines wait for whole answers."""

    def started(self) -> None:
        """Nobody waits for it."""

    def claim(self, claim: Claim) -> None:
        """It is in the reply."""

    def again(self) -> None:
        """The reply is heard when it is whole."""


# --- what a review would be held with ---


@frozen
class Ready:
    """A change as a review reads it; the panel is the study's."""

    study: Study
    parts: Parts
    lines: int
    """Changed ones, as estimates count them."""
    parser: Parser = field(factory=lambda: Parser(facts=Facts()), repr=False)
    """Remembers what it found, for every way of review."""

    def choice(self) -> PanelChoice:
        """The seats and rounds that the seed names."""
        seats = {seat.id: seat for seat in load_prompts().openers}
        chosen = tuple(seats[name] for name in self.study.seats)
        return PanelChoice("medium", chosen, self.study.rounds, ("the panel of the study",))

    def brief(self, settings: Settings, *, by_rules: bool = False) -> Brief:
        """What the product would debate with under these settings: its own context, prompts, means and tiers."""
        parts = self.parts if by_rules else evolve(self.parts, choice=self.choice())
        return brief(settings, _priced(settings, parts))


def settings_of(profile: Profile, protocol: str) -> Settings:
    """The defaults, but for what is said: a cap that no profile reaches, and as many findings as there are."""
    return Settings(
        profile=profile,
        protocol=protocol,
        max_findings=100,
        max_cost=PLENTY,
        max_cost_per_day=PLENTY,
        max_cost_per_month=PLENTY,
    )


def capped(settings: Settings) -> Settings:
    """With the caps that a user has who sets none."""
    usual = Settings()
    return evolve(
        settings,
        max_cost=usual.max_cost,
        max_cost_per_day=usual.max_cost_per_day,
        max_cost_per_month=usual.max_cost_per_month,
    )


def ready(study: Study, environment: Mapping[str, str]) -> Ready:
    """The study's repository written to disk, and its change read as any review reads it."""
    settings = settings_of("balanced", "crossfire")

    async def read(home: str) -> Parts:
        own = {**environment, "REBUTTAL_HOME": home}
        async with AsyncExitStack() as stack:
            place = stack.enter_context(planted(study.case, own))
            services = await stack.enter_async_context(open_services(own, settings))
            request = Request(where=place.root, settings=settings, scope=place.scope, agreed=True, unattended=True)
            return await look(request, services, priced=False)

    with TemporaryDirectory(prefix="rebuttal-bench-", ignore_cleanup_errors=True) as home:
        parts = asyncio.run(read(home))
    return Ready(study, fenced(parts), changed_lines(parts))


def fenced(parts: Parts) -> Parts:
    """With the fence of simulations, so that the figures are the same everywhere."""
    assert parts.context is not None
    fence = fence_id(FENCE, parts.context.diff)
    shared = render(parts.context, fence, facts(parts.evidence.findings, parts.context.reported))
    return evolve(parts, fence=fence, shared=shared)


def changed_lines(parts: Parts) -> int:
    return sum(hunk.old_count + hunk.new_count for diff in parts.change.files for hunk in diff.hunks)


def _priced(settings: Settings, parts: Parts) -> Parts:
    from rebuttal.review.services import Services

    return Services({}, settings).priced(settings, parts, Tokenizers(), "command")
