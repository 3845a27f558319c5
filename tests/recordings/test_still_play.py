"""What was recorded is still played to the same end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.make_repository import make_repository
from rebuttal.cli.main import main
from rebuttal.speakers.recordings.tape import read_tape
from tests.recordings import ANEW, DEBATES, file_of, review_of


@pytest.mark.parametrize("name", DEBATES)
def test_a_recording_still_plays_to_the_same_end(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("REBUTTAL_HOME", str(tmp_path / "home"))
    repository = make_repository(tmp_path / "parcels")
    code = main([*review_of(name, repository), "--replay", str(file_of(name))])
    said = capfd.readouterr()
    report = json.loads(said.out)
    assert code == 0, f"{said.err}\nIf that is what you meant to change, {ANEW}."
    assert report["degraded"] == []
    assert "the replay came to what was recorded" in said.err, f"{said.err}\nIf you meant it, {ANEW}."
    assert report["cost"]["calls"] == 0
    outcome = read_tape(file_of(name)).outcome
    assert outcome is not None
    assert len(outcome["findings"]) >= 1
