"""The SQLite file behind everything that is remembered, on a thread of its own.

Durable against a kill and against power loss (WAL with `synchronous=FULL`, but for what says otherwise), shared by all
processes of the user.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from rebuttal.store import schema
from rebuttal.store.model import PATIENCE, StoreError
from rebuttal.store.owner import Owner

T = TypeVar("T")

Connection = sqlite3.Connection


class Job(Generic[T]):
    """Work handed to the store's thread: `await` it in a coroutine, or wait with `result()` elsewhere.

    Once handed over it is done, in order, whatever happens to whoever waits: cancelling the wait does not undo it.
    """

    def __init__(self, future: Future[T]) -> None:
        self._future = future

    def __await__(self) -> Generator[Any, None, T]:
        waiting = asyncio.wrap_future(self._future)
        # Where the wait is cancelled nobody looks at what the work raised, and asyncio would complain on stderr.
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        return asyncio.shield(waiting).__await__()

    def result(self, timeout: float | None = None) -> T:
        """Block until it is done. Not for an event loop's thread."""
        return self._future.result(timeout)

    def done(self) -> bool:
        return self._future.done()


class Database:
    """One open store. All work happens on one thread, in the order in which it was handed over."""

    def __init__(self, path: Path, connection: Connection, thread: ThreadPoolExecutor) -> None:
        self.path = path
        self._connection = connection
        self._thread = thread
        self._owner: Owner | None = None
        self._waits: float | None = None
        """Seconds that the connection waits for a lock now; set on the store's thread."""
        self._lasting = True
        """Whether a commit now waits until the disk has it; set on the store's thread."""

    @classmethod
    def open(cls, path: Path, *, patience: float = PATIENCE) -> Database:
        """Open the store, or create it with its folder; blocks for some milliseconds.

        Raises StoreError: locked, read-only, full, damaged, no database of ours, or written by a newer version.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rebuttal-store")
        try:
            connection = thread.submit(_connect, path, patience).result()
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(path, connection, thread)

    def read(self, work: Callable[[Connection], T], *, patience: float = PATIENCE) -> Job[T]:
        """Run `work` against one consistent state of the store; `patience`: seconds to wait for a lock."""
        return self._submit(lambda: self._transaction("BEGIN", work, patience))

    def write(self, work: Callable[[Connection], T], *, patience: float = PATIENCE, lasting: bool = True) -> Job[T]:
        """Run `work` in one immediate transaction: all of it is durable, or nothing happened.

        Not `lasting`: durable against a kill at once, but against power loss only from the next lasting one on. It
        saves the wait for the disk, some milliseconds, where what was before is safe to fall back to.
        """
        return self._submit(lambda: self._transaction("BEGIN IMMEDIATE", work, patience, lasting=lasting))

    def owner(self) -> str:
        """The token that marks this open store as alive. Called on the store's thread only."""
        if self._owner is None:
            try:
                self._owner = Owner(self.owners)
            except OSError as error:
                raise StoreError(f"{self.owners} cannot be written ({error}): make the folder writable") from None
        return self._owner.token

    @property
    def owners(self) -> Path:
        """The folder of the tokens of all processes that use this store."""
        return self.path.with_name(self.path.name + "-owners")

    def close(self) -> None:
        """Finish what was handed over, then close. Calls that are still under way count as dead from here on."""
        try:
            self._thread.submit(self._close)
        except RuntimeError:
            return
        self._thread.shutdown(wait=True)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _close(self) -> None:
        self._connection.close()
        if self._owner is not None:
            self._owner.close()

    def _submit(self, work: Callable[[], T]) -> Job[T]:
        try:
            return Job(self._thread.submit(work))
        except RuntimeError:
            raise StoreError(f"{self.path} has been closed: open the store again") from None

    def _transaction(self, begin: str, work: Callable[[Connection], T], patience: float, *, lasting: bool = True) -> T:
        connection = self._connection
        with _explained(self.path):
            if self._lasting != lasting:
                # SQLite, "PRAGMA synchronous": in WAL, NORMAL loses the last commits to a power cut, never the order.
                connection.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
                self._lasting = lasting
            if self._waits != patience:
                connection.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
                self._waits = patience
            connection.execute(begin)
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled back already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return result


def _connect(path: Path, patience: float) -> Connection:
    with _explained(path):
        _create(path)
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
        try:
            _prepare(connection, path, patience)
        except BaseException:
            connection.close()
            raise
    return connection


def _create(path: Path) -> None:
    """Make the file readable by its owner only; SQLite gives its side files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return


def _prepare(connection: Connection, path: Path, patience: float) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    _write_ahead(connection, path, patience)
    connection.execute("PRAGMA synchronous = FULL")
    if _version(connection, path) == schema.VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again: another process may have migrated while this one waited.
        version = _version(connection, path)
        if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise StoreError(f"{path} belongs to another program: move it away, or set REBUTTAL_HOME to another folder")
        for number in range(version, schema.VERSION):
            for statement in schema.MIGRATIONS[number]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _write_ahead(connection: Connection, path: Path, patience: float) -> None:
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
            raise StoreError(f"{path} is on a file system without shared memory: set REBUTTAL_HOME to a local folder")
        return


def _version(connection: Connection, path: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > schema.VERSION:
        raise StoreError(
            f"{path} is of a newer Rebuttal: install the newest one, or set REBUTTAL_HOME to another folder"
        )
    return int(version)


_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_READ_ONLY = "is read-only: make the file and its folder writable, or set REBUTTAL_HOME to another folder"

_ADVICE: dict[int, str] = {
    sqlite3.SQLITE_BUSY: "is locked by another program: close it and try again",
    sqlite3.SQLITE_LOCKED: "is locked by another program: close it and try again",
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_FULL: "cannot grow because the disk is full: make room and try again",
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
        reason = error.strerror or str(error)
        raise StoreError(f"{path} cannot be opened ({reason}): set REBUTTAL_HOME to a folder you can write") from error


def _code(error: sqlite3.Error) -> int:
    """The primary result code; extended ones carry detail in the higher bits."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
