"""Neovim without a window, with the documented snippet as its only plugin."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.editors.drivers import drive
from tests.editors.snippets import blocks

HERE = Path(__file__).parent
Neovim = Callable[..., dict[str, Any]]


@pytest.fixture
def neovim(repository: Path, surroundings: dict[str, str]) -> Neovim:
    """Runs a driver; what it has seen. REBUTTAL_NVIM names another Neovim than the installed one."""
    program = os.environ.get("REBUTTAL_NVIM") or shutil.which("nvim")
    if program is None:
        pytest.skip("Neovim is not installed: apt-get install neovim")
    config = Path(surroundings["XDG_CONFIG_HOME"]) / "nvim"
    (config / "plugin").mkdir(parents=True)
    (config / "plugin" / "rebuttal.lua").write_text("".join(blocks("neovim.md", "lua")), "utf-8")
    (config / "init.lua").write_text("", "utf-8")

    def run(driver: str, **more: str) -> dict[str, Any]:
        command = [program, "--headless", "-i", "NONE", "-n", "-c", f"luafile {HERE / driver}"]
        found: dict[str, Any] = drive(command, repository, {**surroundings, **more}, "lsp.log")
        return found

    return run
