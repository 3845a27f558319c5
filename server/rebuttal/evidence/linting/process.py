"""Runs a program of somebody else's with bounds: time, memory, output; without network, without our secrets."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from attrs import define, field, frozen

from rebuttal.evidence.linting.tool import MEBIBYTE, Memory
from rebuttal.evidence.model import Completed

_DEAD = "http://127.0.0.1:9"
"""Where nothing listens: the discard port."""
_KEPT = frozenset(
    {
        "HOME",
        "USERPROFILE",
        "PATH",
        "PATHEXT",
        "SYSTEMROOT",
        "SYSTEMDRIVE",
        "WINDIR",
        "COMSPEC",
        "TEMP",
        "TMP",
        "TMPDIR",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "APPDATA",
        "LOCALAPPDATA",
        "PROGRAMDATA",
        "PROGRAMFILES",
        "PROGRAMFILES(X86)",
        "NUMBER_OF_PROCESSORS",
        "PROCESSOR_ARCHITECTURE",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
        "GOPATH",
        "GOROOT",
        "GOCACHE",
        "GOMODCACHE",
        "XDG_CACHE_HOME",
        "VIRTUAL_ENV",
    }
)
"""What of our environment a linter gets: enough to be run, and no key, token or proxy's password."""
_OFFLINE = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), _DEAD),
    "NO_PROXY": "",
    "no_proxy": "",
    "npm_config_offline": "true",
    "COREPACK_ENABLE_NETWORK": "0",
    "NO_UPDATE_NOTIFIER": "1",
    "CARGO_NET_OFFLINE": "true",
    "RUSTUP_AUTO_INSTALL": "0",
    "GOPROXY": "off",
    "GOTOOLCHAIN": "local",
    "GOFLAGS": "-mod=readonly",
    "PIP_NO_INDEX": "1",
    "UV_OFFLINE": "1",
    "SEMGREP_SEND_METRICS": "off",
    "SEMGREP_ENABLE_VERSION_CHECK": "0",
    "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
    "DO_NOT_TRACK": "1",
    "NO_COLOR": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
}
_MEGABYTES_OF_ERRORS = 1
_DRAIN = 1.0
"""Seconds in which what an ended program wrote is read, where a child of it holds the pipe open."""
_TICK = 0.02


class Broken(Exception):
    """A program was ended, or could not be started; the message completes the sentence "the program ..."."""


@frozen
class Bounds:
    """How much a program may take."""

    seconds: float = 30
    memory: int = 2048 * MEBIBYTE
    """Bytes; nothing bounds them on Windows."""
    bounded: Memory = "address space"
    output: int = 16 * MEBIBYTE


def clean_environment(environment: Mapping[str, str], more: Mapping[str, str] = {}) -> dict[str, str]:
    """The environment of a linter: what it needs to be run, and settings that keep it off the network."""
    kept = {name: value for name, value in environment.items() if name.upper() in _KEPT}
    return {**kept, **_OFFLINE, **more}


@define(eq=False)
class Processes:
    """The programs of one review, so that all of them can be ended with it."""

    _running: set[subprocess.Popen[bytes]] = field(factory=set)
    _lock: threading.Lock = field(factory=threading.Lock)
    _stopped: bool = False

    def run(self, command: list[str], folder: Path, environment: Mapping[str, str], bounds: Bounds) -> Completed:
        """Run it to its end, with no input. Raises Broken when it cannot start, takes too long or says too much."""
        with self._lock:
            if self._stopped:
                raise Broken("was not run: the review was stopped")
            try:
                process = _start(command, folder, environment, bounds)
            except (OSError, ValueError) as error:
                raise Broken(f"could not be started ({type(error).__name__})") from None
            self._running.add(process)
        try:
            return self._watch(process, bounds)
        finally:
            end_tree(process)
            with self._lock:
                self._running.discard(process)

    def stop(self) -> None:
        """End every program, and start no other."""
        with self._lock:
            self._stopped = True
            running = tuple(self._running)
        for process in running:
            end_tree(process)

    def _watch(self, process: subprocess.Popen[bytes], bounds: Bounds) -> Completed:
        output = _Reader(process.stdout, bounds.output)
        errors = _Reader(process.stderr, _MEGABYTES_OF_ERRORS * MEBIBYTE, drops=True)
        end = time.monotonic() + bounds.seconds
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_TICK)
            if output.flooded:
                raise Broken(f"printed more than {bounds.output // MEBIBYTE} MB and was ended")
            if process.returncode is not None:
                break
            if time.monotonic() > end:
                raise Broken(f"took more than {bounds.seconds:.0f} s and was ended")
        end_tree(process)
        if self._stopped:
            raise Broken("was not run: the review was stopped")
        text = output.text()
        if output.flooded:
            raise Broken(f"printed more than {bounds.output // MEBIBYTE} MB and was ended")
        return Completed(process.returncode, text, errors.text())


class _Reader:
    """Reads a pipe to its end in a thread of its own, and no more than it is allowed."""

    def __init__(self, pipe: IO[bytes] | None, limit: int, *, drops: bool = False) -> None:
        self._pipe, self._limit, self._drops = pipe, limit, drops
        self._parts: list[bytes] = []
        self._size = 0
        self.flooded = False
        self._thread = threading.Thread(target=self._read, name="rebuttal-linter-output", daemon=True)
        self._thread.start()

    def text(self) -> str:
        self._thread.join(_DRAIN)
        return b"".join(tuple(self._parts)).decode("utf-8", "replace")

    def _read(self) -> None:
        if self._pipe is None:
            return
        with contextlib.suppress(OSError, ValueError), self._pipe:
            while part := self._pipe.read1(65536):  # type: ignore[attr-defined]  # the pipes of Popen are buffered
                self._size += len(part)
                if self._size <= self._limit:
                    self._parts.append(part)
                elif not self._drops:
                    self.flooded = True
                    return


def _start(command: list[str], folder: Path, environment: Mapping[str, str], bounds: Bounds) -> subprocess.Popen[bytes]:
    flags = 0
    if os.name == "nt":
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    else:
        command = _bounded(command, bounds)
    return subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=flags,
        start_new_session=os.name != "nt",
    )


def _bounded(command: list[str], bounds: Bounds) -> list[str]:
    # The shell sets the bound and becomes the program: a hook in our own process between fork and exec is not safe
    # beside threads. Where a system refuses the bound, the program runs without.
    option = "-v" if bounds.bounded == "address space" else "-d"
    script = f'ulimit {option} {bounds.memory // 1024} 2>/dev/null; exec "$@"'
    return ["/bin/sh", "-c", script, "sh", *command]


def end_tree(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it has started."""
    if os.name == "nt":
        if process.poll() is None:
            root = os.environ.get("SYSTEMROOT", r"C:\Windows")
            killer = [str(Path(root) / "System32" / "taskkill.exe"), "/T", "/F", "/PID", str(process.pid)]
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(killer, capture_output=True, check=False, timeout=10)
            with contextlib.suppress(OSError):
                process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
