"""Fixtures that more than one room uses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rebuttal.text import tokens
from tests.gitrepo import GitRepo, isolated_environment

pytest_plugins = ["tests.emulator.fixtures", "tests.postgres"]

# What an example may take is a matter of who else uses the machine; what must be fast is measured by tests of its own.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
# A gate gives the same answer for the same tree: new examples are looked for by `make search`, not by who merges next.
settings.register_profile("gate", settings.get_profile("search"), derandomize=True)
settings.load_profile("gate")


@pytest.fixture(scope="session", autouse=True)
def token_ranks_are_read_once() -> Iterator[None]:
    """Each review reads them anew, in a third of a second and 70 MB; in the tests' own process once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "load_encoding", cache(tokens.load_encoding))
        yield


@pytest.fixture(scope="session", autouse=True)
def the_store_of_the_developers_team_is_left_alone() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("REBUTTAL_STORE_URL", raising=False)
        yield


@pytest.fixture
def git_repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """An empty repository on `main`; the test's own process is as isolated as the helper's git."""
    home = tmp_path / "home"
    for name, value in isolated_environment(home).items():
        if name.startswith("GIT_") or name in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME"):
            monkeypatch.setenv(name, value)
    return GitRepo.create(tmp_path / "repo", home)
