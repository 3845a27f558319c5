"""A review whose store a team shares: one budget and one memory of verdicts; what is personal stays at home."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.review.request import Answer
from rebuttal.review.run import review
from rebuttal.review.services import Services
from rebuttal.review.stores import STORE, URL
from rebuttal.settings import Settings
from rebuttal.store.database import Connection, Database
from rebuttal.store.model import StoreError
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

SQL = "A customer's name becomes part of the SQL"


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        yield f"postgresql://ada:hush-hush-7@127.0.0.1:{deaf.getsockname()[1]}/team"


SMALL = Settings(panel="small")


def _user(
    open_services: Open, home: Path, url: str, panel: Emulator | None = None, settings: Settings = SMALL
) -> Services:
    environment = {"REBUTTAL_HOME": str(home), URL: url, **(panel.environment() if panel else {})}
    return open_services(environment, settings)


async def test_one_budget_and_one_memory_of_verdicts_for_the_clones_of_two_users(
    open_services: Open, parcels: Path, panel: Emulator, tmp_path: Path, store_url: str
) -> None:
    whole = GitRepo(parcels, GitRepo.create(tmp_path / "other", tmp_path / "home").env)
    whole.git("remote", "add", "origin", "https://ada:token@Git.Example.org:8443/acme/Parcels.git")
    clone = tmp_path / "clone"
    whole.git("clone", "-q", str(parcels), str(clone))
    GitRepo(clone, whole.env).git("remote", "set-url", "origin", "git@git.example.org:acme/parcels.git")
    for name in whole.git("diff", "--name-only").split("\n"):
        (clone / name).write_bytes((parcels / name).read_bytes())

    ada = _user(open_services, tmp_path / "ada", store_url, panel)
    grace = _user(open_services, tmp_path / "grace", store_url, panel)
    agreed = Door(Answer(agree=True, remember=True))
    first = await review(request_for(parcels), ada, agreed)
    (found,) = [one for one in first.report.findings if one.title == SQL]
    await ada.dismiss(first.root, found.id, "the name is checked elsewhere")
    spent = (await ada.totals()).day
    assert spent > 0
    assert (await grace.totals()).day == spent

    # The agreement was hers alone: grace is asked for herself.
    asked = Door(Answer(agree=True))
    second = await review(request_for(clone), grace, asked)
    assert len(asked.questions) == 1
    assert [one.status for one in second.report.findings if one.title == SQL] == ["dismissed"]
    assert (await ada.totals(first.root)).repository == (await grace.totals(second.root)).repository > spent

    # What the two have spent together is more than grace may: nothing more is sent.
    count = len(panel.records)
    careful = _user(open_services, tmp_path / "grace", store_url, panel, evolve(SMALL, max_cost_per_day=spent))
    third = await review(request_for(clone, agreed=True, settings=careful.settings), careful, Door())
    assert third.report.findings
    assert len(panel.records) == count


async def test_what_is_personal_never_reaches_the_server(
    open_services: Open, parcels: Path, panel: Emulator, tmp_path: Path, store_url: str
) -> None:
    ada = _user(open_services, tmp_path / "ada", store_url, panel)
    await review(request_for(parcels), ada, Door(Answer(agree=True, remember=True)))

    def everything(connection: Connection) -> str:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'rebuttal'"
        ).fetchall()
        return "".join(str(connection.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in tables)

    with Database.connect(store_url) as server, Database.open(tmp_path / "ada" / STORE) as own:
        kept = server.read(everything).result()
        assert "claude" in kept
        assert str(parcels) not in kept
        assert (await ada.secret()).hex() not in kept
        assert own.read(lambda one: one.execute("SELECT count(*) FROM consents").fetchone()[0]).result() == 1
        assert own.read(lambda one: one.execute("SELECT count(*) FROM calls").fetchone()[0]).result() == 0


async def test_without_its_server_nothing_is_spent_and_the_static_findings_are_shown(
    open_services: Open, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"postgresql://ada:hush-hush-7@127.0.0.1:{unheard.getsockname()[1]}/team"
        ada = _user(open_services, tmp_path / "ada", url, panel)
        result = await review(request_for(parcels, agreed=True), ada, Door())
    assert panel.records == []
    assert result.report.findings
    told = str(result.report)
    assert "cannot be reached: see that it runs" in told
    assert "hush" not in told


async def test_a_server_that_says_nothing_keeps_what_can_do_without_it_waiting_for_an_instant_only(
    open_services: Open, parcels: Path, tmp_path: Path, silent: str
) -> None:
    ada = _user(open_services, tmp_path / "ada", silent)
    begun = time.monotonic()
    for _ in range(5):
        with pytest.raises(StoreError, match="does not answer yet"):
            await ada.dismissed(parcels)
    assert time.monotonic() - begun < 2
    await ada.secret()
    assert not await ada.has_consent(parcels, ())
    assert time.monotonic() - begun < 4


async def test_a_server_that_is_there_again_is_used_again(
    open_services: Open, parcels: Path, tmp_path: Path, store_url: str
) -> None:
    now = 0.0
    ada = _user(open_services, tmp_path / "ada", store_url)
    away = ada.stores._server
    assert away is not None
    away._clock, url, away._url = lambda: now, away._url, "postgresql://ada@127.0.0.1:1/team"
    with pytest.raises(StoreError):
        await ada.dismissed(parcels)
    away._url = url
    with pytest.raises(StoreError):
        await ada.dismissed(parcels)
    now = 20.0
    assert await ada.dismissed(parcels) == {}
