from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.budget.reports.collect import cost_report
from rebuttal.budget.reports.model import GROUPS, CostReport, Sources, report_of
from rebuttal.settings import Settings
from rebuttal.store.database import Database
from rebuttal.store.model import Caps, LedgerRow, Tokens
from tests.demo_ledger import fill

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
LIMITS = Caps(review=Decimal(1), day=Decimal(5), month=Decimal(50))

Reported = Callable[..., CostReport]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "rebuttal.sqlite3") as opened:
        yield opened


@pytest.fixture
def reported(database: Database) -> Reported:
    """The report of what is in the database."""

    def read(settings: Settings | None = None, **asked: object) -> CostReport:
        given: dict[str, object] = {"groups": GROUPS, "now": NOW, **asked}
        return asyncio.run(cost_report(database, settings or Settings(), **given))  # type: ignore[arg-type]  # by name

    return read


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> CostReport:
    """Of a year of reviews."""
    with Database.open(tmp_path_factory.mktemp("year") / "rebuttal.sqlite3") as opened:
        fill(opened, days=365)
        return asyncio.run(cost_report(opened, Settings(), groups=GROUPS, now=NOW))


def row(name: str, spent: str = "1", calls: int = 1, assumed: str = "0") -> LedgerRow:
    amounts = (Decimal(spent), Decimal(assumed), Decimal(0))
    return LedgerRow(name, *amounts, calls, 0, Tokens(input=100, cache_read=300, output=10))


def report(**changes: object) -> CostReport:
    """A report of these sources alone."""
    sources = Sources(now=NOW, limits=LIMITS)
    return report_of(evolve(sources, **changes))  # type: ignore[arg-type]  # by name
