"""Message Batches as the real SDK and raw HTTP meet them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import anthropic
import httpx2
import pytest

from tests.emulator import KEY, Batching, Emulator, EndpointRule, Fault, ManualClock, Rule
from tests.emulator.batches import EXPIRES, KEPT, MAX_REQUESTS
from tests.emulator.test_refusals import HEADERS, HOUR, OPTIONAL, post, request, text, user

BATCHES = "/v1/messages/batches"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def slow(clock: ManualClock) -> Iterator[Emulator]:
    """Processes a batch in an hour of a clock that the test moves."""
    with Emulator(clock=clock, batching=Batching(seconds=3600)) as running:
        yield running
    assert running.problems == []


@pytest.fixture
def ask(emulator: Emulator) -> Iterator[anthropic.Anthropic]:
    with talking_to(emulator) as made:
        yield made


def talking_to(emulator: Emulator) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key=KEY, base_url=emulator.url, max_retries=0, timeout=10)


def one(name: str, **changes: Any) -> Any:
    return {"custom_id": name, "params": request(**changes)}


def many(count: int, **changes: Any) -> list[Any]:
    return [one(f"r-{number}", **changes) for number in range(count)]


def results(client: anthropic.Anthropic, batch: str) -> dict[str, Any]:
    return {line.custom_id: line.result for line in client.messages.batches.results(batch)}


def test_the_sdk_runs_a_batch_from_creation_to_results(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    emulator.script.add(Rule(reply="Done"))
    made = ask.messages.batches.create(requests=many(5))
    assert (made.processing_status, made.results_url, made.ended_at) == ("in_progress", None, None)
    assert made.request_counts.processing == 5
    assert made.expires_at.timestamp() - made.created_at.timestamp() == EXPIRES
    ended = ask.messages.batches.retrieve(made.id)
    assert ended.processing_status == "ended"
    assert (ended.request_counts.processing, ended.request_counts.succeeded) == (0, 5)
    assert (ended.results_url or "").startswith(emulator.url)
    found = results(ask, made.id)
    assert set(found) == {f"r-{number}" for number in range(5)}
    message = found["r-3"].message
    assert (message.content[-1].text, message.stop_reason) == ("Done", "end_turn")
    assert message.usage.service_tier == "batch"


def test_results_come_in_another_order_than_the_requests(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    made = ask.messages.batches.create(requests=many(20))
    ask.messages.batches.retrieve(made.id)
    order = list(results(ask, made.id))
    assert order != sorted(order, key=lambda name: int(name[2:]))


def test_a_batch_costs_half(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    post(emulator, request())
    full = emulator.bill
    made = ask.messages.batches.create(requests=many(1))
    ask.messages.batches.retrieve(made.id)
    assert emulator.records[1].price == full / 2 > 0
    assert (emulator.records[1].batch, emulator.records[1].custom_id) == (made.id, "r-0")


def test_counts_stay_at_processing_until_the_batch_has_ended(slow: Emulator, clock: ManualClock) -> None:
    with talking_to(slow) as client:
        made = client.messages.batches.create(requests=many(4))
        clock.advance(1900)
        half = client.messages.batches.retrieve(made.id)
        assert (half.processing_status, half.request_counts.processing) == ("in_progress", 4)
        assert len(slow.records) == 2
        with pytest.raises(anthropic.AnthropicError, match="results_url"):
            client.messages.batches.results(made.id)
        clock.advance(1700)
        assert client.messages.batches.retrieve(made.id).request_counts.succeeded == 4


def test_what_is_not_done_within_a_day_expires_and_costs_nothing(slow: Emulator, clock: ManualClock) -> None:
    slow.batching = Batching(seconds=2 * EXPIRES)
    with talking_to(slow) as client:
        made = client.messages.batches.create(requests=many(4))
        clock.advance(EXPIRES)
        ended = client.messages.batches.retrieve(made.id)
        assert (ended.request_counts.succeeded, ended.request_counts.expired) == (2, 2)
        assert ended.ended_at == made.expires_at
        assert [result.type for result in results(client, made.id).values()].count("expired") == 2
    assert len(slow.records) == 2


def test_cancelling_keeps_what_was_done(slow: Emulator, clock: ManualClock) -> None:
    slow.batching = Batching(seconds=3600, canceling=60)
    with talking_to(slow) as client:
        made = client.messages.batches.create(requests=many(4))
        clock.advance(1900)
        asked = client.messages.batches.cancel(made.id)
        assert asked.processing_status == "canceling"
        assert asked.cancel_initiated_at is not None
        assert client.messages.batches.cancel(made.id).cancel_initiated_at == asked.cancel_initiated_at
        clock.advance(60)
        ended = client.messages.batches.retrieve(made.id)
        assert (ended.processing_status, ended.request_counts.succeeded, ended.request_counts.canceled) == (
            "ended",
            2,
            2,
        )
        with pytest.raises(anthropic.BadRequestError):
            client.messages.batches.cancel(made.id)


def test_only_an_ended_batch_can_be_deleted(slow: Emulator, clock: ManualClock) -> None:
    with talking_to(slow) as client:
        made = client.messages.batches.create(requests=many(1))
        with pytest.raises(anthropic.BadRequestError):
            client.messages.batches.delete(made.id)
        clock.advance(3600)
        assert client.messages.batches.delete(made.id).type == "message_batch_deleted"
        with pytest.raises(anthropic.NotFoundError):
            client.messages.batches.retrieve(made.id)


def test_results_are_kept_for_29_days(slow: Emulator, clock: ManualClock) -> None:
    with talking_to(slow) as client:
        made = client.messages.batches.create(requests=many(1))
        clock.advance(KEPT)
        archived = client.messages.batches.retrieve(made.id)
        assert archived.archived_at is not None
        assert (archived.results_url, archived.request_counts.succeeded) == (None, 1)
    answer = httpx2.get(f"{slow.url}{BATCHES}/{made.id}/results", headers=HEADERS)
    assert answer.status_code == 404


def test_params_are_looked_at_while_a_batch_is_processed(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    made = ask.messages.batches.create(
        requests=[
            one("unknown", model="claude-nobody"),
            one("sampling", temperature=1),
            one("schema", output_config={"format": {"type": "json_schema", "schema": OPTIONAL}}),
            one("fine"),
        ]
    )
    ended = ask.messages.batches.retrieve(made.id)
    assert (ended.request_counts.succeeded, ended.request_counts.errored) == (1, 3)
    found = results(ask, made.id)
    assert found["unknown"].error.error.type == "not_found_error"
    assert found["sampling"].error.error.type == "invalid_request_error"
    assert found["unknown"].error.request_id
    assert found["fine"].type == "succeeded"
    assert sum(record.price > 0 for record in emulator.records) == 1


def test_rules_and_faults_apply_to_the_requests_of_a_batch(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    emulator.script.add(
        Rule(contains="busy", fault=Fault("status", status=529)),
        Rule(contains="late", fault=Fault("expired")),
        Rule(contains="dropped", fault=Fault("canceled")),
        Rule(contains="broken", fault=Fault("reset")),
        Rule(contains="refuse", stop_reason="refusal", stop_details={"type": "refusal", "category": "cyber"}),
        Rule(seat="architect", reply="from the architect"),
    )
    words = ("busy", "late", "dropped", "broken", "refuse", '<turn seat="architect" phase="opening"/>')
    made = ask.messages.batches.create(
        requests=[one(f"r-{number}", messages=user(text(word))) for number, word in enumerate(words)]
    )
    ask.messages.batches.retrieve(made.id)
    found = results(ask, made.id)
    assert [found[f"r-{number}"].type for number in range(6)] == [
        *("errored", "expired", "canceled", "errored", "succeeded", "succeeded")
    ]
    assert found["r-0"].error.error.type == "overloaded_error"
    assert found["r-4"].message.stop_reason == "refusal"
    assert found["r-5"].message.content[-1].text == "from the architect"
    assert emulator.records[5].seat == "architect"


def test_a_line_of_the_results_can_be_broken(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    emulator.script.add(Rule(number=2, fault=Fault("not_json")), Rule(number=3, fault=Fault("wrong_shape")))
    made = ask.messages.batches.create(requests=many(3))
    ended = ask.messages.batches.retrieve(made.id)
    assert ended.results_url is not None
    lines = httpx2.get(ended.results_url, headers=HEADERS).text.splitlines()
    assert len(lines) == 3
    parsed = [read for line in lines if (read := as_json(line))]
    assert sorted(read["custom_id"] for read in parsed) == ["r-0", "r-2"]
    assert next(read for read in parsed if read["custom_id"] == "r-2")["result"]["message"] == {"ok": True}


def as_json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


@pytest.mark.parametrize(("hits", "expected"), [(0.0, 0), (0.5, range(5, 25)), (1.0, 29)])
def test_a_share_of_the_requests_finds_the_shared_prefix(hits: float, expected: Any) -> None:
    shared = text("a shared prefix " * 1000, **HOUR)
    with Emulator(batching=Batching(cache_hits=hits)) as emulator, talking_to(emulator) as client:
        requests = [one(f"r-{number}", messages=user(shared, text(f"{number}"))) for number in range(30)]
        client.messages.batches.retrieve(client.messages.batches.create(requests=requests).id)
        read = sum(record.usage is not None and record.usage.read > 0 for record in emulator.records)
    assert read == expected or (isinstance(expected, range) and read in expected)


REFUSED: list[tuple[str, Any, str]] = [
    ("no object", [], "not a valid JSON object"),
    ("no requests", {}, "requests: Field required"),
    ("empty", {"requests": []}, "at least 1 item"),
    ("another field", {"requests": many(1), "metadata": {}}, "metadata: Extra inputs"),
    ("another field of a request", {"requests": [{**one("a"), "method": "POST"}]}, "requests.0.method: Extra inputs"),
    ("no custom_id", {"requests": [{"params": {}}]}, "requests.0.custom_id: Field required"),
    ("no params", {"requests": [{"custom_id": "a"}]}, "requests.0.params: Field required"),
    ("empty custom_id", {"requests": [one("")]}, "should match pattern"),
    ("a long custom_id", {"requests": [one("a" * 65)]}, "should match pattern"),
    ("a custom_id with a colon", {"requests": [one("a:b")]}, "should match pattern"),
    ("a custom_id with a line feed", {"requests": [one("a\n")]}, "should match pattern"),
    ("twice the same", {"requests": [one("a"), one("b"), one("a")]}, "not unique"),
    ("a stream", {"requests": [one("a", stream=True)]}, "stream"),
    ("speed", {"requests": [one("a", model="claude-opus-5-5", speed="fast")]}, "speed"),
    ("fallbacks", {"requests": [one("a", fallbacks="default")]}, "fallbacks"),
    ("a warm-up", {"requests": [one("a", max_tokens=0)]}, "max_tokens"),
    (
        "too many",
        {"requests": [{"custom_id": f"{n}", "params": {}} for n in range(MAX_REQUESTS + 1)]},
        "at most 100000",
    ),
]


@pytest.mark.parametrize(("body", "says"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_a_batch_that_the_api_would_not_take_is_refused(emulator: Emulator, body: Any, says: str) -> None:
    status, answer, _ = post(emulator, body, path=BATCHES)
    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
    assert says in answer["error"]["message"]


def test_a_batch_belongs_to_its_key(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    emulator.keys = frozenset({KEY, "another"})
    made = ask.messages.batches.create(requests=many(1))
    with anthropic.Anthropic(api_key="another", base_url=emulator.url, max_retries=0) as other:
        assert other.messages.batches.list().data == []
        with pytest.raises(anthropic.NotFoundError):
            other.messages.batches.retrieve(made.id)
    with anthropic.Anthropic(api_key="wrong", base_url=emulator.url, max_retries=0) as wrong:
        for call in calls(wrong, made.id):
            with pytest.raises(anthropic.AuthenticationError):
                call()


def calls(client: anthropic.Anthropic, batch: str) -> list[Callable[[], object]]:
    batches = client.messages.batches
    return [
        lambda: batches.create(requests=many(1)),
        lambda: batches.retrieve(batch),
        batches.list,
        lambda: batches.cancel(batch),
        lambda: batches.delete(batch),
    ]


def test_batches_are_listed_newest_first_in_pages(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    made = [ask.messages.batches.create(requests=many(1)).id for _ in range(5)]
    page = ask.messages.batches.list(limit=2)
    assert ([one.id for one in page.data], page.has_more) == ([made[4], made[3]], True)
    assert [one.id for one in ask.messages.batches.list(limit=2)] == made[::-1]
    before = ask.messages.batches.list(limit=2, before_id=made[0])
    assert [one.id for one in before.data] == [made[2], made[1]]
    with pytest.raises(anthropic.BadRequestError):
        ask.messages.batches.list(limit=0)


def test_an_answer_can_be_lost_though_the_batch_was_made(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    emulator.script.add(EndpointRule(Fault("reset"), "batches.create", times=1, done=True))
    with pytest.raises(anthropic.APIConnectionError):
        ask.messages.batches.create(requests=many(2))
    assert [one.request_counts.succeeded for one in ask.messages.batches.list()] == [2]


def test_every_endpoint_can_fail(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    made = ask.messages.batches.create(requests=many(1))
    for fault, raised in (
        (Fault("status", status=529), anthropic.OverloadedError),
        (Fault("cut"), anthropic.APIConnectionError),
        (Fault("reset"), anthropic.APIConnectionError),
    ):
        emulator.script.endpoints[:] = [EndpointRule(fault)]
        for call in calls(ask, made.id):
            with pytest.raises(raised):
                call()


def test_the_results_can_break_off(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    made = ask.messages.batches.create(requests=many(10))
    emulator.script.add(EndpointRule(Fault("cut", at=1500), "batches.results", number=1))
    with pytest.raises(httpx2.RemoteProtocolError):
        results(ask, made.id)
    assert len(results(ask, made.id)) == 10


def test_the_bill_of_a_batch_follows_the_price_list(emulator: Emulator, ask: anthropic.Anthropic) -> None:
    made = ask.messages.batches.create(requests=[one("a")])
    ask.messages.batches.retrieve(made.id)
    usage = results(ask, made.id)["a"].message.usage
    assert emulator.bill == (usage.input_tokens * Decimal(2) + usage.output_tokens * Decimal(10)) / 2_000_000
