"""What reports read besides the ledger's rows: sums that the store keeps, so that none of it reads every call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from attrs import frozen

from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.money import from_nano


@frozen
class DaySpending:
    """What one model cost on one day where the user lives. The two amounts do not overlap."""

    day: str
    model: str
    spent: Decimal
    assumed: Decimal


class Spending:
    """Questions to the tables of sums (schema_sums.py)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def days(
        self, since: date | None = None, until: date | None = None, repository: str | None = None
    ) -> Job[tuple[DaySpending, ...]]:
        """By day and model, in the order of the days; `since` to `until` inclusive."""
        which = {
            "since": since.isoformat() if since else "",
            "until": until.isoformat() if until else "~",
            "repository": repository,
        }

        def work(connection: Connection) -> tuple[DaySpending, ...]:
            rows = connection.execute(
                "SELECT day, model, sum(settled), sum(assumed) FROM spending"
                " WHERE day BETWEEN :since AND :until AND (:repository IS NULL OR repository = :repository)"
                " GROUP BY day, model HAVING sum(settled) + sum(assumed) > 0 ORDER BY day, model",
                which,
            )
            return tuple(DaySpending(day, model, *map(from_nano, amounts)) for day, model, *amounts in rows)

        return self._database.read(work)

    def reviews(self, since: date | None = None, until: date | None = None, repository: str | None = None) -> Job[int]:
        """How many reviews that cost anything began on these days."""
        days = (since.isoformat() if since else "", until.isoformat() if until else "~")
        bounded = since is not None or until is not None or repository is not None

        def work(connection: Connection) -> int:
            if not bounded:
                found = connection.execute("SELECT count(*) FROM balances WHERE scope = 'review' AND held > 0")
            else:
                # By the review's first call, as the dearest ones are found (ledger_reports.py).
                found = connection.execute(
                    "SELECT count(*) FROM balances b"
                    " JOIN calls c ON c.id = (SELECT id FROM calls WHERE review = b.name ORDER BY id LIMIT 1)"
                    " WHERE b.scope = 'review' AND b.held > 0 AND c.day BETWEEN ? AND ?"
                    " AND (? IS NULL OR c.repository = ?)",
                    (*days, repository, repository),
                )
            return int(found.fetchone()[0])

        return self._database.read(work)

    def held_by_repository(self, month: str) -> Job[Mapping[str, Decimal]]:
        """What counts against the cap of each repository in a month (2026-11), by its hash."""

        def work(connection: Connection) -> Mapping[str, Decimal]:
            rows = connection.execute(
                "SELECT name, held FROM balances WHERE scope = 'repository' AND name BETWEEN ? AND ?",
                (f"{month} ", f"{month} ~"),
            )
            return {name.partition(" ")[2]: from_nano(held) for name, held in rows}

        return self._database.read(work)
