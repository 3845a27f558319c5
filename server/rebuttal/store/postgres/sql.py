"""The statements of the tables' modules as PostgreSQL and its driver want them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rebuttal.store.backend import Parameters, Rows

if TYPE_CHECKING:
    import psycopg


class PostgresConnection:
    """What the tables' modules see: `?` and `:name` as in SQLite, sums of integers as integers."""

    def __init__(self, session: psycopg.Connection[Any]) -> None:
        self._session = session

    def execute(self, sql: str, parameters: Parameters = (), /) -> Rows:
        return self._session.execute(translated(sql), parameters)

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Rows:
        cursor = self._session.cursor()
        cursor.executemany(translated(sql), parameters)
        return cursor

    def insert(self, sql: str, parameters: Parameters, /) -> int:
        return int(self.execute(f"{sql} RETURNING id", parameters).fetchone()[0])


_PARTS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|(?P<place>\?)|(?<!:):(?P<name>[A-Za-z_]\w*)|%")


@lru_cache(maxsize=512)
def translated(sql: str) -> str:
    """`?` and `:name` as psycopg writes them. Always run with parameters, be it none: then `%%` stands for `%`."""

    def ours(part: re.Match[str]) -> str:
        if part["place"]:
            return "%s"
        if part["name"]:
            return f"%({part['name']})s"
        return part[0].replace("%", "%%")

    return _PARTS.sub(ours, sql)
