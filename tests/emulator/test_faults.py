"""Every fault that can be scripted, as the real SDK meets it."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest

from rebuttal.debate.statement import STATEMENT_SCHEMA
from tests.emulator import KEY, Emulator, EndpointRule, Fault, Limits, ManualClock, Rule, Script, load, network
from tests.emulator.errors import TYPES
from tests.emulator.script import ScriptError
from tests.emulator.test_refusals import HOUR, post, request, text, user
from tests.emulator.test_streams import asking, raw_events


@pytest.fixture
def client(emulator: Emulator) -> Iterator[anthropic.Anthropic]:
    with talking_to(emulator.url) as made:
        yield made


def talking_to(url: str, **more: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0, **{"timeout": 5, **more})


def streamed(client: anthropic.Anthropic, **changes: Any) -> anthropic.types.Message:
    with client.messages.stream(**asking(**changes)) as stream:
        return stream.get_final_message()


# Errors of the service


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 429, 500, 503, 504, 529])
def test_every_error_of_the_service(emulator: Emulator, client: anthropic.Anthropic, status: int) -> None:
    emulator.script.add(Rule(fault=Fault("status", status=status, message="as scripted")))
    with pytest.raises(anthropic.APIStatusError) as raised:
        streamed(client)
    assert (raised.value.status_code, raised.value.type) == (status, TYPES[status])
    assert emulator.bill == 0


@pytest.mark.parametrize("headers", [{}, {"retry-after": "7"}])
def test_a_429_with_and_without_retry_after(
    emulator: Emulator, client: anthropic.Anthropic, headers: dict[str, str]
) -> None:
    emulator.script.add(Rule(fault=Fault("status", status=429, headers=headers)))
    with pytest.raises(anthropic.RateLimitError) as raised:
        streamed(client)
    assert raised.value.response.headers.get("retry-after") == headers.get("retry-after")


def test_a_fault_comes_by_number_or_by_chance() -> None:
    script = Script([Rule(number=2, fault=Fault("status", status=500)), Rule(chance=0.4, fault=Fault("status"))])
    with Emulator(script) as emulator:
        found = [post(emulator, request())[0] for _ in range(40)]
    assert found[1] == 500
    assert 8 <= found.count(529) <= 24
    assert found.count(500) == 1


# The network


def test_a_connection_is_refused() -> None:
    with network.refusing() as url, talking_to(url) as client, pytest.raises(anthropic.APIConnectionError):
        streamed(client)


def test_a_name_does_not_resolve() -> None:
    with talking_to(network.NOWHERE) as client, pytest.raises(anthropic.APIConnectionError):
        streamed(client)


@pytest.mark.parametrize("kind", ["untrusted", "no_tls", "cut"])
def test_tls_fails(kind: network.Unsafe) -> None:
    with network.unsafe(kind) as url, talking_to(url) as client, pytest.raises(anthropic.APIConnectionError) as raised:
        streamed(client)
    assert kind == "cut" or isinstance(root(raised.value), ssl.SSLError)


@pytest.mark.parametrize(("kind", "says"), [("expired", "expired"), ("wrong_host", "not valid for")])
def test_a_certificate_is_not_of_now_or_of_this_host(kind: network.Unsafe, says: str, tmp_path: Path) -> None:
    trusted = tmp_path / "authority.pem"
    network.authority().cert_pem.write_to_path(str(trusted))
    context = ssl.create_default_context(cafile=str(trusted))
    with (
        network.unsafe(kind) as url,
        httpx2.Client(verify=context) as http,
        pytest.raises(httpx2.ConnectError, match=says),
    ):
        http.get(url)


def root(error: BaseException) -> BaseException:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment] # one of them is there
    return error


@pytest.mark.parametrize("status", [403, 407, 502])
@pytest.mark.parametrize("url", ["http://service.invalid", "https://service.invalid"])
def test_a_proxy_refuses(status: int, url: str) -> None:
    with (
        network.Proxy(status) as proxy,
        talking_to(url, http_client=httpx2.Client(proxy=proxy.url)) as client,
        pytest.raises(anthropic.APIError) as raised,
    ):
        streamed(client)
    assert len(proxy.asked) == 1
    assert isinstance(
        raised.value, anthropic.APIStatusError if url.startswith("http:") else anthropic.APIConnectionError
    )


def test_a_proxy_lets_through(emulator: Emulator) -> None:
    emulator.script.add(Rule(reply="through the proxy"))
    with network.Proxy(None, emulator.port) as proxy:
        named = proxy.url.replace("http://", "http://somebody:secret@")
        with talking_to("http://service.invalid", http_client=httpx2.Client(proxy=named)) as client:
            assert streamed(client).content[-1].text == "through the proxy"  # type: ignore[union-attr] # of a text block
    assert proxy.asked == ["POST http://service.invalid/v1/messages HTTP/1.1"]
    assert proxy.credentials == ["Basic c29tZWJvZHk6c2VjcmV0"]


def test_a_proxy_that_says_nothing() -> None:
    with (
        network.Proxy(stalls=True) as proxy,
        talking_to("https://service.invalid", http_client=httpx2.Client(proxy=proxy.url), timeout=0.2) as client,
        pytest.raises(anthropic.APITimeoutError),
    ):
        streamed(client)


# Silence


def test_the_server_stops_reading_the_request(emulator: Emulator) -> None:
    emulator.script.add(Rule(number=1, fault=Fault("body_stall")))
    big = user(text("x" * 12_000_000))
    timeout = httpx2.Timeout(20, write=0.3)
    with talking_to(emulator.url, timeout=timeout) as client:
        with pytest.raises(anthropic.APITimeoutError) as raised:
            client.messages.create(**asking(messages=big))
        assert isinstance(raised.value.__cause__, httpx2.WriteTimeout)
        assert client.messages.create(**asking()).stop_reason == "end_turn"
    assert [record.model for record in emulator.records] == [None, "claude-sonnet-5-5"]


def test_a_request_that_is_not_read_fits_no_rule_that_reads_it() -> None:
    with pytest.raises(ScriptError, match="has not been read"):
        Rule(seat="architect", fault=Fault("body_stall"))


@pytest.mark.parametrize("at", [None, 0, 1, 4, -1])
def test_a_stall(emulator: Emulator, at: int | None) -> None:
    emulator.script.add(Rule(reply="Hello there", fault=Fault("stall", at=at)))
    with (
        talking_to(emulator.url, timeout=0.2) as client,
        pytest.raises((anthropic.APITimeoutError, httpx2.ReadTimeout)),
    ):
        streamed(client)
    emulator.wait(lambda: emulator.records[0].closed_early is not None)
    assert len(emulator.records[0].events) == (0 if at is None else at if at >= 0 else 9)


@pytest.mark.parametrize("at", [None, 4])
def test_a_stall_that_ends(emulator: Emulator, client: anthropic.Anthropic, at: int | None) -> None:
    emulator.script.add(Rule(reply="Hello there", fault=Fault("stall", at=at, seconds=0.2)))
    began = time.monotonic()
    assert streamed(client).stop_reason == "end_turn"
    assert time.monotonic() - began >= 0.2


def test_pings_keep_a_connection_up_that_says_nothing(emulator: Emulator) -> None:
    emulator.script.add(Rule(reply="Hello there", fault=Fault("drip", at=4, seconds=0.5, every=0.05)))
    with talking_to(emulator.url, timeout=0.3) as client:
        assert streamed(client).stop_reason == "end_turn"


# Streams


def count_of_events() -> int:
    with Emulator(Script([Rule(reply="Hello there")])) as emulator:
        post(emulator, request(stream=False))
        return len(raw_events(emulator, request(stream=True)))


@pytest.mark.parametrize("kind", ["cut", "reset", "eof", "error_event", "not_json"])
def test_a_stream_breaks_at_every_event(emulator: Emulator, kind: Any) -> None:
    count = count_of_events()
    for at in range(count):
        emulator.script.rules[:] = [Rule(reply="Hello there", fault=Fault(kind, at=at))]
        with talking_to(emulator.url) as client:
            try:
                complete = streamed(client).stop_reason is not None
            except (anthropic.APIError, httpx2.HTTPError, AssertionError, json.JSONDecodeError):
                complete = False
        # Event 1 is a ping, which nobody reads. After message_delta everything has been said.
        assert not complete or at == count - 1 or (kind == "not_json" and at == 1)


def test_events_come_twice(emulator: Emulator) -> None:
    emulator.script.add(Rule(reply="Hello", times=1, fault=Fault("duplicate", at=6)))
    kinds = [kind for kind, _ in raw_events(emulator, request(stream=True))]
    assert kinds.count("content_block_delta") == 3
    emulator.script.add(Rule(reply="Hello", fault=Fault("duplicate")))
    assert [kind for kind, _ in raw_events(emulator, request(stream=True))].count("message_stop") == 2


def test_an_event_that_nobody_knows_is_passed_over(emulator: Emulator, client: anthropic.Anthropic) -> None:
    emulator.script.add(Rule(reply="Hello", fault=Fault("unknown_event", at=3)))
    assert streamed(client).stop_reason == "end_turn"
    emulator.script.rules[:] = [Rule(reply="Hello", fault=Fault("unknown_event", at=3))]
    assert "emulated_event" in [kind for kind, _ in raw_events(emulator, request(stream=True))]


# Answers


STATEMENT: dict[str, Any] = {"claims": [], "rulings": [], "needs": []}


@pytest.mark.parametrize(
    ("rule", "stop"),
    [
        (Rule(reply=STATEMENT, share=0.6), "end_turn"),
        (Rule(reply=STATEMENT, fault=Fault("garbled")), "end_turn"),
        (Rule(reply=STATEMENT, share=0.6, stop_reason="max_tokens"), "max_tokens"),
    ],
)
def test_an_answer_that_is_no_json(emulator: Emulator, client: anthropic.Anthropic, rule: Rule, stop: str) -> None:
    emulator.script.add(rule)
    message = streamed(client, output_config={"format": {"type": "json_schema", "schema": STATEMENT_SCHEMA}})
    assert message.stop_reason == stop
    said = message.content[-1].text  # type: ignore[union-attr] # of a text block
    assert said.startswith('{"claims"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(said)


@pytest.mark.parametrize(("share", "blocks"), [(1.0, []), (0.5, ["thinking", "text"])])
def test_a_refusal_before_the_answer_and_in_its_midst(
    emulator: Emulator, client: anthropic.Anthropic, share: float, blocks: list[str]
) -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": None}
    emulator.script.default = "A long answer that is refused in its midst"
    emulator.script.add(Rule(stop_reason="refusal", stop_details=details, share=share))
    message = streamed(client)
    assert ([block.type for block in message.content], message.stop_reason) == (blocks, "refusal")
    assert message.stop_details is not None
    assert message.stop_details.category == "cyber"


def test_another_model_answers(emulator: Emulator, client: anthropic.Anthropic) -> None:
    emulator.script.add(Rule(answers_as="claude-opus-5-5"))
    assert streamed(client).model == "claude-opus-5-5"


# Rate limits


def test_every_response_tells_the_rate_limits(emulator: Emulator) -> None:
    emulator.script.add(Rule(number=2, fault=Fault("status", status=500)))
    for status in (200, 500, 200):
        found, _, headers = post(emulator, request())
        assert found == status
        assert headers["anthropic-ratelimit-requests-limit"] == "1000"
        assert headers["anthropic-ratelimit-input-tokens-limit"] == "2000000"
        assert headers["anthropic-ratelimit-output-tokens-limit"] == "400000"
        assert headers["anthropic-ratelimit-requests-reset"].endswith("Z")
        assert int(headers["anthropic-ratelimit-requests-remaining"]) >= 997


def limited(limits: Limits) -> tuple[Emulator, ManualClock]:
    clock = ManualClock()
    return Emulator(clock=clock, limits=limits), clock


def test_requests_are_limited_and_come_back_one_by_one() -> None:
    emulator, clock = limited(Limits(requests=60))
    with emulator:
        assert [post(emulator, request())[0] for _ in range(61)] == [200] * 60 + [429]
        _, body, headers = post(emulator, request())
        assert (body["error"]["type"], headers["retry-after"]) == ("rate_limit_error", "1")
        assert headers["anthropic-ratelimit-requests-remaining"] == "0"
        clock.advance(2)
        assert [post(emulator, request())[0] for _ in range(3)] == [200, 200, 429]
        assert post(emulator, request("claude-opus-5-5"))[0] == 200


def test_what_is_read_from_the_cache_does_not_count_against_the_limit() -> None:
    emulator, _ = limited(Limits(input_tokens=12_000))
    shared = text("x" * 20_000, **HOUR)
    with emulator:
        assert [post(emulator, request(messages=user(shared, text("a"))))[0] for _ in range(30)] == [200] * 30
        status, _, headers = post(emulator, request(messages=user(text("y" * 20_000))))
        assert status == 429
        assert 0 < int(headers["retry-after"]) <= 60


def test_output_counts_as_it_was_and_not_as_it_might_be() -> None:
    emulator, clock = limited(Limits(output_tokens=1_000))
    emulator.script.default = "word " * 500
    with emulator:
        asked = request(max_tokens=60_000)
        assert [post(emulator, asked)[0] for _ in range(3)] == [200, 200, 429]
        clock.advance(120)
        assert post(emulator, asked)[0] == 200


def test_a_refused_request_uses_up_no_rule_and_refreshes_no_cache() -> None:
    emulator, clock = limited(Limits(requests=1))
    emulator.script.add(Rule(times=1, reply="first"), Rule(times=1, reply="second"))
    five = user(text("x" * 20_000, cache_control={"type": "ephemeral"}))
    with emulator:
        assert post(emulator, request(messages=five))[0] == 200
        for _ in range(3):
            assert post(emulator, request(messages=five))[0] == 429
        clock.advance(299)
        _, body, _ = post(emulator, request(messages=five))
        assert body["content"][-1]["text"] == "second"
        assert body["usage"]["cache_read_input_tokens"] > 0


def test_counting_has_a_limit_of_its_own() -> None:
    emulator, _ = limited(Limits(requests=1, counting=3))
    body = {key: value for key, value in request().items() if key != "max_tokens"}
    with emulator:
        path = "/v1/messages/count_tokens"
        assert [post(emulator, body, path=path)[0] for _ in range(4)] == [200, 200, 200, 429]
        assert post(emulator, request())[0] == 200


def test_the_other_endpoints_fail_by_rules_of_their_own(emulator: Emulator, client: anthropic.Anthropic) -> None:
    emulator.script.add(EndpointRule(Fault("status", status=404), "count_tokens"), EndpointRule(Fault("cut"), "models"))
    with pytest.raises(anthropic.NotFoundError):
        client.messages.count_tokens(model="claude-sonnet-5-5", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(anthropic.APIConnectionError):
        client.models.list()
    assert client.models.retrieve("claude-opus-5-5").id == "claude-opus-5-5"


def test_a_script_in_a_file_may_name_endpoints(tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text(json.dumps({"endpoints": [{"endpoint": "models", "fault": {"kind": "status"}}]}), "utf-8")
    assert load(file).endpoints == [EndpointRule(Fault("status"), "models")]
