"""Pages that are files: private, gone with their server; what a killed one left is removed without harm to others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from rebuttal.lsp.page_folder import FOLDER, PageFolder, sweep
from tests.lsp.test_process import serve  # noqa: F401 - a fixture

PAYLOAD = {"payload": [{"event": "done", "payload": {"text": "x = 1", "panel": "small", "host": "example.org"}}]}


def page(server: Any) -> Path:
    return Path(url2pathname(urlsplit(server.command("rebuttal.showPayload")["uri"]).path))


def test_pages_of_a_killed_server_do_not_stay_for_good(serve: Any, tmp_path: Path) -> None:  # noqa: F811
    killed, living = serve(PAYLOAD), serve(PAYLOAD)
    for server in (killed, living):
        server.initialize()
    left, kept = page(killed), page(living)
    assert left.is_file()
    assert left.parent.parent == kept.parent.parent == tmp_path / "home" / FOLDER
    killed.process.kill()
    killed.process.wait()
    assert left.is_file()
    following = serve(PAYLOAD)
    following.initialize()
    own = page(following)
    while left.parent.exists():  # in a thread that nobody waits for
        following.request("workspace/textDocumentContent", {"uri": "rebuttal:/doctor.md"})
    assert kept.is_file()
    assert own.is_file()
    following.request("shutdown")
    following.send("exit")
    assert following.end() == 0
    assert not own.parent.exists()
    assert kept.is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_sweep_follows_no_link_and_leaves_what_it_did_not_make(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "precious").write_text("x")
    folder = tmp_path / FOLDER
    (folder / ("a" * 32)).mkdir(parents=True)
    (folder / ("a" * 32) / "link").symlink_to(mine, target_is_directory=True)
    (folder / ("b" * 32)).symlink_to(mine, target_is_directory=True)
    (folder / "notes").mkdir()
    (folder / ("c" * 32)).write_text("a file")
    sweep(folder)
    assert (mine / "precious").read_text() == "x"
    assert sorted(path.name for path in folder.iterdir()) == ["b" * 32, "c" * 32, "notes"]


def test_a_folder_in_use_is_swept_by_nobody_and_goes_at_the_end(tmp_path: Path) -> None:
    one, other = PageFolder(tmp_path), PageFolder(tmp_path)
    mine, theirs = one.path(), other.path()
    sweep(tmp_path / FOLDER)
    assert mine.is_dir()
    assert theirs.is_dir()
    assert mine != theirs
    one.close()
    sweep(tmp_path / FOLDER)
    assert not mine.exists()
    assert theirs.is_dir()
    other.close()
    assert list((tmp_path / FOLDER / "owners").iterdir()) == []


def test_pages_are_shown_where_the_home_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    folder = PageFolder(tmp_path / "home")
    path = folder.path()
    assert path.is_dir()
    assert tmp_path not in path.parents
    folder.close()
    assert not path.exists()
