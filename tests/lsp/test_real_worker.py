"""The whole way: editor, server, the real worker, git, and a debate against the emulator."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from examples.make_repository import make_repository
from tests.emulator.planted import Planted
from tests.emulator.script import Rule
from tests.emulator.server import KEY, Emulator
from tests.gitrepo import isolated_environment
from tests.lsp.profiles import VSCODE
from tests.lsp.samples import span
from tests.lsp.test_process import Server

_REVIEWERS = Path(__file__).parents[2] / "examples" / "parcels" / "reviewers.json"

Serve = Callable[..., Server]


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "parcels")


@pytest.fixture
def serve(parcels: Path, tmp_path: Path) -> Iterator[Serve]:
    servers: list[Server] = []

    def start(**environment: str) -> Server:
        git = isolated_environment(tmp_path / "home")
        servers.append(Server(parcels, None, tmp_path / "rebuttal", **{**git, **environment}))
        servers[-1].initialize(capabilities=VSCODE)
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def shown(server: Server) -> dict[str, list[dict[str, Any]]]:
    """What the editor shows, by file name."""
    published = [one["params"] for one in server.messages if one.get("method") == "textDocument/publishDiagnostics"]
    return {one["uri"].rsplit("/", 1)[1]: one["diagnostics"] for one in published}


def test_save_shows_static_findings_without_a_key(serve: Serve, parcels: Path) -> None:
    server = serve(ANTHROPIC_API_KEY="")
    file = parcels / "parcels" / "rates.py"
    server.open(file)
    server.send("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
    while not (codes := {one["code"].split(":")[0] for many in shown(server).values() for one in many}) >= {"impact"}:
        server.until("textDocument/publishDiagnostics")
    assert "debate" not in codes
    server.request("shutdown")
    server.send("exit")
    assert server.end() == 0


def test_debate_in_the_editor(serve: Serve, parcels: Path, emulator: Emulator) -> None:
    emulator.script.default = Planted.load(_REVIEWERS)
    server = serve(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=emulator.url)
    rates = parcels / "parcels" / "rates.py"
    server.open(rates)
    server.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
    server.review(panel="medium")
    server.until_status("debating")
    server.request(
        "textDocument/hover", {"textDocument": {"uri": rates.as_uri()}, "position": span(0, 0, 0, 0)["start"]}
    )
    idle = server.until_status("idle")
    titles = {one["message"].splitlines()[0] for many in shown(server).values() for one in many}
    assert "A customer's name becomes part of the SQL" in titles
    assert float(idle["review"]["spent"]) > 0
    assert float(idle["day"]["spent"]) > 0
    [surcharge] = [one for one in shown(server)["rates.py"] if "surcharge" in one["message"]]
    where = {
        "textDocument": {"uri": rates.as_uri()},
        "range": surcharge["range"],
        "context": {"diagnostics": [surcharge]},
    }
    [fix] = [one for one in server.request("textDocument/codeAction", where) if one["title"].startswith("Apply fix")]
    [change] = server.request("codeAction/resolve", fix)["edit"]["documentChanges"]
    assert change["edits"][0]["newText"].strip() == "if weight >= HEAVY:"
    opened = server.command("rebuttal.showTranscript")
    assert "#" in server.request("workspace/textDocumentContent", opened)["text"]
    server.command("rebuttal.dismiss", finding=surcharge["data"]["id"], reason="won't fix")
    assert surcharge not in shown(server)["rates.py"]
    server.request("shutdown")
    server.send("exit")
    assert server.end() == 0
    assert "Traceback" not in server.errors()


def test_a_fix_that_is_applied_and_saved_is_kept_as_acted_upon(
    serve: Serve, parcels: Path, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.script.default = Planted.load(_REVIEWERS)
    server = serve(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=emulator.url, REBUTTAL_ON_SAVE="off")
    rates = parcels / "parcels" / "rates.py"
    server.open(rates)
    server.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
    server.review(panel="medium")
    server.until_status("debating")
    server.until_status("idle")
    [surcharge] = [one for one in shown(server)["rates.py"] if "surcharge" in one["message"]]
    file = {"textDocument": {"uri": rates.as_uri()}}
    where = {**file, "range": surcharge["range"], "context": {"diagnostics": [surcharge]}}
    [fix] = [one for one in server.request("textDocument/codeAction", where) if one["title"].startswith("Apply fix")]
    [change] = server.request("codeAction/resolve", fix)["edit"]["documentChanges"]
    edits = [{"range": one["range"], "text": one["newText"]} for one in change["edits"]]
    server.send(
        "textDocument/didChange", {"textDocument": {**file["textDocument"], "version": 2}, "contentChanges": edits}
    )
    rates.write_text(rates.read_text().replace("if weight > HEAVY:", "if weight >= HEAVY:"))

    def fates() -> set[str]:
        with closing(sqlite3.connect(tmp_path / "rebuttal" / "rebuttal.sqlite3")) as store:
            rows = store.execute("SELECT fate FROM raised WHERE finding = ?", (surcharge["data"]["id"],))
            return {fate for (fate,) in rows}

    assert fates() == {"open"}
    server.send("textDocument/didSave", file)
    for _ in range(20):
        if fates() == {"accepted"}:
            break
        server.command("rebuttal.estimate", panel="small")  # by its answer the worker has got on
    assert fates() == {"accepted"}


def test_no_sends_nothing(serve: Serve, emulator: Emulator) -> None:
    server = serve(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=emulator.url)
    server.answers["window/showMessageRequest"] = None
    server.review(panel="small")
    server.until_status("awaitingConsent")
    server.until_status("idle")
    assert emulator.records == []
    assert emulator.others == []


def test_cancel_stops_spending(serve: Serve, emulator: Emulator) -> None:
    emulator.script.default = Planted.load(_REVIEWERS)
    server = serve(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=emulator.url)
    server.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
    server.review(panel="medium")
    server.until_status("debating")
    server.command("rebuttal.cancel")
    server.until_status("idle", "degraded")
    after = len(emulator.records)
    server.request("shutdown")
    assert len(emulator.records) == after


def from_progress(server: Server) -> None:
    begun = (one["params"] for one in server.messages if one.get("method") == "$/progress")
    server.send("window/workDoneProgress/cancel", {"token": next(begun)["token"]})


def by_command(server: Server) -> None:
    server.send("workspace/executeCommand", {"command": "rebuttal.cancel"}, id="cancel")


def by_shutdown(server: Server) -> None:
    server.send("shutdown", id="shutdown")


def by_closed_folder(server: Server) -> None:
    folder = {"uri": server.folder.as_uri(), "name": server.folder.name}
    server.send("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})


def by_leaving(server: Server) -> None:
    assert server.process.stdin is not None
    server.process.stdin.close()


@pytest.mark.parametrize("cancel", [from_progress, by_command, by_shutdown, by_closed_folder, by_leaving])
def test_last_byte_to_a_model_within_100_ms_of_the_cancellation(
    serve: Serve, emulator: Emulator, cancel: Callable[[Server], None]
) -> None:
    emulator.script.default = Planted.load(_REVIEWERS)
    emulator.script.otherwise = Rule(between=0.05)
    delays: list[float] = []
    while not delays or (min(delays) >= 0.1 and len(delays) < 3):  # a busy machine may be late
        emulator.records.clear()
        server = serve(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=emulator.url, REBUTTAL_ON_SAVE="off")
        server.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
        server.review(panel="medium")
        server.until_status("debating")
        emulator.wait(lambda: any(len(one.events) >= 6 and not one.completed for one in emulator.records), 30)
        at = time.monotonic()
        cancel(server)
        emulator.wait(lambda: all(one.completed or one.closed_early is not None for one in emulator.records), 10)
        closed = [one.closed_early for one in emulator.records if one.closed_early is not None]
        assert closed, "every response had come to its end before: nothing was cancelled"
        # The last byte: of what was being streamed, and of what was still sent.
        delays.append(max(*closed, *(one.at for one in emulator.records)) - at)
        server.stop()
    assert min(delays) < 0.1


def test_folder_without_git_gets_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    server = Server(folder, None, tmp_path / "rebuttal", **isolated_environment(tmp_path / "home"))
    try:
        server.initialize(capabilities=VSCODE)
        server.review(panel="static")
        message = server.until("window/showMessage")["params"]["message"]
        assert "git" in message
        assert message.count("\n") == 0
    finally:
        server.stop()
