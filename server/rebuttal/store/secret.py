"""The installation's secret: from it and the context's hash comes the id of the fence around untrusted text."""

from __future__ import annotations

import secrets

from rebuttal.store.database import Connection, Database, Job

_NAME = "installation"
_LENGTH = 32


def installation_secret(database: Database) -> Job[bytes]:
    """32 random bytes, made at the first call and the same ever after. The store's file is its owner's only."""
    fresh = secrets.token_bytes(_LENGTH)

    def work(connection: Connection) -> bytes:
        connection.execute("INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", (_NAME, fresh))
        (value,) = connection.execute("SELECT value FROM secrets WHERE name = ?", (_NAME,)).fetchone()
        return bytes(value)

    return database.write(work)
