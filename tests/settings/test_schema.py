"""The one table of settings, and what is written from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from rebuttal.settings import Settings, narrow, widen
from rebuttal.settings.schema import SCHEMA, Row, default
from rebuttal.settings.values import PARSERS

ROOT = Path(__file__).parents[2]
WRITTEN = ("docs/settings.md", "client-vscode/package.json", "client-vscode/src/settings.generated.ts")
CHOICES = [row for row in SCHEMA if row.others == "ordered"]
LISTS = [row for row in SCHEMA if row.others == "added"]
OWN = [row for row in SCHEMA if row.others in ("own", "config")]
MACHINE = [row for row in SCHEMA if row.shown is not None and row.shown.scope == "machine"]


def named(row: Row) -> str:
    return row.key


def settings_script(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "settings.py"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT / "server"), "PYTHONIOENCODING": "utf-8"},
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for name in WRITTEN:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_docs_and_vscode_say_what_the_table_says() -> None:
    checked = settings_script("--check")
    assert checked.returncode == 0, f"{checked.stderr}Run `python scripts/settings.py` and commit what it writes."


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("docs/settings.md", "hard cap of a day", "hard cap of a week"),
        ("client-vscode/package.json", '"default": 20', '"default": 21'),
        ("client-vscode/package.json", '"rebuttal.maxFindings"', '"rebuttal.mostFindings"'),
        ("client-vscode/src/settings.generated.ts", '"maxCost",', ""),
    ],
)
def test_what_was_changed_by_hand_is_found_and_written_anew(copied: Path, name: str, old: str, new: str) -> None:
    before = (copied / name).read_text("utf-8")
    assert old in before
    (copied / name).write_text(before.replace(old, new), "utf-8", newline="\n")
    checked = settings_script("--check", "--root", str(copied))
    assert checked.returncode == 1
    assert checked.stderr.strip() == (
        f"{name} is not what the table of settings says: run `python scripts/settings.py`."
    )
    assert settings_script("--root", str(copied)).returncode == 0
    assert (copied / name).read_text("utf-8") == before


def test_settings_of_the_extension_itself_are_kept(copied: Path) -> None:
    path = copied / "client-vscode" / "package.json"
    manifest = json.loads(path.read_text("utf-8"))
    properties = manifest["contributes"]["configuration"]["properties"]
    properties["rebuttal.serverCommand"]["markdownDescription"] = "Written by hand."
    properties["rebuttal.old"] = {"type": "string"}
    path.write_text(json.dumps(manifest), "utf-8")
    assert settings_script("--root", str(copied)).returncode == 0
    now = json.loads(path.read_text("utf-8"))["contributes"]["configuration"]["properties"]
    assert now["rebuttal.serverCommand"]["markdownDescription"] == "Written by hand."
    assert {"rebuttal.linters", "rebuttal.endpoint", "rebuttal.trace.server"} <= now.keys()
    assert "rebuttal.old" not in now


def test_each_setting_has_one_row_and_each_row_a_setting() -> None:
    keys = [row.key for row in SCHEMA]
    assert len(keys) == len(set(keys))
    fields = {one.name for one in attrs.fields(Settings)}
    assert set(keys) == fields - {"price_list", "origins"}  # a file of REBUTTAL_HOME, and who set what


@pytest.mark.parametrize("row", [row for row in SCHEMA if row.key in PARSERS], ids=named)
def test_each_default_is_a_value_that_may_be_set(row: Row) -> None:
    value = default(row)
    if value is not None and value != "":
        settings, problems = widen(Settings(), {row.key: value}, "test")
        assert (getattr(settings, row.key), problems) == (value, [])


@pytest.mark.parametrize("row", CHOICES, ids=named)
def test_others_may_move_towards_the_front_of_an_order_only(row: Row) -> None:
    for at, current in enumerate(row.order):
        own, _ = widen(Settings(), {row.key: current}, "test")
        for to, wanted in enumerate(row.order):
            settings, problems = narrow(own, {row.key: wanted}, "test")
            assert getattr(settings, row.key) == row.order[min(at, to)]
            assert bool(problems) == (to > at)


@pytest.mark.parametrize("row", OWN, ids=named)
def test_others_cannot_set_what_is_the_users_own(row: Row) -> None:
    values: dict[str, Any] = {
        "name": "claude-x", "label": "x", "money": "3", "rate": "2", "currency": "EUR", "folders": [str(Path.cwd())],
        "address": "https://example.com", "choice": "bedrock", "table": {},
    }  # fmt: skip
    settings, problems = narrow(Settings(), {row.key: values[row.kind]}, "test")
    assert settings == Settings()
    assert [problem.key for problem in problems] == [row.key]


@pytest.mark.parametrize("row", LISTS, ids=named)
def test_others_add_to_a_list(row: Row) -> None:
    own, _ = widen(Settings(), {row.key: ["mine"]}, "test")
    settings, problems = narrow(own, {row.key: ["theirs"]}, "test")
    assert (getattr(settings, row.key), problems) == (("mine", "theirs"), [])


def test_a_workspace_in_vscode_has_no_say_in_money_and_models() -> None:
    assert {row.key for row in SCHEMA if row.cap} <= {row.key for row in MACHINE}
    assert all(row in MACHINE for row in SCHEMA if row.shown is not None and row.others in ("own", "config"))
    assert not [row.key for row in SCHEMA if row.where and row.shown is not None]


def test_an_unknown_table_is_named_with_the_nearest() -> None:
    _, problems = widen(Settings(), {"price": {}, "maxcost": Decimal(1)}, "config.toml")
    assert [problem.message for problem in problems] == [
        "config.toml: there is no setting 'price': did you mean prices?",
        "config.toml: there is no setting 'maxcost': did you mean max_cost?",
    ]
