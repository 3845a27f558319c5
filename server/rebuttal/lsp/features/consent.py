"""May this be sent? Asked before the first byte leaves the machine; no answer means no.

The protocol has no way to take a question off the screen, only to say that nobody waits for it any more. So one whose
job was superseded stays open, counts for nothing, and is the one that is waited for again if the same is to be asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from attrs import define, field
from lsprotocol import types

from rebuttal.lsp.encoding import clean
from rebuttal.store.currency import DOLLARS, Money

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

YES, NO = "Review and send", "Not now"
KEPT = 8
"""Questions that stay open: a client that never answers collects no more."""
_NAMED = 10
"""Untracked files that are named; the rest is counted."""


@define(eq=False)
class _Open:
    """A question on the screen."""

    id: str
    words: str
    answer: asyncio.Future[types.MessageActionItem | None]
    waiting: int = 0
    """How many wait for its answer."""


@define(eq=False)
class Questions:
    """What the user is being asked, by what it is about: one question each, however often it comes up."""

    ls: RebuttalServer
    _open: dict[Hashable, _Open] = field(factory=dict)

    async def ask(self, about: Hashable, question: Mapping[str, Any]) -> bool:
        """The user's answer; a dismissed question is a no. `about`: what can only be asked once at a time."""
        words = text(question, self.ls.money)
        found = self._open.pop(about, None)
        if found is None or found.words != words:
            self._take_back(found)
            found = self._put(about, words)
        self._open[about] = found  # the latest asked, last
        found.waiting += 1
        self._forget_old()
        try:
            # Whoever asks may go away; the question stays.
            answer = await asyncio.shield(found.answer)
        finally:
            found.waiting -= 1
        return answer is not None and answer.title == YES

    def close(self) -> None:
        """Nobody waits for any answer any more."""
        for found in list(self._open.values()):
            found.answer.cancel()

    def _put(self, about: Hashable, words: str) -> _Open:
        actions = [types.MessageActionItem(YES), types.MessageActionItem(NO)]
        params = types.ShowMessageRequestParams(types.MessageType.Info, words, actions)
        msg_id = str(uuid4())
        sent = self.ls.protocol.send_request_async(types.WINDOW_SHOW_MESSAGE_REQUEST, params, msg_id)
        put = _Open(msg_id, words, sent)
        put.answer.add_done_callback(lambda answer: self._answered(about, answer))
        return put

    def _forget_old(self) -> None:
        unheard = [key for key, one in self._open.items() if not one.waiting]
        for key in unheard[: max(len(self._open) - KEPT, 0)]:
            self._take_back(self._open.pop(key))

    def _answered(self, about: Hashable, answer: asyncio.Future[Any]) -> None:
        if (found := self._open.get(about)) is not None and found.answer is answer:
            del self._open[about]
        if not answer.cancelled():
            answer.exception()  # whoever asked may be gone

    def _take_back(self, found: _Open | None) -> None:
        if found is not None and not found.answer.done():
            found.answer.cancel()
            self.ls.protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id=found.id))


def text(question: Mapping[str, Any], money: Money = DOLLARS) -> str:
    """The question in words: what goes where, what is new to git, what it costs."""
    files = int(question.get("files") or 0)
    where = Path(str(question.get("repository") or "this repository")).name
    parts = [f"Send {files} changed {'file' if files == 1 else 'files'} of {where} to {question.get('host')}?"]
    untracked = [str(name) for name in question.get("untracked") or ()]
    if untracked:
        more = f" and {len(untracked) - _NAMED} more" if len(untracked) > _NAMED else ""
        parts.append(f"Not yet in git: {', '.join(untracked[:_NAMED])}{more}.")
    redactions = int(question.get("redactions") or 0)
    if redactions:
        parts.append(f"{redactions} {'secret is' if redactions == 1 else 'secrets are'} left out.")
    expected, at_most = str(question.get("expected") or "0"), str(question.get("at_most") or "0")
    grounds = str(question.get("grounds") or "")
    parts.append(
        f"Expected cost {money(Decimal(expected))}, at most {money.deciding(Decimal(at_most))}"
        + (f" ({grounds})." if grounds else ".")
    )
    shortened = [str(one) for one in question.get("shortened") or ()]
    if shortened:
        parts.append(f"To fit that: {', '.join(shortened)}.")
    # On one line: a file's name must not pass for a sentence of ours.
    return clean(" ".join(" ".join(parts).split()))
