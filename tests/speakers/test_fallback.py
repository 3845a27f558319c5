"""Which model answers where one does not: the decisions, and the whole way over real HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from pathlib import Path
from time import monotonic

import pytest

from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse
from rebuttal.debate.model import FATAL, Failure, FailureKind, Tier
from rebuttal.settings import Settings
from rebuttal.speakers.circuits import PAUSE
from rebuttal.speakers.claude import ClaudeSpeaker, open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.fallback import ATTEMPTS, Link, Way, chain, told, way
from rebuttal.speakers.faults import Billed, Fault
from rebuttal.speakers.patience import Patience
from rebuttal.speakers.roster import Roster
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import Caps
from tests.emulator import Emulator, Rule
from tests.emulator import Fault as Trouble
from tests.speakers.conftest import FakePurse, FakeTime, Heard, MakeSpeaker, claim, statement, turn

OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"
WITH_FALLBACK = Settings()


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def speaker(make_speaker: MakeSpeaker, time: FakeTime) -> ClaudeSpeaker:
    return make_speaker(settings=WITH_FALLBACK, patience=Patience(sleep=time.sleep, clock=time.clock))


def asked(emulator: Emulator) -> list[str]:
    """The models that were asked, in order."""
    return [record.body["model"] for record in emulator.records]


def status(code: int, message: str = "No", **more: object) -> Trouble:
    return Trouble("status", status=code, message=message, **more)  # type: ignore[arg-type] # words of a test


# --- the decisions ---


def fault(kind: FailureKind, *, retry: bool = False, elsewhere: bool = False, billed: Billed = "nothing") -> Fault:
    return Fault(Failure(kind, "It failed."), retry, billed, elsewhere=elsewhere)


def links(tier: Tier, settings: Settings = WITH_FALLBACK) -> tuple[Link, ...]:
    return chain(tier, Roster.of(settings), ATTEMPTS, fallback=settings.fallback)


def test_the_chain_of_each_tier_with_its_attempts() -> None:
    chains = {tier: [(link.model.id, link.attempts) for link in links(tier)] for tier in ("opus", "sonnet", "haiku")}
    assert chains == {
        "opus": [(OPUS, 2), (SONNET, 3), (HAIKU, 5)],
        "sonnet": [(SONNET, 3), (HAIKU, 5)],
        "haiku": [(HAIKU, 5), (SONNET, 3)],
    }


def test_who_switched_fallback_off_gets_the_tiers_own_model_only() -> None:
    assert [link.model.id for link in links("opus", Settings(fallback=False))] == [OPUS]


def test_a_model_stands_in_a_chain_once_and_one_that_is_unknown_not_at_all() -> None:
    same = Settings(model_opus=SONNET, model_haiku="sonnet")
    assert [link.model.id for link in links("opus", same)] == [SONNET]
    assert [link.model.id for link in links("opus", Settings(model_sonnet="gpt-9"))] == [OPUS, HAIKU]


WAYS = [
    # kind, retry, elsewhere, billed, the way after each attempt until another model is asked or none
    ("refusal", False, True, "nothing", ["next"]),
    ("overloaded", True, True, "nothing", ["again", "again", "next"]),
    ("overloaded", False, True, "nothing", ["next"]),
    ("rate_limit", True, True, "nothing", ["again", "again", "next"]),
    ("timeout", True, True, "unknown", ["again", "again", "next"]),
    ("network", True, True, "unknown", ["again", "again", "next"]),
    ("network", True, False, "nothing", ["again", "again", "stop"]),
    ("network", False, False, "nothing", ["stop"]),
    ("invalid_reply", True, True, "nothing", ["again", "next"]),
    ("invalid_reply", True, False, "unknown", ["again", "stop"]),
    ("not_found", False, True, "nothing", ["next"]),
    ("not_found", False, False, "unknown", ["stop"]),
    ("authentication", False, True, "nothing", ["next"]),
    ("authentication", False, False, "nothing", ["stop"]),
    ("billing", False, False, "nothing", ["stop"]),
    ("bad_request", False, False, "nothing", ["stop"]),
    ("truncated", True, False, "nothing", ["larger"]),
    ("truncated", False, False, "nothing", ["stop"]),
]


@pytest.mark.parametrize(("kind", "retry", "elsewhere", "billed", "ways"), WAYS)
def test_which_fault_goes_which_way(
    kind: FailureKind, retry: bool, elsewhere: bool, billed: Billed, ways: list[Way]
) -> None:
    first = links("sonnet")[0]
    one = fault(kind, retry=retry, elsewhere=elsewhere, billed=billed)
    assert [way(one, made + 1, first) for made in range(len(ways))] == ways


def test_a_model_that_stands_in_is_not_asked_twice_for_what_may_cost_each_time() -> None:
    second = links("sonnet")[1]
    assert way(fault("network", retry=True, elsewhere=True, billed="unknown"), 1, second) == "next"
    assert way(fault("invalid_reply", retry=True, elsewhere=True), 1, second) == "next"
    assert way(fault("overloaded", retry=True, elsewhere=True), 1, second) == "again"


def test_a_cut_answer_gets_more_room_once() -> None:
    assert way(fault("truncated", retry=True), 2, links("sonnet")[0], is_larger=True) == "stop"


def test_what_is_told_of_a_chain_is_its_first_failure_unless_only_that_one_would_stop_the_debate() -> None:
    missing, busy, other = Failure("not_found", "1"), Failure("overloaded", "2"), Failure("refusal", "3")
    assert told([missing, busy, other]) is busy
    assert told([busy, other]) is busy
    assert told([missing, Failure("cap", "cap")]) is missing


# --- over HTTP ---


async def test_who_declines_is_not_asked_again_another_model_is(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": None}
    emulator.script.add(
        Rule(model="opus", stop_reason="refusal", stop_details=details), Rule(reply=statement(claim(1)))
    )
    heard = Heard()
    reply = await speaker.speak(turn(tier="opus"), heard)
    assert reply.failure is None
    assert (asked(emulator), reply.model, reply.calls) == ([OPUS, SONNET], SONNET, 2)
    assert purse.names == ["reserve", "settle"] * 2
    assert [key.model for key in purse.keys] == [OPUS, SONNET]
    assert reply.spent == emulator.bill
    assert reply.notes == (f"{SONNET} answered instead of {OPUS}: {OPUS} declined to answer.",)
    assert len(heard.claims) == 1


@pytest.mark.parametrize("code", [500, 503, 529])
async def test_a_service_that_is_overloaded_is_tried_again_before_another_model_is_asked(
    emulator: Emulator, speaker: ClaudeSpeaker, time: FakeTime, purse: FakePurse, code: int
) -> None:
    emulator.script.add(Rule(model="sonnet", fault=status(code)), Rule(reply=statement()))
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is None
    assert asked(emulator) == [SONNET] * 3 + [HAIKU]
    assert purse.names == ["reserve", "release"] * 3 + ["reserve", "settle"]
    assert len(time.slept) == 2
    assert 0.375 <= time.slept[0] <= 0.5
    assert 0.75 <= time.slept[1] <= 1.0
    assert reply.notes == (f"{HAIKU} answered instead of {SONNET}: {SONNET} was overloaded.",)


async def test_a_whole_chain_that_is_overloaded_is_a_failure_of_the_model_that_was_wanted(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    emulator.script.add(Rule(fault=status(529)))
    reply = await speaker.speak(turn(tier="opus"), Heard())
    assert asked(emulator) == [OPUS] * 2 + [SONNET] * 3 + [HAIKU] * 5
    assert reply.failure is not None
    assert reply.failure.kind == "overloaded"
    assert reply.failure.kind not in FATAL
    assert (reply.calls, reply.spent, reply.assumed) == (10, Decimal(0), Decimal(0))


@pytest.mark.parametrize(("code", "word"), [(404, "is not there: set model_sonnet"), (403, "may not be used")])
async def test_a_model_that_is_gone_or_forbidden_is_found_out_once_in_a_review(
    emulator: Emulator, make_speaker: MakeSpeaker, code: int, word: str
) -> None:
    emulator.script.add(Rule(model="sonnet", fault=status(code, "model: x")), Rule(reply=statement()))
    speaker = make_speaker(settings=WITH_FALLBACK)
    replies = [await speaker.speak(turn(f"seat-{number}"), Heard()) for number in range(3)]
    assert asked(emulator) == [SONNET, HAIKU, HAIKU, HAIKU]
    assert {reply.failure for reply in replies} == {None}
    [[note], *others] = [reply.notes for reply in replies]
    assert word in note
    assert all(other == (note,) for other in others)
    await make_speaker(settings=WITH_FALLBACK).speak(turn(), Heard())
    assert asked(emulator)[4:] == [SONNET, HAIKU]  # the next review: it may be there by now


async def test_where_no_model_is_there_the_setting_of_the_first_is_named(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    emulator.script.add(Rule(fault=status(404, "model: x")))
    reply = await speaker.speak(turn(), Heard())
    assert asked(emulator) == [SONNET, HAIKU]
    assert reply.failure is not None
    assert reply.failure.kind == "not_found"
    assert "model_sonnet" in reply.failure.message
    await speaker.speak(turn(), Heard())
    assert len(emulator.records) == 2


STOPS = [
    (status(400), "bad_request"),
    (status(401), "authentication"),
    (status(402), "billing"),
    (status(413), "bad_request"),
    (status(429, error_code="enforced_spend_limit_reached"), "billing"),
    (status(400, "You have reached your specified API usage limits. Wait."), "billing"),
    (status(400, "prompt is too long: 9 tokens > 1 maximum"), "bad_request"),
]


@pytest.mark.parametrize(("trouble", "kind"), STOPS)
async def test_where_no_model_could_help_nothing_more_is_tried(
    emulator: Emulator, speaker: ClaudeSpeaker, trouble: Trouble, kind: str
) -> None:
    emulator.script.add(Rule(fault=trouble))
    reply = await speaker.speak(turn(tier="opus"), Heard())
    assert asked(emulator) == [OPUS]
    assert reply.failure is not None
    assert reply.failure.kind == kind
    assert reply.failure.kind in FATAL


async def test_a_model_that_stands_in_and_may_not_be_paid_for_stops_the_review(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    emulator.script.add(Rule(model="opus", fault=status(529)), Rule(fault=status(402)))
    reply = await speaker.speak(turn(tier="opus"), Heard())
    assert asked(emulator) == [OPUS, OPUS, SONNET]
    assert reply.failure is not None
    assert reply.failure.kind == "billing"


async def test_a_stream_that_breaks_off_is_asked_for_again_and_then_of_each_other_model_once(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(reply=statement(claim()), fault=Trouble("cut", at=4)))
    reply = await speaker.speak(turn(tier="opus"), Heard())
    assert asked(emulator) == [OPUS, OPUS, SONNET, HAIKU]
    assert purse.names == ["reserve", "assume"] * 4
    assert reply.failure is not None
    assert reply.failure.kind == "network"


async def test_a_service_that_is_not_reached_is_not_asked_for_another_model(make_speaker: MakeSpeaker) -> None:
    speaker = make_speaker(
        settings=WITH_FALLBACK,
        environment={"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"},
        patience=Patience(first_pause=0.001),
    )
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert (reply.failure.kind, reply.calls) == ("network", 3)


async def test_an_answer_of_no_use_is_asked_for_once_more_and_then_of_another_model(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(model="sonnet", reply="I found nothing."), Rule(reply=statement()))
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is None
    assert asked(emulator) == [SONNET, SONNET, HAIKU]
    assert reply.spent == emulator.bill
    assert reply.notes == (f"{HAIKU} answered instead of {SONNET}: {SONNET} did not answer as it was asked to.",)


async def test_where_haiku_is_overloaded_no_dearer_model_is_asked(emulator: Emulator, speaker: ClaudeSpeaker) -> None:
    emulator.script.add(Rule(model="haiku", fault=status(529)), Rule(reply=statement()))
    reply = await speaker.speak(turn(tier="haiku"), Heard())
    assert asked(emulator) == [HAIKU] * 5
    assert reply.failure is not None
    assert reply.failure.kind == "overloaded"


async def test_where_haiku_declines_sonnet_is_asked(emulator: Emulator, speaker: ClaudeSpeaker) -> None:
    emulator.script.add(Rule(model="haiku", stop_reason="refusal"), Rule(reply=statement()))
    reply = await speaker.speak(turn(tier="haiku"), Heard())
    assert (asked(emulator), reply.model, reply.failure) == ([HAIKU, SONNET], SONNET, None)


# --- what the seats have from one another ---


async def test_once_a_model_was_too_busy_the_other_seats_are_not_kept_waiting_for_it(
    emulator: Emulator, speaker: ClaudeSpeaker, time: FakeTime
) -> None:
    emulator.script.add(Rule(model="opus", fault=status(529), times=2), Rule(reply=statement()))
    for number in range(7):
        reply = await speaker.speak(turn(f"seat-{number}", tier="opus"), Heard())
        assert (reply.model, reply.failure) == (SONNET, None)
    assert Counter(asked(emulator)) == {OPUS: 2, SONNET: 7}
    time.passed += PAUSE
    assert (await speaker.speak(turn(tier="opus"), Heard())).model == OPUS
    assert (await speaker.speak(turn(tier="opus"), Heard())).notes == ()


async def test_a_model_that_is_still_too_busy_costs_one_call_to_find_out(
    emulator: Emulator, speaker: ClaudeSpeaker, time: FakeTime
) -> None:
    emulator.script.add(Rule(model="opus", fault=status(529)), Rule(reply=statement()))
    await speaker.speak(turn(tier="opus"), Heard())
    time.passed += PAUSE
    await speaker.speak(turn(tier="opus"), Heard())
    await speaker.speak(turn(tier="opus"), Heard())
    assert asked(emulator) == [OPUS, OPUS, SONNET, OPUS, SONNET, SONNET]


async def test_a_model_that_was_too_busy_is_asked_all_the_same_where_there_is_no_other(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    emulator.script.add(Rule(fault=status(529), times=5), Rule(reply=statement()))
    assert (await speaker.speak(turn(tier="haiku"), Heard())).failure is not None
    assert (await speaker.speak(turn(tier="haiku"), Heard())).failure is None
    assert asked(emulator) == [HAIKU] * 6


async def test_seats_that_ask_at_once_do_not_all_use_up_their_attempts(
    emulator: Emulator, make_speaker: MakeSpeaker
) -> None:
    emulator.script.add(Rule(model="sonnet", fault=status(529)), Rule(reply=statement()))
    speaker = make_speaker(settings=WITH_FALLBACK)
    replies = await asyncio.gather(*(speaker.speak(turn(f"seat-{number}"), Heard()) for number in range(12)))
    assert {reply.failure for reply in replies} == {None}
    counted = Counter(asked(emulator))
    assert counted[HAIKU] == 12
    assert counted[SONNET] <= 12


async def test_a_rate_limit_that_lasts_too_long_sends_everybody_to_another_model(
    emulator: Emulator, speaker: ClaudeSpeaker, time: FakeTime
) -> None:
    long = status(429, headers={"retry-after": "600"})
    emulator.script.add(Rule(model="sonnet", fault=long, times=1), Rule(reply=statement()))
    for _ in range(2):
        assert (await speaker.speak(turn(), Heard())).model == HAIKU
    assert asked(emulator) == [SONNET, HAIKU, HAIKU]
    assert time.slept == []
    time.passed = 600.0
    assert (await speaker.speak(turn(), Heard())).model == SONNET


@pytest.mark.parametrize(("seconds", "answered"), [(60, True), (90, False)])
async def test_a_minute_was_not_waited_for_though_no_other_model_could_be_asked(
    emulator: Emulator, speaker: ClaudeSpeaker, time: FakeTime, seconds: int, answered: bool
) -> None:
    long = status(429, headers={"retry-after": str(seconds)})
    emulator.script.add(Rule(model="haiku", fault=long, times=1), Rule(reply=statement()))
    reply = await speaker.speak(turn(tier="haiku"), Heard())
    assert (reply.failure is None) == answered
    assert asked(emulator) == [HAIKU] * (2 if answered else 1)
    assert time.slept == ([60.0] if answered else [])


async def test_the_headers_of_a_rate_limit_say_how_long_to_wait(
    emulator: Emulator, speaker: ClaudeSpeaker, time: FakeTime
) -> None:
    reset = {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-11-22T12:00:11Z",
    }
    at = {"Date": "Sun, 22 Nov 2026 12:00:00 GMT"}
    emulator.script.add(Rule(fault=status(429, headers=reset | at), times=1), Rule(reply=statement()))
    reply = await speaker.speak(turn(), Heard())
    assert (reply.model, reply.failure) == (SONNET, None)
    assert time.slept == [11.0]


# --- money ---


async def test_a_model_that_does_not_fit_what_is_left_of_the_cap_is_not_asked(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    purse.allowed = 3
    emulator.script.add(Rule(fault=status(529)))
    reply = await speaker.speak(turn(), Heard())
    assert asked(emulator) == [SONNET] * 3
    assert reply.failure is not None
    assert reply.failure.kind == "overloaded"


async def test_a_dear_model_that_does_not_fit_leaves_the_cheaper_one_behind_it(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.script.add(Rule(model="opus", fault=status(529)), Rule(reply=statement()))
    book = PriceBook()
    cap = book.worst_case(OPUS, 30_000, 4000)
    with Database.open(tmp_path / "store.db") as database:
        connection = Connection(emulator.environment(), Patience(first_pause=0.001))
        purse = Purse(Ledger(database), Caps(review=cap), book)
        speaker = open_claude(connection, Settings(model_sonnet="fable"), purse, "review-1", "repository-1")
        reply = await speaker.speak(turn(tier="opus"), Heard())
        await connection.aclose()
        [entry] = [one for one in await Ledger(database).entries("review-1") if one.cost]
    assert (asked(emulator), reply.model, entry.key.model) == ([OPUS, OPUS, HAIKU], HAIKU, HAIKU)
    assert entry.cost == reply.spent == emulator.bill


async def test_slots_and_money_that_are_both_scarce_do_not_wait_for_each_other(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.script.add(Rule(reply=statement(claim())))
    book = PriceBook()
    cap = book.worst_case(SONNET, 30_000, 4000) * 2
    with Database.open(tmp_path / "store.db") as database:
        connection = Connection(emulator.environment())
        purse = Purse(Ledger(database), Caps(day=cap), book)
        speakers = [open_claude(connection, Settings(), purse, f"review-{n}", f"repository-{n}") for n in range(3)]
        calls = [one.speak(turn(f"seat-{n}"), Heard()) for one in speakers for n in range(5)]
        replies = await asyncio.wait_for(asyncio.gather(*calls), 30)
        await connection.aclose()
    assert connection.traffic.under_way == connection.traffic.waiting == 0
    assert {reply.failure.kind for reply in replies if reply.failure} <= {"cap"}
    assert sum(reply.failure is None for reply in replies) >= 2
    assert sum(reply.spent for reply in replies) == emulator.bill <= cap


# --- a cut answer ---


async def test_an_answer_that_is_cut_is_whole_with_more_room(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(reply=statement(*(claim(number) for number in range(20)))))
    heard = Heard()
    reply = await speaker.speak(turn(max_tokens=2000), heard)
    assert reply.failure is None
    assert reply.statement is not None
    assert heard.claims == list(reply.statement.claims)
    assert [record.body["max_tokens"] for record in emulator.records] == [2000, 4000]
    assert purse.events[2][1] > purse.events[0][1]
    assert reply.spent == emulator.bill
    assert reply.notes == (f"{SONNET} was asked again with room for 4000 tokens: its answer was cut at 2000.",)


async def test_more_room_that_does_not_fit_the_cap_leaves_the_cut_answer_a_failure(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    purse.allowed = 1
    emulator.script.add(Rule(reply=statement(*(claim(number) for number in range(20)))))
    reply = await speaker.speak(turn(max_tokens=600), Heard())
    assert reply.failure is not None
    assert (reply.failure.kind, asked(emulator)) == ("truncated", [SONNET])


# --- time ---


async def test_one_deadline_bounds_the_whole_chain(emulator: Emulator, make_speaker: MakeSpeaker) -> None:
    emulator.script.add(Rule(fault=Trouble("stall", at=3)))
    speaker = make_speaker(settings=WITH_FALLBACK, patience=Patience(first_pause=0.001, silence=0.4, total=1.0))
    clock = asyncio.get_running_loop().time
    await speaker._connection.client()
    start = clock()
    reply = await speaker.speak(turn(tier="opus"), Heard())
    assert clock() - start < 2.5
    assert reply.failure is not None
    assert reply.failure.kind == "timeout"
    assert len(emulator.records) <= 3


async def test_to_wait_for_a_slot_is_not_counted(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    speaker = make_speaker(patience=Patience(total=3.0))
    await speaker.speak(turn(), Heard())  # loads what there is to load
    traffic = speaker._connection.traffic
    traffic.limit.allowed = 1.0
    async with traffic.slot("another"):
        task = asyncio.create_task(speaker.speak(turn(), Heard()))
        await asyncio.sleep(3.2)
        assert traffic.waiting == 1
        assert purse.open == 0
    assert (await task).failure is None


async def test_an_answer_that_is_finished_counts_though_its_end_does_not_come(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    """The last event alone was missing: the answer was paid for, heard, and thrown away when the deadline came."""
    speaker = make_speaker(patience=Patience(total=20.0))
    emulator.script.add(Rule(reply=statement(claim(1)), times=1))
    await speaker.speak(turn(), Heard())
    events = emulator.records[0].events
    assert events[-1] == "message_stop"
    emulator.script.add(Rule(reply=statement(claim(1)), fault=Trouble("stall", at=len(events) - 1)))
    reply = await speaker.speak(turn(), Heard())
    assert emulator.records[1].events == events[:-1]
    assert (reply.failure, reply.calls, purse.names) == (None, 1, ["reserve", "settle"] * 2)


# --- cancelling ---


async def cancelled(task: asyncio.Task[object]) -> float:
    """Cancel; how long it took."""
    clock = asyncio.get_running_loop().time
    start = clock()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return clock() - start


async def test_cancelled_while_waiting_for_a_slot_nothing_was_sent_or_set_aside(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    speaker = make_speaker(settings=WITH_FALLBACK)
    await speaker._connection.client()
    traffic = speaker._connection.traffic
    traffic.limit.allowed = 1.0
    async with traffic.slot("another"):
        task = asyncio.create_task(speaker.speak(turn(), Heard()))
        await asyncio.sleep(1.0)
        assert traffic.waiting == 1
        assert await cancelled(task) < 1.0
        assert traffic.waiting == 0
    assert (emulator.records, purse.events, traffic.under_way) == ([], [], 0)


async def test_cancelled_in_back_off_no_further_call_is_made(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    sleeping = asyncio.Event()

    async def sleep(seconds: float) -> None:
        sleeping.set()
        await asyncio.sleep(60)

    emulator.script.add(Rule(fault=status(529)))
    speaker = make_speaker(settings=WITH_FALLBACK, patience=Patience(sleep=sleep))
    task = asyncio.create_task(speaker.speak(turn(), Heard()))
    await sleeping.wait()
    assert await cancelled(task) < 1.0
    await asyncio.sleep(0.2)
    assert (len(emulator.records), purse.names) == (1, ["reserve", "release"])


async def test_cancelled_while_another_model_answers_both_are_accounted_and_nothing_more_is_sent(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(
        Rule(model="opus", stop_reason="refusal"),
        Rule(reply=statement(*(claim(number) for number in range(60))), between=0.02),
    )
    speaker = make_speaker(settings=WITH_FALLBACK)
    took = []
    for _ in range(3):
        hears = asyncio.Event()
        task = asyncio.create_task(speaker.speak(turn(tier="opus"), Heard(on_claim=lambda _, hears=hears: hears.set())))  # type: ignore[misc]
        await hears.wait()
        at = monotonic()
        await cancelled(task)
        await emulator.seen(lambda: emulator.records[-1].closed_early is not None)
        took.append((emulator.records[-1].closed_early or 0.0) - at)
    assert min(took) < 0.1  # of three: the machine has other things to do
    assert asked(emulator) == [OPUS, SONNET] * 3
    assert purse.names == ["reserve", "settle", "reserve", "assume"] * 3
    assert speaker._connection.traffic.under_way == 0
    assert sum(amount for name, amount in purse.events if name in ("settle", "assume")) >= emulator.bill


async def test_cancelled_while_tokens_are_counted_nothing_was_set_aside(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = asyncio.Event()
    speaker = make_speaker(settings=WITH_FALLBACK)
    client = await speaker._connection.client()

    async def count_tokens(**_: object) -> object:
        counting.set()
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(client.messages, "count_tokens", count_tokens)
    task = asyncio.create_task(speaker.speak(turn(shared="line of code\n" * 9000), Heard()))
    await counting.wait()
    assert await cancelled(task) < 1.0
    assert (emulator.records, purse.events) == ([], [])


# --- another model than was asked ---


async def test_it_is_told_where_another_model_answers_than_was_asked(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    emulator.script.add(Rule(reply=statement(), answers_as=HAIKU))
    reply = await speaker.speak(turn(), Heard())
    assert reply.notes == (f"{HAIKU} answered, though {SONNET} was asked.",)
