"""What the last review of each scope found, so that it can be listed later.

Personal: it stays in the user's own file, for it names files and lines of their work tree.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from attrs import frozen

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.model import PATIENCE

Kind = Literal["static", "debate"]
KEPT = 200
"""Reviews that are kept, over all repositories; the oldest is forgotten first."""
LARGEST = 1_000_000
"""Bytes of one review's findings, compressed; of one that has more nothing is kept."""


@frozen
class Listed:
    """The findings of one review by one kind of reviewer."""

    scope: str
    """A digest, as of `Reviews`."""
    kind: Kind
    title: str
    """The scope as the user names it: working, branch, range:A..B."""
    at: datetime
    text: str
    """What `keep` was given."""


class LastFindings:
    """By repository (the hash that CallKey names), scope and kind: a static review does not replace what a debate has
    found. `patience`: seconds to wait for another process."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = utc_now, *, patience: float = PATIENCE
    ) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience

    def keep(self, repository: str, scope: str, title: str, texts: dict[Kind, str]) -> Job[None]:
        """Put these findings in the place of those of the last review."""
        at = self._clock().astimezone(UTC).isoformat(timespec="microseconds")
        bodies = {kind: zlib.compress(text.encode("utf-8", "surrogatepass")) for kind, text in texts.items()}
        gone = [(repository, scope, kind) for kind in bodies]
        rows = [(repository, scope, kind, title, at, body) for kind, body in bodies.items() if len(body) <= LARGEST]

        def work(connection: Connection) -> None:
            connection.executemany(
                "DELETE FROM last_findings WHERE repository = ? AND scope = ? AND kind = ?",
                gone,
            )
            connection.executemany("INSERT INTO last_findings VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.execute(
                "DELETE FROM last_findings WHERE (repository, scope, kind) IN"
                " (SELECT repository, scope, kind FROM last_findings ORDER BY at DESC, repository, scope, kind"
                " LIMIT -1 OFFSET ?)",
                (KEPT,),
            )

        return self._database.write(work, patience=self._patience)

    def of(self, repository: str) -> Job[tuple[Listed, ...]]:
        """What is kept of a repository, the newest first."""

        def work(connection: Connection) -> tuple[Listed, ...]:
            rows = connection.execute(
                "SELECT scope, kind, title, at, body FROM last_findings WHERE repository = ?"
                " ORDER BY at DESC, scope, kind",
                (repository,),
            ).fetchall()
            return tuple(
                Listed(
                    scope,
                    kind,
                    title,
                    datetime.fromisoformat(at),
                    zlib.decompress(body).decode("utf-8", "surrogatepass"),
                )
                for scope, kind, title, at, body in rows
            )

        return self._database.read(work, patience=self._patience)
