"""`--record` and `--replay` of whole reviews, as a user has them: whole, the same bytes, nothing that was not sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rebuttal.speakers.recordings import lockstep
from tests.cli.conftest import REVIEWERS, Ran, Rebuttal
from tests.emulator.planted import Planted
from tests.emulator.script import Asked, Fault, Rule
from tests.emulator.server import KEY, Emulator
from tests.gitrepo import GitRepo
from tests.text.test_secrets import BODY, TOKENS, pem

REVIEW = ("review", "--format", "json", "--yes", "--fail-on", "never", "--panel", "medium")


@pytest.fixture(autouse=True)
def a_seat_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is at the moment, what is heard first is not chance."""
    monkeypatch.setattr(lockstep, "HOLD", 60.0)


Elsewhere = Callable[[str], None]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """Another installation, with a secret and a ledger of its own."""
    return lambda name: monkeypatch.setenv("REBUTTAL_HOME", str(tmp_path / name))


def told(ran: Ran) -> dict[str, Any]:
    """The report without what it took: a replay costs nothing, also step by step."""
    report = {name: value for name, value in ran.json.items() if name not in ("cost", "timing")}
    for finding in (*report["findings"], *report["held_back"]):
        for step in finding["trace"]:
            del step["spent"]
    return report


@pytest.mark.parametrize("protocol", ["crossfire", "council", "solo"])
def test_a_replay_elsewhere_gives_the_same_report_and_the_same_recording(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path, elsewhere: Elsewhere, protocol: str
) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    review = (*REVIEW, "--repo", parcels, "--protocol", protocol)
    recorded = rebuttal(*review, "--record", first)
    assert f"{first} holds the code of the change" in recorded.err
    sent = len(panel.records)
    elsewhere("another")  # with another secret, which the fences are made of
    replayed = rebuttal(*review, "--replay", first, "--record", second)
    assert "the replay came to what was recorded" in replayed.err
    assert told(replayed) == told(recorded)
    assert second.read_bytes() == first.read_bytes()
    again = rebuttal(*review, "--replay", first)
    assert {**again.json, "timing": 0} == {**replayed.json, "timing": 0}
    assert len(panel.records) == sent


@pytest.mark.parametrize("profile", ["frugal", "thorough"])
def test_a_debate_in_which_much_went_wrong_is_replayed_as_it_was(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path, elsewhere: Elsewhere, profile: str
) -> None:
    """An answer broken off and given anew, another model that stood in, a seat that failed for good."""
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    panel.script.add(
        Rule(seat="security-analyst", times=1, chunk=40, fault=Fault("cut", at=12)),
        Rule(seat="code-reviewer", phase="opening", times=1, fault=Fault("status", status=404, message="model: gone")),
        Rule(seat="architect", phase="opening", fault=Fault("garbled")),
    )
    review = (*REVIEW, "--repo", parcels, "--profile", profile)
    recorded = rebuttal(*review, "--record", first)
    assert recorded.json["degraded"]
    sent = len(panel.records)
    elsewhere("another")
    replayed = rebuttal(*review, "--replay", first, "--record", second)
    assert "the replay came to what was recorded" in replayed.err
    assert told(replayed) == told(recorded)
    assert second.read_bytes() == first.read_bytes()
    assert len(panel.records) == sent


def test_two_recordings_of_one_review_are_the_same_bytes(
    rebuttal: Rebuttal,
    parcels: Path,
    panel: Emulator,
    tmp_path: Path,
    elsewhere: Elsewhere,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for number, file in enumerate(files):
        elsewhere(file.stem)
        with Emulator() as cold:
            cold.script.default = Planted.load(REVIEWERS)
            cold.script.otherwise = Rule(between=0.002 * number, chunk=(40, 9, 400)[number])
            monkeypatch.setenv("ANTHROPIC_BASE_URL", cold.url)
            rebuttal(*REVIEW, "--repo", parcels, "--record", file)
    assert files[0].read_bytes() == files[1].read_bytes() == files[2].read_bytes()
    assert panel.records == []


def test_a_recording_says_what_was_reviewed_and_what_it_came_to(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "tape.jsonl"
    ran = rebuttal(*REVIEW, "--repo", parcels, "--record", file)
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    about, outcome = lines[0]["recording"], lines[-1]["outcome"]
    assert lines[0]["schema"] == 2
    assert (about["scope"], about["panel"], about["protocol"], about["profile"]) == (
        *("working", "medium", "crossfire", "balanced"),
    )
    assert "security-analyst" in about["seats"]
    assert about["models"]["haiku"] == "claude-haiku-5-5"
    debated = [one["id"] for one in ran.json["findings"] if one["source"] == "debate"]
    assert [one["id"] for one in outcome["findings"]] == debated
    assert outcome["cost"]["spent"] == ran.json["cost"]["spent"]
    assert len([line for line in lines if "turn" in line]) == len(panel.records)


def test_a_replay_that_comes_to_something_else_says_so(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "tape.jsonl"
    rebuttal(*REVIEW, "--repo", parcels, "--record", file)
    text = (parcels / "parcels" / "orders.py").read_text("utf-8")
    (parcels / "parcels" / "orders.py").write_text(text + "\nLIMIT = 3\n", "utf-8")
    ran = rebuttal(*REVIEW, "--repo", parcels, "--replay", file)
    assert ran.code == 3
    reason = ran.json["degraded"][0]["reason"]
    assert "the shared context (the change and what belongs to it) differs from turn 0 of the recording" in reason
    assert "+LIMIT = 3" in ran.err
    assert "did not come to what was recorded" in ran.err


def test_what_breaks_off_is_played_as_far_as_it_goes_and_that_is_said(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "tape.jsonl"
    rebuttal(*REVIEW, "--repo", parcels, "--record", file)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]))
    ran = rebuttal(*REVIEW, "--repo", parcels, "--replay", file)
    assert ran.json["degraded"] == []
    assert "the recording breaks off" in ran.err


def test_a_recording_of_others_could_steer_the_terminal(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "tape.jsonl"
    rebuttal(*REVIEW, "--repo", parcels, "--record", file)
    *lines, last = file.read_text("utf-8").splitlines()
    outcome = json.loads(last)["outcome"]
    outcome["findings"].append({"id": "x", "title": "\x1b[2JAll is well\r\nrebuttal: no findings"})
    file.write_text("\n".join([*lines, json.dumps({"outcome": outcome}), ""]), "utf-8")
    ran = rebuttal(*REVIEW, "--repo", parcels, "--replay", file)
    assert "1 finding missing" in ran.err
    assert "\x1b" not in ran.err
    assert "\nrebuttal: no findings" not in ran.err


def test_one_file_cannot_be_recorded_and_replayed_at_once(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "tape.jsonl"
    rebuttal(*REVIEW, "--repo", parcels, "--record", file)
    before = file.read_bytes()
    ran = rebuttal(*REVIEW, "--repo", parcels, "--replay", file, "--record", parcels / ".." / "tape.jsonl")
    assert ran.code == 2
    assert "record to another file" in ran.err
    assert file.read_bytes() == before


def test_where_nothing_is_debated_nothing_is_recorded_and_that_is_said(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "tape.jsonl"
    ran = rebuttal("review", "--repo", parcels, "--panel", "static", "--fail-on", "never", "--record", file)
    assert not file.exists()
    assert f"there was no debate, so {file} was not written" in ran.err


def test_a_recording_holds_no_secret_of_any_kind_and_nothing_of_the_machine(
    rebuttal: Rebuttal, git_repo: GitRepo, panel: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_repo.write("app/config.py", "A = 1\n")
    git_repo.commit("base")
    lines = [f'call("{token}")' if kind != "azure-key" else f"x = 'AccountKey={token};'" for kind, token in TOKENS]
    lines += [f'password = "{PASSWORD}"', f"KEY = '''{pem()}'''", ""]
    git_repo.write("app/config.py", "\n".join(["A = 2", *lines]))
    for number, (_, token) in enumerate(TOKENS):
        if re.fullmatch(r"[\w.-]+", token):
            git_repo.write(f"app/{token}.py", f"B = {number}\n")
    monkeypatch.setenv("HOME", "/home/alice.liddell")
    monkeypatch.setenv("USER", "alice.liddell")
    file = tmp_path / "tape.jsonl"
    panel.script.default = says_all_that_it_was_shown
    ran = rebuttal(*REVIEW, "--repo", git_repo.root, "--record", file)
    text = file.read_text("utf-8")
    assert json.loads(text.splitlines()[0])["schema"] == 2, ran.err
    assert "«redacted:aws-key:1»" in text
    assert "«secret in a name:1»" in text
    for secret in (*(token for _, token in TOKENS), PASSWORD, *BODY.splitlines(), KEY):
        assert secret not in text
    for word in (str(tmp_path), "alice", panel.url, panel.url.removeprefix("http://"), "request_id", "req_"):
        assert word not in text


PASSWORD = "tR9!" + "kv2#Lq8@zW5m"


def says_all_that_it_was_shown(asked: Asked) -> dict[str, Any]:
    """What a model would say that repeats everything."""
    kind = {"category": "security", "severity": "high", "certainty": "likely", "fixes": []}
    place = {"file": "app/config.py", "side": "new", "quote": "A = 2"}
    claim = {**place, "title": "A secret", "argument": asked.request.text, **kind}
    return {"claims": [claim] if asked.phase == "opening" else [], "rulings": [], "needs": []}
