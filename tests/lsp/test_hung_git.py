"""A git that never ends neither keeps the server nor stays behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitrepo import isolated_environment
from tests.lsp.test_process import Server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the script that plays git is a shell's")

PATIENCE = 20.0
"""Seconds on a busy machine; the script itself would sleep for ten minutes, and git's own limit is one."""


@pytest.fixture
def hanging(repo: Path, tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server with the real worker, and the file in which each git that was started leaves its process id."""
    started, folder = tmp_path / "pids", tmp_path / "bin"
    folder.mkdir()
    script = folder / "git"
    script.write_text(f"#!/bin/sh\necho $$ >> '{started}'\nexec sleep 600\n")
    script.chmod(0o755)
    given = isolated_environment(tmp_path / "home")
    given["PATH"] = f"{folder}:{given['PATH']}"
    server = Server(repo, None, tmp_path / "rebuttal", **given)
    yield server, started
    server.stop()


def running(started: Path) -> list[str]:
    """Which of them still run; one that only waits for its parent to notice does not."""
    found = []
    for pid in started.read_text().split():
        told = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False)
        if told.stdout.strip() and not told.stdout.strip().startswith("Z"):
            found.append(pid)
    return found


def reviewing(server: Server, started: Path) -> None:
    server.initialize()
    server.review(panel="static")
    deadline = time.monotonic() + 60
    while not started.is_file() or not started.read_text().endswith("\n"):
        assert time.monotonic() < deadline, "the worker never asked git"
        time.sleep(0.01)
    assert running(started)


def gone(started: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while running(started):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_hung_git_is_not_left_behind_by_a_shutdown(hanging: tuple[Server, Path]) -> None:
    server, started = hanging
    reviewing(server, started)
    begun = time.monotonic()
    server.request("shutdown")
    server.send("exit")
    assert server.end() == 0
    took = time.monotonic() - begun
    assert took < 10, f"{took:.1f} s"
    assert gone(started)


def test_hung_git_is_not_left_behind_by_a_server_that_was_killed(hanging: tuple[Server, Path]) -> None:
    server, started = hanging
    reviewing(server, started)
    server.process.kill()
    server.process.wait()
    assert gone(started)
