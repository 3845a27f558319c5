"""Everything that is remembered, on a thread of its own: in a file of the user's, or on a server that a team shares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, TypeVar

from rebuttal.store.backend import Backend, Connection
from rebuttal.store.model import PATIENCE, StoreError
from rebuttal.store.sqlite import SqliteFile

__all__ = ["Connection", "Database", "Job"]

T = TypeVar("T")


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


class _MustLast(Exception):
    """Nothing was written yet, and what will be must wait for the disk."""


class Database:
    """One open store. All work happens on one thread, in the order in which it was handed over."""

    def __init__(self, backend: Backend, thread: ThreadPoolExecutor) -> None:
        self._backend = backend
        self._thread = thread

    @classmethod
    def open(cls, path: Path, *, patience: float = PATIENCE) -> Database:
        """Open the store in a file, or create it with its folder; blocks for some milliseconds.

        Raises StoreError: locked, read-only, full, damaged, no database of ours, or written by a newer version.
        """
        return cls._opened(lambda: SqliteFile(path, patience))

    @classmethod
    def connect(cls, url: str, *, patience: float = PATIENCE) -> Database:
        """Open the store on a PostgreSQL server that a team shares; blocks until it answers, five seconds at most.

        Raises StoreError: no address, a server that is away, refuses or is too old, a store of a newer version, or
        what speaks to it is not installed. No message holds the password.
        """

        def make() -> Backend:
            from rebuttal.store.postgres.server import PostgresServer

            return PostgresServer(url, patience)

        return cls._opened(make)

    @classmethod
    def _opened(cls, make: Callable[[], Backend]) -> Database:
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rebuttal-store")
        try:
            backend = thread.submit(make).result()
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(backend, thread)

    @property
    def name(self) -> str:
        """As messages call it: the file, or the server without a password."""
        return self._backend.name

    @property
    def who(self) -> str:
        """Whose calls are recorded here, where several users share the store; "" where nobody does."""
        return self._backend.who

    def is_encrypted(self) -> Job[bool]:
        """Whether nobody on the way to the store can read along."""
        return self._submit(lambda: self._backend.is_encrypted)

    def read(self, work: Callable[[Connection], T], *, patience: float = PATIENCE) -> Job[T]:
        """Run `work` against one consistent state of the store; `patience`: seconds to wait for a lock."""
        return self._submit(lambda: self._backend.transact(work, writes=False, patience=patience, lasting=True))

    def write(
        self,
        work: Callable[[Connection], T],
        *,
        patience: float = PATIENCE,
        lasting: bool | Callable[[Connection], bool] = True,
    ) -> Job[T]:
        """Run `work` in one immediate transaction: all of it is durable, or nothing happened.

        Not `lasting`: durable against a kill at once, but against power loss only from the next lasting one on. It
        saves the wait for the disk, some milliseconds, where what was before is safe to fall back to. Where only the
        store can tell, it is asked at the beginning of the transaction.
        """

        def run(work: Callable[[Connection], T], *, lasting: bool) -> T:
            return self._backend.transact(work, writes=True, patience=patience, lasting=lasting)

        def unless_lasting(connection: Connection) -> T:
            if callable(lasting) and lasting(connection):
                raise _MustLast
            return work(connection)

        def decided() -> T:
            if not callable(lasting):
                return run(work, lasting=lasting)
            try:
                return run(unless_lasting, lasting=False)
            except _MustLast:
                return run(work, lasting=True)

        return self._submit(decided)

    def owner(self) -> str:
        """The token that marks this open store as alive. Called on the store's thread only."""
        return self._backend.owner()

    def is_alive(self, token: str) -> bool:
        """Whether the open store of that token still lives; in doubt it does. Only inside `work`."""
        return self._backend.is_alive(token)

    def tidy(self) -> None:
        """Remove what processes left that have ended. Called on the store's thread only."""
        self._backend.tidy()

    def close(self) -> None:
        """Finish what was handed over, then close. Calls that are still under way count as dead from here on."""
        try:
            self._thread.submit(self._backend.close)
        except RuntimeError:
            return
        self._thread.shutdown(wait=True)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _submit(self, work: Callable[[], T]) -> Job[T]:
        try:
            return Job(self._thread.submit(work))
        except RuntimeError:
            raise StoreError(f"{self.name} has been closed: open the store again") from None
