"""The command where a team shares its store."""

from __future__ import annotations

import socket
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest

from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, Caps, Tokens
from tests.cli.conftest import Rebuttal
from tests.postgres import PASSWORD, PostgresServer

KEY = CallKey("0" * 32, "1" * 32, "opening", "architect", "claude-haiku-5-5")


@pytest.fixture
def team(store_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("REBUTTAL_STORE_URL", store_url)
    return store_url


@pytest.fixture
def eve(postgres: PostgresServer, store_url: str) -> str:
    """The address for a colleague of another role, with all rights."""
    if not postgres.run("SELECT 1 FROM pg_roles WHERE rolname = 'eve'"):
        postgres.run("CREATE ROLE eve LOGIN SUPERUSER PASSWORD 'eve'")
    return postgres.url(store_url.rpartition("/")[2], "eve", "eve")


def _spend(url: str, *, settled: bool) -> int:
    with Database.connect(url) as database:
        ledger = Ledger(database)
        call = ledger.reserve(KEY, Decimal("0.5"), Caps()).result().id
        if settled:
            ledger.settle(call, Tokens(input=10), Decimal("0.25")).result()
        else:
            ledger.assume(call).result()
    return call


@pytest.mark.usefixtures("team")
def test_the_doctor_says_where_the_teams_store_is_and_no_password(
    rebuttal: Rebuttal, postgres: PostgresServer, home: Path
) -> None:
    done = rebuttal("doctor")
    (own,) = [line for line in done.out.splitlines() if line[9:].startswith("store ")]
    (shared,) = [line for line in done.out.splitlines() if line[9:].startswith("team ")]
    assert own.endswith(f"{home}, for what is yours alone")
    assert shared.startswith(f"ok       team      the store at 127.0.0.1:{postgres.port}/")
    assert ", as postgres; all who share it: $0.00 spent today" in shared
    for secret in (PASSWORD, quote(PASSWORD, safe=""), "quoted"):
        assert secret not in done.out + done.err


def test_a_way_that_others_can_read_is_told(rebuttal: Rebuttal, team: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rebuttal.store.postgres.server.is_local", lambda host: False)
    assert team
    (shared,) = [line for line in rebuttal("doctor").out.splitlines() if line[9:].startswith("team ")]
    assert shared.startswith("warning  team")
    assert "not encrypted: add ?sslmode=verify-full to REBUTTAL_STORE_URL" in shared


def test_a_server_that_is_away_fails_in_one_sentence(rebuttal: Rebuttal, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"postgresql://ada:hush@127.0.0.1:{unheard.getsockname()[1]}/team"
        monkeypatch.setenv("REBUTTAL_STORE_URL", url)
        ledger, doctor = rebuttal("ledger"), rebuttal("doctor")
    assert (ledger.code, ledger.out) == (2, "")
    assert ledger.err.count("\n") == 1
    assert "cannot be reached: see that it runs" in ledger.err
    assert any(line.startswith("failed   team") for line in doctor.out.splitlines())
    assert "hush" not in ledger.err + doctor.out + doctor.err


def test_who_spent_what_is_told_by_user(rebuttal: Rebuttal, team: str, eve: str) -> None:
    _spend(team, settled=True)
    _spend(eve, settled=True)
    out = rebuttal("ledger", "--by", "user").out
    assert [line.split()[:2] for line in out.splitlines() if line.startswith(("eve", "postgres"))] == [
        ["eve", "0.2500"],
        ["postgres", "0.2500"],
    ]
    assert "today       $0.50 of" in out
    assert {row["name"]: row["spent"] for row in rebuttal("ledger", "--format", "json").json["rows"]["user"]} == {
        "eve": "0.25",
        "postgres": "0.25",
    }
    page = rebuttal("ledger", "--format", "html").out
    assert "By user" in page
    assert "eve" in page


def test_all_that_is_released_is_ones_own_and_a_colleagues_call_must_be_named(
    rebuttal: Rebuttal, team: str, eve: str
) -> None:
    mine, hers = _spend(team, settled=False), _spend(eve, settled=False)
    done = rebuttal("ledger", "--release", "all", "--yes", "--format", "json")
    assert [one["id"] for one in done.json["released"]] == [mine]
    named = rebuttal("ledger", "--release", f"#{hers}", "--yes")
    assert f"#{hers}" in named.out
    assert "  eve" in named.out
