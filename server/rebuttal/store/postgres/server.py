"""The server behind everything that a team shares: one budget, one memory of verdicts.

**One writer at a time.** A transaction that writes first takes an advisory lock of the whole store, and is READ
COMMITTED: what it then reads is all that was committed before. So the work of the tables' modules needs to know of no
other isolation than SQLite's, and the caps hold over all machines.

**Who lives.** An open store holds an advisory lock of its session, keyed by its token. It ends with the session: when
the process ends, and when the server finds that the connection is dead (`_SESSION` has it look). A process whose
connection was merely lost counts as dead until it is connected again. That breaks no cap: what it had set aside is then
assumed at its worst case, it can set aside nothing more without a connection, and what it settles afterwards takes the
place of what was assumed.

**A lost connection.** What had not been committed did not happen, and is done once more over a new connection. Where
the answer to a COMMIT was lost, the server is asked what became of the transaction; where that cannot be known (another
server answers, or none), a StoreError says so, and nothing is done twice. A reservation that was kept all the same
stands until the process ends, then counts at its worst case: the call was not made, and no cap is passed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from rebuttal.store.backend import Connection
from rebuttal.store.model import StoreError
from rebuttal.store.postgres import schema
from rebuttal.store.postgres.address import Address, is_local
from rebuttal.store.postgres.errors import explained
from rebuttal.store.postgres.session import SCHEMA, Met, connect, last_row, row_of
from rebuttal.store.postgres.sql import PostgresConnection

if TYPE_CHECKING:
    import psycopg

    from rebuttal.store.postgres.session import Session

T = TypeVar("T")

_WRITERS, _OWNERS = 0x5EB0, 0x5EB1
"""First halves of the keys of advisory locks: of who writes, of who lives."""


class _Lost(Exception):
    """The connection was lost before anything was committed."""


class PostgresServer:
    """One session with the server, made anew where it was lost."""

    def __init__(self, url: str, patience: float) -> None:
        """Raises StoreError."""
        self._address = Address.of(url)
        self.name = self._address.name
        self._token: str | None = None
        self._before: list[Met] = []
        """Sessions that were lost, and that the server may not have noticed to be dead."""
        self._session, self._met = connect(self._address)
        self.who = self._met.user
        try:
            self.transact(self._migrate, writes=True, patience=patience, lasting=True, again=False)
        except BaseException:
            self._session.close()
            raise

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody on the way can read along: TLS, or nothing lies on the way."""
        info = self._session.info
        return bool(self._session.pgconn.ssl_in_use) or is_local(info.hostaddr or info.host)

    def transact(
        self,
        work: Callable[[Connection], T],
        *,
        writes: bool,
        patience: float,
        lasting: bool,
        again: bool = True,
    ) -> T:
        """Run `work` in one transaction; one that writes does so alone. `again`: over a new connection where this one
        turns out to be lost."""
        try:
            return self._attempt(work, writes, patience, lasting)
        except _Lost as lost:
            if not again:
                raise StoreError(f"the connection to {self.name} was lost: try again") from lost
        return self.transact(work, writes=writes, patience=patience, lasting=lasting, again=False)

    def owner(self) -> str:
        """The token that marks this open store as alive."""
        if self._token is None:
            token = uuid4().hex
            self._session.execute(_LOCK_OWNER, (_OWNERS, _half(token)))
            self._token = token
        return self._token

    def is_alive(self, token: str) -> bool:
        """Whether a session holds that token's lock."""
        return bool(row_of(self._session.execute(_ASK_OWNER, (_OWNERS, _half(token))))[0])

    def tidy(self) -> None:
        """Locks end with their sessions."""

    def close(self) -> None:
        import psycopg

        with suppress(psycopg.Error):
            if self._token is not None and not self._session.closed:
                # The server would find that the session has ended, but not before whoever asks next.
                self._session.execute(_UNLOCK_OWNER, (_OWNERS, _half(self._token)))
        self._session.close()

    def _attempt(self, work: Callable[[Connection], T], writes: bool, patience: float, lasting: bool) -> T:
        import psycopg

        session = self._living(patience)
        with explained(self.name):
            try:
                transaction = self._begin(session, writes, patience, lasting)
                result = work(PostgresConnection(session))
            except psycopg.Error as error:
                if _is_lost(session, error):
                    raise _Lost from error
                _roll_back(session)
                raise
            except BaseException:
                _roll_back(session)
                raise
            try:
                done = session.execute("COMMIT").statusmessage
            except psycopg.Error as error:
                if not _is_lost(session, error):
                    raise
                if transaction is not None:
                    self._find_out(transaction, patience)
            else:
                if done != "COMMIT":
                    raise StoreError(f"{self.name} has undone what was written ({done}): run rebuttal doctor")
        return result

    def _begin(self, session: Session, writes: bool, patience: float, lasting: bool) -> str | None:
        """Begin a transaction, in one message; gives the id of one that writes."""
        wait = f"SET LOCAL lock_timeout = {max(1, round(patience * 1000))};"
        if not writes:
            session.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {wait}")
            return None
        haste = "" if lasting else "SET LOCAL synchronous_commit = off;"
        cursor = session.execute(
            f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {wait} {haste}"
            f" SELECT pg_advisory_xact_lock({_WRITERS}, hashtext('{SCHEMA}'));"
            " SELECT pg_backend_pid(), pg_current_xact_id()::text"
        )
        process, transaction = last_row(cursor)
        if process != self._met.process:
            raise StoreError(
                f"{self.name} is behind a pooler that changes sessions between transactions: give "
                "REBUTTAL_STORE_URL the address of the server itself, or have the pooler pool by session"
            )
        return str(transaction)

    def _living(self, patience: float) -> Session:
        """The session; a new one where it was lost, which bears the same token again."""
        if self._session.closed:
            self._before.append(self._met)
            self._session, self._met = connect(self._address)
            try:
                with explained(self.name):
                    self._take_over(patience)
            except BaseException:
                self._session.close()
                raise
            self._before.clear()
        return self._session

    def _take_over(self, patience: float) -> None:
        """End the sessions before, which may hold what is ours, and take the token's lock."""
        deadline = time.monotonic() + patience
        for one in self._before:
            _end(self._session, one)
        if self._token is None:
            return
        while not row_of(self._session.execute(_TRY_OWNER, (_OWNERS, _half(self._token))))[0]:
            if time.monotonic() > deadline:
                raise StoreError(f"{self.name} has not noticed yet that the connection was lost: try again in a minute")
            self._session.execute("SELECT pg_sleep(0.05)")

    def _find_out(self, transaction: str, patience: float) -> None:
        """What became of a transaction whose COMMIT was not answered. Returns where it was kept; raises _Lost where
        nothing happened, StoreError where nobody knows."""
        import psycopg

        before = self._met
        unknown = StoreError(
            f"the connection to {self.name} was lost while it was writing, so whether the last entry was kept is not "
            "known: see `rebuttal ledger` before you go on"
        )
        try:
            session = self._living(patience)
            # Another server, or one that recovered, may know another transaction by this number.
            if self._met.started != before.started:
                raise unknown
            deadline = time.monotonic() + patience
            while True:
                (status,) = row_of(session.execute("SELECT pg_xact_status(%s::xid8)", (transaction,)))
                if status == "committed":
                    return
                if status == "aborted":
                    raise _Lost
                if status is None or time.monotonic() > deadline:
                    raise unknown
                session.execute("SELECT pg_sleep(0.05)")  # its session is being ended
        except (psycopg.Error, StoreError) as error:
            raise unknown from error

    def _migrate(self, connection: Connection) -> None:
        """Bring the tables to this version; alone, as all who write."""
        (there,) = connection.execute("SELECT to_regclass(?) IS NOT NULL", (f"{SCHEMA}.store",)).fetchone()
        if not there:
            (has_schema,) = connection.execute("SELECT to_regnamespace(?) IS NOT NULL", (SCHEMA,)).fetchone()
            if not has_schema:
                connection.execute(f"CREATE SCHEMA {SCHEMA}")
            connection.execute("CREATE TABLE store (version INTEGER NOT NULL)")
            connection.execute("INSERT INTO store VALUES (0)")
        (version,) = connection.execute("SELECT version FROM store").fetchone()
        if version > schema.VERSION:
            raise StoreError(f"{self.name} is used by a newer Rebuttal: install the newest one")
        if version == schema.VERSION:
            return
        for number in range(version, schema.VERSION):
            for statement in schema.statements(number):
                connection.execute(statement)
        connection.execute("UPDATE store SET version = ?", (schema.VERSION,))


_LOCK_OWNER = "SELECT pg_advisory_lock(%s, %s)"
_UNLOCK_OWNER = "SELECT pg_advisory_unlock(%s, %s)"
_TRY_OWNER = "SELECT pg_try_advisory_lock(%s, %s)"
# The view asks without taking the lock, so that two who ask at once do not take each other for the living.
_ASK_OWNER = """
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = %s AND objid::bigint = %s::bigint & 4294967295)
"""


def _half(token: str) -> int:
    """The second half of the key of a token's lock: 32 bits, signed. Should two be the same, a dead one counts as alive
    for a while."""
    return int.from_bytes(sha256(token.encode()).digest()[:4], "big", signed=True)


# As the role that the session was made as, which may end its own.
_END = """
BEGIN; SET LOCAL ROLE NONE;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = %s AND backend_start::text = %s AND usename = session_user;
COMMIT
"""


def _end(session: Session, one: Met) -> None:
    """End our own session before. Nothing, where it has ended."""
    session.execute(_END, (one.process, one.since))


def _is_lost(session: Session, error: psycopg.Error) -> bool:
    """Whether the session is over; then it is closed here too."""
    # 57P01 to 57P03: the server ends; 25P03: it ended a session that was idle in a transaction.
    if not session.closed and error.sqlstate in ("57P01", "57P02", "57P03", "25P03"):
        session.close()
    return session.closed


def _roll_back(session: Session) -> None:
    import psycopg

    try:
        session.execute("ROLLBACK")
    except psycopg.Error:
        session.close()  # then it is undone by the server
