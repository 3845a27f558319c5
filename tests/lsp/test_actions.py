"""Code actions: made when chosen, against the text as it is then, or refused with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import Stage, Start
from tests.lsp.editor import RequestFailed
from tests.lsp.profiles import PROFILES, VSCODE, with_encoding
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


def without(profile: dict[str, Any], *path: str) -> dict[str, Any]:
    """A client that lacks one ability."""
    name, *rest = path
    if not rest:
        return {key: value for key, value in profile.items() if key != name}
    return {**profile, name: without(profile[name], *rest)}


def titled(actions: list[dict[str, Any]], start: str) -> list[dict[str, Any]]:
    return [action for action in actions if action["title"].startswith(start)]


def unused(id: str, line: int, name: str, **given: Any) -> dict[str, Any]:
    """An unused import that its fix takes out."""
    edit = {"file": "cart.py", "range": span(line, 0, line + 1, 0), "new_text": ""}
    return static(id, range=span(line, 0, line, 4), quote=f"import {name}", fix={"edits": [edit]}, **given)


IMPORTS = "import os\nimport re\nimport sys\n\nx = 1\n"


async def test_all_fixes_of_a_kind_in_the_file(start: Start, repo: Path) -> None:
    other = static("e", rule="ruff:E711", range=span(4, 0, 4, 1), quote="x = 1", fix=None)
    found = [unused("a", 0, "os"), unused("b", 1, "re"), unused("c", 2, "sys"), other]
    stage = await reviewed(start, repo, *found, text=IMPORTS)
    stage.editor.change(repo / "cart.py", insert(0, 0, "# new\n"))
    [fix] = titled(await offered(stage, repo / "cart.py", 2, 0), "Fix all")
    assert fix["title"] == "Fix all 3 of ruff:F401 in this file"
    assert "edit" not in fix
    [change] = (await stage.editor.request("codeAction/resolve", fix))["edit"]["documentChanges"]
    assert change["textDocument"]["version"] == 2
    assert [one["range"]["start"]["line"] for one in change["edits"]] == [1, 2, 3]
    assert not titled(await offered(stage, repo / "cart.py", 5, 0), "Fix all")


async def test_fixes_of_a_kind_that_moved_on_or_overlap_are_left_out(start: Start, repo: Path) -> None:
    whole = {"edits": [{"file": "cart.py", "range": span(0, 0, 2, 0), "new_text": "import sys\n"}]}
    found = [unused("a", 0, "os"), unused("b", 1, "re"), unused("c", 2, "sys")]
    overlapping = static("d", range=span(1, 0, 1, 4), quote="import re", fix=whole)
    stage = await reviewed(start, repo, *found, overlapping, text=IMPORTS)
    [fix] = titled(await offered(stage, repo / "cart.py", 0, 0), "Fix all")
    stage.editor.change(repo / "cart.py", insert(3, 0, "y = 2"))
    [change] = (await stage.editor.request("codeAction/resolve", fix))["edit"]["documentChanges"]
    assert [one["range"] for one in change["edits"]] == [span(0, 0, 1, 0), span(1, 0, 2, 0)]


async def test_fix_all_whose_fixes_are_gone_says_so(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, unused("a", 0, "os"), unused("b", 1, "re"), text=IMPORTS)
    [fix] = titled(await offered(stage, repo / "cart.py", 0, 0), "Fix all")
    stage.editor.change(repo / "cart.py", {"range": span(0, 0, 2, 0), "text": ""})
    resolved = await stage.editor.request("codeAction/resolve", fix)
    assert resolved["disabled"]["reason"] == "Not applied: none of these fixes applies to the code as it is now."


async def test_fix_all_on_save_takes_fixes_of_tools_only(start: Start, repo: Path) -> None:
    models = finding("m", range=span(1, 0, 1, 4), quote="import re", fix=unused("b", 1, "re")["fix"])
    stage = await reviewed(start, repo, unused("a", 0, "os"), models, unused("c", 2, "sys"), text=IMPORTS)
    [fix] = await offered(stage, repo / "cart.py", 4, 0, only=["source.fixAll"])
    assert fix["kind"] == "source.fixAll.rebuttal"
    [change] = (await stage.editor.request("codeAction/resolve", fix))["edit"]["documentChanges"]
    assert [one["range"]["start"]["line"] for one in change["edits"]] == [0, 2]
    assert not titled(await offered(stage, repo / "cart.py", 0, 0), "Rebuttal: fix all")


async def test_edits_of_several_files_go_file_by_file_where_they_cannot_be_confirmed(start: Start, repo: Path) -> None:
    (repo / "shop.py").write_text("total([])\n")
    client = without(VSCODE, "workspace", "workspaceEdit", "changeAnnotationSupport")
    stage = await reviewed(start, repo, finding(fix=TWO_FILES), profile=client)
    [fix] = titled(await offered(stage, repo / "cart.py", 4), "Apply fix")
    assert fix["title"].startswith("Apply fix in shop.py (file 1 of 2, one at a time): ")
    [change] = (await stage.editor.request("codeAction/resolve", fix))["edit"]["documentChanges"]
    assert change["textDocument"]["uri"] == (repo / "shop.py").as_uri()
    (repo / "shop.py").write_text("mean([])\n")
    [fix] = titled(await offered(stage, repo / "cart.py", 4), "Apply fix")
    assert fix["title"].startswith("Apply fix in cart.py (file 2 of 2, one at a time): ")
    [change] = (await stage.editor.request("codeAction/resolve", fix))["edit"]["documentChanges"]
    assert change["textDocument"]["uri"] == (repo / "cart.py").as_uri()
    (repo / "shop.py").write_text("something()\n")
    [fix] = titled(await offered(stage, repo / "cart.py", 4), "Apply fix")
    assert fix["disabled"]["reason"] == "Not applied: the code has changed since the review."


async def test_dismissed_finding_can_be_restored_where_it_stood(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, finding())
    [dismiss] = titled(await offered(stage, file, 4), "Dismiss (won't fix)")
    await stage.editor.request("workspace/executeCommand", dismiss["command"])
    assert stage.editor.of(file) == []
    stage.editor.change(file, insert(0, 0, "# new\n"))
    [restore] = titled(await offered(stage, file, 5), "Restore dismissed: Division by zero")
    assert not titled(await offered(stage, file, 0), "Restore")
    assert not titled(await offered(stage, file, 5, triggerKind=2), "Restore")
    await stage.editor.request("workspace/executeCommand", restore["command"])
    assert [one["data"]["id"] for one in stage.editor.of(file)] == ["f1"]
    assert stage.editor.of(file)[0]["range"]["start"]["line"] == 5


async def test_what_was_dismissed_before_the_server_started_can_be_restored(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, finding(status="dismissed"))
    assert stage.editor.of(file) == []
    [restore] = titled(await offered(stage, file, 4), "Restore dismissed")
    await stage.editor.request("workspace/executeCommand", restore["command"])
    assert [one["data"]["id"] for one in stage.editor.of(file)] == ["f1"]


async def test_what_a_comment_silences_is_not_restored_and_the_reason_told(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, finding(status="dismissed"))
    stage.worker.script = {"restore": [{"event": "done", "known": False}]}
    with pytest.raises(RequestFailed, match="silenced by a comment"):
        await stage.editor.command("rebuttal.restore", finding="f1")
    assert stage.editor.of(file) == []


async def test_later_comes_back_after_a_week(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding())
    [later] = titled(await offered(stage, repo / "cart.py", 4), "Dismiss (later)")
    await stage.editor.request("workspace/executeCommand", later["command"])
    [asked] = stage.asked("dismiss")
    left = datetime.fromisoformat(asked["params"]["expires"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


async def test_other_dismissals_do_not_expire(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding())
    await stage.editor.command("rebuttal.dismiss", finding="f1", reason="false positive")
    assert stage.asked("dismiss")[0]["params"]["expires"] is None


async def test_only_the_findings_that_the_client_names_on_the_line(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, finding(), finding("f2", title="Another"))
    [named] = [one for one in stage.editor.of(repo / "cart.py") if one["data"]["id"] == "f2"]
    actions = await offered(stage, repo / "cart.py", 4, diagnostics=[named])
    assert {one["command"]["arguments"][0]["finding"] for one in actions} == {"f2"}


async def test_selection_can_be_reviewed(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo)
    where = span(1, 0, 4, 3)
    params = {"textDocument": {"uri": (repo / "cart.py").as_uri()}, "range": where, "context": {"diagnostics": []}}
    [action] = await stage.editor.request("textDocument/codeAction", params)
    assert (action["title"], action["kind"]) == ("Rebuttal: review the selection", "rebuttal.review")
    await stage.editor.request("workspace/executeCommand", action["command"])
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    only = stage.asked("review")[1]["params"]["only"]
    assert (only["start_line"], only["end_line"]) == (1, 4)
    await stage.editor.until(lambda: stage.editor.state == "idle")


async def test_no_light_bulb_for_a_review(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo)
    context = {"diagnostics": [], "triggerKind": 2}
    where = {"textDocument": {"uri": (repo / "cart.py").as_uri()}, "range": span(1, 0, 4, 3), "context": context}
    assert await stage.editor.request("textDocument/codeAction", where) == []


@pytest.mark.parametrize(
    "data", [{}, {"rule": 3, "uri": "file:///x"}, {"rule": None}, {"id": "s1", "uri": 3}, [1], "x"]
)
async def test_action_with_strange_data_is_refused(start: Start, repo: Path, data: Any) -> None:
    stage = await reviewed(start, repo, static(fix=None))
    resolved = await stage.editor.request("codeAction/resolve", {"title": "Apply fix", "data": data})
    assert resolved["disabled"]["reason"].startswith("Not applied: ")


@pytest.mark.parametrize("profile", PROFILES)
async def test_no_client_is_offered_what_it_cannot_apply(start: Start, repo: Path, profile: str) -> None:
    (repo / "shop.py").write_text("total([])\n")
    stage = await reviewed(start, repo, finding(fix=TWO_FILES), static(), profile=profile)
    flags = stage.editor.server.session.flags
    for line in (0, 4):
        for action in await offered(stage, repo / "cart.py", line, 4 if line else 0):
            if not flags.literal_actions:
                assert isinstance(action["command"], str)
                continue
            assert "command" in action or "edit" in action or flags.resolve_action_edit
            whole = await stage.editor.request("codeAction/resolve", action) if "data" in action else action
            edit = whole.get("edit", {})
            assert ("documentChanges" in edit) <= flags.document_changes
            assert ("changeAnnotations" in edit) <= flags.annotated_edits
            touched = {one["textDocument"]["uri"] for one in edit.get("documentChanges", ())} | set(
                edit.get("changes", ())
            )
            assert len(touched) <= 1 or "changeAnnotations" in edit
