"""`rebuttal context`: what else a reviewer would see, and why."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rebuttal.cli.output import write
from rebuttal.cli.review import build_request
from rebuttal.context.model import Context
from rebuttal.text.hidden import in_json, written_out
from rebuttal.text.words import counted

_WIDEST = 56
_NAMED = 3


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Print the slices, best first; to stderr what could not be looked at whole, a search that was ended for one."""
    context, notes, milliseconds = asyncio.run(_context(chosen, environment))
    if chosen.format == "json":
        write(in_json(to_json(context, milliseconds)) + "\n")
    else:
        write(to_text(context))
    for note in notes:
        print(f"rebuttal: {written_out(note)}", file=sys.stderr)
    return 0


async def _context(chosen: argparse.Namespace, environment: Mapping[str, str]) -> tuple[Context, tuple[str, ...], int]:
    from rebuttal.review.run import look
    from rebuttal.review.services import open_services

    request = build_request(chosen, environment)
    async with open_services(environment, request.settings) as services:
        parts = await look(request, services, priced=False)
        assert parts.context is not None
        return parts.context, parts.notes, parts.timing.context_ms


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
    """A line a slice, best first; then what is summarised or not shown, and which secrets were replaced."""
    used = sum(one.tokens for one in context.slices)
    files = len({one.file for one in context.slices})
    head = (
        f"{counted(len(context.slices), 'slice')} of {counted(files, 'file')}: {used:,} of {context.budget:,} tokens; "
        f"the change itself takes {context.tokens - used:,}"
    )
    lines = [head, *_slices(context), *_left_out(context), *_replaced(context)]
    return "\n".join(map(written_out, lines)) + "\n"


def _slices(context: Context) -> list[str]:
    places = [f"{one.file}:{one.start_line}-{one.end_line}" for one in context.slices]
    width = min(max(map(len, places), default=0), _WIDEST)
    rows = [["", f"score  tokens  {'lines'.ljust(width)}  why"]] if places else []
    for one, place in zip(context.slices, places, strict=True):
        rows.append([f" {one.score:.2f}  {one.tokens:>6,}  {place.ljust(width)}  {one.reason}"])
    return [line for row in rows for line in row]


def _left_out(context: Context) -> list[str]:
    """One line for each reason, however many files it has."""
    files: dict[str, list[str]] = {}
    for one in context.skipped:
        files.setdefault(one.reason, []).append(one.file)
    rows = [f"  {_named(some)}: {reason}" for reason, some in files.items()]
    return ["", "summarised or not shown", *rows] if rows else []


def _named(files: Sequence[str]) -> str:
    shown = ", ".join(files[:_NAMED])
    return shown if len(files) <= _NAMED else f"{shown} and {len(files) - _NAMED:,} more"


def _replaced(context: Context) -> list[str]:
    rows = [f"  {one.file}:{one.line}: {one.kind}" for one in context.redactions]
    return ["", "secrets replaced before anything is sent", *rows] if rows else []
