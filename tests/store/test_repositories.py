"""What repositories are called in reports."""

from __future__ import annotations

from rebuttal.store.database import Database
from rebuttal.store.repositories import LONGEST, Repositories

ON_BOTH = True


def test_the_newest_name_counts(database: Database) -> None:
    repositories = Repositories(database)
    repositories.remember("1", "old")
    repositories.remember("2", "other")
    repositories.remember("1", "new")
    assert repositories.names().result() == {"1": "new", "2": "other"}


def test_a_name_that_no_database_takes_is_kept_as_far_as_it_can_be(database: Database) -> None:
    Repositories(database).remember("1", "a\udcff\0b" + "x" * 1000).result()
    assert Repositories(database).names().result() == {"1": ("a?b" + "x" * 1000)[:LONGEST]}
