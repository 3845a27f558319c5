"""The parts of a test in VS Code: the lab, the packaged extension, the repository, the emulator, the driver."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from examples.make_repository import make_repository
from tests.editors.vscode.code_server import CodeServer, Lab
from tests.emulator.server import KEY

ROOT = Path(__file__).parents[3]
CLIENT = ROOT / "client-vscode"
HERE = Path(__file__).parent
Drive = Callable[[CodeServer, Path, str, Sequence[Sequence[str]]], dict[str, Any]]


@pytest.fixture(scope="session")
def lab() -> Lab:
    found = Lab.find()
    if not found.ready:
        pytest.skip("VS Code is not provisioned: run tests/editors/vscode/provision.sh")
    return found


@pytest.fixture(scope="session")
def vsix() -> Path:
    """The packaged extension, made anew when a source is younger."""
    package = CLIENT / "rebuttal.vsix"
    sources = [path for folder in ("src", "media") for path in (CLIENT / folder).rglob("*") if path.is_file()]
    newest = max(path.stat().st_mtime for path in [*sources, CLIENT / "package.json"])
    if not package.exists() or package.stat().st_mtime < newest:
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm is not installed, and client-vscode/rebuttal.vsix is not up to date")
        if not (CLIENT / "node_modules").exists():
            subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=CLIENT, check=True)
        subprocess.run([npm, "run", "--silent", "package"], cwd=CLIENT, check=True)
    return package


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "parcels")


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[str]:
    """The URL of an emulated API whose reviewers know the example's faults."""
    port_file = tmp_path / "port"
    reviewers = ROOT / "examples" / "parcels" / "reviewers.json"
    command = [sys.executable, "-m", "tests.emulator", "--planted", str(reviewers), "--port-file", str(port_file)]
    with (tmp_path / "emulator.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while not port_file.exists():
            assert process.poll() is None, (tmp_path / "emulator.log").read_text("utf-8")
            assert time.monotonic() < end, "the emulator did not start within 60 s"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text('ascii')}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def with_key(emulator: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has a key, with a home of their own."""
    return {"ANTHROPIC_BASE_URL": emulator, "ANTHROPIC_API_KEY": KEY, "REBUTTAL_HOME": str(tmp_path / "rebuttal-home")}


@pytest.fixture
def drive(lab: Lab, tmp_path: Path) -> Drive:
    """Run steps in the workbench; what was seen. A step that fails leaves a picture."""

    def run(server: CodeServer, folder: Path, open_file: str, steps: Sequence[Sequence[str]]) -> dict[str, Any]:
        url = server.url(folder, open_file=open_file)
        pictures = Path(os.environ.get("REBUTTAL_PICTURES") or tmp_path)
        given = {"url": url, "lab": str(lab.folder), "chromium": lab.chromium, "pictures": str(pictures)}
        command = [str(lab.node), str(HERE / "drive.mjs"), json.dumps({**given, "steps": [["open"], *steps]})]
        done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
        assert done.stdout.strip(), done.stderr
        result = json.loads(done.stdout.splitlines()[-1])
        logs = "".join(path.read_text("utf-8", "replace")[-6000:] for path in tmp_path.rglob("Rebuttal.log"))
        assert "failure" not in result, f"{result['failure']}\n{done.stderr}\npicture: {pictures}/failed.png\n{logs}"
        seen = result["seen"]
        assert isinstance(seen, dict)
        return seen

    return run
