"""How long a model takes: time to its first token by the length of the prompt, then so many tokens a second.

The figures are assumptions, each with its source, and stand in one place: those by line of models in
`rebuttal.evaluation.skill` (PACES, TAIL), which `bench.debate_time` counts with too.

- Prompt: Anthropic's announcement of prompt caching (August 2024) tells of a prompt of 100,000 tokens that began after
  11.5 s and after 2.4 s from the cache, and of one of 10,000 tokens with 1.6 and 1.1 s. A line through both of each
  gives some 9,000 tokens a second that are read afresh, and 70,000 from the cache. No newer figures were found.
- Prompts as short as those that PACES were measured with (some 1,000 tokens) are part of its time to the first token.
- Fable: none were found. Assumed to be as slow as opus is beside sonnet, once more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import exp
from pathlib import Path
from typing import Any

import cattrs
from attrs import field, frozen

from rebuttal.evaluation.skill import PACES, TAIL, Pace, normal
from tests.emulator.cache import Plan
from tests.emulator.script import Asked, ScriptError

READ_PER_SECOND = 9_000.0
CACHED_PER_SECOND = 70_000.0
SHORT = 1_000
LINES: Mapping[str, Pace] = {**{str(tier): pace for tier, pace in PACES.items()}, "fable": Pace(4.0, 41.0)}


@frozen
class Latency:
    """`Emulator(latency=Latency())`; `Latency(tail=0)` without chance."""

    lines: Mapping[str, Pace] = LINES
    """By line of models."""
    read_per_second: float = READ_PER_SECOND
    """Tokens of the prompt that are not in the cache."""
    cached_per_second: float = CACHED_PER_SECOND
    tail: float = TAIL
    """Standard deviation of the logarithm of the time to the first token."""
    seed: int = field(default=0)

    def first_byte(self, asked: Asked, plan: Plan) -> float:
        """Seconds until the response begins. The same request takes the same time in every run and order."""
        request = asked.request
        slow = exp(self.tail * normal(self.seed, request.model.id, request.last_text)) if self.tail else 1.0
        fresh = max(request.prompt_tokens - plan.read - SHORT, 0)
        reading = fresh / self.read_per_second + plan.read / self.cached_per_second
        return self.lines[request.model.line].first_token * slow + reading

    def tokens_per_second(self, asked: Asked) -> float:
        """Of thought and answer alike."""
        return self.lines[asked.request.model.line].tokens_per_second


def latency(word: str) -> Latency:
    """`documented`, or a JSON file with fields of Latency; lines that it does not name stay. Raises ScriptError."""
    if word == "documented":
        return Latency()
    try:
        raw: Any = json.loads(Path(word).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ScriptError(f"{word} cannot be read as JSON: {error}") from None
    try:
        given = cattrs.Converter(forbid_extra_keys=True).structure(raw, Latency)
    except Exception as error:
        raise ScriptError(f"{word}: {'; '.join(cattrs.transform_error(error))}") from None
    return Latency(
        lines={**LINES, **given.lines},
        read_per_second=given.read_per_second,
        cached_per_second=given.cached_per_second,
        tail=given.tail,
        seed=given.seed,
    )
