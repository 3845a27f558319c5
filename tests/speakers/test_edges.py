"""What happens rarely: odd figures and headers, listeners that break, storms, and moments in which two things meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse
from rebuttal.debate.model import Failure
from rebuttal.settings import Settings
from rebuttal.speakers import caching
from rebuttal.speakers.caching import Prefixes, prefixes
from rebuttal.speakers.catalogue import MODELS
from rebuttal.speakers.circuits import LONGEST_NAMED, Circuits
from rebuttal.speakers.claude import ClaudeSpeaker, open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.endpoints.clients import Unusable
from rebuttal.speakers.faults import Fault
from rebuttal.speakers.hearing import Hearing
from rebuttal.speakers.patience import Patience
from rebuttal.speakers.requests import message_request
from rebuttal.speakers.traffic import Traffic
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import Caps, Tokens
from tests.emulator import Emulator, Rule
from tests.emulator import Fault as Trouble
from tests.speakers.conftest import FakePurse, FakeTime, Heard, MakeSpeaker, claim, statement, turn

OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"
LONG = "+    total = compute(number)\n" * 2000


def asked(emulator: Emulator) -> list[str]:
    return [record.body["model"] for record in emulator.records]


# --- money ---


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Database.open(tmp_path / "store.db") as database:
        yield Ledger(database)


@pytest.fixture
async def paying(emulator: Emulator, ledger: Ledger) -> AsyncIterator[ClaudeSpeaker]:
    """With the real purse."""
    connection = Connection(emulator.environment(), Patience(first_pause=0.001))
    purse = Purse(ledger, Caps(review=Decimal(10)), PriceBook())
    yield open_claude(connection, Settings(fallback=False), purse, "review-1", "repository-1")
    await connection.aclose()


class Breaks(Heard):
    def again(self) -> None:
        raise ZeroDivisionError


async def test_a_listener_that_fails_before_another_attempt_leaves_nothing_set_aside(
    emulator: Emulator, paying: ClaudeSpeaker, ledger: Ledger
) -> None:
    emulator.script.add(
        Rule(reply=statement(claim(1), claim(2)), fault=Trouble("cut", at=-2), times=1), Rule(reply=statement())
    )
    with pytest.raises(ZeroDivisionError):
        await paying.speak(turn(), Breaks())
    assert len(emulator.records) == 1
    assert not await ledger.entries(state="reserved")
    assert len(await ledger.entries(state="assumed")) == 1  # only what was sent may have cost anything


def event(kind: str, **fields: Any) -> SimpleNamespace:
    return SimpleNamespace(type=kind, **fields)


def test_the_output_that_is_named_at_the_begin_of_an_answer_is_not_what_is_billed() -> None:
    hearing = Hearing()
    begin = SimpleNamespace(input_tokens=900, output_tokens=1)
    hearing.hear(event("message_start", message=SimpleNamespace(model=SONNET, id="msg_1", usage=begin)))
    hearing.hear(event("message_delta", delta=SimpleNamespace(stop_reason="end_turn"), usage=None))
    assert hearing.stop_reason == "end_turn"
    assert hearing.tokens is None
    hearing.hear(event("message_delta", delta=SimpleNamespace(), usage=SimpleNamespace(output_tokens=70)))
    assert hearing.tokens == Tokens(input=900, output=70)


@pytest.mark.parametrize("absurd", [10**12, 10**30])
def test_figures_that_no_call_can_have_are_none(absurd: int) -> None:
    hearing = Hearing()
    begin = SimpleNamespace(input_tokens=900, cache_creation_input_tokens=absurd)
    hearing.hear(event("message_start", message=SimpleNamespace(model=SONNET, id="msg_1", usage=begin)))
    end = SimpleNamespace(output_tokens=1)
    hearing.hear(event("message_delta", delta=SimpleNamespace(stop_reason="end_turn"), usage=end))
    assert (hearing.tokens, hearing.cached) == (None, 0)


async def test_a_client_that_cannot_be_made_anew_is_a_failure_and_costs_nothing(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.script.add(Rule(fault=Trouble("reset")))
    await speaker._connection.client()

    def make() -> None:
        raise Unusable("The proxy is no address: correct it.")

    monkeypatch.setattr(speaker._connection, "_make", make)
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure == Failure("bad_request", "The proxy is no address: correct it.")
    assert purse.names == ["reserve", "assume", "reserve", "release"]


async def test_an_answer_that_never_got_more_room_is_not_said_to_have_been_asked_for_again(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    purse.allowed = 1
    emulator.script.add(Rule(reply=statement(*(claim(number) for number in range(20)))))
    reply = await make_speaker().speak(turn(max_tokens=600), Heard())
    assert reply.failure is not None
    assert (reply.failure.kind, len(emulator.records)) == ("truncated", 1)
    assert reply.notes == ()


# --- what the service says ---


@pytest.mark.parametrize("said", [0.0, 0.001])
def test_a_service_that_says_to_wait_hardly_at_all_is_not_asked_again_at_once(said: float) -> None:
    fault = Fault(Failure("rate_limit", "Too much."), retry=True, wait=said)
    patience = Patience(chance=lambda: 0.0)
    assert [patience.pause(fault, attempt) for attempt in (1, 2, 3)] == [0.5, 1.0, 2.0]


def test_a_wait_of_years_does_not_switch_a_model_off_for_ever() -> None:
    time = FakeTime()
    circuits = Circuits(time.clock)
    circuits.too_busy(OPUS, Failure("rate_limit", "Too much."), 1.7e9)
    time.passed = LONGEST_NAMED - 1
    assert circuits.open(OPUS) is not None
    time.passed = LONGEST_NAMED
    assert circuits.open(OPUS) is None


async def test_a_moment_of_too_much_traffic_moves_nobody_to_another_model(
    emulator: Emulator, make_speaker: MakeSpeaker
) -> None:
    short = Trouble("status", status=429, message="No", headers={"retry-after-ms": "20"})
    emulator.script.add(Rule(fault=short, times=4), Rule(reply=statement()))
    speaker = make_speaker(settings=Settings())
    calls = [speaker.speak(turn(f"seat-{number}", tier="opus", shared=""), Heard()) for number in range(4)]
    replies = await asyncio.gather(*calls)
    assert [reply.model for reply in replies] == [OPUS] * 4
    assert asked(emulator) == [OPUS] * 8


async def test_a_network_that_is_not_there_says_nothing_of_a_model(make_speaker: MakeSpeaker) -> None:
    import httpx2

    speaker = make_speaker(settings=Settings())
    connection = speaker._connection
    client = await connection.client()

    async def send(*_: Any, **__: Any) -> Any:
        raise httpx2.ConnectTimeout("nobody there")

    client._client.send = send  # type: ignore[method-assign]
    for _ in range(2):
        reply = await speaker.speak(turn(tier="opus"), Heard())
        assert reply.failure is not None
        assert reply.failure.kind == "timeout"
    assert not connection.circuits.doubted(OPUS)
    assert connection.circuits.streak(OPUS) == 0


# --- whoever writes to the cache, and whoever waits for it ---


@pytest.fixture
def memory() -> Prefixes:
    return Prefixes(lambda: 1000.0)


def long_prefixes() -> tuple[caching.Prefix, ...]:
    return prefixes(message_request(turn(shared=LONG), MODELS[SONNET]))


async def test_a_wait_that_ends_as_the_writer_fails_leaves_no_writer_that_nobody_is(
    memory: Prefixes, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = long_prefixes()
    first = await memory.expect(found, "r")

    async def settled(_: Any) -> bool:
        memory.left(first)
        return False

    with monkeypatch.context() as patch:
        patch.setattr(Prefixes, "settled", lambda _, found: settled(found))
        second = await memory.expect(found, "r")
    memory.left(second)
    assert memory._writing == {}


async def test_once_the_prefix_stands_nobody_waits_for_the_writer_that_hangs(memory: Prefixes) -> None:
    found = long_prefixes()
    hangs = await memory.expect(found, "r")
    other = evolve(hangs, writes=None, because="concurrent")
    waiting = asyncio.create_task(memory.settled(found))
    await asyncio.sleep(0)
    memory.begun(other, 9000, "msg")
    assert await asyncio.wait_for(waiting, 1.0)
    memory.left(hangs)
    assert memory._writing == {}


async def test_a_writer_that_hangs_is_waited_for_once_and_not_in_a_slot(
    emulator: Emulator, speaker: ClaudeSpeaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "LONGEST_WAIT", 1.5)
    emulator.script.add(Rule(seat="hangs", fault=Trouble("stall", seconds=60.0)), Rule(reply=statement()))
    await speaker.speak(turn(shared=""), Heard())  # loads what there is to load
    first = asyncio.create_task(speaker.speak(turn("hangs", shared=LONG), Heard()))
    await emulator.seen(lambda: len(emulator.records) == 2)
    clock = asyncio.get_running_loop().time
    begin = clock()
    second = asyncio.create_task(speaker.speak(turn("other", shared=LONG), Heard()))
    most = 0
    while not second.done() and clock() - begin < 1.4:
        most = max(most, speaker._connection.traffic.under_way)
        await asyncio.sleep(0.05)
    await second
    assert most == 1
    assert clock() - begin < 2.9
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_clock_that_is_put_back_leaves_nothing_standing_for_ever() -> None:
    now = [1e9]
    memory = Prefixes(lambda: now[0])
    found = long_prefixes()
    memory.begun(await memory.expect(found, "r"), 9000, "msg_1")
    now[0] = 0.0
    assert not memory.holds(found)
    writer = await memory.expect(found, "r")
    assert writer.writes is not None  # so the others wait, rather than pay for it too
    memory.left(writer)
    other = prefixes(message_request(turn(shared=LONG + "Another."), MODELS[SONNET]))
    memory.begun(await memory.expect(other, "r"), 9000, "msg_2")
    assert {found[-1].digest, other[-1].digest} & memory._kept.keys() == {other[-1].digest}


# --- the end ---


async def test_who_waits_for_a_time_that_was_named_goes_on_when_the_connections_are_ended() -> None:
    never = asyncio.Event()

    async def sleep(_: float) -> None:
        await never.wait()

    traffic = Traffic(sleep, lambda: 0.0)
    traffic.slow(traffic.epoch, 30.0)

    async def call() -> str:
        async with traffic.slot("a"):
            return "done"

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    traffic.close()
    assert await asyncio.wait_for(task, 1.0) == "done"


# --- what the user reads ---


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_certificates_that_cannot_be_read_are_named(
    make_speaker: MakeSpeaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, purse: FakePurse, content: str | None
) -> None:
    path = tmp_path / "certificates.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    reply = await make_speaker().speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "bad_request"
    assert reply.failure.message.startswith("SSL_CERT_FILE cannot be used (")
    assert reply.failure.message.endswith("): correct it or unset it.")
    assert purse.events == []


@pytest.mark.parametrize(
    ("kind", "todo"),
    [
        ("authentication_error", "check ANTHROPIC_API_KEY"),
        ("billing_error", "settle it in your account"),
        ("invalid_request_error", "report"),
    ],
)
async def test_an_answer_broken_off_for_good_is_not_to_be_tried_again_in_a_few_minutes(
    emulator: Emulator, make_speaker: MakeSpeaker, kind: str, todo: str
) -> None:
    emulator.script.add(Rule(fault=Trouble("error_event", at=2, type=kind, message="No.")))
    reply = await make_speaker(settings=Settings()).speak(turn(), Heard())
    assert reply.failure is not None
    assert len(emulator.records) == 1
    assert todo in reply.failure.message
    assert "minutes" not in reply.failure.message


async def test_where_nothing_is_cached_nobody_waits_for_a_writer(emulator: Emulator, tmp_path: Path) -> None:
    address = {"ANTHROPIC_BASE_URL": emulator.url, "ANTHROPIC_AUTH_TOKEN": "token"}
    connection = Connection(address, settings=Settings(endpoint="compatible", base_url=emulator.url))
    request = message_request(turn(shared=LONG), MODELS[SONNET])
    assert len(connection.kept(request)) > 0
    connection.abilities(request["model"]).refused.add("caching")
    assert connection.kept(request) == ()
    await connection.aclose()
