"""What the user agreed to send, and where: per repository and endpoint host."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from rebuttal.store.database import Connection, Database, Job


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Consents:
    """Agreements to send a repository's code to a host. Nothing is sent without one (or without `--yes`)."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = _utc_now) -> None:
        self._database = database
        self._clock = clock

    def remember_consent(self, repository: str, host: str) -> Job[None]:
        """`repository`: the hash that CallKey names; `host`: as `settings.endpoint_host` gives it."""
        given_at = self._clock().astimezone(UTC).isoformat(timespec="seconds")

        def work(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO consents (repository, host, given_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (repository, host, given_at),
            )

        return self._database.write(work)

    def has_consent(self, repository: str, host: str) -> Job[bool]:
        def work(connection: Connection) -> bool:
            row = connection.execute("SELECT 1 FROM consents WHERE repository = ? AND host = ?", (repository, host))
            return row.fetchone() is not None

        return self._database.read(work)

    def forget(self, repository: str, host: str | None = None) -> Job[None]:
        """Take the agreement back, for one host or for all."""

        def work(connection: Connection) -> None:
            connection.execute(
                "DELETE FROM consents WHERE repository = ?1 AND (?2 IS NULL OR host = ?2)", (repository, host)
            )

        return self._database.write(work)
