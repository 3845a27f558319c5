"""Asking again about one finding: a job of its own, whose end shows on the finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import Stage, Start
from tests.lsp.editor import RequestFailed
from tests.lsp.fake_worker import TOTALS, done
from tests.lsp.samples import SOURCE, finding, progress, static
from tests.lsp.test_actions import offered
from tests.lsp.test_diagnostics import debate, insert

ASKED = {"phase": "asked_again", "seat": "user", "text": "Callers check.", "spent": "0"}


def answer(
    *before: dict[str, Any], message: str = "Asked again ($0.02): confirmed.", **given: Any
) -> list[dict[str, Any]]:
    after = finding(**{"trace": [*finding()["trace"], ASKED], **given})
    last = {"finding": after, "decided": True, "spent": "0.02", "message": message, "totals": TOTALS}
    return [*before, {"event": "done", **last}]


async def found(start: Start, repo: Path, steps: list[dict[str, Any]], **options: Any) -> Stage:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": debate(finding(), static()), "ask_again": steps}, **options)
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review", scope="branch", base="main")
    await stage.editor.until(lambda: stage.editor.state == "idle" and stage.editor.of(file))
    return stage


async def test_confirmed_stays_and_its_trace_goes_on(start: Start, repo: Path) -> None:
    stage = await found(start, repo, answer())
    assert (await stage.editor.command("rebuttal.askAgain", finding="f1", comment="Callers check."))["job"] == "job-2"
    await stage.editor.until(lambda: stage.editor.heard("Asked again ($0.02): confirmed."))
    assert {one["data"]["id"] for one in stage.editor.of(repo / "cart.py")} == {"f1", "s1"}
    shown = await stage.editor.command("rebuttal.showTrace", finding="f1")
    assert "Callers check" in (await stage.editor.request("workspace/textDocumentContent", shown))["text"]
    assert stage.editor.statuses[-1]["review"] == {"spent": "0.02"}


async def test_worker_gets_the_finding_where_it_is_now_the_comment_and_its_change(start: Start, repo: Path) -> None:
    stage = await found(start, repo, answer())
    stage.editor.change(repo / "cart.py", insert(0, 0, "# new\n"))
    await stage.editor.command("rebuttal.askAgain", finding="f1", comment="Callers check.")
    await stage.editor.until(lambda: stage.editor.heard("Asked again"))
    [asked] = stage.asked("ask_again")
    given = asked["params"]
    assert (given["scope"], given["base"], given["comment"]) == ("branch", "main", "Callers check.")
    assert (given["finding"]["id"], given["finding"]["range"]["start"]["line"]) == ("f1", 5)
    assert given["buffers"] == {str(repo / "cart.py"): "# new\n" + SOURCE}


async def test_what_did_not_stand_goes_out_of_sight_but_can_be_read(start: Start, repo: Path) -> None:
    stage = await found(start, repo, answer(status="held_back", verdict="contested", message="It did not stand."))
    await stage.editor.command("rebuttal.askAgain", finding="f1")
    await stage.editor.until(lambda: stage.editor.heard("It did not stand."))
    assert [one["data"]["id"] for one in stage.editor.of(repo / "cart.py")] == ["s1"]
    assert stage.editor.statuses[-1]["findings"]["high"] == 0
    shown = await stage.editor.command("rebuttal.showTrace", finding="f1")
    assert "Callers check" in (await stage.editor.request("workspace/textDocumentContent", shown))["text"]


async def test_it_has_progress_and_can_be_cancelled(start: Start, repo: Path) -> None:
    stage = await found(start, repo, [progress("Examiner", 60, "0.01", "cross_examination"), {"wait": "ever"}])
    job = (await stage.editor.command("rebuttal.askAgain", finding="f1"))["job"]
    await stage.editor.until(lambda: stage.editor.state == "debating")
    assert await stage.editor.command("rebuttal.cancel", job=job) == {"cancelled": [job]}
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert len(stage.editor.of(repo / "cart.py")) == 2


async def test_no_to_the_price_changes_nothing(start: Start, repo: Path) -> None:
    question = {"repository": "shop", "host": "api", "files": 1, "expected": "0.02", "at_most": "1"}
    steps: list[dict[str, Any]] = [
        {"event": "consent", "question": question},
        {"wait": "answer"},
        {"agreed": [], "refused": answer()},
    ]
    stage = await found(start, repo, steps)
    stage.editor.answers["window/showMessageRequest"] = None
    await stage.editor.command("rebuttal.askAgain", finding="f1")
    await stage.editor.until(lambda: stage.editor.heard("Asked again"))
    [answered] = stage.asked("answer")
    assert answered["params"]["agree"] is False


async def test_failure_is_told_and_leaves_the_review_as_it_was(start: Start, repo: Path) -> None:
    stage = await found(start, repo, [{"event": "failed", "message": "Nobody can be asked: there is no API key."}])
    await stage.editor.command("rebuttal.askAgain", finding="f1")
    await stage.editor.until(lambda: stage.editor.heard("Nobody can be asked"))
    assert stage.editor.state == "idle"
    assert len(stage.editor.of(repo / "cart.py")) == 2


async def test_answer_that_cannot_be_read_is_told(start: Start, repo: Path) -> None:
    stage = await found(start, repo, [{"event": "done", "finding": {"id": "f1"}}])
    await stage.editor.command("rebuttal.askAgain", finding="f1")
    await stage.editor.until(lambda: stage.editor.heard("could not be read"))


async def test_what_cannot_be_asked_about_is_refused_with_a_sentence(start: Start, repo: Path) -> None:
    stage = await found(start, repo, answer())
    with pytest.raises(RequestFailed, match="without a model"):
        await stage.editor.command("rebuttal.askAgain", finding="s1")
    with pytest.raises(RequestFailed, match="not known"):
        await stage.editor.command("rebuttal.askAgain", finding="gone")
    await stage.editor.command("rebuttal.dismiss", finding="f1", reason="later")
    with pytest.raises(RequestFailed, match="Restore"):
        await stage.editor.command("rebuttal.askAgain", finding="f1")


async def test_second_question_about_a_finding_supersedes_the_first(start: Start, repo: Path) -> None:
    stage = await found(start, repo, [{"wait": "ever"}])
    await stage.editor.command("rebuttal.askAgain", finding="f1", comment="one")
    await stage.editor.until(lambda: stage.asked("ask_again"))
    await stage.editor.command("rebuttal.askAgain", finding="f1", comment="two")
    await stage.editor.until(lambda: len(stage.asked("ask_again")) == 2)
    await stage.editor.until(lambda: len(stage.asked("cancel")) == 1)


async def test_transcript_that_is_shown_is_the_reviews(start: Start, repo: Path) -> None:
    stage = await found(start, repo, answer())
    await stage.editor.command("rebuttal.askAgain", finding="f1")
    await stage.editor.until(lambda: stage.editor.heard("Asked again"))
    assert (await stage.editor.command("rebuttal.showTranscript"))["uri"].endswith("job-1.md")


async def test_action_is_offered_for_findings_of_a_debate_only(start: Start, repo: Path) -> None:
    stage = await found(start, repo, answer())
    commands = [one.get("command", {}).get("command") for one in await offered(stage, repo / "cart.py", 4)]
    assert "rebuttal.askAgain" in commands
    commands = [one.get("command", {}).get("command") for one in await offered(stage, repo / "cart.py", 0)]
    assert "rebuttal.askAgain" not in commands


async def test_finding_was_sought_in_the_change_that_was_reviewed_after_its_own(start: Start, repo: Path) -> None:
    (repo / "cart.py").write_text(SOURCE)
    script = {"review": debate(finding()), "review:static": [done()], "ask_again": answer()}
    stage = await start(script)
    stage.editor.open(repo / "cart.py")
    await stage.editor.command("rebuttal.review", scope="branch", base="main")
    await stage.editor.until(lambda: stage.editor.state == "idle" and stage.editor.of(repo / "cart.py"))
    await stage.editor.command("rebuttal.review", scope="commit:HEAD", panel="static")
    await stage.editor.until(lambda: len(stage.asked("review")) == 2 and stage.editor.state == "idle")
    await stage.editor.command("rebuttal.askAgain", finding="f1")
    await stage.editor.until(lambda: stage.editor.heard("Asked again"))
    [asked] = stage.asked("ask_again")
    assert (asked["params"]["scope"], asked["params"]["base"]) == ("branch", "main")
