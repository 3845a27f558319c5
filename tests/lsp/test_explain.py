"""Hover, traces and transcripts explain a finding, and nothing in them acts on the editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from rebuttal.findings.wire import finding_from_json
from rebuttal.lsp.paths import read_text
from rebuttal.lsp.render import escape, fenced, hover_markdown, trace_markdown
from tests.lsp.conftest import Start
from tests.lsp.editor import RequestFailed
from tests.lsp.fake_worker import done
from tests.lsp.samples import finding, static
from tests.lsp.test_diagnostics import debate, reviewed


def at(file: Path, line: int, character: int) -> dict[str, Any]:
    return {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": character}}


async def test_hover_shows_both_sides_verdict_and_cost(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding())
    hover = await stage.editor.request("textDocument/hover", at(repo / "cart.py", 4, 10))
    assert hover["contents"]["kind"] == "markdown"
    text = hover["contents"]["value"]
    assert "Division by zero" in text
    assert "*For (code\\_reviewer)*: An empty list divides by zero." in text
    assert "*Against (architect)*: Callers never pass an empty list." in text
    assert "confirmed by another reviewer" in text
    assert "$0.02" in text


async def test_hover_is_plain_for_a_client_that_shows_no_markdown(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, static(), profile="minimal")
    hover = await stage.editor.request("textDocument/hover", at(repo / "cart.py", 0, 8))
    assert hover["contents"]["kind"] == "plaintext"
    assert "free" in hover["contents"]["value"]


async def test_plain_hover_has_both_sides_too(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding(title="Division\nby zero"), profile="minimal")
    hover = await stage.editor.request("textDocument/hover", at(repo / "cart.py", 4, 10))
    assert hover["contents"]["value"].splitlines() == [
        "Division by zero (high, correctness)",
        "For (code_reviewer): An empty list divides by zero.",
        "Against (architect): Callers never pass an empty list.",
        "confirmed by another reviewer · likely · $0.0205",
    ]


async def test_hover_over_many_findings_shows_the_worst_and_counts_the_rest(start: Start, repo: Path) -> None:
    many = [finding(f"f{number}", title=f"Low {number}", severity="low") for number in range(7)]
    stage = await reviewed(start, repo, *many, finding("worst", title="The worst", severity="critical"))
    hover = await stage.editor.request("textDocument/hover", at(repo / "cart.py", 4, 10))
    text = hover["contents"]["value"]
    assert text.startswith("**The worst**")
    assert text.endswith("and 3 more here")
    assert text.count("*For") == 5


async def test_hover_elsewhere_says_nothing(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding())
    assert await stage.editor.request("textDocument/hover", at(repo / "cart.py", 1, 0)) is None
    assert await stage.editor.request("textDocument/hover", at(repo / "other.py", 4, 10)) is None


async def test_hover_on_a_line_that_has_just_changed_says_nothing(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding())
    change = {"range": {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 10}}, "text": "yield"}
    stage.editor.change(repo / "cart.py", change)
    assert await stage.editor.request("textDocument/hover", at(repo / "cart.py", 4, 10)) is None


@pytest.mark.parametrize(
    "hostile",
    ["![x](http://evil/beacon.png)", "[run](command:workbench.action.quit)", "<img src=x>", "`code`\n# Head", "a|b"],
)
def test_models_text_is_never_markdown(hostile: str) -> None:
    given = finding_from_json(finding(title=hostile, message=hostile, raised_by=[hostile]))
    for text in (hover_markdown(given), trace_markdown(given)):
        assert hostile not in text
        assert "](http" not in text
        assert "<img" not in text


def test_code_cannot_leave_its_fence() -> None:
    text = fenced("a\n```\n![x](http://evil)\n````\n")
    assert text.startswith("`````\n")
    assert text.endswith("\n`````")
    assert escape("a_b") == "a\\_b"


async def test_trace_opens_as_a_read_only_document(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding())
    assert await stage.editor.command("rebuttal.showTrace", finding="f1") == {"uri": "rebuttal:/trace/f1.md"}
    await stage.editor.until(lambda: [one for one in stage.editor.asked if one["method"] == "window/showDocument"])
    [shown] = [one["params"] for one in stage.editor.asked if one["method"] == "window/showDocument"]
    assert shown["uri"] == "rebuttal:/trace/f1.md"
    content = await stage.editor.request("workspace/textDocumentContent", {"uri": shown["uri"]})
    assert "## How it came to stand" in content["text"]
    assert "total(cart.items)" in content["text"]


async def test_held_back_finding_has_a_trace_too(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding("f2", status="held_back"))
    content = await stage.editor.request("workspace/textDocumentContent", {"uri": "rebuttal:/trace/f2.md"})
    assert "Division by zero" in content["text"]


async def test_trace_is_a_file_for_a_client_without_documents_of_our_own(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding(), profile="neovim")
    answer = await stage.editor.command("rebuttal.showTrace", finding="f1")
    file = Path(url2pathname(urlsplit(answer["uri"]).path))
    assert "How it came to stand" in (read_text(file) or "")
    await stage.editor.shutdown()
    assert read_text(file) is None


async def test_transcript_of_the_last_debate(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding())
    assert await stage.editor.command("rebuttal.showTranscript") == {"uri": "rebuttal:/transcript/job-1.md"}
    content = await stage.editor.request("workspace/textDocumentContent", {"uri": "rebuttal:/transcript/job-1.md"})
    assert content["text"] == "# Transcript\n\nIt was argued.\n"


async def test_transcript_is_read_again_when_the_debate_ends(start: Start, repo: Path) -> None:
    stage = await start({"review": [{"wait": "release"}, done(panel="small", not_spent=None)]})
    await stage.editor.command("rebuttal.review")
    uri = {"uri": "rebuttal:/transcript/job-1.md"}
    content = await stage.editor.request("workspace/textDocumentContent", uri)
    assert "The debate is running" in content["text"]
    await stage.editor.until(lambda: stage.asked("review"))
    stage.worker.release()
    refresh = "workspace/textDocumentContent/refresh"
    await stage.editor.until(lambda: [one["params"] for one in stage.editor.asked if one["method"] == refresh] == [uri])


@pytest.mark.parametrize("uri", ["rebuttal:/trace/../../etc/passwd.md", "rebuttal:/x", "file:///etc/passwd", ""])
async def test_document_that_is_not_there_is_a_sentence(start: Start, uri: str) -> None:
    stage = await start()
    content = await stage.editor.request("workspace/textDocumentContent", {"uri": uri})
    assert "not known any more" in content["text"]


async def test_trace_of_an_unknown_finding_is_refused(start: Start) -> None:
    stage = await start()
    with pytest.raises(RequestFailed, match="run the review again"):
        await stage.editor.command("rebuttal.showTrace", finding="../x")
    with pytest.raises(RequestFailed, match="run a review first"):
        await stage.editor.command("rebuttal.showTranscript")


def test_finding_without_a_debate_renders() -> None:
    assert debate()
    assert "found without a model" in hover_markdown(finding_from_json(static()))
