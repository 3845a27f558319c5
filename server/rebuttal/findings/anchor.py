"""Where a quoted piece of code stands in a text.

Models copy lines well and count them badly, so a finding is anchored by what it quotes, not by a line
number. A quote is first sought as it stands; only where that fails is more and more forgiven: white space,
a diff's `+`/`-` copied along, a line quoted in part or rewrapped, a small slip. A place that is not unique
is no place: the caller gets all of them, or none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from attrs import frozen

from rebuttal.text.positions import git_lines

MINIMUM_RATIO = 92.0
"""Likeness (normalised indel similarity, 0-100) from which on a slip is forgiven: one wrong letter in about 13."""
CLEAR_MARGIN = 4.0
"""How much less alike every other place must be for a slip to be forgiven."""
SHORTEST_PART = 4
"""Characters from which on a part of a line is worth looking for."""
LONGEST_FUZZY = 4000
"""Characters up to which a quote is compared by likeness; beyond, only white space is forgiven."""

_ELISION = "…"
"""Stands in what the panel is shown where lines, or parts of a very long line, are not."""
_GAP = re.compile(r"\s*…\s*(?:\(.*\)\s*)?$|@@ ")
_SAID = re.compile(r"\s*… \(of this line of [\d,]+ characters, [\d,]+ are shown\)\s*$")
_CUT = re.compile(r"(?<=[+\- ])…\w*|^…\w*|\w*…$")
_DIFF_PREFIX = re.compile(r"[+\- ]")


@frozen
class Located:
    """A place in a text: git lines from 0, both inclusive. `exact`: the quoted lines stand there as they are."""

    first_line: int
    last_line: int
    exact: bool


@frozen
class _Lines:
    """Lines made comparable, with the number that each had in the text."""

    texts: tuple[str, ...]
    numbers: tuple[int, ...]

    def located(self, first: int, last: int) -> Located:
        return Located(self.numbers[first], self.numbers[last], exact=False)


def locate(quote: str, text: str) -> Located | None:
    """The one place where `quote` stands in `text`; None if it is absent or stands in several places."""
    places = locate_all(quote, text)
    return places[0] if len(places) == 1 else None


def locate_all(quote: str, text: str) -> tuple[Located, ...]:
    """Every place where `quote` stands, from the top, by the strictest reading that finds any.

    A quote of nothing but white space stands nowhere. Several places after a forgiven slip mean that
    none of them is clearly the one meant.
    """
    if not quote.strip():
        return ()
    lines = _bare_lines(text)
    wanted = _bare_lines(quote)
    if exact := _runs(lines, wanted):
        return tuple(Located(first, first + len(wanted) - 1, exact=True) for first in exact)
    return _tolerant(_comparable(lines), wanted)


def _tolerant(lines: _Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    readings = [reading for lines_of in _readings(wanted) if (reading := _comparable(lines_of).texts)]
    for search in (_whole, _part, _rewrapped, _alike):
        for reading in readings:
            if places := search(lines, reading):
                return places
    return ()


def _bare_lines(text: str) -> list[str]:
    """Git's lines without their ends; a carriage return before the end belongs to it."""
    return [line.removesuffix("\n").removesuffix("\r") for line in git_lines(text)]


def _comparable(lines: Iterable[str]) -> _Lines:
    kept = [(number, " ".join(words)) for number, line in enumerate(lines) if (words := line.split())]
    return _Lines(tuple(line for _, line in kept), tuple(number for number, _ in kept))


def _readings(wanted: Sequence[str]) -> Iterator[Sequence[str]]:
    """The quote itself; then without the marks of what was not shown; then as it may come from a diff: both sides of
    that diff and either one."""
    yield wanted
    yield from _sides(wanted)
    if any(_ELISION in line for line in wanted):
        shown = _longest_run(wanted)
        yield shown
        yield from _sides(shown)


def _longest_run(wanted: Sequence[str]) -> Sequence[str]:
    """The most lines in a row that are shown; of a shortened one without its marks and the words that are cut."""
    runs: list[list[str]] = [[]]
    for line in wanted:
        if _GAP.match(line):
            runs.append([])
        else:
            shortened = _CUT.sub("", _SAID.sub("", line))
            runs[-1].append(shortened)
    return max(runs, key=lambda run: sum(len(line.strip()) for line in run))


def _sides(wanted: Sequence[str]) -> Iterator[Sequence[str]]:
    filled = [line for line in wanted if line.strip()]
    marks = {line[0] for line in filled}
    if not marks <= {"+", "-", " "} or marks == {" "}:
        return
    yield [_DIFF_PREFIX.sub("", line, count=1) for line in filled]
    if {"+", "-"} <= marks:
        yield [line[1:] for line in filled if line[0] != "-"]
        yield [line[1:] for line in filled if line[0] != "+"]


def _runs(lines: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """The indexes in `lines` from which on `wanted` follows, line by line."""
    haystack, needle = "\n" + "\n".join(lines) + "\n", "\n" + "\n".join(wanted) + "\n"
    found: list[int] = []
    line, counted, at = 0, 0, haystack.find(needle)
    while at >= 0:
        line += haystack.count("\n", counted, at)
        counted = at
        found.append(line)
        at = haystack.find(needle, at + 1)
    return found


def _whole(lines: _Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    return tuple(lines.located(first, first + len(wanted) - 1) for first in _runs(lines.texts, wanted))


def _part(lines: _Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    """The quote begins or ends inside a line."""
    return _inside(lines, wanted, "\n")


def _rewrapped(lines: _Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    """The quote breaks its lines elsewhere than the text does."""
    return _inside(lines, wanted, " ")


def _inside(lines: _Lines, wanted: Sequence[str], separator: str) -> tuple[Located, ...]:
    needle = separator.join(wanted)
    if len(needle) < SHORTEST_PART:
        return ()
    haystack = separator.join(lines.texts)
    starts = [0, *accumulate(len(line) + 1 for line in lines.texts)]
    places: dict[Located, None] = {}
    at = haystack.find(needle)
    while at >= 0:
        end = at + len(needle)
        if not _cuts_word(haystack, at) and not _cuts_word(haystack, end):
            places[lines.located(bisect_right(starts, at) - 1, bisect_right(starts, end - 1) - 1)] = None
        at = haystack.find(needle, at + 1)
    return tuple(places)


def _cuts_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _in_word(text[at - 1]) and _in_word(text[at])


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


@frozen
class _Window:
    """A run of comparable lines that is like the quote; indexes, both inclusive."""

    first: int
    last: int
    ratio: float

    def rivals(self, other: _Window) -> bool:
        """Whether `other`, less alike, is another place that might be meant as well."""
        nested = (other.first >= self.first and other.last <= self.last) or (
            other.first <= self.first and other.last >= self.last
        )
        if nested:
            return False
        overlap = other.first <= self.last and other.last >= self.first
        return other.ratio >= (self.ratio if overlap else self.ratio - CLEAR_MARGIN)


def _alike(lines: _Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    needle = "\n".join(wanted)
    if len(needle) > LONGEST_FUZZY:
        return ()
    windows = _windows(lines.texts, needle, len(wanted))
    if not windows:
        return ()
    best = max(windows, key=lambda window: (window.ratio, -abs(window.last - window.first + 1 - len(wanted))))
    meant = [best, *(window for window in windows if best.rivals(window))]
    return tuple(lines.located(window.first, window.last) for window in sorted(meant, key=lambda one: one.first))


def _windows(lines: Sequence[str], needle: str, size: int) -> list[_Window]:
    """Runs of about `size` lines that are like `needle`: a slip may have lost or doubled one line."""
    from rapidfuzz import fuzz, process

    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    low, high = _lengths(len(needle))
    spans = [
        (first, first + count - 1)
        for count in (size, size - 1, size + 1)
        for first in range(len(lines) - count + 1)
        if count > 0 and low <= starts[first + count] - 1 - starts[first] <= high
    ]
    texts = ["\n".join(lines[first : last + 1]) for first, last in spans]
    found = process.extract(
        needle, texts, scorer=fuzz.ratio, processor=None, limit=None, score_cutoff=MINIMUM_RATIO - CLEAR_MARGIN
    )
    windows = [_Window(*spans[index], ratio) for _, ratio, index in found]
    return windows if any(window.ratio >= MINIMUM_RATIO for window in windows) else []


def _lengths(length: int) -> tuple[float, float]:
    """Between which lengths a text must lie to be alike: the ratio is at most 2 * shorter / (shorter + longer)."""
    least = (MINIMUM_RATIO - CLEAR_MARGIN) / 100
    return length * least / (2 - least), length * (2 - least) / least
