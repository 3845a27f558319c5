"""May this be sent? Asked before the first byte leaves the machine; no answer means no."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from rebuttal.lsp.encoding import clean
from rebuttal.store.currency import DOLLARS, Money

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

YES, NO = "Review and send", "Not now"
_NAMED = 10
"""Untracked files that are named; the rest is counted."""


async def ask(ls: RebuttalServer, question: Mapping[str, Any]) -> bool:
    """The user's answer; a dismissed question is a no."""
    actions = [types.MessageActionItem(YES), types.MessageActionItem(NO)]
    params = types.ShowMessageRequestParams(types.MessageType.Info, text(question, ls.money), actions)
    answer = await ls.window_show_message_request_async(params)
    return answer is not None and answer.title == YES


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
