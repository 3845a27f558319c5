"""What our prompts show, as reviewers that are no models read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_OBJECT = re.compile(r"^\{", re.MULTILINE)
_FILE = re.compile(
    r"^(?:"
    r"=== (?P<shown>.+) \((?:added|modified|deleted|renamed|copied|type changed|mode changed)[^()]*\)"
    r"|\+\+\+ (?:b/)?(?P<unified>[^\t]+)"
    r'|<pasted_content id="[^"]*" source="diff of (?P<pasted>[^"]+)">'
    r")$"
)
_ENDS = re.compile(r"^(?:=== |</?pasted_content )")


def shown_claims(text: str) -> Iterator[Mapping[str, Any]]:
    """The claims that a prompt asks about: JSON objects that begin a line, with a claim's id, file and quote."""
    decoder = json.JSONDecoder()
    end = 0
    for match in _OBJECT.finditer(text):
        if match.start() < end:
            continue
        try:
            value, end = decoder.raw_decode(text, match.start())
        except ValueError:
            continue
        if isinstance(value, dict) and {"claim", "file", "quote"} <= value.keys():
            yield value


def added_lines(text: str) -> Iterator[tuple[str, str]]:
    """(file, line) of the lines that a diff in the text adds; a line without its `+`."""
    path: str | None = None
    for line in text.split("\n"):
        if header := _FILE.match(line):
            path = next(filter(None, header.groups())).strip()
        elif _ENDS.match(line):
            path = None
        elif path is not None and line.startswith("+") and line[1:].strip():
            yield path, line[1:]
