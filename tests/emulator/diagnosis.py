"""Cache diagnostics: where a request's prompt first differs from that of an earlier one.

The comparison is about what was sent, not about whether the cache hit. Only requests that have the parameter are
remembered, by the id of their answer. An entry of `messages` is compared as a whole: earlier ones must be the same,
later ones may have been added.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field, frozen

from tests.emulator.validate import Request


@frozen
class _Print:
    model: str
    system: str
    tools: str
    messages: tuple[str, ...]
    settings: str


@define
class Diagnoses:
    """Of one emulator."""

    pending: bool = False
    """Every comparison is still being made when the answer begins."""
    _prints: dict[tuple[str, str], _Print] = field(factory=dict)

    def of(self, request: Request, key: str, message: str) -> dict[str, Any] | None:
        """What the answer `message` says of the request, which is remembered under it."""
        given = request.body.get("diagnostics")
        if given is None:
            return None
        print_ = _print(request)
        previous = given.get("previous_message_id")
        reason = _reason(self._prints.get((key, previous)), print_, request) if previous is not None else None
        self._prints[key, message] = print_
        if previous is not None and self.pending:
            return {"cache_miss_reason": None}
        return None if reason is None else {"cache_miss_reason": reason}


def _print(request: Request) -> _Print:
    body = request.body
    return _Print(
        json.dumps([request.model.id, body.get("speed") or "standard"]),
        _bare(body.get("system")),
        _bare(body.get("tools")),
        tuple(_bare(message) for message in body["messages"]),
        request.settings,
    )


def _reason(before: _Print | None, now: _Print, request: Request) -> dict[str, Any] | None:
    if before is None:
        return {"type": "previous_message_not_found"}
    for name in ("model", "system", "tools"):
        if getattr(before, name) != getattr(now, name):
            return {"type": f"{name}_changed", "cache_missed_input_tokens": request.prompt_tokens}
    if before.settings != now.settings:
        return {"type": "unavailable"}
    if now.messages[: len(before.messages)] != before.messages:
        tokens = sum(block.tokens for block in request.blocks)
        return {"type": "messages_changed", "cache_missed_input_tokens": tokens}
    return None


def _bare(part: Any) -> str:
    """Its bytes without cache breakpoints, which change nothing of the prompt."""
    if isinstance(part, dict):
        part = {name: _bare(value) for name, value in part.items() if name != "cache_control"}
    elif isinstance(part, list):
        part = [_bare(one) for one in part]
    return json.dumps(part, ensure_ascii=False)
