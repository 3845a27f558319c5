"""Lines of code as copies are compared by: without layout, comments, imports and lone brackets."""

from __future__ import annotations

import re
from itertools import islice

from attrs import frozen

_ATOMS = r"""[A-Za-z_$@][\w$]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`\n]*`|\d[\w.]*"""
_ATOM = re.compile(_ATOMS)
_TOKEN = re.compile(rf"{_ATOMS}|\S")
_SPACE = re.compile(r"\s+")
_COMMENT = re.compile(r"\s*(?:#(?!\[|include|define|if|el|end|pragma)|//|/?\*(?!\w)|--\s|<!--|\"\"\"|''')")
_IMPORT = re.compile(
    r"\s*(?:import\b|from\s+\S+\s+import\b|export\s+.*\bfrom\b|using\s+[\w.]+;|use\s+[\w:\\{]|require\b|require_relative\b"
    r"|#\s*include\b|package\b|namespace\b|pub\s+(?:use|mod)\b|mod\s+\w+;|const\s+.*=\s*require\()"
)
_BARE = re.compile(r"[\W_]*(?:end|else|begin|do|try|pass|break|return|fi|done)?[\W_]*\Z")
_OPENING = re.compile(r"(?:[rRbBuUfF]{0,2})(/\*|\"\"\"|\'\'\'|<!--|=begin\b)")
_CLOSING = {"/*": "*/", '"""': '"""', "'''": "'''", "<!--": "-->", "=begin": "=end"}
_LONGEST = 400
"""Characters of a line: longer ones are data."""


@frozen
class Line:
    """One line that means something."""

    number: int
    """Git line, from 0."""
    stripped: str

    @property
    def tokens(self) -> tuple[str, ...]:
        """Its words, literals and signs."""
        return tuple(match.group() for match in _TOKEN.finditer(self.stripped))

    @property
    def shape(self) -> str:
        """Its signs and how many words there are between them: what a copy keeps when names are replaced in it."""
        return _SPACE.sub("", _ATOM.sub("w", self.stripped))


def meaningful(text: str, until: int) -> list[Line]:
    """The lines of a text that can be copied, before git line `until`."""
    found = []
    closing = ""
    for number, line in enumerate(islice(text.split("\n"), until)):
        stripped = line.strip()
        if closing:  # in a comment, or a docstring, of several lines
            closing = "" if closing in stripped else closing
        elif (opening := _OPENING.match(stripped)) and _CLOSING[opening[1]] not in stripped[opening.end() :]:
            closing = _CLOSING[opening[1]]
        elif stripped and len(stripped) <= _LONGEST and not _is_noise(stripped):
            found.append(Line(number, stripped))
    return found


def _is_noise(line: str) -> bool:
    return bool(_COMMENT.match(line) or _BARE.match(line) or _IMPORT.match(line))


def is_name(token: str) -> bool:
    """Whether a token is a word, not a literal or a sign."""
    return token[:1].isalpha() or token[:1] in "_$@"


_LONGEST_CALL = 4_000


def balanced(text: str, start: int) -> str:
    """What stands in the parentheses that open at `start`; cut where they are very long."""
    depth, end = 0, min(len(text), start + _LONGEST_CALL)
    for place in range(start, end):
        depth += (text[place] == "(") - (text[place] == ")")
        if not depth:
            return text[start + 1 : place]
    return text[start + 1 : end]
