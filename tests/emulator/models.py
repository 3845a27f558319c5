"""What the service knows of its models.

The emulator keeps its own table, on purpose apart from `rebuttal.speakers.catalogue`: two tables that were
written from the documentation independently catch each other's mistakes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from attrs import evolve, frozen

from tests.emulator.errors import ApiError

LEVELS = ("low", "medium", "high", "xhigh", "max")
Lifecycle = Literal["active", "deprecated", "retired"]


@frozen
class Price:
    """Dollars for a million tokens."""

    input: Decimal
    output: Decimal
    write_5m: Decimal
    write_1h: Decimal
    read: Decimal


def _price(*figures: str) -> Price:
    return Price(*map(Decimal, figures))


@frozen
class ServiceModel:
    """One row of the documentation's model table."""

    id: str
    line: str
    created_at: str
    price: Price
    long_price: Price | None = None
    """Of every token of a request whose prompt is longer than 100,000 tokens."""
    min_cache: int = 512
    context: int = 1_000_000
    max_output: int = 128_000
    thinking: tuple[str, ...] = ("adaptive",)
    """The values of `thinking.type` that are taken."""
    thinks_by_default: bool = True
    effort: tuple[str, ...] = LEVELS
    default_effort: str = "high"
    effort_without_thinking: tuple[str, ...] = LEVELS
    forced_tools: bool = True
    prefill: bool = False
    system_messages: bool = True
    fast: bool = False
    geo: bool = True
    old_tokenizer: bool = False
    omits_thinking: bool = True
    sampling: Literal["any", "default"] = "default"
    """Under the API version of 2023."""
    lifecycle: Lifecycle = "active"
    retires_at: str | None = None

    @property
    def off(self) -> str | None:
        """The `thinking.type` that turns thinking off."""
        return next((kind for kind in ("disabled", "between_tools") if kind in self.thinking), None)


_UP_TO_HIGH = ("low", "medium", "high")
_OPUS_5 = ServiceModel(
    id="claude-opus-5",
    line="opus",
    created_at="2026-07-24T00:00:00Z",
    price=_price("5", "25", "6.25", "10", "0.50"),
    thinking=("adaptive", "disabled"),
    effort_without_thinking=_UP_TO_HIGH,
    fast=True,
    retires_at="2027-07-24T00:00:00Z",
)
_ROWS = (
    ServiceModel(
        id="claude-fable-5-2",
        line="fable",
        created_at="2026-11-09T00:00:00Z",
        price=_price("8", "40", "10", "16", "0.20"),
        forced_tools=False,
        fast=True,
    ),
    ServiceModel(
        id="claude-fable-5-1",
        line="fable",
        created_at="2026-09-01T00:00:00Z",
        price=_price("10", "50", "12.5", "20", "0.25"),
        forced_tools=False,
        retires_at="2027-09-01T00:00:00Z",
    ),
    ServiceModel(
        id="claude-fable-5",
        line="fable",
        created_at="2026-06-09T00:00:00Z",
        price=_price("10", "50", "12.5", "20", "1.00"),
        retires_at="2027-06-09T00:00:00Z",
    ),
    ServiceModel(
        id="claude-opus-5-5",
        line="opus",
        created_at="2026-09-22T00:00:00Z",
        price=_price("4", "20", "5", "8", "0.20"),
        default_effort="medium",
        forced_tools=False,
        fast=True,
        retires_at="2027-09-22T00:00:00Z",
    ),
    _OPUS_5,
    ServiceModel(
        id="claude-sonnet-5-5",
        line="sonnet",
        created_at="2026-09-28T00:00:00Z",
        price=_price("2", "10", "2.5", "4", "0.10"),
        thinking=("adaptive", "between_tools"),
        effort_without_thinking=_UP_TO_HIGH,
        forced_tools=False,
    ),
    ServiceModel(
        id="claude-sonnet-5",
        line="sonnet",
        created_at="2026-06-30T00:00:00Z",
        price=_price("2", "10", "2.5", "4", "0.20"),
        min_cache=1024,
        thinking=("adaptive", "disabled"),
        system_messages=False,
        retires_at="2027-06-30T00:00:00Z",
    ),
    ServiceModel(
        id="claude-haiku-5-5",
        line="haiku",
        created_at="2026-10-07T00:00:00Z",
        price=_price("0.10", "0.50", "0.125", "0.20", "0.01"),
        long_price=_price("0.50", "2.50", "0.625", "1.00", "0.05"),
        thinking=("adaptive", "disabled"),
        default_effort="medium",
        effort_without_thinking=_UP_TO_HIGH,
        retires_at="2027-10-07T00:00:00Z",
    ),
    ServiceModel(
        id="claude-haiku-4-5-20251001",
        line="haiku",
        created_at="2025-10-01T00:00:00Z",
        price=_price("1", "5", "1.25", "2", "0.10"),
        min_cache=4096,
        context=200_000,
        max_output=64_000,
        thinking=("enabled", "disabled"),
        thinks_by_default=False,
        effort=(),
        prefill=True,
        system_messages=False,
        geo=False,
        old_tokenizer=True,
        omits_thinking=False,
        sampling="any",
    ),
    ServiceModel(
        id="claude-sonnet-4-6",
        line="sonnet",
        created_at="2026-02-17T00:00:00Z",
        price=_price("3", "15", "3.75", "6", "0.30"),
        min_cache=1024,
        thinking=("adaptive", "disabled", "enabled"),
        thinks_by_default=False,
        effort=("low", "medium", "high", "max"),
        system_messages=False,
        old_tokenizer=True,
        omits_thinking=False,
        sampling="any",
        retires_at="2027-02-17T00:00:00Z",
    ),
    evolve(
        _OPUS_5,
        id="claude-opus-4-8",
        created_at="2026-05-28T00:00:00Z",
        min_cache=1024,
        thinks_by_default=False,
        effort_without_thinking=LEVELS,
        retires_at="2027-05-28T00:00:00Z",
    ),
    evolve(
        _OPUS_5,
        id="claude-opus-4-7",
        created_at="2026-04-16T00:00:00Z",
        min_cache=2048,
        thinks_by_default=False,
        effort_without_thinking=LEVELS,
        system_messages=False,
        fast=False,
        retires_at=None,
    ),
)
MODELS = {row.id: row for row in _ROWS}
ALIASES = {"claude-haiku-4-5": "claude-haiku-4-5-20251001"}
RETIRED = (
    "claude-3-opus-20240229",
    "claude-3-5-sonnet-20241022",
    "claude-3-7-sonnet-20250219",
    "claude-3-5-haiku-20241022",
    "claude-sonnet-4-20250514",
    "claude-sonnet-4-0",
    "claude-opus-4-20250514",
    "claude-opus-4-0",
    "claude-opus-4-1",
)


def find(model: str) -> ServiceModel:
    """Raises the API's 404 for a model that it does not have, or no longer has."""
    row = MODELS.get(ALIASES.get(model, model))
    if row is None or row.lifecycle == "retired":
        raise ApiError(404, f"model: {model}")
    return row


def info(row: ServiceModel) -> dict[str, Any]:
    """The row as the Models API shows it."""

    def can(value: bool) -> dict[str, bool]:
        return {"supported": value}

    capabilities = {
        **{name: can(True) for name in ("batch", "citations", "code_execution", "image_input", "pdf_input")},
        "structured_outputs": can(True),
        "effort": {"supported": bool(row.effort), **{level: can(level in row.effort) for level in LEVELS}},
        "thinking": {
            "supported": True,
            "types": {kind: can(kind in row.thinking) for kind in ("adaptive", "between_tools", "disabled", "enabled")},
        },
    }
    return {
        "id": row.id,
        "type": "model",
        "display_name": row.id.removeprefix("claude-").replace("-", " ").title(),
        "created_at": row.created_at,
        "max_input_tokens": row.context,
        "max_tokens": row.max_output,
        "lifecycle": row.lifecycle,
        "deprecated_at": None,
        "retires_at": row.retires_at,
        "line": row.line,
        "capabilities": capabilities,
    }
