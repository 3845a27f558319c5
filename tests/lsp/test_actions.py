"""Code actions: made when chosen, against the text as it is then, or refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import Stage, Start
from tests.lsp.profiles import VSCODE, with_encoding
from tests.lsp.samples import QUOTE, SOURCE, finding, span, static
from tests.lsp.test_diagnostics import insert, reviewed

TWO_FILES = {
    "edits": [
        {"file": "cart.py", "range": span(4, 4, 4, 34), "new_text": "return mean(items)"},
        {"file": "shop.py", "range": span(0, 0, 0, 5), "new_text": "mean"},
    ]
}


async def offered(stage: Stage, file: Path, line: int, character: int = 8, **context: Any) -> list[dict[str, Any]]:
    given = {"diagnostics": stage.editor.of(file), **context}
    params = {"textDocument": {"uri": file.as_uri()}, "range": span(line, character, line, character), "context": given}
    answer: list[dict[str, Any]] = await stage.editor.request("textDocument/codeAction", params)
    return answer


async def test_fix_is_resolved_against_the_current_text(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, static())
    stage.editor.change(file, insert(0, 0, "# new\n"))
    [fix, *others] = await offered(stage, file, 1)
    assert fix["title"].startswith("Apply fix: ")
    assert fix["kind"] == "quickfix"
    assert fix["isPreferred"] is True
    assert "edit" not in fix
    assert [action["command"]["command"] for action in others] == ["rebuttal.showTrace"] + ["rebuttal.dismiss"] * 3
    resolved = await stage.editor.request("codeAction/resolve", fix)
    [change] = resolved["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": file.as_uri(), "version": 2}
    assert change["edits"] == [{"range": span(1, 0, 2, 0), "newText": ""}]


async def test_fix_whose_text_has_moved_on_is_disabled_with_the_reason(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    fix_elsewhere = {"edits": [{"file": "cart.py", "range": span(0, 0, 0, 9), "new_text": "import sys"}]}
    stage = await reviewed(start, repo, finding(fix=fix_elsewhere))
    [fix, *_] = await offered(stage, file, 4)
    stage.editor.change(file, insert(0, 9, " as system"))
    resolved = await stage.editor.request("codeAction/resolve", fix)
    assert "edit" not in resolved
    assert resolved["disabled"]["reason"] == "Not applied: the code has changed since the review."
    [again, *_] = await offered(stage, file, 4)
    assert again["disabled"]["reason"] == "Not applied: the code has changed since the review."


async def test_client_without_disabled_actions_is_told_why(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    fix_elsewhere = {"edits": [{"file": "cart.py", "range": span(0, 0, 0, 9), "new_text": "import sys"}]}
    stage = await reviewed(start, repo, finding(fix=fix_elsewhere), profile="neovim")
    [fix, *_] = await offered(stage, file, 4)
    stage.editor.change(file, insert(0, 9, " as system"))
    resolved = await stage.editor.request("codeAction/resolve", fix)
    assert "edit" not in resolved
    await stage.editor.until(lambda: stage.editor.heard("The fix is not applied: the code has changed"))
    assert all("Apply fix" not in action["title"] for action in await offered(stage, file, 4))


async def test_unknown_finding_is_refused(start: Start) -> None:
    stage = await start()
    resolved = await stage.editor.request("codeAction/resolve", {"title": "Apply fix", "data": {"id": "gone"}})
    assert "not known" in resolved["disabled"]["reason"]


async def test_edits_of_several_files_are_confirmed(start: Start, repo: Path) -> None:
    (repo / "shop.py").write_text("total([])\n")
    stage = await reviewed(start, repo, finding(fix=TWO_FILES))
    [fix, *_] = await offered(stage, repo / "cart.py", 4)
    edit = (await stage.editor.request("codeAction/resolve", fix))["edit"]
    assert [change["textDocument"]["version"] for change in edit["documentChanges"]] == [1, None]
    assert edit["changeAnnotations"]["rebuttal"]["needsConfirmation"] is True
    assert edit["documentChanges"][1]["edits"][0]["annotationId"] == "rebuttal"
    assert edit["documentChanges"][1]["edits"][0]["newText"] == "mean"


async def test_other_file_of_a_fix_that_changed_on_disk_stops_the_whole_fix(start: Start, repo: Path) -> None:
    (repo / "shop.py").write_text("total([])\n")
    stage = await reviewed(start, repo, finding(fix=TWO_FILES))
    [fix, *_] = await offered(stage, repo / "cart.py", 4)
    (repo / "shop.py").write_text("something()\n")
    assert (await stage.editor.request("codeAction/resolve", fix))["disabled"]


async def test_client_without_resolve_gets_the_edit_at_once(start: Start, repo: Path) -> None:
    literal = {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}}}
    stage = await reviewed(start, repo, static(), profile={"textDocument": literal})
    [fix, *_] = await offered(stage, repo / "cart.py", 0)
    assert fix["edit"]["changes"] == {(repo / "cart.py").as_uri(): [{"range": span(0, 0, 1, 0), "newText": ""}]}


async def test_client_that_knows_commands_only_gets_commands(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, static(), profile="minimal")
    actions = await offered(stage, repo / "cart.py", 0)
    assert {action["command"] for action in actions} == {"rebuttal.showTrace", "rebuttal.dismiss"}


@pytest.mark.parametrize(("only", "some"), [(["quickfix"], True), ([""], True), (["source.organizeImports"], False)])
async def test_only_the_kinds_that_were_asked_for(start: Start, repo: Path, only: list[str], some: bool) -> None:
    stage = await reviewed(start, repo, static())
    assert bool(await offered(stage, repo / "cart.py", 0, only=only)) is some


async def test_action_names_the_diagnostic_it_belongs_to(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, static())
    for action in await offered(stage, repo / "cart.py", 0):
        assert [one["data"]["id"] for one in action["diagnostics"]] == ["s1"]


@pytest.mark.parametrize(("encoding", "at"), [("utf-8", 9), ("utf-16", 7), ("utf-32", 6)])
async def test_edit_is_in_the_clients_units(start: Start, repo: Path, encoding: str, at: int) -> None:
    text = "x='💛';value = 1\n"
    edits = {"edits": [{"file": "cart.py", "range": span(0, 7, 0, 12), "new_text": "total"}]}
    given = finding(range=span(0, 7, 0, 12), quote=text.strip(), fix=edits)
    stage = await reviewed(start, repo, given, text=text, profile=with_encoding(VSCODE, encoding))
    [fix, *_] = await offered(stage, repo / "cart.py", 0, at + 1)
    resolved = await stage.editor.request("codeAction/resolve", fix)
    assert resolved["edit"]["documentChanges"][0]["edits"][0]["range"] == span(0, at, 0, at + 5)


async def test_fix_applies_on_every_line_end(start: Start, repo: Path) -> None:
    for end in ("\r\n", "\r"):
        text = SOURCE.replace("\n", end)
        stage = await reviewed(start, repo, static(), text=text)
        [fix, *_] = await offered(stage, repo / "cart.py", 0)
        resolved = await stage.editor.request("codeAction/resolve", fix)
        assert resolved["edit"]["documentChanges"][0]["edits"][0]["range"] == span(0, 0, 1, 0)
    assert QUOTE in SOURCE
