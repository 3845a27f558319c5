"""Fifteen minutes of a debate pass in a second, the same in every run. Real SDK, real HTTP, no clock waited for."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest

from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse, caps_of
from rebuttal.evaluation.skill import Pace
from rebuttal.review.threads import in_thread
from rebuttal.settings import Settings
from rebuttal.speakers.claude import open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.patience import Patience
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from tests.emulator import KEY, Batching, Emulator, Fault, Limits, Rule, Script
from tests.emulator.latency import LINES, Latency, latency
from tests.emulator.script import Said, ScriptError
from tests.emulator.simulate import Simulated
from tests.emulator.test_refusals import text, user
from tests.emulator.virtual_time import LoopClock, Stuck, VirtualLoop, run_virtual
from tests.speakers.conftest import Heard, turn

RUNS = 20
STEADY = Latency(tail=0.0)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


@asynccontextmanager
async def talking(
    script: Script | None = None, limit: float = 600, **more: Any
) -> AsyncIterator[tuple[anthropic.AsyncAnthropic, Emulator]]:
    """A client and an emulator on the running loop."""
    emulator = Emulator(script or Script(), LoopClock(), **more)
    await emulator.start()
    try:
        async with anthropic.AsyncAnthropic(api_key=KEY, base_url=emulator.url, max_retries=0, timeout=limit) as client:
            yield client, emulator
    finally:
        await emulator.stop()
    assert emulator.problems == []


async def ask(client: anthropic.AsyncAnthropic, said: Any = "Hello", model: str = "claude-sonnet-5-5") -> Any:
    content: Any = [text(said)] if isinstance(said, str) else said
    async with client.messages.stream(model=model, max_tokens=8000, messages=user(*content)) as stream:  # type: ignore[arg-type] # of dicts
        return await stream.get_final_message()


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_conversation_of_many_minutes_is_the_same_in_twenty_runs() -> None:
    models = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5")

    async def rounds() -> tuple[float, list[tuple[float, int, str]]]:
        events: list[tuple[float, int, str]] = []

        async def seat(number: int) -> None:
            async with client.messages.stream(
                model=models[number % 3], max_tokens=8000, messages=[{"role": "user", "content": f"seat {number}"}]
            ) as stream:
                async for event in stream:
                    events.append((now(), number, event.type))

        script = Script(default="word " * 2000, otherwise=Rule(chunk=500))
        async with talking(script, latency=Latency()) as (client, _):
            await asyncio.gather(*map(seat, range(7)))
            return now(), events

    began = time.monotonic()
    first, *others = [run_virtual(rounds()) for _ in range(RUNS)]
    assert first[0] > 60
    assert time.monotonic() - began < first[0] * RUNS
    assert all(other == first for other in others)


def test_an_answer_takes_as_long_as_its_model() -> None:
    async def take() -> tuple[float, Any]:
        async with talking(Script(default="word " * 1000), latency=STEADY) as (client, _):
            began = now()
            message = await ask(client, model="claude-opus-5-5")
            return now() - began, message.usage

    seconds, usage = run_virtual(take())
    pace = LINES["opus"]
    assert seconds == pytest.approx(pace.first_token + usage.output_tokens / pace.tokens_per_second, rel=1e-6)


def test_a_long_prompt_delays_the_first_token_and_the_cache_makes_up_for_it() -> None:
    async def take() -> list[float]:
        found: list[float] = []
        shared = text("x" * 300_000, cache_control={"type": "ephemeral"})
        async with talking(latency=STEADY) as (client, _):
            for _ in range(2):
                began = now()
                await ask(client, [shared, text("Look.")])
                found.append(now() - began)
        return found

    fresh, cached = run_virtual(take())
    assert fresh > 10
    assert cached < 4


@pytest.mark.parametrize(("pause", "is_read"), [(299.0, True), (301.0, False)])
def test_a_cache_entry_lives_five_virtual_minutes(pause: float, is_read: bool) -> None:
    shared = text("x" * 20_000, cache_control={"type": "ephemeral"})

    async def twice() -> int:
        async with talking() as (client, _):
            await ask(client, [shared, text("one")])
            await asyncio.sleep(pause)
            message = await ask(client, [shared, text("two")])
            return int(message.usage.cache_read_input_tokens)

    assert (run_virtual(twice()) > 0) is is_read


@pytest.mark.parametrize("at", [None, 4])
def test_a_time_limit_passes_in_no_time(at: int | None) -> None:
    async def wait() -> float:
        async with talking(Script([Rule(fault=Fault("stall", at=at))]), limit=120) as (client, _):
            began = now()
            with pytest.raises((anthropic.APITimeoutError, httpx2.ReadTimeout)):
                await ask(client)
            return now() - began

    began = time.monotonic()
    assert run_virtual(wait()) == pytest.approx(120, abs=0.1)
    assert time.monotonic() - began < 60


def test_a_request_that_is_not_read_runs_into_its_time_limit() -> None:
    async def wait() -> float:
        async with talking(Script([Rule(fault=Fault("body_stall"))]), limit=90) as (client, _):
            began = now()
            with pytest.raises(anthropic.APITimeoutError):
                await ask(client, "x" * 12_000_000)
            return now() - began

    assert run_virtual(wait()) == pytest.approx(90, abs=0.1)


def test_time_stands_still_while_bytes_are_on_their_way() -> None:
    """A request and an answer of megabytes take many reads; a timer of a millisecond must not overtake them."""

    async def send() -> float:
        async with talking(Script(default="y" * 20_000)) as (client, _):
            ticking = asyncio.create_task(tick())
            await ask(client, "x" * 3_000_000)
            ticking.cancel()
            return now()

    async def tick() -> None:
        for _ in range(100_000):
            await asyncio.sleep(0.001)

    assert run_virtual(send()) < 0.05


def test_pings_come_while_a_model_thinks_for_long() -> None:
    """As the API's do: a client that gives up after two minutes of silence must not give up on a thinking model."""

    async def think() -> float:
        script = Script([Rule(reply="Hello", thinking_tokens=15_000)])
        async with talking(script, limit=20, latency=STEADY) as (client, _):
            async with client.messages.stream(
                model="claude-opus-5-5", max_tokens=20_000, messages=[{"role": "user", "content": "Look."}]
            ) as stream:
                message = await stream.get_final_message()
            assert message.stop_reason == "end_turn"
            return now()

    assert run_virtual(think()) > 240


def test_whoever_answers_may_decide_how_long_it_takes() -> None:
    async def take() -> tuple[float, int]:
        script = Script(default=lambda _: Said("Hello", first_byte=7.0, output_tokens=580))
        async with talking(script, latency=STEADY) as (client, _):
            message = await ask(client, model="claude-opus-5-5")
            return now(), message.usage.output_tokens

    seconds, written = run_virtual(take())
    assert seconds == pytest.approx(7 + 580 / LINES["opus"].tokens_per_second)
    assert written == 580


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "as JSON"), ('{"tale": 1}', "tale"), ('{"lines": {"opus": {"first_token": 1}}}', "opus")],
)
def test_figures_in_a_file_are_checked(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "latency.json"
    file.write_text(content, "utf-8")
    with pytest.raises(ScriptError, match=says):
        latency(str(file))


def test_figures_in_a_file_stand_for_the_documented_ones(tmp_path: Path) -> None:
    file = tmp_path / "latency.json"
    figures = {"lines": {"opus": {"first_token": 1.5, "tokens_per_second": 10}}, "tail": 0}
    file.write_text(json.dumps(figures), "utf-8")
    assert latency(str(file)) == Latency(lines={**LINES, "opus": Pace(1.5, 10.0)}, tail=0.0)
    assert latency("documented") == Latency()


def test_a_rate_limit_refills_in_virtual_time() -> None:
    async def many() -> float:
        async with talking(limits=Limits(requests=60)) as (client, _):
            for _ in range(90):
                try:
                    await ask(client)
                except anthropic.RateLimitError as error:
                    await asyncio.sleep(float(error.response.headers["retry-after"]))
                    await ask(client)
            return now()

    assert run_virtual(many()) == pytest.approx(30, abs=2)


def test_the_real_speaker_waits_in_virtual_time_as_the_service_asks_and_books_in_a_real_store(tmp_path: Path) -> None:
    busy = Rule(times=2, fault=Fault("status", status=529, headers={"retry-after": "20"}))

    async def speak(home: Path) -> tuple[float, list[tuple[Decimal, str]], Decimal]:
        loop = asyncio.get_running_loop()
        emulator = Emulator(Script([busy], default=Simulated(3)), LoopClock(), latency=Latency())
        await emulator.start()
        settings = Settings()
        connection = Connection(emulator.environment(), Patience(clock=loop.time, chance=lambda: 0.0), settings)
        with Database.open(home / "store.db") as database:
            ledger = Ledger(database)
            purse = Purse(ledger, caps_of(settings), PriceBook.of(settings), lambda _: None)
            speaker = open_claude(connection, settings, purse, "review", "repository")
            replies = await asyncio.gather(
                *(
                    speaker.speak(turn(seat, tier="opus"), Heard())
                    for seat in ("architect", "ux-specialist", "database")
                )
            )
            begun = [(record.price, str(record.seat)) for record in emulator.records]
            assert [reply.failure for reply in replies] == [None] * 3
        await connection.aclose()
        await emulator.stop()
        return now(), begun, sum((reply.spent for reply in replies), Decimal(0))

    runs = []
    for number in range(3):
        home = tmp_path / str(number)
        home.mkdir()
        runs.append(run_virtual(speak(home)))
    assert runs[0][0] > 20
    assert runs[0][2] == sum(price for price, _ in runs[0][1]) > 0
    assert runs[1:] == [runs[0]] * 2


def test_a_batch_of_an_hour_is_polled_in_no_time() -> None:
    async def poll() -> float:
        async with talking(batching=Batching(seconds=3600)) as (client, _):
            params: Any = {"model": "claude-haiku-5-5", "max_tokens": 64, "messages": user(text("Hello"))}
            batch = await client.messages.batches.create(requests=[{"custom_id": "a", "params": params}])
            while batch.processing_status != "ended":
                await asyncio.sleep(60)
                batch = await client.messages.batches.retrieve(batch.id)
            assert [line.custom_id async for line in await client.messages.batches.results(batch.id)] == ["a"]
            return now()

    assert run_virtual(poll()) == 3600


def test_the_work_of_threads_takes_no_virtual_time(tmp_path: Path) -> None:
    async def work() -> tuple[float, list[object]]:
        ticking = asyncio.create_task(asyncio.sleep(1, "slept"))
        done: list[object] = [
            await asyncio.to_thread(time.sleep, 0.02),
            await in_thread(lambda: time.sleep(0.02)),
            await database.write(lambda connection: connection.execute("SELECT 1").fetchone()),
        ]
        assert not ticking.done()
        return now(), [*done, await ticking]

    with Database.open(tmp_path / "store.db") as database:
        assert run_virtual(work()) == (0.0, [None, None, (1,), "slept"])


@pytest.mark.parametrize("way", [asyncio.to_thread, in_thread])
def test_what_a_thread_raises_is_raised(way: Callable[..., Awaitable[None]]) -> None:
    def fail() -> None:
        raise ValueError("from the thread")

    async def work() -> None:
        await way(fail)

    with pytest.raises(ValueError, match="from the thread"):
        run_virtual(work())


def test_work_outside_is_waited_for() -> None:
    over = threading.Event()

    async def work() -> float:
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def elsewhere() -> None:
            time.sleep(0.05)
            loop.call_soon_threadsafe(done.set_result, None)
            over.set()

        threading.Thread(target=elsewhere).start()
        async with asyncio.timeout(10):
            await done
        return now()

    assert run_virtual(work(), is_idle=over.is_set) == 0.0


def test_a_machine_that_slept_finds_everything_due() -> None:
    async def work() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        waiting = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        loop.skip(3600)
        await waiting
        return now()

    assert run_virtual(work()) == 3600


def test_waiting_for_nothing_is_an_error_and_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.emulator.virtual_time._PATIENCE", 0.05)

    async def work() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stuck):
        run_virtual(work())


def test_threads_are_threads_again_afterwards() -> None:
    run_virtual(asyncio.sleep(5))

    async def where() -> int:
        return await in_thread(threading.get_ident)

    assert asyncio.run(where()) != threading.get_ident()
