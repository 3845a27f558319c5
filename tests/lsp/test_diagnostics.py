"""Findings as diagnostics: what is shown, how it follows edits, and when it goes away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import Stage, Start
from tests.lsp.fake_worker import done
from tests.lsp.profiles import VSCODE, with_encoding
from tests.lsp.samples import QUOTE, SOURCE, finding, span, static


def debate(*findings: dict[str, Any], **report: Any) -> list[dict[str, Any]]:
    return [done(*findings, panel="small", not_spent=None, **report)]


async def reviewed(start: Start, repo: Path, *findings: dict[str, Any], text: str = SOURCE, **options: Any) -> Stage:
    """A stage whose editor shows these findings in an open cart.py."""
    file = repo / "cart.py"
    file.write_bytes(text.encode())
    stage = await start({"review": debate(*findings)}, **options)
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "idle" and stage.asked("review"))
    return stage


async def settled(stage: Stage, file: Path) -> list[dict[str, Any]]:
    """What is shown once the user has paused."""
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.settle()
    return stage.editor.of(file)


def insert(line: int, character: int, text: str) -> dict[str, Any]:
    return {"range": span(line, character, line, character), "text": text}


@pytest.mark.parametrize(
    ("given", "severity"),
    [
        (static(severity="critical"), 1),
        (static(severity="high"), 2),
        (static(severity="medium"), 3),
        (static(severity="low"), 3),
        (finding(severity="critical"), 2),
        (finding(severity="high"), 2),
        (finding(severity="medium"), 3),
    ],
)
async def test_severity_is_the_contracts(start: Start, repo: Path, given: dict[str, Any], severity: int) -> None:
    stage = await reviewed(start, repo, given)
    assert stage.editor.of(repo / "cart.py")[0]["severity"] == severity


async def test_diagnostic_carries_rule_trace_and_other_places(start: Start, repo: Path) -> None:
    (repo / "shop.py").write_text("total([])\n")
    related = [{"file": "shop.py", "range": span(0, 0, 0, 9), "message": "called with an empty list"}]
    stage = await reviewed(start, repo, finding(related=related))
    [shown] = stage.editor.of(repo / "cart.py")
    assert shown["code"] == "debate:correctness"
    assert shown["codeDescription"] == {"href": "rebuttal:/trace/f1.md"}
    assert shown["relatedInformation"] == [
        {
            "location": {"uri": (repo / "shop.py").as_uri(), "range": span(0, 0, 0, 9)},
            "message": "called with an empty list",
        }
    ]
    assert shown["message"].startswith("Division by zero")


async def test_client_without_abilities_gets_plain_diagnostics(start: Start, repo: Path) -> None:
    related = [{"file": "shop.py", "range": span(0, 0, 0, 9), "message": "x"}]
    stage = await reviewed(start, repo, finding(related=related), profile="minimal")
    [shown] = stage.editor.of(repo / "cart.py")
    assert not shown.keys() & {"codeDescription", "relatedInformation", "data"}


async def test_held_back_and_dismissed_findings_are_not_shown(start: Start, repo: Path) -> None:
    held = finding("f2", status="held_back")
    stage = await reviewed(start, repo, finding(), finding("f3", status="dismissed"), held)
    assert [shown["data"]["id"] for shown in stage.editor.of(repo / "cart.py")] == ["f1"]


async def test_findings_shift_with_edits_go_stale_and_come_back(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, finding())
    stage.editor.change(file, insert(0, 0, "# a comment\n"))
    [moved] = await settled(stage, file)
    assert moved["range"] == span(5, 4, 5, 34)
    stage.editor.change(file, {"range": span(5, 11, 5, 14), "text": "max"})
    assert await settled(stage, file) == []
    assert stage.editor.statuses[-1]["findings"]["high"] == 0
    stage.editor.change(file, {"range": span(5, 11, 5, 14), "text": "sum"})
    assert await settled(stage, file) == [moved]


async def test_nothing_is_published_while_typing(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, finding())
    before = len(stage.editor.published)
    for _ in range(5):
        stage.editor.change(file, insert(0, 0, "#\n"))
        await stage.editor.settle()
        stage.clock.advance(0.1)
    assert len(stage.editor.published) == before
    assert len(await settled(stage, file)) == 1
    assert len(stage.editor.published) == before + 1


async def test_static_save_leaves_the_debates_findings(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    script = {"review": debate(finding(), static()), "review:static": [done()]}
    stage = await start(script)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: len(stage.editor.of(file)) == 2)
    stage.editor.save(file)
    await settled(stage, file)
    await stage.editor.until(lambda: [one["code"] for one in stage.editor.of(file)] == ["debate:correctness"])


async def test_findings_of_linters_stay_until_the_linters_are_through_again(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    shown = [static("s1"), static("s2", rule="mypy:arg-type", range=span(4, 4, 4, 34), quote=QUOTE, fix=None)]
    early = {"event": "static", "findings": [shown[0]], "with_linters": False}
    late = {"event": "static", "findings": [shown[0]], "with_linters": True}
    steps = [early, {"wait": "release"}, late, {"wait": "ever"}]
    script = {"review": debate(*shown), "review:static": steps}
    stage = await start(script)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: len(stage.editor.of(file)) == 2)
    stage.editor.save(file)
    await settled(stage, file)
    assert {one["code"] for one in stage.editor.of(file)} == {"ruff:F401", "mypy:arg-type"}
    stage.worker.release()
    await stage.editor.until(lambda: [one["code"] for one in stage.editor.of(file)] == ["ruff:F401"])


async def test_review_of_one_file_leaves_the_others_findings(start: Start, repo: Path) -> None:
    for name in ("cart.py", "other.py"):
        (repo / name).write_text(SOURCE)
    one_file = [done(panel="small", not_spent=None, coverage={"reviewed": [{"file": "cart.py", "hunks": 1}]})]
    stage = await start({"review": debate(finding(), finding("f2", file="other.py")), "review:small": one_file})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(repo / "other.py"))
    await stage.editor.command("rebuttal.review", scope="file", uri=(repo / "cart.py").as_uri(), panel="small")
    await stage.editor.until(lambda: not stage.editor.of(repo / "cart.py"))
    assert len(stage.editor.of(repo / "other.py")) == 1


async def test_new_review_clears_what_is_gone(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start({"review": debate(finding()), "review:small": debate()})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.published[-1]["diagnostics"] == [])


@pytest.mark.parametrize(("encoding", "start_at", "end_at"), [("utf-8", 9, 14), ("utf-16", 7, 12), ("utf-32", 6, 11)])
@pytest.mark.parametrize("is_open", [True, False])
async def test_ranges_are_in_the_clients_units(
    start: Start, repo: Path, encoding: str, start_at: int, end_at: int, is_open: bool
) -> None:
    file = repo / "cart.py"
    file.write_bytes("x='💛';value = 1\n".encode())
    given = finding(range=span(0, 7, 0, 12), quote="x='💛';value = 1")
    stage = await start({"review": debate(given)}, with_encoding(VSCODE, encoding))
    if is_open:
        stage.editor.open(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.of(file))
    assert stage.editor.of(file)[0]["range"] == span(0, start_at, 0, end_at)
    position = {"textDocument": {"uri": file.as_uri()}, "position": {"line": 0, "character": end_at - 1}}
    assert await stage.editor.request("textDocument/hover", position)
    before = {"textDocument": {"uri": file.as_uri()}, "position": {"line": 0, "character": start_at - 2}}
    assert await stage.editor.request("textDocument/hover", before) is None


async def test_old_side_and_whole_file_show_at_the_start_of_a_line(start: Start, repo: Path) -> None:
    old = finding("old", side="old", range=span(99, 4, 99, 9), quote="gone")
    whole = finding("whole", side="file", range=span(0, 0, 0, 0), quote="")
    stage = await reviewed(start, repo, old, whole)
    ranges = {one["data"]["id"]: one["range"] for one in stage.editor.of(repo / "cart.py")}
    assert ranges["whole"] == span(0, 0, 0, 0)
    assert ranges["old"]["start"]["line"] == SOURCE.count("\n")
    position = {"textDocument": {"uri": (repo / "cart.py").as_uri()}, "position": {"line": 0, "character": 5}}
    assert "Division" in (await stage.editor.request("textDocument/hover", position))["contents"]["value"]


async def test_same_fact_of_another_tool_is_not_shown_twice(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, static())
    other = {"range": span(0, 0, 0, 9), "message": "unused", "source": "Ruff", "code": "F401"}
    own = {**other, "source": "rebuttal", "code": "F401"}
    stage.editor.notify("$/rebuttal.diagnostics", {"uri": file.as_uri(), "diagnostics": [own]})
    await stage.editor.settle()
    assert len(stage.editor.of(file)) == 1
    stage.editor.notify("$/rebuttal.diagnostics", {"uri": file.as_uri(), "diagnostics": [other]})
    await stage.editor.until(lambda: not stage.editor.of(file))
    stage.editor.notify("$/rebuttal.diagnostics", {"uri": file.as_uri(), "diagnostics": []})
    await stage.editor.until(lambda: stage.editor.of(file))


async def test_file_with_too_many_findings_shows_the_worst(start: Start, repo: Path) -> None:
    many = [static(f"s{number}", severity="low", fix=None) for number in range(300)]
    stage = await reviewed(start, repo, *many, finding("worst", severity="critical"))
    shown = stage.editor.of(repo / "cart.py")
    assert len(shown) == 200
    assert "worst" in {one["data"]["id"] for one in shown}


async def test_uri_as_the_client_writes_it_is_used(start: Start, repo: Path) -> None:
    file = repo / "a b+c.py"
    file.write_text(SOURCE)
    stage = await start({"review": debate(finding(file="a b+c.py"))})
    uri = file.as_uri().replace("+", "%2B")
    item = {"uri": uri, "languageId": "python", "version": 1, "text": SOURCE}
    stage.editor.notify("textDocument/didOpen", {"textDocument": item})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.published)
    assert stage.editor.published[0]["uri"] == uri


async def test_restored_buffer_that_differs_from_the_disk_is_sent(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start()
    stage.editor.open(file, "restored\n")
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["buffers"] == {str(file): "restored\n"}


async def test_saved_or_untouched_buffers_are_not_sent(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage = await start()
    stage.editor.open(file)
    stage.editor.change(file, {"text": "x\n"})
    stage.editor.save(file)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["buffers"] == {}


async def test_save_all_is_one_review(start: Start, repo: Path) -> None:
    stage = await start()
    for name in ("a.py", "b.py", "c.py"):
        stage.editor.save(repo / name)
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: stage.asked("review"))
    await stage.editor.settle()
    assert len(stage.asked("review")) == 1
    assert [message for message in stage.editor.logged if "Review" in message] == []


@pytest.mark.parametrize("name", [".git/COMMIT_EDITMSG", "../elsewhere.py"])
async def test_save_outside_of_the_change_starts_nothing(start: Start, repo: Path, name: str) -> None:
    stage = await start()
    stage.editor.save((repo / name).resolve())
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.settle()
    assert stage.pipes == []


async def test_failure_of_a_save_is_logged_not_popped_up(start: Start, repo: Path) -> None:
    stage = await start({"review:static": [{"event": "failed", "message": "There is no git: install it."}]})
    stage.editor.save(repo / "a.py")
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: "There is no git: install it." in stage.editor.logged)


async def test_dismissed_finding_goes_and_comes_back_when_restored(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await reviewed(start, repo, finding())
    dismissal = {"finding": "f1", "reason": "false positive", "expires": "2027-01-01"}
    assert await stage.editor.command("rebuttal.dismiss", **dismissal) == {"finding": "f1", "status": "dismissed"}
    assert stage.editor.of(file) == []
    assert stage.asked("dismiss")[0]["params"] == {"root": str(repo), **dismissal}
    assert await stage.editor.command("rebuttal.restore", finding="f1") == {"finding": "f1", "status": "open"}
    assert len(stage.editor.of(file)) == 1
    assert stage.asked("restore")[0]["params"] == {"root": str(repo), "finding": "f1"}
