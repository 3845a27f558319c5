"""`rebuttal estimate`: what a review would cost, and exactly what would be sent."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rebuttal.budget.model import Estimate
from rebuttal.budget.tokenizers import described
from rebuttal.cli.output import write
from rebuttal.cli.review import build_request
from rebuttal.review.parts import Parts


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Print the estimate; nothing is sent and no key is needed."""
    parts = asyncio.run(_look(chosen, environment))
    if chosen.show_payload:
        write(parts.shared + "\n")
        return 0
    estimate = parts.estimate or Estimate(Decimal(0), Decimal(0))
    if chosen.format == "json":
        write(json.dumps(to_json(estimate), indent=2) + "\n")
    else:
        write(to_text(estimate, parts))
    return 0


async def _look(chosen: argparse.Namespace, environment: Mapping[str, str]) -> Parts:
    from rebuttal.review.run import look
    from rebuttal.review.services import open_services

    request = build_request(chosen, environment)
    async with open_services(environment, request.settings) as services:
        return await look(request, services)


def to_json(estimate: Estimate) -> dict[str, Any]:
    """The contract's `estimate` object, by phase, seat and model."""
    return {
        **estimate.to_json(),
        **estimate.shares_to_json(),
        "tokenizers": {
            model: {"factor": round(one.factor, 3), "overhead": one.overhead, "calls": one.calls}
            for model, one in estimate.tokenizers.items()
        },
    }


def to_text(estimate: Estimate, parts: Parts) -> str:
    """A few lines for a person."""
    if not estimate.calls:
        why = "; ".join(parts.choice.reasons) or "the static panel is free"
        return f"nothing would be sent: {why}\n"
    lines = [
        f"panel {parts.choice.panel}: {', '.join(seat.id for seat in parts.choice.seats)}",
        f"why: {'; '.join(parts.choice.reasons)}",
        f"{estimate.words} (the cap is enforced)",
        f"expectation {estimate.grounds}",
    ]
    for title, shares in (("phase", estimate.by_phase), ("seat", estimate.by_seat), ("model", estimate.by_model)):
        lines.append(f"by {title}: " + ", ".join(f"{name} {estimate.money(amount)}" for name, amount in shares.items()))
    lines += [f"tokens: {line}" for line in described(estimate.tokenizers)]
    return "\n".join(lines) + "\n"
