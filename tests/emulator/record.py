"""What the emulator keeps of a request."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import define, field

from tests.emulator.reply import Usage


@define
class Record:
    """One request and what became of it. Times are `time.monotonic()`; of a request in a batch, the emulator's."""

    number: int
    path: str
    headers: Mapping[str, str]
    at: float
    body: Any = None
    seat: str | None = None
    phase: str | None = None
    model: str | None = None
    status: int | None = None
    error: str | None = None
    """The message of the error answer."""
    events: list[str] = field(factory=list)
    """Types of the events that were sent."""
    usage: Usage | None = None
    """What was billed: of a response that broke off, the prompt and the text that was sent."""
    price: Decimal = Decimal(0)
    completed: bool = False
    """The response was sent to its end."""
    closed_early: float | None = None
    """When the client closed the connection before the end of the response."""
    batch: str | None = None
    """The batch that it was a request of."""
    custom_id: str | None = None
