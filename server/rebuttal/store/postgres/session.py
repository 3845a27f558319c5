"""One session with the server: how it is made, and what the server says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from rebuttal.store.model import StoreError
from rebuttal.store.postgres.address import Address, driver
from rebuttal.store.postgres.errors import explained, unreachable

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

SCHEMA = "rebuttal"
"""The schema of the tables: the database may be shared with others' tables."""
_OLDEST_SERVER = 130000
"""PostgreSQL 13 brought `pg_xact_status`."""
_MANY_SECONDS = 30
"""After so long in the middle of a transaction the server ends the session: a process that was stopped there would keep
all others from writing."""

# The server looks after half a minute of silence whether anybody is there, and knows after a minute that nobody is.
_SESSION = f"""
SET search_path = {SCHEMA};
SET idle_in_transaction_session_timeout = '{_MANY_SECONDS}s';
SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), session_user::text, pg_backend_pid(),
    (SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()), pg_postmaster_start_time()::text
"""  # noqa: S608 - our own words

_OURS = {
    "application_name": "rebuttal",
    "connect_timeout": "5",
    # A server that is gone is noticed within half a minute, not after the hours that TCP waits by itself.
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "client_encoding": "utf8",
}
"""What the address does not say otherwise."""


@frozen
class Met:
    """What the server said of itself and of this session."""

    version: int
    is_replica: bool
    user: str
    process: int
    since: str
    """When that process began: numbers of processes are used again."""
    started: str
    """When the server was."""


def connect(address: Address) -> tuple[Session, Met]:
    """A new session. Raises StoreError."""
    psycopg = driver()
    from psycopg.adapt import Loader

    class Whole(Loader):
        """Sums of integers are NUMERIC: integers again, as in SQLite; what is none is a float."""

        def load(self, data: Any) -> int | float:
            text = bytes(data)
            return int(text) if text.lstrip(b"-").isdigit() else float(text)

    try:
        session: Session = psycopg.connect(
            **{**_OURS, **address.parameters}, autocommit=True, cursor_factory=psycopg.ClientCursor
        )
    except psycopg.Error as error:
        raise StoreError(unreachable(address.name, str(error))) from None
    try:
        session.adapters.register_loader("numeric", Whole)
        with explained(address.name):
            met = Met(*last_row(session.execute(_SESSION)))
        _suitable(address.name, met)
    except BaseException:
        session.close()
        raise
    return session, met


def _suitable(name: str, met: Met) -> None:
    if met.version < _OLDEST_SERVER:
        raise StoreError(f"{name} is too old: Rebuttal needs PostgreSQL 13 or later")
    if met.is_replica:
        raise StoreError(f"{name} is a read-only replica: give REBUTTAL_STORE_URL the primary server")


def last_row(cursor: psycopg.Cursor[Any]) -> tuple[Any, ...]:
    """The row that the last of several statements gave."""
    while cursor.nextset():
        pass
    return row_of(cursor)


def row_of(cursor: psycopg.Cursor[Any]) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = cursor.fetchone()
    assert row is not None
    return row
