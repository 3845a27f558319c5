"""Writing a result to stdout."""

from __future__ import annotations

import sys


def write(text: str) -> None:
    """UTF-8 whatever the console's code page: a finding quotes code, which may hold any character."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
