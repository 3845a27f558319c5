"""`rebuttal eval` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from rebuttal.evaluation.report import SIMULATED
from tests.cli.conftest import Rebuttal
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.evaluation.conftest import plant_of, written

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "evaluation.schema.json"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    return written(folder)


def valid(document: object) -> None:
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(document)


def test_simulated_it_needs_no_key_and_says_that_it_is_simulated(rebuttal: Rebuttal, corpus: Path) -> None:
    ran = rebuttal("eval", corpus, "--simulated", "perfect", "--panel", "small")
    assert ran.code == 0
    assert ran.out.startswith(SIMULATED)
    assert "2 of 2 changes reviewed" in ran.out
    assert "precision 100 %   recall 100 %   F1 100 %" in ran.out
    assert "1/2 python-cart-discount: 1 of 1 found, 0 false" in ran.err


def test_the_json_fits_its_schema_and_is_the_same_each_time(rebuttal: Rebuttal, corpus: Path) -> None:
    command = ("eval", corpus, "--simulated", "average", "--seed", "3", "--panel", "small", "--format", "json")
    first, again = rebuttal(*command).json, rebuttal(*command).json
    valid(first)
    assert first == again
    assert first["simulated"] is True
    assert [case["case"] for case in first["cases"]] == ["python-cart-discount", "python-settings-once"]


def test_with_a_key_it_reviews_for_real_once_agreed_to(rebuttal: Rebuttal, corpus: Path, panel: Emulator) -> None:
    from rebuttal.evaluation.corpus import load_corpus

    case = load_corpus(corpus, "*-cart-*")[0]
    panel.script.default = Planted([plant_of(case, by=("code-reviewer",))])
    refused = rebuttal("eval", corpus, "--case", "*-cart-*", "--panel", "small")
    assert refused.code == 4
    assert "--yes" in refused.out
    assert panel.records == []
    ran = rebuttal("eval", corpus, "--case", "*-cart-*", "--panel", "small", "--yes", "--format", "json")
    valid(ran.json)
    assert ran.code == 0
    assert ran.json["simulated"] is False
    assert ran.json["figures"]["found"] == 1
    assert ran.json["cost"]["calls"] == len(panel.records)


def test_misses_and_false_alarms_are_named(rebuttal: Rebuttal, corpus: Path, tmp_path: Path) -> None:
    skill = tmp_path / "careless.toml"
    skill.write_text('like = "perfect"\nhits = 0\nalarms = 4\nconfirms_false = 1\n', "utf-8")
    out = rebuttal("eval", corpus, "--simulated", skill, "--panel", "small").out
    assert "critical  python-cart-discount: The discount is ten times the price (not claimed)" in out
    assert "An unknown code raises KeyError" in out
    assert "a clean change, a lure" in out


def test_the_result_goes_to_a_file(rebuttal: Rebuttal, corpus: Path, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    ran = rebuttal("eval", corpus, "--simulated", "average", "--format", "json", "--output", file)
    assert ran.out == ""
    valid(json.loads(file.read_text("utf-8")))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--case", "cobol-*"), "no case of"),
        (("--simulated", "genius"), "there is no skill"),
        (("--max-cost", "ten", "--simulated", "average"), "--max-cost ten is no amount"),
        ((), "ANTHROPIC_API_KEY"),
    ],
)
def test_what_cannot_be_done_is_wrong_usage(
    rebuttal: Rebuttal, corpus: Path, arguments: tuple[str, ...], told: str
) -> None:
    ran = rebuttal("eval", corpus, *arguments)
    assert ran.code == 2
    assert told in ran.err
    assert ran.out == ""


def test_a_folder_that_is_not_there_is_told(rebuttal: Rebuttal, tmp_path: Path) -> None:
    ran = rebuttal("eval", tmp_path / "none", "--simulated", "average")
    assert ran.code == 2
    assert "there is no folder" in ran.err
