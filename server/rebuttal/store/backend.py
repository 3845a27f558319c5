"""What a store needs of the database behind it: a file of the user's own, or a server that a team shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Parameters = Sequence[Any] | Mapping[str, Any]
"""For `?` by place, for `:name` by name."""


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One transaction of the store. SQL is written once, for SQLite 3.24 and PostgreSQL 13 alike."""

    def execute(self, sql: str, parameters: Parameters = ..., /) -> Rows: ...
    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Rows: ...
    def insert(self, sql: str, parameters: Parameters, /) -> int:
        """Run an INSERT of one row into a table whose key is `id`; gives the id that the database chose."""
        ...


class Backend(Protocol):
    """A database. Everything but `name` and `who` is used on the store's thread only. Raises StoreError."""

    name: str
    """As messages call it; never with a password."""
    who: str
    """Whose calls these are, where several users share the store; "" where nobody does."""

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody on the way to it can read along."""
        ...

    def transact(self, work: Callable[[Connection], T], *, writes: bool, patience: float, lasting: bool) -> T:
        """Run `work` in one transaction; one that writes does so alone."""
        ...

    def owner(self) -> str:
        """The token that marks this open store as alive."""
        ...

    def is_alive(self, token: str) -> bool:
        """Whether the open store of that token still lives. In doubt it does. Only inside `work`."""
        ...

    def tidy(self) -> None:
        """Remove what processes left that have ended."""
        ...

    def close(self) -> None: ...
