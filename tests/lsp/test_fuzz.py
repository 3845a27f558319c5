"""Random sessions: whatever an editor does in whatever order, the server keeps its promises.

Operations times edits times cancels times bad parameters, as each recorded client would. Every request is answered
once and with the right code, no popup comes up, the server's buffer is the editor's, nothing is asked that the client
did not declare, every progress ends, and the teardown finds no task and no pending message left (conftest).
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import AT_ONCE, Stage, Start
from tests.lsp.editor import Json, RequestFailed
from tests.lsp.fake_worker import done
from tests.lsp.profiles import PROFILES, with_encoding
from tests.lsp.samples import SOURCE, finding, progress, span, static
from tests.lsp.test_jobs import QUESTION

_PIECES = ["x", "\n", "\r\n", "\r", "💛", "\x0c", "\u2028", "import os\n", "    return sum(items) / len(items)", ""]
_METHODS = [
    *("textDocument/hover", "textDocument/codeAction", "codeAction/resolve", "textDocument/codeLens"),
    *("workspace/executeCommand", "workspace/textDocumentContent", "textDocument/definition", "$/unknown", "x" * 300),
    *("textDocument/didOpen", "$/rebuttal.diagnostics", "initialized", "initialize"),
]
_NOTES = [
    *("textDocument/didChange", "textDocument/didOpen", "textDocument/didSave", "textDocument/didClose"),
    *("workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles", "workspace/didChangeWorkspaceFolders"),
    *("window/workDoneProgress/cancel", "$/cancelRequest", "$/rebuttal.diagnostics", "$/x", "textDocument/hover"),
    *("notebookDocument/didOpen", "notebookDocument/didChange", "notebookDocument/didClose"),
]
_GARBAGE = [
    b"{",
    b"",
    b"\xff\xfe",
    b"[" * 100_000,
    b"[]",
    b'[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]',
    b"1e999999",
]
_WRONG: list[Any] = [None, 7, "x", [], {}, {"textDocument": None}, {"textDocument": {"uri": 1}, "position": 2}]
_BOTH = [finding(), static(), finding("f2", side="old", range=span(90, 0, 90, 3)), finding("f3", status="held_back")]
_SCRIPT = {
    "review": [
        {"event": "static", "findings": [static()]},
        {"event": "consent", "question": QUESTION},
        {"wait": "answer"},
        {"agreed": [progress("1 claim", 30, "0.01")], "refused": []},
        done(*_BOTH, panel="small", not_spent=None),
    ],
    "review:large": [{"event": "static", "findings": [static()]}, {"wait": "ever"}],
    "review:static": [done(static())],
    "review:medium": [{"exit": 1}, {"wait": "ever"}],
}


_SILENCES: list[set[str]] = [
    set(),
    {"workspace/configuration"},
    {"window/workDoneProgress/create", "client/registerCapability"},
    set(),
    {"window/showMessageRequest", "window/showDocument"},
]
"""Requests of the server that the client never answers."""


class Session:
    """One random editor. The text of its document is the model that the server's is held against."""

    def __init__(self, stage: Stage, file: Path, seed: int, units: str) -> None:
        self.stage, self.editor, self.file = stage, stage.editor, file
        self.random, self.units, self.text = random.Random(seed), units, SOURCE
        self.opened = False
        self.outstanding: list[tuple[int, asyncio.Future[Any]]] = []

    async def step(self) -> None:
        action = self.random.choice(
            [
                self.edit,
                self.edit,
                self.ask,
                self.ask,
                self.run,
                self.toggle,
                self.save,
                self.wrong,
                self.time,
                self.stop,
                self.garble,
                self.hurry,
                self.call_off,
                self.configure,
                self.folders,
                self.disk,
                self.others,
            ]
        )
        await action()

    async def garble(self) -> None:
        """Messages that are none, replies to what nobody asked, ids that cannot be."""
        self.editor.send_bytes(self.random.choice(_GARBAGE))
        ids: list[Any] = [None, True, 1.5, [], {}, "never asked", 10**30]
        message: Json = self.random.choice(
            [{"method": "textDocument/hover"}, {"result": {}}, {"error": {"code": 1}}, {}]
        )
        self.editor.send({"id": self.random.choice(ids[:5]), **message})
        self.editor.send({"id": self.random.choice(ids[5:]), "result": None})

    async def hurry(self) -> None:
        """Requests whose answers are not waited for."""
        panel = {"command": "rebuttal.estimate", "arguments": [{"panel": self.random.choice(["small", "static"])}]}
        self.outstanding.append(self.editor.start_request("workspace/executeCommand", panel))
        self.outstanding.append(self.editor.start_request("$/unknown/" + "y" * 200, 1))

    async def call_off(self) -> None:
        for id, _ in self.outstanding[-2:]:
            self.editor.notify("$/cancelRequest", {"id": id})
        self.editor.notify("$/cancelRequest", {"id": self.random.choice(["gone", 10**9])})
        tokens = [one["token"] for one in self.editor.progress] + ["unknown", 7]
        self.editor.notify("window/workDoneProgress/cancel", {"token": self.random.choice(tokens)})

    async def configure(self) -> None:
        values = [
            {},
            None,
            {"on_save": "off"},
            {"onSave": "static", "max_cost_per_review": "0.01"},
            {"panel": "static"},
        ]
        given: Any = self.random.choice(values)
        self.editor.settings = given
        self.editor.notify("workspace/didChangeConfiguration", {"settings": {"rebuttal": self.editor.settings}})

    async def folders(self) -> None:
        folder = {"uri": self.file.parent.as_uri(), "name": "shop"}
        events = [{"added": [], "removed": [folder]}, {"added": [folder], "removed": []}]
        for event in events if self.random.random() < 0.7 else events[::-1]:
            self.editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    async def disk(self) -> None:
        """The file changes behind the editor's back, and comes again."""
        if self.random.random() < 0.5:
            self.file.unlink(missing_ok=True)
        else:
            self.file.write_bytes(self.random.choice([SOURCE.encode(), b"", b"\xff\x00", b"x = 1\r" * 50]))
        change = {"uri": self.file.as_uri(), "type": self.random.choice([1, 2, 3])}
        self.editor.notify("workspace/didChangeWatchedFiles", {"changes": [change]})

    async def others(self) -> None:
        shown = {"range": span(0, 0, 0, 9), "message": "unused", "source": "ruff", "code": "F401"}
        uri = self.random.choice([self.file.as_uri(), "untitled:x", "file:///nowhere.py"])
        given = self.random.choice([[], [shown], [{**shown, "range": span(10**6, 0, -1, 0)}]])
        self.editor.notify("$/rebuttal.diagnostics", {"uri": uri, "diagnostics": given})

    async def edit(self) -> None:
        if not self.opened:
            return
        text = self.text
        start, end = sorted(self.random.randint(0, len(text)) for _ in range(2))
        if "\r\n" in (text[max(start - 1, 0) : start + 1], text[max(end - 1, 0) : end + 1]):
            return
        end = end if self.random.random() < 0.3 else start
        new = self.random.choice(_PIECES)
        self.editor.change(self.file, {"range": {"start": self.at(start), "end": self.at(end)}, "text": new})
        self.text = text[:start] + new + text[end:]

    def at(self, offset: int) -> Json:
        before = self.text[:offset].replace("\r\n", "\n").replace("\r", "\n")
        start = max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1
        piece = self.text[start:offset]
        width = {"utf-8": len(piece.encode()), "utf-16": len(piece.encode("utf-16-le")) // 2, "utf-32": len(piece)}
        return {"line": before.count("\n"), "character": width[self.units]}

    async def ask(self) -> None:
        position = {"line": self.random.choice([0, 4, 10**6, -3]), "character": self.random.choice([0, 8, 10**6])}
        where = {"textDocument": {"uri": self.file.as_uri()}, "position": position}
        whole = {**where, "range": span(0, 0, 10**6, 0), "context": {"diagnostics": []}}
        await self.request(self.random.choice(["textDocument/hover"]), where)
        for action in await self.request("textDocument/codeAction", whole) or []:
            if "data" in action:
                await self.request("codeAction/resolve", action)

    async def run(self) -> None:
        panel = self.random.choice(["auto", "static", "small", "medium", "large"])
        await self.command("rebuttal.review", panel=panel)

    async def stop(self) -> None:
        await self.command(self.random.choice(["rebuttal.cancel", "rebuttal.showTranscript", "rebuttal.doctor"]))
        known = self.random.choice(["f1", "s1", "gone"])
        command = self.random.choice(["rebuttal.dismiss", "rebuttal.restore", "rebuttal.showTrace"])
        await self.command(command, finding=known)

    async def toggle(self) -> None:
        if self.opened:
            self.editor.close(self.file)
        else:
            self.text = SOURCE
            self.editor.open(self.file, SOURCE)
        self.opened = not self.opened

    async def save(self) -> None:
        self.editor.save(self.file)

    async def time(self) -> None:
        await self.editor.settle()
        self.stage.clock.advance(1)

    async def wrong(self) -> None:
        if self.random.random() < 0.5:
            self.editor.notify(self.random.choice(_NOTES), self.random.choice(_WRONG))
        else:
            await self.request(self.random.choice(_METHODS), self.random.choice(_WRONG))

    async def command(self, name: str, **arguments: Any) -> None:
        await self.request("workspace/executeCommand", {"command": name, "arguments": [arguments]})

    async def request(self, method: str, params: Any) -> Any:
        try:
            return await self.editor.request(method, params)
        except RequestFailed as error:
            failure = error
        self.judge(failure)
        return None

    def judge(self, failure: RequestFailed) -> None:
        assert failure.code in (-32600, -32601, -32602, -32803, -32800), failure
        assert failure.data is None
        assert len(failure.message) < 300
        assert "Traceback" not in failure.message
        assert str(self.file.parent.parent) not in failure.message

    async def check(self) -> None:
        await self.editor.settle()
        document = self.editor.server.document(self.file)
        assert (document is not None) is self.opened
        if document is not None:
            assert document.source == self.text
        # A failed review and settings that are left out are told; nothing else pops up.
        for said in ("The review process stopped", "The fix is not applied", "Some settings were left out"):
            while self.editor.heard(said):
                pass
        assert self.editor.said == []

    async def end(self) -> None:
        """What was asked for in a hurry is answered too, once."""
        for _, future in self.outstanding:
            try:
                await asyncio.wait_for(future, 10)
            except RequestFailed as failure:
                self.judge(failure)
        await self.command("rebuttal.cancel")
        await self.editor.until(lambda: not list(self.editor.server.session.running()))
        await self.check()


@pytest.mark.parametrize("seed", range(3 * len(PROFILES)))
async def test_random_session_keeps_the_promises(start: Start, repo: Path, seed: int) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    units = ["utf-8", "utf-16", "utf-32"][seed % 3]
    profile = with_encoding(list(PROFILES.values())[seed // 3], units)
    # Every other session has all its work parted.
    stage = await start(_SCRIPT, profile, patience=0.05, portion=AT_ONCE * (seed % 2))
    stage.editor.answers["window/showMessageRequest"] = [None, {"title": "Review and send"}][seed % 2]
    session = Session(stage, file, seed, units)
    stage.editor.silent.update(_SILENCES[seed % len(_SILENCES)])
    for _ in range(60):
        await session.step()
        await session.check()
    await session.end()
    stage.editor.refused.clear()
