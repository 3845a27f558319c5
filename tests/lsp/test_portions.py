"""What is done in portions lets the editor be answered between them, and ends with the newest state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rebuttal.lsp.features import intake
from rebuttal.lsp.features.diagnostics import Publisher
from rebuttal.lsp.portions import Portions, Turns
from tests.lsp.conftest import Stage, Start
from tests.lsp.fake_worker import done
from tests.lsp.samples import span, static
from tests.lsp.test_diagnostics import insert, settled
from tests.lsp.test_meanwhile import close_folder

MANY = 40
LINE = "import os"
TEXT = f"{LINE}\n" * MANY
"""Lines all alike: only by what was typed can be told which is which."""


def many(prefix: str = "s") -> list[dict[str, Any]]:
    return [static(f"{prefix}{line:02}", range=span(line, 7, line, 9), fix=None) for line in range(MANY)]


def at_call(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, act: Callable[[], None], *, number: int = 10
) -> list[str]:
    """Have `act` run at a call of a function, and only then; the calls so far."""
    was, calls = getattr(where, name), list[str]()

    def called(*arguments: Any, **named: Any) -> Any:
        calls.append(name)
        if len(calls) == number:
            act()
        return was(*arguments, **named)

    monkeypatch.setattr(where, name, called)
    return calls


async def opened(start: Start, repo: Path, *steps: dict[str, Any], **script: Any) -> tuple[Stage, Path]:
    """An open file of which a review is to find something; all work is parted wherever it may be."""
    file = repo / "cart.py"
    file.write_text(TEXT)
    stage = await start({"review": list(steps), **script}, portion=0)
    stage.editor.open(file)
    await stage.editor.settle()
    return stage, file


async def reviewed(stage: Stage, panel: str = "static") -> None:
    await stage.editor.command("rebuttal.review", panel=panel)
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))


def lines(shown: list[dict[str, Any]]) -> list[int]:
    return [one["range"]["start"]["line"] for one in shown]


@pytest.mark.parametrize(
    ("where", "name"), [(intake, "follow"), (Publisher, "_diagnostic"), (Publisher, "_is_outdated")]
)
async def test_hover_waited_for_all_findings_of_a_review(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    stage, file = await opened(start, repo, done(*many()))
    answered: list[int] = []

    def hover() -> None:
        position = {"textDocument": {"uri": file.as_uri()}, "position": {"line": 0, "character": 8}}
        _, answer = stage.editor.start_request("textDocument/hover", position)
        answer.add_done_callback(lambda _: answered.append(len(calls)))

    calls = at_call(monkeypatch, where, name, hover)
    await reviewed(stage)
    assert len(stage.editor.of(file)) == MANY
    assert answered[0] < MANY <= len(calls)


async def test_half_of_a_superseded_review_was_taken_in(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = static("newer", fix=None)
    stage, file = await opened(start, repo, done(*many()), **{"review:small": [done(newer)]})

    def again() -> None:
        arguments = {"command": "rebuttal.review", "arguments": [{"panel": "small"}]}
        stage.editor.start_request("workspace/executeCommand", arguments)

    at_call(monkeypatch, intake, "follow", again)
    await reviewed(stage)
    await stage.editor.until(lambda: stage.editor.of(file))
    assert [[one["data"]["id"] for one in told["diagnostics"]] for told in stage.editor.published] == [["newer"]]
    assert [job.state for job in stage.editor.server.session.jobs.values()] == ["cancelled", "done"]


async def test_finding_dismissed_while_it_was_published_was_shown(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, file = await opened(start, repo, done(*many()))
    server = stage.editor.server

    def dismiss() -> None:
        repository, live = server.session.find("s03") or pytest.fail("it is not there")
        intake.dismissed(server, repository, live)

    at_call(monkeypatch, Publisher, "_diagnostic", dismiss)
    await reviewed(stage)
    [told] = stage.editor.published
    assert [one["data"]["id"] for one in told["diagnostics"]] == [f"s{line:02}" for line in range(MANY) if line != 3]
    assert told["uri"] == file.as_uri()


async def test_finding_dismissed_while_a_report_was_taken_in_came_back(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, file = await opened(start, repo, done(*many()))
    server = stage.editor.server
    await reviewed(stage)

    def dismiss() -> None:
        repository, live = server.session.find("s03") or pytest.fail("it is not there")
        intake.dismissed(server, repository, live)

    at_call(monkeypatch, intake, "follow", dismiss)
    await reviewed(stage)
    assert lines(stage.editor.of(file)) == [line for line in range(MANY) if line != 3]
    assert list(server.session.repository(repo).dismissed) == ["s03"]


@pytest.mark.parametrize(("where", "name"), [(intake, "follow"), (Publisher, "_diagnostic"), (Publisher, "_settle")])
async def test_finding_stood_a_line_beside_its_own_when_something_was_typed_while_it_came_in(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    stage, file = await opened(start, repo, done(*many()))

    def type_it() -> None:
        stage.editor.change(file, insert(0, 0, "#\n"))

    at_call(monkeypatch, where, name, type_it, number=1 if name == "_settle" else 10)
    await reviewed(stage)
    await stage.editor.settle()
    assert lines(stage.editor.of(file)) == list(range(1, MANY + 1))
    # Never half of one text and half of another.
    assert all(
        lines(told["diagnostics"])[0] + MANY - 1 == lines(told["diagnostics"])[-1] for told in stage.editor.published
    )
    assert lines(await settled(stage, file)) == list(range(1, MANY + 1))


async def test_what_was_typed_and_thrown_away_while_findings_came_in_moved_them(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, file = await opened(start, repo, {"wait": "release"}, done(*many()))
    await stage.editor.command("rebuttal.review", panel="static")
    await stage.editor.until(lambda: stage.asked("review"))
    stage.editor.change(file, insert(0, 0, "#\n"))
    await stage.editor.settle()
    at_call(monkeypatch, intake, "follow", lambda: stage.editor.close(file))
    stage.worker.release()
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    assert lines(stage.editor.of(file)) == list(range(MANY))


@pytest.mark.parametrize(("where", "name"), [(intake, "follow"), (Publisher, "_diagnostic")])
async def test_findings_of_a_folder_closed_halfway_were_left_behind(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    stage, file = await opened(start, repo, done(*many()))
    at_call(monkeypatch, where, name, lambda: close_folder(stage, repo))
    await reviewed(stage)
    await stage.editor.settle()
    assert stage.editor.of(file) == []
    assert repo not in stage.editor.server.session.repositories


@pytest.mark.parametrize(("where", "name"), [(intake, "follow"), (Publisher, "_diagnostic")])
async def test_findings_were_published_after_the_shutdown(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    stage, file = await opened(start, repo, done(*many()))
    ended: list[asyncio.Task[None]] = []
    at_call(monkeypatch, where, name, lambda: ended.append(asyncio.create_task(stage.editor.shutdown())))
    await stage.editor.command("rebuttal.review", panel="static")
    await stage.editor.until(lambda: ended)
    await ended[0]
    assert stage.editor.of(file) == []


async def test_file_that_was_reread_twice_before_it_was_looked_at_moved_its_findings_twice(
    start: Start, repo: Path
) -> None:
    file, other = repo / "cart.py", repo / "shop.py"
    elsewhere = static("s2", file="shop.py", fix=None)
    stage, _ = await opened(start, repo, done(*many(), elsewhere))
    other.write_text(TEXT)
    stage.editor.close(file)
    publisher = stage.editor.server.publisher
    await reviewed(stage)
    publisher.refresh(other)
    for added in ("#\n", "#\n#\n"):
        file.write_text(added + TEXT)
        publisher.reread(file)
    await publisher.up_to_date()
    assert lines(stage.editor.of(file)) == list(range(2, MANY + 2))


async def test_cell_that_was_gone_before_its_findings_were_taken_back_kept_them(start: Start, repo: Path) -> None:
    # A file stands for it: what was published under its own name is taken back under that.
    stage, file = await opened(start, repo, done(*many()))
    server = stage.editor.server
    await reviewed(stage)
    intake.forget(server, server.session.repository(repo))
    del server.session.uris[file]
    await stage.editor.until(lambda: stage.editor.of(file) == [])


async def test_work_in_portions_is_whole_and_lets_others_in_between() -> None:
    heard: list[object] = []

    def work() -> Portions[str]:
        for number in range(3):
            heard.append(number)
            yield
        return "done"

    async def other() -> None:
        for letter in "ab":
            heard.append(letter)
            await asyncio.sleep(0)

    turns = Turns(lambda work: None, 0)
    result, _ = await asyncio.gather(turns.finish(work()), other())
    assert result == "done"
    assert heard == [0, "a", 1, "b", 2]


async def test_short_work_is_done_at_once_and_long_work_begun() -> None:
    heard, left = list[int](), list[Any]()

    def work() -> Portions[None]:
        for number in range(3):
            heard.append(number)
            yield

    Turns(left.append, 60).begin(work())
    assert (heard, left) == ([0, 1, 2], [])
    heard.clear()
    Turns(left.append, 0).begin(work())
    assert heard == [0]
    await left.pop()
    assert heard == [0, 1, 2]
