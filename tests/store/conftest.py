from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, Caps
from tests.store.place import Store


class Clock:
    """A clock that tests set; two hours east of Greenwich."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=2)))) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def call_key(
    review: str = "review",
    phase: str = "opening",
    seat: str = "architect",
    model: str = "claude-haiku-5-5",
    repository: str = "repository",
) -> CallKey:
    return CallKey(review=review, repository=repository, phase=phase, seat=seat, model=model)


WIDE = Caps(review=Decimal(100), day=Decimal(100), month=Decimal(100))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "store.db"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that says `ON_BOTH = True` tests what a team may share: all its tests run on PostgreSQL too."""
    if "store" in metafunc.fixturenames:
        kinds = ["sqlite", "postgres"] if getattr(metafunc.module, "ON_BOTH", False) else ["sqlite"]
        metafunc.parametrize("store", kinds, indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest, path: Path) -> Store:
    return Store(str(path) if request.param == "sqlite" else request.getfixturevalue("store_url"))


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    with store.open() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(database: Database, clock: Clock) -> Ledger:
    return Ledger(database, clock)
