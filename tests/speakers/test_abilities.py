"""What is learnt from a refusal, and what is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rebuttal.speakers.catalogue import facts
from rebuttal.speakers.endpoints.abilities import Abilities, complaint
from rebuttal.speakers.requests import message_request
from tests.emulator.compatible import STRICT
from tests.speakers.conftest import Heard, MakeCompatible, turn


def request() -> dict[str, Any]:
    """Of Opus, with breakpoints and an effort."""
    made = message_request(turn(tier="opus"), facts("opus"))
    made["system"][0]["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    return made


def learnt(body: object) -> set[str]:
    abilities = Abilities()
    abilities.learn(complaint(body), request())
    return abilities.refused


def api(message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}


@pytest.mark.parametrize(
    "message",
    [
        "Output blocked by content filtering policy",
        "messages: text content blocks must be non-empty",
        "Your credit balance is too low to access the system.",
        "An internal system error occurred",
        "The model identifier has an invalid format.",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "",
    ],
)
def test_a_refusal_that_is_about_something_else_teaches_nothing(message: str) -> None:
    assert learnt(api(message)) == set()


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (api("system.0.cache_control: Extra inputs are not permitted"), {"caching"}),
        (api("system.0.cache_control.ttl: Extra inputs are not permitted"), {"lifetime"}),
        (api("output_config.format: not supported"), {"format"}),
        (api("output_config: Extra inputs are not permitted"), {"format", "effort"}),
        (api("output_config.effort: this model has none"), {"effort"}),
        (api("system: Input should be a valid string"), {"system_blocks"}),
        ({"detail": [{"loc": ["body", "messages", 0, "content", "str"], "msg": "a string"}]}, {"content_blocks"}),
        ({"message": "[{'loc': ('body', 'system'), 'msg': 'valid string', 'input': [{'cache_c"}, {"system_blocks"}),
        ("json_schema is not supported here", {"format"}),
        ({"error": 7}, set()),
        (None, set()),
    ],
)
def test_what_a_refusal_names_is_learnt_and_nothing_else(body: object, part: set[str]) -> None:
    assert learnt(body) == part


def test_what_a_validator_repeats_of_the_request_is_not_what_it_complains_of() -> None:
    body = {"detail": [{"loc": ["body", "output_config"], "msg": "Extra inputs are not permitted", "input": request()}]}
    assert learnt(body) == {"format", "effort"}


def test_a_lifetime_that_is_refused_leaves_the_cache_in_use() -> None:
    abilities = Abilities(refused={"lifetime"})
    assert abilities.adapted(request())["system"][0]["cache_control"] == {"type": "ephemeral"}


async def test_who_asked_at_the_same_time_learns_from_the_same_refusal(compatible: MakeCompatible) -> None:
    _, speaker, purse = compatible(STRICT)
    replies = await asyncio.gather(*(speaker.speak(turn(), Heard()) for _ in range(4)))
    assert [reply.failure for reply in replies] == [None] * 4
    assert purse.open == 0


async def test_one_server_s_lesson_is_no_other_server_s(compatible: MakeCompatible) -> None:
    server, speaker, _ = compatible(STRICT)
    assert (await speaker.speak(turn(), Heard())).statement is not None
    learnt_from = len(server.refusals)
    fresh, other, _ = compatible(STRICT)
    assert (await other.speak(turn(), Heard())).statement is not None
    assert len(fresh.refusals) == learnt_from
