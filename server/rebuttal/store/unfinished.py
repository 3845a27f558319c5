"""Debates that were cut short, kept for a day so that they can be taken up."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from attrs import frozen

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job

KEPT = 20
"""Debates that are kept, over all repositories; the oldest is forgotten first."""
TAKEN_UP_WITHIN = timedelta(days=1)
"""Nobody waits longer, and what quotes code is not kept for longer than it is of use."""
LARGEST = 4_000_000
"""Bytes of one debate, compressed; a larger one is held anew."""


@frozen
class Unfinished:
    """A debate that was cut short."""

    at: datetime
    text: str
    """What `keep` was given."""


class UnfinishedDebates:
    """By repository (the hash that CallKey names) and by a key that names all that the answers depend on."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def keep(self, repository: str, key: str, text: str) -> Job[None]:
        """Put this debate in the place of an earlier one of the same key; what is too large or too old is not kept."""
        now = self._clock().astimezone(UTC)
        body = zlib.compress(text.encode("utf-8", "surrogatepass"))

        def work(connection: Connection) -> None:
            _forget(connection, now)
            connection.execute("DELETE FROM unfinished WHERE repository = ? AND key = ?", (repository, key))
            if len(body) > LARGEST:
                return
            connection.execute("INSERT INTO unfinished VALUES (?, ?, ?, ?)", (repository, key, _text(now), body))
            connection.execute(
                "DELETE FROM unfinished WHERE (repository, key) IN"
                " (SELECT repository, key FROM unfinished ORDER BY at DESC, repository, key LIMIT -1 OFFSET ?)",
                (KEPT,),
            )

        return self._database.write(work)

    def find(self, repository: str, key: str) -> Job[Unfinished | None]:
        """The debate of that key; None where there is none, or it is too old."""
        oldest = _text(self._clock().astimezone(UTC) - TAKEN_UP_WITHIN)

        def work(connection: Connection) -> Unfinished | None:
            row = connection.execute(
                "SELECT at, body FROM unfinished WHERE repository = ? AND key = ? AND at > ?", (repository, key, oldest)
            ).fetchone()
            if row is None:
                return None
            at, body = row
            try:
                return Unfinished(datetime.fromisoformat(at), zlib.decompress(body).decode("utf-8", "surrogatepass"))
            except (zlib.error, ValueError):
                return None  # of another version, or damaged: the debate is held anew

        return self._database.read(work)

    def forget(self, repository: str, key: str) -> Job[None]:
        """The debate was finished."""
        now = self._clock().astimezone(UTC)

        def work(connection: Connection) -> None:
            _forget(connection, now)
            connection.execute("DELETE FROM unfinished WHERE repository = ? AND key = ?", (repository, key))

        return self._database.write(work)


def _forget(connection: Connection, now: datetime) -> None:
    connection.execute("DELETE FROM unfinished WHERE at <= ?", (_text(now - TAKEN_UP_WITHIN),))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
