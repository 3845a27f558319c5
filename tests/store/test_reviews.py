"""The last review of a scope."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rebuttal.store import reviews, schema
from rebuttal.store.database import Database
from rebuttal.store.reviews import LastReview, Reviews

NOON = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)


async def test_the_last_review_of_a_scope_takes_the_place_of_the_one_before(database: Database) -> None:
    stored = Reviews(database, lambda: NOON)
    assert await stored.last("mine", "working", "static") is None
    await stored.remember("mine", "working", ["static"], ["a", "b"])
    await stored.remember("mine", "working", ["static"], [])
    assert await stored.last("mine", "working", "static") == LastReview(NOON, "", ())


async def test_a_static_review_is_no_debate_and_a_debate_is_both(database: Database) -> None:
    stored = Reviews(database, lambda: NOON)
    await stored.remember("mine", "working", ["static"], ["a"])
    assert await stored.last("mine", "working", "debate") is None
    await stored.remember("mine", "working", ["static", "debate"], ["b"], "prompts 1")
    assert await stored.last("mine", "working", "debate") == LastReview(NOON, "prompts 1", ("b",))
    assert await stored.last("mine", "working", "static") == LastReview(NOON, "", ("b",))


async def test_repositories_and_scopes_are_remembered_apart(database: Database) -> None:
    stored = Reviews(database, lambda: NOON)
    await stored.remember("mine", "working", ["static"], ["a"])
    assert await stored.last("mine", "staged", "static") is None
    assert await stored.last("another", "working", "static") is None


async def test_the_oldest_is_forgotten_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "KEPT", 2)
    for minutes, scope in enumerate(("one", "two", "three")):
        await Reviews(database, lambda later=minutes: NOON + timedelta(minutes=later)).remember(  # type: ignore[misc]  # bound now
            "mine", scope, ["static"], [scope]
        )
    kept = [await Reviews(database).last("mine", scope, "static") for scope in ("one", "two", "three")]
    assert [one.hunks if one else None for one in kept] == [None, ("two",), ("three",)]


async def test_a_store_of_the_version_before_keeps_what_it_holds(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:3])
        before.setattr(schema, "VERSION", 3)
        Database.open(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO consents VALUES ('mine', 'host', 'now')")
    with Database.open(path) as database:
        await Reviews(database).remember("mine", "working", ["static"], ["a"])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM consents").fetchone() == (1,)
