"""The stores of one process: the user's own file, and the server that their team shares where they have one.

Shared is what a budget and a memory of verdicts are made of: calls, dismissals, what became of findings, sweeps, how
debates went. The user's own stays what they agreed to send, their secret, and what was seen of their work tree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rebuttal.change.identity import repository_id, shared_id
from rebuttal.review.threads import in_thread
from rebuttal.settings import home
from rebuttal.store.model import BRIEF, PATIENCE, StoreError

if TYPE_CHECKING:
    from rebuttal.store.database import Database, Job

T = TypeVar("T")

STORE = "rebuttal.sqlite3"
"""The user's own file in REBUTTAL_HOME."""
URL = "REBUTTAL_STORE_URL"
"""The variable that names the team's server. Read from the environment only: it holds a password."""
RETRY_AFTER = 1.0
"""Seconds after which a store that could not be opened at once is tried again."""
_RETRY_SERVER = 15.0
"""The same of a server that is away: a review that does without waits for it each time."""
_SOON = 0.5
"""Seconds that a review that can do without the server waits for it: two connections' worth across an ocean."""


def repository_of(environment: Mapping[str, str], root: Path) -> str:
    """What the shared tables call the repository at `root`: where a team shares them, the same for all clones. Raises
    ChangeError."""
    return shared_id(root) if environment.get(URL, "").strip() else repository_id(root)


class Stores:
    """Each opened when first used. Used on one event loop."""

    def __init__(self, environment: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._environment = environment
        self._path = home(environment) / STORE
        self._clock = clock
        url = environment.get(URL, "").strip()
        self.is_shared = bool(url)
        """Whether there is a server."""
        self._own: Database | None = None
        self._opening = asyncio.Lock()
        self._refused: tuple[float, StoreError] | None = None
        """When the file was last not to be had at once, and why."""
        self._server = _Server(url, clock) if url else None
        self._recovered = False

    def repository(self, root: Path) -> str:
        """As `repository_of`. Raises ChangeError."""
        return repository_of(self._environment, root)

    async def own(self) -> Database:
        """The user's own file. Raises StoreError."""
        async with self._opening:
            return await self._open_own(PATIENCE)

    async def own_at_hand(self) -> Database:
        """The same for what a review can do without: where it is locked or broken, that is told at once. Raises
        StoreError."""
        if self._refused is not None and self._clock() - self._refused[0] < RETRY_AFTER:
            raise self._refused[1]
        async with self._opening:
            try:
                return await self._open_own(BRIEF)
            except StoreError as error:
                self._refused = (self._clock(), error)
                raise

    async def shared(self) -> Database:
        """Where money and verdicts are: the team's server, else the user's own file. What dead processes had under way
        is assumed when it is first opened. Raises StoreError."""
        database = await self.own() if self._server is None else await self._server.opened()
        if not self._recovered:
            from rebuttal.store.ledger import Ledger

            await Ledger(database).recover()
            self._recovered = True
        return database

    async def shared_at_hand(self) -> Database:
        """The same for what a review can do without. Raises StoreError."""
        return await self.own_at_hand() if self._server is None else await self._server.at_hand()

    async def soon(self, job: Job[T]) -> T:
        """What a job gives that a review can do without. Raises StoreError where a server does not answer soon."""
        try:
            async with asyncio.timeout(_SOON if self.is_shared else None):
                return await job
        except TimeoutError:
            raise _silent() from None

    @property
    def is_there(self) -> bool:
        """Whether there is a store that could hold anything."""
        return self.is_shared or self._path.is_file()

    async def close(self) -> None:
        """Finish what was handed over, and close."""
        if self._server is not None:
            await self._server.close()
        if self._own is not None:
            await in_thread(self._own.close)

    async def _open_own(self, patience: float) -> Database:
        if self._own is None:
            from rebuttal.store.database import Database

            # One that is opened for a job that has been cancelled meanwhile is closed, not lost.
            self._own = await in_thread(partial(Database.open, self._path, patience=patience), Database.close)
        return self._own


class _Server:
    """A connection to the team's server. It is made once for all who wait for it, however long each of them does."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._url = url
        self._clock = clock
        self._connecting: asyncio.Task[Database] | None = None
        self._begun = self._ended = 0.0

    async def opened(self) -> Database:
        """Raises StoreError."""
        task = self._task(after=RETRY_AFTER)
        await asyncio.wait([task])
        return task.result()

    async def at_hand(self) -> Database:
        """Where it has not answered soon, that is told at once, for a while. Raises StoreError."""
        task = self._task(after=_RETRY_SERVER)
        left = _SOON - (self._clock() - self._begun)
        if not task.done() and left > 0:
            await asyncio.wait([task], timeout=left)
        if not task.done():
            raise _silent()
        return task.result()

    def _task(self, after: float) -> asyncio.Task[Database]:
        """The connection that is made or being made; a new attempt where the last one failed so many seconds ago."""
        task = self._connecting
        if task is None or (task.done() and task.exception() is not None and self._clock() - self._ended > after):
            task = self._connecting = asyncio.create_task(self._connect())
            self._begun = self._clock()
            task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Database]) -> None:
        self._ended = self._clock()
        if not task.cancelled():
            task.exception()  # whoever asked may be gone when it fails

    async def _connect(self) -> Database:
        from rebuttal.store.database import Database

        return await in_thread(partial(Database.connect, self._url), Database.close)

    async def close(self) -> None:
        task = self._connecting
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and task.exception() is None:
            await in_thread(task.result().close)


def _silent() -> StoreError:
    return StoreError("the team's store does not answer yet: see `rebuttal doctor` if that lasts")
