"""The SQLite file behind everything that is remembered, where no server is shared.

Durable against a kill and against power loss (WAL with `synchronous=FULL`, but for what says otherwise), shared by all
processes of the user.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rebuttal.store import schema
from rebuttal.store.backend import Connection, Parameters
from rebuttal.store.model import StoreError
from rebuttal.store.owner import NoLocks, Owner, is_alive, sweep

T = TypeVar("T")


class SqliteConnection(sqlite3.Connection):
    """What the tables' modules see of the file."""

    def insert(self, sql: str, parameters: Parameters, /) -> int:
        """Run an INSERT of one row; gives its id."""
        row = self.execute(sql, parameters).lastrowid
        assert row is not None
        return row


class SqliteFile:
    """One open file."""

    who = ""
    is_encrypted = True
    """Nothing lies on the way."""

    def __init__(self, path: Path, patience: float) -> None:
        self.path = path
        self.name = str(path)
        self._connection = _connect(path, patience)
        self._identity = _identity(path)
        self._owner: Owner | None = None
        self._waits: float | None = None
        """Seconds that the connection waits for a lock now."""
        self._lasting = True
        """Whether a commit now waits until the disk has it."""

    @property
    def owners(self) -> Path:
        """The folder of the tokens of all processes that use this store."""
        return self.path.with_name(self.path.name + "-owners")

    def owner(self) -> str:
        """The token that marks this open store as alive."""
        if self._owner is None:
            try:
                self._owner = Owner(self.owners)
            except NoLocks:
                raise StoreError(f"{self.path} {_NO_LOCKS}") from None
            except OSError as error:
                raise StoreError(f"{self.owners} {_cannot_be_written(error)}") from None
        return self._owner.token

    def is_alive(self, token: str) -> bool:
        """Whether the open store of that token still lives."""
        return is_alive(self.owners, token)

    def tidy(self) -> None:
        """Remove what processes left that have ended."""
        sweep(self.owners)

    def close(self) -> None:
        self._connection.close()
        if self._owner is not None:
            self._owner.close()

    def transact(self, work: Callable[[Connection], T], *, writes: bool, patience: float, lasting: bool) -> T:
        """Run `work` in one transaction; one that writes is immediate."""
        connection = self._connection
        with _explained(self.path):
            if writes and _identity(self.path) != self._identity:
                # Written to the file that is gone, it would be lost, and no other process would see it.
                raise StoreError(f"{self.path} was moved or deleted while it was open: start again, or put it back")
            if self._lasting != lasting:
                # SQLite, "PRAGMA synchronous": in WAL, NORMAL loses the last commits to a power cut, never the order.
                connection.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
                self._lasting = lasting
            if self._waits != patience:
                connection.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
                self._waits = patience
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled back already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return result


def _connect(path: Path, patience: float) -> SqliteConnection:
    with _explained(path):
        _create(path)
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None, factory=SqliteConnection)
        try:
            _prepare(connection, path, patience)
        except BaseException:
            connection.close()
            raise
    return connection


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _create(path: Path) -> None:
    """Make the file readable by its owner only; SQLite gives its side files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return


def _prepare(connection: sqlite3.Connection, path: Path, patience: float) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    _refuse_foreign(connection, path)
    _write_ahead(connection, path, patience)
    connection.execute("PRAGMA synchronous = FULL")
    if _version(connection, path) == schema.VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again: another process may have migrated while this one waited.
        version = _version(connection, path)
        _refuse_foreign(connection, path)
        for number in range(version, schema.VERSION):
            for statement in schema.MIGRATIONS[number]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    """Before anything in it is changed. In one statement: another process may be making the tables of ours."""
    version, tables = connection.execute(
        "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
    ).fetchone()
    if version == 0 and tables:
        raise StoreError(f"{path} belongs to another program: move it away, or set REBUTTAL_HOME to another folder")


def _write_ahead(connection: sqlite3.Connection, path: Path, patience: float) -> None:
    """Switch to write-ahead logging. SQLite does not wait for this lock by itself, so two first starts may meet."""
    deadline = time.monotonic() + patience
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if _code(error) not in _LOCKED or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
            continue
        if mode != "wal":
            raise StoreError(f"{path} {_NO_SHARED_MEMORY}")
        return


def _version(connection: sqlite3.Connection, path: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > schema.VERSION:
        raise StoreError(
            f"{path} is of a newer Rebuttal: install the newest one, or set REBUTTAL_HOME to another folder"
        )
    return int(version)


_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_READ_ONLY = "is read-only: make the file and its folder writable, or set REBUTTAL_HOME to another folder"

_LOCAL = "set REBUTTAL_HOME to a folder of a local disk"
_NO_SHARED_MEMORY = f"is on a file system without shared memory, such as a network drive: {_LOCAL}"
_NO_LOCKS = f"is on a file system without locks, such as a network drive: {_LOCAL}"
_FULL = "cannot grow because the disk is full: make room and try again"
_NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)

_ADVICE: dict[int, str] = {
    sqlite3.SQLITE_BUSY: "is locked by another program: close it and try again",
    sqlite3.SQLITE_LOCKED: "is locked by another program: close it and try again",
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_FULL: _FULL,
    # A quota and a limit of a file's size end here, too.
    sqlite3.SQLITE_IOERR: f"cannot be read or written, for the disk failed or gave no room: make room, or {_LOCAL}",
    sqlite3.SQLITE_PROTOCOL: _NO_LOCKS,
    sqlite3.SQLITE_NOLFS: "is larger than its file system allows: set REBUTTAL_HOME to a folder of another disk",
    sqlite3.SQLITE_CORRUPT: "is damaged: move it away to start a new one, and keep it, for it holds what was spent",
    sqlite3.SQLITE_NOTADB: "is no database: move it away, or set REBUTTAL_HOME to another folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: make its folder writable, or set REBUTTAL_HOME to another folder",
}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite or the file system says into one sentence that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        advice = _ADVICE.get(_code(error), f"cannot be used ({error}): run rebuttal doctor")
        raise StoreError(f"{path} {advice}") from error
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StoreError(f"{path} {_FULL}") from error
        reason = error.strerror or str(error)
        raise StoreError(f"{path} cannot be opened ({reason}): set REBUTTAL_HOME to a folder you can write") from error


def _cannot_be_written(error: OSError) -> str:
    if error.errno in _NO_ROOM:
        return _FULL
    return f"cannot be written ({error.strerror or error}): make the folder writable"


def _code(error: sqlite3.Error) -> int:
    """The primary result code; extended ones carry detail in the higher bits."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
