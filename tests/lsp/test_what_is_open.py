"""What the editor knows beside the text goes along with a review: open tabs, and what other tools show."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import Stage, Start
from tests.lsp.samples import span

TEXT = "import os\n\n\ndef total(items):\n    return sum(itmes)\n"


async def asked(stage: Stage, **arguments: Any) -> dict[str, Any]:
    """What the worker is told of one more review."""
    before = len(stage.asked("review"))
    await stage.editor.command("rebuttal.review", **arguments)
    await stage.editor.until(lambda: len(stage.asked("review")) > before)
    params: dict[str, Any] = stage.asked("review")[-1]["params"]
    return params


def diagnostic(line: int, message: str, severity: int = 1, **more: Any) -> dict[str, Any]:
    return {"range": span(line, 0, line, 3), "message": message, "severity": severity, "source": "eslint", **more}


def tell(stage: Stage, file: Path, *diagnostics: dict[str, Any], **more: Any) -> None:
    stage.editor.notify("$/rebuttal.diagnostics", {"uri": file.as_uri(), "diagnostics": list(diagnostics), **more})


async def test_open_tabs_go_along_the_latest_used_first(start: Start, repo: Path, tmp_path: Path) -> None:
    stage = await start()
    files = [repo / name for name in ("a.py", "b.py", "c.py")]
    for file in (*files, tmp_path / "elsewhere.py"):
        stage.editor.open(file, TEXT)
    stage.editor.change(files[0], {"text": "x = 1\n"})
    stage.editor.close(files[2])
    assert (await asked(stage))["open_files"] == ["a.py", "b.py"]


async def test_no_more_than_twenty_tabs_go_along(start: Start, repo: Path) -> None:
    stage = await start()
    for number in range(30):
        stage.editor.open(repo / f"{number:02}.py", TEXT)
    told = (await asked(stage))["open_files"]
    assert told == [f"{number:02}.py" for number in range(29, 9, -1)]


async def test_files_of_a_repository_inside_stay_out(start: Start, repo: Path) -> None:
    inner = repo / "libs" / "inner"
    (inner / ".git").mkdir(parents=True)
    for file in (repo / "a.py", inner / "b.py"):
        file.write_text(TEXT)
    stage = await start()
    for file in (repo / "a.py", inner / "b.py"):
        stage.editor.open(file)
        stage.editor.change(file, {"text": "x = 1\n"})
        tell(stage, file, diagnostic(0, f"in {file.name}"))
    outer = await asked(stage, uri=(repo / "a.py").as_uri())
    assert (outer["root"], outer["open_files"], list(outer["buffers"])) == (str(repo), ["a.py"], [str(repo / "a.py")])
    assert [one["message"] for one in outer["diagnostics"]] == ["in a.py"]
    own = await asked(stage, uri=(inner / "b.py").as_uri())
    assert (own["root"], own["open_files"], list(own["buffers"])) == (str(inner), ["b.py"], [str(inner / "b.py")])
    assert [one["file"] for one in own["diagnostics"]] == ["b.py"]


async def test_diagnostics_of_others_go_along_with_their_lines(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await start()
    stage.editor.open(file, TEXT)
    tell(stage, file, diagnostic(0, "unused", 2, code="F401"), diagnostic(4, "not defined", code="no-undef"))
    await stage.editor.settle()
    stage.editor.change(file, {"range": span(0, 0, 0, 0), "text": "# one line more\n"})
    told = (await asked(stage))["diagnostics"]
    assert told == [
        {
            "file": "cart.py",
            "line": 4,
            "quote": "    return sum(itmes)",
            "severity": 1,
            "tool": "eslint",
            "rule": "no-undef",
            "message": "not defined",
        },
        {
            "file": "cart.py",
            "line": 0,
            "quote": "import os",
            "severity": 2,
            "tool": "eslint",
            "rule": "F401",
            "message": "unused",
        },
    ]


async def test_diagnostics_of_an_older_text_do_not_go_along(start: Start, repo: Path) -> None:
    file = repo / "cart.py"
    stage = await start()
    stage.editor.open(file, TEXT)
    stage.editor.change(file, {"text": "y = 2\n" + TEXT})
    tell(stage, file, diagnostic(4, "not defined"), version=1)
    assert (await asked(stage))["diagnostics"] == []
    tell(stage, file, diagnostic(5, "not defined"), version=2)
    assert [one["quote"] for one in (await asked(stage))["diagnostics"]] == ["    return sum(itmes)"]


@pytest.mark.parametrize("changes", [False, True])
async def test_diagnostics_of_a_file_that_is_not_open(start: Start, repo: Path, changes: bool) -> None:
    file = repo / "cart.py"
    file.write_text(TEXT)
    stage = await start()
    tell(stage, file, diagnostic(4, "not defined"))
    await stage.editor.settle()
    if changes:
        file.write_text("y = 2\n" + TEXT)
        os.utime(file, ns=(1, 1))
    told = (await asked(stage))["diagnostics"]
    assert [(one["line"], one["quote"]) for one in told] == ([] if changes else [(4, None)])


async def test_our_own_diagnostics_and_those_of_elsewhere_do_not_go_along(
    start: Start, repo: Path, tmp_path: Path
) -> None:
    file = repo / "cart.py"
    stage = await start()
    stage.editor.open(file, TEXT)
    tell(stage, file, {**diagnostic(4, "ours"), "source": "rebuttal"})
    tell(stage, tmp_path / "elsewhere.py", diagnostic(0, "theirs"))
    assert (await asked(stage))["diagnostics"] == []


async def test_a_flood_of_diagnostics_is_cut_to_the_gravest(start: Start, repo: Path) -> None:
    stage = await start()
    for number in range(6):
        file = repo / f"{number}.py"
        stage.editor.open(file, "x = 1\n" * 200)
        tell(stage, file, *(diagnostic(line, "hint", 4) for line in range(150)), diagnostic(199, "m" * 9000))
    told = (await asked(stage))["diagnostics"]
    assert len(told) == 400
    assert [one["severity"] for one in told[:7]] == [1, 1, 1, 1, 1, 1, 4]
    assert len(told[0]["message"]) == 2000


@pytest.mark.parametrize(
    ("on_disk", "opened", "dirty"),
    [
        pytest.param("größe = 1\n".encode("latin-1"), "größe = 1\n", False, id="latin-1"),
        pytest.param("x = 1\n".encode("utf-16"), "x = 1\n", False, id="utf-16"),
        pytest.param(b"\xef\xbb\xbfx = 1\n", "x = 1\n", False, id="byte order mark"),
        pytest.param(b"a\r\nb\nc\r\n", "a\r\nb\r\nc\r\n", False, id="mixed ends made alike"),
        pytest.param(b"a\nb\n", "a\nc\n", True, id="restored text"),
    ],
)
async def test_opening_a_file_does_not_make_it_unsaved(
    start: Start, repo: Path, on_disk: bytes, opened: str, dirty: bool
) -> None:
    file = repo / "a.py"
    file.write_bytes(on_disk)
    stage = await start()
    stage.editor.open(file, opened)
    assert bool((await asked(stage))["buffers"]) is dirty
