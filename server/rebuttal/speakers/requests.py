"""From a turn to the arguments of one API call. Pure: the same turn gives the same bytes.

What makes the prompt cache pay (caching.py) holds here: what differs between seats comes after the shared block, and
schema and effort are the same for all turns of a model whose shared block is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rebuttal.debate.model import Turn
from rebuttal.debate.statement import STATEMENT_SCHEMA
from rebuttal.speakers.caching import Lifetime, breakpoints, cache_control
from rebuttal.speakers.catalogue import Effort, ModelFacts


def message_request(turn: Turn, model: ModelFacts, effort: Effort | None = None, gap: float = 0.0) -> dict[str, Any]:
    """Keyword arguments for the SDK's `messages`, but for `stream`.

    Thinking stays at the model's default. `effort` None: the turn's own, or the model's default. `gap`: seconds that
    are expected between two requests with the same shared block. Sampling parameters and tool choice are refused by
    current models and never sent.
    """
    kept = breakpoints(turn, model, gap)
    return {
        "model": model.name,
        "max_tokens": min(turn.max_tokens, model.max_output),
        "system": [_text(turn.prompt.system) | cache_control(kept.system)],
        "messages": [{"role": "user", "content": _content(turn, kept.shared)}],
        "output_config": _output_config(model, effort or turn.effort, turn.schema),
    }


def prompt_bytes(request: dict[str, Any]) -> int:
    """A bound on the prompt's tokens that holds for every tokenizer: the bytes of all its text, with the schema."""
    schema = json.dumps(request["output_config"], ensure_ascii=False)
    return sum(len(text.encode()) for text in (*prompt_texts(request), schema))


def prompt_texts(request: dict[str, Any]) -> tuple[str, ...]:
    """The texts of the prompt, in the order in which they are sent."""
    return tuple(block["text"] for block in (*request["system"], *request["messages"][0]["content"]))


def _content(turn: Turn, kept: Lifetime | None) -> list[dict[str, Any]]:
    ask = _text(turn.prompt.ask)
    if not turn.prompt.shared:
        # The API refuses empty blocks.
        return [ask]
    return [_text(turn.prompt.shared) | cache_control(kept), ask]


def _text(text: str) -> dict[str, Any]:
    # A lone surrogate has no UTF-8 form and would end the call in an exception.
    return {"type": "text", "text": text.encode("utf-8", "replace").decode("utf-8")}


def _output_config(model: ModelFacts, effort: Effort | None, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    config: dict[str, Any] = {}
    chosen = effort if effort in model.efforts else model.default_effort
    if chosen in model.efforts:
        # Said even where it is the default: a later change of the default must not change a review's price.
        config["effort"] = chosen
    if model.structured_output:
        config["format"] = {"type": "json_schema", "schema": dict(schema or STATEMENT_SCHEMA)}
    return config
