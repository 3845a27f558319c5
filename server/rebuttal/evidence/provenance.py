"""Whose a changed file is, and whether it was written or made of another: its copies are not told of once more.

What change/skipping.py leaves out (vendored, generated, minified) does not come this far.
"""

from __future__ import annotations

import re

from rebuttal.change.model import FileDiff
from rebuttal.evidence.folders import OF_OTHERS

BROUGHT_ALONG = 2_000
"""Lines of one new file that nobody writes for one change: it was taken over from elsewhere."""
_OF_OTHERS = re.compile(OF_OTHERS)
_MADE_BY_BUILD = re.compile(r"(?:deno|dist|build|lib|out)(?:[_-]\w+)?/")


def is_of_others(path: str) -> bool:
    """Whether the file is a copy of somebody else's code, by where it stands."""
    return _OF_OTHERS.search(path) is not None


def is_brought_along(diff: FileDiff) -> bool:
    """Whether a file is somebody else's, by its size: a library of one file, as C keeps them."""
    return diff.status == "added" and len(diff.added_lines) > BROUGHT_ALONG


def is_copy_of_build(path: str) -> bool:
    """Whether the file may be one that a build made of the sources, by where it stands."""
    return _MADE_BY_BUILD.match(path) is not None


def name_in_copies(path: str) -> str:
    """What a file and the copies that a build makes of it share, besides lines: the name."""
    return path.rpartition("/")[2]
