"""`rebuttal ledger`: what was spent, by day, review, phase, seat or model."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

from rebuttal.cli.output import write
from rebuttal.cli.release import assumed_words
from rebuttal.findings.reports.json_report import cache_to_json
from rebuttal.review.services import open_services
from rebuttal.settings import Settings, user_settings
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import NO_CACHE_SUM, ZERO, LedgerRow, Totals
from rebuttal.store.money import dollars, exact


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Print the totals, and rows by one group (text) or all (JSON)."""
    settings, _ = user_settings(environment)
    totals, rows = asyncio.run(_read(environment, settings))
    if chosen.format == "json":
        write(json.dumps(to_json(totals, settings, rows), indent=2) + "\n")
    else:
        write(to_text(totals, settings, chosen.by, rows[chosen.by]))
    return 0


async def _read(environment: Mapping[str, str], settings: Settings) -> tuple[Totals, dict[str, tuple[LedgerRow, ...]]]:
    async with open_services(environment, settings) as services:
        ledger = Ledger(await services.database())
        return await ledger.totals(), {
            "day": await ledger.rows("day"),
            "review": await ledger.rows("review"),
            "phase": await ledger.rows("phase"),
            "seat": await ledger.rows("seat"),
            "model": await ledger.rows("model"),
        }


def to_json(totals: Totals, settings: Settings, rows: Mapping[str, Sequence[LedgerRow]]) -> dict[str, Any]:
    """Totals with their caps, and rows by each group."""
    return {
        "currency": "USD",
        "day": {"spent": exact(totals.day), "cap": exact(settings.max_cost_per_day)},
        "month": {"spent": exact(totals.month), "cap": exact(settings.max_cost_per_month)},
        "rows": {group: [_row(row) for row in found] for group, found in rows.items()},
    }


def _row(row: LedgerRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "spent": exact(row.spent),
        "assumed": exact(row.assumed),
        "reserved": exact(row.reserved),
        "calls": row.calls,
        "tokens": {
            "input": row.tokens.input,
            "cache_write": row.tokens.cache_write,
            "cache_read": row.tokens.cache_read,
            "output": row.tokens.output,
        },
        "cache": cache_to_json(row.cache),
    }


def to_text(totals: Totals, settings: Settings, group: str, rows: Sequence[LedgerRow]) -> str:
    """A small table for a person."""
    today = f"today {dollars(totals.day)} of {dollars(settings.max_cost_per_day)}"
    lines = [f"{today}, this month {dollars(totals.month)} of {dollars(settings.max_cost_per_month)}"]
    if not rows:
        return lines[0] + "\nNo call has been made yet.\n"
    width = max(len(group), *(len(row.name) for row in rows))
    lines.append(f"\n{group:<{width}}  {'spent':>10}  {'assumed':>10}  {'calls':>6}  {'cache read':>10}")
    for row in rows:
        read = f"{row.tokens.cache_read / row.tokens.prompt:.0%}" if row.tokens.prompt else "-"
        lines.append(
            f"{row.name:<{width}}  {_places(row.spent):>10}  {_places(row.assumed):>10}  {row.calls:>6}  {read:>10}"
        )
    if assumed := assumed_words(sum((row.assumed for row in rows), ZERO)):
        lines.append(f"\n{assumed}")
    if group == "model" and len(rows) > 1:
        lines += ["", mix(rows)]
    cache = sum((row.cache for row in rows), NO_CACHE_SUM)
    if cache.words:
        lines.append(f"\ncache: {cache.words}")
    return "\n".join(lines) + "\n"


def _places(amount: Decimal) -> Decimal:
    """Four, rounded up as everywhere else: the same amount looks the same."""
    return amount.quantize(Decimal("0.0001"), ROUND_CEILING)


def mix(rows: Sequence[LedgerRow]) -> str:
    """What share each model has of calls, tokens and money."""
    calls = sum(row.calls for row in rows)
    tokens = sum(row.tokens.prompt + row.tokens.output for row in rows)
    spent = sum((row.spent for row in rows), ZERO)

    def shares(row: LedgerRow) -> str:
        of_tokens = (row.tokens.prompt + row.tokens.output) / tokens if tokens else 0.0
        of_money = row.spent / spent if spent else ZERO
        return f"{row.name} {row.calls / max(calls, 1):.0%} / {of_tokens:.0%} / {of_money:.0%}"

    return f"mix (calls / tokens / money): {', '.join(map(shares, rows))}"
