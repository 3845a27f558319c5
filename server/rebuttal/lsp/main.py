"""`rebuttal serve`: one editor, over stdin and stdout or over loopback; logs go to stderr only."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from rebuttal.lsp.network import Door, Kind, Link, NotListening
from rebuttal.lsp.parent import until_gone
from rebuttal.lsp.server import Deps, RebuttalServer, create_server
from rebuttal.lsp.transport import PipeReader, PipeWriter, read_messages
from rebuttal.lsp.worker_client import process_launcher, worker_command
from rebuttal.settings import Problem, Settings, SettingsError, process_environment, user_settings

log = logging.getLogger(__name__)

CLOSE_WITHIN = 1.1
"""Seconds for everything that is still running when the editor has gone."""


def serve(
    environment: Mapping[str, str] | None = None,
    worker: Sequence[str] | None = None,
    listen: tuple[Kind, int] | None = None,
) -> int:
    """Serve until the editor ends it. 0 after `shutdown` and `exit`, else 1.

    `worker` is the command of the worker process; `listen` a transport and a port of loopback instead of stdio. Ends
    the process: it does not return.
    """
    environment = process_environment() if environment is None else environment
    configure_logging()
    source = _pipe() if listen is not None else sys.stdin.fileno()
    out = _private_stdout()
    server = create_server(_deps(environment, worker or worker_command()))
    gc.freeze()  # what is there now stays: looking it through for garbage would make a hover wait
    code = 1
    try:
        serving = _serve(server, source or 0, out) if listen is None else _serve_network(server, *listen, source)
        code = asyncio.run(serving)
    except KeyboardInterrupt:
        pass
    except NotListening as error:
        print(error, file=sys.stderr)  # noqa: T201  # a sentence for who started it
        code = 2
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
    # It writes requests, the token among them, and tracebacks of strangers' mistakes.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)


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
    """Over stdin and stdout."""
    loop = asyncio.get_running_loop()
    lost = asyncio.Event()
    writer = PipeWriter(out, _from_any_thread(loop, lost))
    return await _converse(server, Link(partial(read_messages, PipeReader(source, loop)), writer), lost)


async def _serve_network(server: RebuttalServer, kind: Kind, port: int, source: int | None) -> int:
    """Over loopback: one client, then the end. `source`: a pipe whose end means that who started this has gone."""
    loop = asyncio.get_running_loop()
    lost = asyncio.Event()
    door = Door(kind, port, lost.set)
    await door.open()
    print(door.line, file=sys.stderr, flush=True)  # noqa: T201  # the one thing that its starter must read
    tasks: list[asyncio.Future[Any]] = [loop.create_task(lost.wait())]
    if source is not None:
        tasks.append(loop.create_task(_until_end(PipeReader(source, loop), lost)))
    try:
        await asyncio.wait([door.client, tasks[0]], return_when=asyncio.FIRST_COMPLETED)
        return await _converse(server, door.client.result(), lost) if door.client.done() else 1
    finally:
        door.close()
        for task in tasks:
            task.cancel()


async def _converse(server: RebuttalServer, link: Link, lost: asyncio.Event) -> int:
    """Serve one client until it ends the server or has gone."""
    loop = asyncio.get_running_loop()
    server.protocol.set_writer(link.writer, include_headers=link.with_headers)  # type: ignore[arg-type]  # its close is not called
    with contextlib.suppress(NotImplementedError):  # Windows ends a process at once
        loop.add_signal_handler(signal.SIGTERM, lost.set)
    reading = asyncio.ensure_future(link.read(server.protocol))
    ends = {reading, loop.create_task(lost.wait()), loop.create_task(_editor_gone(server))}
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        try:
            await asyncio.wait_for(server.close(), CLOSE_WITHIN)
        except TimeoutError:
            log.warning("not everything ended in time")
        await link.writer.finish()
        for end in ends:
            end.cancel()
    return server.protocol.exit_code


def _from_any_thread(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> Callable[[], None]:
    def set_it() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended first
            loop.call_soon_threadsafe(event.set)

    return set_it


async def _until_end(reader: PipeReader, lost: asyncio.Event) -> None:
    while await reader.read():
        pass
    lost.set()


def _pipe() -> int | None:
    """Stdin's descriptor if it is a pipe: of a terminal or /dev/null the end says nothing."""
    try:
        source = sys.stdin.fileno()
        return source if stat.S_ISFIFO(os.fstat(source).st_mode) else None
    except (AttributeError, OSError, ValueError):
        return None


async def _editor_gone(server: RebuttalServer) -> None:
    await server.protocol.initialized.wait()
    if server.watched_editor is None:
        # None was named, or it runs where this process cannot see it (another machine, a container).
        await asyncio.Event().wait()
    else:
        await until_gone(server.watched_editor)
