"""Where a store is: the path of a file, or the address of a database on a server."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from rebuttal.store.database import Database


@frozen
class Store:
    """A store that any number of processes may open."""

    place: str

    @property
    def is_shared(self) -> bool:
        return "://" in self.place

    def open(self) -> Database:
        return Database.connect(self.place) if self.is_shared else Database.open(Path(self.place))
