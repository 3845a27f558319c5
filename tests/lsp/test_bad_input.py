"""Floods, huge files, clients that do not read or answer, messages that are none: the server stays up and answers."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rebuttal.lsp import transport
from rebuttal.lsp.protocol import WAITING
from rebuttal.lsp.transport import BadStream, Framing, PipeReader, PipeWriter
from tests.lsp.conftest import Start
from tests.lsp.editor import RequestFailed
from tests.lsp.fake_worker import done
from tests.lsp.samples import SOURCE, finding, span
from tests.lsp.test_process import Server

REVIEWED = {"review": [done(finding(), panel="small", not_spent=None)], "review:large": [{"wait": "ever"}]}


def fed(*chunks: bytes) -> Framing:
    reader = asyncio.StreamReader()
    for chunk in chunks:
        reader.feed_data(chunk)
    reader.feed_eof()
    return Framing(reader)


def framed(body: bytes, head: bytes = b"") -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _note(order: list[int], id: int, answer: object) -> None:
    order.append(id)


# The header format


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\n\r\n",
        b"content-type: application/vscode-jsonrpc; charset=utf-8\r\n",
        b"X-Unknown: 1\r\nno colon at all\r\n",
    ],
)
async def test_headers_that_clients_send_are_understood(head: bytes) -> None:
    framing = fed(framed(b"{}", head), b"CONTENT-LENGTH:2\n\n[]")
    assert await framing.next() == b"{}"
    assert await framing.next() == b"[]"
    assert await framing.next() is None


async def test_message_in_pieces_of_one_byte() -> None:
    whole = framed(b'{"x": "y"}') * 2
    framing = fed(*(whole[i : i + 1] for i in range(len(whole))))
    assert [await framing.next(), await framing.next(), await framing.next()] == [b'{"x": "y"}'] * 2 + [None]


@pytest.mark.parametrize("cut", [b"", b"Content-Le", b"Content-Length: 5\r\n\r\nab"])
async def test_stream_that_ends_in_a_message_has_ended(cut: bytes) -> None:
    assert await fed(cut).next() is None


async def test_text_of_a_document_was_taken_for_a_header() -> None:
    """What looks like a header inside of JSON has its line ends escaped."""
    body = json.dumps({"text": "Content-Length: 5\r\n\r\nabcde"}).encode()
    framing = fed(b"Content-Length: x\r\n\r\n", body, framed(b"[1]"))
    with pytest.raises(BadStream):
        await framing.next()
    await framing.resume()
    assert await framing.next() == b"[1]"


async def test_header_of_a_gigabyte_was_allocated() -> None:
    class Endless:
        left = 64 * 1024 * 1024

        async def read(self, n: int = -1, /) -> bytes:
            self.left -= n
            return b"x" * n if self.left > 0 else b""

    framing = Framing(Endless())
    framing._buffer += b"Content-Length: 1000000000\r\n\r\n"
    tracemalloc.start()
    try:
        with pytest.raises(BadStream):
            await framing.next()
        await framing.resume()
        assert await framing.next() is None
        assert tracemalloc.get_traced_memory()[1] < 2 * 1024 * 1024
    finally:
        tracemalloc.stop()


# Floods


async def test_flood_of_changes_is_applied_in_order(start: Start, repo: Path) -> None:
    stage = await start(REVIEWED)
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.of(file))
    await stage.editor.command("rebuttal.review", panel="large")  # a job that remembers what is typed
    top = span(0, 0, 0, 0)
    for number in range(10_000):
        stage.editor.change(file, {"range": top, "text": str(number % 10)})
        if number % 1000 == 0:
            await stage.editor.settle()
    await stage.editor.settle()
    document = stage.editor.server.document(file)
    assert document is not None
    assert document.source == "".join(str(number % 10) for number in reversed(range(10_000))) + SOURCE
    [shown] = stage.editor.of(file)
    assert shown["range"]["start"]["line"] == 4  # the finding is where it was
    assert len(stage.editor.server.protocol._request_futures) < 10


async def test_flood_of_requests_is_answered_in_order(start: Start, repo: Path) -> None:
    stage = await start()
    where = {"textDocument": {"uri": (repo / "x.py").as_uri()}, "position": span(0, 0, 0, 0)["start"]}
    order: list[int] = []
    answers = []
    for _ in range(10_000):
        id, answer = stage.editor.start_request("textDocument/hover", where)
        answer.add_done_callback(partial(_note, order, id))
        answers.append(answer)
    await asyncio.wait_for(asyncio.gather(*answers), 60)
    await asyncio.sleep(0)
    assert order == sorted(order)
    assert len(order) == 10_000


async def test_flood_did_not_starve_the_jobs(start: Start, repo: Path) -> None:
    stage = await start(REVIEWED)
    file = repo / "cart.py"
    file.write_text(SOURCE)
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review", panel="small")
    seen_after = None
    for number in range(5000):
        stage.editor.change(file, {"range": span(5, 0, 5, 0), "text": "#"})
        if seen_after is None and stage.editor.of(file):
            seen_after = number
        await asyncio.sleep(0)
    await stage.editor.until(lambda: stage.editor.of(file))
    assert seen_after is not None


async def test_requests_that_a_client_never_answers_piled_up(start: Start) -> None:
    stage = await start()
    stage.editor.silent.update({"workspace/configuration", "client/registerCapability"})
    for _ in range(3 * WAITING):
        stage.editor.notify("workspace/didChangeConfiguration", {"settings": None})
    await stage.editor.settle()
    server = stage.editor.server
    assert len(server.protocol._waiting) <= WAITING
    assert len(server.protocol._request_futures) <= WAITING + 2
    assert len(server._tasks) <= WAITING + 2


async def test_ids_of_requests(start: Start) -> None:
    stage = await start()
    ended = asyncio.Event()

    @stage.editor.server.command("test.slow")
    async def slow(ls: object, arguments: dict[str, Any]) -> str:
        await ended.wait()
        return "done"

    id, answer = stage.editor.start_request("workspace/executeCommand", {"command": "test.slow"})
    await stage.editor.settle()
    # A reply with the id of the client's own request, and null, fractions and truth are none.
    stage.editor.send({"id": id, "result": "mine"})
    for wrong in (None, True, 1.5, [1], {"a": 1}):
        stage.editor.send({"id": wrong, "method": "textDocument/hover", "params": {}})
    await stage.editor.settle()
    assert stage.editor.refused == [-32600] * 5
    assert not answer.done()
    ended.set()
    assert await answer == "done"


async def test_second_request_with_an_id_made_the_first_uncancellable(start: Start) -> None:
    stage = await start()
    editor = stage.editor

    @editor.server.command("test.slow")
    async def slow(ls: object, arguments: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    id, answer = editor.start_request("workspace/executeCommand", {"command": "test.slow"})
    await editor.settle()
    taken = asyncio.get_running_loop().create_future()
    editor._waiting[id] = taken
    editor.send({"id": id, "method": "workspace/executeCommand", "params": {"command": "test.slow"}})
    with pytest.raises(RequestFailed, match="under way") as refused:
        await asyncio.wait_for(taken, 10)
    assert refused.value.code == -32600
    editor._waiting[id] = answer
    editor.notify("$/cancelRequest", {"id": id})
    with pytest.raises(RequestFailed) as cancelled:
        await asyncio.wait_for(answer, 10)
    assert cancelled.value.code == -32800


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"method": "textDocument/didOpen", "params": {}}, -32600),
        ({"method": "$/rebuttal.diagnostics", "params": {}}, -32600),
        ({"method": "rebuttal/unknown"}, -32601),
        ({"method": "textDocument/definition", "params": {"x": 1}}, -32601),
        ({"method": 7}, -32600),
        ({"method": None, "params": {}}, -32600),
        ({"method": "textDocument/hover", "params": {}, "jsonrpc": "1.0"}, -32600),
        ({"method": "initialize", "params": {}}, -32600),
        ({"method": "textDocument/hover", "params": {}}, -32602),
        ({"method": "textDocument/hover"}, -32602),
    ],
)
async def test_request_that_cannot_run_was_never_answered(start: Start, message: dict[str, Any], code: int) -> None:
    stage = await start()
    id, answer = stage.editor.start_request("rebuttal/nothing", None)
    with pytest.raises(RequestFailed):
        await answer
    stage.editor._waiting[id] = asyncio.get_running_loop().create_future()
    stage.editor.send({"id": id, **message})
    with pytest.raises(RequestFailed) as error:
        await asyncio.wait_for(stage.editor._waiting[id], 10)
    assert error.value.code == code


async def test_cancelled_shutdown_left_everything_running(start: Start, repo: Path) -> None:
    stage = await start(REVIEWED)
    await stage.editor.command("rebuttal.review", panel="large")
    id, answer = stage.editor.start_request("shutdown", None)
    stage.editor.notify("$/cancelRequest", {"id": id})
    await asyncio.wait({answer}, timeout=10)
    assert answer.exception() is None or "cancelled" in str(answer.exception())
    stage.editor.notify("exit", None)
    await asyncio.wait_for(stage.editor.reading, 10)
    await stage.editor.server.close()
    assert all(pipe.killed for pipe in stage.pipes)


async def test_shutdown_as_kate_sends_it(start: Start) -> None:
    """With parameters, and `exit` in the same breath."""
    stage = await start({"review": [{"wait": "ever"}]})
    await stage.editor.command("rebuttal.review")
    _, answer = stage.editor.start_request("shutdown", {})
    stage.editor.notify("exit", {})
    await asyncio.wait_for(stage.editor.reading, 10)
    await stage.editor.server.close()
    assert await asyncio.wait_for(answer, 10) is None
    assert stage.editor.server.protocol.exit_code == 0


# Documents


async def test_file_of_twenty_megabytes_and_one_of_100_000_lines(start: Start, repo: Path) -> None:
    stage = await start(REVIEWED)
    huge, long = repo / "huge.py", repo / "cart.py"
    stage.editor.open(huge, "x" * 20_000_000)
    text = SOURCE + "pass\n" * 100_000
    long.write_text(text)
    stage.editor.open(long, text)
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.of(long))
    for number in range(20):
        stage.editor.change(long, {"range": span(100_000 - number, 0, 100_000 - number, 4), "text": "💛"})
    stage.editor.change(huge, {"range": span(0, 19_999_999, 0, 20_000_000), "text": "y"})
    await stage.editor.settle()
    document = stage.editor.server.document(huge)
    assert document is not None
    assert document.source[-2:] == "xy"
    [shown] = stage.editor.of(long)
    assert shown["range"]["start"]["line"] == 4
    where = {"textDocument": {"uri": long.as_uri()}, "position": {"line": 4, "character": 10}}
    assert "Division by zero" in json.dumps(await stage.editor.request("textDocument/hover", where))


async def test_changes_of_what_is_not_open_and_positions_beyond_it(start: Start, repo: Path) -> None:
    stage = await start(REVIEWED)
    file = repo / "cart.py"
    file.write_text(SOURCE)
    identifier = {"uri": file.as_uri(), "version": 1}
    stage.editor.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [{"text": "gone"}]})
    stage.editor.close(repo / "never_opened.py")
    stage.editor.open(file)
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.of(file))
    stage.editor.open(file)  # twice
    beyond = {"range": span(10**9, 10**9, 10**9, 10**9), "text": "# end\n"}
    backwards = {"range": span(7, 0, 2, 0), "text": ""}
    stage.editor.change(file, beyond, backwards)
    await stage.editor.settle()
    document = stage.editor.server.document(file)
    assert document is not None
    assert document.source == SOURCE + "# end\n"
    assert len(stage.editor.of(file)) == 1


# Clients that do not read


def test_client_that_never_reads_is_let_go_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_BACKLOG", 1_000_000)
    source, sink = os.pipe()
    lost = threading.Event()
    writer = PipeWriter(sink, lost.set)
    for _ in range(20):
        writer.write(b"x" * 100_000)
    assert lost.is_set()
    assert writer._waiting <= 1_000_000
    os.close(source)
    writer._thread.join(10)
    os.close(sink)


async def test_flood_waits_in_the_pipe_and_not_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, full = asyncio.get_running_loop(), asyncio.Event()

    class Room(threading.Semaphore):
        """Tells when whoever reads ahead has to wait."""

        def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
            if super().acquire(blocking=False):
                return True
            loop.call_soon_threadsafe(full.set)
            return super().acquire(blocking, timeout)

    source, sink = os.pipe()
    with monkeypatch.context() as patch:
        patch.setattr(threading, "Semaphore", Room)
        reader = PipeReader(source, loop)
    total = 16 * 1024 * 1024

    def flood() -> None:
        with os.fdopen(sink, "wb") as pipe:
            pipe.write(b"x" * total)

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    await asyncio.wait_for(full.wait(), 60)  # the loop was free to take what it would
    assert 0 < sum(map(len, reader._chunks)) <= transport._CHUNKS_AHEAD * transport._CHUNK
    taken = 0
    while chunk := await reader.read():
        taken += len(chunk)
    assert taken == total
    assert await reader.read() == b""  # and again
    thread.join(10)
    os.close(source)


def test_client_that_reads_late_gets_every_answer(repo: Path, tmp_path: Path) -> None:
    server = Server(repo, {}, tmp_path / "home")
    try:
        server.initialize()
        where = {"textDocument": {"uri": (repo / "x.py").as_uri()}, "position": span(0, 0, 0, 0)["start"]}
        for number in range(3000):
            server.send("textDocument/hover", where, id=10_000 + number)
        answered: list[int] = []
        while len(answered) < 3000:
            message = server.read()
            if "method" not in message:
                answered.append(message["id"])
        assert answered == list(range(10_000, 13_000))
        server.request("shutdown")
        server.send("exit")
        assert server.end() == 0
    finally:
        server.stop()
