"""The lines of a text, made comparable: what is forgiven of white space and of typographic characters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate

from attrs import frozen

TYPED = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‟": '"', "‘": "'", "’": "'", "‚": "'", "‛": "'", "–": "-", "‑": "-", "−": "-"}
)
"""What word processors, and models, make of plain characters."""


@frozen
class Located:
    """A place in a text: git lines from 0, both inclusive. `exact`: the quoted lines stand there as they are."""

    first_line: int
    last_line: int
    exact: bool


class Lines:
    """Lines made comparable, with the number that each had in the text."""

    def __init__(self, lines: Iterable[str]) -> None:
        kept = [
            (number, " ".join(words)) for number, line in enumerate(lines) if (words := line.translate(TYPED).split())
        ]
        self.texts = [line for _, line in kept]
        self.numbers = [number for number, _ in kept]

    def located(self, first: int, last: int) -> Located:
        return Located(self.numbers[first], self.numbers[last], exact=False)

    @cached_property
    def where(self) -> dict[str, list[int]]:
        return places_of(self.texts)

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins when they are joined by one character; one more for the end."""
        return [0, *accumulate(len(line) + 1 for line in self.texts)]

    @cached_property
    def by_line(self) -> str:
        return "\n".join(self.texts)

    @cached_property
    def in_a_row(self) -> str:
        return " ".join(self.texts)


def places_of(lines: Iterable[str]) -> dict[str, list[int]]:
    """The numbers that each line has."""
    found: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        found.setdefault(line, []).append(number)
    return found


def bare_lines(text: str) -> list[str]:
    """Git's lines without their ends; a carriage return before the end belongs to it."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines


def runs_in(lines: Iterable[str], wanted: Iterable[str]) -> list[int]:
    """The numbers of the lines from which on `wanted` follows, line by line."""
    haystack, needle = "\n" + "\n".join(lines) + "\n", "\n" + "\n".join(wanted) + "\n"
    found: list[int] = []
    line, counted, at = 0, 0, haystack.find(needle)
    while at >= 0:
        line += haystack.count("\n", counted, at)
        counted = at
        found.append(line)
        at = haystack.find(needle, at + 1)
    return found
