"""Files that change without the editor's typing, other branches, and what a save or commit starts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rebuttal.lsp.features.diagnostics import Publisher
from rebuttal.lsp.heads import Head, head_of
from rebuttal.settings import Settings
from tests.lsp.conftest import Stage, Start
from tests.lsp.fake_worker import done
from tests.lsp.samples import SOURCE, finding, span, static
from tests.lsp.test_diagnostics import debate, reviewed, settled

MAIN, OTHER = "1" * 40, "2" * 40


def checked_out(repo: Path, branch: str, commit: str = MAIN, by: str = "checkout: moving") -> None:
    """As git leaves it."""
    (repo / ".git" / "logs").mkdir(exist_ok=True)
    (repo / ".git" / "HEAD").write_text(f"ref: refs/heads/{branch}\n")
    with (repo / ".git" / "logs" / "HEAD").open("a") as log:
        log.write(f"{'0' * 40} {commit} Ada <ada@example.org> 1700000000 +0000\t{by}\n")


async def watched(stage: Stage, *events: tuple[Path, int]) -> None:
    """The client tells of files; then time passes."""
    changes = [{"uri": path.as_uri(), "type": kind} for path, kind in events]
    stage.editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    await passes(stage)


async def passes(stage: Stage) -> None:
    for _ in range(2):
        await stage.editor.settle()
        stage.clock.advance(2)
    await stage.editor.settle()


async def closed(start: Start, repo: Path, *findings: dict[str, Any], **options: Any) -> Stage:
    """A stage that shows findings in a cart.py that was never opened."""
    (repo / "cart.py").write_bytes(SOURCE.encode())
    stage = await start({"review": debate(*findings), "review:static": [done()]}, **options)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(repo / "cart.py"))
    return stage


def lines_of(stage: Stage, file: Path) -> list[int]:
    return [one["range"]["start"]["line"] for one in stage.editor.of(file)]


async def test_file_that_was_never_opened_is_followed_on_disk(start: Start, repo: Path) -> None:
    file, stage = repo / "cart.py", await closed(start, repo, finding())
    file.write_text("# one\n# two\n" + SOURCE)
    await watched(stage, (file, 2))
    assert lines_of(stage, file) == [6]
    file.write_text(SOURCE.replace("sum(items)", "total"))
    await watched(stage, (file, 2))
    assert lines_of(stage, file) == []
    assert stage.editor.statuses[-1]["withheld"] == {"stale": 1}
    assert "changed since the review" in stage.editor.statuses[-1]["message"]
    file.write_text(SOURCE)
    await watched(stage, (file, 2))
    assert lines_of(stage, file) == [4]


async def test_twins_in_a_file_changed_on_disk_are_not_mixed_up(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    text = "a\nx = 1\nb\nx = 1\nc\n"
    file.write_text(text)
    twin = finding(range=span(3, 0, 3, 5), quote="x = 1")
    stage = await start({"review": debate(twin)})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    file.write_text("new\n" + text.replace("c", "changed"))
    await watched(stage, (file, 2))
    assert lines_of(stage, file) == [4]


async def test_deleted_file_takes_its_findings_along_and_brings_them_back(start: Start, repo: Path) -> None:
    file, stage = repo / "cart.py", await closed(start, repo, finding(), finding("f2", side="file", quote=""))
    file.unlink()
    await watched(stage, (file, 3))
    assert stage.editor.of(file) == []
    file.write_text(SOURCE)
    await watched(stage, (file, 1))
    assert len(stage.editor.of(file)) == 2


async def test_deleted_folder_takes_the_findings_below_it_along(start: Start, repo: Path) -> None:
    file = repo / "shop" / "cart.py"
    file.parent.mkdir()
    file.write_text(SOURCE)
    stage = await start({"review": debate(finding(file="shop/cart.py"))})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    file.unlink()
    file.parent.rmdir()
    stage.editor.notify("workspace/didDeleteFiles", {"files": [{"uri": file.parent.as_uri()}]})
    await passes(stage)
    assert stage.editor.of(file) == []


@pytest.mark.parametrize("by_editor", [True, False])
async def test_renamed_file_keeps_its_findings(start: Start, repo: Path, by_editor: bool) -> None:
    file, stage = repo / "cart.py", await closed(start, repo, static(), finding())
    new = repo / "basket.py"
    file.rename(new)
    if by_editor:
        files = [{"oldUri": file.as_uri(), "newUri": new.as_uri()}]
        stage.editor.notify("workspace/didRenameFiles", {"files": files})
        await passes(stage)
    else:
        await watched(stage, (file, 3), (new, 1))
    assert stage.editor.of(file) == []
    assert lines_of(stage, new) == [0, 4]
    await stage.editor.until(lambda: stage.asked("renamed"))
    (told,) = stage.asked("renamed")
    assert told["params"] == {"root": str(repo), "files": [["cart.py", "basket.py"]]}


async def test_a_finding_dismissed_before_a_rename_is_not_offered_twice_to_be_restored(
    start: Start, repo: Path
) -> None:
    (repo / "cart.py").write_bytes(SOURCE.encode())
    first = finding(id="old")
    script = {"review": debate(first)}
    stage = await start(script)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(repo / "cart.py"))
    await stage.editor.command("rebuttal.dismiss", finding="old", reason="meant so")
    (repo / "cart.py").rename(repo / "basket.py")
    files = [{"oldUri": (repo / "cart.py").as_uri(), "newUri": (repo / "basket.py").as_uri()}]
    stage.editor.notify("workspace/didRenameFiles", {"files": files})
    await passes(stage)
    script["review"] = debate(finding(id="new", file="basket.py", status="dismissed"))
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    await passes(stage)
    assert set(stage.editor.server.session.repositories[repo].dismissed) == {"new"}


@pytest.mark.parametrize("is_open", [False, True])
async def test_findings_of_a_file_that_was_renamed_during_the_debate_were_not_shown(
    start: Start, repo: Path, is_open: bool
) -> None:
    """They had been paid for, and stood in a file that was not there any more."""
    old, new = repo / "cart.py", repo / "basket.py"
    old.write_bytes(SOURCE.encode())
    stage = await start({"review": [{"wait": "release"}, *debate(finding(), static())]})
    if is_open:
        stage.editor.open(old)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    old.rename(new)
    if is_open:
        stage.editor.close(old)
        stage.editor.open(new)
    stage.editor.notify("workspace/didRenameFiles", {"files": [{"oldUri": old.as_uri(), "newUri": new.as_uri()}]})
    await passes(stage)
    stage.worker.release()
    await idle(stage)
    assert lines_of(stage, new) == [0, 4]
    assert stage.editor.of(old) == []
    # They stand on its lines, not merely at their numbers.
    new.write_text("".join("# other\n" for _ in range(9)))
    stage.editor.close(new)
    await watched(stage, (new, 2))
    assert stage.editor.of(new) == []


async def test_renamed_folder_keeps_the_findings_below_it(start: Start, repo: Path) -> None:
    old = repo / "shop" / "cart.py"
    old.parent.mkdir()
    old.write_text(SOURCE)
    stage = await start({"review": debate(finding(file="shop/cart.py"))})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(old))
    old.parent.rename(repo / "store")
    files = [{"oldUri": old.parent.as_uri(), "newUri": (repo / "store").as_uri()}]
    stage.editor.notify("workspace/didRenameFiles", {"files": files})
    await stage.editor.until(lambda: stage.editor.of(repo / "store" / "cart.py"))
    assert stage.editor.of(old) == []


async def test_buffer_that_was_closed_unsaved_leaves_the_findings_of_the_disk(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    text = "x = 1\ny = 2\nx = 1\n"
    stage = await reviewed(start, repo, finding(range=span(2, 0, 2, 5), quote="x = 1"), text=text)
    stage.editor.change(file, {"range": span(0, 0, 0, 0), "text": "typed\n"})
    assert [one["range"]["start"]["line"] for one in await settled(stage, file)] == [3]
    stage.editor.close(file)
    await passes(stage)
    assert lines_of(stage, file) == [2]


async def test_findings_of_another_branch_do_not_stand_on_this_ones_lines(start: Start, repo: Path) -> None:
    checked_out(repo, "feature")
    file = repo / "cart.py"
    stage = await closed(start, repo, finding(), finding("old", side="old", quote="gone", range=span(0, 0, 0, 4)))
    assert len(stage.editor.of(file)) == 2
    file.write_text("something = else_\n")
    checked_out(repo, "main", OTHER)
    await watched(stage, (repo / ".git" / "HEAD", 2))
    assert stage.editor.of(file) == []
    file.write_text(SOURCE)
    checked_out(repo, "feature")
    await watched(stage, (repo / ".git" / "HEAD", 2))
    assert len(stage.editor.of(file)) == 2


async def test_branch_is_noticed_by_clients_that_watch_nothing(start: Start, repo: Path) -> None:
    checked_out(repo, "feature")
    file, stage = repo / "cart.py", await closed(start, repo, finding(), profile="minimal")
    assert [one for one in stage.editor.asked if one["method"] == "client/registerCapability"] == []
    file.write_text("something = else_\n")
    checked_out(repo, "main", OTHER)
    (repo / "other.py").write_text("")
    stage.editor.open(repo / "other.py")
    await passes(stage)
    assert stage.editor.of(file) == []


async def test_client_is_asked_to_watch_the_files_with_findings(start: Start, repo: Path) -> None:
    name = "[id]{a}.py"
    (repo / name).write_text(SOURCE)
    stage = await start({"review": debate(finding(file=name))})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(repo / name))
    await passes(stage)
    asked = [
        one["params"]["registrations"][0] for one in stage.editor.asked if "registrations" in one.get("params", {})
    ]
    last = [one for one in asked if one["method"] == "workspace/didChangeWatchedFiles"][-1]
    globs = {one["globPattern"] for one in last["registerOptions"]["watchers"]}
    assert globs == {"**/.git/HEAD", "**/.git/logs/HEAD", "**/?id??a?.py"}


@pytest.mark.parametrize(
    ("on_commit", "by", "panels"),
    [
        ("static", "commit: more", ["static"]),
        ("debate", "commit (amend): more", ["small"]),
        ("off", "commit: more", []),
        ("static", "reset: moving to HEAD~1", []),
        ("static", "pull: Fast-forward", []),
    ],
)
async def test_commit_is_reviewed_only_if_asked(
    start: Start, repo: Path, on_commit: str, by: str, panels: list[str]
) -> None:
    checked_out(repo, "main")
    stage = await start(user_settings=Settings(on_commit=on_commit, panel="small"))
    await stage.editor.settle()
    checked_out(repo, "main", OTHER, by)
    await watched(stage, (repo / ".git" / "logs" / "HEAD", 2))
    if panels:
        await stage.editor.until(lambda: stage.asked("review"))
    asked = [one["params"] for one in stage.asked("review")]
    assert [(one["scope"], one["panel"]) for one in asked] == [("commit:HEAD", panel) for panel in panels]


async def test_commit_during_a_review_was_not_reviewed(start: Start, repo: Path) -> None:
    """The review's end looked at HEAD first, so that the look at what had happened found nothing new."""
    checked_out(repo, "main")
    stage = await start({"review": debate(finding())}, user_settings=Settings(on_commit="static"))
    await stage.editor.settle()
    checked_out(repo, "main", OTHER, "commit: more")
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    await watched(stage, (repo / ".git" / "logs" / "HEAD", 2))
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    assert stage.asked("review")[-1]["params"]["scope"] == "commit:HEAD"


@pytest.mark.parametrize("branch", ["ref: refs/heads/topic", OTHER])
async def test_commit_on_a_new_branch_or_none_was_not_reviewed(start: Start, repo: Path, branch: str) -> None:
    checked_out(repo, "main")
    stage = await start(user_settings=Settings(on_commit="static"))
    await stage.editor.settle()
    checked_out(repo, "main", OTHER, "commit: more")
    (repo / ".git" / "HEAD").write_text(f"{branch}\n")
    await watched(stage, (repo / ".git" / "logs" / "HEAD", 2))
    await stage.editor.until(lambda: stage.asked("review"))


async def test_review_of_a_commit_took_the_findings_of_other_changes_in_its_files_away(
    start: Start, repo: Path
) -> None:
    file = repo / "cart.py"
    file.write_bytes(SOURCE.encode())
    stage = await start({"review": debate(finding(), static()), "review:small": debate(finding("f9"))})
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    await stage.editor.command("rebuttal.review", scope="commit:HEAD", panel="small")
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    await idle(stage)
    # Of the debate's two on one line the new one says the like of the old one.
    assert [one["data"]["id"] for one in stage.editor.of(file)] == ["s1", "f9"]


async def saves(stage: Stage, file: Path) -> None:
    stage.editor.save(file)
    await passes(stage)


async def idle(stage: Stage) -> None:
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))


async def test_saving_what_was_reviewed_reviews_nothing(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": debate(finding())}, user_settings=Settings(on_save="debate", panel="small"))
    stage.editor.open(file)
    await saves(stage, file)
    await stage.editor.until(lambda: stage.asked("review"))
    await idle(stage)
    await saves(stage, file)
    assert len(stage.asked("review")) == 1
    stage.editor.change(file, {"range": span(0, 0, 0, 0), "text": "#"})
    await saves(stage, file)
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    await idle(stage)
    checked_out(repo, "main", OTHER)  # the same text against another base is another change
    await saves(stage, file)
    await stage.editor.until(lambda: len(stage.asked("review")) == 3)


def has_answered(stage: Stage, times: int) -> bool:
    return len(stage.asked("answer")) == times


async def test_question_that_was_dismissed_is_not_asked_at_the_next_save_again(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    consent = {"event": "consent", "question": {"repository": "shop", "host": "api.anthropic.com", "files": 1}}
    script = {"review": [consent, {"wait": "answer"}, done()]}
    stage = await start(script, user_settings=Settings(on_save="debate", panel="small"))
    stage.editor.answers["window/showMessageRequest"] = None
    stage.editor.open(file)
    for number in (1, 2):
        stage.editor.change(file, {"range": span(0, 0, 0, 0), "text": "#"})
        await saves(stage, file)
        await stage.editor.until(partial(has_answered, stage, number))
        await idle(stage)
    assert [one["params"]["agree"] for one in stage.asked("answer")] == [False, False]
    questions = [one for one in stage.editor.asked if one["method"] == "window/showMessageRequest"]
    assert len(questions) == 1


async def test_no_review_begins_while_the_user_types(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start()
    stage.editor.open(file)
    stage.editor.save(file)
    for _ in range(5):
        stage.editor.change(file, {"range": span(0, 0, 0, 0), "text": "#"})
        await stage.editor.settle()
        stage.clock.advance(0.6)
    await stage.editor.settle()
    assert stage.asked("review") == []
    stage.clock.advance(1.1)
    await stage.editor.until(lambda: stage.asked("review"))


@pytest.mark.parametrize(
    "report",
    [
        {"degraded": [{"seat": "architect", "phase": "opening", "reason": "no answer"}]},
        {"not_spent": "cap"},
    ],
)
async def test_debate_that_broke_off_took_the_findings_of_unchanged_lines_away(
    start: Start, repo: Path, report: dict[str, Any]
) -> None:
    file = repo / "cart.py"
    broken = [done(panel="small", **{"not_spent": None, **report})]
    stage = await reviewed_twice(start, repo, broken)
    assert [one["data"]["id"] for one in stage.editor.of(file)] == ["f1"]


async def test_new_finding_of_a_broken_debate_takes_the_place_of_the_like(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    degraded = [{"seat": "architect", "phase": "opening", "reason": "no answer"}]
    stage = await reviewed_twice(start, repo, [done(finding("f9"), panel="small", not_spent=None, degraded=degraded)])
    assert [one["data"]["id"] for one in stage.editor.of(file)] == ["f9"]


async def reviewed_twice(start: Start, repo: Path, second: list[dict[str, Any]]) -> Stage:
    (repo / "cart.py").write_bytes(SOURCE.encode())
    stage = await start({"review": debate(finding()), "review:small": second})
    stage.editor.open(repo / "cart.py")
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(repo / "cart.py"))
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    await idle(stage)
    return stage


async def test_more_findings_than_an_editor_bears_show_the_worst_and_say_so(start: Start, repo: Path) -> None:
    many = []
    for number in range(8):
        (repo / f"f{number}.py").write_text(SOURCE)
        many += [static(f"s{number}-{n}", file=f"f{number}.py", severity="low", fix=None) for n in range(150)]
    (repo / "z.py").write_text(SOURCE)
    stage = await start({"review": debate(*many, finding("worst", file="z.py", severity="critical"))})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(repo / "z.py"))
    await idle(stage)
    assert sum(map(len, stage.editor.diagnostics.values())) == 1000
    assert stage.editor.statuses[-1]["withheld"] == {"beyond": 201}
    assert "201 further findings not shown" in stage.editor.statuses[-1]["message"]


async def test_unused_code_is_tagged_and_linters_explain_their_rules(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, static(), static("s2", rule="eslint:eqeqeq", fix=None))
    shown = {one["code"]: one for one in stage.editor.of(repo / "cart.py")}
    assert shown["eslint:eqeqeq"]["codeDescription"] == {"href": "https://eslint.org/docs/latest/rules/eqeqeq"}
    assert shown["ruff:F401"]["codeDescription"] == {"href": "rebuttal:/trace/s1.md"}
    assert shown["ruff:F401"].get("tags") == [1]


def test_head_of_a_worktree_and_of_no_repository(tmp_path: Path) -> None:
    assert head_of(tmp_path) == Head()
    git = tmp_path / "main" / ".git" / "worktrees" / "two"
    git.mkdir(parents=True)
    (git / "HEAD").write_text(f"{OTHER}\n")
    work = tmp_path / "two"
    work.mkdir()
    (work / ".git").write_text(f"gitdir: {os.path.relpath(git, work)}\n")
    assert head_of(work) == Head(OTHER)
    (git / "HEAD").write_bytes(b"\xff" * 10_000)
    assert head_of(work) == Head()


async def test_folder_that_was_closed_meanwhile_is_not_looked_at(start: Start, repo: Path) -> None:
    file, stage = repo / "cart.py", await closed(start, repo, finding())
    stage.editor.save(file)
    gone = {"event": {"added": [], "removed": [{"uri": repo.as_uri(), "name": "shop"}]}}
    stage.editor.notify("workspace/didChangeWorkspaceFolders", gone)
    await passes(stage)
    assert stage.editor.of(file) == []
    await asyncio.sleep(0)


async def test_findings_in_many_files_were_rationed_once_for_each_file(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [static(f"s{number}", file=f"m{number}.py", fix=None) for number in range(30)]
    for one in many:
        (repo / one["file"]).write_text(SOURCE)
    was, times = Publisher._ration, list[int]()

    def counted(publisher: Publisher, files: Collection[Path]) -> list[Path]:
        times.append(len(files))
        return was(publisher, files)

    monkeypatch.setattr(Publisher, "_ration", counted)
    stage = await start({"review": [done(*many)]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: len(stage.editor.diagnostics) == 30)
    await idle(stage)
    assert times == [30]
    checked_out(repo, "other")
    await watched(stage, (repo / ".git" / "HEAD", 2))
    assert times == [30, 30]
