"""What a server refuses of a request, learnt from its refusals, and how a request goes without it. Pure.

Endpoints besides the Claude API take less than it does, and each another part of it. Nothing is asked of them in
advance: a 400 costs nothing, and where it names a part of the request, the request is made again without that part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from attrs import define, field

SCHEMA = "\n\nAnswer with one JSON object and nothing else: no prose, no code fence. It must match this JSON Schema:\n"

_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    # The most telling first: "system.0.cache_control: Extra inputs are not permitted" is about the cache.
    ("lifetime", re.compile(r"\bttl\b", re.IGNORECASE)),
    ("caching", re.compile(r"cache_control|ephemeral|prompt.caching", re.IGNORECASE)),
    ("diagnostics", re.compile(r"diagnostics|previous_message_id", re.IGNORECASE)),
    ("effort", re.compile(r"\beffort\b|reasoning_effort", re.IGNORECASE)),
    (
        "format",
        re.compile(r"output_config|output_format|response_format|json.?schema|structured.output", re.IGNORECASE),
    ),
    # Many a refusal is about the "content" of something: only what names another shape is about blocks.
    ("system_blocks", re.compile(r"\bsystem\b.*\b(?:str|string|list|array)\b", re.IGNORECASE | re.DOTALL)),
    ("content_blocks", re.compile(r"\bcontent\b.*\b(?:str|string|list|array)\b", re.IGNORECASE | re.DOTALL)),
)
_ECHO = re.compile(r"""['"]input['"]\s*:""")
"""Where a validator repeats what it was sent."""
_MOST = 600
"""Characters of a refusal that are read."""


def complaint(body: object) -> str:
    """What the body of a refusal complains of, without what it repeats of the request, which may name anything."""
    found = body.get("error", body) if isinstance(body, Mapping) else body
    if isinstance(found, Mapping):
        found = found.get("message", found.get("detail", ""))
    if isinstance(found, list):
        first = next((one for one in found if isinstance(one, Mapping)), {})
        place = first.get("loc", ())
        path = ".".join(str(one) for one in place) if isinstance(place, list) else ""
        found = f"{path}: {first.get('msg', '')}"
    return _ECHO.split(found, 1)[0][:_MOST] if isinstance(found, str) else ""


@define
class Abilities:
    """What one model of one server has refused so far."""

    says_schema: bool = False
    """Whether the prompt says the schema: where the server may not enforce it."""
    counts: bool = True
    """Whether it counts tokens."""
    refused: set[str] = field(factory=set)

    def adapted(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The request without what was refused. What it was given is left as it was."""
        wire = dict(request)
        schema = _schema(request)
        self._configure(wire)
        if "diagnostics" in self.refused:
            wire.pop("diagnostics", None)
        wire["messages"] = [dict(message) for message in request["messages"]]
        if schema is not None and (self.says_schema or "format" in self.refused):
            last = wire["messages"][-1]
            said = SCHEMA + json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
            last["content"] = [
                *last["content"][:-1],
                {**last["content"][-1], "text": last["content"][-1]["text"] + said},
            ]
        if self.refused & {"caching", "lifetime"}:
            cached = _uncached if "caching" in self.refused else _kept_briefly
            wire["system"] = [cached(block) for block in wire["system"]]
            for message in wire["messages"]:
                message["content"] = [cached(block) for block in message["content"]]
        if "system_blocks" in self.refused:
            wire["system"] = _joined(wire["system"])
        if "content_blocks" in self.refused:
            for message in wire["messages"]:
                message["content"] = _joined(message["content"])
        return wire

    def learn(self, says: str, sent: Mapping[str, Any]) -> bool:
        """Take from the words of a refusal what the server does not take; False where they name nothing that `sent` had
        and that can be left out, so that it would be refused again."""
        parts = _parts(sent)
        part = next((name for name, sign in _SIGNS if name in parts and sign.search(says)), None)
        if part is None:
            return False
        self.refused.add(part)
        if part == "format" and "effort" not in says and "output_config" in says and "format" not in says:
            # The whole parameter is unknown there.
            self.refused.add("effort")
        return True

    def _configure(self, wire: dict[str, Any]) -> None:
        kept = {name: value for name, value in wire.get("output_config", {}).items() if name not in self.refused}
        wire.pop("output_config", None)
        if kept:
            wire["output_config"] = kept


def _parts(wire: Mapping[str, Any]) -> frozenset[str]:
    """What of the parts that can be left out a request has."""
    config = wire.get("output_config", {})
    blocks = [
        *_blocks(wire["system"]),
        *(block for message in wire["messages"] for block in _blocks(message["content"])),
    ]
    has = {
        "lifetime": any("ttl" in block.get("cache_control", {}) for block in blocks),
        "caching": any("cache_control" in block for block in blocks),
        "diagnostics": "diagnostics" in wire,
        "effort": "effort" in config,
        "format": "format" in config,
        "system_blocks": not isinstance(wire["system"], str),
        "content_blocks": any(not isinstance(message["content"], str) for message in wire["messages"]),
    }
    return frozenset(name for name, there in has.items() if there)


def _schema(request: Mapping[str, Any]) -> Any:
    return request.get("output_config", {}).get("format", {}).get("schema")


def _blocks(content: Any) -> list[Any]:
    return [] if isinstance(content, str) else list(content)


def _uncached(block: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != "cache_control"}


def _kept_briefly(block: Mapping[str, Any]) -> dict[str, Any]:
    """Kept for as long as what names no time."""
    if "cache_control" not in block:
        return dict(block)
    control = {name: value for name, value in block["cache_control"].items() if name != "ttl"}
    return {**block, "cache_control": control}


def _joined(content: Any) -> Any:
    return content if isinstance(content, str) else "\n\n".join(block["text"] for block in content)
