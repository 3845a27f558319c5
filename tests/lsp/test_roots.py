"""Several repositories in one editor: a file is reviewed in the nearest one, with real git."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gitrepo import GitRepo, isolated_environment
from tests.lsp.conftest import Start
from tests.lsp.editor import RequestFailed
from tests.lsp.profiles import VSCODE
from tests.lsp.test_process import Server

GOOD = "def add(item, items):\n    return items\n"
BAD = "def add(item, items=[]):\n    return items\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder that is no repository and holds two; one of them has a submodule, a nested repository and a worktree."""
    folder, home = (tmp_path / "work space").resolve(), tmp_path / "home"
    GitRepo.create(folder / "ünrelated", home).commit("base", {"mod.py": GOOD})
    library = GitRepo.create(tmp_path / "library", home)
    library.commit("base", {"mod.py": GOOD})
    app = GitRepo.create(folder / "app", home)
    app.commit("base", {"mod.py": GOOD})
    app.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.root), "sub")
    app.commit("submodule")
    GitRepo.create(app.root / "nested", home).commit("base", {"mod.py": GOOD})
    app.git("worktree", "add", "-q", "-b", "other", str(app.root / "trees" / "other"))
    return folder


@pytest.fixture
def server(workspace: Path, tmp_path: Path) -> Iterator[Server]:
    environment = isolated_environment(tmp_path / "home")
    server = Server(workspace, None, tmp_path / "rebuttal", **environment, ANTHROPIC_API_KEY="")
    server.initialize(capabilities=VSCODE)
    yield server
    server.stop()


def published(server: Server, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    while True:
        params: dict[str, Any] = server.until("textDocument/publishDiagnostics")["params"]
        if condition(params):
            return params


def test_every_repository_of_a_folder_reviews_its_own_files(server: Server, workspace: Path) -> None:
    roots = ["app", "ünrelated", "app/sub", "app/nested", "app/trees/other"]
    for root in roots:
        file = workspace / root / "mod.py"
        file.write_text(BAD)
        server.open(file)
        server.send("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
        found = published(server, lambda params: bool(params["diagnostics"]))
        assert found["uri"] == file.as_uri(), root
        assert [one["code"] for one in found["diagnostics"]] == ["ruff:B006"]
        status = server.until_status("idle", "noKey")
        while status["findings"]["medium"] + status["findings"]["high"] + status["findings"]["low"] == 0:
            status = server.until_status("idle", "noKey")
        assert status["repository"] == str(workspace / root)


def test_an_unsaved_file_of_a_submodule_is_no_part_of_the_outer_change(server: Server, workspace: Path) -> None:
    inner, outer = workspace / "app" / "sub" / "mod.py", workspace / "app" / "mod.py"
    for file in (inner, outer):
        server.open(file)
        changes = [{"text": BAD}]
        server.send(
            "textDocument/didChange",
            {"textDocument": {"uri": file.as_uri(), "version": 2}, "contentChanges": changes},
        )
    server.command("rebuttal.review", panel="static", uri=outer.as_uri())
    assert published(server, lambda params: bool(params["diagnostics"]))["uri"] == outer.as_uri()
    server.command("rebuttal.review", panel="static", uri=inner.as_uri())
    assert published(server, lambda params: bool(params["diagnostics"]))["uri"] == inner.as_uri()


async def test_without_a_file_named_the_repository_of_the_latest_document_is_meant(
    start: Start, workspace: Path
) -> None:
    stage = await start(folders=[workspace])
    stage.editor.open(workspace / "app" / "mod.py")
    stage.editor.open(workspace / "ünrelated" / "mod.py")
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["root"] == str(workspace / "ünrelated")


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "git:/shop/cart.py?%7B%22ref%22%3A%22HEAD%22%7D",
        "vscode-vfs://github/me/shop/cart.py",
        "vscode-notebook-cell:/shop/unknown.ipynb#W0",
    ],
)
@pytest.mark.parametrize("arguments", [{"scope": "file"}, {"range": {"start": {"line": 0}, "end": {"line": 1}}}])
async def test_a_document_that_is_not_on_disk_is_refused_with_a_sentence(
    start: Start, uri: str, arguments: dict[str, Any]
) -> None:
    stage = await start()
    with pytest.raises(RequestFailed) as refused:
        await stage.editor.command("rebuttal.review", uri=uri, **arguments)
    assert refused.value.message == "Only files on disk can be reviewed; save this document first."
    stage.editor.notify(
        "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": BAD}}
    )
    stage.editor.notify(
        "textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": GOOD}]}
    )
    stage.editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    params = stage.asked("review")[0]["params"]
    assert (params["buffers"], params["open_files"]) == ({}, [])


@pytest.mark.parametrize("vouched", ["1", ""])
def test_an_open_folder_is_trusted_only_where_the_editor_vouches_and_no_restart_is_needed(
    tmp_path: Path, vouched: str
) -> None:
    """VS Code asks its user about trust; before, a folder added later was trusted only by another server."""
    app, other = (GitRepo.create(tmp_path / name, tmp_path / "home") for name in ("app", "other"))
    for repository in (app, other):
        repository.commit("base", {"mod.py": GOOD, "mypy.ini": "[mypy]\n"})
    environment = isolated_environment(tmp_path / "home")
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # mypy is there
    server = Server(app.root, None, tmp_path / "rebuttal", **environment, REBUTTAL_TRUST_OPEN_FOLDERS=vouched)
    server.initialize(capabilities=VSCODE)

    def told(repository: GitRepo) -> str:
        checks = server.command("rebuttal.doctor", uri=(repository.root / "mod.py").as_uri())["checks"]
        return next(str(one["message"]) for one in checks if one["name"] == "linters")

    def changed(kind: str, repository: GitRepo) -> dict[str, Any]:
        folder = {"uri": repository.root.as_uri(), "name": repository.root.name}
        return {"event": {"added": [], "removed": [], kind: [folder]}}

    try:
        assert ("config.toml" not in told(app)) is bool(vouched)
        assert "config.toml" in told(other)
        server.send("workspace/didChangeWorkspaceFolders", changed("added", other))
        assert ("config.toml" not in told(other)) is bool(vouched)
        server.send("workspace/didChangeWorkspaceFolders", changed("removed", other))
        assert "config.toml" in told(other)
    finally:
        server.stop()
