"""The prompt cache by the documented rules, on a clock that stands still."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator import KEY, Emulator, ManualClock, Rule
from tests.emulator.test_refusals import CACHED, HOUR, post, request, text, user

LONG = "word " * 2000
OTHER = "text " * 2000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cached(clock: ManualClock) -> Iterator[Emulator]:
    with Emulator(clock=clock, keys=frozenset({KEY, "another-key"})) as emulator:
        yield emulator


def usage(emulator: Emulator, body: dict[str, Any], **headers: str | None) -> tuple[int, int, int]:
    """(input, written, read)"""
    status, answer, _ = post(emulator, body, {name.replace("_", "-"): value for name, value in headers.items()})
    assert status == 200, answer
    found = answer["usage"]
    return found["input_tokens"], found["cache_creation_input_tokens"], found["cache_read_input_tokens"]


def shared(ask: str = "one", model: str = "claude-sonnet-5-5", **changes: Any) -> dict[str, Any]:
    return request(model, messages=user(text(LONG, **CACHED), text(ask)), **changes)


def test_the_first_writes_the_prefix_and_the_second_reads_it(cached: Emulator) -> None:
    plain, written, read = usage(cached, shared("one"))
    assert read == 0
    assert written > 3000
    assert usage(cached, shared("two")) == (plain, 0, written)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"model": "claude-opus-5-5"}, "model"),
        ({"output_config": {"effort": "low"}}, "effort"),
        ({"thinking": {"type": "between_tools"}}, "thinking"),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "string"}}}}, "format"),
        ({"system": "You are another."}, "system"),
        ({"tools": [{"name": "t", "input_schema": {}}]}, "tools"),
    ],
)
def test_whatever_stands_before_or_beside_the_prefix_is_part_of_the_key(
    cached: Emulator, change: dict[str, Any], why: str
) -> None:
    usage(cached, shared())
    assert usage(cached, shared() | change)[2] == 0, why


def test_another_key_reads_nothing(cached: Emulator) -> None:
    usage(cached, shared())
    assert usage(cached, shared(), x_api_key="another-key")[2] == 0


def test_an_explicit_default_equals_omission(cached: Emulator) -> None:
    usage(cached, shared())
    explicit = shared(output_config={"effort": "high"}, thinking={"type": "adaptive"})
    assert usage(cached, explicit)[2] > 0


@pytest.mark.parametrize(("ttl", "seconds"), [(CACHED, 300), (HOUR, 3600)])
def test_an_entry_lives_from_the_start_of_the_request_that_wrote_or_read_it(
    cached: Emulator, clock: ManualClock, ttl: dict[str, Any], seconds: int
) -> None:
    body = request(messages=user(text(LONG, **ttl), text("x")))
    usage(cached, body)
    clock.advance(seconds - 1)
    assert usage(cached, body)[2] > 0
    clock.advance(seconds - 1)
    assert usage(cached, body)[2] > 0
    clock.advance(seconds + 1)
    assert usage(cached, body)[2] == 0


@pytest.mark.parametrize(
    ("model", "least"), [("claude-sonnet-5-5", 512), ("claude-sonnet-5", 1024), ("claude-haiku-4-5", 4096)]
)
def test_a_prefix_below_the_model_s_minimum_is_silently_not_cached(cached: Emulator, model: str, least: int) -> None:
    def body(tokens: int) -> dict[str, Any]:
        size = tokens * (4 if model == "claude-haiku-4-5" else 40 / 13)
        return request(model, messages=user(text("x" * int(size), **CACHED), text("ask")))

    for _ in range(2):
        assert usage(cached, body(least - 20))[1:] == (0, 0)
    assert usage(cached, body(least + 20))[1] > 0
    assert usage(cached, body(least + 20))[2] > 0


@pytest.mark.parametrize(("between", "hit"), [(19, True), (20, False)])
def test_a_breakpoint_looks_back_over_20_positions_itself_included(cached: Emulator, between: int, hit: bool) -> None:
    usage(cached, request(messages=user(text(LONG, **CACHED), text("x"))))
    later = [text(str(number)) for number in range(between - 1)]
    grown = request(messages=user(text(LONG), *later, text("last", **CACHED)))
    assert (usage(cached, grown)[2] > 0) is hit


def test_hours_and_minutes_are_billed_apart(cached: Emulator) -> None:
    body = request(messages=user(text(LONG, **HOUR), text(OTHER, **CACHED), text("ask")))
    _, answer, _ = post(cached, body)
    creation = answer["usage"]["cache_creation"]
    assert creation["ephemeral_1h_input_tokens"] > 3000
    assert creation["ephemeral_5m_input_tokens"] > 3000
    assert usage(cached, body)[1:] == (0, sum(creation.values()))


def test_a_warmed_prefix_is_read(cached: Emulator) -> None:
    _, written, _ = usage(cached, shared(max_tokens=0))
    assert usage(cached, shared())[1:] == (0, written)


def test_a_prefix_is_readable_only_once_the_response_that_writes_it_has_begun(
    cached: Emulator, clock: ManualClock
) -> None:
    cached.script.add(Rule(contains="slow", first_byte=10))
    found: list[tuple[int, int, int]] = []
    slow = threading.Thread(target=lambda: found.append(usage(cached, shared("slow"))))
    slow.start()
    cached.wait(lambda: bool(cached.records) and cached.records[0].model is not None)
    _, written, read = usage(cached, shared("meanwhile"))
    assert (written > 0, read) == (True, 0)
    clock.advance(11)
    slow.join(10)
    assert found[0][1:] == (written, 0), "both started before either had begun to answer, so both write"
    assert usage(cached, shared("after"))[2] == written


def test_counts_agree_between_count_tokens_usage_and_cache(cached: Emulator) -> None:
    schema = {"type": "json_schema", "schema": {"type": "string"}}
    body = shared(system="You review.", output_config={"format": schema})
    _, counted, _ = post(cached, {k: v for k, v in body.items() if k != "max_tokens"}, path="/v1/messages/count_tokens")
    for _ in range(2):
        assert sum(usage(cached, body)) == counted["input_tokens"]


def test_the_older_tokenizer_makes_fewer_tokens(cached: Emulator) -> None:
    newer, older = (sum(usage(cached, shared(model=model))) for model in ("claude-haiku-5-5", "claude-haiku-4-5"))
    assert newer / older == pytest.approx(1.3, rel=0.01)
