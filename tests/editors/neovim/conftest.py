"""The parts of a test in Neovim: the snippet of the documentation, the example repository, a driver in Lua."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from examples.make_repository import make_repository
from tests.editors.snippets import blocks
from tests.gitrepo import isolated_environment

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
Neovim = Callable[..., dict[str, Any]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "parcels")


@pytest.fixture
def neovim(repository: Path, tmp_path: Path) -> Neovim:
    """Runs a driver in Neovim with the documented snippet as its only plugin; what the driver has seen."""
    program = os.environ.get("REBUTTAL_NVIM") or shutil.which("nvim")
    if program is None:
        pytest.skip("Neovim is not installed: apt-get install neovim")
    config = tmp_path / "config" / "nvim"
    (config / "plugin").mkdir(parents=True)
    (config / "plugin" / "rebuttal.lua").write_text("".join(blocks("neovim.md", "lua")), "utf-8")
    (config / "init.lua").write_text("", "utf-8")
    command = tmp_path / "bin" / "rebuttal"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rebuttal "$@"\n', "utf-8")
    command.chmod(0o755)
    seen = tmp_path / "seen.json"
    environment = {
        **isolated_environment(tmp_path / "home"),
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "server"),
        "REBUTTAL_HOME": str(tmp_path / "rebuttal-home"),
        "SEEN": str(seen),
        **{f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")},
    }

    def run(driver: str, **more: str) -> dict[str, Any]:
        arguments = [program, "--headless", "-i", "NONE", "-n", "-c", f"luafile {HERE / driver}"]
        ran = subprocess.run(
            arguments,
            cwd=repository,
            env={**environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        log = "".join(path.read_text("utf-8", "replace")[-4000:] for path in tmp_path.rglob("lsp.log"))
        assert seen.exists(), f"{ran.stdout}{ran.stderr}{log}"
        found = json.loads(seen.read_text("utf-8"))
        assert isinstance(found, dict)
        assert "failure" not in found, f"{found['failure']}\n{ran.stderr}\n{log}"
        assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}{log}"
        return found

    return run
