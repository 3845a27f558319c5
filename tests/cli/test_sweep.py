"""`rebuttal sweep`, from the arguments to the exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

from rebuttal.cli import sweep as command
from rebuttal.cli.sweep_progress import question_text
from rebuttal.review.sweep_model import Offer
from tests.cli.conftest import Rebuttal
from tests.emulator.batches import Batching
from tests.emulator.script import EndpointRule, Fault, Rule
from tests.emulator.server import KEY, Emulator
from tests.gitrepo import GitRepo
from tests.review.sweeping import QUICK, Knowing, quote, with_branches

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
SWEEP = ("sweep", "--yes", "--panel", "small")


@pytest.fixture
def panel(home: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    emulator.script.default = Knowing()
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", emulator.url)
    monkeypatch.setattr(command, "pace", lambda: QUICK)
    return emulator


@pytest.fixture
def branches(git_repo: GitRepo) -> GitRepo:
    return with_branches(git_repo, 2)


def check(document: object) -> None:
    texts = {name: json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8")) for name in ("finding", "review")}
    registry = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in texts.values())
    schema = json.loads((SCHEMAS / "sweep.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema, registry=registry).validate(document)


def test_all_branches_as_one_document(rebuttal: Rebuttal, branches: GitRepo, panel: Emulator) -> None:
    ran = rebuttal(*SWEEP, "--repo", branches.root, "--branches", "--format", "json")
    assert ran.code == 1, ran.err
    check(ran.json)
    assert [one["name"] for one in ran.json["changes"]] == ["region-00", "region-01"]
    titles = [finding["title"] for one in ran.json["changes"] for finding in one["review"]["findings"]]
    assert [f"Region {number} without weights divides by zero" in titles for number in range(2)] == [True, True]
    assert Decimal(ran.json["cost"]["spent"]) == panel.bill
    assert sum(Decimal(one["review"]["cost"]["spent"]) for one in ran.json["changes"]) == panel.bill
    assert "submitted" in ran.err
    assert ran.json["sweep"] in ran.err


def test_each_change_is_shown_when_it_is_reviewed_and_all_in_a_table(
    rebuttal: Rebuttal, branches: GitRepo, panel: Emulator
) -> None:
    ran = rebuttal(*SWEEP, "--repo", branches.root, "main", "--branches", "region-*")
    sections = [ran.out.index(f"== {name}") for name in ("main", "region-00", "region-01")]
    assert max(sections) < ran.out.index("\nchange  ")
    assert "3 of 3" in ran.out
    assert "Region 1 without weights divides by zero" in ran.out
    assert ran.out.splitlines()[-1].startswith("3 changes reviewed · ")
    assert "at half the price" in ran.out


def test_a_single_range_and_a_commit(rebuttal: Rebuttal, branches: GitRepo, panel: Emulator) -> None:
    ran = rebuttal(*SWEEP, "--repo", branches.root, "main..region-00", "region-01", "region-00", "--format", "json")
    assert [(one["name"], one["same"]) for one in ran.json["changes"]] == [
        ("main..region-00", ["region-00"]),
        ("region-01", []),
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--branches"),
        (("nowhere..main",), "nowhere"),
        (("--branches", "none*"), "none"),
        (("--base", "main", "main..region-00"), "--branches"),
        (("--resume", "--list"), "together"),
        (("--list", "--branches"), "no branches"),
        (("--resume", "--panel", "small"), "--panel"),
        (("--resume", "sweep00000000"), "sweep00000000"),
        (("--resume",), "no sweep"),
        (("--cancel", "sweep00000000"), "sweep00000000"),
        (("--branches", "--max-cost", "ten"), "--max-cost"),
        (("--branches", "--repo", "nowhere"), "nowhere"),
    ],
)
def test_wrong_usage_is_one_sentence_and_sends_nothing(
    rebuttal: Rebuttal, branches: GitRepo, panel: Emulator, arguments: tuple[str, ...], says: str
) -> None:
    ran = rebuttal("sweep", "--repo", branches.root, *arguments)
    assert ran.code == 2, ran.err
    assert ran.err.strip().splitlines()[-1].startswith("rebuttal: ")
    assert says in ran.err
    assert ran.out == ""
    assert panel.others == []


def test_without_a_yes_and_a_terminal_nothing_is_sent(rebuttal: Rebuttal, branches: GitRepo, panel: Emulator) -> None:
    ran = rebuttal("sweep", "--repo", branches.root, "--branches", "--panel", "small", "--fail-on", "never")
    assert ran.code == 4
    assert panel.others == []
    assert "not agreed to" in ran.out


def test_the_question_says_what_is_sent_where_for_how_much_and_how_long_it_is_kept() -> None:
    offer = Offer("rates\x1b[2J", "api.example", 3, 7, 1, Decimal("0.12"), Decimal("1.50"))
    asked = question_text(offer)
    assert "3 changes" in asked
    assert "7 files" in asked
    assert "api.example" in asked
    assert "in all expected $0.12, at most $1.50" in asked
    assert "1 secret replaced" in asked
    assert "29 days" in asked
    assert "\x1b" not in asked


@pytest.mark.parametrize(
    "variables",
    [
        {"REBUTTAL_ENDPOINT": "bedrock", "REBUTTAL_REGION": "eu-west-1"},
        {"REBUTTAL_ENDPOINT": "compatible", "REBUTTAL_BASE_URL": "http://127.0.0.1:9"},
    ],
)
def test_another_endpoint_than_the_claude_api_has_no_batches(
    rebuttal: Rebuttal,
    branches: GitRepo,
    panel: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    variables: Mapping[str, str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ran = rebuttal(*SWEEP, "--repo", branches.root, "--branches")
    assert ran.code == 2
    assert "no message batches" in ran.err


def test_what_failed_in_part_is_code_3_and_told_in_the_table(
    rebuttal: Rebuttal, branches: GitRepo, panel: Emulator
) -> None:
    fault = Fault("status", status=400, message="no", type="invalid_request_error")
    panel.script.add(Rule(seat="code-reviewer", phase="opening", contains=quote(1), fault=fault))
    ran = rebuttal(*SWEEP, "--repo", branches.root, "--branches", "--fail-on", "never")
    assert ran.code == 3
    (row,) = [line for line in ran.out.splitlines() if line.startswith("region-01 ") and "failed in part: " in line]
    assert row.endswith("failed in part: code-reviewer")
    assert "asks again what was not answered" in ran.err


def test_an_endpoint_without_batches_keeps_the_static_findings(
    rebuttal: Rebuttal, branches: GitRepo, panel: Emulator
) -> None:
    for endpoint in ("batches.create", "batches.list"):
        panel.script.add(EndpointRule(Fault("status", status=404, message="no route"), endpoint))
    ran = rebuttal(*SWEEP, "--repo", branches.root, "--branches", "--format", "json", "--fail-on", "never")
    assert ran.code == 3
    check(ran.json)
    assert "takes no message batches" in json.dumps(ran.json)


def test_branches_without_a_commit_of_their_own_are_named(
    rebuttal: Rebuttal, branches: GitRepo, panel: Emulator
) -> None:
    branches.git("branch", "merged", "main")
    ran = rebuttal(*SWEEP, "--repo", branches.root, "--branches", "--format", "json")
    assert ran.json["empty"] == ["merged"]
    assert "merged" in ran.err
    only = rebuttal(*SWEEP, "--repo", branches.root, "--branches", "merged")
    assert only.code == 0
    assert "nothing to review: merged" in only.out


def test_the_result_goes_to_a_file(rebuttal: Rebuttal, branches: GitRepo, panel: Emulator, tmp_path: Path) -> None:
    target = tmp_path / "sweep.txt"
    ran = rebuttal(*SWEEP, "--repo", branches.root, "--branches", "--output", target)
    assert ran.out == ""
    text = target.read_text("utf-8")
    assert "== region-00" in text
    assert "== region-01" in text
    assert "2 changes reviewed" in text


def test_sweeps_are_listed_and_shown_again_for_nothing(rebuttal: Rebuttal, branches: GitRepo, panel: Emulator) -> None:
    assert "No sweep" in rebuttal("sweep", "--repo", branches.root, "--list").out
    first = rebuttal(*SWEEP, "--repo", branches.root, "--branches", "--format", "json").json
    (listed,) = rebuttal("sweep", "--repo", branches.root, "--list", "--format", "json").json["sweeps"]
    assert (listed["id"], listed["state"]) == (first["sweep"], "done")
    assert Decimal(listed["spent_or_set_aside"]) == panel.bill
    bill = panel.bill
    again = rebuttal("sweep", "--repo", branches.root, "--resume", first["sweep"], "--format", "json")
    assert [one["review"]["findings"] for one in again.json["changes"]] == [
        one["review"]["findings"] for one in first["changes"]
    ]
    assert panel.bill == bill


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.timeout(120)
def test_ctrl_c_leaves_the_batch_running_and_says_how_to_go_on(
    rebuttal: Rebuttal, branches: GitRepo, panel: Emulator, home: Path
) -> None:
    panel.batching = Batching(seconds=3600.0)
    arguments = [*SWEEP, "--repo", str(branches.root), "--branches", "--format", "json"]
    command = [sys.executable, "-m", "rebuttal", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    told = next((line for line in process.stderr if b"submitted" in line), b"")
    assert b"2 changes" in told
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    document = json.loads(out)
    check(document)
    assert document["unfinished"] == ["region-00", "region-01"]
    assert f"--resume {document['sweep']}".encode() in err
    assert document["under_way"] > 0
    assert Decimal(document["cost"]["assumed"]) >= 0
    panel.batching = Batching()
    ended = rebuttal("sweep", "--repo", branches.root, "--cancel", document["sweep"])
    assert ended.code == 0, ended.err
    assert "canceled" in ended.out
    assert panel.bill == 0
    ledger = rebuttal("ledger", "--format", "json").json
    assert Decimal(ledger["day"]["spent"]) == 0
    assert os.environ["REBUTTAL_HOME"] == str(home)
