"""What a review would send, for the user to read before anything is."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from attrs import frozen

from rebuttal.review.request import Request
from rebuttal.review.run import look
from rebuttal.review.services import Services
from rebuttal.settings import SettingsError


@frozen
class Payload:
    """The redacted text that every call of the debate shares, and what there is to know of it."""

    text: str
    host: str
    """Where it would be sent; "" where the endpoint is not set up."""
    panel: str
    """Who would be asked; `static`: nobody, so that nothing would be sent."""
    reasons: tuple[str, ...]
    """Why that panel."""
    redactions: tuple[tuple[str, int, str], ...]
    """What was replaced: file, line from 1, kind of secret."""
    withheld: tuple[tuple[str, str], ...]
    """Files of which nothing is sent, each with the reason."""

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "host": self.host,
            "panel": self.panel,
            "reasons": list(self.reasons),
            "redactions": [{"file": file, "line": line, "kind": kind} for file, line, kind in self.redactions],
            "withheld": [{"file": file, "reason": reason} for file, reason in self.withheld],
        }


async def payload(request: Request, services: Services) -> Payload:
    """Prepare a review as far as its text, and hold nothing of it. Raises as `review`, and StoreError."""
    parts = await look(request, services, priced=False)
    host, context = "", parts.context
    with suppress(SettingsError):
        host = services.host
    return Payload(
        parts.shared,
        host,
        parts.choice.panel,
        parts.choice.reasons,
        tuple((one.file, one.line, one.kind) for one in context.redactions) if context else (),
        tuple((one.file, one.reason) for one in context.skipped) if context else (),
    )
