"""Random sessions: whatever an editor does in whatever order, the server keeps its promises.

Every request is answered once, no popup comes up, the server's buffer is the editor's, and the teardown finds no
task left (conftest).
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import Stage, Start
from tests.lsp.editor import Json, RequestFailed
from tests.lsp.fake_worker import done
from tests.lsp.profiles import PROFILES, with_encoding
from tests.lsp.samples import SOURCE, finding, progress, span, static
from tests.lsp.test_jobs import QUESTION

_PIECES = ["x", "\n", "\r\n", "\r", "💛", "\x0c", "\u2028", "import os\n", "    return sum(items) / len(items)", ""]
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


class Session:
    """One random editor. The text of its document is the model that the server's is held against."""

    def __init__(self, stage: Stage, file: Path, seed: int, units: str) -> None:
        self.stage, self.editor, self.file = stage, stage.editor, file
        self.random, self.units, self.text = random.Random(seed), units, SOURCE
        self.opened = False

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
            ]
        )
        await action()

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
        method = self.random.choice(["textDocument/hover", "textDocument/didChange", "workspace/executeCommand", "$/x"])
        if method in ("textDocument/didChange", "$/x"):
            self.editor.notify(method, self.random.choice(_WRONG))
        else:
            await self.request(method, self.random.choice(_WRONG))

    async def command(self, name: str, **arguments: Any) -> None:
        await self.request("workspace/executeCommand", {"command": name, "arguments": [arguments]})

    async def request(self, method: str, params: Any) -> Any:
        try:
            return await self.editor.request(method, params)
        except RequestFailed as error:
            failure = error
        assert failure.code in (-32602, -32803), failure
        assert failure.data is None
        return None

    async def check(self) -> None:
        await self.editor.settle()
        document = self.editor.server.document(self.file)
        assert (document is not None) is self.opened
        if document is not None:
            assert document.source == self.text
        # A failed review is told; nothing else pops up.
        while self.editor.heard("The review process stopped"):
            pass
        while self.editor.heard("The fix is not applied"):
            pass
        assert self.editor.said == []


@pytest.mark.parametrize("seed", range(24))
async def test_random_session_keeps_the_promises(start: Start, repo: Path, seed: int) -> None:
    file = repo / "cart.py"
    file.write_text(SOURCE)
    units = ["utf-8", "utf-16", "utf-32"][seed % 3]
    profile = with_encoding(PROFILES[["vscode", "neovim", "minimal"][seed // 3 % 3]], units)
    stage = await start(_SCRIPT, profile, patience=0.05)
    stage.editor.answers["window/showMessageRequest"] = [None, {"title": "Review and send"}][seed % 2]
    session = Session(stage, file, seed, units)
    for _ in range(60):
        await session.step()
        await session.check()
