"""The commands beside `review`."""

from __future__ import annotations

import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from attrs import evolve

from examples.make_repository import EXAMPLE_KEY
from rebuttal.review import checkup
from rebuttal.settings import PROTOCOLS
from tests.cli.conftest import Rebuttal
from tests.emulator import models as service
from tests.emulator.script import Rule
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


def test_context_names_each_slice_with_its_reason_and_the_secret_it_replaced(rebuttal: Rebuttal, parcels: Path) -> None:
    found = rebuttal("context", "--repo", parcels, "--format", "json").json
    assert {one["file"] for one in found["slices"]} >= {"parcels/invoices.py", "web/cart.ts"}
    assert all(one["reason"] and one["tokens"] > 0 and one["start_line"] >= 1 for one in found["slices"])
    assert found["redactions"] == [{"file": "parcels/labels.py", "line": 7, "kind": "aws-key"}]
    scores = [one["score"] for one in found["slices"]]
    assert scores == sorted(scores, reverse=True)


def test_estimate_adds_up_and_needs_no_key(rebuttal: Rebuttal, parcels: Path) -> None:
    found = rebuttal("estimate", "--repo", parcels, "--format", "json", "--panel", "small").json
    expected = Decimal(found["expected"])
    assert expected > 0
    for group in ("by_phase", "by_seat", "by_model"):
        assert sum(map(Decimal, found[group].values())) == expected


def test_estimate_says_what_it_was_learned_from(rebuttal: Rebuttal, panel: Emulator, parcels: Path) -> None:
    assert "expectation assumed: no debate yet\n" in rebuttal("estimate", "--repo", parcels).out
    rebuttal("review", "--repo", parcels, "--panel", "small", "--yes", "--fail-on", "never")
    assert "expectation from 1 debate of yours\n" in rebuttal("estimate", "--repo", parcels).out
    told = rebuttal("estimate", "--repo", parcels, "--format", "json").json
    assert told["learned_from"] == 1
    assert "likely" not in told
    assert len(panel.records) > 0


def test_show_payload_prints_what_is_sent_and_no_secret(rebuttal: Rebuttal, parcels: Path, panel: Emulator) -> None:
    shown = rebuttal("estimate", "--repo", parcels, "--show-payload").out
    rebuttal("review", "--repo", parcels, "--yes", "--format", "json")
    assert EXAMPLE_KEY not in shown
    sent = panel.records[0].body["messages"][0]["content"][0]["text"]
    assert shown.strip() == sent.strip()


def test_estimate_says_what_a_cap_would_leave_out(rebuttal: Rebuttal, parcels: Path) -> None:
    told = rebuttal("estimate", "--repo", parcels, "--max-cost", "0.01", "--format", "json").json
    assert told["at_most"] == "0.01"
    assert Decimal(told["expected"]) <= Decimal("0.01")
    assert "to fit with" in rebuttal("estimate", "--repo", parcels, "--max-cost", "0.01").out


def test_estimate_of_a_trivial_change_is_nothing_and_says_why(rebuttal: Rebuttal, git_repo: GitRepo) -> None:
    git_repo.write("README.md", "one\n")
    git_repo.commit("one")
    git_repo.write("README.md", "two\n")
    ran = rebuttal("estimate", "--repo", git_repo.root)
    assert ran.out.startswith("nothing would be sent")


def test_estimate_of_solo_lists_only_the_seat_that_is_asked(rebuttal: Rebuttal, parcels: Path) -> None:
    told = rebuttal("estimate", "--repo", parcels, "--panel", "large", "--protocol", "solo").out
    assert told.startswith("panel large: code-reviewer\n")
    assert "; the protocol solo asks no other seat\n" in told
    assert "Architect" not in told
    whole = rebuttal("estimate", "--repo", parcels, "--panel", "large").out
    assert whole.startswith("panel large: code-reviewer, ")


def test_an_empty_ledger_is_said_in_words(rebuttal: Rebuttal) -> None:
    assert "No call has been made yet" in rebuttal("ledger").out


def test_doctor_is_well_with_an_emulator_and_fails_with_a_wrong_key(
    rebuttal: Rebuttal, panel: Emulator, monkeypatch: pytest.MonkeyPatch, parcels: Path
) -> None:
    monkeypatch.setattr(checkup, "_today", lambda: date(2026, 11, 22))
    well = rebuttal("doctor", "--format", "json", "--repo", parcels)
    assert well.code == 0, well.out
    assert {one["state"] for one in well.json["checks"]} == {"ok"}
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wrong")
    ill = rebuttal("doctor")
    assert ill.code == 3
    assert "check ANTHROPIC_API_KEY" in ill.out
    assert "sk-ant-wrong" not in ill.out


def test_doctor_tells_of_a_model_that_may_end_soon_and_of_one_that_the_service_ends(
    rebuttal: Rebuttal, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert panel.url
    monkeypatch.setattr(checkup, "_today", lambda: date(2026, 11, 22))
    monkeypatch.setenv("REBUTTAL_MODEL_HAIKU", "claude-haiku-4-5")
    opus = evolve(service.MODELS["claude-opus-5-5"], lifecycle="deprecated", retires_at="2027-03-01T00:00:00Z")
    monkeypatch.setitem(service.MODELS, opus.id, opus)
    ran = rebuttal("doctor", "--format", "json")
    assert ran.code == 0
    told = [one["message"] for one in ran.json["checks"] if one["name"] == "models" and one["state"] == "warning"]
    assert told == [
        "claude-opus-5-5 is deprecated and retires on 2027-03-01",
        "claude-haiku-4-5 may be retired any day now: move to claude-haiku-5-5",
    ]


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("bedrock", "the endpoint bedrock needs a region"),
        ("vertex", "the endpoint vertex needs a region"),
        ("foundry", "the endpoint foundry needs a resource"),
        ("compatible", "the endpoint compatible needs an address"),
    ],
)
def test_what_an_endpoint_lacks_is_said_and_a_claude_key_does_not_help(
    rebuttal: Rebuttal, parcels: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str, says: str
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "CLOUD_ML_REGION", "ANTHROPIC_FOUNDRY_RESOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-another")
    monkeypatch.setenv("REBUTTAL_ENDPOINT", endpoint)
    assert says in rebuttal("doctor").out
    ran = rebuttal("review", "--repo", parcels, "--fail-on", "never")
    assert says in ran.out + ran.err
    named = rebuttal("review", "--repo", parcels, "--panel", "small")
    assert named.code == 2
    assert says in named.err


def test_doctor_lists_the_linters_that_the_repository_configures(
    rebuttal: Rebuttal, git_repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_repo.commit(
        files={".shellcheckrc": "\n", "a.sh": "\n", "web/biome.json": "{}\n", "web/a.ts": "\n", "b.py": "\n"}
    )
    program = tmp_path / "bin" / ("shellcheck.exe" if os.name == "nt" else "shellcheck")
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join((str(program.parent), os.environ["PATH"])))
    told = [line for line in rebuttal("doctor", "--repo", git_repo.root).out.splitlines() if " linters " in line]
    assert "biome is configured (web/biome.json) but not installed" in told[0]
    assert f"shellcheck (.shellcheckrc, {program}) is run with --trust" in told[1]
    monkeypatch.setenv("REBUTTAL_TRUSTED", str(git_repo.root))
    assert f"shellcheck (.shellcheckrc, {program}) is run\n" in rebuttal("doctor", "--repo", git_repo.root).out


def test_doctor_lists_seats_and_templates_of_the_users_own(rebuttal: Rebuttal, home: Path, git_repo: GitRepo) -> None:
    seat = "---\nid: steward\nname: Steward\n---\nLook for promises.\n"
    git_repo.commit(files={".rebuttal/seats/b.md": seat.replace("steward", "keeper")})

    def told() -> list[str]:
        out = rebuttal("doctor", "--repo", git_repo.root).out
        return [line[9:].removeprefix("panel").strip() for line in out.splitlines() if line[9:].startswith("panel ")]

    assert told()[0] == "the package's seats and templates"
    (home / "seats").mkdir()
    (home / "seats" / "a.md").write_text(seat)
    (home / "seats" / "wrong.md").write_text(seat.replace("id:", "ID:"))
    first, left_out, wrong = told()
    assert first == "1 seat and 0 templates of your own"
    assert "1 file in .rebuttal" in left_out
    assert "wrong.md: the front matter has no key 'ID'" in wrong


def test_doctor_tells_seats_that_are_off_and_names_that_are_no_seat(
    rebuttal: Rebuttal, home: Path, git_repo: GitRepo
) -> None:
    git_repo.commit("base", {"a.py": "x = 1\n", ".rebuttal.toml": 'seats_off = ["databse"]\n'})
    (home / "config.toml").write_text('seats_off = ["documentation"]\n')
    out = rebuttal("doctor", "--repo", git_repo.root).out
    assert "not asked, by seats_off: documentation, databse\n" in out
    assert "there is no seat databse: did you mean database?" in out


def test_doctor_and_estimate_say_how_tokens_are_counted_and_since_a_review_what_was_learned(
    rebuttal: Rebuttal, panel: Emulator, parcels: Path
) -> None:
    assert "tokens    1.56 x o200k + 700 a call (assumed) for " in rebuttal("doctor").out
    before = rebuttal("estimate", "--repo", parcels, "--format", "json").json["tokenizers"]
    assert before
    assert all(one == {"factor": 1.56, "overhead": 700, "calls": 0} for one in before.values())
    rebuttal("review", "--repo", parcels, "--panel", "small", "--yes", "--fail-on", "never")
    billed = len([record for record in panel.records if record.completed])
    after = rebuttal("estimate", "--repo", parcels, "--format", "json").json["tokenizers"]
    assert 0 < max(one["calls"] for one in after.values()) <= billed
    assert all(one["factor"] != 1.56 for one in after.values())
    assert " calls) for claude-" in rebuttal("estimate", "--repo", parcels).out
    assert "learned from" in rebuttal("doctor").out


def test_doctor_without_a_key_warns_and_is_well(rebuttal: Rebuttal) -> None:
    ran = rebuttal("doctor")
    assert ran.code == 0
    assert "set ANTHROPIC_API_KEY" in ran.out


def test_no_command_is_wrong_usage_and_shows_the_commands(rebuttal: Rebuttal) -> None:
    ran = rebuttal()
    assert ran.code == 2
    assert "usage: rebuttal" in ran.err


def test_a_broken_config_file_is_one_sentence(rebuttal: Rebuttal, home: Path, parcels: Path) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text("panel = ", "utf-8")
    ran = rebuttal("review", "--repo", parcels)
    assert ran.code == 2
    assert "config.toml" in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_a_repository_may_narrow_but_not_widen_and_only_from_its_base(rebuttal: Rebuttal, git_repo: GitRepo) -> None:
    git_repo.write(".rebuttal.toml", 'max_cost = "99"\npanel = "static"\n')
    git_repo.write("a.py", "def f(x):\n    return x\n")
    git_repo.commit("one")
    git_repo.write("a.py", "def f(x):\n    return x + 1\n")
    ran = rebuttal("review", "--repo", git_repo.root)
    assert "max_cost" in ran.out
    assert "no API key" not in ran.out
    git_repo.write(".rebuttal.toml", 'panel = "auto"\n')
    assert "no API key" not in rebuttal("review", "--repo", git_repo.root).out


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_reviews_json_fits_the_published_schema(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, protocol: str
) -> None:
    panel.script.add(Rule(seat="architect", phase="opening", reply='{"claims": "none"}'))
    ran = rebuttal("review", "--repo", parcels, "--yes", "--format", "json", "--protocol", protocol)
    assert any(one["source"] == "debate" for one in ran.json["findings"])
    finding = json.loads((SCHEMAS / "finding.schema.json").read_text("utf-8"))
    review = json.loads((SCHEMAS / "review.schema.json").read_text("utf-8"))
    from referencing import Registry, Resource

    registry = Registry().with_resources(
        [(one["$id"], Resource.from_contents(one)) for one in (finding, review) if "$id" in one]
    )
    jsonschema.Draft202012Validator(review, registry=registry).validate(ran.json)
