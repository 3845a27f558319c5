"""Running an editor without a window, with a driver in the editor's own language."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 240.0
"""Seconds; only a failing test waits so long."""


def drive(command: Sequence[str], repository: Path, environment: Mapping[str, str], log: str = "*.log") -> Any:
    """Run an editor in the repository; what its driver has seen. `log`: files under the test's folder that say more."""
    ran = subprocess.run(
        command,
        cwd=repository,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    logs = "".join(path.read_text("utf-8", "replace")[-4000:] for path in repository.parent.rglob(log))
    told = f"{ran.stdout}{ran.stderr}{logs}"
    seen = Path(environment["SEEN"])
    assert seen.exists(), told
    found = json.loads(seen.read_text("utf-8"))
    assert "failure" not in found, f"{found['failure']}\n{told}"
    assert ran.returncode == 0, told
    return found


@contextmanager
def listening_server(environment: Mapping[str, str], file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`rebuttal serve --tcp 0`, which has written to `file` where it listens, as the pages of docs/editors start it."""
    with file.open("wb") as told:
        command = ["rebuttal", "serve", "--tcp", "0"]
        server = subprocess.Popen(command, env=dict(environment), stdin=subprocess.DEVNULL, stderr=told)
    try:
        end = time.monotonic() + 60
        while b"\n" not in file.read_bytes():
            assert server.poll() is None, file.read_text("utf-8")
            assert time.monotonic() < end, "the server did not say where it listens"
            time.sleep(0.05)
        yield server
    finally:
        server.kill()
        server.wait(20)
