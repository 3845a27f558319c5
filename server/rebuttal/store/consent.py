"""What the user agreed to send, and where: per repository and endpoint host."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job


class Consents:
    """Agreements to send a repository's code to a host. Nothing is sent without one (or without `--yes`)."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def remember_consent(self, repository: str, host: str, untracked: Iterable[str] = ()) -> Job[None]:
        """`repository`: the hash that CallKey names; `host`: as `settings.endpoint_host` gives it; `untracked`: the
        files that git does not track and that the user was told of."""
        files = [(repository, host, _digest(path)) for path in untracked]
        given_at = self._clock().astimezone(UTC).isoformat(timespec="seconds")

        def work(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO consents (repository, host, given_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (repository, host, given_at),
            )
            connection.executemany("INSERT INTO consented_files VALUES (?, ?, ?) ON CONFLICT DO NOTHING", files)

        return self._database.write(work)

    def has_consent(self, repository: str, host: str, untracked: Iterable[str] = ()) -> Job[bool]:
        """Whether the user agreed for good, and was told of each of the `untracked` files."""
        wanted = {_digest(path) for path in untracked}

        def work(connection: Connection) -> bool:
            where = (repository, host)
            row = connection.execute("SELECT 1 FROM consents WHERE repository = ? AND host = ?", where).fetchone()
            if row is None:
                return False
            told = connection.execute("SELECT file FROM consented_files WHERE repository = ? AND host = ?", where)
            return wanted <= {file for (file,) in told}

        return self._database.read(work)

    def forget(self, repository: str, host: str | None = None) -> Job[None]:
        """Take the agreement back, for one host or for all."""

        def work(connection: Connection) -> None:
            which = {"repository": repository, "host": host}
            for table in ("consents", "consented_files"):
                connection.execute(
                    f"DELETE FROM {table} WHERE repository = :repository AND (:host IS NULL OR host = :host)",  # noqa: S608 - our own names
                    which,
                )

        return self._database.write(work)


def _digest(path: str) -> str:
    """The store keeps no names of files."""
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:32]
