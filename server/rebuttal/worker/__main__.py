"""The process: reads lines until the editor has gone, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from rebuttal.review.readiness import collect_seldom, load_tools
from rebuttal.review.services import Services
from rebuttal.review.threads import detached
from rebuttal.settings import KEYS, Settings, SettingsError, process_environment, user_settings
from rebuttal.worker.answers import Answers
from rebuttal.worker.door import Send
from rebuttal.worker.jobs import LAST_WORDS, Worker

log = logging.getLogger("rebuttal.worker")

_PIPE = "pipe"
LINGER = 0.3
"""Seconds that the server has to end this process together with what it has started."""


async def serve(source: BinaryIO, send: Send) -> None:
    """Serve until `shutdown` or the end of `source`."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()

    def read() -> None:
        # A thread, because a pipe that was inherited cannot be read asynchronously on Windows.
        for line in source:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name=_PIPE, daemon=True).start()
    environment = process_environment()
    try:
        settings, problems = user_settings(environment)
        for problem in problems:
            log.warning(problem.message)
    except SettingsError as error:
        # Caps, and where reviews are sent, are unknown: until that is mended nobody is let in anywhere, and the static
        # panel alone speaks.
        log.error("%s", error)
        settings = Settings(panel="static", on_save="static")
        environment = {name: value for name, value in environment.items() if name not in KEYS}
    services = Services(environment, settings)
    worker = Worker(send, Answers(send, services))
    detached(load_tools)
    try:
        while (line := await lines.get()) is not None:
            if not worker.receive(line):
                break
    finally:
        await worker.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(services.close(), LAST_WORDS)


def main() -> NoReturn:
    """Speak on the real stdout only; whatever else prints goes to stderr."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")

    def send(message: Mapping[str, Any]) -> None:
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        with suppress(OSError):  # the editor has gone: the end of stdin says so
            out.write(line)
            out.flush()

    collect_seldom()

    async def run() -> None:
        await serve(sys.stdin.buffer, send)
        # From here, because the loop would wait for its threads: none must keep a process whose editor has gone.
        _leave(out)

    code = 0
    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        pass
    except SettingsError as error:
        log.error("%s", error)
        code = 1
    # At once, because a thread still reads from stdin, which Python does not survive at its end.
    os._exit(code)


def _leave(out: BinaryIO) -> NoReturn:
    """End, and with this process what a thread of it still waits for: a git that hangs, say."""
    sys.stderr.flush()
    with suppress(OSError):
        # All that was spent is accounted for: the server that reads this end kills us with our helpers.
        out.close()
    threads = [one for one in threading.enumerate() if one is not threading.main_thread() and one.name != _PIPE]
    if threads:
        time.sleep(LINGER)
        _end_helpers()  # there is no server any more
    os._exit(0)


def _end_helpers() -> None:
    if sys.platform == "win32":
        # It ends this process too.
        killer = str(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe")
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run([killer, "/T", "/F", "/PID", str(os.getpid())], capture_output=True, check=False, timeout=2)
    elif os.getpgrp() == os.getpid():  # else the group is somebody else's
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(os.getpgrp(), signal.SIGTERM)


if __name__ == "__main__":
    main()
