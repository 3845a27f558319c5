"""A function before and after the change: what of it is gone, what stays, what is new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from rebuttal.evidence.structure.lines import Lines, plain
from rebuttal.text.model import Symbol


class Pair:
    """One function on both sides."""

    def __init__(self, lines: Lines, old: Symbol, new: Symbol) -> None:
        self.lines = lines
        self.old = old
        self.new = new

    @cached_property
    def kept(self) -> tuple[tuple[int, str], ...]:
        """Old lines of it, with their numbers, that are still in it, if differently indented."""
        present = set(self.words)
        text = self.lines.old
        return tuple(
            (number, text[number].strip())
            for number in range(self.old.start_line, min(self.old.end_line + 1, len(text)))
            if plain(text[number]) in present and len(text[number].strip()) > 3
        )

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The new lines of it, without layout."""
        return tuple(plain(line) for line in self.lines.new[self.new.start_line : self.new.end_line + 1])

    @cached_property
    def text(self) -> str:
        """What it is now, comments on lines of their own left out."""
        return "\n".join(line for line in self.words if not line.startswith(("#", "//", "*", "/*")))

    @cached_property
    def added(self) -> tuple[str, ...]:
        """Its added lines, without layout."""
        added = self.lines.diff.added_lines
        return tuple(
            plain(self.lines.new[number])
            for number in range(self.new.start_line, min(self.new.end_line + 1, len(self.lines.new)))
            if number in added
        )

    @cached_property
    def same_header(self) -> bool:
        """Whether its signature and what is written above it stand as they were."""
        removed, added = self.lines.diff.removed_lines, self.lines.diff.added_lines
        return not (
            any(line in removed for line in range(self.old.start_line, self.old.header_end_line + 1))
            or any(line in added for line in range(self.new.start_line, self.new.header_end_line + 1))
        )

    def kept_after(self, number: int) -> tuple[tuple[int, str], ...]:
        return tuple(one for one in self.kept if one[0] > number)

    def place(self, line: str) -> int | None:
        """Where the new function has this line."""
        words = plain(line)
        return next((self.new.start_line + at for at, one in enumerate(self.words) if one == words), None)

    def holds(self, pattern: str) -> bool:
        """Whether the function as it is now has something like it, outside of comments."""
        return re.search(pattern, self.text) is not None


def pair_at(lines: Lines, number: int) -> Pair | None:
    """The function around an old line, if it is still there."""
    old = lines.function("old", number)
    new = lines.counterpart(old) if old is not None else None
    return Pair(lines, old, new) if old is not None and new is not None else None


def removed(lines: Lines, pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str], Pair]]:
    """Removed lines that match, in code, inside of a function that is still there."""
    for number, match in lines.found("old", pattern):
        pair = pair_at(lines, number)
        if pair is not None:
            yield number, match, pair
