"""What a JavaScript or TypeScript file still gives under a name that it no longer defines itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DECLARES = re.compile(
    r"^\s*export\s+(?:(?:default|declare|abstract|async|const(?=\s+enum))\s+)*"
    r"(?:(?:function\b\s*\*?|class|interface|type|enum|namespace)\s*[\w$]*|(?:const|let|var)\b[^=]*=?)"
)
_LINE = re.compile(r"^.*(?:\bexport\b|\bexports\b).*$", re.MULTILINE)
_OPENS = re.compile(
    r"(?:\bexport\s+(?:type\s+)?|\bexports(?:\.default)?\s*=\s*)\{|\bObject\.assign\(\s*(?:module\.)?exports\b"
)
_EVERYTHING = re.compile(
    r"\bexport\s*\*\s*from\b|\bmodule\.exports\s*=\s*(?!\s*\{)|\.\.\.|\bexports\s*\[|\bexport\s*="
    r"|\b__exportStar\b|\bObject\.(?:assign|definePropert(?:y|ies))\(\s*(?:module\.)?exports\b"
)
_LONGEST = 20_000


def still_exports(text: str, name: str, bound: bool) -> bool:
    """Whether importers may still get `name`: it stands in what is exported, or that cannot be listed.

    `bound`: the file itself still knows something by this name.
    """
    word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])(?!\s+as\b(?!\s+{re.escape(name)}\b))")
    regions = list(_regions(text))
    if any(word.search(one) for one in regions):
        return True
    return bound and (not regions or any(_EVERYTHING.search(one) for one in regions))


def _regions(text: str) -> Iterator[str]:
    """Lines that export, and all that stands in the braces that they open."""
    for line in _LINE.finditer(text):
        declared = _DECLARES.match(line[0])
        yield declared[0] if declared and not line[0].lstrip().startswith("export type {") else line[0]
    for opening in _OPENS.finditer(text):
        start, depth = text.find("{" if "{" in opening[0] else "(", opening.start()), 0
        for place in range(start, min(len(text), start + _LONGEST)):
            depth += (text[place] in "{(") - (text[place] in "})")
            if depth == 0:
                yield text[start : place + 1]
                break
