"""`rebuttal ledger` as a user runs it, on a ledger of plausible spending."""

from __future__ import annotations

import csv
import io
import json
import stat
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rebuttal.store.database import Database
from rebuttal.store.repositories import Repositories
from tests.cli.conftest import Rebuttal
from tests.demo_ledger import DemoReview, fill, insert, plausible
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "ledger.schema.json"
UNTIL = date(2026, 11, 22)


@pytest.fixture
def reviews(home: Path) -> list[DemoReview]:
    """Two months of spending in the home's store."""
    with Database.open(home / "rebuttal.sqlite3") as database:
        return fill(database, days=60, until=UNTIL)


def cost(reviews: list[DemoReview]) -> Decimal:
    return sum((review.cost for review in reviews), Decimal(0))


def validated(data: dict[str, Any]) -> dict[str, Any]:
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(data)
    return data


@pytest.mark.parametrize("by", ["day", "month", "review", "repository", "phase", "seat", "model"])
def test_whatever_it_is_grouped_by_the_rows_add_up(rebuttal: Rebuttal, reviews: list[DemoReview], by: str) -> None:
    told = validated(rebuttal("ledger", "--format", "json").json)
    rows = told["rows"][by]
    assert sum(Decimal(row["spent"]) + Decimal(row["assumed"]) for row in rows) == cost(reviews)
    table = list(csv.DictReader(io.StringIO(rebuttal("ledger", "--by", by, "--format", "csv").out)))
    assert {row[by] for row in table} == {row["name"] for row in rows}
    assert sum(Decimal(row["spent_usd"]) + Decimal(row["assumed_usd"]) for row in table) == cost(reviews)
    assert rebuttal("ledger", "--by", by).out.splitlines()[3].startswith(f"{by} ")


def test_only_the_days_that_were_asked_for_count(rebuttal: Rebuttal, reviews: list[DemoReview]) -> None:
    november = [review for review in reviews if review.day.month == 11]
    told = validated(rebuttal("ledger", "--month", "2026-11", "--format", "json").json)
    assert Decimal(told["totals"]["spent"]) + Decimal(told["totals"]["assumed"]) == cost(november)
    assert told["totals"]["reviews"] == len(november)
    assert told["period"] == {"since": "2026-11-01", "until": "2026-11-30"}
    days = rebuttal("ledger", "--since", "2026-11-01", "--until", "2026-11-30", "--format", "json").json
    assert days["rows"] == told["rows"]
    assert {row["name"][:7] for row in told["rows"]["day"]} == {"2026-11"}


def test_only_one_repository_is_told_of_by_its_name_or_its_folder(
    rebuttal: Rebuttal, reviews: list[DemoReview], home: Path, git_repo: GitRepo
) -> None:
    parcels = [review for review in reviews if review.repository == "a1" * 16]
    told = validated(rebuttal("ledger", "--repository", "parcels", "--format", "json").json)
    assert Decimal(told["totals"]["spent"]) + Decimal(told["totals"]["assumed"]) == cost(parcels)
    assert [row["title"] for row in told["rows"]["repository"]] == ["parcels"]
    assert told["totals"]["reviews"] == len(parcels) == len(told["rows"]["review"])
    elsewhere = rebuttal("ledger", "--repo", git_repo.root)
    assert "No call was paid for in that time and place." in elsewhere.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--month", "2026-13"), "--month 2026-13 is no month: write it as 2026-11"),
        (("--since", "yesterday"), "--since yesterday is no day: write it as 2026-11-22"),
        (("--since", "2026-11-02", "--until", "2026-11-01"), "--since 2026-11-02 is after --until 2026-11-01"),
        (("--month", "2026-11", "--since", "2026-11-01"), "--month is a period of its own"),
        (("--repository", "parcel"), "no repository is called parcel: known are billing-api, handbook, parcels"),
    ],
)
def test_what_is_no_day_month_or_repository_is_said_so(
    rebuttal: Rebuttal, reviews: list[DemoReview], arguments: tuple[str, ...], says: str
) -> None:
    ran = rebuttal("ledger", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_of_two_repositories_with_one_name_the_user_is_asked_which(rebuttal: Rebuttal, home: Path) -> None:
    with Database.open(home / "rebuttal.sqlite3") as database:
        fill(database, days=20, until=UNTIL)
        Repositories(database).remember("b2" * 16, "parcels").result()
    ran = rebuttal("ledger", "--repository", "parcels")
    assert "several repositories are called parcels: name one as parcels (a1a1a1), parcels (b2b2b2)" in ran.err
    told = rebuttal("ledger", "--repository", "parcels (b2b2b2)", "--format", "json").json
    assert [row["name"] for row in told["rows"]["repository"]] == ["b2" * 16]


def test_a_repository_without_a_name_yet_is_called_as_the_report_calls_it(rebuttal: Rebuttal, home: Path) -> None:
    with Database.open(home / "rebuttal.sqlite3") as database:
        insert(database, next(plausible(20, UNTIL, repositories=["e5" * 16])).calls)
    assert "\nrepository e5e5e5e5 " in rebuttal("ledger", "--by", "repository").out
    told = rebuttal("ledger", "--repository", "repository e5e5e5e5", "--format", "json").json
    assert [row["name"] for row in told["rows"]["repository"]] == ["e5" * 16]


def test_by_model_it_says_what_share_each_has(rebuttal: Rebuttal, reviews: list[DemoReview]) -> None:
    assert "\nmix (calls / tokens / money): claude-haiku-5-5 " in rebuttal("ledger", "--by", "model").out
    assert "mix" not in rebuttal("ledger", "--by", "seat").out


def test_the_terminal_is_told_what_is_left(rebuttal: Rebuttal, reviews: list[DemoReview]) -> None:
    first, second, *_ = rebuttal("ledger").out.splitlines()
    assert first.split()[:1] == ["today"]
    assert first.endswith("left")
    assert second.startswith("this month")


def test_an_empty_ledger_has_every_form(rebuttal: Rebuttal, home: Path) -> None:
    assert validated(rebuttal("ledger", "--format", "json").json)["totals"]["calls"] == 0
    assert rebuttal("ledger", "--format", "csv").out.startswith("day,spent_usd,")
    assert "Nothing was spent" in rebuttal("ledger", "--format", "html").out
    assert "No call has been made yet." in rebuttal("ledger").out


def test_the_page_is_written_where_only_the_user_can_read_it(
    rebuttal: Rebuttal, reviews: list[DemoReview], home: Path
) -> None:
    ran = rebuttal("ledger", "--html")
    path = Path(ran.out.strip())
    assert path == home / "reports" / "cost-report.html"
    assert path.read_text("utf-8").startswith("<!doctype html>")
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    rebuttal("ledger", "--html")
    assert [one.name for one in path.parent.iterdir()] == ["cost-report.html"], "the last one is replaced"


def test_the_page_is_written_into_the_file_that_is_named(
    rebuttal: Rebuttal, reviews: list[DemoReview], tmp_path: Path
) -> None:
    file = tmp_path / "november.html"
    assert rebuttal("ledger", "--month", "2026-11", "--html", file).out == f"{file}\n"
    assert "1 Nov 2026 to 30 Nov 2026" in file.read_text("utf-8")
    ran = rebuttal("ledger", "--html", tmp_path / "missing" / "page.html")
    assert (ran.code, "there is no folder" in ran.err) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="a browser of the test's own is a shell script")
def test_the_page_is_opened_in_the_browser(
    rebuttal: Rebuttal, reviews: list[DemoReview], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{seen}"\n', "utf-8")
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    path = Path(rebuttal("ledger", "--open").out.strip())
    assert seen.read_text("utf-8") == path.as_uri()


def test_results_go_into_the_file_that_is_named(rebuttal: Rebuttal, reviews: list[DemoReview], tmp_path: Path) -> None:
    file = tmp_path / "ledger.csv"
    assert rebuttal("ledger", "--format", "csv", "--output", file).out == ""
    assert file.read_bytes().startswith(b"day,spent_usd,")
    assert b"\r\n" in file.read_bytes()


def test_a_review_names_its_repository_and_keeps_no_path(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, home: Path
) -> None:
    assert rebuttal("review", "--repo", parcels, "--yes", "--panel", "small").code in (0, 1)
    assert "\nparcels " in rebuttal("ledger", "--by", "repository").out
    told = validated(rebuttal("ledger", "--repo", parcels, "--format", "json").json)
    assert [row["title"] for row in told["rows"]["repository"]] == ["parcels"]
    kept = b"".join(file.read_bytes() for file in home.glob("rebuttal.sqlite3*") if file.is_file())
    assert b"parcels" in kept
    assert str(parcels.parent).encode() not in kept
