"""Saving a file reviews its repository with the static panel, and the findings are shown."""

from __future__ import annotations

from pathlib import Path

from tests.lsp.conftest import Start
from tests.lsp.fake_worker import done
from tests.lsp.samples import SOURCE, static


async def test_static_findings_are_published_on_save(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review:static": [{"event": "static", "findings": [static()]}, done(static())]})
    editor = stage.editor
    editor.open(file)
    editor.save(file)
    await editor.settle()
    stage.clock.advance(1)
    await editor.until(lambda: editor.of(file))
    [shown] = editor.of(file)
    assert shown["source"] == "rebuttal"
    assert shown["code"] == "ruff:F401"
    assert shown["severity"] == 3
    assert shown["message"] == "`os` imported but unused"
    assert shown["range"] == {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 9}}
    assert shown["data"] == {"id": "s1"}
    [review] = stage.asked("review")
    assert review["params"]["root"] == str(repo)
    assert review["params"]["panel"] == "static"
