"""Runs of lines that are like a quote but for a slip: found in time however long the text is, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from rebuttal.findings.lines import Lines, Located

MINIMUM_RATIO = 92.0
"""Likeness (normalised indel similarity, 0-100) from which on a slip is forgiven: one wrong letter in about 13."""
CLEAR_MARGIN = 4.0
"""How much less alike every other place must be for a slip to be forgiven."""
LONGEST_FUZZY = 4000
"""Characters up to which a quote is compared by likeness; beyond, only white space is forgiven."""
LOOKED_UP = 3
"""Lines of a quote, the longest, by which the places are found that are then compared with all of it."""
LINE_RATIO = 75.0
"""Likeness of one of those lines to one of the text's."""
MOST_COMPARED = 3_000_000
"""Characters that are compared for one quote, which takes a tenth of a second: where more could be meant, none is."""


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


def alike(lines: Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    """Every place that may be meant by a quote with a slip, from the top; comparable lines on both sides."""
    needle = "\n".join(wanted)
    if len(needle) > LONGEST_FUZZY:
        return ()
    windows = _windows(lines, needle, wanted)
    if not windows:
        return ()
    best = max(windows, key=lambda window: (window.ratio, -abs(window.last - window.first + 1 - len(wanted))))
    meant = [best, *(window for window in windows if best.rivals(window))]
    return tuple(lines.located(window.first, window.last) for window in sorted(meant, key=lambda one: one.first))


def _windows(lines: Lines, needle: str, wanted: Sequence[str]) -> list[_Window]:
    """Runs of about as many lines that are like `needle`: a slip may have lost or doubled one line."""
    from rapidfuzz import fuzz, process

    starts, spans = lines.starts, _spans(lines, len(needle), wanted)
    if sum(starts[last + 1] - starts[first] for first, last in spans) > MOST_COMPARED:
        return []
    texts = [lines.by_line[starts[first] : starts[last + 1] - 1] for first, last in spans]
    cutoff = MINIMUM_RATIO - CLEAR_MARGIN
    found = process.extract(needle, texts, scorer=fuzz.ratio, processor=None, limit=None, score_cutoff=cutoff)
    windows = [_Window(*spans[index], ratio) for _, ratio, index in found]
    return windows if any(window.ratio >= MINIMUM_RATIO for window in windows) else []


def _spans(lines: Lines, length: int, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Runs of lines, first and last, that may be alike by their length and by a line that both have."""
    starts, (low, high) = lines.starts, _lengths(length)
    count, size = len(lines.texts), len(wanted)
    firsts: Iterable[int] = range(count) if size == 1 else sorted(_beside_like_lines(lines, wanted))
    return [
        (first, first + lines_of - 1)
        for lines_of in (size, size - 1, size + 1)
        for first in firsts
        if lines_of > 0 and first + lines_of <= count and low <= starts[first + lines_of] - 1 - starts[first] <= high
    ]


def _beside_like_lines(lines: Lines, wanted: Sequence[str]) -> set[int]:
    """Where runs may begin that hold a line like one of the quote's longest at about the place that it has there.

    They cannot all have been spoilt: what is alike as a whole lacks at most a sixth of its characters.
    """
    from rapidfuzz import fuzz, process

    firsts: set[int] = set()
    longest = sorted(range(len(wanted)), key=lambda number: (-len(wanted[number]), number))
    for number in longest[:LOOKED_UP]:
        found = process.extract(
            wanted[number], lines.texts, scorer=fuzz.ratio, processor=None, limit=None, score_cutoff=LINE_RATIO
        )
        for _, _, line in found:
            firsts.update(range(max(line - number - 1, 0), max(line - number + 2, 0)))
    return firsts


def _lengths(length: int) -> tuple[float, float]:
    """Between which lengths a text must lie to be alike: the ratio is at most 2 * shorter / (shorter + longer)."""
    least = (MINIMUM_RATIO - CLEAR_MARGIN) / 100
    return length * least / (2 - least), length * (2 - least) / least
