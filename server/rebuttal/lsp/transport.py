"""Messages in and out: the header format, and stdin and stdout without ever blocking the event loop.

pygls reads stdin through a thread pool whose threads keep the process alive, and writes to stdout on the loop,
where a client that does not read stops the server. Here one daemon thread reads and one writes; both can be
left behind at the end.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import queue
import threading
from collections.abc import Callable
from typing import Protocol

from rebuttal.lsp.protocol import HardenedProtocol

log = logging.getLogger(__name__)

LARGEST_MESSAGE = 256 * 1024 * 1024
"""Bytes; a longer announced message means that the stream is out of step."""
LARGEST_BACKLOG = 64 * 1024 * 1024
"""Bytes waiting for a client that does not read; beyond, it is taken for gone."""
LARGEST_HEADER = 64 * 1024
_CHUNK = 64 * 1024


class Reader(Protocol):
    """What `asyncio.StreamReader` offers of it."""

    async def readline(self) -> bytes: ...

    async def readexactly(self, n: int) -> bytes: ...


class BadStream(Exception):
    """The stream is not in the header format any more; nothing after this place can be read."""


async def read_messages(reader: Reader, protocol: HardenedProtocol) -> None:
    """Hand every message to `protocol` until the stream ends or `exit` came.

    Raises BadStream when a header cannot be read.
    """
    while not protocol.exited:
        try:
            size = await _header(reader)
            body = await reader.readexactly(size) if size is not None else None
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        if body is None:
            return
        _handle(body, protocol)
        # A flood of messages must not starve the jobs.
        await asyncio.sleep(0)


async def _header(reader: Reader) -> int | None:
    """The length of the next message; None at the stream's end."""
    size: int | None = None
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            raise BadStream("a header line is too long") from None
        if not line:
            return None
        line = line.strip()
        if not line:
            if size is not None:
                return size
            continue
        name, _, value = line.partition(b":")
        if name.strip().lower() != b"content-length":
            continue
        if not value.strip().isdigit() or int(value) > LARGEST_MESSAGE:
            raise BadStream("the length of a message cannot be read")
        size = int(value)


def _handle(body: bytes, protocol: HardenedProtocol) -> None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        log.warning("left out a message that is not JSON")
        return
    try:
        protocol.handle_message(protocol.structure_message(data))
    except Exception as error:
        from rebuttal.lsp.protocol import place_of

        log.error("a message could not be handled: %s", place_of(error))


def read_from(descriptor: int, loop: asyncio.AbstractEventLoop) -> asyncio.StreamReader:
    """A stream fed by a daemon thread that reads `descriptor`: pipes, files and consoles, on every platform."""
    reader = asyncio.StreamReader(limit=LARGEST_HEADER, loop=loop)

    def feed() -> None:
        try:
            while chunk := os.read(descriptor, _CHUNK):
                loop.call_soon_threadsafe(reader.feed_data, chunk)
        except OSError:
            pass
        except RuntimeError:
            return  # the loop has ended before the stream
        try:
            loop.call_soon_threadsafe(reader.feed_eof)
        except RuntimeError:
            return

    threading.Thread(target=feed, name="stdin", daemon=True).start()
    return reader


class PipeWriter:
    """Writes to a descriptor in a daemon thread, in order. `on_lost` is called, in that thread, when it cannot."""

    def __init__(self, descriptor: int, on_lost: Callable[[], None]) -> None:
        self._descriptor, self._on_lost = descriptor, on_lost
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        with self._lock:
            self._waiting += len(data)
            overrun = self._waiting > LARGEST_BACKLOG
        if overrun:
            self._on_lost()
        else:
            self._queue.put(data)

    def close(self, patience: float = 0.3) -> None:
        """Write what is left, but wait no longer than `patience` seconds."""
        self._queue.put(None)
        self._thread.join(patience)

    def _run(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._descriptor, view) :]
                with self._lock:
                    self._waiting -= len(data)
        except OSError:
            self._on_lost()
