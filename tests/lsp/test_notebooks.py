"""Notebooks that are open in the editor: unsaved cells are reviewed, findings show in the cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gitrepo import GitRepo, isolated_environment
from tests.lsp.conftest import Stage, Start
from tests.lsp.fake_worker import done
from tests.lsp.profiles import NEOVIM, VSCODE
from tests.lsp.samples import finding, span
from tests.lsp.test_process import Server

CELLS = ["# Totals", "import os\n\nx = 1", "def total(items):\n    return sum(items) / len(items)"]

Send = Callable[[str, Any], None]


class Notebook:
    """A notebook as VS Code tells of it: cells are documents of their own, named by a scheme of theirs."""

    def __init__(self, send: Send, path: Path) -> None:
        self.send, self.path = send, path
        self.version = 1
        self.uris: list[str] = []

    def _item(self, text: str, language: str = "python") -> dict[str, Any]:
        uri = f"vscode-notebook-cell:{self.path.as_uri().removeprefix('file://')}#W{self.version}s{len(self.uris)}"
        self.uris.append(uri)
        return {"uri": uri, "languageId": language, "version": 1, "text": text}

    def open(self, *texts: str) -> None:
        items = [self._item(text, "markdown" if text.startswith("# ") else "python") for text in texts]
        cells = [{"kind": 1 if one["languageId"] == "markdown" else 2, "document": one["uri"]} for one in items]
        document = {
            "uri": self.path.as_uri(),
            "notebookType": "jupyter-notebook",
            "version": 1,
            "metadata": {"kernelspec": {"name": "python3"}},
            "cells": cells,
        }
        self.send("notebookDocument/didOpen", {"notebookDocument": document, "cellTextDocuments": items})

    def _change(self, cells: dict[str, Any]) -> None:
        self.version += 1
        document = {"uri": self.path.as_uri(), "version": self.version}
        self.send("notebookDocument/didChange", {"notebookDocument": document, "change": {"cells": cells}})

    def type(self, cell: int, *changes: dict[str, Any]) -> None:
        document = {"uri": self.uris[cell], "version": self.version + 1}
        self._change({"textContent": [{"document": document, "changes": list(changes)}]})

    def insert(self, at: int, text: str) -> None:
        item = self._item(text)
        array = {"start": at, "deleteCount": 0, "cells": [{"kind": 2, "document": item["uri"]}]}
        self._change({"structure": {"array": array, "didOpen": [item]}})
        self.uris.insert(at, self.uris.pop())

    def delete(self, at: int) -> None:
        array = {"start": at, "deleteCount": 1}
        self._change({"structure": {"array": array, "didClose": [{"uri": self.uris.pop(at)}]}})

    def run(self, cell: int) -> None:
        data = {"kind": 2, "document": self.uris[cell], "executionSummary": {"executionOrder": 1, "success": True}}
        self._change({"data": [data]})

    def save(self) -> None:
        self.send("notebookDocument/didSave", {"notebookDocument": {"uri": self.path.as_uri()}})

    def close(self) -> None:
        documents = [{"uri": uri} for uri in self.uris]
        closed = {"notebookDocument": {"uri": self.path.as_uri()}, "cellTextDocuments": documents}
        self.send("notebookDocument/didClose", closed)


def in_cell(id: str = "f1", cell: int = 2, **more: Any) -> dict[str, Any]:
    """A finding in the last of CELLS, as the worker sends it."""
    quote = "    return sum(items) / len(items)"
    edit = {"file": "nb.ipynb", "range": span(30, 5, 30, 9), "new_text": "\\n"}
    edit["cell"] = {"index": cell, "range": span(1, 4, 1, 10), "new_text": "yield"}
    place = {"index": cell, "range": span(1, 4, 1, 34)}
    given = {"file": "nb.ipynb", "range": span(30, 8, 30, 40), "quote": quote, "cell": place, "fix": {"edits": [edit]}}
    return finding(id, **{**given, **more})


def notebook_file(*cells: str) -> str:
    made = [
        {"cell_type": "markdown" if text.startswith("# ") else "code", "metadata": {}, "source": text}
        | ({} if text.startswith("# ") else {"execution_count": 3, "outputs": [{"output_type": "stream"}]})
        for text in cells
    ]
    metadata = {"kernelspec": {"name": "k", "display_name": "K", "language": "python"}}
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


async def opened(start: Start, repo: Path, *findings: dict[str, Any], review: bool = True) -> tuple[Stage, Notebook]:
    file = repo / "nb.ipynb"
    file.write_text(notebook_file(*CELLS))
    stage = await start({"review": [done(*findings, panel="small", not_spent=None)]})
    notebook = Notebook(stage.editor.notify, file)
    notebook.open(*CELLS)
    if review:
        await stage.editor.command("rebuttal.review")
        await stage.editor.until(lambda: stage.editor.state == "idle" and stage.asked("review"))
    return stage, notebook


def shown(stage: Stage, uri: str) -> list[tuple[str, int]]:
    return [(one["data"]["id"], one["range"]["start"]["line"]) for one in stage.editor.diagnostics.get(uri, [])]


async def told(stage: Stage, **arguments: Any) -> dict[str, Any]:
    before = len(stage.asked("review"))
    await stage.editor.command("rebuttal.review", **arguments)
    await stage.editor.until(lambda: len(stage.asked("review")) > before)
    params: dict[str, Any] = stage.asked("review")[-1]["params"]
    return params


async def test_cells_are_asked_for_where_the_client_knows_notebooks(start: Start) -> None:
    result = await (await start(initialize=False)).editor.initialize()
    assert result["capabilities"]["notebookDocumentSync"] == {
        "notebookSelector": [{"notebook": {"notebookType": "jupyter-notebook", "scheme": "file"}}],
        "save": True,
    }
    other = await (await start(profile=NEOVIM, initialize=False)).editor.initialize()
    assert "notebookDocumentSync" not in other["capabilities"]


async def test_unsaved_cells_go_to_the_worker_until_they_are_saved(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo, review=False)
    notebook.type(1, {"range": span(2, 4, 2, 5), "text": "2"})
    notebook.insert(2, "y = x")
    params = await told(stage)
    kinds = [(one["kind"], one["language"], one["text"]) for one in params["notebooks"][str(notebook.path)]]
    assert kinds == [
        ("markdown", "markdown", CELLS[0]),
        ("code", "python", "import os\n\nx = 2"),
        ("code", "python", "y = x"),
        ("code", "python", CELLS[2]),
    ]
    assert (params["buffers"], params["open_files"]) == ({}, ["nb.ipynb"])
    notebook.save()
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    assert stage.asked("review")[-1]["params"]["notebooks"] == {}
    notebook.run(1)
    assert (await told(stage))["notebooks"] == {}


async def test_a_finding_shows_in_its_cell_and_follows_it(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo, in_cell())
    last = notebook.uris[2]
    assert shown(stage, last) == [("f1", 1)]
    assert stage.editor.of(notebook.path) == []
    notebook.type(2, {"range": span(0, 0, 0, 0), "text": "# a line\n"})
    notebook.insert(0, "first = 1")
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: shown(stage, last) == [("f1", 2)])
    notebook.type(3, {"range": span(2, 4, 2, 10), "text": "yield"})
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: shown(stage, last) == [])


async def test_hover_fix_and_trace_work_in_a_cell(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo, in_cell())
    where = {"textDocument": {"uri": notebook.uris[2]}, "position": {"line": 1, "character": 6}}
    assert "Division" in (await stage.editor.request("textDocument/hover", where))["contents"]["value"]
    asked = {"textDocument": {"uri": notebook.uris[2]}, "range": span(1, 4, 1, 5), "context": {"diagnostics": []}}
    fix = (await stage.editor.request("textDocument/codeAction", asked))[0]
    [change] = (await stage.editor.request("codeAction/resolve", fix))["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": notebook.uris[2], "version": 1}
    assert change["edits"] == [{"range": span(1, 4, 1, 10), "newText": "yield"}]
    opened_at = await stage.editor.command("rebuttal.showTrace", finding="f1")
    trace = await stage.editor.request("workspace/textDocumentContent", opened_at)
    assert "nb.ipynb cell 3, line 2" in trace["text"]


async def test_closing_a_notebook_moves_its_findings_to_the_file_and_opening_brings_them_back(
    start: Start, repo: Path
) -> None:
    stage, notebook = await opened(start, repo, in_cell(), review=False)
    notebook.save()
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: shown(stage, notebook.uris[2]))
    notebook.close()
    await stage.editor.until(lambda: shown(stage, notebook.path.as_uri()) == [("f1", 30)])
    assert shown(stage, notebook.uris[2]) == []
    again = Notebook(stage.editor.notify, notebook.path)
    again.open("new = 1", *CELLS)
    await stage.editor.until(lambda: shown(stage, again.uris[3]) == [("f1", 1)])
    assert shown(stage, notebook.path.as_uri()) == []


async def test_a_deleted_cell_takes_its_findings_along_until_its_lines_are_back(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo, in_cell())
    gone = notebook.uris[2]
    notebook.delete(2)
    await stage.editor.until(lambda: not shown(stage, gone))
    assert shown(stage, notebook.path.as_uri()) == []
    notebook.insert(1, CELLS[2])
    await stage.editor.until(lambda: shown(stage, notebook.uris[1]) == [("f1", 1)])


async def test_what_is_typed_while_a_review_runs_is_followed_in_cells_too(start: Start, repo: Path) -> None:
    file = repo / "nb.ipynb"
    file.write_text(notebook_file(*CELLS))
    stage = await start({"review": [{"wait": "release"}, done(in_cell(), panel="small", not_spent=None)]})
    notebook = Notebook(stage.editor.notify, file)
    notebook.open(*CELLS)
    await told(stage)
    notebook.type(2, {"range": span(0, 0, 0, 0), "text": "# one\n# two\n"})
    await stage.editor.settle()
    stage.worker.release()
    await stage.editor.until(lambda: shown(stage, notebook.uris[2]) == [("f1", 3)])


async def test_a_selection_in_a_cell_is_lines_of_the_notebook(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo, review=False)
    where = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 3}}
    params = await told(stage, uri=notebook.uris[2], range=where)
    # Headings stand before "# Totals", before the three lines of the second cell, and before the third.
    assert params["only"]["file"] == str(notebook.path)
    assert (params["only"]["start_line"], params["only"]["end_line"]) == (7, 8)
    assert (await told(stage, uri=notebook.uris[2], scope="file"))["scope"] == "file:nb.ipynb"


async def test_what_other_tools_show_in_a_cell_is_told_by_the_notebooks_lines(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo, review=False)
    other = {"range": span(1, 4, 1, 10), "message": "may divide by zero", "source": "pylance", "severity": 2}
    stage.editor.notify("$/rebuttal.diagnostics", {"uri": notebook.uris[2], "diagnostics": [other]})
    [one] = (await told(stage))["diagnostics"]
    assert (one["file"], one["line"], one["quote"]) == ("nb.ipynb", 8, CELLS[2].split("\n")[1])


async def test_changes_of_notebooks_that_are_not_open_are_left_out(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo, review=False)
    ghost = Notebook(stage.editor.notify, repo / "ghost.ipynb")
    ghost.uris = ["vscode-notebook-cell:/nowhere#1"]
    ghost.type(0, {"text": "x"})
    ghost.close()
    notebook.uris.append("vscode-notebook-cell:/nowhere#2")
    notebook.type(3, {"text": "x"})
    virtual = Notebook(stage.editor.notify, repo / "v.ipynb")
    virtual.path = Path("/not/there.ipynb")
    virtual.open("x = 1")
    params = await told(stage, uri=notebook.path.as_uri())
    assert params["open_files"] == ["nb.ipynb"]


async def test_a_folder_that_is_closed_takes_the_findings_of_cells_along(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo, in_cell())
    assert shown(stage, notebook.uris[2])
    event = {"added": [], "removed": [{"uri": repo.as_uri(), "name": repo.name}]}
    stage.editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    await stage.editor.until(lambda: not shown(stage, notebook.uris[2]))


# With the real worker and git


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[GitRepo, Server]]:
    git = GitRepo.create(tmp_path / "shop", tmp_path / "home")
    git.commit("base", {"nb.ipynb": notebook_file("# Totals", "x = 1")})
    environment = isolated_environment(tmp_path / "home")
    server = Server(git.root, None, tmp_path / "rebuttal", **environment, ANTHROPIC_API_KEY="")
    server.initialize(capabilities=VSCODE)
    yield git, server
    server.stop()


def test_an_unsaved_cell_is_reviewed_and_its_finding_shows_in_it(real: tuple[GitRepo, Server]) -> None:
    git, server = real
    notebook = Notebook(server.send, git.path("nb.ipynb"))
    notebook.open("# Totals", "x = 1")
    notebook.insert(1, "%matplotlib inline\n\ndef add(item, items=[]):\n    items.append(item)\n    return items")
    server.command("rebuttal.review", panel="static", uri=git.path("nb.ipynb").as_uri())
    found = server.until("textDocument/publishDiagnostics")["params"]
    assert found["uri"] == notebook.uris[1]
    [shown] = found["diagnostics"]
    assert (shown["code"], shown["range"]["start"]["line"]) == ("ruff:B006", 2)
    assert git.git("status", "--porcelain") == ""


def test_an_open_notebook_without_changes_is_no_change(real: tuple[GitRepo, Server]) -> None:
    git, server = real
    git.write("other.py", "def add(item, items=[]):\n    return items\n")
    notebook = Notebook(server.send, git.path("nb.ipynb"))
    notebook.open("# Totals", "x = 1")
    server.command("rebuttal.review", panel="static", uri=git.path("nb.ipynb").as_uri())
    found = server.until("textDocument/publishDiagnostics")["params"]
    assert found["uri"] == git.path("other.py").as_uri()
    server.request("shutdown")
    assert notebook.uris[1] not in {
        one["params"]["uri"] for one in server.messages if one.get("method") == "textDocument/publishDiagnostics"
    }
