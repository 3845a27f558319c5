"""What a quote may have meant: without what was copied along, without the marks of what was left out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rebuttal.findings.lines import bare_lines

DOTS = re.compile(r"…|\.{3,}")
"""What stands where something was left out."""

_ELISION = "…"
"""Stands in what the panel is shown where lines, or parts of a very long line, are not."""
_GAP = re.compile(r"\s*(?:#|//|/\*+|--|<!--|;|%)?\s*[\[(<{]?(?:…|\.{3,})[\])>}]?(?:\s.*)?$|@@ ")
_SAID = re.compile(r"\s*… \(of this line of [\d,]+ characters, [\d,]+ are shown\)\s*$")
_CUT = re.compile(r"(?<=[+\- ])…\w*|^…\w*|\w*…$")
_DIFF_PREFIX = re.compile(r"[+\- ]")
_NUMBER = re.compile(r"\s{0,8}L?(\d{1,6})(?:\s*[:|│→)]|\.?(?=\s|$))[ \t]?")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})\s*[\w+-]*\s*$")


def readings(wanted: Sequence[str]) -> Iterator[Sequence[str]]:
    """The quote itself, then without what may have been copied along, then without the marks of what was not shown."""
    for reading in _plainer(wanted):
        yield reading
        yield from _sides(reading)
    if any(_ELISION in line for line in wanted):
        shown = max(shown_runs(wanted), key=weight)
        yield shown
        yield from _sides(shown)


def _plainer(wanted: Sequence[str]) -> Iterator[Sequence[str]]:
    yield wanted
    unfenced = _without_fence(wanted)
    if unfenced != wanted:
        yield unfenced
    if (unnumbered := _without_numbers(unfenced)) is not None:
        yield unnumbered
    text = "\n".join(unfenced)
    unescaped = text.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    for other in (unescaped, html.unescape(text)):
        if other != text:
            yield bare_lines(other)


def _without_fence(wanted: Sequence[str]) -> Sequence[str]:
    filled = [line for line in wanted if line.strip()]
    if len(filled) > 2 and _FENCE.match(filled[0]) and _FENCE.match(filled[-1]):
        return filled[1:-1]
    if len(filled) == 1 and len(whole := filled[0].strip()) > 2 and whole[0] == whole[-1] == "`":
        return [whole.strip("`")]
    return wanted


def _without_numbers(wanted: Sequence[str]) -> Sequence[str] | None:
    """The lines without the numbers in front, if every one has its own and they ascend."""
    filled = [line for line in wanted if line.strip()]
    found = [_NUMBER.match(line) for line in filled]
    numbers = [int(match[1]) for match in found if match is not None]
    if len(numbers) != len(filled) or any(one >= other for one, other in pairwise(numbers)):
        return None
    return [line[match.end() :] for line, match in zip(filled, found, strict=True) if match is not None]


def shown_runs(wanted: Sequence[str]) -> list[Sequence[str]]:
    """The lines in a row that are shown between marks; of a shortened one without its marks and words that are cut."""
    runs: list[list[str]] = [[]]
    for line in wanted:
        if _GAP.match(line):
            runs.append([])
        else:
            runs[-1].append(_CUT.sub("", _SAID.sub("", line)))
    return [run for run in runs if any(line.strip() for line in run)] or [[]]


def weight(run: Sequence[str]) -> int:
    return sum(len(line.strip()) for line in run)


def _sides(wanted: Sequence[str]) -> Iterator[Sequence[str]]:
    """As it may come from a diff: both sides of it and either one."""
    filled = [line for line in wanted if line.strip()]
    marks = {line[0] for line in filled}
    if not marks <= {"+", "-", " "} or marks == {" "}:
        return
    yield [_DIFF_PREFIX.sub("", line, count=1) for line in filled]
    if {"+", "-"} <= marks:
        yield [line[1:] for line in filled if line[0] != "-"]
        yield [line[1:] for line in filled if line[0] != "+"]
