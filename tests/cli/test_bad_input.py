"""What a user gets wrong: one sentence that says what to do, the contract's exit code, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Rebuttal
from tests.emulator.script import Fault, Rule
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo


@pytest.mark.parametrize("amount", ["abc", "-1", "nan", "inf", ""])
def test_a_cap_that_is_no_amount_does_not_silently_become_the_default(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, amount: str
) -> None:
    ran = rebuttal("review", "--repo", parcels, "--yes", f"--max-cost={amount}")
    assert (ran.code, ran.out) == (2, "")
    assert "max_cost" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert panel.records == []


def test_a_wrong_value_in_the_users_own_settings_is_wrong_settings(
    rebuttal: Rebuttal, parcels: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text('max_cost = "ten"\n', "utf-8")
    assert rebuttal("review", "--repo", parcels).code == 2
    (home / "config.toml").write_text("unheard_of = 1\n", "utf-8")
    assert rebuttal("review", "--repo", parcels, "--fail-on", "never").code == 0
    monkeypatch.setenv("REBUTTAL_PANEL", "huge")
    ran = rebuttal("review", "--repo", parcels)
    assert ran.code == 2
    assert "auto, static, small" in ran.err


def test_a_folder_that_is_not_there_is_not_taken_for_the_repository_around_it(
    rebuttal: Rebuttal, parcels: Path
) -> None:
    ran = rebuttal("review", "--repo", parcels / "typo")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no folder" in ran.err


@pytest.mark.parametrize("where", [".", "missing/report.json"])
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_spent(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, tmp_path: Path, where: str
) -> None:
    ran = rebuttal("review", "--repo", parcels, "--yes", "--output", tmp_path / where)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert panel.records == []


def test_a_blank_key_is_no_key(rebuttal: Rebuttal, parcels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", " \n")
    ran = rebuttal("review", "--repo", parcels, "--fail-on", "never")
    assert ran.code == 0
    assert "there is no API key" in ran.out
    assert rebuttal("review", "--repo", parcels, "--panel", "small").code == 2


@pytest.mark.parametrize("address", ["nonsense", "ftp://example.com"])
def test_an_endpoint_that_is_no_address_is_wrong_settings_and_said_once(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
    ran = rebuttal("review", "--repo", parcels, "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert "ANTHROPIC_BASE_URL" in ran.err


def test_a_proxy_that_is_no_address_is_not_called_a_defect_of_ours(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "proxy:port")
    ran = rebuttal("review", "--repo", parcels, "--yes", "--fail-on", "never")
    assert ran.code == 3
    assert "HTTP_PROXY is no address" in ran.out.replace("\n    ", " ")
    assert "please report" not in ran.out
    assert "Traceback" not in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_recording_that_there_is_no_room_for_is_refused_before_anything_is_sent(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator
) -> None:
    ran = rebuttal("review", "--repo", parcels, "--yes", "--fail-on", "never", "--record", "/dev/full")
    assert ran.code == 2
    assert "the recording /dev/full cannot be written" in ran.err
    assert panel.records == []


def test_a_cap_of_nothing_under_require_debate_is_no_debate(rebuttal: Rebuttal, parcels: Path, panel: Emulator) -> None:
    asked = ("review", "--repo", parcels, "--yes", "--fail-on", "never", "--max-cost", "0")
    assert rebuttal(*asked).code == 4
    assert rebuttal(*asked, "--require-debate").code == 3
    assert panel.records == []


def test_a_damaged_store_loses_no_static_finding(rebuttal: Rebuttal, parcels: Path, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "rebuttal.sqlite3").write_bytes(b"no database at all" * 100)
    ran = rebuttal("review", "--repo", parcels, "--format", "json")
    assert ran.code == 1
    assert len(ran.json["findings"]) == 6
    assert any("is no database" in note for note in ran.json["notes"])


def test_a_first_commit_reads_as_a_sentence(rebuttal: Rebuttal, git_repo: GitRepo) -> None:
    assert "No change to review: there are no files." in rebuttal("review", "--repo", git_repo.root).out
    git_repo.write("a.py", "x = 1\n")
    git_repo.commit("one")
    out = rebuttal("review", "--repo", git_repo.root, "--scope", "commit:HEAD").out
    assert "commit:HEAD change against nothing (" in out


@pytest.mark.parametrize("fault", [Fault("cut", at=3), Fault("error_event")])
def test_a_service_that_breaks_off_again_and_again_is_not_reported_as_a_cap(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, fault: Fault
) -> None:
    panel.script.add(Rule(fault=fault))
    ran = rebuttal(
        *("review", "--repo", parcels, "--yes", "--fail-on", "never", "--panel", "small", "--max-cost", "0.4"),
        *("--format", "json"),
    )
    assert ran.code == 3
    assert any("broke off" in one["reason"] for one in ran.json["degraded"])
