"""`rebuttal serve`: one editor over stdin and stdout; logs go to stderr only."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import sys
from collections.abc import Mapping, Sequence

from rebuttal.lsp.parent import until_gone
from rebuttal.lsp.server import Deps, RebuttalServer, create_server
from rebuttal.lsp.transport import BadStream, PipeWriter, read_from, read_messages
from rebuttal.lsp.worker_client import process_launcher, worker_command
from rebuttal.settings import Problem, Settings, SettingsError, process_environment, user_settings

log = logging.getLogger(__name__)

CLOSE_WITHIN = 1.2
"""Seconds for everything that is still running when the editor has gone."""


def serve(environment: Mapping[str, str] | None = None, worker: Sequence[str] | None = None) -> int:
    """Serve over stdio until the editor ends it. 0 after `shutdown` and `exit`, else 1.

    `worker` is the command of the worker process. Ends the process: it does not return.
    """
    environment = process_environment() if environment is None else environment
    configure_logging()
    out = _private_stdout()
    server = create_server(_deps(environment, worker or worker_command()))
    gc.freeze()  # what is there now stays: looking it through for garbage would make a hover wait
    code = asyncio.run(_serve(server, sys.stdin.fileno(), out))
    # A thread may still sit in a read of stdin; nothing is left that must be written.
    sys.stderr.flush()
    os._exit(code)


def configure_logging() -> None:
    """To stderr. pygls writes whole messages to its log, keys and code among them, so it is kept quiet."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.WARNING)
    # What these two would say, rebuttal.lsp says without the message's text.
    logging.getLogger("pygls.protocol.json_rpc").setLevel(logging.CRITICAL)
    logging.getLogger("pygls.protocol.language_server").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def _deps(environment: Mapping[str, str], worker: Sequence[str]) -> Deps:
    settings, problems = Settings(), list[Problem]()
    try:
        settings, problems = user_settings(environment)
    except SettingsError as error:
        # The caps of a file that cannot be read are unknown: nothing may be spent until it is mended.
        settings = Settings(panel="static", on_save="static")
        problems = [Problem("config.toml", str(error))]
    return Deps(
        launch=process_launcher(worker, environment),
        environment=environment,
        user_settings=settings,
        settings_problems=tuple(problems),
    )


def _private_stdout() -> int:
    """A descriptor of the real stdout; whatever else writes to stdout from now on goes to stderr."""
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr
    return out


async def _serve(server: RebuttalServer, source: int, out: int) -> int:
    loop = asyncio.get_running_loop()
    lost = asyncio.Event()

    def on_lost() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended first
            loop.call_soon_threadsafe(lost.set)

    writer = PipeWriter(out, on_lost)
    server.protocol.set_writer(writer)
    reading = loop.create_task(read_messages(read_from(source, loop), server.protocol))
    ends = {reading, loop.create_task(lost.wait()), loop.create_task(_editor_gone(server))}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if reading.done() and isinstance(reading.exception(), BadStream):
        log.error("the editor's messages cannot be read any more: %s", reading.exception())
    try:
        await asyncio.wait_for(server.close(), CLOSE_WITHIN)
    except TimeoutError:
        log.warning("not everything ended in time")
    writer.close()
    for end in ends:
        end.cancel()
    return server.protocol.exit_code


async def _editor_gone(server: RebuttalServer) -> None:
    await server.protocol.initialized.wait()
    if server.watched_editor is None:
        # None was named, or it runs where this process cannot see it (another machine, a container).
        await asyncio.Event().wait()
    else:
        await until_gone(server.watched_editor)
