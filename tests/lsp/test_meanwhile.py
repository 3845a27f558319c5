"""What the user does while a review runs loses no finding, ends every progress and spends nothing unasked."""

from __future__ import annotations

from pathlib import Path

from rebuttal.settings import Settings
from tests.lsp.conftest import Stage, Start
from tests.lsp.fake_worker import done
from tests.lsp.samples import SOURCE, finding, progress, span, static
from tests.lsp.test_actions import offered
from tests.lsp.test_diagnostics import debate, insert
from tests.lsp.test_jobs import DEBATE, EVER, QUESTION

TWINS = "def one():\n    return None\n\n\ndef two():\n    return None\n"


def close_folder(stage: Stage, folder: Path) -> None:
    removed = [{"uri": folder.as_uri(), "name": folder.name}]
    stage.editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": removed}})


def kinds(stage: Stage) -> list[str]:
    return [one["value"]["kind"] for one in stage.editor.progress]


async def test_progress_never_ended_when_its_folder_was_closed(start: Start, repo: Path) -> None:
    stage = await start({"review": [progress("opening", 10, "0.01"), *EVER]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: "report" in kinds(stage))
    close_folder(stage, repo)
    await stage.editor.until(lambda: stage.asked("cancel"))
    await stage.editor.until(lambda: "end" in kinds(stage))


async def test_findings_of_a_closed_folder_came_in_after_it(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": [{"deaf": True}, *DEBATE]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    close_folder(stage, repo)
    await stage.editor.until(lambda: stage.asked("cancel"))
    stage.worker.release()
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    assert stage.editor.of(file) == []


async def test_status_stayed_debating_when_its_folder_was_closed(start: Start, repo: Path) -> None:
    stage = await start({"review": [{"deaf": True}, *DEBATE]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    close_folder(stage, repo)
    await stage.editor.until(lambda: stage.editor.state == "idle")
    said = len(stage.editor.statuses)
    stage.worker.release()
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    assert stage.editor.statuses[said:] == []


async def test_review_on_save_outlived_the_folder_of_its_nested_repository(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    nested = folder / "shop"
    (nested / ".git").mkdir(parents=True)
    stage = await start({"review": EVER}, folders=[folder])
    stage.editor.save(nested / "cart.py")
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: stage.asked("review"))
    stage.editor.save(nested / "cart.py")
    close_folder(stage, folder)
    await stage.editor.until(lambda: stage.asked("cancel"))
    stage.clock.advance(1)
    await stage.editor.settle()
    assert len(stage.asked("review")) == 1


async def test_status_was_idle_while_another_scope_was_still_debated(start: Start) -> None:
    stage = await start({"review:small": DEBATE, "review:static": [done()]})
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    await stage.editor.command("rebuttal.review", panel="static", scope="staged")
    await stage.editor.until(lambda: len(list(stage.editor.server.session.running())) == 1)
    assert stage.editor.statuses[-1]["state"] == "debating"
    assert stage.editor.statuses[-1]["job"] == "job-1"
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.state == "idle")


async def test_finding_on_a_line_with_a_twin_was_lost_by_typing_during_the_debate(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(TWINS)
    found = finding(range=span(5, 4, 5, 15), quote="    return None")
    stage = await start({"review": [progress("opening", 10, "0"), {"wait": "release"}, *debate(found)]})
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    stage.editor.change(file, insert(0, 0, "import os\n\n"))
    await stage.editor.settle()
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert [one["range"] for one in stage.editor.of(file)] == [span(7, 4, 7, 15)]


async def test_review_of_a_selection_took_the_findings_of_the_rest_of_the_file(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    nothing = [
        {"event": "static", "findings": []},
        *debate(coverage={"reviewed": [{"file": "cart.py", "hunks": 1}]}),
    ]
    stage = await start({"review": debate(finding(), static()), "review:small": nothing})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: len(stage.editor.of(file)) == 2)
    await stage.editor.command("rebuttal.review", uri=file.as_uri(), range=span(0, 0, 1, 0), panel="small")
    await stage.editor.until(lambda: stage.editor.statuses[-1]["job"] == "job-2" and stage.editor.state == "idle")
    assert [one["code"] for one in stage.editor.of(file)] == ["debate:correctness"]


async def test_cancelled_review_still_asked_to_send(start: Start) -> None:
    steps = [progress("opening", 0, "0"), {"deaf": True}, {"wait": "release"}]
    late = [{"event": "consent", "question": QUESTION}, *EVER]
    stage = await start({"review": [*steps, *late]}, patience=0.2)
    stage.editor.silent.add("window/showMessageRequest")
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    await stage.editor.command("rebuttal.cancel")
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert "awaitingConsent" not in [one["state"] for one in stage.editor.statuses]
    assert not [asked for asked in stage.editor.asked if asked["method"] == "window/showMessageRequest"]


async def test_dismissal_was_disabled_when_the_client_resolved_it(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": debate(finding())})
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    for action in await offered(stage, file, 4):
        assert await stage.editor.request("codeAction/resolve", action) == action


async def test_fix_was_made_in_the_other_worktree_of_the_same_repository(start: Start, tmp_path: Path) -> None:
    roots = [tmp_path / name for name in ("one", "two")]
    for root in roots:
        (root / ".git").mkdir(parents=True)
        (root / "cart.py").write_text(SOURCE)
    stage = await start({"review": [done(static())]}, folders=roots)
    for root in roots:
        await stage.editor.command("rebuttal.review", uri=(root / "cart.py").as_uri())
    await stage.editor.until(lambda: all(stage.editor.of(root / "cart.py") for root in roots))
    dismissals = []
    for root in roots:
        file = root / "cart.py"
        [fix, _, dismiss, *_] = await offered(stage, file, 0)
        dismissals.append(dismiss["command"])
        resolved = await stage.editor.request("codeAction/resolve", fix)
        assert [one["textDocument"]["uri"] for one in resolved["edit"]["documentChanges"]] == [file.as_uri()]
    command = dismissals[1]
    await stage.editor.request(
        "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
    )
    assert stage.asked("dismiss")[0]["params"]["root"] == str(roots[1])
    assert stage.editor.of(roots[0] / "cart.py")
    assert not stage.editor.of(roots[1] / "cart.py")


async def test_initial_settings_were_lost_when_the_client_knows_no_section(start: Start) -> None:
    stage = await start(initialize=False)
    stage.editor.answers["workspace/configuration"] = [None]
    await stage.editor.initialize(initializationOptions={"panel": "static"})
    await stage.editor.settle()
    await stage.editor.settle()
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["panel"] == "static"


async def test_review_before_the_settings_came_ran_the_panel_they_forbid(start: Start) -> None:
    stage = await start(initialize=False)
    stage.editor.silent.add("workspace/configuration")
    await stage.editor.initialize()
    await stage.editor.command("rebuttal.review")
    request = next(asked for asked in stage.editor.asked if asked["method"] == "workspace/configuration")
    stage.editor.reply(request, [{"panel": "static"}])
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["panel"] == "static"


async def test_save_before_the_settings_came_was_debated(start: Start, repo: Path) -> None:
    stage = await start(initialize=False, user_settings=Settings(on_save="debate", panel="small"))
    stage.editor.silent.add("workspace/configuration")
    await stage.editor.initialize()
    stage.editor.save(repo / "cart.py")
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.settle()
    request = next(asked for asked in stage.editor.asked if asked["method"] == "workspace/configuration")
    stage.editor.reply(request, [{"onSave": "static"}])
    await stage.editor.until(lambda: stage.asked("review"))
    assert [asked["params"]["panel"] for asked in stage.asked("review")] == ["static"]


async def test_reason_was_gone_after_a_cancelled_second_review(start: Start) -> None:
    failed = [{"seat": "architect", "model": "m", "reason": "the architect did not answer"}]
    stage = await start({"review": debate(degraded=failed), "review:small": EVER})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "degraded")
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    await stage.editor.command("rebuttal.cancel")
    await stage.editor.until(lambda: stage.editor.state == "degraded")
    assert stage.editor.statuses[-1]["message"] == "the architect did not answer"


async def test_saving_an_unchanged_file_ended_the_debate_that_is_paid_for(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": DEBATE}, user_settings=Settings(on_save="debate", panel="small"))
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    stage.editor.save(file)
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.settle()
    assert len(stage.asked("review")) == 1
    assert stage.asked("cancel") == []


async def test_report_made_before_a_dismissal_brought_the_finding_back(start: Start, repo: Path) -> None:
    """What the worker looked at before the user dismissed it may be told of seconds after: linters take their time."""
    file = repo / "cart.py"
    file.write_text(SOURCE)
    early = {"event": "static", "findings": [static()], "with_linters": False}
    late = [{"event": "static", "findings": [static()], "with_linters": True}, done(static())]
    stage = await start({"review": [early, {"wait": "release"}, *late]})
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review", panel="static")
    await stage.editor.until(lambda: stage.editor.of(file))
    await stage.editor.command("rebuttal.dismiss", finding="s1", reason="false positive")
    await stage.editor.until(lambda: not stage.editor.of(file))
    stage.worker.release()
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    assert stage.editor.of(file) == []
    assert len(stage.editor.published) == 2


async def test_finding_that_did_not_stand_came_back_with_a_report_made_before(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    answer = {"event": "done", "finding": finding(status="held_back", verdict="unverified"), "spent": "0.01"}
    script = {"review": debate(finding()), "review:small": [*DEBATE[:-1], *debate(finding())], "ask_again": [answer]}
    stage = await start(script)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    await stage.editor.command("rebuttal.askAgain", finding="f1", comment="Callers check it.")
    await stage.editor.until(lambda: not stage.editor.of(file))
    stage.worker.release()
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    assert stage.editor.of(file) == []


async def test_debate_of_an_older_text_took_the_static_findings_of_the_newer_one(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    late = {"event": "static", "findings": [static("old")], "with_linters": True}
    debated = [*DEBATE[:-1], late, *debate(finding(), static("old"))]
    stage = await start({"review": debated, "review:static": [done(static("new", title="newer"))]})
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    stage.editor.change(file, insert(2, 0, "import sys\n"))
    stage.editor.save(file)
    await stage.editor.settle()
    stage.clock.advance(2)
    await stage.editor.until(lambda: stage.editor.of(file))
    stage.worker.release()
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    assert [one["data"]["id"] for one in stage.editor.of(file)] == ["new", "f1"]
