"""What a debate found and the user then edits: the worker is asked to look whether it was acted upon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lsp.conftest import Stage, Start
from tests.lsp.samples import finding, span, static
from tests.lsp.test_diagnostics import reviewed

FIXED = {"range": span(4, 11, 4, 14), "text": "max"}


async def looked(stage: Stage) -> list[dict[str, Any]]:
    await stage.editor.settle()
    return [one["params"] for one in stage.asked("saved")]


async def test_a_file_that_was_edited_and_saved_is_looked_at_once(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, finding(), static(), finding("f2", range=span(3, 0, 3, 5)))
    stage.editor.change(file, FIXED)
    assert await looked(stage) == []
    stage.editor.save(file)
    stage.editor.save(file)
    assert await looked(stage) == [{"root": str(repo), "file": "cart.py", "findings": ["f1", "f2"]}]
    stage.editor.change(file, {"range": span(4, 11, 4, 14), "text": "sum"})
    stage.editor.save(file)
    assert len(await looked(stage)) == 2


async def test_text_that_changes_on_disk_alone_is_not_taken_for_an_edit(start: Start, repo: Path) -> None:
    """Another branch was checked out: the editor takes the new text over and saves nothing."""
    file = repo / "cart.py"
    stage = await reviewed(start, repo, finding())
    file.write_text("print()\n")
    stage.editor.change(file, {"text": "print()\n"})
    assert await looked(stage) == []


async def test_saving_what_was_not_edited_or_holds_no_finding_asks_nothing(start: Start, repo: Path) -> None:
    other = repo / "other.py"
    other.write_text("x = 1\n")
    stage = await reviewed(start, repo, finding(), static("s2", file="other.py"))
    stage.editor.save(repo / "cart.py")
    stage.editor.open(other)
    stage.editor.change(other, {"text": "x = 2\n"})
    stage.editor.save(other)
    assert await looked(stage) == []


async def test_a_worker_that_cannot_look_disturbs_nobody(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, finding())
    stage.worker.script = {**stage.worker.script, "saved": [{"event": "failed", "message": "No."}]}
    stage.editor.change(file, FIXED)
    stage.editor.save(file)
    assert len(await looked(stage)) == 1
    assert not stage.editor.heard("No.")
