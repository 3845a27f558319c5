"""Questions to the user: one for each thing that is asked, whatever happens to those that asked it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rebuttal.lsp.features.consent import KEPT
from tests.lsp.conftest import Stage, Start
from tests.lsp.fake_worker import done
from tests.lsp.test_jobs import QUESTION

ASKS = [{"event": "consent", "question": QUESTION}, {"wait": "answer"}, {"agreed": [done()], "refused": [done()]}]
DEARER = [{"event": "consent", "question": {**QUESTION, "at_most": "9"}}, *ASKS[1:]]


def questions(stage: Stage) -> list[dict[str, Any]]:
    return [one for one in stage.editor.asked if one["method"] == "window/showMessageRequest"]


async def silent(start: Start, script: dict[str, Any]) -> Stage:
    """An editor whose user looks at something else."""
    stage = await start(script)
    stage.editor.silent.add("window/showMessageRequest")
    return stage


async def review(stage: Stage, **arguments: Any) -> str:
    """Start a review, until its question is open."""
    job: str = (await stage.editor.command("rebuttal.review", **arguments))["job"]
    await stage.editor.until(
        lambda: stage.editor.server.session.jobs[job].state == "awaitingConsent" and not _superseded(stage, job)
    )
    return job


def _superseded(stage: Stage, but: str) -> list[str]:
    return [job.id for job in stage.editor.server.session.running() if job.superseded and job.id != but]


async def test_the_same_question_is_not_stacked_on_one_that_is_open(start: Start) -> None:
    stage = await silent(start, {"review": ASKS})
    for _ in range(20):
        last = await review(stage)
    [question] = questions(stage)
    assert len(stage.editor.server.protocol._request_futures) == 1
    stage.editor.reply(question, {"title": "Review and send"})
    await stage.editor.until(lambda: stage.editor.server.session.jobs[last].state == "done")
    # The answer was the last one's alone.
    assert [one["params"]["agree"] for one in stage.asked("answer")] == [True]
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: len(questions(stage)) == 2)


async def test_an_answer_to_a_superseded_question_agrees_to_nothing(start: Start) -> None:
    stage = await silent(start, {"review": ASKS, "review:small": DEARER})
    await review(stage)
    await review(stage, panel="small")
    old, new = questions(stage)
    assert stage.editor.taken_back == [old["id"]]
    stage.editor.reply(old, {"title": "Review and send"})
    await stage.editor.settle()
    assert stage.asked("answer") == []
    assert set(stage.editor.server.protocol._request_futures) == {new["id"]}
    stage.editor.reply(new, None)
    await stage.editor.until(lambda: stage.asked("answer"))
    assert stage.asked("answer")[0]["params"]["agree"] is False


async def test_an_answer_that_comes_after_the_cancellation_is_no_refusal_either(start: Start, repo: Path) -> None:
    stage = await silent(start, {"review": [*ASKS[:1], {"deaf": True}, {"wait": "ever"}]})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "awaitingConsent")
    stage.editor.server.jobs.cancel_all()
    stage.editor.reply(questions(stage)[0], None)
    await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    assert not stage.editor.server.session.repository(repo).declined


async def test_questions_that_nobody_answers_do_not_pile_up(start: Start) -> None:
    stage = await silent(start, {"review": ASKS})
    for number in range(KEPT + 4):
        await review(stage, scope=f"commit:{number}")
        await stage.editor.command("rebuttal.cancel")
        await stage.editor.until(lambda: not list(stage.editor.server.session.running()))
    assert len(stage.editor.server.protocol._request_futures) <= KEPT
    assert stage.editor.taken_back == [one["id"] for one in questions(stage)[: len(stage.editor.taken_back)]]
