"""The command as a user runs it: real git, the real SDK over HTTP to the emulator, a home of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from examples.make_repository import make_repository
from rebuttal.cli.main import main
from tests.emulator.planted import Planted
from tests.emulator.server import KEY, Emulator

REVIEWERS = Path(__file__).resolve().parents[2] / "examples" / "parcels" / "reviewers.json"


@frozen
class Ran:
    """What one command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    def rules(self) -> set[str]:
        return {finding["rule"] for finding in self.json["findings"]}


Rebuttal = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A REBUTTAL_HOME of the test's own, and no key but what the test gives."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "REBUTTAL_PANEL"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    monkeypatch.setenv("REBUTTAL_HOME", str(folder))
    return folder


@pytest.fixture
def rebuttal(home: Path, capfd: pytest.CaptureFixture[str]) -> Rebuttal:
    """Run a command in this process."""

    def run(*arguments: str | Path) -> Ran:
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as wrong_usage:
            code = int(wrong_usage.code or 0)
        written = capfd.readouterr()
        return Ran(code, written.out, written.err)

    return run


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    """The bundled example: a repository with a faulty change in its work tree."""
    return make_repository(tmp_path / "parcels")


@pytest.fixture
def panel(home: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """A panel who knows the example's planted defects; the key and the endpoint are set."""
    emulator.script.default = Planted.load(REVIEWERS)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", emulator.url)
    return emulator
