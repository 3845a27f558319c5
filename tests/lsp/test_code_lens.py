"""Code lenses: one over each changed hunk, which moves with the text and says what was found there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rebuttal.lsp.features.code_lens import UNASKED
from tests.lsp.conftest import Stage, Start
from tests.lsp.fake_worker import done
from tests.lsp.profiles import NEOVIM, VSCODE
from tests.lsp.samples import SOURCE, finding, span, static
from tests.lsp.test_diagnostics import insert

COVERAGE = {"reviewed": [{"file": "cart.py", "hunks": 2}], "skipped": []}
HUNKS = {"cart.py": [[0, 1], [3, 2]], "other.py": [[7, 1]]}


def review(*findings: dict[str, Any], hunks: Any = HUNKS, asked: bool = True) -> list[dict[str, Any]]:
    ready = {"event": "static", "findings": [], "hunks": hunks}
    how: dict[str, Any] = {"panel": "small", "not_spent": None} if asked else {}
    return [ready, done(*findings, coverage=COVERAGE, **how)]


async def reviewed(start: Start, repo: Path, *findings: dict[str, Any], **options: Any) -> Stage:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    steps = review(*findings, **{key: options.pop(key) for key in ("hunks", "asked") if key in options})
    stage = await start({"review": steps}, **options)
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review", scope=options.get("scope", "working"))
    await stage.editor.until(lambda: stage.editor.state == "idle" and stage.asked("review"))
    return stage


async def lenses(stage: Stage, file: Path) -> list[dict[str, Any]]:
    found = await stage.editor.request("textDocument/codeLens", {"textDocument": {"uri": file.as_uri()}})
    assert all("command" not in one for one in found)
    return [await stage.editor.request("codeLens/resolve", one) for one in found]


def told(found: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(one["range"]["start"]["line"], one["command"]["title"]) for one in found]


async def test_one_lens_for_each_hunk_says_what_was_found_and_what_it_cost(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding(), finding("f2", severity="low"))
    assert told(await lenses(stage, repo / "cart.py")) == [
        (0, "Rebuttal: reviewed, no findings · review this hunk again"),
        (3, "Rebuttal: 1 high, 1 low · $0.041 · review this hunk again"),
    ]


async def test_static_findings_are_free_and_no_word_of_what_no_model_saw(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, static(), asked=False)
    assert told(await lenses(stage, repo / "cart.py")) == [
        (0, "Rebuttal: 1 medium · free · review this hunk again"),
        (3, "Rebuttal: review this hunk"),
    ]


async def test_click_reviews_the_hunk_where_it_is_now(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo)
    stage.editor.change(file, insert(1, 0, "# new\n"))
    _, second = await lenses(stage, file)
    assert second["range"]["start"]["line"] == 4
    await stage.editor.request("workspace/executeCommand", second["command"])
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    only = stage.asked("review")[1]["params"]["only"]
    assert (only["start_line"], only["end_line"]) == (4, 5)
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert len(await lenses(stage, file)) == 2


async def test_hunk_that_is_edited_has_not_been_reviewed(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo)
    stage.editor.change(file, insert(3, 9, "_all"))
    assert [title for _, title in told(await lenses(stage, file))] == [
        "Rebuttal: reviewed, no findings · review this hunk again",
        "Rebuttal: review this hunk",
    ]
    stage.editor.change(file, {"range": span(3, 9, 3, 13), "text": ""})
    assert {title for _, title in told(await lenses(stage, file))} == {
        "Rebuttal: reviewed, no findings · review this hunk again"
    }


async def test_free_review_on_save_does_not_forget_what_was_debated(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo)
    stage.worker.script = {"review": review(hunks={"cart.py": [[3, 2]]}, asked=False)}
    stage.editor.change(file, insert(0, 9, "  # used"))
    stage.editor.save(file)
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    assert told(await lenses(stage, file)) == [(3, "Rebuttal: reviewed, no findings · review this hunk again")]


async def test_lines_that_were_taken_out_have_a_lens_where_they_were(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, hunks={"cart.py": [[2, 0], [99, 4]]}, asked=False)
    [lens] = await lenses(stage, repo / "cart.py")
    assert lens["range"]["start"]["line"] == 2
    assert lens["command"]["arguments"][0]["range"] == span(2, 0, 3, 0)


async def test_setting_turns_them_off(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, settings={"codeLens": False})
    assert await lenses(stage, repo / "cart.py") == []


@pytest.mark.parametrize(("profile", "times"), [(VSCODE, 1), (NEOVIM, 0)])
async def test_client_is_told_to_ask_again_where_it_can(
    start: Start, repo: Path, profile: dict[str, Any], times: int
) -> None:
    stage = await reviewed(start, repo, profile=profile)
    stage.clock.advance(1)
    await stage.editor.settle()
    assert sum(one["method"] == "workspace/codeLens/refresh" for one in stage.editor.asked) == times


@pytest.mark.parametrize("asks", [True, False])
async def test_lenses_stayed_old_where_the_client_forgot_to_ask(start: Start, repo: Path, asks: bool) -> None:
    stage = await reviewed(start, repo)

    async def told_after(seconds: float) -> int:
        stage.clock.advance(seconds)
        await stage.editor.settle()
        return sum(one["method"] == "workspace/codeLens/refresh" for one in stage.editor.asked)

    assert await told_after(1) == 1
    if asks:
        await lenses(stage, repo / "cart.py")
    assert await told_after(UNASKED) == (1 if asks else 2)
    assert await told_after(10 * UNASKED) == (1 if asks else 2), "a client that shows none is left alone"


async def test_review_of_another_state_than_the_editors_says_nothing_of_its_lines(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, scope="commit:HEAD")
    assert await lenses(stage, repo / "cart.py") == []


async def test_closed_folder_has_none(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo)
    removed = {"added": [], "removed": [{"uri": repo.as_uri(), "name": "shop"}]}
    stage.editor.notify("workspace/didChangeWorkspaceFolders", {"event": removed})
    assert await lenses(stage, repo / "cart.py") == []


@pytest.mark.parametrize("hunks", [None, [], {"cart.py": 3}, {"cart.py": [[1], ["x", 2], [-1, 2], [2**40, 1], None]}])
async def test_hunks_that_cannot_be_read_are_left_out(start: Start, repo: Path, hunks: Any) -> None:
    stage = await reviewed(start, repo, hunks=hunks)
    assert await lenses(stage, repo / "cart.py") == []


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        {},
        {"uri": "untitled:x", "first": 0, "last": 1},
        {"uri": 1, "first": 0, "last": 1},
        {"uri": "file:///x", "first": -1, "last": 2**40},
    ],
)
async def test_lens_with_strange_data_is_answered(start: Start, data: Any) -> None:
    stage = await start()
    answer = await stage.editor.request("codeLens/resolve", {"range": span(0, 0, 0, 0), "data": data})
    assert answer["range"] == span(0, 0, 0, 0)


async def test_hunk_around_the_cursor_can_be_reviewed_from_the_code_actions(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo)
    for line, count in ((3, 1), (2, 0)):
        where = {"textDocument": {"uri": (repo / "cart.py").as_uri()}, "range": span(line, 2, line, 2)}
        found = await stage.editor.request("textDocument/codeAction", {**where, "context": {"diagnostics": []}})
        assert len(found) == count
    where = {"textDocument": {"uri": (repo / "cart.py").as_uri()}, "range": span(4, 2, 4, 2)}
    [action] = await stage.editor.request("textDocument/codeAction", {**where, "context": {"diagnostics": []}})
    assert action["title"] == "Rebuttal: review this hunk"
    assert action["command"]["arguments"][0]["range"] == span(3, 0, 5, 0)


NOTHING_SEEN = [(0, "Rebuttal: review this hunk"), (3, "Rebuttal: review this hunk")]


async def test_debate_that_failed_was_told_as_reviewed_without_findings(start: Start, repo: Path) -> None:
    (repo / "cart.py").write_text(SOURCE)
    failed = [{"seat": "code_reviewer", "phase": "opening", "reason": "The key is not accepted."}]
    ready = {"event": "static", "findings": [], "hunks": HUNKS}
    end = done(coverage=COVERAGE, panel="small", not_spent=None, degraded=failed)
    stage = await start({"review": [ready, end]})
    stage.editor.open(repo / "cart.py")
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "degraded")
    assert told(await lenses(stage, repo / "cart.py")) == NOTHING_SEEN


async def test_debate_about_a_commit_was_told_as_one_about_other_changes_of_its_files(start: Start, repo: Path) -> None:
    (repo / "cart.py").write_text(SOURCE)
    stage = await start({"review": review(asked=False), "review:small": review()})
    stage.editor.open(repo / "cart.py")
    await stage.editor.command("rebuttal.review", panel="static")
    await stage.editor.until(lambda: stage.editor.state == "idle" and stage.asked("review"))
    await stage.editor.command("rebuttal.review", scope="commit:HEAD", panel="small")
    await stage.editor.until(lambda: len(stage.asked("review")) == 2 and stage.editor.state == "idle")
    assert told(await lenses(stage, repo / "cart.py")) == NOTHING_SEEN


async def test_what_was_typed_while_a_debate_ran_was_told_as_reviewed(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    ready, end = review()
    stage = await start({"review": [ready, {"wait": "release"}, end]})
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    stage.editor.change(file, insert(4, 4, "evil() or "))
    await stage.editor.settle()
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert told(await lenses(stage, file)) == [
        (0, "Rebuttal: reviewed, no findings · review this hunk again"),
        (3, "Rebuttal: review this hunk"),
    ]
