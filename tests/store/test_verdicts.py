"""What was dismissed, until when, and by whom where a team shares the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from rebuttal.store.database import Database
from rebuttal.store.verdicts import Dismissal, Verdicts
from tests.store.place import Store

ON_BOTH = True

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_a_dismissal_holds_until_it_expires_or_is_restored(database: Database) -> None:
    verdicts = Verdicts(database, lambda: NOON)
    # The same moment, as a clock further east writes it.
    soon = (NOON + timedelta(hours=1)).astimezone(timezone(timedelta(hours=9)))
    await verdicts.dismiss("mine", "f1", "by design")
    await verdicts.dismiss("mine", "f2", "not this week", expires=soon)
    await verdicts.dismiss("another", "f3", "noise")
    assert await verdicts.dismissed("mine") == {
        "f1": Dismissal("f1", "by design", NOON, who=database.who),
        "f2": Dismissal("f2", "not this week", NOON, soon, database.who),
    }
    assert set(await verdicts.dismissed("mine", soon)) == {"f1"}
    assert await verdicts.restore("mine", "f1")
    assert not await verdicts.restore("mine", "f1")
    assert await verdicts.dismissed("mine", soon) == {}


async def test_a_second_dismissal_replaces_the_first(database: Database) -> None:
    verdicts = Verdicts(database, lambda: NOON)
    await verdicts.dismiss("mine", "f1", "first", expires=NOON + timedelta(hours=1))
    await verdicts.dismiss("mine", "f1", "second")
    assert await verdicts.dismissed("mine", NOON + timedelta(days=9)) == {
        "f1": Dismissal("f1", "second", NOON, who=database.who)
    }


def test_an_expiry_without_a_place_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="aware"):
        Verdicts(database).dismiss("mine", "f1", "why", expires=datetime(2026, 11, 22))  # noqa: DTZ001


def test_who_dismissed_is_told_where_a_store_is_shared(store: Store, database: Database) -> None:
    assert database.who == ("postgres" if store.is_shared else "")


async def test_a_decision_carried_on_to_a_renamed_file_is_not_left_behind_when_it_is_restored(
    database: Database,
) -> None:
    verdicts = Verdicts(database, lambda: NOON)
    await verdicts.dismiss("mine", "a", "by design")
    await verdicts.carry("mine", [("b", "a")])
    await verdicts.carry("mine", [("c", "b")])
    carried = await verdicts.dismissed("mine")
    assert {one.finding: (one.reason, one.origin) for one in carried.values()} == {
        "a": ("by design", ""),
        "b": ("by design", "a"),
        "c": ("by design", "a"),
    }
    soon = NOON + timedelta(hours=1)
    await verdicts.dismiss("mine", "c", "later", expires=soon)
    assert {(one.reason, one.expires) for one in (await verdicts.dismissed("mine")).values()} == {("later", soon)}
    assert await verdicts.restore("mine", "b")
    assert await verdicts.dismissed("mine") == {}
    # A review that had read it before carries nothing on.
    await verdicts.carry("mine", [("d", "a")])
    assert await verdicts.dismissed("mine") == {}
