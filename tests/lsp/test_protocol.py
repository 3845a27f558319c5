"""pygls' defects, each by the name of what went wrong, and the rules of the protocol itself."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from rebuttal.lsp import main
from tests.lsp.conftest import Start
from tests.lsp.editor import RequestFailed
from tests.lsp.fake_worker import done
from tests.lsp.samples import SOURCE, static


async def test_cancelled_command_went_on_running(start: Start) -> None:
    stage = await start()
    ended: list[str] = []

    @stage.editor.server.command("test.slow")
    async def slow(ls: object, arguments: dict[str, Any]) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    id, answer = stage.editor.start_request("workspace/executeCommand", {"command": "test.slow"})
    await stage.editor.settle()
    stage.editor.notify("$/cancelRequest", {"id": id})
    with pytest.raises(RequestFailed) as error:
        await answer
    assert error.value.code == -32800
    assert ended == ["cancelled"]


async def test_futures_leaked_with_every_notification(start: Start, repo: Path) -> None:
    stage = await start()
    file = repo / "cart.py"
    stage.editor.open(file, SOURCE)
    await stage.editor.settle()
    before = len(stage.editor.server.protocol._request_futures)
    for _ in range(50):
        stage.editor.change(file, {"text": SOURCE})
    await stage.editor.settle()
    assert len(stage.editor.server.protocol._request_futures) <= before


async def test_result_types_leaked_when_the_client_refused(start: Start) -> None:
    stage = await start()
    protocol = stage.editor.server.protocol
    before = len(protocol._result_types)
    stage.editor.silent.add("window/showDocument")
    task = asyncio.ensure_future(
        protocol.send_request_async("window/showDocument", types.ShowDocumentParams("file:///x"))
    )
    await stage.editor.settle()
    [request] = [asked for asked in stage.editor.asked if asked["method"] == "window/showDocument"]
    stage.editor.send({"id": request["id"], "error": {"code": -32601, "message": "no"}})
    with pytest.raises(Exception, match="no"):
        await task
    assert len(protocol._result_types) == before


async def test_progress_token_could_not_be_used_again(start: Start) -> None:

    stage = await start()
    progress = stage.editor.server.work_done_progress
    for _ in range(2):
        await progress.create_async("token")
        progress.begin("token", types.WorkDoneProgressBegin("title"))
        progress.end("token", types.WorkDoneProgressEnd())
    assert progress.tokens == {}


async def test_late_reply_became_an_error_popup(start: Start) -> None:
    stage = await start()
    stage.editor.silent.add("window/showDocument")
    waiting = asyncio.ensure_future(
        stage.editor.server.protocol.send_request_async("window/showDocument", types.ShowDocumentParams("x"))
    )
    await stage.editor.settle()
    waiting.cancel()
    await stage.editor.settle()
    [request] = [asked for asked in stage.editor.asked if asked["method"] == "window/showDocument"]
    stage.editor.reply(request, {"success": True})
    await stage.editor.settle()
    assert stage.editor.said == []


async def test_shutdown_failed_with_a_request_under_way(start: Start) -> None:
    stage = await start()

    @stage.editor.server.command("test.slow")
    async def slow(ls: object, arguments: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    answers = [stage.editor.start_request("workspace/executeCommand", {"command": "test.slow"})[1] for _ in range(5)]
    await stage.editor.settle()
    await stage.editor.shutdown()
    for answer in answers:
        with pytest.raises(RequestFailed, match="cancelled"):
            await answer


@pytest.mark.parametrize(
    "params",
    [
        {"textDocument": 7, "position": "here"},
        {"textDocument": {"uri": ["x"]}, "position": {"line": "a", "character": {}}},
        [],
        "text",
        {},
        7,
    ],
)
async def test_request_with_malformed_parameters_was_never_answered(start: Start, params: Any) -> None:
    stage = await start()
    with pytest.raises(RequestFailed) as error:
        await stage.editor.request("textDocument/hover", params)
    assert error.value.code == -32602


async def test_malformed_notification_became_a_popup(start: Start) -> None:
    stage = await start()
    stage.editor.notify("textDocument/didOpen", {"textDocument": None})
    stage.editor.notify("$/rebuttal.diagnostics", {"uri": 1})
    stage.editor.notify("$/unknown", {"x": 1})
    stage.editor.send_bytes(b"{ not json")
    stage.editor.send_bytes(b"[1, 2]")
    stage.editor.send_bytes(b'{"id": 7}')
    stage.editor.send({"id": None, "method": ["x"]})
    stage.editor.send({"id": "never-asked", "result": 1})
    await stage.editor.settle()
    assert stage.editor.refused == [-32700, -32600, -32600]


async def test_malformed_reply_left_its_request_waiting(start: Start) -> None:
    stage = await start()
    stage.editor.silent.add("window/showDocument")
    task = asyncio.ensure_future(
        stage.editor.server.protocol.send_request_async("window/showDocument", types.ShowDocumentParams("x"))
    )
    await stage.editor.settle()
    [request] = [asked for asked in stage.editor.asked if asked["method"] == "window/showDocument"]
    stage.editor.reply(request, ["no such thing"])
    with pytest.raises(Exception, match="malformed"):
        await asyncio.wait_for(task, 5)


async def test_errors_carried_traceback_and_paths_to_the_client(start: Start) -> None:
    stage = await start()

    @stage.editor.server.command("test.broken")
    def broken(ls: object, arguments: dict[str, Any]) -> None:
        raise RuntimeError(f"secret in {__file__}")

    with pytest.raises(RequestFailed) as error:
        await stage.editor.command("test.broken")
    assert error.value.code == -32603
    assert error.value.data is None
    assert "secret" not in error.value.message
    assert "Traceback" not in error.value.message


async def test_failing_notification_is_told_once_without_details(start: Start) -> None:
    stage = await start()

    @stage.editor.server.feature("$/test")
    def broken(ls: object, params: object) -> None:
        raise RuntimeError("secret")

    stage.editor.notify("$/test", {})
    stage.editor.notify("$/test", {})
    await stage.editor.settle()
    assert stage.editor.heard("an error of its own")
    assert stage.editor.said == []


async def test_requests_before_initialize_are_refused(start: Start) -> None:
    stage = await start(initialize=False)
    stage.editor.notify("textDocument/didSave", {"textDocument": {"uri": "file:///x.py"}})
    with pytest.raises(RequestFailed) as error:
        await stage.editor.request("textDocument/hover", {})
    assert error.value.code == -32002
    hover = {"textDocument": {"uri": "file:///x.py"}, "position": {"line": 0, "character": 0}}
    with pytest.raises(RequestFailed) as error:
        await stage.editor.request("textDocument/hover", hover)
    assert error.value.code == -32002
    await stage.editor.initialize()
    with pytest.raises(RequestFailed) as error:
        await stage.editor.initialize()
    assert error.value.code == -32600


async def test_requests_after_shutdown_are_refused(start: Start) -> None:
    stage = await start()
    assert await stage.editor.request("shutdown") is None
    with pytest.raises(RequestFailed) as error:
        await stage.editor.command("rebuttal.review")
    assert error.value.code == -32600
    stage.editor.notify("exit", None)
    await stage.editor.reading
    assert stage.editor.server.protocol.exit_code == 0


async def test_exit_code_was_always_zero(start: Start) -> None:
    stage = await start()
    stage.editor.notify("exit", None)
    await stage.editor.reading
    assert stage.editor.server.protocol.exit_code == 1
    await stage.editor.server.close()


async def test_capability_of_read_only_documents_is_advertised(start: Start) -> None:
    stage = await start(initialize=False)
    result = await stage.editor.initialize()
    assert result["capabilities"]["workspace"]["textDocumentContent"]["schemes"] == ["rebuttal"]
    assert result["capabilities"]["codeActionProvider"]["resolveProvider"] is True
    commands = set(result["capabilities"]["executeCommandProvider"]["commands"])
    assert commands >= {
        f"rebuttal.{name}"
        for name in (
            *("review", "cancel", "estimate", "dismiss", "restore", "askAgain"),
            *("showTrace", "showTranscript", "showPayload", "costReport", "doctor"),
        )
    }


async def test_server_object_was_kept_alive_by_a_cache(start: Start) -> None:
    stage = await start()
    await stage.editor.shutdown()
    protocol = weakref.ref(stage.editor.server.protocol)
    stage.editor.check()
    stage.editor.__dict__.update(server=None, reading=stage.editor.reading)
    stage.editor._input = asyncio.StreamReader()
    await asyncio.sleep(0)
    gc.collect()
    held = protocol()
    from pygls.protocol import LanguageServerProtocol

    assert LanguageServerProtocol.get_message_type.cache_info().currsize == 0 or held is None


async def test_secrets_were_logged(start: Start, repo: Path, caplog: pytest.LogCaptureFixture) -> None:
    levels = {name: logging.getLogger(name).level for name in ("pygls", "pygls.protocol.json_rpc", "asyncio")}
    file = repo / "cart.py"
    try:
        main.configure_logging()
        with caplog.at_level(logging.DEBUG):
            stage = await start({"review:static": [done(static())]}, initialize=False)
            await stage.editor.initialize(initializationOptions={"apiKey": "sk-very-secret"})
            stage.editor.open(file, "password = 'sk-very-secret'\n")
            stage.editor.change(file, {"text": "sk-very-secret", "range": 7})
            stage.editor.notify("textDocument/didChange", {"textDocument": {"uri": "sk-very-secret"}})
            stage.editor.save(file)
            await stage.editor.settle()
            stage.clock.advance(1)
            await stage.editor.settle()
            await stage.editor.shutdown()
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    assert "sk-very-secret" not in caplog.text
    assert stage.editor.heard("'api_key'")


async def test_every_request_gets_exactly_one_answer(start: Start, repo: Path) -> None:
    stage = await start()
    where = {"textDocument": {"uri": (repo / "x.py").as_uri()}, "position": {"line": 10**6, "character": 10**9}}
    everything = {"start": where["position"], "end": where["position"]}
    requests = [
        ("textDocument/hover", where),
        ("textDocument/codeAction", {**where, "range": everything, "context": {"diagnostics": []}}),
        ("codeAction/resolve", {"title": "x", "data": {"id": "unknown"}}),
        ("workspace/textDocumentContent", {"uri": "rebuttal:/trace/unknown.md"}),
        ("workspace/executeCommand", {"command": "rebuttal.unknown"}),
        ("workspace/executeCommand", {"command": "rebuttal.review", "arguments": [1, 2]}),
        ("rebuttal/unknown", {}),
    ]
    answers = [stage.editor.start_request(method, params)[1] for method, params in requests]
    await asyncio.gather(*answers, return_exceptions=True)
    await stage.editor.settle()
    assert all(answer.done() for answer in answers)
