"""Where a quoted piece of code stands in a text.

Models copy lines well and count them badly, so a finding is anchored by what it quotes, not by a line
number. A quote is first sought as it stands; only where that fails is more and more forgiven: white space and
typographic quotation marks, what was copied along (a diff's `+`/`-`, line numbers, a code fence, escapes), what was
left out (a part of a line, a line, `...`), a small slip. A place that is not unique is no place: the caller gets all
of them, or none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property

from rebuttal.findings.likeness import alike
from rebuttal.findings.lines import Lines, Located, bare_lines, places_of, runs_in
from rebuttal.findings.readings import DOTS, readings, shown_runs, weight

__all__ = ["Located", "Searched", "locate", "locate_all"]

SHORTEST_PART = 4
"""Characters from which on a part of a line is worth looking for."""
LEAST_TOLD = 8
"""Letters and digits that a quote with something left out must have kept."""
GAP = 80
"""Lines that may be left out at a mark such as `...`, where what stands beside it is to tell like places apart."""
MOST_IN_VAIN = 2_000_000
"""Lines compared for nothing: a hundred invented quotes in a file of 20,000 lines, which takes some seconds."""
MOST_STARTS = 5_000
"""Lines at which a quote that misses a line may begin: one that begins everywhere points nowhere."""


class Searched:
    """A text in which many quotes are sought: what that takes is made once, when it is first needed."""

    def __init__(self, text: str) -> None:
        self._bare = bare_lines(text)
        self.in_vain = 0
        """Quotes that were not found by any reading."""

    @property
    def patient(self) -> bool:
        """Whether slips are still looked for: whoever invents quote after quote is not copying."""
        return self.in_vain * len(self._bare) < MOST_IN_VAIN

    @cached_property
    def lines(self) -> Lines:
        return Lines(self._bare)

    def exactly(self, wanted: Sequence[str]) -> list[int]:
        """The lines at which these lines stand as they are."""
        starts = self._where.get(wanted[0], [])
        if len(starts) * len(wanted) > 50_000:
            return runs_in(self._bare, wanted)
        size, wanted = len(wanted), list(wanted)
        return [first for first in starts if self._bare[first : first + size] == wanted]

    @cached_property
    def _where(self) -> dict[str, list[int]]:
        return places_of(self._bare)


def locate(quote: str, text: str | Searched) -> Located | None:
    """The one place where `quote` stands in `text`; None if it is absent or stands in several places."""
    places = locate_all(quote, text)
    return places[0] if len(places) == 1 else None


def locate_all(quote: str, text: str | Searched) -> tuple[Located, ...]:
    """Every place where `quote` stands, from the top, by the strictest reading that finds any.

    A quote of nothing but white space stands nowhere. Several places after a forgiven slip mean that
    none of them is clearly the one meant.
    """
    if not quote.strip():
        return ()
    searched = text if isinstance(text, Searched) else Searched(text)
    wanted = bare_lines(quote)
    if exact := searched.exactly(wanted):
        return tuple(Located(first, first + len(wanted) - 1, exact=True) for first in exact)
    places = _tolerant(searched.lines, wanted, slips=searched.patient)
    searched.in_vain += not places
    return places


def _tolerant(lines: Lines, wanted: Sequence[str], *, slips: bool) -> tuple[Located, ...]:
    found = [reading for lines_of in readings(wanted) if (reading := tuple(Lines(lines_of).texts))]
    meant = list(dict.fromkeys(found))
    for search in (_whole, _part, _rewrapped, _skipping):
        for reading in meant:
            if places := search(lines, reading):
                return places
    if places := _with_gaps(lines, wanted):
        return places
    if not slips:
        return ()
    return next((places for reading in meant if (places := alike(lines, reading))), ())


def _runs(lines: Lines, wanted: Sequence[str]) -> list[int]:
    """The indexes from which on `wanted` follows, line by line."""
    starts = lines.where.get(wanted[0], []) if wanted else []
    if len(starts) * len(wanted) > 50_000:
        return runs_in(lines.texts, wanted)
    size = len(wanted)
    return [first for first in starts if lines.texts[first : first + size] == list(wanted)]


def _whole(lines: Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    return tuple(lines.located(first, first + len(wanted) - 1) for first in _runs(lines, wanted))


def _part(lines: Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    """The quote begins or ends inside a line."""
    return _inside(lines, lines.by_line, "\n".join(wanted))


def _rewrapped(lines: Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    """The quote breaks its lines elsewhere than the text does."""
    return _inside(lines, lines.in_a_row, " ".join(wanted))


def _inside(lines: Lines, haystack: str, needle: str) -> tuple[Located, ...]:
    if len(needle) < SHORTEST_PART:
        return ()
    places: dict[Located, None] = {}
    at = haystack.find(needle)
    while at >= 0:
        end = at + len(needle)
        if not _cuts_word(haystack, at) and not _cuts_word(haystack, end):
            first, last = bisect_right(lines.starts, at) - 1, bisect_right(lines.starts, end - 1) - 1
            places[lines.located(first, last)] = None
        at = haystack.find(needle, at + 1)
    return tuple(places)


def _cuts_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _in_word(text[at - 1]) and _in_word(text[at])


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _skipping(lines: Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    """One line of the text is missing in the quote. Another place that is as like the quote makes it doubtful."""
    if len(wanted) < 2 or _told(wanted) < LEAST_TOLD or len(wanted) > GAP:
        return ()
    starts = lines.where.get(wanted[0], [])
    found = [last for first in starts[:MOST_STARTS] if (last := _skip(lines.texts, first, wanted)) is not None]
    places = tuple(lines.located(first, last) for first, last in found)
    if len(places) != 1:
        return places
    others = (
        one
        for one in alike(lines, wanted)
        if one.last_line < places[0].first_line or one.first_line > places[0].last_line
    )
    return (*places, *others)


def _skip(texts: Sequence[str], first: int, wanted: Sequence[str]) -> tuple[int, int] | None:
    """Whether the quote stands from there on with one line too few; the first and last index."""
    at, skipped = first, False
    for line in wanted:
        if at < len(texts) and texts[at] == line:
            at += 1
        elif not skipped and at + 1 < len(texts) and texts[at + 1] == line:
            at, skipped = at + 2, True
        else:
            return None
    return first, at - 1


def _with_gaps(lines: Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    """Marks such as `...` stand for lines, or for a part of a line, that the quote leaves out."""
    if not any(DOTS.search(line) for line in wanted) or _told(wanted) < LEAST_TOLD:
        return ()
    runs = [tuple(Lines(run).texts) for run in shown_runs(wanted)]
    runs = [run for run in runs if run]
    if not runs:
        return ()
    for find in (_whole, _cut_short):
        longest = max(range(len(runs)), key=lambda number: weight(runs[number]))
        if _told(runs[longest]) >= LEAST_TOLD and (places := find(lines, runs[longest])):
            return places if len(places) == 1 else _beside(lines, places, runs, longest)
    return ()


def _beside(
    lines: Lines, places: tuple[Located, ...], runs: Sequence[Sequence[str]], longest: int
) -> tuple[Located, ...]:
    """Those of several places beside which the other runs of lines stand, on their side and not far; or all."""
    spots = [[lines.numbers[at] for at in _runs(lines, run)] for run in runs]

    def fits(place: Located) -> bool:
        before = all(any(place.first_line - GAP <= at < place.first_line for at in spots[n]) for n in range(longest))
        after = (any(place.last_line < at <= place.last_line + GAP for at in one) for one in spots[longest + 1 :])
        return before and all(after)

    return tuple(place for place in places if fits(place)) or places


def _cut_short(lines: Lines, wanted: Sequence[str]) -> tuple[Located, ...]:
    """Lines in a row, a part of some of them given as `...`."""
    shapes = [[" ".join(part.split()) for part in DOTS.split(line)] for line in wanted]
    if all(len(parts) == 1 for parts in shapes):
        return ()
    found = []
    for first, line in enumerate(lines.texts):
        if _has_shape(line, shapes[0]) and first + len(shapes) <= len(lines.texts):
            following = zip(lines.texts[first : first + len(shapes)], shapes, strict=True)
            if all(_has_shape(text, shape) for text, shape in following):
                found.append(lines.located(first, first + len(shapes) - 1))
    return tuple(found)


def _has_shape(line: str, parts: Sequence[str]) -> bool:
    """Whether the line begins and ends as the parts do and holds those between in order."""
    if len(parts) == 1:
        return line == parts[0]
    if not line.startswith(parts[0]) or not line.endswith(parts[-1]):
        return False
    at, end = len(parts[0]), len(line) - len(parts[-1])
    for part in parts[1:-1]:
        at = line.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end


def _told(wanted: Iterable[str]) -> int:
    return sum(char.isalnum() for line in wanted for char in line)
