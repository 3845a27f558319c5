"""What stood before the change: hints in the editor, which count nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.gitrepo import GitRepo, isolated_environment
from tests.lsp.conftest import Stage, Start
from tests.lsp.fake_worker import done
from tests.lsp.profiles import VSCODE
from tests.lsp.samples import QUOTE, SOURCE, finding, span, static
from tests.lsp.test_actions import offered
from tests.lsp.test_code_lens import lenses, told
from tests.lsp.test_diagnostics import insert, settled
from tests.lsp.test_process import Server

HUNKS = {"cart.py": [[0, 5]]}


def stood(id: str = "e1", **given: Any) -> dict[str, Any]:
    """A fault of line 5 that stood before the change."""
    place = {"range": span(4, 4, 4, 10), "quote": QUOTE, "title": "Old fault", "rule": "ruff:B006"}
    more = {"message": "It is old. It stood before the change.", "fix": None, "pre_existing": True}
    return static(id, **{**place, **more, **given})


async def reviewed(
    start: Start, repo: Path, *findings: dict[str, Any], hints: list[dict[str, Any]], **options: Any
) -> Stage:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    ready = {"event": "static", "findings": list(findings), "pre_existing": hints, "hunks": HUNKS}
    coverage = {"reviewed": [{"file": "cart.py", "hunks": 1}], "skipped": []}
    stage = await start({"review": [ready, done(*findings, pre_existing=hints, coverage=coverage)]}, **options)
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state in ("idle", "noKey") and stage.asked("review"))
    await stage.editor.until(lambda: stage.editor.of(file))
    return stage


async def test_it_is_a_hint_and_says_so(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, hints=[stood(severity="critical")])
    [shown] = stage.editor.of(repo / "cart.py")
    assert (shown["severity"], shown["source"], shown["code"]) == (4, "rebuttal", "ruff:B006")
    assert shown["message"].endswith("It stood before the change.")
    assert shown["data"] == {"id": "e1"}


async def test_no_count_and_no_lens_tells_of_it(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, static(severity="low"), hints=[stood(), stood("e2", severity="critical")])
    assert len(stage.editor.of(repo / "cart.py")) == 3
    assert stage.editor.statuses[-1]["findings"] == {"critical": 0, "high": 0, "medium": 0, "low": 1}
    assert told(await lenses(stage, repo / "cart.py")) == [(0, "Rebuttal: 1 low · free · review this hunk again")]


async def test_withheld_hints_are_not_counted_either(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, hints=[stood()])
    stage.editor.change(file, insert(4, 10, "X"))
    assert await settled(stage, file) == []
    assert "withheld" not in stage.editor.statuses[-1]


async def test_it_follows_edits(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, hints=[stood()])
    stage.editor.change(file, insert(0, 0, "# new\n"))
    [shown] = await settled(stage, file)
    assert shown["range"] == span(5, 4, 5, 10)


async def test_what_another_tool_shows_is_not_shown_twice(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, hints=[stood()])
    other = {"range": span(4, 0, 4, 9), "message": "B006", "code": "B006", "source": "Ruff"}
    stage.editor.notify("$/rebuttal.diagnostics", {"uri": file.as_uri(), "diagnostics": [other]})
    await stage.editor.until(lambda: not stage.editor.of(file))


async def test_hints_take_no_room_of_what_the_change_brings(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    hints = [stood(f"e{number}", severity="critical") for number in range(150)]
    brought = [static(f"s{number}", severity="low", fix=None) for number in range(190)]
    stage = await reviewed(start, repo, *brought, hints=hints)
    shown = [one["data"]["id"] for one in stage.editor.of(file)]
    assert len(shown) == 200
    assert sum(one.startswith("s") for one in shown) == 190
    assert "withheld" not in stage.editor.statuses[-1]


async def test_it_is_dismissed_and_restored_like_any(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, hints=[stood()])
    await stage.editor.command("rebuttal.dismiss", finding="e1", reason="won't fix")
    assert stage.editor.of(file) == []
    assert stage.asked("dismiss")[0]["params"]["finding"] == "e1"
    await stage.editor.command("rebuttal.restore", finding="e1")
    [shown] = stage.editor.of(file)
    assert shown["severity"] == 4


async def test_one_that_was_dismissed_before_is_not_shown(start: Start, repo: Path) -> None:
    stage = await reviewed(start, repo, static(), hints=[stood(status="dismissed")])
    assert [one["data"]["id"] for one in stage.editor.of(repo / "cart.py")] == ["s1"]


async def test_it_is_mended_alone_and_never_with_all_others(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    edit = {"edits": [{"file": "cart.py", "range": span(4, 4, 4, 10), "new_text": "yield"}]}
    stage = await reviewed(start, repo, static(), hints=[stood(fix=edit, rule="ruff:F401")])
    fixes = [one for one in await offered(stage, file, 4) if one["title"].startswith(("Apply", "Fix all"))]
    assert [one["title"] for one in fixes] == ["Apply fix: Old fault"]
    assert "isPreferred" not in fixes[0]
    [all_of_them] = await offered(stage, file, 0, only=["source.fixAll"])
    assert all_of_them["title"] == "Rebuttal: fix the static finding"
    resolved = await stage.editor.request("codeAction/resolve", all_of_them)
    [change] = resolved["edit"]["documentChanges"]
    assert change["edits"] == [{"range": span(0, 0, 1, 0), "newText": ""}]


async def test_hover_says_that_it_stood_and_comes_last(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, static(**_at_line_5(), severity="low"), hints=[stood(severity="critical")])
    where = {"textDocument": {"uri": file.as_uri()}, "position": {"line": 4, "character": 6}}
    text = (await stage.editor.request("textDocument/hover", where))["contents"]["value"]
    first, second = text.split("---")
    assert "stood before" not in first
    assert "stood before the change, found without a model" in second


def _at_line_5() -> dict[str, Any]:
    return {"range": span(4, 4, 4, 10), "quote": QUOTE, "fix": None}


async def test_a_hint_takes_no_finding_of_an_earlier_debate_away(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    whole = [done(finding(), panel="small", not_spent=None)]
    broken = [
        done(
            panel="small", not_spent=None, degraded=[{"seat": "a", "phase": "b", "reason": "c"}], pre_existing=[stood()]
        )
    ]
    stage = await start({"review": whole, "review:medium": broken})
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    await stage.editor.command("rebuttal.review", panel="medium")
    await stage.editor.until(lambda: len(stage.editor.of(file)) == 2)
    assert {one["data"]["id"] for one in stage.editor.of(file)} == {"f1", "e1"}


async def test_they_go_when_a_later_review_does_not_tell_of_them(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": [done(static(), pre_existing=[stood()])], "review:small": [done(static())]})
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: len(stage.editor.of(file)) == 2)
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: len(stage.editor.of(file)) == 1)


async def test_they_go_as_soon_as_they_are_switched_off(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, static(), hints=[stood()], settings={"showExisting": True})
    assert stage.asked("review")[0]["params"]["settings"] == {"show_existing": True}
    assert len(stage.editor.of(file)) == 2
    stage.editor.settings = {"showExisting": False}
    stage.editor.notify("workspace/didChangeConfiguration", {"settings": None})
    await stage.editor.until(lambda: [one["data"]["id"] for one in stage.editor.of(file)] == ["s1"])


def test_the_whole_way_to_the_editor(git_repo: GitRepo, tmp_path: Path) -> None:
    file = git_repo.root / "app.py"
    git_repo.write("app.py", "def first(items=[]):\n    return items\n")
    git_repo.commit()
    git_repo.write("app.py", file.read_text() + "\n\ndef second(more={}):\n    return more\n")
    environment = {**isolated_environment(tmp_path / "home"), "ANTHROPIC_API_KEY": ""}
    server = Server(git_repo.root, None, tmp_path / "rebuttal", **environment)
    try:
        server.answers["workspace/configuration"] = [{"showExisting": True}]
        server.initialize(capabilities=VSCODE)
        server.open(file)
        server.send("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
        published = server.until("textDocument/publishDiagnostics")["params"]["diagnostics"]
        assert [(one["severity"], one["range"]["start"]["line"]) for one in published] == [(4, 0), (3, 4)]
        assert published[0]["message"].endswith("It stood before the change.")
        server.request("shutdown")
        server.send("exit")
        assert server.end() == 0
    finally:
        server.stop()
