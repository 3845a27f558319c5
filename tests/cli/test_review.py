"""`rebuttal review`, from the arguments to the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from examples.make_repository import EXAMPLE_KEY, make_repository
from tests.cli.conftest import Rebuttal
from tests.emulator.script import Fault, Rule
from tests.emulator.server import KEY, Emulator
from tests.gitrepo import GitRepo

STATIC_RULES = {"impact:signature", "secrets:aws", "ruff:B006"}


def test_without_a_key_the_static_panel_finds_and_prices_what_a_key_would_buy(
    rebuttal: Rebuttal, parcels: Path
) -> None:
    ran = rebuttal("review", "--repo", parcels, "--format", "json")
    assert ran.code == 1
    assert ran.rules() >= STATIC_RULES
    assert ran.json["panel"] == "static"
    assert ran.json["cost"]["calls"] == 0
    assert Decimal(ran.json["cost"]["estimate"]["expected"]) > 0
    assert "no API key" in json.dumps(ran.json) or "no API key" in ran.err + rebuttal("review", "--repo", parcels).out


def test_impact_names_the_callers_that_were_forgotten_and_not_the_one_that_was_changed(
    rebuttal: Rebuttal, parcels: Path
) -> None:
    found = rebuttal("review", "--repo", parcels, "--format", "json", "--panel", "static").json["findings"]
    (quote,) = [one for one in found if one["rule"] == "impact:signature" and one["file"] == "parcels/rates.py"]
    (price,) = [one for one in found if one["rule"] == "impact:signature" and one["file"] == "web/money.ts"]
    assert {place["file"] for place in quote["related"]} == {"parcels/invoices.py", "tests/test_rates.py"}
    assert {place["file"] for place in price["related"]} == {"web/cart.ts"}


def test_a_debate_confirms_what_is_planted_and_holds_back_what_was_refuted(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator
) -> None:
    ran = rebuttal("review", "--repo", parcels, "--format", "json", "--yes", "--panel", "medium")
    debated = {one["title"]: one for one in ran.json["findings"] if one["source"] == "debate"}
    assert "A customer's name becomes part of the SQL" in debated
    assert "A carrier that is down is asked for ever, without a pause" in debated
    surcharge = debated["A parcel of exactly 10 kg no longer pays the surcharge"]
    assert surcharge["verdict"] == "confirmed"
    assert surcharge["fix"]["edits"][0]["new_text"].strip() == "if weight >= HEAVY:"
    assert {step["phase"] for step in surcharge["trace"]} >= {"opening", "cross_examination"}
    assert "The default currency hides a missing parameter" not in debated
    assert ran.code == 1


def test_fresh_asks_every_seat_again_after_a_debate_that_was_cut_short(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator
) -> None:
    silent: dict[str, list[str]] = {"claims": [], "rulings": [], "needs": []}
    panel.script.rules.append(Rule(seat="architect", phase="opening", reply=silent, stop_reason="refusal"))
    review = ("review", "--repo", parcels, "--format", "json", "--yes", "--panel", "small")
    assert rebuttal(*review).json["degraded"]
    opened = [one.seat for one in panel.records if one.phase == "opening"]
    before = len(panel.records)
    ran = rebuttal(*review, "--fresh")
    assert {one.seat for one in panel.records[before:] if one.phase == "opening"} == set(opened)
    assert "taken up" not in ran.out + ran.err


def test_the_ledger_counts_what_the_service_billed(rebuttal: Rebuttal, parcels: Path, panel: Emulator) -> None:
    cost = rebuttal("review", "--repo", parcels, "--format", "json", "--yes").json["cost"]
    assert cost["calls"] == len(panel.records)
    assert Decimal(cost["spent"]) == panel.bill
    ledger = rebuttal("ledger", "--format", "json").json
    assert ledger["day"]["spent"] == cost["spent"]
    assert cost["tokens"]["cache_read"] > 0


def test_no_secret_reaches_the_service(rebuttal: Rebuttal, parcels: Path, panel: Emulator) -> None:
    rebuttal("review", "--repo", parcels, "--format", "json", "--yes")
    sent = json.dumps([record.body for record in panel.records])
    assert "parcels/labels.py" in sent
    assert EXAMPLE_KEY not in sent


def test_without_a_yes_and_a_terminal_nothing_is_sent(rebuttal: Rebuttal, parcels: Path, panel: Emulator) -> None:
    ran = rebuttal("review", "--repo", parcels, "--format", "json", "--fail-on", "never")
    assert ran.code == 4
    assert panel.records == []
    assert ran.rules() >= STATIC_RULES


def test_a_cap_stops_the_debate_before_it_is_passed(rebuttal: Rebuttal, parcels: Path, panel: Emulator) -> None:
    ran = rebuttal(
        "review", "--repo", parcels, "--format", "json", "--yes", "--fail-on", "never", "--max-cost", "0.001"
    )
    assert ran.code in (3, 4)
    assert Decimal(ran.json["cost"]["spent"]) <= Decimal("0.001")


def test_a_wrong_key_is_degraded_and_keeps_the_static_findings(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wrong")
    ran = rebuttal("review", "--repo", parcels, "--format", "json", "--yes", "--fail-on", "never")
    assert ran.code == 3
    assert ran.rules() >= STATIC_RULES
    assert "key" in ran.json["degraded"][0]["reason"]
    assert Decimal(ran.json["cost"]["spent"]) == 0


def test_an_unreachable_endpoint_is_degraded_and_says_where_it_looked(
    rebuttal: Rebuttal, parcels: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    ran = rebuttal("review", "--repo", parcels, "--format", "json", "--yes", "--fail-on", "never")
    assert ran.code == 3
    assert "127.0.0.1" in ran.json["degraded"][0]["reason"]


def test_a_reply_that_breaks_the_schema_degrades_one_seat_and_keeps_the_others(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator
) -> None:
    panel.script.add(Rule(seat="architect", phase="opening", reply='{"claims": "none"}'))
    ran = rebuttal("review", "--repo", parcels, "--format", "json", "--yes", "--fail-on", "never", "--panel", "small")
    assert ran.code == 3
    assert {one["seat"] for one in ran.json["degraded"]} == {"architect"}
    titles = {one["title"] for one in ran.json["findings"]}
    assert "A customer's name becomes part of the SQL" in titles


def test_an_overloaded_service_degrades_and_keeps_the_static_findings(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator
) -> None:
    panel.script.add(Rule(fault=Fault("status", status=529, headers={"retry-after": "0"})))
    ran = rebuttal("review", "--repo", parcels, "--format", "json", "--yes", "--fail-on", "never", "--panel", "small")
    assert ran.code == 3
    assert ran.rules() >= STATIC_RULES


def test_a_debate_panel_without_a_key_is_wrong_usage(rebuttal: Rebuttal, parcels: Path) -> None:
    ran = rebuttal("review", "--repo", parcels, "--panel", "small")
    assert ran.code == 2
    assert "ANTHROPIC_API_KEY" in ran.err
    assert ran.out == ""


def test_require_debate_exits_with_3_when_only_the_static_panel_ran(rebuttal: Rebuttal, parcels: Path) -> None:
    assert rebuttal("review", "--repo", parcels, "--fail-on", "never", "--require-debate").code == 3


def test_a_recording_answers_again_without_sending(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = tmp_path / "tape.jsonl"
    first = rebuttal("review", "--repo", parcels, "--format", "json", "--yes", "--record", tape).json
    sent = len(panel.records)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    again = rebuttal("review", "--repo", parcels, "--format", "json", "--replay", tape).json
    assert len(panel.records) == sent
    assert [one["id"] for one in again["findings"]] == [one["id"] for one in first["findings"]]
    assert KEY not in tape.read_text("utf-8")


@pytest.mark.parametrize(
    ("scope", "expected"), [("staged", 0), ("commit:HEAD", 0), ("range:HEAD~1..HEAD", 0), ("branch", 0), ("working", 1)]
)
def test_each_scope_reviews_its_own_change(rebuttal: Rebuttal, git_repo: GitRepo, scope: str, expected: int) -> None:
    git_repo.write("a.py", "def f(x):\n    return x\n")
    git_repo.commit("one")
    git_repo.write("b.py", "from a import f\n\nprint(f(1))\n")
    git_repo.commit("two")
    git_repo.write("a.py", "def f(x, y):\n    return x + y\n")
    base = ("--base", "HEAD") if scope == "branch" else ()
    ran = rebuttal("review", "--repo", git_repo.root, "--scope", scope, *base, "--format", "json")
    assert ran.code == expected, ran.err
    assert len(ran.json["findings"]) == expected
    assert ran.json["scope"]["kind"] == scope.partition(":")[0], "one of the words that review.schema.json lists"


def test_no_change_is_said_and_is_fine(rebuttal: Rebuttal, git_repo: GitRepo) -> None:
    git_repo.write("a.py", "x = 1\n")
    git_repo.commit("one")
    ran = rebuttal("review", "--repo", git_repo.root)
    assert ran.code == 0
    assert "No change to review" in ran.out


def test_a_folder_without_a_repository_is_one_clear_sentence(rebuttal: Rebuttal, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    ran = rebuttal("review", "--repo", folder)
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1
    assert "repository" in ran.err


def test_an_unknown_scope_is_wrong_usage(rebuttal: Rebuttal, parcels: Path) -> None:
    ran = rebuttal("review", "--repo", parcels, "--scope", "yesterday")
    assert ran.code == 2
    assert "working" in ran.err


def test_sarif_and_output_file(rebuttal: Rebuttal, parcels: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.sarif"
    ran = rebuttal("review", "--repo", parcels, "--format", "sarif", "--output", target, "--panel", "static")
    assert ran.out == ""
    assert json.loads(target.read_text("utf-8"))["version"] == "2.1.0"


def test_stdout_is_only_the_result_and_progress_goes_to_stderr(parcels: Path, home: Path) -> None:
    command = [sys.executable, "-m", "rebuttal", "review", "--repo", str(parcels), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    json.loads(done.stdout)
    assert "static panel" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_findings_keep_their_ids_between_runs_and_folders(rebuttal: Rebuttal, parcels: Path, tmp_path: Path) -> None:
    first = rebuttal("review", "--repo", parcels, "--format", "json", "--panel", "static").json
    again = make_repository(tmp_path / "elsewhere" / "copy")
    second = rebuttal("review", "--repo", again, "--format", "json", "--panel", "static").json
    ids = [one["id"] for one in first["findings"]]
    assert ids == [one["id"] for one in second["findings"]]
    assert len(set(ids)) == len(ids)


def test_an_unknown_protocol_is_wrong_usage_and_names_those_that_are_known(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator
) -> None:
    ran = rebuttal("review", "--repo", parcels, "--yes", "--protocol", "parliament")
    assert ran.code == 2
    assert all(name in ran.err for name in ("crossfire", "council", "solo"))
    assert panel.records == []


def test_a_council_reviews_a_change_end_to_end(rebuttal: Rebuttal, parcels: Path, panel: Emulator) -> None:
    ran = rebuttal("review", "--repo", parcels, "--yes", "--protocol", "council", "--format", "json")
    assert ran.code in (0, 1)
    assert ran.json["degraded"] == []
    assert {"opening", "rebuttal"} <= set(ran.json["cost"]["by_phase"])
    assert any(one["source"] == "debate" and one["verdict"] == "confirmed" for one in ran.json["findings"])
    passes = {step.get("pass") for one in ran.json["findings"] for step in one["trace"]}
    assert {"broad", "contentious"} <= passes


def test_a_fault_in_a_notebook_is_found_in_its_file_and_its_cell(rebuttal: Rebuttal, git_repo: GitRepo) -> None:
    def notebook(*sources: list[str]) -> str:
        cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"

    first = ["%matplotlib inline\n", "import os"]
    git_repo.commit("base", {"nb.ipynb": notebook(first)})
    after = notebook(
        first, ["def add(item, into=[]):\n", "    into.append(item)\n", "    return into"], ["await x()\n", "1"]
    )
    git_repo.write("nb.ipynb", after)
    ran = rebuttal("review", "--repo", git_repo.root, "--format", "json", "--panel", "static")
    (finding,) = [one for one in ran.json["findings"] if one["rule"] == "ruff:B006"]
    line = after.split("\n")[finding["range"]["start"]["line"]]
    assert line.strip() == '"def add(item, into=[]):\\n",'
    assert line[finding["range"]["start"]["character"] :].startswith("[]")
    assert finding["cell"]["index"] == 1
    assert finding["cell"]["range"]["start"] == {"line": 0, "character": 19}
    assert ran.rules() == {"ruff:B006", "ruff:F821"}
    assert ran.json["degraded"] == []


def test_a_secret_that_a_notebook_printed_is_found_in_its_outputs(rebuttal: Rebuttal, git_repo: GitRepo) -> None:
    def notebook(printed: str) -> str:
        output = {"output_type": "stream", "name": "stdout", "text": [printed]}
        cell = {"cell_type": "code", "metadata": {}, "outputs": [output], "source": ["print(key)"]}
        return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"

    git_repo.commit("base", {"nb.ipynb": notebook("nothing")})
    after = notebook(EXAMPLE_KEY)
    git_repo.write("nb.ipynb", after)
    ran = rebuttal("review", "--repo", git_repo.root, "--format", "json", "--panel", "static")
    (finding,) = ran.json["findings"]
    assert finding["rule"] == "secrets:aws"
    assert EXAMPLE_KEY in after.split("\n")[finding["range"]["start"]["line"]]
    (skipped,) = ran.json["coverage"]["skipped"]
    assert skipped == {"file": "nb.ipynb", "reason": "only outputs or metadata of the notebook changed"}


def test_the_whole_debate_is_written_where_it_is_asked_for(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "debate.md"
    asked = ("review", "--repo", parcels, "--yes", "--panel", "small", "--fail-on", "never", "--transcript", file)
    ran = rebuttal(*asked)
    assert str(file) in ran.err
    told = file.read_text("utf-8")
    assert told.startswith("# parcels: working change against HEAD\n")
    assert "A customer's name becomes part of the SQL" in told
    assert "## Findings" not in ran.out  # stdout is the report's


def test_without_a_debate_there_is_no_transcript(rebuttal: Rebuttal, parcels: Path, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "debate.md"
    ran = rebuttal("review", "--repo", parcels, "--panel", "static", "--fail-on", "never", "--transcript", file)
    assert "there was no debate" in ran.err
    assert not file.exists()


def test_a_transcript_that_cannot_be_written_is_refused_before_anything_is_spent(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    ran = rebuttal("review", "--repo", parcels, "--yes", "--transcript", tmp_path / "none" / "debate.md")
    assert ran.code == 2
    assert "--transcript" in ran.err
    assert panel.records == []
