"""The speaker over real HTTP: what it says, what it hears, what it costs."""

from __future__ import annotations

import asyncio
import logging
import time
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from rebuttal.debate.model import FATAL, Claim
from rebuttal.debate.statement import claim_from
from rebuttal.settings import Settings
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.patience import Patience
from tests.emulator import Emulator, Fault, Record, Rule
from tests.speakers.conftest import FakePurse, FakeTime, Heard, MakeSpeaker, claim, statement, turn


async def test_an_answer_is_heard_claim_by_claim_and_settled_at_what_the_service_bills(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(seat="architect", reply=statement(claim(1), claim(2)), chunk=7))
    heard = Heard()
    reply = await speaker.speak(turn(), heard)
    assert reply.failure is None
    assert reply.statement is not None
    assert [one.quote for one in reply.statement.claims] == [claim(1)["quote"], claim(2)["quote"]]
    assert heard.claims == list(reply.statement.claims)
    assert heard.starts == 1
    assert purse.names == ["reserve", "settle"]
    assert reply.spent == emulator.bill > 0
    assert (reply.assumed, reply.calls, reply.model) == (Decimal(0), 1, "claude-sonnet-5-5")
    assert purse.events[0][1] >= reply.spent
    assert [(key.review, key.phase, key.seat, key.model) for key in purse.keys] == [
        ("review-1", "opening", "architect", "claude-sonnet-5-5")
    ]


async def test_a_claim_is_passed_on_before_the_answer_is_complete(emulator: Emulator, speaker: ClaudeSpeaker) -> None:
    emulator.script.add(Rule(reply=statement(*(claim(number) for number in range(20))), between=0.005))
    done: list[bool] = []
    heard = Heard(on_claim=lambda _: done.append(emulator.records[0].completed))
    await speaker.speak(turn(), heard)
    assert len(done) == 20
    assert done[0] is False


@pytest.mark.parametrize("tier", ["haiku", "sonnet", "opus"])
async def test_the_second_seat_reads_the_shared_context_from_the_cache(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse, tier: str
) -> None:
    first = await speaker.speak(turn("architect", tier=tier), Heard())  # type: ignore[arg-type] # a parameter
    second = await speaker.speak(
        turn("security-analyst", "cross_examination", tier=tier, ask="Another question."),  # type: ignore[arg-type]
        Heard(),
    )
    assert first.tokens.cache_write > 512
    assert second.tokens.cache_write == 0
    assert second.tokens.cache_read == first.tokens.cache_write
    assert second.spent < first.spent
    assert first.spent + second.spent == emulator.bill


@pytest.mark.parametrize(
    "model", ["claude-haiku-4-5", "claude-sonnet-5", "claude-opus-5", "claude-sonnet-4-6", "claude-opus-4-8", "fable"]
)
async def test_every_model_of_the_catalogue_takes_our_request(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse, model: str
) -> None:
    reply = await make_speaker(settings=Settings(model_sonnet=model)).speak(turn(), Heard())
    assert reply.failure is None
    assert reply.spent == emulator.bill


async def test_the_request_is_the_same_bytes_for_the_same_turn_and_holds_no_sampling_parameters(
    emulator: Emulator, speaker: ClaudeSpeaker
) -> None:
    await speaker.speak(turn(), Heard())
    await speaker.speak(turn(), Heard())
    first, second = (record.body for record in emulator.records)
    # It names the call before, and is no part of the prompt.
    assert (first.pop("diagnostics"), second.pop("diagnostics")) != (None, None)
    assert first == second
    assert list(first) == list(second)
    assert set(first) == {"model", "max_tokens", "system", "messages", "output_config", "stream"}
    assert emulator.records[0].headers["x-stainless-retry-count"] == "0"


# What goes wrong: the fault, the kind of failure, a word of its message, attempts, and what happens to the money.
REFUSED = ["reserve", "release"]
UNKNOWN = ["reserve", "assume"]
PAID = ["reserve", "settle"]
FAULTS = [
    pytest.param(Fault("status", status=400, message="no"), "bad_request", "(no)", 1, REFUSED, id="400"),
    pytest.param(
        Fault("status", status=400, message="You have reached your specified API usage limits. Wait."),
        *("billing", "spending limit", 1, REFUSED),
        id="400 own spend limit",
    ),
    pytest.param(
        Fault("status", status=400, message="You have reached your specified workspace API usage limits."),
        *("billing", "spending limit", 1, REFUSED),
        id="400 workspace spend limit",
    ),
    pytest.param(
        Fault("status", status=400, message="On hold", error_code="organization_on_hold"),
        *("billing", "On hold", 1, REFUSED),
        id="400 on hold",
    ),
    pytest.param(
        Fault("status", status=400, message="prompt is too long: 9 tokens > 1 maximum"),
        *("bad_request", "smaller scope", 1, REFUSED),
        id="400 too long",
    ),
    pytest.param(Fault("status", status=401, message="x"), "authentication", "ANTHROPIC_API_KEY", 1, REFUSED, id="401"),
    pytest.param(Fault("status", status=402, message="Pay"), "billing", "Pay", 1, REFUSED, id="402"),
    pytest.param(
        Fault("status", status=403, message="Not you"), "authentication", "model_sonnet", 1, REFUSED, id="403"
    ),
    pytest.param(Fault("status", status=404, message="model: x"), "not_found", "model_sonnet", 1, REFUSED, id="404"),
    pytest.param(Fault("status", status=413, message="Big"), "bad_request", "smaller scope", 1, REFUSED, id="413"),
    pytest.param(Fault("status", status=429, message="Slow"), "rate_limit", "Slow", 3, REFUSED, id="429"),
    pytest.param(
        Fault("status", status=429, message="Slow", headers={"retry-after": "3600"}),
        *("rate_limit", "wait a minute", 1, REFUSED),
        id="429 retry-after too long",
    ),
    pytest.param(
        Fault("status", status=429, message="Cap", error_code="enforced_spend_limit_reached"),
        *("billing", "Cap", 1, REFUSED),
        id="429 enforced spend limit",
    ),
    pytest.param(
        Fault("status", status=429, message="Cap", error_code="contract_spend_limit_reached"),
        *("billing", "Cap", 1, REFUSED),
        id="429 contract spend limit",
    ),
    pytest.param(Fault("status", status=500, message="Oops"), "overloaded", "500", 3, REFUSED, id="500"),
    pytest.param(Fault("status", status=503, message="Oops"), "overloaded", "503", 3, REFUSED, id="503"),
    pytest.param(Fault("status", status=504, message="Late"), "timeout", "too long", 3, UNKNOWN, id="504"),
    pytest.param(Fault("status", status=529), "overloaded", "overloaded", 3, REFUSED, id="529"),
    pytest.param(
        Fault("status", status=529, headers={"x-should-retry": "false"}),
        *("overloaded", "overloaded", 1, REFUSED),
        id="529 do not retry",
    ),
    pytest.param(Fault("error_event", at=6), "overloaded", "broke off", 3, UNKNOWN, id="error event"),
    pytest.param(
        Fault("error_event", at=1, status=400, message="Bad"), "bad_request", "Bad", 1, UNKNOWN, id="error event 400"
    ),
    pytest.param(Fault("reset"), "network", "before it answered", 3, UNKNOWN, id="reset before headers"),
    pytest.param(Fault("reset", at=4), "network", "middle", 3, UNKNOWN, id="reset in stream"),
    pytest.param(Fault("cut"), "network", "before it answered", 3, UNKNOWN, id="cut before headers"),
    pytest.param(Fault("stall"), "timeout", "in time", 3, UNKNOWN, id="stall before headers"),
    pytest.param(Fault("stall", at=4), "network", "middle", 3, UNKNOWN, id="stall in stream"),
    pytest.param(Fault("no_events"), "invalid_reply", "ANTHROPIC_BASE_URL", 2, UNKNOWN, id="no events"),
    pytest.param(Fault("no_event_names"), "invalid_reply", "ANTHROPIC_BASE_URL", 2, UNKNOWN, id="no event names"),
    pytest.param(Fault("not_json", at=3), "invalid_reply", "ANTHROPIC_BASE_URL", 2, UNKNOWN, id="not JSON"),
]


@pytest.mark.parametrize(("fault", "kind", "words", "attempts", "money"), FAULTS)
async def test_each_fault_becomes_a_failure_that_says_what_to_do(
    emulator: Emulator,
    make_speaker: MakeSpeaker,
    purse: FakePurse,
    fault: Fault,
    kind: str,
    words: str,
    attempts: int,
    money: list[str],
) -> None:
    emulator.script.add(Rule(reply=statement(claim()), fault=fault))
    reply = await make_speaker(patience=Patience(first_pause=0.001, silence=0.3)).speak(turn(), Heard())
    assert reply.statement is None
    assert reply.failure is not None
    assert (reply.failure.kind, reply.calls) == (kind, attempts)
    assert words in reply.failure.message
    assert reply.failure.message.endswith(".")
    assert purse.names == money * attempts
    assert len(emulator.records) == attempts
    assert reply.spent == 0
    assert reply.assumed == sum((amount for name, amount in purse.events if name == "assume"), Decimal(0))
    assert emulator.bill <= reply.spent + reply.assumed


@pytest.mark.parametrize("at", range(13))
@pytest.mark.parametrize("how", ["cut", "eof"])
async def test_a_stream_that_ends_at_any_event_loses_nothing_that_is_complete(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse, how: str, at: int
) -> None:
    reply_text = statement(claim(1))
    emulator.script.add(Rule(reply=reply_text, chunk=200, fault=Fault(how, at=at)))  # type: ignore[arg-type] # a parameter
    reply = await make_speaker(patience=Patience(retries=0)).speak(turn(), Heard())
    events = emulator.records[0].events
    if "message_delta" in events:
        assert reply.failure is None
        assert reply.statement is not None
        assert purse.names == PAID
    else:
        assert reply.failure is not None
        assert reply.failure.kind in ("network", "invalid_reply")
        assert purse.names == UNKNOWN
    assert emulator.bill <= reply.spent + reply.assumed


async def test_an_attempt_that_fails_is_made_again_and_the_whole_price_is_told(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(
        Rule(times=1, fault=Fault("status", status=529)),
        Rule(times=1, reply=statement(claim(1), claim(2)), chunk=10, fault=Fault("cut", at=60)),
        Rule(reply=statement(claim(1), claim(2), claim(3))),
    )
    heard = Heard()
    reply = await speaker.speak(turn(), heard)
    assert reply.failure is None
    assert purse.names == ["reserve", "release", "reserve", "assume", "reserve", "settle"]
    assert reply.calls == 3
    assert reply.assumed == purse.events[2][1]
    # What an attempt says again is passed on as said again, so that it is not taken for another claim.
    assert [[one.quote for one in claims] for claims in (*heard.broken, heard.claims)] == [
        [claim(number)["quote"] for number in numbers] for numbers in ((1,), (1, 2, 3))
    ]
    assert heard.starts == 1


async def test_retry_after_is_obeyed(emulator: Emulator, make_speaker: MakeSpeaker) -> None:
    time = FakeTime()
    emulator.script.add(Rule(times=2, fault=Fault("status", status=429, headers={"retry-after": "7"})))
    reply = await make_speaker(patience=Patience(sleep=time.sleep, clock=time.clock)).speak(turn(), Heard())
    assert reply.failure is None
    assert time.slept == [7.0, 7.0]


async def test_a_refusal_is_paid_for_and_not_asked_again(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": None}
    emulator.script.add(Rule(stop_reason="refusal", stop_details=details))
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "refusal"
    assert "cyber" in reply.failure.message
    assert purse.names == PAID
    assert reply.spent == emulator.bill > 0


async def test_an_answer_cut_at_max_tokens_is_asked_for_once_more_with_room_and_then_a_failure(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(reply=statement(*(claim(number) for number in range(40)))))
    heard = Heard()
    reply = await speaker.speak(turn(max_tokens=600), heard)
    assert reply.failure is not None
    assert (reply.failure.kind, reply.calls) == ("truncated", 2)
    # What was whole in it has been paid for.
    assert reply.statement is not None
    assert reply.statement.claims == tuple(heard.claims)
    assert purse.names == PAID * 2
    assert [record.body["max_tokens"] for record in emulator.records] == [600, 1200]
    assert purse.events[2][1] > purse.events[0][1]
    assert reply.tokens.output == 1800
    assert heard.claims


@pytest.mark.parametrize("text", ["{", "I found nothing.", '{"claims": [1], "rulings": [], "needs": []}'])
async def test_an_answer_that_is_no_statement_is_paid_for_and_asked_once_more(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse, text: str
) -> None:
    emulator.script.add(Rule(reply=text))
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert (reply.failure.kind, reply.calls) == ("invalid_reply", 2)
    assert purse.names == PAID * 2
    assert reply.spent == emulator.bill


async def test_a_reply_of_another_model_is_priced_as_that_model(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(reply=statement(claim()), answers_as="claude-opus-5-5"))
    reply = await speaker.speak(turn(), Heard())
    assert reply.statement is not None
    assert reply.model == "claude-opus-5-5"
    assert reply.spent == purse.book.price("claude-opus-5-5", reply.tokens)


async def test_nothing_is_sent_that_the_store_cannot_record(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    purse.broken = "reserve"
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind in FATAL
    assert "the disk is full" in reply.failure.message
    assert emulator.records == []


async def test_an_answer_that_was_paid_for_is_kept_though_the_store_fails(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    purse.broken = "settle"
    emulator.script.add(Rule(reply=statement(claim())))
    reply = await speaker.speak(turn(), Heard())
    assert reply.statement is not None
    assert reply.assumed == purse.events[0][1]
    assert purse.names == ["reserve"]


async def test_no_call_is_made_once_the_cap_is_reached(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    purse.allowed = 0
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "cap"
    assert emulator.records == []


async def test_a_call_that_the_cap_does_not_let_be_tried_again_is_told_by_what_it_failed_of(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    purse.allowed = 1
    emulator.script.add(Rule(fault=Fault("status", status=529)))
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "overloaded"
    assert len(emulator.records) == 1


def heard_by(event: asyncio.Event) -> Heard:
    return Heard(on_claim=lambda _: event.set())


def is_closed(record: Record) -> bool:
    return record.closed_early is not None


async def test_cancel_closes_the_connection_within_100_ms_and_the_cost_is_assumed(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(reply=statement(*(claim(number) for number in range(50))), between=0.02))
    delays: list[float] = []
    for attempt in range(3):  # a busy machine may be late once
        first = asyncio.Event()
        task = asyncio.create_task(speaker.speak(turn(), heard_by(first)))
        await asyncio.wait_for(first.wait(), 10)
        cancelled = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        record = emulator.records[attempt]
        await emulator.seen(partial(is_closed, record))
        assert record.closed_early is not None
        delays.append(record.closed_early - cancelled)
    assert min(delays) < 0.1
    assert purse.names == UNKNOWN * 3
    await asyncio.sleep(0.05)
    assert len(emulator.records) == 3


async def test_cancel_while_nothing_has_arrived_is_accounted_too(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(fault=Fault("stall")))
    task = asyncio.create_task(speaker.speak(turn(), Heard()))
    await emulator.seen(lambda: len(emulator.records) == 1 and emulator.records[0].seat is not None)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await emulator.seen(lambda: emulator.records[0].closed_early is not None)
    assert purse.names == UNKNOWN


async def test_the_deadline_bounds_attempts_and_pauses_together(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(reply=statement(*(claim(number) for number in range(50))), between=0.05))
    speaker = make_speaker(patience=Patience(total=1.0))
    await speaker._connection.warm_up()  # the first import of the SDK takes longer than that
    started = time.monotonic()
    reply = await speaker.speak(turn(), Heard())
    assert time.monotonic() - started < 8  # the whole answer would take a dozen seconds
    assert reply.failure is not None
    assert reply.failure.kind == "timeout"
    assert purse.names == UNKNOWN
    assert reply.assumed == purse.events[1][1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1", "cannot be reached"),
        ("http://no-such-host.invalid", "is not found"),
    ],
)
async def test_an_endpoint_that_cannot_be_reached_costs_nothing(
    make_speaker: MakeSpeaker, purse: FakePurse, url: str, words: str
) -> None:
    reply = await make_speaker(environment={"ANTHROPIC_BASE_URL": url}).speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "network"
    assert words in reply.failure.message
    assert set(purse.names) == {"reserve", "release"}
    assert (reply.spent, reply.assumed) == (Decimal(0), Decimal(0))


async def test_a_server_that_speaks_no_tls_is_not_named_as_a_certificate_problem(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    speaker = make_speaker(environment={"ANTHROPIC_BASE_URL": f"https://127.0.0.1:{emulator.port}"})
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert "does not answer in TLS" in reply.failure.message
    assert purse.names == REFUSED


async def test_another_server_s_404_points_to_the_base_url(emulator: Emulator, make_speaker: MakeSpeaker) -> None:
    reply = await make_speaker(environment={"ANTHROPIC_BASE_URL": f"{emulator.url}/v1"}).speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "not_found"


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({"ANTHROPIC_API_KEY": ""}, "authentication"),
        ({"ANTHROPIC_API_KEY": "wrong-key"}, "authentication"),
        ({"ANTHROPIC_API_KEY": "two\nlines"}, "authentication"),
        ({"ANTHROPIC_API_KEY": "schlüssel"}, "authentication"),
    ],
)
async def test_a_key_that_is_missing_or_wrong_is_said_without_showing_it(
    make_speaker: MakeSpeaker, environment: dict[str, str], kind: str
) -> None:
    reply = await make_speaker(environment=environment).speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == kind
    assert "ANTHROPIC_API_KEY" in reply.failure.message
    key = environment["ANTHROPIC_API_KEY"]
    assert not key or key not in reply.failure.message


async def test_a_token_is_a_credential_too(emulator: Emulator, make_speaker: MakeSpeaker) -> None:
    speaker = make_speaker(environment={"ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": "emulator-key"})
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is None
    assert emulator.records[0].headers["Authorization"] == "Bearer emulator-key"


async def test_a_key_of_the_process_or_a_profile_on_disk_is_never_used(
    make_speaker: MakeSpeaker, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-process")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    reply = await make_speaker(environment={"ANTHROPIC_API_KEY": ""}).speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == "authentication"
    reply = await make_speaker().speak(turn(), Heard())
    assert reply.failure is None
    assert emulator.records[0].headers["Authorization"] == "Bearer emulator-key"


@pytest.mark.parametrize(
    ("model", "kind", "words"),
    [
        ("claude-3-opus-20240229", "not_found", "claude-opus-5-5"),
        ("claude-sonet-5-5", "not_found", "claude-sonnet-5-5"),
        ("gpt-9", "not_found", "model_sonnet"),
    ],
)
async def test_a_model_that_does_not_exist_costs_no_call(
    emulator: Emulator, make_speaker: MakeSpeaker, purse: FakePurse, model: str, kind: str, words: str
) -> None:
    reply = await make_speaker(settings=Settings(model_sonnet=model)).speak(turn(), Heard())
    assert reply.failure is not None
    assert reply.failure.kind == kind
    assert words in reply.failure.message
    assert (emulator.records, purse.events, reply.calls) == ([], [], 0)


async def test_the_key_shows_in_no_log_and_no_failure(
    emulator: Emulator, speaker: ClaudeSpeaker, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.script.add(
        Rule(times=1, reply=statement(claim())),
        Rule(fault=Fault("status", status=400, message="the key emulator-key may not")),
    )
    with caplog.at_level(logging.DEBUG):
        await speaker.speak(turn(), Heard())
        reply = await speaker.speak(turn(), Heard())
    assert caplog.text
    assert "emulator-key" not in caplog.text
    assert reply.failure is not None
    assert "emulator-key" not in reply.failure.message


async def test_what_an_endpoint_says_cannot_write_to_the_terminal(emulator: Emulator, speaker: ClaudeSpeaker) -> None:
    emulator.script.add(
        Rule(fault=Fault("status", status=400, message="No\x1b]0;title\x07\x1b[2J\r\nway" + "!" * 9000))
    )
    reply = await speaker.speak(turn(), Heard())
    assert reply.failure is not None
    assert "(No way!" in reply.failure.message
    assert reply.failure.message.isprintable()
    assert len(reply.failure.message) < 500


async def test_many_turns_at_once_are_each_accounted(
    emulator: Emulator, speaker: ClaudeSpeaker, purse: FakePurse
) -> None:
    emulator.script.add(Rule(reply=statement(claim()), chance=0.6), Rule(fault=Fault("error_event", at=5)))
    replies = await asyncio.gather(*(speaker.speak(turn(f"seat-{n}"), Heard()) for n in range(20)))
    assert purse.open == 0
    assert sum(reply.spent for reply in replies) + sum(reply.assumed for reply in replies) >= emulator.bill
    settled = sum((amount for name, amount in purse.events if name == "settle"), Decimal(0))
    assert settled == sum(reply.spent for reply in replies)


def test_claims_for_the_tests_are_claims() -> None:
    assert isinstance(claim_from(claim()), Claim)


async def test_a_page_instead_of_the_api_was_asked_again_until_the_day_was_used_up(
    make_speaker: MakeSpeaker, purse: FakePurse
) -> None:
    from aiohttp import web

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>Please log in</html>", content_type="text/html")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", page)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        elsewhere = {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{runner.addresses[0][1]}"}
        reply = await make_speaker(environment=elsewhere).speak(turn(), Heard())
    finally:
        await runner.cleanup()
    assert reply.failure is not None
    assert reply.failure.kind == "not_found"
    assert "ANTHROPIC_BASE_URL" in reply.failure.message
    assert purse.names == UNKNOWN
