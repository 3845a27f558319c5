"""The emulator refuses what the API refuses, with the API's error bodies. Raw HTTP: no SDK repairs a request."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

import pytest

from rebuttal.debate.statement import STATEMENT_SCHEMA
from tests.emulator import KEY, Emulator, Fault, Rule
from tests.emulator.models import MODELS, RETIRED
from tests.emulator.validate import MAX_BODY

HEADERS = {"x-api-key": KEY, "anthropic-version": "2026-10-21", "content-type": "application/json"}
HELLO = [{"role": "user", "content": "Hello"}]


def post(
    emulator: Emulator,
    body: Any,
    headers: Mapping[str, str | None] = {},
    path: str = "/v1/messages",
) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=20)
    sent = {name: value for name, value in {**HEADERS, **headers}.items() if value is not None}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request("POST", path, raw, sent)
        response = connection.getresponse()
        return response.status, json.loads(response.read()), dict(response.headers)
    finally:
        connection.close()


def request(model: Any = "claude-sonnet-5-5", **changes: Any) -> dict[str, Any]:
    body = {"model": model, "max_tokens": 64, "messages": HELLO, **changes}
    return {key: value for key, value in body.items() if value is not ...}


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": value, **more}


def user(*blocks: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(blocks)}]


def with_schema(schema: Any, **changes: Any) -> dict[str, Any]:
    return request(output_config={"format": {"type": "json_schema", "schema": schema}}, **changes)


def an_object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


CACHED = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
TOOL = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
OPTIONAL = an_object() | {"properties": {f"p{n}": {"type": "string"} for n in range(25)}}
UNIONS = an_object(**{f"p{n}": {"anyOf": [{"type": "string"}, {"type": "null"}]} for n in range(17)})
RECURSIVE = an_object(top={"$ref": "#/$defs/n"}) | {"$defs": {"n": an_object(next={"$ref": "#/$defs/n"})}}

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("unknown field", request(frobnicate=1), "frobnicate: Extra inputs are not permitted"),
    ("no model", request(model=...), "model: Field required"),
    ("no max_tokens", request(max_tokens=...), "max_tokens: Field required"),
    ("no messages", request(messages=[]), "messages: at least one message is required"),
    ("negative max_tokens", request(max_tokens=-1), "max_tokens"),
    ("max_tokens above the model's", request(max_tokens=128_001), "128001 > 128000"),
    ("max_tokens above haiku 4.5's", request("claude-haiku-4-5", max_tokens=64_001), "64001 > 64000"),
    ("stop is no boolean", request(stream="yes"), "stream"),
    *(
        (f"{name} on {model}", request(model, **{name: value}), name)
        for model in MODELS
        for name, value in (("temperature", 1), ("top_p", 0.99), ("top_k", 1))
    ),
    # Thinking.
    *(
        (f"enabled on {model}", request(model, thinking={"type": "enabled", "budget_tokens": 1024}), "adaptive")
        for model in MODELS
        if "enabled" not in MODELS[model].thinking
    ),
    *(
        (f"between_tools on {model}", request(model, thinking={"type": "between_tools"}), "between_tools")
        for model in MODELS
        if "between_tools" not in MODELS[model].thinking
    ),
    ("disabled on opus", request("claude-opus-5-5", thinking={"type": "disabled"}), "thinking.type.disabled"),
    ("disabled on fable", request("claude-fable-5-2", thinking={"type": "disabled"}), "thinking.type.disabled"),
    ("disabled on sonnet", request(thinking={"type": "disabled"}), 'send "thinking": {"type": "between_tools"}'),
    ("adaptive on haiku 4.5", request("claude-haiku-4-5", thinking={"type": "adaptive"}), "adaptive thinking is not"),
    ("between_tools with display", request(thinking={"type": "between_tools", "display": "omitted"}), "display"),
    ("unknown thinking", request(thinking={"type": "hard"}), "thinking.type"),
    (
        "a budget that is too small",
        request("claude-haiku-4-5", thinking={"type": "enabled", "budget_tokens": 1023}, max_tokens=2000),
        "1024",
    ),
    (
        "a budget above max_tokens",
        request("claude-haiku-4-5", thinking={"type": "enabled", "budget_tokens": 2000}, max_tokens=2000),
        "max_tokens",
    ),
    # Effort.
    ("effort on haiku 4.5", request("claude-haiku-4-5", output_config={"effort": "low"}), "effort"),
    ("xhigh on sonnet 4.6", request("claude-sonnet-4-6", output_config={"effort": "xhigh"}), "xhigh"),
    ("unknown effort", request(output_config={"effort": "some"}), "effort"),
    (
        "xhigh without thinking",
        request(thinking={"type": "between_tools"}, output_config={"effort": "xhigh"}),
        "output_config.effort 'xhigh' is not supported when thinking is disabled on this model.",
    ),
    ("unknown output config", request(output_config={"name": "x"}), "output_config.name"),
    # Tools, prefill, messages.
    *(
        (
            f"forced tool on {model}",
            request(model, tools=[TOOL], tool_choice={"type": "any"}),
            'tool_choice: type "tool" and "any" are not supported for this model.',
        )
        for model in ("claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-2")
    ),
    (
        "forced tool with manual thinking",
        request(
            "claude-haiku-4-5",
            tools=[TOOL],
            tool_choice={"type": "tool", "name": "look"},
            thinking={"type": "enabled", "budget_tokens": 1024},
            max_tokens=2000,
        ),
        "tool_choice forces",
    ),
    *(
        (
            f"prefill on {model}",
            request(model, messages=[*HELLO, {"role": "assistant", "content": "{"}]),
            "This model does not support assistant message prefill.",
        )
        for model in MODELS
        if not MODELS[model].prefill
    ),
    (
        "prefill with thinking",
        request(
            "claude-haiku-4-5",
            messages=[*HELLO, {"role": "assistant", "content": "{"}],
            thinking={"type": "enabled", "budget_tokens": 1024},
            max_tokens=2000,
        ),
        "prefill",
    ),
    (
        "system message on sonnet 5",
        request("claude-sonnet-5", messages=[*HELLO, {"role": "system", "content": "x"}]),
        "role 'system' is not supported on this model",
    ),
    ("system message first", request(messages=[{"role": "system", "content": "x"}, *HELLO]), "system message"),
    ("unknown role", request(messages=[{"role": "critic", "content": "x"}]), "role"),
    ("empty text", request(messages=user(text(""))), "non-empty"),
    ("empty content", request(messages=user()), "non-empty content"),
    ("unknown key in a block", request(messages=user(text("x", colour="red"))), "colour"),
    ("unknown block", request(messages=user({"type": "video"})), "video"),
    (
        "document of the assistant",
        request(messages=[*HELLO, {"role": "assistant", "content": [{"type": "document"}]}, *HELLO]),
        "document",
    ),
    ("citations of the user", request(messages=user(text("x", citations=[{"type": "char_location"}]))), "citations"),
    ("image in system", request(system=[{"type": "image"}]), "system"),
    # Cache.
    ("five breakpoints", request(messages=user(*(text(str(n), **CACHED) for n in range(5)))), "A maximum of 4 blocks"),
    (
        "automatic caching as the fifth",
        request(messages=user(*(text(str(n), **CACHED) for n in range(4)), text("x")), **CACHED),
        "A maximum of 4 blocks",
    ),
    ("an hour after five minutes", request(messages=user(text("a", **CACHED), text("b", **HOUR))), "ttl='1h'"),
    ("unknown ttl", request(messages=user(text("a", cache_control={"type": "ephemeral", "ttl": "2h"}))), "ttl"),
    ("cached empty text", request(messages=user(text("", **CACHED))), "empty text"),
    ("automatic with another ttl", request(messages=user(text("a", **HOUR)), **CACHED), "another ttl"),
    # max_tokens 0.
    ("warming with a stream", request(max_tokens=0, stream=True), "max_tokens: 0"),
    ("warming with a format", with_schema(an_object(), max_tokens=0), "max_tokens: 0"),
    # Speed, place.
    ("fast sonnet", request(speed="fast"), "speed"),
    ("fast opus 5 without its beta", request("claude-opus-5", speed="fast"), "speed"),
    ("place of an old model", request("claude-haiku-4-5", inference_geo="us"), "inference_geo"),
    # Structured output.
    ("format without type", request(output_config={"format": {"schema": an_object()}}), "json_schema"),
    (
        "format with a name",
        request(output_config={"format": {"type": "json_schema", "name": "x", "schema": an_object()}}),
        "name",
    ),
    ("output_format at the top", request(output_format={"type": "json_schema"}), "output_format"),
    ("open object", with_schema({"type": "object", "properties": {}}), "additionalProperties"),
    ("nested open object", with_schema(an_object(a={"type": "object"})), "additionalProperties"),
    ("minimum", with_schema(an_object(a={"type": "integer", "minimum": 0})), "minimum"),
    ("maxLength", with_schema(an_object(a={"type": "string", "maxLength": 9})), "maxLength"),
    ("maxItems", with_schema(an_object(a={"type": "array", "maxItems": 9})), "maxItems"),
    ("minItems 2", with_schema(an_object(a={"type": "array", "minItems": 2})), "minItems"),
    ("oneOf", with_schema(an_object(a={"oneOf": []})), "oneOf"),
    ("unknown format", with_schema(an_object(a={"type": "string", "format": "phone"})), "phone"),
    ("lookahead", with_schema(an_object(a={"type": "string", "pattern": "(?=a)b"})), "pattern"),
    ("enum of objects", with_schema(an_object(a={"enum": [{}]})), "enum"),
    ("recursion", with_schema(RECURSIVE), "recursive"),
    ("external $ref", with_schema(an_object(a={"$ref": "https://example.org/x"})), "$ref"),
    ("a property that is required and missing", with_schema({**an_object(), "required": ["a"]}), "not defined"),
    ("25 optional properties", with_schema(OPTIONAL), "Schema is too complex for compilation."),
    ("17 unions", with_schema(UNIONS), "Schema is too complex for compilation."),
    (
        "format with citations",
        with_schema(an_object(), messages=user({"type": "document", "citations": {"enabled": True}}, text("x"))),
        "citations",
    ),
]


@pytest.mark.parametrize(("body", "says"), [pytest.param(body, says, id=name) for name, body, says in REFUSED])
def test_what_the_api_refuses_is_refused(emulator: Emulator, body: dict[str, Any], says: str) -> None:
    status, answer, headers = post(emulator, body)
    assert status == 400, answer
    assert answer["type"] == "error"
    assert answer["error"]["type"] == "invalid_request_error"
    assert says in answer["error"]["message"]
    assert answer["request_id"] == headers["request-id"]
    assert emulator.bill == 0


TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("our schema", with_schema(STATEMENT_SCHEMA, max_tokens=4000)),
    ("everything supported", with_schema(an_object(
        a={"type": "array", "items": {"type": "string"}, "minItems": 1},
        b={"enum": ["x", 1, None]},
        c={"$ref": "#/$defs/c"},
        d={"type": "string", "format": "date", "description": "a day", "default": "2026-01-01"},
        e={"type": ["string", "null"]},
        f={"type": "string", "pattern": "^[a-z]+$"},
        g={"const": 3},
    ) | {"$defs": {"c": an_object(x={"type": "boolean"})}})),
    ("four breakpoints", request(messages=user(*(text(str(n), **CACHED) for n in range(4))))),
    ("an hour before five minutes", request(messages=user(text("a", **HOUR), text("b", **CACHED)))),
    ("warming", request(max_tokens=0)),
    ("prefill on haiku 4.5", request("claude-haiku-4-5", messages=[*HELLO, {"role": "assistant", "content": "{"}])),
    ("forced tool on sonnet 5", request("claude-sonnet-5", tools=[TOOL], tool_choice={"type": "any"})),
    ("system message", request(messages=[*HELLO, {"role": "system", "content": "x"}])),
    ("fast opus", request("claude-opus-5-5", speed="fast")),
    ("sonnet without thinking", request(thinking={"type": "between_tools"}, output_config={"effort": "high"})),
    ("max effort", request("claude-opus-5-5", output_config={"effort": "max"})),
    ("metadata", request(metadata={"user_id": "u"}, service_tier="auto", stop_sequences=["x"], system="s")),
]  # fmt: skip


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in TAKEN])
def test_what_the_api_takes_is_taken(emulator: Emulator, body: dict[str, Any]) -> None:
    emulator.script.default = "whatever it says"
    status, answer, headers = post(emulator, body)
    assert status == 200, answer
    assert answer["type"] == "message"
    assert headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"x-api-key": None}, 401, "authentication_error"),
        ({"x-api-key": "wrong"}, 401, "authentication_error"),
        ({"x-api-key": None, "Authorization": "Bearer wrong"}, 401, "authentication_error"),
        ({"x-api-key": None, "Authorization": f"Bearer {KEY}"}, 200, None),
        ({"anthropic-version": None}, 400, "invalid_request_error"),
        ({"anthropic-version": "2025-01-01"}, 400, "invalid_request_error"),
        ({"content-type": "text/plain"}, 400, "invalid_request_error"),
    ],
)
def test_headers_are_checked(emulator: Emulator, headers: dict[str, str | None], status: int, kind: str | None) -> None:
    got, answer, back = post(emulator, request(), headers)
    assert got == status
    assert answer.get("error", {}).get("type") == kind
    assert back["request-id"]


@pytest.mark.parametrize("model", [*RETIRED, "claude-next", "gpt-9"])
def test_a_model_that_does_not_exist_is_not_found(emulator: Emulator, model: str) -> None:
    status, answer, _ = post(emulator, request(model))
    assert (status, answer["error"]) == (404, {"type": "not_found_error", "message": f"model: {model}"})


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(emulator: Emulator, body: bytes) -> None:
    status, answer, _ = post(emulator, body)
    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")


def test_a_body_above_32_mb_is_too_large(emulator: Emulator) -> None:
    status, answer, _ = post(emulator, b" " * (MAX_BODY + 1))
    assert (status, answer["error"]["type"]) == (413, "request_too_large")


def test_a_prompt_above_the_context_is_too_long(emulator: Emulator) -> None:
    status, answer, _ = post(emulator, request("claude-haiku-4-5", messages=user(text("x" * 900_000))))
    assert status == 400
    assert answer["error"]["message"].startswith("prompt is too long: 225")
    assert answer["error"]["message"].endswith("> 200000 maximum")


def test_sampling_parameters_live_on_under_the_old_version(emulator: Emulator) -> None:
    old = {"anthropic-version": "2023-06-01"}
    assert post(emulator, request("claude-haiku-4-5", temperature=0.3), old)[0] == 200
    assert post(emulator, request("claude-haiku-5-5", temperature=1), old)[0] == 200
    assert post(emulator, request("claude-haiku-5-5", temperature=0.5), old)[0] == 400
    assert post(emulator, request("claude-haiku-5-5", temperature=1, top_p=0.99), old)[0] == 400


@pytest.mark.parametrize("field", ["max_tokens", "stream", "metadata", "service_tier"])
def test_count_tokens_takes_only_its_own_fields(emulator: Emulator, field: str) -> None:
    body = request(max_tokens=..., **({field: 64} if field != "max_tokens" else {}))
    if field == "max_tokens":
        body["max_tokens"] = 64
    status, answer, _ = post(emulator, body, path="/v1/messages/count_tokens")
    assert status == 400
    assert field in answer["error"]["message"]


def test_count_tokens_checks_the_model_s_rules_too(emulator: Emulator) -> None:
    body = request("claude-opus-5-5", max_tokens=..., tools=[TOOL], tool_choice={"type": "any"})
    assert post(emulator, body, path="/v1/messages/count_tokens")[0] == 400


def test_an_unknown_path_is_answered_in_the_api_s_shape(emulator: Emulator) -> None:
    status, answer, headers = post(emulator, request(), path="/v1/complete")
    assert (status, answer["error"]["type"]) == (404, "not_found_error")
    assert headers["request-id"] == answer["request_id"]


def test_a_scripted_status_has_the_api_s_body_code_and_headers(emulator: Emulator) -> None:
    emulator.script.add(
        Rule(
            fault=Fault(
                "status", status=429, message="Cap", error_code="ramp_limit_exceeded", headers={"retry-after": "3"}
            )
        )
    )
    status, answer, headers = post(emulator, request())
    assert status == 429
    assert headers["retry-after"] == "3"
    assert answer["error"] == {
        "type": "rate_limit_error",
        "message": "Cap",
        "details": {"error_code": "ramp_limit_exceeded"},
    }
