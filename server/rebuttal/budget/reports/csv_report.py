"""One group of the report for a spreadsheet: RFC 4180, plain decimals with a point, US dollars."""

from __future__ import annotations

import csv
import io

from rebuttal.budget.reports.model import CostReport, Line, as_read
from rebuttal.store.model import LedgerKey
from rebuttal.store.money import exact
from rebuttal.text.hidden import written_out

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""
_HEAD = (
    *("spent_usd", "assumed_usd", "under_way_usd", "calls", "calls_over", "input_tokens", "cache_write_tokens"),
    *("cache_read_tokens", "output_tokens", "cache_expected_tokens", "cache_met_tokens", "cache_saved_usd"),
)


def to_csv(report: CostReport, by: LedgerKey) -> str:
    """The rows of a group under a line of names. It begins with a byte order mark where anything in it is not ASCII:
    spreadsheets read it as UTF-8 only then, and other programs would stumble over one."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow((by, *(("name",) if by == "repository" else ()), *_HEAD))
    table.writerows(_row(line, by) for line in as_read(by, report.groups[by]))
    text = written.getvalue()
    return text if text.isascii() else "\ufeff" + text


def _row(line: Line, by: LedgerKey) -> tuple[str | int, ...]:
    row, tokens = line.row, line.row.tokens
    names = (row.name, line.title) if by == "repository" else (row.name,)
    return (
        *map(_harmless, names),
        *(exact(row.spent), exact(row.assumed), exact(row.reserved), row.calls, row.over),
        *(tokens.input, tokens.cache_write, tokens.cache_read, tokens.output),
        *(row.cache.expected, row.cache.read, exact(row.cache.saved)),
    )


def _harmless(name: str) -> str:
    """A name of ours or of a repository is never a formula: an apostrophe before it makes it text."""
    shown = written_out(name)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
