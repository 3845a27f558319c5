"""Characters as clients count them: LSP lets a client count a line in UTF-8, UTF-16 or UTF-32 units.

Findings count in UTF-16 units everywhere in the house; only this module knows that an editor may not.
"""

from __future__ import annotations

from typing import Literal

from rebuttal.text.hidden import plain

Units = Literal["utf-8", "utf-16", "utf-32"]

_CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le"}
_BYTES = {"utf-8": 1, "utf-16": 2}


def units_of(encoding: object) -> Units:
    """The client's encoding by its LSP name; LSP's default is UTF-16."""
    name = str(getattr(encoding, "value", encoding))
    return "utf-8" if name == "utf-8" else "utf-32" if name == "utf-32" else "utf-16"


def length_in(text: str, units: Units) -> int:
    """How many units `text` takes; a lone surrogate counts as its code point would."""
    if units == "utf-32" or text.isascii():
        return len(text)
    return len(text.encode(_CODECS[units], "surrogatepass")) // _BYTES[units]


def code_points(line: str, character: int, units: Units) -> int:
    """How many code points of `line` lie before `character`: clamped to the line, never inside a character."""
    if character <= 0:
        return 0
    if units == "utf-32" or line.isascii():
        return min(character, len(line))
    taken = 0
    for count, char in enumerate(line):
        taken += length_in(char, units)
        if taken > character:
            return count
    return len(line)


def convert(line: str, character: int, source: Units, target: Units) -> int:
    """The same place in `line`, counted in other units."""
    if source == target or line.isascii():
        return character
    return length_in(line[: code_points(line, character, source)], target)


def clean(text: str) -> str:
    """Text for people: without control characters, terminal escapes and whatever else does not show."""
    return plain(text)
