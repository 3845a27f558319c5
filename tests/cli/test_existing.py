"""What stood before the change: shown by a setting or an option, counted by nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from tests.cli.conftest import Rebuttal
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
BASE = """\
import os


def first(items=[]):
    return items


def second(value):
    try:
        return os.stat(value)
    except:
        return None
"""
HARMLESS = BASE + "\n\ndef third(more):\n    return more + 1\n"
FAULTY = BASE + "\n\ndef third(more={}):\n    return more\n"


@pytest.fixture
def changed(git_repo: GitRepo) -> GitRepo:
    git_repo.write("app.py", BASE)
    git_repo.commit()
    git_repo.write("app.py", FAULTY)
    return git_repo


def review(rebuttal: Rebuttal, repo: GitRepo, *more: str) -> dict[str, Any]:
    """The report, without what differs from one run to the next."""
    found = rebuttal("review", "--repo", repo.root, "--panel", "static", "--format", "json", *more).json
    del found["timing"]
    if found["coverage"]["new"] is not None:
        del found["coverage"]["new"]["since"]
    return found


def test_the_report_is_the_same_but_for_a_field_of_their_own(rebuttal: Rebuttal, changed: GitRepo) -> None:
    review(rebuttal, changed)
    without = review(rebuttal, changed)
    asked = review(rebuttal, changed, "--show-existing")
    stood = asked.pop("pre_existing")
    assert asked == without
    assert "pre_existing" not in json.dumps(without)
    assert [(one["rule"], one["pre_existing"]) for one in stood] == [("ruff:B006", True), ("ruff:E722", True)]


def test_the_text_is_the_same_but_for_a_section_of_their_own(rebuttal: Rebuttal, changed: GitRepo) -> None:
    def text(*more: str) -> str:
        out = rebuttal("review", "--repo", changed.root, "--panel", "static", *more).out
        return re.sub(r"\d+\.\d s|\d{4}-\d\d-\d\d \d\d:\d\d", "", out)

    text()
    without, asked = text(), text("--show-existing")
    section = (
        "Stood before the change (not counted)\n"
        "  app.py:4:17  Mutable default argument (ruff:B006)\n"
        "  app.py:11:5  Bare except (ruff:E722)\n\n"
    )
    assert section in asked
    assert asked.replace(section, "") == without


def test_the_report_with_them_fits_the_published_schema(rebuttal: Rebuttal, changed: GitRepo) -> None:
    report = rebuttal("review", "--repo", changed.root, "--panel", "static", "--format", "json", "--show-existing").json
    schemas = [json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8")) for name in ("review", "finding")]
    assert "pre_existing" in schemas[0]["properties"]
    assert "pre_existing" in schemas[1]["properties"]
    registry: Registry[Any] = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in schemas)
    jsonschema.Draft202012Validator(schemas[0], registry=registry).validate(report)


def test_they_fail_no_build_and_are_in_no_sarif_and_no_list(rebuttal: Rebuttal, git_repo: GitRepo) -> None:
    git_repo.write("app.py", BASE)
    git_repo.commit()
    git_repo.write("app.py", HARMLESS)
    where = ("--repo", git_repo.root, "--panel", "static", "--show-existing", "--fail-on", "low")
    shown = rebuttal("review", *where)
    assert shown.code == 0
    assert "Stood before the change" in shown.out
    assert "No findings ·" in shown.out
    assert json.loads(rebuttal("review", *where, "--format", "sarif").out)["runs"][0]["results"] == []
    assert "No findings." in rebuttal("findings", "--repo", git_repo.root).out


def test_settings_ask_for_them_also_the_repositorys(
    rebuttal: Rebuttal, changed: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_SHOW_EXISTING", "true")
    assert len(review(rebuttal, changed)["pre_existing"]) == 2
    monkeypatch.delenv("REBUTTAL_SHOW_EXISTING")
    assert "pre_existing" not in review(rebuttal, changed)
    changed.write("app.py", BASE)
    changed.write(".rebuttal.toml", "show_existing = true\n")
    changed.commit()
    changed.write("app.py", HARMLESS)
    assert len(review(rebuttal, changed)["pre_existing"]) == 2


def test_one_that_is_dismissed_is_not_shown_again(rebuttal: Rebuttal, changed: GitRepo) -> None:
    first, second = review(rebuttal, changed, "--show-existing")["pre_existing"]
    rebuttal("findings", "--repo", changed.root, "--dismiss", first["id"], "--reason", "known")
    found = review(rebuttal, changed, "--show-existing")
    assert [(one["id"], one["status"]) for one in found["pre_existing"]] == [
        (first["id"], "dismissed"),
        (second["id"], "open"),
    ]
    assert [one["status"] for one in found["findings"]] == ["open"]
    out = rebuttal("review", "--repo", changed.root, "--panel", "static", "--show-existing").out
    assert "app.py:11:5" in out
    assert "app.py:4:17" not in out
    assert "1 dismissed" not in out


def test_a_comment_of_the_base_dismisses_one(rebuttal: Rebuttal, git_repo: GitRepo) -> None:
    base = BASE.replace("items=[]):", "items=[]):  # rebuttal: ignore[ruff:B006] it is never written to")
    git_repo.write("app.py", base)
    git_repo.commit()
    git_repo.write("app.py", base + "X = 1\n")
    stood = review(rebuttal, git_repo, "--show-existing")["pre_existing"]
    assert [(one["rule"], one["status"]) for one in stood] == [("ruff:B006", "dismissed"), ("ruff:E722", "open")]


def test_no_model_hears_of_them(rebuttal: Rebuttal, panel: Emulator, changed: GitRepo) -> None:
    where = ("--repo", changed.root, "--panel", "small", "--yes", "--format", "json", "--fresh")
    without = rebuttal("review", *where).json
    sent = [json.dumps(one.body, sort_keys=True) for one in panel.records]
    panel.records.clear()
    asked = rebuttal("review", *where, "--show-existing").json
    assert len(asked["pre_existing"]) == 2
    assert sorted(json.dumps(one.body, sort_keys=True) for one in panel.records) == sorted(sent)
    assert sent
    assert "stood before the change." not in "".join(sent).lower()
    assert asked["findings"] == without["findings"]
    assert asked["cost"]["estimate"]["at_most"] == without["cost"]["estimate"]["at_most"]
