"""What the user decided about findings: dismissed, with a reason and perhaps until a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        values = (repository, finding, reason, _text(self._clock()), _text(expires) if expires else None)
        who = self._database.who

        def work(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO dismissals (repository, finding, reason, dismissed_at, expires_at, who)"
                " VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (repository, finding) DO UPDATE SET reason = excluded.reason, who = excluded.who,"
                " dismissed_at = excluded.dismissed_at, expires_at = excluded.expires_at",
                (*values, who),
            )

        return self._database.write(work, patience=self._patience)

    def restore(self, repository: str, finding: str) -> Job[bool]:
        """Show the finding again. False: it was not dismissed."""

        def work(connection: Connection) -> bool:
            cursor = connection.execute(
                "DELETE FROM dismissals WHERE repository = ? AND finding = ?", (repository, finding)
            )
            return cursor.rowcount > 0

        return self._database.write(work, patience=self._patience)

    def dismissed(self, repository: str, now: datetime | None = None) -> Job[Mapping[str, Dismissal]]:
        """What is dismissed in a repository and has not expired at `now`, by finding id."""
        moment = _text(now or self._clock())

        def work(connection: Connection) -> Mapping[str, Dismissal]:
            rows = connection.execute(
                "SELECT finding, reason, dismissed_at, expires_at, who FROM dismissals"
                " WHERE repository = ? AND (expires_at IS NULL OR expires_at > ?)",
                (repository, moment),
            )
            return {
                finding: Dismissal(finding, reason, _moment(at), _moment(expires) if expires else None, who)
                for finding, reason, at, expires, who in rows
            }

        return self._database.read(work, patience=self._patience)


def _text(moment: datetime) -> str:
    """UTC with a fixed width, so that text sorts as time does."""
    if moment.tzinfo is None:
        raise ValueError("a dismissal's time must say where it is: give an aware datetime")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
