"""The speaker with the real purse and ledger against the service's own bill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import define, field, frozen

from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse
from rebuttal.settings import Settings
from rebuttal.speakers.claude import ClaudeSpeaker, open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.requests import message_request, prompt_bytes
from rebuttal.speakers.roster import Roster
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import Caps
from tests.emulator import Emulator, Fault, Rule
from tests.emulator.validate import VERSION, understand
from tests.speakers.conftest import Heard, claim, statement, turn


@frozen
class Counter:
    """Speaker and ledger of one review."""

    connection: Connection
    speaker: ClaudeSpeaker
    ledger: Ledger


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "store.db") as opened:
        yield opened


def opened(emulator: Emulator, database: Database, cap: str) -> Counter:
    ledger = Ledger(database)
    connection = Connection(emulator.environment())
    purse = Purse(ledger, Caps(review=Decimal(cap)), PriceBook())
    return Counter(connection, open_claude(connection, Settings(), purse, "review-1", "repository-1"), ledger)


@pytest.fixture
async def counter(emulator: Emulator, database: Database) -> AsyncIterator[Counter]:
    made = opened(emulator, database, "10")
    yield made
    await made.connection.aclose()


async def test_the_ledger_ends_with_the_service_s_bill(emulator: Emulator, counter: Counter) -> None:
    emulator.script.add(Rule(reply=statement(claim(1)), chance=0.7), Rule(fault=Fault("status", status=529)))
    turns = [turn(f"seat-{number}", tier=tier) for number in range(4) for tier in ("haiku", "sonnet", "opus")]
    replies = [await counter.speaker.speak(one, Heard()) for one in turns]
    cost = await counter.ledger.cost_of("review-1")
    assert cost.spent == emulator.bill == sum(reply.spent for reply in replies)
    assert cost.assumed == 0
    assert not await counter.ledger.entries(state="reserved")


async def test_a_cancelled_call_stays_in_the_ledger_at_its_worst_case(emulator: Emulator, counter: Counter) -> None:
    emulator.script.add(Rule(reply=statement(*(claim(n) for n in range(40))), between=0.02))
    first = asyncio.Event()
    task = asyncio.create_task(counter.speaker.speak(turn(), Heard(on_claim=lambda _: first.set())))
    await asyncio.wait_for(first.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    cost = await counter.ledger.cost_of("review-1")
    assert cost.spent == 0
    assert cost.assumed >= emulator.bill
    assert not await counter.ledger.entries(state="reserved")


async def test_settled_and_assumed_never_pass_the_cap_however_many_speak_at_once(
    emulator: Emulator, database: Database
) -> None:
    counter = opened(emulator, database, "0.20")
    emulator.script.add(Rule(reply=statement(claim(1)), chance=0.5), Rule(fault=Fault("cut", at=6)))
    replies = await asyncio.gather(*(counter.speaker.speak(turn(f"seat-{n}"), Heard()) for n in range(12)))
    await counter.connection.aclose()
    cost = await counter.ledger.cost_of("review-1")
    assert cost.spent + cost.assumed <= Decimal("0.20")
    assert cost.spent + cost.assumed >= emulator.bill
    assert "cap" in {reply.failure.kind for reply in replies if reply.failure}


@pytest.mark.parametrize("tier", ["haiku", "sonnet", "opus"])
@pytest.mark.parametrize("text", ["x" * 30_000, "é" * 9_000, "\t" * 5_000, "{}[]();" * 3_000, "a"])
def test_the_bytes_of_a_prompt_bound_its_tokens(tier: str, text: str) -> None:
    model = Roster.of(Settings()).model(tier)  # type: ignore[arg-type] # a parameter
    request = message_request(turn(shared=text), model)
    assert understand(request, VERSION, frozenset()).prompt_tokens <= prompt_bytes(request)


async def test_a_long_prompt_was_refused_under_a_cap_that_it_fits(emulator: Emulator, database: Database) -> None:
    emulator.script.add(Rule(reply=statement(claim(1))))
    long = turn(shared="the change of a whole release, line by line\n" * 7000)
    counter = opened(emulator, database, "0.60")
    try:
        assert PriceBook().worst_case("claude-sonnet-5-5", len(long.prompt.shared), long.max_tokens) > Decimal("0.60")
        reply = await counter.speaker.speak(long, Heard())
        assert reply.failure is None
        [entry] = await counter.ledger.entries("review-1")
        assert entry.cost == emulator.bill <= entry.at_most <= Decimal("0.60")
        assert [record.path for record in emulator.others] == ["/v1/messages/count_tokens"]
    finally:
        await counter.connection.aclose()


async def test_a_short_prompt_is_not_counted_first(emulator: Emulator, counter: Counter) -> None:
    emulator.script.add(Rule(reply=statement(claim(1))))
    assert (await counter.speaker.speak(turn(), Heard())).failure is None
    assert emulator.others == []


@define
class Ear:
    """Hears what models count."""

    calls: list[tuple[str, tuple[str, ...], int]] = field(factory=list)

    def heard(self, model: str, texts: tuple[str, ...], counted: int) -> None:
        self.calls.append((model, texts, counted))


async def test_what_a_prompt_was_billed_for_is_heard_once_for_each_reply_that_says(
    emulator: Emulator, database: Database
) -> None:
    emulator.script.add(
        Rule(fault=Fault("status", status=529), times=1),
        Rule(fault=Fault("cut", at=6), times=1),
        Rule(reply=statement()),
    )
    connection, ear = Connection(emulator.environment()), Ear()
    purse = Purse(Ledger(database), Caps(), PriceBook())
    speaker = open_claude(connection, Settings(), purse, "review-1", "repository-1", usage=ear)
    asked = turn()
    reply = await speaker.speak(asked, Heard())
    await speaker.speak(asked, Heard())
    await connection.aclose()
    assert reply.failure is None
    billed = [one.usage.prompt for one in emulator.records if one.completed and one.usage]
    assert [counted for _, _, counted in ear.calls] == billed
    assert len(billed) == 2
    assert {model for model, _, _ in ear.calls} == {"claude-sonnet-5-5"}
    assert ear.calls[0][1] == (asked.prompt.system, asked.prompt.shared, asked.prompt.ask)
