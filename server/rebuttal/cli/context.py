"""`rebuttal context`: what else a reviewer would see, and why."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from typing import Any

from rebuttal.cli.output import write
from rebuttal.cli.review import build_request
from rebuttal.context.model import Context


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Print the slices, best first."""
    context, milliseconds = asyncio.run(_context(chosen, environment))
    if chosen.format == "json":
        write(json.dumps(to_json(context, milliseconds), indent=2, ensure_ascii=False) + "\n")
    else:
        write(to_text(context))
    return 0


async def _context(chosen: argparse.Namespace, environment: Mapping[str, str]) -> tuple[Context, int]:
    from rebuttal.review.run import look
    from rebuttal.review.services import open_services

    request = build_request(chosen, environment)
    async with open_services(environment, request.settings) as services:
        parts = await look(request, services, priced=False)
        assert parts.context is not None
        return parts.context, parts.timing.context_ms


def to_json(context: Context, milliseconds: int) -> dict[str, Any]:
    """The contract's `context --format json`."""
    return {
        "slices": [
            {
                "file": one.file,
                "start_line": one.start_line,
                "end_line": one.end_line,
                "reason": one.reason,
                "score": round(one.score, 4),
                "tokens": one.tokens,
            }
            for one in context.slices
        ],
        "tokens": context.tokens,
        "budget": context.budget,
        "skipped": [{"file": one.file, "reason": one.reason} for one in context.skipped],
        "redactions": [{"file": one.file, "line": one.line, "kind": one.kind} for one in context.redactions],
        "timing_ms": milliseconds,
    }


def to_text(context: Context) -> str:
    """One line a slice."""
    lines = [
        f"{one.file}:{one.start_line}-{one.end_line}  {one.reason}  ({one.tokens} tokens, score {one.score:.2f})"
        for one in context.slices
    ]
    lines.append(f"{context.tokens} tokens with the change itself; {context.budget} are allowed for slices")
    lines += [f"not shown: {one.file}: {one.reason}" for one in context.skipped]
    lines += [f"replaced: {one.file}:{one.line}: {one.kind}" for one in context.redactions]
    return "\n".join(lines) + "\n"
