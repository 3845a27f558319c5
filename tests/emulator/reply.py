"""A response as the API shapes it: one message, or the events of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from attrs import evolve, frozen
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from tests.emulator import schema, tokens
from tests.emulator.cache import Plan
from tests.emulator.models import ServiceModel
from tests.emulator.script import Asked, Rule, Said, Script, ScriptError

SIGNATURE = "EqQBCgIYAhIkZW11bGF0ZWQtc2lnbmF0dXJl"
MILLION = Decimal(1_000_000)


@frozen
class Usage:
    """What is billed."""

    input: int
    write_5m: int
    write_1h: int
    read: int
    output: int = 0
    thinking: int = 0
    """Part of `output`."""
    tier: Literal["standard", "batch"] = "standard"

    @property
    def prompt(self) -> int:
        return self.input + self.write_5m + self.write_1h + self.read

    def wire(self) -> dict[str, Any]:
        creation = {"ephemeral_5m_input_tokens": self.write_5m, "ephemeral_1h_input_tokens": self.write_1h}
        counts = {
            "input_tokens": self.input,
            "cache_creation_input_tokens": self.write_5m + self.write_1h,
            "cache_read_input_tokens": self.read,
            "cache_creation": creation,
        }
        return {
            **counts,
            "iterations": [{"type": "message", **counts, "output_tokens": self.output}],
            "output_tokens": self.output,
            "output_tokens_details": {"thinking_tokens": self.thinking},
            "service_tier": self.tier,
            "inference_geo": "global",
        }

    def price(self, model: ServiceModel) -> Decimal:
        """In dollars."""
        long = model.long_price is not None and self.prompt > 100_000
        row = model.long_price if long and model.long_price else model.price
        amount = (
            self.input * row.input
            + self.write_5m * row.write_5m
            + self.write_1h * row.write_1h
            + self.read * row.read
            + self.output * row.output
        )
        return amount / (MILLION * 2 if self.tier == "batch" else MILLION)


@frozen
class Reply:
    """All that a request is answered with, if nothing goes wrong."""

    id: str
    model: str
    text: str
    chunk: int
    thinks: bool
    shows_thinking: bool
    stop_reason: str
    stop_details: dict[str, Any] | None
    usage: Usage
    diagnostics: dict[str, Any] | None = None
    """What the answer says of the prompt cache (diagnosis.py)."""
    first_byte: float | None = None
    """Seconds until it begins, where whoever says it decides that."""

    @property
    def content(self) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        if self.thinks and (self.text or self.stop_reason != "refusal"):
            thought = "(emulated thinking)" if self.shows_thinking else ""
            blocks.append({"type": "thinking", "thinking": thought, "signature": SIGNATURE})
        if self.text:
            blocks.append({"type": "text", "text": self.text, "citations": None})
        return blocks

    def message(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": self.content,
            "stop_reason": self.stop_reason,
            "stop_sequence": None,
            "stop_details": self.stop_details,
            "container": None,
            "diagnostics": self.diagnostics,
            "usage": self.usage.wire(),
        }

    def events(self) -> Iterator[dict[str, Any]]:
        """The events of the stream in order."""
        empty = self.message() | {"content": [], "stop_reason": None, "stop_details": None}
        yield {"type": "message_start", "message": empty | {"usage": evolve(self.usage, output=1, thinking=0).wire()}}
        yield {"type": "ping"}
        for index, block in enumerate(self.content):
            yield from self._block(index, block)
        delta = {"stop_reason": self.stop_reason, "stop_sequence": None, "stop_details": self.stop_details}
        yield {"type": "message_delta", "delta": delta, "usage": self.usage.wire()}
        yield {"type": "message_stop"}

    def _block(self, index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if block["type"] == "thinking":
            yield _start(index, {"type": "thinking", "thinking": "", "signature": ""})
            if block["thinking"]:
                yield _delta(index, {"type": "thinking_delta", "thinking": block["thinking"]})
            yield _delta(index, {"type": "signature_delta", "signature": block["signature"]})
        else:
            yield _start(index, {"type": "text", "text": ""})
            for at in range(0, len(self.text), self.chunk):
                yield _delta(index, {"type": "text_delta", "text": self.text[at : at + self.chunk]})
        yield {"type": "content_block_stop", "index": index}


def _start(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def compose(asked: Asked, rule: Rule, script: Script, plan: Plan) -> Reply:
    """Raises ScriptError where the script answers with a value that the requested format does not allow."""
    request = asked.request
    warms = request.max_tokens == 0
    said = Said("") if warms else _said(asked, rule, script)
    text = _text(asked, rule, said)
    thinking = _thought(asked, rule, said, text) if request.thinks and not warms else 0
    text, thinking, cut = _within(text, thinking, request.max_tokens, request.model)
    stop = "max_tokens" if cut or warms else rule.stop_reason or "end_turn"
    written = tokens.of_text(text, request.model)
    usage = Usage(
        input=request.prompt_tokens - plan.read - plan.written,
        write_5m=plan.write_5m,
        write_1h=plan.write_1h,
        read=plan.read,
        output=thinking + written,
        thinking=thinking,
    )
    return Reply(
        id=f"msg_emulated{asked.number:06}",
        model=rule.answers_as or request.model.id,
        text=text,
        chunk=rule.chunk,
        thinks=request.thinks and not warms,
        shows_thinking=not request.model.omits_thinking,
        stop_reason=stop,
        stop_details=rule.stop_details if stop == "refusal" else None,
        usage=usage,
        first_byte=said.first_byte,
    )


def _thought(asked: Asked, rule: Rule, said: Said, text: str) -> int:
    """Tokens of thinking."""
    if said.output_tokens is None:
        return rule.thinking_tokens
    return max(said.output_tokens - tokens.of_text(text, asked.request.model), 0)


def _text(asked: Asked, rule: Rule, said: Said) -> str:
    if rule.stop_reason == "refusal" and rule.reply is None and rule.share >= 1:
        return ""
    text = _worded(asked, said.answer)
    if rule.fault is not None and rule.fault.kind == "garbled":
        # A colon in the middle is forgotten.
        at = max(text.find('":', len(text) // 2), text.rfind('":', 0, len(text) // 2))
        text = text[: at + 1] + text[at + 2 :]
    return text[: round(len(text) * rule.share)]


def _said(asked: Asked, rule: Rule, script: Script) -> Said:
    answer = rule.reply if rule.reply is not None else script.default
    found = answer(asked) if callable(answer) else answer
    if found is None:
        wanted = asked.request.format
        found = schema.minimal(wanted["schema"]) if wanted else "(nothing was scripted)"
    return found if isinstance(found, Said) else Said(found)


def _worded(asked: Asked, answer: dict[str, Any] | str) -> str:
    wanted = asked.request.format
    if isinstance(answer, str):
        return answer
    if wanted:
        error = best_match(_validator(json.dumps(wanted["schema"])).iter_errors(answer))
        if error is not None:
            raise ScriptError(f"the script's reply breaks the requested format: {error.message}")
    return json.dumps(answer, ensure_ascii=False)


@lru_cache(maxsize=64)
def _validator(wanted: str) -> Draft202012Validator:
    """To look through a schema takes longer than all else that the emulator does with a request."""
    return Draft202012Validator(json.loads(wanted))


def _within(text: str, thinking: int, limit: int, model: ServiceModel) -> tuple[str, int, bool]:
    """Text and thinking cut to the limit of output tokens."""
    if thinking + tokens.of_text(text, model) <= limit:
        return text, thinking, False
    thinking = min(thinking, limit)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = thinking + tokens.of_text(text[:middle], model) <= limit
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low], thinking, True


def frame(event: dict[str, Any], *, named: bool = True) -> bytes:
    """One record of the event stream."""
    name = f"event: {event['type']}\n" if named else ""
    return f"{name}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
