"""Which modules Maven builds: what the build leaves out misses nothing that is gone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MODULE = re.compile(r"<module>\s*(?:\./)?([^<]*?)/?\s*</module>")


def is_built(path: str, read: Callable[[str], str | None]) -> bool:
    """Whether every module around a file is listed by the one above it that lists modules; else nothing is known.

    `read` gives the text of a file, None where there is none.
    """
    inner, folder = "", posixpath.dirname(path)
    while True:
        text = read(posixpath.join(folder, "pom.xml"))
        if text is not None:
            listed = set(_MODULE.findall(_COMMENT.sub("", text)))
            if inner and listed and posixpath.relpath(inner, folder or ".") not in listed:
                return False
            inner = folder
        if not folder:
            return True
        folder = posixpath.dirname(folder)
