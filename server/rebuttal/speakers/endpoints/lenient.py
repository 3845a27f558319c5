"""The JSON within an answer of a model that was only told in words to give nothing else. Pure.

Around it may stand prose, a code fence, or thoughts between <think> tags. What is found is checked afterwards as
strictly as any answer.
"""

from __future__ import annotations

import json
import re

from attrs import define, field

_THOUGHTS = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_OPENED = re.compile(r"<think(?:ing)?>")
_CLOSED = re.compile(r"</think(?:ing)?>")
_TRIES = 200
"""Of beginnings: an answer full of braces and no JSON must not take long."""


def json_within(text: str) -> str:
    """The longest JSON object in a text; the text itself where there is none."""
    text = _THOUGHTS.sub("", text)
    decoder = json.JSONDecoder()
    best, at = "", 0
    for _ in range(_TRIES):
        at = text.find("{", at)
        if at < 0:
            break
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        if end - at > len(best):
            best = text[at:end]
        at = end
    return best or text


@define
class Preamble:
    """Takes from an answer that arrives in pieces what stands before its first object."""

    _over: bool = field(default=False, init=False)
    _held: str = field(default="", init=False)

    def feed(self, text: str) -> str:
        """What of the answer may be JSON."""
        if self._over:
            return text
        self._held += text
        if (opened := _OPENED.search(self._held)) is not None:
            closed = _CLOSED.search(self._held, opened.end())
            if closed is None:
                return ""
            self._held = self._held[closed.end() :]
        start = self._held.find("{")
        if start < 0:
            # A tag may be cut in two.
            self._held = self._held[-12:]
            return ""
        self._over = True
        return self._held[start:]
