"""Pages made on demand: what a review would send, and the doctor's checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from tests.lsp.conftest import Stage, Start
from tests.lsp.editor import RequestFailed

PAYLOAD: dict[str, Any] = {
    "text": "<change>\n```\n+ total(cart)\n</change>",
    "host": "api.anthropic.com",
    "panel": "small",
    "reasons": ["12 lines"],
    "redactions": [{"file": "labels.py", "line": 7, "kind": "aws-key"}],
    "withheld": [{"file": ".env", "reason": "may hold secrets"}],
}
CHECKS = [
    {"name": "git", "state": "ok", "message": "2.39"},
    {"name": "key", "state": "warning", "message": "no key: set ANTHROPIC_API_KEY | [run](command:x)"},
]


async def read(stage: Stage, uri: str) -> str:
    content = await stage.editor.request("workspace/textDocumentContent", {"uri": uri})
    return str(content["text"])


def read_text(file: Path) -> str:
    return file.read_text("utf-8")


async def test_payload_is_a_document_with_the_exact_text_in_a_fence_it_cannot_leave(start: Start) -> None:
    stage = await start({"payload": [{"event": "done", "payload": PAYLOAD}]})
    assert await stage.editor.command("rebuttal.showPayload", scope="branch") == {"uri": "rebuttal:/payload.md"}
    assert stage.asked("payload")[0]["params"]["scope"] == "branch"
    text = await read(stage, "rebuttal:/payload.md")
    assert f"````\n{PAYLOAD['text']}\n````" in text
    assert "api.anthropic.com" in text.replace("\\", "")
    assert "labels.py:7: aws-key" in text.replace("\\", "")
    assert ".env: may hold secrets" in text.replace("\\", "")
    await stage.editor.until(lambda: [one for one in stage.editor.asked if one["method"] == "window/showDocument"])


async def test_payload_of_a_change_nobody_would_be_asked_about_says_so(start: Start) -> None:
    stage = await start({"payload": [{"event": "done", "payload": {**PAYLOAD, "panel": "static"}}]})
    await stage.editor.command("rebuttal.showPayload")
    assert "No model would be asked of this change (12 lines)" in await read(stage, "rebuttal:/payload.md")


async def test_payload_shown_again_is_read_again_by_the_client(start: Start) -> None:
    stage = await start({"payload": [{"event": "done", "payload": PAYLOAD}]})
    await stage.editor.command("rebuttal.showPayload")
    await read(stage, "rebuttal:/payload.md")
    await stage.editor.command("rebuttal.showPayload")
    refresh = "workspace/textDocumentContent/refresh"
    await stage.editor.until(lambda: [one for one in stage.editor.asked if one["method"] == refresh])


async def test_payload_is_a_private_file_for_a_client_without_documents_of_our_own(start: Start) -> None:
    stage = await start({"payload": [{"event": "done", "payload": PAYLOAD}]}, profile="neovim")
    answer = await stage.editor.command("rebuttal.showPayload")
    file = Path(url2pathname(urlsplit(answer["uri"]).path))
    assert PAYLOAD["text"] in read_text(file)
    assert file.name == "payload.md"


async def test_doctor_is_a_document_and_its_checks_are_the_answer(start: Start) -> None:
    stage = await start({"doctor": [{"event": "done", "checks": CHECKS}]})
    answer = await stage.editor.command("rebuttal.doctor")
    assert answer == {"uri": "rebuttal:/doctor.md", "checks": CHECKS}
    text = await read(stage, "rebuttal:/doctor.md")
    assert "1 of 2 checks say what to do." in text
    assert "| git | ok | 2\\.39 |" in text or "| git | ok | 2.39 |" in text
    assert "[run](command:x)" not in text


@pytest.mark.parametrize(("command", "method"), [("showPayload", "payload"), ("doctor", "doctor")])
async def test_what_the_worker_cannot_do_is_said(start: Start, command: str, method: str) -> None:
    stage = await start({method: [{"event": "failed", "message": "there is no repository here: open one"}]})
    with pytest.raises(RequestFailed, match="there is no repository here: open one"):
        await stage.editor.command(f"rebuttal.{command}")


async def test_hover_is_answered_while_the_worker_looks(start: Start, repo: Path) -> None:
    stage = await start({"doctor": [{"wait": "release"}, {"event": "done", "checks": CHECKS}]})
    _, answer = stage.editor.start_request("workspace/executeCommand", {"command": "rebuttal.doctor"})
    await stage.editor.settle()
    assert not answer.done()
    await stage.editor.until(lambda: stage.asked("doctor"))
    stage.worker.release()
    assert (await answer)["checks"] == CHECKS
