"""What the API refuses, and the request as the service understands it.

Each rule is from the reference of the API, version 2026-10-21. Message texts are the API's where they are
known; else they follow its style.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from tests.emulator import schema, tokens
from tests.emulator.errors import ApiError, bad_request
from tests.emulator.models import LEVELS, ServiceModel, find

VERSION = "2026-10-21"
OLD_VERSION = "2023-06-01"
MAX_BODY = 32 * 1024 * 1024
MAX_BREAKPOINTS = 4
MAX_MESSAGES = 100_000
MAX_STRICT_TOOLS = 20
SAMPLING = ("temperature", "top_p", "top_k")
COUNTED = frozenset(
    {
        *("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "output_format"),
        *("cache_control", "speed"),
    }
)
CREATED = COUNTED | {
    *("max_tokens", "container", "diagnostics", "inference_geo", "metadata", "service_tier", "stop_sequences"),
    *("stream", "user_profile_id", "workspace_id"),
}
TEXT_KEYS = frozenset({"type", "text", "cache_control", "citations"})
USER_BLOCKS = frozenset({"text", "image", "document", "search_result", "tool_result", "container_upload"})
ASSISTANT_BLOCKS = frozenset(
    {"text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "web_search_tool_result"}
    | {"web_fetch_tool_result", "document"}
)
NO_PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."
NO_FORCED_TOOLS = 'tool_choice: type "tool" and "any" are not supported for this model.'


@frozen
class Block:
    """One position of the prompt, in the order in which the cache sees it: tools, system, messages."""

    key: str
    """Its bytes, with where it stands, without `cache_control`."""
    tokens: int
    ttl: str | None = None
    """Of the cache breakpoint that it carries."""


@frozen
class Request:
    """A request that the service takes."""

    body: Mapping[str, Any]
    model: ServiceModel
    blocks: tuple[Block, ...]
    settings: str
    """What besides the prompt's bytes is part of the cache's key."""
    thinks: bool
    effort: str | None
    format: dict[str, Any] | None
    base_tokens: int
    """Around the request and for its output format: in front of the first block."""
    max_tokens: int = 0
    stream: bool = False
    betas: frozenset[str] = field(factory=frozenset)

    @property
    def prompt_tokens(self) -> int:
        return self.base_tokens + sum(block.tokens for block in self.blocks)

    @property
    def last_text(self) -> str:
        """The last text of the last message: what we ask, after all that is shared."""
        texts = [block["text"] for block in _content(self.body["messages"][-1]) if block["type"] == "text"]
        return texts[-1] if texts else ""

    @property
    def text(self) -> str:
        """All text of system and messages."""
        blocks = [*_system(self.body), *(b for message in self.body["messages"] for b in _content(message))]
        return "\n".join(block["text"] for block in blocks if block["type"] == "text")


def understand(body: Any, version: str, betas: frozenset[str], *, counting: bool = False) -> Request:
    """The request, or the ApiError with which the API refuses it. `counting`: the rules of count_tokens."""
    if not isinstance(body, dict):
        raise bad_request("The request body is not a valid JSON object.")
    _known_fields(body, version, counting)
    model = find(_string(body, "model"))
    _messages(body, model, version)
    _sampling(body, model, version)
    thinking = _thinking(body, model)
    thinks = thinking != model.off if thinking is not None else model.thinks_by_default
    effort = _output_config(body, model, thinks, betas)
    _tools(body, model, thinking)
    _output_format(body)
    if not counting:
        _limits(body, model, thinking)
    _other(body, model, betas)
    blocks = tuple(_blocks(body, model))
    _breakpoints(blocks)
    output_format = _format_of(body)
    request = Request(
        body=body,
        model=model,
        blocks=blocks,
        settings=_cache_settings(body, model, thinking, effort),
        thinks=thinks and not _forced(body),
        effort=effort,
        format=output_format,
        base_tokens=tokens.AROUND_A_REQUEST + tokens.of_format(output_format, model),
        max_tokens=body.get("max_tokens", 0),
        stream=bool(body.get("stream", False)),
        betas=betas,
    )
    if request.prompt_tokens > model.context:
        raise bad_request(f"prompt is too long: {request.prompt_tokens} tokens > {model.context} maximum")
    return request


def _known_fields(body: dict[str, Any], version: str, counting: bool) -> None:
    known = COUNTED if counting else CREATED
    for key in body:
        if key in SAMPLING:
            if version == VERSION:
                raise bad_request(f"{key}: sampling parameters are not supported in API version {VERSION}")
        elif key not in known:
            raise bad_request(f"{key}: Extra inputs are not permitted")
    for key in ("model", "messages") if counting else ("model", "messages", "max_tokens"):
        if key not in body:
            raise bad_request(f"{key}: Field required")


def _string(body: Mapping[str, Any], key: str) -> str:
    value = body[key]
    if not isinstance(value, str) or not value:
        raise bad_request(f"{key}: Input should be a valid string")
    return value


def _system(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _as_blocks(body.get("system") or [], "system")


def _content(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _as_blocks(message["content"], "messages")


def _as_blocks(content: Any, where: str) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list) or not all(isinstance(b, dict) and "type" in b for b in content):
        raise bad_request(f"{where}.content: Input should be a valid list")
    return content


def _messages(body: dict[str, Any], model: ServiceModel, version: str) -> None:
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        raise bad_request("messages: at least one message is required")
    if len(messages) > MAX_MESSAGES:
        raise bad_request(f"messages: at most {MAX_MESSAGES} messages are allowed")
    for block in _system(body):
        if block["type"] != "text":
            raise bad_request("system: only text blocks are allowed")
        _text_block(block, "system")
    for number, message in enumerate(messages):
        _message(message, f"messages.{number}", model, version)
    if messages[0]["role"] == "assistant":
        raise bad_request('messages: first message must use the "user" role')
    _system_messages(messages)
    if messages[-1]["role"] == "assistant" and not (model.prefill and _off(body, model)):
        raise bad_request(NO_PREFILL)


def _message(message: Any, where: str, model: ServiceModel, version: str) -> None:
    if not isinstance(message, dict) or "role" not in message or "content" not in message:
        raise bad_request(f"{where}: Input should be a message with a role and content")
    if extra := sorted(set(message) - {"role", "content"}):
        raise bad_request(f"{where}.{extra[0]}: Extra inputs are not permitted")
    role, blocks = message["role"], _content(message)
    if role not in ("user", "assistant", "system"):
        raise bad_request(f"{where}.role: Input should be 'user' or 'assistant'")
    if role == "system" and not model.system_messages:
        raise bad_request("role 'system' is not supported on this model")
    if not blocks:
        raise bad_request(f"{where}: {role} messages must have non-empty content")
    allowed = {"user": USER_BLOCKS, "assistant": ASSISTANT_BLOCKS, "system": frozenset({"text"})}[role]
    for block in blocks:
        _content_block(block, where, role, allowed, version)


def _content_block(block: dict[str, Any], where: str, role: str, allowed: frozenset[str], version: str) -> None:
    kind = block["type"]
    if kind not in allowed:
        raise bad_request(f"{where}.content: block type {kind!r} is not allowed in a {role} message")
    if kind == "text":
        _text_block(block, where)
        if role == "user" and block.get("citations") and version == VERSION:
            raise bad_request(f"{where}.content: citations are not allowed on text blocks of user messages")
    if kind == "document" and role == "assistant" and version == VERSION:
        raise bad_request(f"{where}.content: document blocks are not allowed in assistant messages")
    if kind in ("thinking", "redacted_thinking") and "cache_control" in block:
        raise bad_request(f"{where}.content.cache_control: Extra inputs are not permitted")


def _text_block(block: dict[str, Any], where: str) -> None:
    if extra := sorted(set(block) - TEXT_KEYS):
        raise bad_request(f"{where}.content.{extra[0]}: Extra inputs are not permitted")
    if not isinstance(block.get("text"), str):
        raise bad_request(f"{where}.content.text: Input should be a valid string")
    if not block["text"]:
        what = (
            "cache_control cannot be set for empty text blocks"
            if "cache_control" in block
            else ("text content blocks must be non-empty")
        )
        raise bad_request(f"{where}: {what}")


def _system_messages(messages: list[dict[str, Any]]) -> None:
    for number, message in enumerate(messages):
        if message["role"] != "system":
            continue
        after_user = number > 0 and messages[number - 1]["role"] == "user"
        before_assistant = number + 1 == len(messages) or messages[number + 1]["role"] == "assistant"
        if not (after_user and before_assistant):
            raise bad_request(f"messages.{number}: a system message must follow a user message and end its turn")


def _off(body: Mapping[str, Any], model: ServiceModel) -> bool:
    kind = (body.get("thinking") or {}).get("type")
    return kind == model.off if kind else not model.thinks_by_default


def _sampling(body: dict[str, Any], model: ServiceModel, version: str) -> None:
    if version == VERSION or model.sampling == "any":
        return
    defaults = {"temperature": 1, "top_p": 0.99}
    given = [key for key in SAMPLING if key in body]
    if len(given) > 1 or any(body[key] != defaults.get(key) for key in given):
        raise bad_request(f"{given[0]}: only the default value is supported on this model")


def _thinking(body: dict[str, Any], model: ServiceModel) -> str | None:
    """The thinking mode that was asked for, if the model takes it."""
    thinking = body.get("thinking")
    if thinking is None:
        return None
    kind = thinking.get("type") if isinstance(thinking, dict) else None
    if kind not in ("adaptive", "between_tools", "disabled", "enabled"):
        raise bad_request("thinking.type: Input should be 'adaptive', 'between_tools', 'disabled' or 'enabled'")
    if kind not in model.thinking:
        raise bad_request(_thinking_refusal(kind, model))
    keys = {
        "adaptive": {"type", "display"},
        "between_tools": {"type"},
        "disabled": {"type"},
        "enabled": {"type", "budget_tokens", "display"},
    }[kind]
    if extra := sorted(set(thinking) - keys):
        raise bad_request(f"thinking.{extra[0]}: Extra inputs are not permitted")
    if kind == "enabled":
        budget = thinking.get("budget_tokens")
        if not isinstance(budget, int) or budget < 1024:
            raise bad_request("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
        if budget >= body.get("max_tokens", budget + 1):
            raise bad_request("`max_tokens` must be greater than `thinking.budget_tokens`.")
    return str(kind)


def _thinking_refusal(kind: str, model: ServiceModel) -> str:
    if kind == "adaptive":
        return "adaptive thinking is not supported on this model"
    if kind == "disabled" and "between_tools" in model.thinking:
        return 'To turn thinking off on this model, send "thinking": {"type": "between_tools"} instead.'
    return (
        f'"thinking.type.{kind}" is not supported for this model. Use "thinking.type.adaptive" and '
        '"output_config.effort" to control thinking behavior.'
    )


def _output_config(body: dict[str, Any], model: ServiceModel, thinks: bool, betas: frozenset[str]) -> str | None:
    """The effort in force."""
    config = body.get("output_config", {})
    if not isinstance(config, dict):
        raise bad_request("output_config: Input should be a valid dictionary")
    if extra := sorted(set(config) - {"effort", "format"}):
        raise bad_request(f"output_config.{extra[0]}: Extra inputs are not permitted")
    if "output_format" in body and "structured-outputs-2025-11-13" not in betas:
        raise bad_request("output_format: This field is deprecated. Use 'output_config.format' instead.")
    effort = config.get("effort")
    if effort is None:
        return model.default_effort if model.effort else None
    if effort not in LEVELS:
        raise bad_request("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'")
    if effort not in model.effort:
        raise bad_request(f"output_config.effort: '{effort}' is not supported on this model.")
    if not thinks and effort not in model.effort_without_thinking:
        raise bad_request(
            f"output_config.effort '{effort}' is not supported when thinking is disabled on this model. "
            "Use effort 'high' or below, or enable thinking."
        )
    return str(effort)


def _format_of(body: Mapping[str, Any]) -> dict[str, Any] | None:
    found = body.get("output_config", {}).get("format") or body.get("output_format")
    return found if isinstance(found, dict) else None


def _forced(body: Mapping[str, Any]) -> bool:
    return (body.get("tool_choice") or {}).get("type") in ("any", "tool")


def _tools(body: dict[str, Any], model: ServiceModel, thinking: str | None) -> None:
    if _forced(body):
        if not model.forced_tools:
            raise bad_request(NO_FORCED_TOOLS)
        if thinking == "enabled":
            raise bad_request("Thinking may not be enabled when tool_choice forces tool use.")
    if "tool_choice" in body and not body.get("tools"):
        raise bad_request("tool_choice: tools must be given with tool_choice")


def _output_format(body: dict[str, Any]) -> None:
    """Format and strict tools share the schema's limits."""
    complexity = schema.Complexity()
    strict = [tool for tool in body.get("tools", ()) if tool.get("strict")]
    if len(strict) > MAX_STRICT_TOOLS:
        raise bad_request("Schema is too complex for compilation.")
    for tool in strict:
        schema.check(tool.get("input_schema"), f"tools.{tool.get('name')}.input_schema", complexity)
    config = body.get("output_config", {})
    wanted = config.get("format", body.get("output_format"))
    if wanted is not None:
        _one_format(wanted, complexity)
        if any(block.get("citations", {}).get("enabled") for block in _documents(body)):
            raise bad_request("output_config.format: citations cannot be combined with structured outputs")
        if body["messages"][-1]["role"] == "assistant":
            raise bad_request("output_config.format: prefill cannot be combined with structured outputs")
    complexity.check()


def _one_format(wanted: Any, complexity: schema.Complexity) -> None:
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        raise bad_request("output_config.format.type: Input should be 'json_schema'")
    if extra := sorted(set(wanted) - {"type", "schema"}):
        raise bad_request(f"output_config.format.{extra[0]}: Extra inputs are not permitted")
    schema.check(wanted.get("schema"), "output_config.format.schema", complexity)


def _documents(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for message in body["messages"]:
        yield from (block for block in _content(message) if block["type"] in ("document", "search_result"))


def _limits(body: dict[str, Any], model: ServiceModel, thinking: str | None) -> None:
    limit = body["max_tokens"]
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise bad_request("max_tokens: Input should be a valid integer greater than or equal to 0")
    if limit > model.max_output:
        raise bad_request(
            f"max_tokens: {limit} > {model.max_output}, which is the maximum allowed number of output tokens "
            f"for {model.id}"
        )
    warms = limit == 0
    if warms and (body.get("stream") or thinking == "enabled" or _format_of(body) or _forced(body)):
        raise bad_request(
            "max_tokens: 0 cannot be combined with stream, thinking.enabled, output_config.format or a forced tool"
        )


def _other(body: dict[str, Any], model: ServiceModel, betas: frozenset[str]) -> None:
    if body.get("speed") == "fast":
        needs_beta = model.id in ("claude-opus-5", "claude-opus-4-8") and "fast-mode-2026-02-01" not in betas
        if not model.fast or needs_beta:
            raise bad_request("speed: 'fast' is not supported on this model")
    if body.get("inference_geo") is not None and not model.geo:
        raise bad_request("inference_geo: not supported on this model")
    if not isinstance(body.get("stream", False), bool):
        raise bad_request("stream: Input should be a valid boolean")
    if extra := sorted(set(body.get("metadata") or {}) - {"user_id"}):
        raise bad_request(f"metadata.{extra[0]}: Extra inputs are not permitted")
    _diagnostics(body.get("diagnostics"))


def _diagnostics(given: Any) -> None:
    if given is None:
        return
    if not isinstance(given, dict):
        raise bad_request("diagnostics: Input should be a valid dictionary")
    if extra := sorted(set(given) - {"previous_message_id"}):
        raise bad_request(f"diagnostics.{extra[0]}: Extra inputs are not permitted")
    previous = given.get("previous_message_id")
    if previous is not None and not (isinstance(previous, str) and previous.startswith("msg_")):
        raise bad_request("diagnostics.previous_message_id: Input should be the id of a message")


def _blocks(body: dict[str, Any], model: ServiceModel) -> Iterator[Block]:
    found = list(_raw_blocks(body))
    automatic = _ttl(body, "cache_control")
    cacheable = [i for i, (_, block) in enumerate(found) if block.get("type") not in ("thinking", "redacted_thinking")]
    for number, (where, block) in enumerate(found):
        ttl = _ttl(block, where)
        if automatic is not None and cacheable and number == cacheable[-1]:
            if ttl not in (None, automatic):
                raise bad_request("cache_control: the last block already has a cache_control with another ttl")
            ttl = automatic
        bare = {key: value for key, value in block.items() if key != "cache_control"}
        yield Block(f"{where}:{json.dumps(bare, ensure_ascii=False)}", tokens.of_block(block, model), ttl)


def _raw_blocks(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from (("tool", tool) for tool in body.get("tools", ()))
    yield from (("system", block) for block in _system(body))
    for message in body["messages"]:
        yield from ((message["role"], block) for block in _content(message))


def _ttl(block: Mapping[str, Any], where: str) -> str | None:
    control = block.get("cache_control")
    if control is None:
        return None
    if not isinstance(control, dict) or control.get("type") != "ephemeral" or set(control) - {"type", "ttl"}:
        raise bad_request(f"{where}.cache_control: Input should be of type 'ephemeral' with an optional ttl")
    ttl = control.get("ttl", "5m")
    if ttl not in ("5m", "1h"):
        raise bad_request(f"{where}.cache_control.ttl: Input should be '5m' or '1h'")
    return str(ttl)


def _breakpoints(blocks: tuple[Block, ...]) -> None:
    ttls = [block.ttl for block in blocks if block.ttl]
    if len(ttls) > MAX_BREAKPOINTS:
        raise bad_request(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {len(ttls)}."
        )
    if "5m" in ttls and "1h" in ttls[ttls.index("5m") :]:
        raise bad_request("cache_control: a ttl='1h' block must not come after a ttl='5m' block")


def _cache_settings(body: dict[str, Any], model: ServiceModel, thinking: str | None, effort: str | None) -> str:
    """An explicit default equals omission. Whatever invalidates messages is taken to invalidate everything."""
    default = "adaptive" if model.thinks_by_default else (model.off or "")
    return json.dumps(
        {
            "thinking": body["thinking"] if thinking not in (None, default) else default,
            "effort": effort,
            "format": _format_of(body),
            "tool_choice": body.get("tool_choice"),
            "speed": body.get("speed") or "standard",
        },
        ensure_ascii=False,
    )


def check_headers(headers: Mapping[str, str], keys: frozenset[str]) -> tuple[str, str]:
    """The key and the API version that a request came with. Raises ApiError 401 or 400."""
    key = _key(headers)
    if key is None:
        raise ApiError(401, "Authentication is required: send an x-api-key or an Authorization header")
    if key not in keys:
        raise ApiError(401, "invalid bearer token" if "Authorization" in headers else "invalid x-api-key")
    version = headers.get("anthropic-version")
    if version is None:
        raise bad_request("anthropic-version: header is required")
    if version not in (VERSION, OLD_VERSION):
        raise bad_request(f"anthropic-version: {version!r} is not a valid version")
    return key, version


def _key(headers: Mapping[str, str]) -> str | None:
    bearer = headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        return bearer.removeprefix("Bearer ").strip() or None
    return headers.get("x-api-key") or None
