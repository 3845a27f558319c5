"""Path patterns as git writes them (gitignore(5)), one matched against one path: for attributes and for ignore files.

Our own: the library for it (pathspec) decides what is ignored otherwise than git where a negation meets a folder, and
its patterns match everything below what they name, which attributes must not.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache

from attrs import frozen

_WILD = re.compile(r"[*?\[\\]")


@frozen
class Pattern:
    """A pattern, split at slashes. Anchored: it is about the whole path, not only about its last part."""

    segments: tuple[str, ...]
    anchored: bool
    literal: str | None
    """The first segment where it stands for itself only: it rules most patterns out, and they may be thousands."""

    @staticmethod
    def of(text: str) -> Pattern:
        """`text` without negation and without a slash at its end."""
        segments = tuple(text.lstrip("/").split("/"))
        return Pattern(segments, "/" in text, None if _WILD.search(segments[0]) else segments[0])

    def matches(self, parts: tuple[str, ...]) -> bool:
        """Whether the pattern names this path, given by its parts; what lies below it is not named."""
        if self.literal is not None and self.literal != parts[0 if self.anchored else -1]:
            return False
        if not self.anchored:
            return fnmatchcase(parts[-1], _for_fnmatch(self.segments[0]))
        reachable = {0}
        for place, segment in enumerate(self.segments):
            if segment == "**":
                # At the end it is everything inside, not the folder itself.
                least = 1 if place == len(self.segments) - 1 else 0
                reachable = set(range(min(reachable) + least, len(parts) + 1)) if reachable else reachable
            else:
                wanted = _for_fnmatch(segment)
                reachable = {at + 1 for at in reachable if at < len(parts) and fnmatchcase(parts[at], wanted)}
        return len(parts) in reachable


@lru_cache(maxsize=32768)
def _for_fnmatch(segment: str) -> str:
    """One segment in fnmatch's dialect, which has no backslash and writes `[!x]` for git's `[^x]`."""
    return re.sub(r"\\(.)", _plain, segment).replace("[^", "[!")


def _plain(escaped: re.Match[str]) -> str:
    char = escaped[1]
    return f"[{char}]" if char in "*?[" else char
