"""What tests in any editor begin with: the example repository, and an environment in which `rebuttal` is this one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from examples.make_repository import make_repository
from tests.gitrepo import isolated_environment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "parcels")


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The editor's environment: a home of its own, and the command `rebuttal` as the snippets name it. $SEEN is where a
    driver writes what it saw."""
    command = tmp_path / "bin" / "rebuttal"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rebuttal "$@"\n', "utf-8")
    command.chmod(0o755)
    return {
        **isolated_environment(tmp_path / "home"),
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "server"),
        "REBUTTAL_HOME": str(tmp_path / "rebuttal-home"),
        "SEEN": str(tmp_path / "seen.json"),
        **{f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
