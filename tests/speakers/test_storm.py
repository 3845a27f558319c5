"""Everything at once: faults by chance, seats of several reviews that are cancelled at any moment, little money."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse
from rebuttal.debate.model import Reply
from rebuttal.settings import Settings
from rebuttal.speakers.claude import ClaudeSpeaker, open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.patience import Patience
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import Caps
from tests.emulator import Emulator, Fault, Rule
from tests.speakers.conftest import Heard, claim, statement, turn

LONG = "+    total = compute(number)\n" * 1200
FAULTS = (
    Fault("status", status=529),
    Fault("status", status=429, headers={"retry-after-ms": "30"}),
    Fault("status", status=500),
    Fault("reset"),
    Fault("cut", at=3),
    Fault("cut", at=-2),
    Fault("error_event", at=2),
    Fault("stall", seconds=0.3),
    Fault("garbled"),
)


async def one(speaker: ClaudeSpeaker, number: int, chance: random.Random) -> Reply | None:
    """A seat that some user has no patience with."""
    tier = chance.choice(("haiku", "sonnet", "opus"))
    patience = chance.uniform(0.0, 2.0) if chance.random() < 0.4 else 60.0
    asked = evolve(turn(f"seat-{number}", tier=tier, shared=LONG, max_tokens=2000), reusable=True)  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(patience):
            return await speaker.speak(asked, Heard())
    except TimeoutError:
        return None


@pytest.mark.parametrize("seed", range(4))
async def test_in_a_storm_nothing_stays_set_aside_taken_or_waited_for(
    emulator: Emulator, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    emulator.script.seed = seed
    emulator.script.add(*(Rule(fault=fault, chance=0.06) for fault in FAULTS))
    emulator.script.add(Rule(reply=statement(claim(1), claim(2)), between=0.003))
    book = PriceBook()
    cap = book.worst_case("claude-opus-5-5", 40_000, 2000) * 6
    with Database.open(tmp_path / "store.db") as database:
        ledger = Ledger(database)
        connection = Connection(emulator.environment(), Patience(first_pause=0.01, silence=2.0))
        await connection.client()
        speakers = [
            open_claude(connection, Settings(), Purse(ledger, Caps(review=cap), book), f"review-{n}", f"repository-{n}")
            for n in range(3)
        ]
        calls = (one(speakers[number % 3], number, chance) for number in range(60))
        replies = await asyncio.wait_for(asyncio.gather(*calls), 60)
        traffic = connection.traffic
        assert (traffic.under_way, traffic.waiting) == (0, 0)
        assert connection.prefixes._writing == {}
        assert not +connection._users
        await connection.aclose()
        assert not await ledger.entries(state="reserved")
        costs = [await ledger.cost_of(f"review-{n}") for n in range(3)]
    assert all(cost.spent + cost.assumed <= cap for cost in costs)
    assert emulator.bill <= sum((cost.spent + cost.assumed for cost in costs), Decimal(0))
    heard = [reply for reply in replies if reply is not None]
    assert sum(reply.failure is None for reply in heard) > len(heard) / 3
