"""Which files had other names, as far as editor and commits have told: what was dismissed in a file stays so.

Personal: it stays in the user's own file, for it names files of their work tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.model import PATIENCE

KEPT = 500
"""Renames that are kept of each repository; the oldest is forgotten first."""

Rename = tuple[str, str]
"""A file or a folder: as it was called and as it is called, root-relative with forward slashes."""


class Renames:
    """By repository (the hash that CallKey names). `patience`: seconds to wait for another process."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = utc_now, *, patience: float = PATIENCE
    ) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience

    def add(self, repository: str, renames: Iterable[Rename], head: str | None = None) -> Job[None]:
        """Remember that these were renamed; `head`: the commit up to which it is known by now what commits renamed."""
        at = self._clock().astimezone(UTC).isoformat(timespec="microseconds")
        rows = [(repository, old, new, at) for old, new in renames]

        def work(connection: Connection) -> None:
            connection.executemany(
                "INSERT INTO renamed_files VALUES (?, ?, ?, ?)"
                " ON CONFLICT (repository, old, new) DO UPDATE SET at = excluded.at",
                rows,
            )
            connection.execute(
                "DELETE FROM renamed_files WHERE repository = ? AND (old, new) IN"
                " (SELECT old, new FROM renamed_files WHERE repository = ? ORDER BY at DESC, old, new"
                " LIMIT -1 OFFSET ?)",
                (repository, repository, KEPT),
            )
            if head is not None:
                connection.execute(
                    "INSERT INTO renamed_until VALUES (?, ?)"
                    " ON CONFLICT (repository) DO UPDATE SET head = excluded.head",
                    (repository, head),
                )

        return self._database.write(work, patience=self._patience)

    def of(self, repository: str) -> Job[tuple[tuple[str, str, datetime], ...]]:
        """What was renamed, and when, the newest first."""

        def work(connection: Connection) -> tuple[tuple[str, str, datetime], ...]:
            rows = connection.execute(
                "SELECT old, new, at FROM renamed_files WHERE repository = ? ORDER BY at DESC, old, new", (repository,)
            )
            return tuple((old, new, datetime.fromisoformat(at)) for old, new, at in rows)

        return self._database.read(work, patience=self._patience)

    def until(self, repository: str) -> Job[str | None]:
        """The commit up to which it is known what commits renamed."""

        def work(connection: Connection) -> str | None:
            row = connection.execute("SELECT head FROM renamed_until WHERE repository = ?", (repository,)).fetchone()
            return str(row[0]) if row is not None else None

        return self._database.read(work, patience=self._patience)
