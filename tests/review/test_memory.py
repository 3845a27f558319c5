"""A review says what is new since the last one of its scope."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rebuttal.change.model import Scope
from rebuttal.findings.report import New, Report
from rebuttal.review.run import review
from rebuttal.settings import Settings
from rebuttal.store.database import Database
from rebuttal.store.model import PATIENCE, StoreError
from tests.emulator.script import Fault, Rule
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

STATIC = Settings(panel="static")
LINES = [f"value_{number} = {number}\n" for number in range(60)]


@pytest.fixture
def repo(git_repo: GitRepo) -> GitRepo:
    git_repo.commit("base", {"a.py": "".join(LINES), "b.py": "x = 1\n"})
    edit(git_repo, 10, 40)
    return git_repo


def edit(repo: GitRepo, *places: int, word: str = "changed") -> None:
    lines = [f"{word}_{number} = 0\n" if number in places else line for number, line in enumerate(LINES)]
    repo.write("a.py", "".join(lines))


async def static(open_services: Open, repo: GitRepo, **options: object) -> Report:
    return (await review(request_for(repo.root, settings=STATIC, **options), open_services(), Door())).report


def counts(new: New | None) -> tuple[int, int, int, int] | None:
    return None if new is None else (new.added, new.modified, new.removed, new.unchanged)


async def test_the_first_review_knows_nothing_and_the_next_one_what_is_new(open_services: Open, repo: GitRepo) -> None:
    first = await static(open_services, repo)
    assert first.coverage.new is None
    assert [one.new for one in first.coverage.reviewed] == [None]
    edit(repo, 10, 20, 50)
    repo.write("b.py", "x = 2\n")
    second = await static(open_services, repo)
    assert counts(second.coverage.new) == (3, 0, 1, 1)
    assert second.coverage.new is not None
    assert abs((datetime.now(UTC) - second.coverage.new.since).total_seconds()) < 60
    assert [(one.file, one.hunks, one.new) for one in second.coverage.reviewed] == [("a.py", 3, 2), ("b.py", 1, 1)]
    assert counts((await static(open_services, repo)).coverage.new) == (0, 0, 0, 4)


async def test_scopes_branches_and_bases_are_remembered_apart(open_services: Open, repo: GitRepo) -> None:
    await static(open_services, repo)
    assert (await static(open_services, repo, base="HEAD")).coverage.new is None
    repo.git("checkout", "-q", "-b", "topic")
    assert (await static(open_services, repo)).coverage.new is None
    repo.git("checkout", "-q", "main")
    assert counts((await static(open_services, repo)).coverage.new) == (0, 0, 0, 2)


async def test_worktrees_without_a_branch_were_compared_with_one_another(open_services: Open, repo: GitRepo) -> None:
    for name in ("one", "two"):
        where = repo.root.parent / name
        repo.git("worktree", "add", "-q", "--detach", str(where))
        (where / "b.py").write_text(f"x = '{name}'\n", "utf-8")
        report = (await review(request_for(where, settings=STATIC), open_services(), Door())).report
        assert report.coverage.new is None


async def test_a_selection_is_neither_compared_nor_remembered(open_services: Open, repo: GitRepo) -> None:
    await static(open_services, repo)
    assert (await static(open_services, repo, only_lines={"a.py": range(10, 11)})).coverage.new is None
    assert counts((await static(open_services, repo)).coverage.new) == (0, 0, 0, 2)


async def test_a_static_review_does_not_make_a_debate_believe_that_it_was_held(
    open_services: Open, repo: GitRepo, panel: Emulator
) -> None:
    await static(open_services, repo)
    services = open_services(panel.environment())
    first = (await review(request_for(repo.root, agreed=True), services, Door())).report
    assert (first.panel, first.coverage.new) == ("small", None)
    assert not any("Nothing is new" in note for note in first.notes)
    again = (await review(request_for(repo.root, agreed=True), services, Door())).report
    assert again.cost.calls > 0
    assert any(note.startswith("Nothing is new since the debate of ") for note in again.notes)
    edit(repo, 10, 41)
    third = (await review(request_for(repo.root, agreed=True), services, Door())).report
    assert counts(third.coverage.new) == (1, 0, 1, 1)
    assert not any("Nothing is new" in note for note in third.notes)


async def test_another_panel_has_not_debated_it_yet(open_services: Open, repo: GitRepo, panel: Emulator) -> None:
    services = open_services(panel.environment())
    await review(request_for(repo.root, agreed=True), services, Door())
    other = request_for(repo.root, agreed=True, settings=Settings(panel="small", profile="frugal"))
    assert not any("Nothing is new" in note for note in (await review(other, services, Door())).report.notes)


async def test_a_debate_that_failed_is_not_remembered(open_services: Open, repo: GitRepo, panel: Emulator) -> None:
    panel.script.add(Rule(fault=Fault("status", status=401, message="no")))
    services = open_services(panel.environment())
    failed = (await review(request_for(repo.root, agreed=True), services, Door())).report
    assert failed.degraded
    assert (await static(open_services, repo)).coverage.new is None


async def test_without_a_store_a_review_goes_on_and_knows_nothing(
    open_services: Open, repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **options: object) -> None:
        raise StoreError("the store cannot be opened; mend it")

    monkeypatch.setattr(Database, "open", refuses)
    report = await static(open_services, repo)
    assert (report.coverage.new, report.degraded) == (None, ())


async def test_a_commit_is_one_however_it_is_named(open_services: Open, repo: GitRepo) -> None:
    repo.commit("second")
    await static(open_services, repo, scope=Scope("commit", "HEAD"))
    assert counts((await static(open_services, repo, scope=Scope("commit", "main"))).coverage.new) == (0, 0, 0, 2)
    repo.commit("third", {"b.py": "x = 3\n"})
    assert (await static(open_services, repo, scope=Scope("commit", "HEAD"))).coverage.new is None


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    """As another program that holds the whole file."""
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


async def test_a_static_review_waited_half_a_minute_for_a_locked_store(open_services: Open, repo: GitRepo) -> None:
    services = open_services()
    repo.write("b.py", "def f(a=[]):\n    return a\n")
    assert (await review(request_for(repo.root, settings=STATIC), services, Door())).report.findings
    await services.close()
    store = Path(services.environment["REBUTTAL_HOME"]) / "rebuttal.sqlite3"
    with _locked(store):
        start = time.monotonic()
        report = await static(open_services, repo)
        assert time.monotonic() - start < PATIENCE / 2
    assert report.findings
    assert report.coverage.new is None
    assert not report.degraded
    assert [note for note in report.notes if "Dismissed findings are shown" in note and "locked" in note]


async def test_a_store_locked_for_writing_still_tells_what_was_dismissed(open_services: Open, repo: GitRepo) -> None:
    services = open_services()
    repo.write("b.py", "def f(a=[]):\n    return a\n")
    (finding,) = (await review(request_for(repo.root, settings=STATIC), services, Door())).report.findings
    await services.dismiss(repo.root, finding.id, "meant so")
    connection = sqlite3.connect(Path(services.environment["REBUTTAL_HOME"]) / "rebuttal.sqlite3", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        start = time.monotonic()
        report = await static(open_services, repo)
        assert time.monotonic() - start < PATIENCE / 2
    finally:
        connection.close()
    assert [one.status for one in report.findings] == ["dismissed"]
    assert counts(report.coverage.new) is not None


def _damage(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "rebuttal.sqlite3").write_bytes(b"no database at all" * 100)


async def test_a_damaged_store_neither_fails_a_static_review_nor_hides_that_dismissals_are_not_known(
    open_services: Open, repo: GitRepo
) -> None:
    _damage(Path(open_services().environment["REBUTTAL_HOME"]))
    repo.write("b.py", "def f(a=[]):\n    return a\n")
    report = await static(open_services, repo)
    assert [one.status for one in report.findings] == ["open"]
    assert any("is no database" in note for note in report.notes)
