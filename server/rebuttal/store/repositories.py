"""What the repositories of the ledger are called: the name of their folder, never its path."""

from __future__ import annotations

from collections.abc import Mapping

from rebuttal.store.database import Connection, Database, Job

LONGEST = 100
"""Characters of a name that are kept."""


class Repositories:
    """Names, for reports that people read. The ledger itself knows repositories only by a hash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, repository: str, name: str) -> Job[None]:
        """`repository`: the hash that CallKey names; `name`: of its folder."""
        kept = name.encode("utf-8", "replace").decode("utf-8").replace("\0", "")[:LONGEST]

        def work(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO repositories (repository, name) VALUES (?, ?)"
                " ON CONFLICT (repository) DO UPDATE SET name = excluded.name",
                (repository, kept),
            )

        # A name that a power cut takes is written again by the next review.
        return self._database.write(work, lasting=False)

    def names(self) -> Job[Mapping[str, str]]:
        """Names by hash."""

        def work(connection: Connection) -> Mapping[str, str]:
            return dict(connection.execute("SELECT repository, name FROM repositories"))

        return self._database.read(work)
