"""Where a finding's quote stands in a text: what was redacted of it may be anything, and a line may hold more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.lsp.workspace import Lines, split_lines

_LONGEST = 40
"""Lines of a quote that are looked for."""
_REDACTED = re.compile("«redacted:[^»]*»")


def quoted_line(quote: str, expected: int, lines: Lines) -> int | None:
    """Where a quote begins: as reported, else where it is unique. None: it does not stand there, or not only once."""
    quoted = [line.strip() for line in split_lines(quote.strip("\r\n"))][:_LONGEST]
    if not any(quoted):
        return None

    def stands_at(first: int) -> bool:
        return 0 <= first <= len(lines) - len(quoted) and all(
            _says(line, lines[first + offset]) for offset, line in enumerate(quoted)
        )

    if stands_at(expected):
        return expected
    longest = max(range(len(quoted)), key=lambda offset: len(quoted[offset]))
    places = [line - longest for line in _lines_with(quoted[longest], lines) if stands_at(line - longest)]
    if any(first <= expected < first + len(quoted) for first in places):
        return expected  # the range is a part of what is quoted
    return places[0] if len(places) == 1 else None


def is_gone(quote: str, lines: Lines) -> bool:
    """Whether no line of a quote stands anywhere."""
    said = [line.strip() for line in split_lines(quote)]
    said = [line for line in said if any(piece.strip() for piece in _REDACTED.split(line))]
    return bool(said) and not any(True for line in said for _ in _lines_with(line, lines))


def _lines_with(quoted: str, lines: Lines) -> Iterator[int]:
    """Every line that holds one of a quote. The search runs at C's speed: a long file must not hold up the editor."""
    piece = max(_REDACTED.split(quoted), key=len)
    text = lines.keep("text", None, lambda: "\n".join(lines))
    at = number = 0
    while (found := text.find(piece, at)) >= 0:
        number += text.count("\n", at, found)
        if _says(quoted, lines[number]):
            yield number
        if (end := text.find("\n", found)) < 0:
            return
        at, number = end + 1, number + 1


def _says(quoted: str, line: str) -> bool:
    at = 0
    for piece in _REDACTED.split(quoted):
        if (found := line.find(piece, at)) < 0:
            return False
        at = found + len(piece)
    return True
