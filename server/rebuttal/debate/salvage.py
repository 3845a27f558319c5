"""What is whole in the text of an answer that as a whole is none: it was cut off, or is no JSON."""

from __future__ import annotations

import json
import re

_SPACE = re.compile(r"[ \t\r\n]*")
_MARK = re.compile(r'["{}\[\]]')
_STRING_END = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
"""Possessive, so that it remembers no way back: a string may be as long as the answer."""
MOST_BROKEN = 100
"""Elements of one array: more of them, and the rest is not looked at, for each costs as much as all before it."""
_DECODER = json.JSONDecoder()


class Broken:
    """Stands for an element that has its end, but is no JSON."""


BROKEN = Broken()


def whole_elements(text: str) -> dict[str, list[object]]:
    """The arrays of the object that `text` begins with, each with its elements that came to their end.

    `BROKEN` stands for those that are no JSON. Never raises; whatever follows what cannot be read is not looked at.
    """
    arrays: dict[str, list[object]] = {}
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        return arrays
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        key, at = _value(text, at)
        at = _skip(text, at)
        if not isinstance(key, str) or text[at : at + 1] != ":":
            break
        at = _skip(text, at + 1)
        if text[at : at + 1] == "[":
            at = _array(text, at + 1, arrays.setdefault(key, []))
        else:
            _, at = _value(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at = _skip(text, at + 1)
    return arrays


def _array(text: str, at: int, elements: list[object]) -> int:
    """Where the array ends; the end of the text where it has none."""
    at, broken = _skip(text, at), 0
    while at < len(text) and text[at] != "]":
        element, at = _value(text, at)
        if at > len(text) or broken == MOST_BROKEN:
            return len(text)
        elements.append(element)
        broken += element is BROKEN
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            return len(text)
    return at + 1


def _value(text: str, at: int) -> tuple[object, int]:
    """A value and where it ends; behind the text where it does not end in it."""
    try:
        value: object
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return BROKEN, _end(text, at)
    # A number at the end may have been longer.
    return (value, end) if end < len(text) or text[end - 1] in '"}]' else (BROKEN, len(text) + 1)


def _end(text: str, at: int) -> int:
    """Where an object or array that is no JSON ends, by its brackets; behind the text where that cannot be told."""
    beyond, depth = len(text) + 1, 0
    while (found := _MARK.search(text, at)) is not None:
        at = found.end()
        if found.group() == '"':
            closed = _STRING_END.match(text, at)
            if closed is None:
                return beyond
            at = closed.end()
        else:
            depth += 1 if found.group() in "{[" else -1
        if depth <= 0:
            return at if found.group() in "}]" and depth == 0 else beyond
    return beyond


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found is not None else at
