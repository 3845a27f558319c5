"""Debates that were cut short, kept for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rebuttal.store import unfinished
from rebuttal.store.database import Database
from rebuttal.store.unfinished import TAKEN_UP_WITHIN, UnfinishedDebates

NOON = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)


def at(database: Database, moment: datetime = NOON) -> UnfinishedDebates:
    return UnfinishedDebates(database, lambda: moment)


async def test_the_newest_of_a_key_is_found_with_all_its_text(database: Database) -> None:
    assert await at(database).find("mine", "k") is None
    await at(database).keep("mine", "k", "first")
    later = NOON + timedelta(hours=1)
    await at(database, later).keep("mine", "k", "second: «é» \ud800")
    found = await at(database, later).find("mine", "k")
    assert found is not None
    assert (found.at, found.text) == (later, "second: «é» \ud800")


async def test_repositories_and_keys_are_kept_apart(database: Database) -> None:
    await at(database).keep("mine", "k", "text")
    assert await at(database).find("yours", "k") is None
    assert await at(database).find("mine", "other") is None


async def test_after_a_day_it_is_neither_found_nor_kept(database: Database) -> None:
    await at(database).keep("mine", "k", "text")
    late = NOON + TAKEN_UP_WITHIN
    assert await at(database, late).find("mine", "k") is None
    await at(database, late).keep("mine", "another", "text")
    # Seen with the clock of the day before, so that only what is gone is missing.
    assert await at(database).find("mine", "k") is None


async def test_what_was_finished_is_forgotten(database: Database) -> None:
    await at(database).keep("mine", "k", "text")
    await at(database).forget("mine", "k")
    assert await at(database).find("mine", "k") is None


async def test_the_oldest_is_forgotten_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "KEPT", 2)
    for minute, key in enumerate("abc"):
        await at(database, NOON + timedelta(minutes=minute)).keep("mine", key, key)
    assert [await at(database).find("mine", key) is not None for key in "abc"] == [False, True, True]


async def test_a_debate_that_is_too_large_takes_the_place_of_nothing_and_is_not_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "LARGEST", 10)
    await at(database).keep("mine", "k", "0123456789" * 100 + "abcdefghij")
    assert await at(database).find("mine", "k") is None
