"""The JSON within an answer of a model that was only told in words to give nothing else. Pure.

Around it may stand prose, a code fence, or thoughts between <think> tags. Neither thoughts nor prose are the answer,
even where JSON stands in them: they may quote the code under review. What is found is checked afterwards as strictly as
any answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from attrs import define, field

_THOUGHTS = re.compile(r"\s*(?:<think(?:ing)?>.*?</think(?:ing)?>\s*)*", re.DOTALL)
"""Before the answer."""
_CLOSED = re.compile(r"</think(?:ing)?>")
_OPENED = re.compile(r"<think(?:ing)?>")
_START = re.compile(r'(?:```\w*\s*)?(?=\{\s*["}])')
"""Of an answer that stands by itself, or in a fence."""
_BEFORE_START = re.compile(r"`{0,3}|(?:```\w*\s*)?(?:\{\s*)?")
"""What may yet become one."""
_TRIES = 200
"""Of beginnings: an answer full of braces and no JSON must not take long."""


def json_within(text: str, fields: Iterable[str]) -> str:
    """The object that is the answer: the one that the text begins with, or else the last within prose that has any of
    `fields`. Of one that is cut off, what there is; the text itself where there is none."""
    bare = text[_end(_THOUGHTS, text) :]
    start = _START.match(bare)
    if start is not None:
        return _whole(bare, start.end())
    # A template may have opened the thoughts before the answer began.
    closed = list(_CLOSED.finditer(bare))
    bare = bare[closed[-1].end() :] if closed else bare
    if (opened := _OPENED.search(bare)) is not None:
        bare = bare[: opened.start()]
    return _last(bare, frozenset(fields)) or text


def _whole(text: str, at: int) -> str:
    """The object that begins at `at`; all that follows where it does not end."""
    try:
        _, end = json.JSONDecoder().raw_decode(text, at)
    except (ValueError, RecursionError):
        return text[at:]
    return text[at:end]


def _last(text: str, fields: frozenset[str]) -> str:
    decoder = json.JSONDecoder()
    found, cut_off, at = "", "", 0
    begins = re.compile(rf'\{{\s*"(?:{"|".join(map(re.escape, sorted(fields)))})"\s*:')
    for _ in range(_TRIES):
        at = text.find("{", at)
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            # What is within an answer that was cut off is none.
            if begins.match(text, at):
                cut_off = text[at:]
                break
            at += 1
            continue
        if fields & value.keys():
            found = text[at:end]
        at = end
    return cut_off or found


def _end(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return found.end() if found is not None else 0


@define
class Preamble:
    """Takes from an answer that arrives in pieces what stands before its object. Of an answer in prose nothing is left:
    which of its objects is the answer shows only at its end."""

    _held: str = field(default="", init=False)
    _begun: bool = field(default=False, init=False)
    _is_prose: bool = field(default=False, init=False)

    def feed(self, text: str) -> str:
        """What of the answer is JSON."""
        if self._begun:
            return text
        if self._is_prose:
            return ""
        self._held += text
        if _OPENED.match(self._held) and ">" not in text:
            # Thoughts may be long: they are looked through where a tag may have ended.
            return ""
        self._held = held = self._held[_end(_THOUGHTS, self._held) :]
        if (start := _START.match(held)) is not None:
            self._begun = True
            return held[start.end() :]
        self._is_prose = not (_BEFORE_START.fullmatch(held) or _OPENED.match(held) or _begins_tag(held))
        return ""


def _begins_tag(text: str) -> bool:
    return any(tag.startswith(text) for tag in ("<think>", "<thinking>"))
