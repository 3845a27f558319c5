"""Cache diagnostics as the documentation describes them."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest

from tests.emulator import KEY, Emulator


@pytest.fixture
def client(emulator: Emulator) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key=KEY, base_url=emulator.url, max_retries=0)


def say(client: anthropic.Anthropic, previous: str | None = None, **changes: Any) -> Any:
    asked: dict[str, Any] = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 100,
        "system": "You review code.",
        "messages": [{"role": "user", "content": "Look."}],
        "diagnostics": {"previous_message_id": previous},
    }
    return client.messages.create(**(asked | changes))


def test_only_who_asks_is_told_and_remembered(client: anthropic.Anthropic) -> None:
    silent = say(client, diagnostics=anthropic.omit)
    assert silent.diagnostics is None
    told = say(client, silent.id)
    assert told.diagnostics.cache_miss_reason.type == "previous_message_not_found"
    assert say(client, told.id).diagnostics is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "claude-opus-5-5"}, "model_changed"),
        ({"system": "You review prose."}, "system_changed"),
        ({"messages": [{"role": "user", "content": "Look again."}]}, "messages_changed"),
        ({"output_config": {"effort": "low"}}, "unavailable"),
        ({"tools": [{"name": "look", "input_schema": {"type": "object"}}]}, "tools_changed"),
    ],
)
def test_the_first_difference_is_named(client: anthropic.Anthropic, changes: dict[str, Any], reason: str) -> None:
    told = say(client, say(client).id, **changes).diagnostics.cache_miss_reason
    assert told.type == reason
    assert hasattr(told, "cache_missed_input_tokens") == reason.endswith("_changed")


def test_what_is_added_and_breakpoints_are_no_difference(client: anthropic.Anthropic) -> None:
    first = say(client)
    look = {"type": "text", "text": "Look.", "cache_control": {"type": "ephemeral"}}
    longer = [
        {"role": "user", "content": [look]},
        {"role": "assistant", "content": "I see."},
        {"role": "user", "content": "And?"},
    ]
    unbroken = [{"role": "user", "content": [{"type": "text", "text": "Look."}]}]
    second = say(client, first.id, messages=unbroken)
    assert say(client, second.id, messages=longer).diagnostics is None


def test_a_comparison_may_still_be_going_on(emulator: Emulator, client: anthropic.Anthropic) -> None:
    emulator.diagnoses.pending = True
    first = say(client)
    assert first.diagnostics is None
    assert say(client, first.id).diagnostics.cache_miss_reason is None


@pytest.mark.parametrize(
    "given", [{"previous": "msg_1"}, {"previous_message_id": "1"}, {"previous_message_id": 1}, "x"]
)
def test_other_shapes_are_refused(client: anthropic.Anthropic, given: Any) -> None:
    with pytest.raises(anthropic.BadRequestError, match="diagnostics"):
        say(client, diagnostics=given)
