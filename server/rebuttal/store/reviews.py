"""What the last finished review of a scope had before it, so that the next one can say what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Literal

from attrs import frozen

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.model import PATIENCE

ReviewKind = Literal["static", "debate"]
KEPT = 200
"""Scopes that are remembered, over all repositories; the oldest is forgotten first."""


@frozen
class LastReview:
    """A finished review."""

    at: datetime
    """When it was finished."""
    made_by: str
    """A digest of what a debate was held with (prompts, panel, models); "" of a static review."""
    hunks: tuple[str, ...]
    """Fingerprints, as `change.novelty` writes them."""


class Reviews:
    """The last reviews by repository (the hash that CallKey names), scope and kind. A static review never counts as a
    debate. `patience`: seconds to wait for another process."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = utc_now, *, patience: float = PATIENCE
    ) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience

    def remember(
        self, repository: str, scope: str, kinds: Iterable[ReviewKind], hunks: Iterable[str], made_by: str = ""
    ) -> Job[None]:
        """Put this review in the place of the last one of each kind. `scope`: without names of files."""
        at = self._clock().astimezone(UTC).isoformat(timespec="seconds")
        text = "\n".join(hunks)
        rows = [(repository, scope, kind, at, made_by if kind == "debate" else "", text) for kind in kinds]

        def work(connection: Connection) -> None:
            connection.executemany("INSERT OR REPLACE INTO last_reviews VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.execute(
                "DELETE FROM last_reviews WHERE (repository, scope, kind) IN"
                " (SELECT repository, scope, kind FROM last_reviews ORDER BY at DESC, repository, scope, kind"
                " LIMIT -1 OFFSET ?)",
                (KEPT,),
            )

        return self._database.write(work, patience=self._patience)

    def last(self, repository: str, scope: str, kind: ReviewKind) -> Job[LastReview | None]:
        """The last finished review of this kind; None where there was none."""

        def work(connection: Connection) -> LastReview | None:
            row = connection.execute(
                "SELECT at, made_by, hunks FROM last_reviews WHERE repository = ? AND scope = ? AND kind = ?",
                (repository, scope, kind),
            ).fetchone()
            if row is None:
                return None
            at, made_by, hunks = row
            return LastReview(datetime.fromisoformat(at), made_by, tuple(hunks.split("\n")) if hunks else ())

        return self._database.read(work, patience=self._patience)
