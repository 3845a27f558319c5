"""`rebuttal findings`: what is open, held back, dismissed, as a user of a terminal sees it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

from examples.make_repository import EXAMPLE_KEY
from tests.cli.conftest import Rebuttal
from tests.emulator.server import Emulator

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
STATIC = ("review", "--panel", "static", "--fail-on", "never", "--repo")


def valid(found: object) -> None:
    schemas = {name: json.loads((SCHEMAS / name).read_text("utf-8")) for name in ("finding.schema.json",)}
    registry = Registry().with_resources((name, Resource.from_contents(one)) for name, one in schemas.items())
    schema = json.loads((SCHEMAS / "findings.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema, registry=registry).validate(found)


def test_before_a_review_it_says_what_to_do(rebuttal: Rebuttal, parcels: Path) -> None:
    assert "run `rebuttal review`" in rebuttal("findings", "--repo", parcels).out
    empty = rebuttal("findings", "--repo", parcels, "--format", "json").json
    valid(empty)
    assert empty == {"schema": 1, "reviews": [], "findings": [], "dismissals": []}


def test_findings_of_the_last_review_are_dismissed_and_restored_as_in_an_editor(
    rebuttal: Rebuttal, parcels: Path
) -> None:
    reviewed = rebuttal(*STATIC, parcels, "--format", "json").json["findings"]
    found = rebuttal("findings", "--repo", parcels, "--format", "json").json
    valid(found)
    assert {one["id"]: one["title"] for one in found["findings"]} == {one["id"]: one["title"] for one in reviewed}
    assert [(one["scope"], one["kind"]) for one in found["reviews"]] == [("working", "static")]

    wanted = reviewed[0]["id"]
    told = rebuttal("findings", "--repo", parcels, "--dismiss", wanted[:8], "--reason", "known").out
    assert told.startswith(f"{wanted} is dismissed: ")
    after = rebuttal("findings", "--repo", parcels, "--format", "json").json
    assert [one["id"] for one in after["findings"] if one["status"] == "dismissed"] == [wanted]
    assert [(one["finding"], one["reason"], one["expires"]) for one in after["dismissals"]] == [(wanted, "known", None)]
    again = rebuttal(*STATIC, parcels, "--format", "json").json["findings"]
    assert [one["id"] for one in again if one["status"] == "dismissed"] == [wanted]

    assert "is open" in rebuttal("findings", "--repo", parcels, "--restore", wanted).out
    restored = rebuttal("findings", "--repo", parcels, "--format", "json").json
    assert {one["status"] for one in restored["findings"]} == {"open"}, "what a review marked is not what it is"
    assert "is not dismissed" in rebuttal("findings", "--repo", parcels, "--restore", wanted).out


def test_a_debates_findings_stay_listed_after_a_static_review(
    rebuttal: Rebuttal, panel: Emulator, parcels: Path
) -> None:
    rebuttal("review", "--repo", parcels, "--yes", "--fail-on", "never")
    rebuttal(*STATIC, parcels)
    found = rebuttal("findings", "--repo", parcels, "--format", "json").json
    valid(found)
    assert {one["source"] for one in found["findings"]} == {"static", "debate"}
    assert {one["kind"] for one in found["reviews"]} == {"static", "debate"}
    out = rebuttal("findings", "--repo", parcels).out
    assert "Open (" in out
    assert "A customer's name becomes part of the SQL" in out


def test_what_is_kept_holds_no_secret_and_no_fix(rebuttal: Rebuttal, parcels: Path, home: Path) -> None:
    rebuttal(*STATIC, parcels)
    found = rebuttal("findings", "--repo", parcels, "--format", "json")
    assert EXAMPLE_KEY not in found.out
    assert any(one["rule"].startswith("secrets:") for one in found.json["findings"])
    assert {json.dumps(one["fix"]) for one in found.json["findings"]} == {"null"}
    with closing(sqlite3.connect(home / "rebuttal.sqlite3")) as store:
        [(title,)] = store.execute("SELECT DISTINCT title FROM last_findings").fetchall()
    assert title == "working"


def test_scopes_are_listed_one_by_one_or_all(rebuttal: Rebuttal, parcels: Path) -> None:
    rebuttal(*STATIC, parcels)
    rebuttal(*STATIC, parcels, "--scope", "file:parcels/labels.py")
    last = rebuttal("findings", "--repo", parcels, "--format", "json").json
    assert {one["file"] for one in last["findings"]} == {"parcels/labels.py"}
    working = rebuttal("findings", "--repo", parcels, "--scope", "working", "--format", "json").json
    assert {one["scope"] for one in working["reviews"]} == {"working"}
    everything = rebuttal("findings", "--repo", parcels, "--all", "--format", "json").json
    assert len(everything["reviews"]) == 2
    ids = [one["id"] for one in everything["findings"]]
    assert len(ids) == len(set(ids)), "the same finding of two scopes is one"
    assert "no review of staged is kept" in rebuttal("findings", "--repo", parcels, "--scope", "staged").err


def test_a_dismissal_that_expires_is_told_with_its_day(rebuttal: Rebuttal, parcels: Path) -> None:
    day = (date.today() + timedelta(days=3)).isoformat()  # noqa: DTZ011 - the user's own day is what is typed
    rebuttal("findings", "--repo", parcels, "--dismiss", "0123456789abcdef", "--reason", "later", "--expires", day)
    out = rebuttal("findings", "--repo", parcels).out
    assert f"0123456789abcdef  later, until {day}" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--dismiss", "0123456789abcdef"), "--reason"),
        (("--reason", "x"), "--dismiss ID"),
        (("--dismiss", "no\x1b[1msuch", "--reason", "x"), "lists their ids"),
        (("--restore", "ab"), "lists their ids"),
        (("--dismiss", "0123456789abcdef", "--reason", "x", "--expires", "soon"), "2026-12-24"),
        (("--dismiss", "0123456789abcdef", "--reason", "x", "--expires", "2001-01-01"), "is past"),
        (("--all", "--scope", "working"), "leave out --scope"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    rebuttal: Rebuttal, parcels: Path, arguments: tuple[str, ...], says: str
) -> None:
    ran = rebuttal("findings", "--repo", parcels, *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert "\x1b" not in ran.err


def test_outside_of_a_repository_it_says_so(rebuttal: Rebuttal, tmp_path: Path) -> None:
    ran = rebuttal("findings", "--repo", tmp_path)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
