"""The linters that a repository configures: run where the user trusts it, and first findings do not wait for them."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from rebuttal.review.request import Request, StaticReady
from rebuttal.review.run import review
from rebuttal.settings import Settings
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake linter is a script")

SLOW = """#!{python}
import json, pathlib, sys, time
here = pathlib.Path({here!r})
(here / "begun").touch()
while not (here / "go").exists():
    time.sleep(0.01)
said = [{{"file": path, "line": 1, "endLine": 1, "level": "warning", "code": 2115, "message": "A fault."}}
        for path in sys.argv[5:] if "fault" in open(path).read()]
print(json.dumps({{"comments": said}})); sys.exit(bool(said))
"""
STATIC = Settings(panel="static")


@pytest.fixture
def linter(tmp_path: Path) -> Path:
    """A folder with a shellcheck that begins, and ends once the file `go` is there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "shellcheck").write_text(SLOW.format(python=sys.executable, here=str(folder)))
    (folder / "shellcheck").chmod(0o755)
    return folder


@pytest.fixture
def changed(git_repo: GitRepo) -> Path:
    git_repo.commit(files={".shellcheckrc": "\n", "a.sh": "echo\n", "a.py": "x = 1\n"})
    git_repo.write("a.sh", "fault\n")
    git_repo.write("a.py", "def g(b=[]): ...\n")
    return git_repo.root


def _has_begun(linter: Path) -> bool:
    return (linter / "begun").exists()


def _let_go(linter: Path) -> None:
    (linter / "go").touch()


async def _until(path: Path) -> None:
    """Once the file is there."""

    def wait() -> None:
        end = time.monotonic() + 30
        while not path.exists():
            assert time.monotonic() < end, f"{path.name} did not come"
            time.sleep(0.01)

    await asyncio.to_thread(wait)


async def test_first_findings_do_not_wait_for_a_slow_linter(open_services: Open, linter: Path, changed: Path) -> None:
    door, services = Door(), open_services({"PATH": str(linter)})
    job = asyncio.create_task(review(Request(changed, STATIC, trusted=True), services, door))
    await _until(linter / "begun")
    assert [[one.rule for one in event.findings] for event in door.told(StaticReady)] == [["ruff:B006"]]
    _let_go(linter)
    result = await job
    last = door.told(StaticReady)[-1]
    assert (len(door.told(StaticReady)), last.with_linters) == (2, True)
    assert {one.rule for one in last.findings} == {"ruff:B006", "shellcheck:SC2115"}
    assert {one.rule for one in result.report.findings} == {"ruff:B006", "shellcheck:SC2115"}


async def test_linters_are_not_run_unless_the_user_trusts_the_repository(
    open_services: Open, linter: Path, changed: Path, tmp_path: Path
) -> None:
    elsewhere = Settings(panel="static", trusted=(str(tmp_path / "elsewhere"),))
    result = await review(Request(changed, elsewhere), open_services({"PATH": str(linter)}), Door())
    assert not _has_begun(linter)
    assert any("shellcheck is configured but not run" in note for note in result.report.notes)


async def test_linters_are_run_in_a_folder_that_the_user_trusts(
    open_services: Open, linter: Path, changed: Path
) -> None:
    _let_go(linter)
    settings = Settings(panel="static", trusted=(str(changed.parent),))
    result = await review(Request(changed, settings), open_services({"PATH": str(linter)}), Door())
    assert "shellcheck:SC2115" in {one.rule for one in result.report.findings}


async def test_stopping_a_review_ends_its_linters_and_keeps_the_first_findings(
    open_services: Open, linter: Path, changed: Path
) -> None:
    stop = asyncio.Event()
    services = open_services({"PATH": str(linter)})
    job = asyncio.create_task(review(Request(changed, STATIC, trusted=True), services, Door(), stop))
    await _until(linter / "begun")
    stop.set()
    result = await asyncio.wait_for(job, 20)
    assert [one.rule for one in result.report.findings] == ["ruff:B006"]
