"""What an answer that came in a batch says: the same reading as of one that was streamed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from rebuttal.debate.model import Statement
from rebuttal.speakers.attempt import Answer, Call, judge
from rebuttal.speakers.batches.service import heard
from rebuttal.speakers.catalogue import ALIASES
from rebuttal.speakers.faults import Fault, Target
from rebuttal.store.model import NO_TOKENS, ZERO, CallKey, Tokens

_NO_KEY = CallKey("", "", "", "", "")


@frozen
class Heard:
    """One answer."""

    said: Statement | Answer | Fault
    tokens: Tokens
    model: str


def understood(text: str, target: Target, *, is_statement: bool) -> Heard:
    """What a message says that was kept as text."""
    message: Mapping[str, Any] = json.loads(text)
    hearing = heard(message)
    model = hearing.model or ""
    said = judge(hearing, Call(_NO_KEY, {}, ZERO, target, is_statement=is_statement))
    return Heard(said, hearing.tokens or NO_TOKENS, ALIASES.get(model, model))
