"""Messages in and out: the header format, and stdin and stdout without ever blocking the event loop.

pygls reads stdin through a thread pool whose threads keep the process alive, and writes to stdout on the loop,
where a client that does not read stops the server. Here one daemon thread reads and one writes; both can be
left behind at the end, and neither holds more than is said below.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import queue
import re
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from rebuttal.lsp.protocol import PARSE_ERROR, HardenedProtocol, place_of

log = logging.getLogger(__name__)

LARGEST_MESSAGE = 256 * 1024 * 1024
"""Bytes; a longer announced message means that the stream is out of step."""
LARGEST_BACKLOG = 64 * 1024 * 1024
"""Bytes waiting for a client that does not read; beyond, it is taken for gone."""
LARGEST_HEADER = 64 * 1024
LAST_WORDS = 0.3
"""Seconds in which a client may still read what was written to it at the end."""
_CHUNK = 64 * 1024
_CHUNKS_AHEAD = 16
"""How many are read before they are asked for: a flood waits in the client, not in this process."""
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"content-length:[ \t]*[0-9]{1,9}\r\n", re.IGNORECASE)
_LONGEST_LENGTH = 64
_HEADERS = frozenset({b"content-length", b"content-type"})


class Reader(Protocol):
    """What `asyncio.StreamReader` offers of it: some bytes, none at the end."""

    async def read(self, n: int = -1, /) -> bytes: ...


class Writer(Protocol):
    """Takes messages at once and in order, without blocking."""

    def write(self, data: bytes) -> None: ...

    async def finish(self) -> None:
        """Let what was written reach the client, within LAST_WORDS, and close."""
        ...


class BadStream(Exception):
    """A header cannot be read; `Framing.resume` finds the next."""


class Framing:
    """Takes messages out of a stream of bytes. It holds one message and one chunk at most.

    `strict`: no other headers than LSP's, as before a client is known: a browser's request has some.
    """

    def __init__(self, reader: Reader, largest: int = LARGEST_MESSAGE, *, strict: bool = False) -> None:
        self.largest, self.strict = largest, strict
        self._reader, self._buffer = reader, bytearray()

    async def next(self) -> bytes | None:
        """The next message's body; None at the stream's end. Raises BadStream."""
        size = await self._header()
        if size is None:
            return None
        while len(self._buffer) < size:
            if not await self._more():
                return None
        body = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return body

    async def resume(self) -> None:
        """Skip what cannot be read, up to the next header. Inside of JSON none can stand: its strings hold no raw line
        end, so that this never takes text of a document for a message."""
        while (found := _LENGTH.search(self._buffer)) is None:
            del self._buffer[:-_LONGEST_LENGTH]
            if not await self._more():
                return
        del self._buffer[: found.start()]

    async def _more(self) -> bool:
        try:
            chunk = await self._reader.read(_CHUNK)
        except ConnectionError:
            return False
        self._buffer += chunk
        return bool(chunk)

    async def _header(self) -> int | None:
        while True:
            blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
            del self._buffer[:blank]
            if (end := _HEADER_END.search(self._buffer)) is not None:
                break
            if len(self._buffer) > LARGEST_HEADER:
                raise BadStream("a header is too long")
            if not await self._more():
                return None
        lines = bytes(self._buffer[: end.start()]).splitlines()
        del self._buffer[: end.end()]
        return self._length(lines)

    def _length(self, lines: list[bytes]) -> int:
        size = b""
        for line in lines:
            name, _, value = line.partition(b":")
            name = name.strip().lower()
            if name == b"content-length":
                size = value.strip()
            elif self.strict and name not in _HEADERS:
                raise BadStream("this is not a language client")
        if not size.isdigit() or len(size) > 12 or int(size) > self.largest:
            raise BadStream("the length of a message cannot be read, or is beyond reason")
        return int(size)


async def read_messages(reader: Reader | Framing, protocol: HardenedProtocol) -> None:
    """Hand every message to `protocol` until the stream ends or `exit` came. What cannot be read is skipped."""
    framing = reader if isinstance(reader, Framing) else Framing(reader)
    while not protocol.exited:
        try:
            body = await framing.next()
        except BadStream as problem:
            log.warning("left out what is no message: %s", problem)
            protocol.refuse(None, PARSE_ERROR, f"That could not be read: {problem}.")
            await framing.resume()
            continue
        if body is None:
            return
        await take(body, protocol)
        # A flood of messages must not starve the jobs.
        await asyncio.sleep(0)


async def take(body: bytes | str, protocol: HardenedProtocol) -> None:
    """Handle one message as it came. Never raises."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        log.warning("left out a message that is not JSON")
        protocol.refuse(None, PARSE_ERROR, "That is not JSON.")
        return
    await protocol.prepare(data)
    handle(data, protocol)


def handle(data: Any, protocol: HardenedProtocol) -> None:
    """Handle one message. Never raises."""
    try:
        protocol.handle_message(protocol.structure_message(data))
    except Exception as error:
        log.error("a message could not be handled: %s", place_of(error))


class PipeReader:
    """Reads a descriptor in a daemon thread: pipes, files and consoles, on every platform."""

    def __init__(self, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
        self._descriptor, self._loop = descriptor, loop
        self._chunks: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._room = threading.Semaphore(_CHUNKS_AHEAD)
        threading.Thread(target=self._run, name="stdin", daemon=True).start()

    async def read(self, n: int = -1, /) -> bytes:
        """The next chunk, whatever its size; empty at the end."""
        while not self._chunks:
            self._news.clear()
            await self._news.wait()
        if not self._chunks[0]:
            return b""
        self._room.release()
        return self._chunks.popleft()

    def _run(self) -> None:
        chunk = b"."
        while chunk:
            self._room.acquire()
            try:
                chunk = os.read(self._descriptor, _CHUNK)
            except OSError:
                chunk = b""
            try:
                self._loop.call_soon_threadsafe(self._take, chunk)
            except RuntimeError:
                return  # the loop has ended before the stream

    def _take(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._news.set()


class PipeWriter:
    """Writes to a descriptor in a daemon thread, in order. `on_lost` is called, from any thread, when it cannot."""

    def __init__(self, descriptor: int, on_lost: Callable[[], None]) -> None:
        self._descriptor, self._on_lost = descriptor, on_lost
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        with self._lock:
            overrun = self._waiting + len(data) > LARGEST_BACKLOG
            self._waiting += 0 if overrun else len(data)
        if overrun:
            self._on_lost()
        else:
            self._queue.put(data)

    async def finish(self) -> None:
        self._queue.put(None)
        # Nothing else is left to run, so that this may wait.
        self._thread.join(LAST_WORDS)

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
