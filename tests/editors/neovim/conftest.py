"""Neovim without a window, with the documented snippet as its only plugin."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.editors.drivers import drive
from tests.editors.snippets import blocks

HERE = Path(__file__).parent
Neovim = Callable[..., dict[str, Any]]
_COMMAND = re.compile(r"^local command, options = .*$", re.MULTILINE)


@pytest.fixture
def neovim(repository: Path, surroundings: dict[str, str]) -> Neovim:
    """Runs a driver; what it has seen. `listening`: the file that says where a server listens, to be spoken to by TCP.
    REBUTTAL_NVIM names another Neovim than the installed one."""
    program = os.environ.get("REBUTTAL_NVIM") or shutil.which("nvim")
    if program is None:
        pytest.skip("Neovim is not installed: apt-get install neovim")
    config = Path(surroundings["XDG_CONFIG_HOME"]) / "nvim"
    (config / "plugin").mkdir(parents=True)
    snippet, over_tcp = blocks("neovim.md", "lua")
    (config / "init.lua").write_text("", "utf-8")

    def run(driver: str, listening: Path | None = None, **more: str) -> dict[str, Any]:
        code = snippet
        if listening is not None:
            (config / "init.lua").write_text(f"vim.g.rebuttal_listening = [[{listening}]]\n", "utf-8")
            code, replaced = _COMMAND.subn(lambda _: over_tcp, snippet)
            assert replaced == 1, "the page names a line that is not in the snippet"
        (config / "plugin" / "rebuttal.lua").write_text(code, "utf-8")
        command = [program, "--headless", "-i", "NONE", "-n", "-c", f"luafile {HERE / driver}"]
        found: dict[str, Any] = drive(command, repository, {**surroundings, **more}, "lsp.log")
        return found

    return run
