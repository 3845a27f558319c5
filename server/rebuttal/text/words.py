"""Words for people."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """As in "1 file" and "2 files"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def joined(words: Sequence[str]) -> str:
    """As in "one", "one and two", and "one, two and three"."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
