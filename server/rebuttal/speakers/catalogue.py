"""What each model takes, from the documentation of the Messages API as of November 2026.

The service's own model list has no field for the cacheable minimum, the default effort, the price step or the
tokenizer, so this table is ours to keep. Prices are not in it: they are `rebuttal.budget`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from typing import Literal

from attrs import frozen

Thinking = Literal["adaptive", "between_tools", "disabled", "enabled"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
Line = Literal["haiku", "sonnet", "opus", "fable", "other"]

ALL_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


class UnknownModel(Exception):
    """No such model, or no longer; the message is one sentence that says what to use instead."""

    def __init__(self, message: str, nearest: str) -> None:
        self.nearest = nearest
        """The id of a current model."""
        super().__init__(message)


@frozen
class ModelFacts:
    """What one model takes."""

    id: str
    line: Line
    thinking: frozenset[Thinking] = frozenset({"adaptive"})
    """Values of `thinking.type` that are not refused."""
    thinks_by_default: bool = True
    efforts: tuple[Effort, ...] = ALL_EFFORTS
    """Empty: the parameter is refused."""
    default_effort: Effort | None = "high"
    structured_output: bool = True
    minimum_cacheable: int = 512
    """Tokens; a shorter prefix is silently not cached."""
    context: int = 1_000_000
    """Tokens of prompt and answer together."""
    max_output: int = 128_000
    """Tokens of an answer, thinking included."""
    older_tokenizer: bool = False
    """Of 4.6 and before: about 30 % fewer tokens for the same text."""
    price_step: int | None = None
    """A prompt of more tokens makes every token of the request dearer."""
    retires: date | None = None
    """Not before this day."""
    called: str | None = None
    """What the endpoint calls it, where that is not the id."""

    @property
    def name(self) -> str:
        """What a request says."""
        return self.called or self.id


_SWITCHABLE: frozenset[Thinking] = frozenset({"adaptive", "disabled"})

_ROWS = (
    ModelFacts("claude-fable-5-2", "fable"),
    ModelFacts("claude-fable-5-1", "fable", retires=date(2027, 9, 1)),
    ModelFacts("claude-fable-5", "fable", retires=date(2027, 6, 9)),
    ModelFacts("claude-opus-5-5", "opus", default_effort="medium", retires=date(2027, 9, 22)),
    ModelFacts("claude-opus-5", "opus", _SWITCHABLE, retires=date(2027, 7, 24)),
    ModelFacts("claude-sonnet-5-5", "sonnet", frozenset({"adaptive", "between_tools"})),
    ModelFacts("claude-sonnet-5", "sonnet", _SWITCHABLE, minimum_cacheable=1024, retires=date(2027, 6, 30)),
    ModelFacts(
        "claude-haiku-5-5",
        "haiku",
        _SWITCHABLE,
        default_effort="medium",
        price_step=100_000,
        retires=date(2027, 10, 7),
    ),
    ModelFacts(
        "claude-haiku-4-5",
        "haiku",
        frozenset({"enabled", "disabled"}),
        thinks_by_default=False,
        efforts=(),
        default_effort=None,
        minimum_cacheable=4096,
        context=200_000,
        max_output=64_000,
        older_tokenizer=True,
        retires=date(2026, 10, 15),
    ),
    ModelFacts(
        "claude-sonnet-4-6",
        "sonnet",
        frozenset({"adaptive", "disabled", "enabled"}),
        thinks_by_default=False,
        efforts=("low", "medium", "high", "max"),
        minimum_cacheable=1024,
        older_tokenizer=True,
        retires=date(2027, 2, 17),
    ),
    ModelFacts(
        "claude-opus-4-8",
        "opus",
        _SWITCHABLE,
        thinks_by_default=False,
        minimum_cacheable=1024,
        retires=date(2027, 5, 28),
    ),
    ModelFacts("claude-opus-4-7", "opus", _SWITCHABLE, thinks_by_default=False, minimum_cacheable=2048),
)
MODELS: Mapping[str, ModelFacts] = {row.id: row for row in _ROWS}

ALIASES: Mapping[str, str] = {
    "haiku": "claude-haiku-5-5",
    "sonnet": "claude-sonnet-5-5",
    "opus": "claude-opus-5-5",
    "fable": "claude-fable-5-2",
    "claude-haiku-4-5-20251001": "claude-haiku-4-5",
}
_RETIRED_BEGINNINGS = (
    *("claude-1", "claude-2", "claude-instant", "claude-3", "claude-opus-4-0", "claude-opus-4-1"),
    *("claude-opus-4-2025", "claude-sonnet-4-0", "claude-sonnet-4-2025", "claude-mythos-preview"),
)
_LEAVING = {"claude-sonnet-4-5": date(2026, 11, 30)}
"""Models that are not taken up any more, and their last day."""
_STAMP = re.compile(r"[-@](?:20\d{6}|latest)$")
NEAR_ITS_END = 60
"""Days before a model may retire from which that is told."""


def facts(name: str) -> ModelFacts:
    """What the model of this id or alias takes. Raises UnknownModel, which names the nearest current one."""
    row = MODELS.get(ALIASES.get(name, name))
    if row is not None:
        return row
    near = nearest(name)
    if name.startswith(_RETIRED_BEGINNINGS):
        raise UnknownModel(f"the model {name} has been retired: use {near} instead", near)
    undated = _STAMP.sub("", name)
    if undated in _LEAVING:
        raise UnknownModel(f"the model {name} retires on {_LEAVING[undated]}: use {near} instead", near)
    if undated != name and undated in MODELS:
        raise UnknownModel(f"the id {name} does not exist, the service has no dated one: use {undated}", undated)
    raise UnknownModel(f"the model {name!r} is not known: did you mean {near}?", near)


def nearest(name: str) -> str:
    """The current id that is most like a name: of the same line where the name tells it."""
    lowered = _STAMP.sub("", name.lower())
    line = next((line for line in ("haiku", "sonnet", "opus", "fable") if line in lowered), None)
    if name.lower().startswith(_RETIRED_BEGINNINGS) or lowered in _LEAVING:
        return ALIASES[line or "sonnet"]
    candidates = [row.id for row in _ROWS if line in (None, row.line)]
    close = get_close_matches(lowered, candidates, n=1, cutoff=0.8)
    return close[0] if close else ALIASES[line or "sonnet"]


def nears_its_end(model: ModelFacts, today: date) -> str | None:
    """A sentence where the model may retire soon, or any day now."""
    if model.retires is None or (model.retires - today).days > NEAR_ITS_END:
        return None
    successor = ALIASES.get(model.line, model.id)
    when = "any day now" if model.retires <= today else f"from {model.retires} on"
    return f"{model.id} may be retired {when}: move to {successor}"
