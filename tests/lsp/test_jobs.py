"""Reviews as jobs: started at once, superseded, cancelled from everywhere, always ended."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rebuttal.lsp.features import consent
from tests.lsp.conftest import Start
from tests.lsp.editor import RequestFailed
from tests.lsp.fake_worker import TOTALS, done
from tests.lsp.samples import SOURCE, finding, progress, static

EVER = [{"wait": "ever"}]
DEBATE = [
    {"event": "estimated", "estimate": {"expected": "0.03", "at_most": "1"}, "totals": TOTALS},
    progress("Security Analyst: 2 claims", 40, "0.01"),
    {"wait": "release"},
    done(finding(), panel="small", not_spent=None),
]
QUESTION = {
    "repository": "shop",
    "host": "api.anthropic.com",
    "files": 3,
    "untracked": ["a.py"],
    "redactions": 1,
    "expected": "0.0312",
    "at_most": "1.00",
    "grounds": "from 46 debates of yours",
}


async def test_review_answers_at_once_and_findings_follow(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": DEBATE})
    assert await stage.editor.command("rebuttal.review") == {"job": "job-1"}
    await stage.editor.until(lambda: stage.editor.state == "debating")
    assert stage.editor.of(file) == []
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.of(file))
    assert stage.editor.of(file)[0]["severity"] == 2
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert any("1 high" in line for line in stage.editor.logged)


async def test_status_tells_what_the_expectation_rests_on(start: Start) -> None:
    told = {"expected": "0.03", "at_most": "1", "learned_from": 46, "likely": {"from": "0.02", "to": "0.05"}}
    stage = await start({"review": [{"event": "estimated", "estimate": told, "totals": TOTALS}, *DEBATE[1:]]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    assert stage.editor.statuses[-1]["estimate"] == told
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.state == "idle")


async def test_request_reaches_the_worker_as_the_protocol_says(start: Start, repo: Path) -> None:
    file = repo / "pkg" / "cart.py"
    file.parent.mkdir()
    file.write_text("saved\n")
    stage = await start(settings={"maxCost": 0.5, "panel": None})
    stage.editor.open(file)
    stage.editor.change(file, {"text": "unsaved 💛\n"})
    await stage.editor.command(
        "rebuttal.review",
        uri=file.as_uri(),
        range={"start": {"line": 2, "character": 3}, "end": {"line": 5, "character": 0}},
        panel="small",
        profile="frugal",
        protocol="solo",
        base="main",
    )
    await stage.editor.until(lambda: stage.asked("review"))
    [message] = stage.asked("review")
    assert message["params"] == {
        "root": str(repo),
        "scope": "working",
        "base": "main",
        "panel": "small",
        "protocol": "solo",
        "profile": "frugal",
        "buffers": {str(file): "unsaved 💛\n"},
        "notebooks": {},
        "open_files": ["pkg/cart.py"],
        "diagnostics": [],
        "only": {"file": str(file), "start_line": 2, "end_line": 4},
        "origin": "command",
        "settings": {"max_cost": 0.5},
        "trusted": [],
        "include_working": True,
    }


@pytest.mark.parametrize(
    ("arguments", "scope"),
    [({"scope": "branch"}, "branch"), ({"scope": "commit:HEAD~1"}, "commit:HEAD~1"), ({}, "working")],
)
async def test_scopes(start: Start, arguments: dict[str, Any], scope: str) -> None:
    stage = await start()
    await stage.editor.command("rebuttal.review", **arguments)
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["scope"] == scope


async def test_scope_file_names_the_file_below_the_root(start: Start, repo: Path) -> None:
    stage = await start()
    await stage.editor.command("rebuttal.review", scope="file", uri=(repo / "pkg" / "cart.py").as_uri())
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["scope"] == "file:pkg/cart.py"


@pytest.mark.parametrize(
    "arguments",
    [
        {"scope": "everything"},
        {"scope": "commit:"},
        {"scope": "file"},
        {"scope": "range"},
        {"panel": "huge"},
        {"profile": 7},
        {"protocol": "x"},
        {"range": {"start": 1}},
        {"uri": "untitled:Untitled-1"},
        {"base": ["main"]},
    ],
)
async def test_wrong_arguments_are_refused_with_a_sentence(start: Start, arguments: dict[str, Any]) -> None:
    stage = await start()
    with pytest.raises(RequestFailed) as error:
        await stage.editor.command("rebuttal.review", **arguments)
    assert error.value.code in (-32602, -32803)
    assert error.value.message.endswith(".")
    assert stage.asked("review") == []


async def test_new_run_supersedes_the_old_and_its_findings_stay_until_then(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": DEBATE, "review:large": EVER})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.pipes)
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.of(file))
    await stage.editor.command("rebuttal.review", panel="large")
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    assert len(stage.editor.of(file)) == 1
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("cancel"))
    assert stage.asked("cancel") == [{"method": "cancel", "params": {"id": 2}}]
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert len(stage.editor.of(file)) == 1
    assert stage.editor.statuses[-1]["job"] == "job-3"


async def test_static_review_on_save_does_not_end_a_debate_that_is_paid_for(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": DEBATE, "review:static": [done(static())]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    stage.editor.save(file)
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: stage.editor.of(file))
    assert stage.editor.state == "debating"
    assert stage.asked("cancel") == []
    stage.worker.release()
    # Both kinds: the debate's report leads, it says what is static as well.
    await stage.editor.until(lambda: [one["code"] for one in stage.editor.of(file)] == ["debate:correctness"])


async def test_cancel_command_ends_the_job(start: Start) -> None:
    stage = await start({"review": EVER})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    assert await stage.editor.command("rebuttal.cancel") == {"cancelled": ["job-1"]}
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert stage.asked("cancel") == [{"method": "cancel", "params": {"id": 1}}]
    assert await stage.editor.command("rebuttal.cancel") == {"cancelled": []}


async def test_cancel_before_the_worker_has_started(start: Start) -> None:
    stage = await start({"review": EVER}, initialize=False)
    stage.editor.silent.add("workspace/configuration")
    await stage.editor.initialize()
    await stage.editor.command("rebuttal.review")
    assert await stage.editor.command("rebuttal.cancel") == {"cancelled": ["job-1"]}
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert stage.pipes == []


async def test_cancel_from_progress_ends_the_job(start: Start) -> None:
    stage = await start({"review": EVER})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.progress and stage.asked("review"))
    [begin] = stage.editor.progress
    assert isinstance(begin["token"], str)
    assert begin["value"]["cancellable"] is True
    stage.editor.notify("window/workDoneProgress/cancel", {"token": begin["token"]})
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert stage.editor.progress[-1]["value"]["kind"] == "end"
    assert stage.editor.server.work_done_progress.tokens == {}


async def test_progress_tells_phases_and_cost_and_ends(start: Start) -> None:
    stage = await start({"review": DEBATE})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating" and stage.editor.progress)
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.progress[-1]["value"]["kind"] == "end")
    values = [one["value"] for one in stage.editor.progress]
    assert values[0]["kind"] == "begin"
    assert [value["kind"] for value in values].count("end") == 1
    assert any("Security Analyst: 2 claims · $0.01" in str(value.get("message")) for value in values)


async def test_client_that_never_answers_the_progress_request_gets_its_findings(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": [done(finding(), panel="small", not_spent=None)]})
    stage.editor.silent.add("window/workDoneProgress/create")
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    assert stage.editor.progress == []


async def test_client_that_never_answers_at_all_is_not_waited_for(
    start: Start, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rebuttal.lsp.features.configuration.PATIENCE", 0.01)
    stage = await start({"review": [done(finding(), panel="small", not_spent=None)]}, initialize=False)
    stage.editor.silent |= set(stage.editor.answers)
    await stage.editor.initialize()
    (repo / "cart.py").write_text(SOURCE)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(repo / "cart.py"))


async def test_consent_is_asked_with_what_is_sent_where(start: Start) -> None:
    steps = [
        {"event": "consent", "question": QUESTION},
        {"wait": "answer"},
        {"agreed": DEBATE[1:], "refused": [done()]},
    ]
    stage = await start({"review": steps})
    stage.editor.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "debating")
    [question] = [asked["params"] for asked in stage.editor.asked if asked["method"] == "window/showMessageRequest"]
    assert [action["title"] for action in question["actions"]] == ["Review and send", "Not now"]
    assert question["message"] == (
        "Send 3 changed files of shop to api.anthropic.com? Not yet in git: a.py. 1 secret is left out. "
        "Expected cost $0.0312, at most $1.00 (from 46 debates of yours)."
    )
    assert stage.asked("answer") == [{"id": 1, "method": "answer", "params": {"agree": True, "remember": True}}]
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.state == "idle")


def test_name_of_a_file_put_lines_of_its_own_into_the_question() -> None:
    question = {**QUESTION, "untracked": ["a.py\n\nNothing is sent."]}
    assert "\n" not in consent.text(question)


@pytest.mark.parametrize("answer", [None, {"title": "Not now"}])
async def test_dismissed_question_means_no(start: Start, answer: Any) -> None:
    steps = [
        {"event": "consent", "question": QUESTION},
        {"wait": "answer"},
        {"agreed": DEBATE, "refused": [done(not_spent="no_consent", notes=["Nothing was sent."])]},
    ]
    stage = await start({"review": steps})
    stage.editor.answers["window/showMessageRequest"] = answer
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "idle" and stage.asked("answer"))
    assert stage.asked("answer")[0]["params"] == {"agree": False, "remember": False}
    assert stage.editor.statuses[-1]["message"] == "Nothing was sent."


async def test_cancel_while_the_question_is_open(start: Start) -> None:
    stage = await start({"review": [{"event": "consent", "question": QUESTION}, {"wait": "answer"}, *DEBATE]})
    stage.editor.silent.add("window/showMessageRequest")
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "awaitingConsent")
    await stage.editor.command("rebuttal.cancel")
    await stage.editor.until(lambda: stage.editor.state == "idle")
    [question] = [asked for asked in stage.editor.asked if asked["method"] == "window/showMessageRequest"]
    stage.editor.reply(question, {"title": "Review and send"})
    await stage.editor.settle()
    assert stage.asked("answer") == []


async def test_failure_is_one_sentence_and_findings_stay(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    failing = [{"event": "failed", "message": "shop is not a git repository: run `git init` there."}]
    stage = await start({"review": [done(finding(), panel="small", not_spent=None)], "review:large": failing})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    await stage.editor.command("rebuttal.review", panel="large")
    await stage.editor.until(lambda: stage.editor.heard("not a git repository"))
    assert len(stage.editor.of(file)) == 1
    await stage.editor.until(lambda: stage.editor.state == "degraded")


async def test_worker_that_dies_fails_its_job_and_is_started_again(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start(
        {"review": [done(finding(), panel="small", not_spent=None)], "review:large": [{"exit": 3}, {"wait": "ever"}]}
    )
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    await stage.editor.command("rebuttal.review", panel="large")
    await stage.editor.until(lambda: stage.editor.heard("The review process stopped"))
    assert len(stage.editor.of(file)) == 1
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert len(stage.pipes) == 2


async def test_worker_that_talks_nonsense_fails_its_job(start: Start) -> None:
    stage = await start({"review": [{"raw": "{ nonsense"}, {"wait": "ever"}]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.heard("cannot read"))
    assert stage.pipes[0].killed


async def test_deaf_worker_is_killed_when_it_does_not_stop_in_time(start: Start) -> None:
    stage = await start({"review": [{"deaf": True}, {"wait": "ever"}]}, patience=0.02)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    await stage.editor.command("rebuttal.cancel")
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert stage.pipes[0].killed


async def test_unreadable_finding_does_not_lose_the_others(start: Start, repo: Path) -> None:
    (repo / "cart.py").write_text(SOURCE)
    stage = await start({"review": [done({"id": 1}, finding(), 7, panel="small", not_spent=None)]})  # type: ignore[arg-type]  # on purpose
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: len(stage.editor.of(repo / "cart.py")) == 1)


@pytest.mark.parametrize("file", ["../outside.py", "/etc/passwd", "a/../../b.py"])
async def test_finding_outside_the_repository_is_not_shown(start: Start, file: str) -> None:
    stage = await start({"review": [done(finding(file=file), panel="small", not_spent=None)]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "idle" and stage.asked("review"))
    assert stage.editor.diagnostics == {}


async def test_shutdown_cancels_a_running_debate_first(start: Start) -> None:
    stage = await start({"review": EVER})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    await stage.editor.shutdown()
    methods = [message["method"] for message in stage.worker.received]
    assert methods == ["review", "cancel", "shutdown"]


async def test_closed_folder_cancels_its_job_and_takes_its_findings(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": [{"event": "static", "findings": [static()]}, {"wait": "ever"}]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    removed = [{"uri": repo.as_uri(), "name": "shop"}]
    stage.editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": removed}})
    await stage.editor.until(lambda: stage.asked("cancel"))
    assert stage.editor.of(file) == []


async def test_hover_answers_while_a_review_runs(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": [{"event": "static", "findings": [static()]}, {"wait": "ever"}]})
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    position = {"textDocument": {"uri": file.as_uri()}, "position": {"line": 0, "character": 8}}
    hover = await stage.editor.request("textDocument/hover", position)
    assert "imported but unused" in hover["contents"]["value"]


async def test_several_repositories_review_side_by_side(start: Start, tmp_path: Path) -> None:
    roots = [tmp_path / name for name in ("one", "two")]
    for root in roots:
        (root / ".git").mkdir(parents=True)
        (root / "cart.py").write_text(SOURCE)
    stage = await start({"review": [done(finding(), panel="small", not_spent=None)]}, folders=roots)
    for root in roots:
        await stage.editor.command("rebuttal.review", uri=(root / "cart.py").as_uri())
    await stage.editor.until(lambda: all(stage.editor.of(root / "cart.py") for root in roots))
    assert {message["params"]["root"] for message in stage.asked("review")} == {str(root) for root in roots}
    assert len(stage.pipes) == 1


async def test_estimate_answers_with_money(start: Start) -> None:
    amounts = {"expected": "0.0312", "at_most": "1"}
    stage = await start({"estimate": [{"event": "done", "estimate": amounts, "totals": TOTALS}]})
    assert await stage.editor.command("rebuttal.estimate", panel="medium") == {"estimate": amounts}
    assert stage.asked("estimate")[0]["params"]["panel"] == "medium"


async def test_estimate_that_fails_says_why(start: Start) -> None:
    stage = await start({"estimate": [{"event": "failed", "message": "There is no commit yet: commit first."}]})
    with pytest.raises(RequestFailed, match="commit first"):
        await stage.editor.command("rebuttal.estimate")


async def test_cancelled_estimate_is_cancelled_in_the_worker(start: Start) -> None:
    stage = await start({"estimate": EVER})
    id, answer = stage.editor.start_request("workspace/executeCommand", {"command": "rebuttal.estimate"})
    await stage.editor.until(lambda: stage.asked("estimate"))
    stage.editor.notify("$/cancelRequest", {"id": id})
    with pytest.raises(RequestFailed, match="cancelled"):
        await answer
    await stage.editor.until(lambda: True)
    await asyncio.sleep(0)
    assert stage.asked("cancel") == [{"method": "cancel", "params": {"id": 1}}]


@pytest.mark.parametrize("command", ["askAgain"])
async def test_command_without_an_engine_says_what_to_do(start: Start, command: str) -> None:
    stage = await start()
    with pytest.raises(RequestFailed) as error:
        await stage.editor.command(f"rebuttal.{command}")
    assert error.value.code == -32803
    assert "run" in error.value.message.lower()


async def test_cost_report_opens_in_a_browser(start: Start, tmp_path: Path) -> None:
    page = tmp_path / "a b" / "cost-report.html"
    stage = await start({"cost_report": [{"event": "done", "path": str(page)}]})
    answer = await stage.editor.command("rebuttal.costReport")
    assert answer == {"uri": page.as_uri(), "path": str(page)}
    await stage.editor.until(lambda: [one for one in stage.editor.asked if one["method"] == "window/showDocument"])
    [shown] = [one["params"] for one in stage.editor.asked if one["method"] == "window/showDocument"]
    assert (shown["uri"], shown["external"]) == (page.as_uri(), True)


async def test_cost_report_is_named_to_a_client_that_opens_nothing(start: Start, tmp_path: Path) -> None:
    page = tmp_path / "cost-report.html"
    stage = await start({"cost_report": [{"event": "done", "path": str(page)}]}, profile="minimal")
    assert (await stage.editor.command("rebuttal.costReport"))["path"] == str(page)
    await stage.editor.until(lambda: stage.editor.heard(f"{page}: open it in a browser"))


async def test_cost_report_is_named_where_no_browser_could_be_had(start: Start, tmp_path: Path) -> None:
    page = tmp_path / "cost-report.html"
    stage = await start({"cost_report": [{"event": "done", "path": str(page)}]})
    stage.editor.answers["window/showDocument"] = {"success": False}
    await stage.editor.command("rebuttal.costReport")
    await stage.editor.until(lambda: stage.editor.heard(f"{page}: open it in a browser"))


async def test_cost_report_that_cannot_be_made_says_why(start: Start) -> None:
    stage = await start({"cost_report": [{"event": "failed", "message": "the store is locked: close it"}]})
    with pytest.raises(RequestFailed, match="the store is locked: close it"):
        await stage.editor.command("rebuttal.costReport")
