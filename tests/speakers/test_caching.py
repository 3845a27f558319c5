"""Where breakpoints stand, what a call should read, and what is told when it does not."""

from __future__ import annotations

import asyncio
import threading
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.budget.prices import PriceBook
from rebuttal.debate.model import Prompt, Turn
from rebuttal.speakers import caching
from rebuttal.speakers.caching import (
    NO_BREAKPOINTS,
    REMEDIES,
    SECONDS,
    Breakpoints,
    Expectation,
    Prefixes,
    breakpoints,
    judged,
    lifetime,
    prefixes,
)
from rebuttal.speakers.catalogue import MODELS, facts
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.requests import message_request
from rebuttal.store.model import CacheUse, Tokens
from tests.emulator import Emulator, Fault, Rule
from tests.emulator.validate import VERSION, understand
from tests.speakers.conftest import FakePurse, Heard, MakeSpeaker, statement, turn

WORDS = "Every claim quotes a line of the change, word for word, and says what goes wrong there.\n"
LONG = WORDS * 60
"""Some 1,300 tokens."""


def long_turn(system: str = LONG, shared: str = LONG * 5, *, reusable: bool = True, ask: str = "Look.") -> Turn:
    prompt = Prompt(system, shared, f'<turn seat="architect" phase="opening"/>\n{ask}')
    return Turn("architect", "opening", "sonnet", prompt, 4000, reusable=reusable)


# --- breakpoints


@pytest.mark.parametrize(
    ("asked", "model", "expected"),
    [
        (long_turn(), "sonnet", Breakpoints("5m", "5m")),
        (long_turn(reusable=False), "sonnet", Breakpoints("5m", None)),
        (long_turn("Review.", "too short"), "sonnet", NO_BREAKPOINTS),
        (long_turn("Review."), "sonnet", Breakpoints(None, "5m")),
        (long_turn(shared=""), "sonnet", Breakpoints("5m", None)),
        (long_turn(LONG, LONG), "claude-haiku-4-5", NO_BREAKPOINTS),  # 4,096 tokens are its minimum
        (long_turn(LONG, LONG * 5), "claude-haiku-4-5", Breakpoints(None, "5m")),
        (evolve(long_turn(), alone=True), "sonnet", NO_BREAKPOINTS),
        (evolve(long_turn(), schema={"type": "object"}), "sonnet", NO_BREAKPOINTS),
    ],
)
def test_a_breakpoint_stands_where_the_next_call_can_read(asked: Turn, model: str, expected: Breakpoints) -> None:
    assert breakpoints(asked, facts(model)) == expected


@pytest.mark.parametrize(("gap", "kept"), [(0, "5m"), (299, "5m"), (300, "1h"), (3599, "1h"), (3600, None)])
def test_an_hour_is_paid_for_only_where_uses_lie_further_apart_than_five_minutes(gap: float, kept: str | None) -> None:
    assert lifetime(gap) == kept
    assert breakpoints(long_turn(), facts("sonnet"), gap) == Breakpoints(kept, kept)


@given(
    st.sampled_from(sorted(MODELS)),
    st.sampled_from(["Short.", LONG]),
    st.sampled_from(["", "short", LONG * 4]),
    st.booleans(),
    st.floats(0, 4000),
)
def test_every_request_has_breakpoints_that_the_api_takes(
    model: str, system: str, shared: str, reusable: bool, gap: float
) -> None:
    request = message_request(long_turn(system, shared, reusable=reusable), MODELS[model], gap=gap)
    understood = understand(request, VERSION, frozenset())
    kept = [block.ttl for block in understood.blocks if block.ttl]
    assert len(kept) <= caching.MOST_BREAKPOINTS
    assert kept == sorted(kept)  # an hour before five minutes
    assert understood.blocks[-1].ttl is None  # the task differs for every turn


def test_turns_that_share_a_prefix_have_one_schema_and_one_effort() -> None:
    some = [message_request(long_turn(ask=ask), facts("opus"), "high") for ask in ("One.", "Two.", "Three.")]
    assert len({prefixes(one) for one in some}) == 1
    (kept,) = {prefixes(one) for one in some}
    others = [
        message_request(long_turn(), facts("opus"), "low"),
        message_request(long_turn(), facts("sonnet"), "high"),
        message_request(long_turn(shared=LONG * 5 + " "), facts("opus"), "high"),
    ]
    assert all(prefixes(one)[-1].digest != kept[-1].digest for one in others)
    assert prefixes(others[-1])[0] == kept[0]  # our own words are the same


# --- what is expected


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> Prefixes:
    return Prefixes(clock)


def request(**changes: Any) -> tuple[caching.Prefix, ...]:
    return prefixes(message_request(long_turn(**changes), facts("sonnet")))


async def held(
    memory: Prefixes, found: tuple[caching.Prefix, ...], review: str = "r", tokens: int = 9000
) -> Expectation:
    expected = await memory.expect(found, review)
    memory.begun(expected, tokens, f"msg_{review}")
    return expected


async def test_what_was_written_is_expected_for_its_lifetime_from_the_start_of_the_last_use(
    memory: Prefixes, clock: Clock
) -> None:
    assert (await held(memory, request())).tokens == 0
    clock.now += 299
    second = await memory.expect(request(ask="Another."), "r")
    assert (second.tokens, second.previous) == (9000, "msg_r")
    clock.now += 100  # the answer begins late: the lifetime is from the request's start
    memory.begun(second, 9000, "msg_second")
    clock.now += 199
    assert (await held(memory, request())).tokens == 9000
    clock.now += 300
    expired = await memory.expect(request(), "r")
    assert (expired.tokens, expired.because) == (9000, "expired")
    memory.left(expired)


async def test_another_review_long_after_does_not_expect_what_lapsed(memory: Prefixes, clock: Clock) -> None:
    await held(memory, request(), "yesterday")
    clock.now += 301
    later = await held(memory, request(), "today")
    assert (later.tokens, later.because) == (0, None)


async def test_our_own_words_are_expected_by_calls_that_share_nothing_else(memory: Prefixes) -> None:
    dossier = request(shared="A dossier.", reusable=False)
    await held(memory, dossier, tokens=1500)
    assert (await held(memory, request(shared="Another.", reusable=False), tokens=1500)).tokens == 1500
    first_of_tier = await memory.expect(request(), "r")
    assert first_of_tier.tokens == 1500
    assert first_of_tier.writes is not None
    memory.left(first_of_tier)


async def test_the_sum_of_two_prefixes_says_nothing_of_the_first(memory: Prefixes) -> None:
    await held(memory, request())
    assert (await held(memory, request(shared="A dossier.", reusable=False))).tokens == 0


async def test_nobody_sends_a_prefix_that_another_is_writing(memory: Prefixes) -> None:
    first = await memory.expect(request(), "r")
    waiting = [asyncio.create_task(memory.expect(request(ask=ask), "r")) for ask in ("1", "2", "3")]
    other = await memory.expect(request(shared=LONG * 6), "r")
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    memory.begun(first, 9000, "msg_1")
    assert [one.tokens for one in await asyncio.gather(*waiting)] == [9000] * 3
    memory.left(other)


async def test_where_the_writer_fails_the_next_one_writes_and_the_others_wait_for_it(memory: Prefixes) -> None:
    first = await memory.expect(request(), "r")
    waiting = [asyncio.create_task(memory.expect(request(), "r")) for _ in range(3)]
    await asyncio.sleep(0)
    memory.left(first)
    done, still = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    (next_writer,) = (task.result() for task in done)
    assert (next_writer.tokens, len(still)) == (0, 2)
    memory.begun(next_writer, 9000, None)
    assert [one.tokens for one in await asyncio.gather(*still)] == [9000] * 2


async def test_a_writer_that_hangs_is_not_waited_for_for_ever(
    memory: Prefixes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "LONGEST_WAIT", 0.01)
    first = await memory.expect(request(), "r")
    second = await memory.expect(request(), "r")
    assert second.because == "concurrent"
    assert judged(second, 0, 9000, "") == CacheUse(9000, missed="concurrent")
    memory.left(second)  # does not let anybody else pass
    third = asyncio.create_task(memory.settled(request()))
    await asyncio.sleep(0)
    assert not third.done()
    memory.left(first)
    assert await third


@pytest.mark.parametrize(
    ("read", "said", "missed"),
    [
        (1000, "", ""),
        (960, "system_changed", ""),
        (0, "", "dropped"),
        (0, "messages_changed", "dropped"),
        (0, None, "untold"),
        (0, "model_changed", "model_changed"),
        (500, "unavailable", "unavailable"),
    ],
)
def test_the_reason_of_a_miss_is_the_services_own_where_it_knows_more(read: int, said: str | None, missed: str) -> None:
    expected = Expectation((), "r", 0.0, tokens=1000)
    assert judged(expected, read, 1000 - read, said) == CacheUse(1000, missed=missed)


def test_every_reason_says_what_to_do() -> None:
    assert set(REMEDIES) == set(caching.Missed.__args__)  # type: ignore[attr-defined]  # a Literal
    assert SECONDS["5m"] < SECONDS["1h"]


# --- over HTTP


async def test_a_second_call_reads_what_the_first_wrote_and_says_so(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.default = statement()
    for ask in ("One.", "Two.", "Three."):
        await speaker.speak(turn(ask=ask), Heard())
    usages = [record.usage for record in emulator.records]
    assert all(usages)
    written = usages[0].write_5m  # type: ignore[union-attr]  # just looked
    assert [use.expected for use in purse.cached] == [0, written, written]
    assert [usage.read for usage in usages if usage] == [0, written, written]
    assert [use.missed for use in purse.cached] == ["", "", ""]


async def test_what_the_service_let_go_of_is_told(emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse) -> None:
    emulator.script.default = statement()
    await speaker.speak(turn(), Heard())
    emulator.forget_cache()
    await speaker.speak(turn(), Heard())
    emulator.forget_cache()
    emulator.diagnoses.pending = True
    await speaker.speak(turn(ask="Another."), Heard())
    assert [use.missed for use in purse.cached] == ["", "dropped", "untold"]
    assert all(use.expected for use in purse.cached[1:])


async def test_calls_that_start_together_pay_one_writing(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.default = statement()
    await asyncio.gather(*(speaker.speak(turn(ask=f"{number}."), Heard()) for number in range(4)))
    writers = [record for record in emulator.records if record.usage and record.usage.write_5m]
    assert len(writers) == 1
    assert sorted(bool(use.expected) for use in purse.cached) == [False, True, True, True]


async def test_who_is_asked_first_writes_whichever_thread_is_faster(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    purse.book = _FirstIsSlow()
    speaker = make_speaker()
    emulator.script.default = statement()
    seats = ("architect", "database", "frontend")
    await asyncio.gather(*(speaker.speak(turn(seat), Heard()) for seat in seats))
    writers = [record.seat for record in emulator.records if record.usage and record.usage.write_5m]
    assert writers == ["architect"]


class _FirstIsSlow(PriceBook):
    """Its first answer comes once another was asked for, or after a while if none is."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0
        self._again = threading.Event()

    def worst_case(self, model: str, prompt_bytes: int, max_tokens: int, *, for_an_hour: bool = False) -> Decimal:
        self._asked += 1
        if self._asked > 1:
            self._again.set()
        else:
            self._again.wait(0.3)
        return super().worst_case(model, prompt_bytes, max_tokens, for_an_hour=for_an_hour)


async def test_where_the_first_call_is_refused_the_others_still_pay_one_writing(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    emulator.script.default = statement()
    emulator.script.add(Rule(number=1, fault=Fault("status", status=529)))
    await asyncio.gather(*(speaker.speak(turn(ask=f"{number}."), Heard()) for number in range(3)))
    assert sum(bool(record.usage and record.usage.write_5m) for record in emulator.records) == 1


async def test_a_turn_that_is_alone_reads_what_another_has_written(emulator: Emulator, speaker: ClaudeSpeaker) -> None:
    emulator.script.default = statement()
    alone = evolve(turn(), reusable=False, alone=True)
    for asked in (alone, turn(), alone):
        await speaker.speak(asked, Heard())
    usages = [record.usage for record in emulator.records if record.usage]
    assert [bool(usage.write_5m) for usage in usages] == [False, True, False]
    assert usages[2].read == usages[1].write_5m


async def test_an_endpoint_that_does_not_know_diagnostics_is_asked_without(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    emulator.script.default = statement()
    message = "diagnostics: Extra inputs are not permitted"
    emulator.script.add(Rule(number=1, fault=Fault("status", status=400, message=message)))
    speaker = make_speaker()
    replies = [await speaker.speak(turn(), Heard()) for _ in range(2)]
    assert [reply.failure for reply in replies] == [None, None]
    assert ["diagnostics" in record.body for record in emulator.records] == [True, False, False]
    emulator.forget_cache()
    await speaker.speak(turn(), Heard())
    assert purse.cached[-1].missed == "untold"


# --- money


def test_savings_are_against_the_same_tokens_without_a_cache() -> None:
    book = PriceBook()
    model = "claude-sonnet-5-5"  # 2 / 2.5 / 0.1 dollars a million for input, writing, reading
    assert book.saved(model, Tokens(cache_write=1_000_000)) == Decimal("-0.5")
    assert book.saved(model, Tokens(cache_read=1_000_000, output=50)) == Decimal("1.9")
    assert book.saved(model, Tokens(input=1_000_000)) == 0
