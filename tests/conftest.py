"""Fixtures that more than one room uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitrepo import GitRepo, isolated_environment

pytest_plugins = ["tests.emulator.fixtures"]


@pytest.fixture
def git_repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """An empty repository on `main`; the test's own process is as isolated as the helper's git."""
    home = tmp_path / "home"
    for name, value in isolated_environment(home).items():
        if name.startswith("GIT_") or name in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME"):
            monkeypatch.setenv(name, value)
    return GitRepo.create(tmp_path / "repo", home)
