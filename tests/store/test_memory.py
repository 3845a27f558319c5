"""Consent, and the installation's secret: what stays in the user's own file."""

from __future__ import annotations

from pathlib import Path

from rebuttal.store.consent import Consents
from rebuttal.store.database import Database
from rebuttal.store.secret import installation_secret


async def test_consent_is_for_one_repository_and_one_host(database: Database) -> None:
    consents = Consents(database)
    assert not await consents.has_consent("mine", "api.anthropic.com")
    await consents.remember_consent("mine", "api.anthropic.com")
    await consents.remember_consent("mine", "api.anthropic.com")
    assert await consents.has_consent("mine", "api.anthropic.com")
    assert not await consents.has_consent("mine", "evil.example")
    assert not await consents.has_consent("another", "api.anthropic.com")


async def test_consent_can_be_taken_back_for_one_host_or_for_all(database: Database) -> None:
    consents = Consents(database)
    for host in ("one", "two", "three"):
        await consents.remember_consent("mine", host)
    await consents.remember_consent("another", "one")
    await consents.forget("mine", "one")
    assert [await consents.has_consent("mine", host) for host in ("one", "two", "three")] == [False, True, True]
    await consents.forget("mine")
    assert [await consents.has_consent("mine", host) for host in ("one", "two", "three")] == [False] * 3
    assert await consents.has_consent("another", "one")


def test_the_secret_is_made_once_and_differs_between_installations(path: Path, tmp_path: Path) -> None:
    with Database.open(path) as database, Database.open(path) as same:
        secret = installation_secret(database).result()
        assert len(secret) == 32
        assert installation_secret(same).result() == secret
    with Database.open(path) as later:
        assert installation_secret(later).result() == secret
    with Database.open(tmp_path / "another.db") as another:
        assert installation_secret(another).result() != secret


async def test_a_new_untracked_file_was_sent_under_an_old_agreement(database: Database) -> None:
    consents = Consents(database)
    await consents.remember_consent("mine", "host", ["notes.txt"])
    assert await consents.has_consent("mine", "host", ["notes.txt"])
    assert not await consents.has_consent("mine", "host", ["notes.txt", "dump.sql"])
    await consents.remember_consent("mine", "host", ["dump.sql"])
    assert await consents.has_consent("mine", "host", ["notes.txt", "dump.sql"])
    assert not await consents.has_consent("mine", "another", ["notes.txt"])
    await consents.forget("mine")
    await consents.remember_consent("mine", "host")
    assert not await consents.has_consent("mine", "host", ["notes.txt"])
