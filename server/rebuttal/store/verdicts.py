"""What the user decided about findings: dismissed, with a reason and perhaps until a day.

A finding whose file was renamed has another id: its dismissal is carried on to that one, and both are one decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from attrs import frozen

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.model import PATIENCE


@frozen
class Dismissal:
    """A finding that the user does not want to see."""

    finding: str
    reason: str
    dismissed_at: datetime
    expires: datetime | None = None
    """From then on the finding is shown again; None: never."""
    who: str = ""
    """Which user of a shared store dismissed it."""
    origin: str = ""
    """The finding that was dismissed first, where its file was renamed since; "": this one."""


class Verdicts:
    """Dismissals by repository (the hash that CallKey names) and finding id. `patience`: seconds to wait for another
    process."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = utc_now, *, patience: float = PATIENCE
    ) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience

    def dismiss(self, repository: str, finding: str, reason: str, expires: datetime | None = None) -> Job[None]:
        """Dismiss a finding; a later dismissal of the same one replaces reason and expiry."""
        values = (reason, _text(self._clock()), _text(expires) if expires else None, self._database.who)

        def work(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO dismissals (reason, dismissed_at, expires_at, who, repository, finding)"
                " VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (repository, finding) DO UPDATE SET reason = excluded.reason, who = excluded.who,"
                " dismissed_at = excluded.dismissed_at, expires_at = excluded.expires_at",
                (*values, repository, finding),
            )
            first = _first(connection, repository, finding)
            connection.execute(
                "UPDATE dismissals SET reason = ?, dismissed_at = ?, expires_at = ?, who = ?"
                " WHERE repository = ? AND finding <> ? AND (finding = ? OR origin = ?)",
                (*values, repository, finding, first, first),
            )

        return self._database.write(work, patience=self._patience)

    def carry(self, repository: str, renamed: Iterable[tuple[str, str]]) -> Job[None]:
        """Findings, each with the id under which it is dismissed: it is so under its new one. What was restored
        meanwhile stays restored."""
        rows = [(new, repository, old) for new, old in renamed]

        def work(connection: Connection) -> None:
            connection.executemany(
                "INSERT INTO dismissals (repository, finding, reason, dismissed_at, expires_at, who, origin)"
                " SELECT repository, ?, reason, dismissed_at, expires_at, who,"
                " CASE WHEN origin = '' THEN finding ELSE origin END"
                " FROM dismissals WHERE repository = ? AND finding = ?"
                " ON CONFLICT (repository, finding) DO UPDATE SET reason = excluded.reason, who = excluded.who,"
                " dismissed_at = excluded.dismissed_at, expires_at = excluded.expires_at, origin = excluded.origin",
                rows,
            )

        return self._database.write(work, patience=self._patience)

    def restore(self, repository: str, finding: str) -> Job[bool]:
        """Show the finding again, whatever its file was called. False: it was not dismissed."""

        def work(connection: Connection) -> bool:
            first = _first(connection, repository, finding)
            cursor = connection.execute(
                "DELETE FROM dismissals WHERE repository = ? AND (finding = ? OR origin = ?)",
                (repository, first, first),
            )
            return cursor.rowcount > 0

        return self._database.write(work, patience=self._patience)

    def dismissed(self, repository: str, now: datetime | None = None) -> Job[Mapping[str, Dismissal]]:
        """What is dismissed in a repository and has not expired at `now`, by finding id."""
        moment = _text(now or self._clock())

        def work(connection: Connection) -> Mapping[str, Dismissal]:
            rows = connection.execute(
                "SELECT finding, reason, dismissed_at, expires_at, who, origin FROM dismissals"
                " WHERE repository = ? AND (expires_at IS NULL OR expires_at > ?)",
                (repository, moment),
            )
            return {
                finding: Dismissal(finding, reason, _moment(at), _moment(expires) if expires else None, who, origin)
                for finding, reason, at, expires, who, origin in rows
            }

        return self._database.read(work, patience=self._patience)


def _first(connection: Connection, repository: str, finding: str) -> str:
    """The finding that was dismissed before its file was renamed; itself where it was not."""
    row = connection.execute(
        "SELECT origin FROM dismissals WHERE repository = ? AND finding = ?", (repository, finding)
    ).fetchone()
    return row[0] if row is not None and row[0] else finding


def _text(moment: datetime) -> str:
    """UTC with a fixed width, so that text sorts as time does."""
    if moment.tzinfo is None:
        raise ValueError("a dismissal's time must say where it is: give an aware datetime")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
