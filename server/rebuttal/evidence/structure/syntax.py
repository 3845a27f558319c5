"""Syntax errors that the change introduced: at most one a file, none where the base had errors as well.

Only of languages whose grammar is right when it says so: a false syntax error is worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rebuttal.change.model import FileDiff, Side
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.seats import CODE
from rebuttal.text.languages import TRUSTED, Language, language_of
from rebuttal.text.model import SyntaxFault
from rebuttal.text.parsing import Unparsed, syntax_errors
from rebuttal.text.positions import LineIndex

_TEMPLATE_MARKS = ("{{", "{%", "<%")


Told = Callable[[Side, str], tuple[SyntaxFault, ...] | None]
"""What a better parser than ours found in one side of a file; None where it did not look."""


def check(material: Material, told: Told) -> Iterator[Fact]:
    """One fact for a file that was good (or is new) and no longer is."""
    for diff in material.files:
        language = language_of(diff.path)
        if language in TRUSTED and diff.new_text and not _is_template(diff) and not _is_declaration(diff):
            yield from _faults(material, diff, language, told)


def _is_template(diff: FileDiff) -> bool:
    """Whether the file is a template that makes code, not code."""
    return "{{" in diff.path or any(part in ("templates", "template") for part in diff.path.lower().split("/")[:-1])


def _is_declaration(diff: FileDiff) -> bool:
    """Whether the file only declares types: our grammar does not know some forms that are allowed there alone."""
    return diff.path.endswith((".d.ts", ".d.mts", ".d.cts"))


def _faults(material: Material, diff: FileDiff, language: Language, told: Told) -> Iterator[Fact]:
    text = diff.new_text or ""
    try:
        faults = _of(material, diff, "new", language, told)
        if not faults or _of(material, diff, "old", language, told):
            return
    except Unparsed:
        return
    index = LineIndex(text)
    fault = faults[0]
    line = index.git_line_of(fault.start_offset)
    anchor = _anchor(diff, line)
    if not material.in_scope(diff, (anchor,)) or _has_marks(index, anchor):
        return
    at = "" if anchor == line else f" at line {line + 1}"
    yield Fact(
        diff,
        "syntax:error",
        "Syntax error",
        f"The file can no longer be parsed{at}: {one_line(fault.message, 120).rstrip('.')}.",
        "critical",
        "correctness",
        CODE,
        anchor,
        anchor,
        where=index.range(fault.start_offset, fault.end_offset) if anchor == line else None,
    )


def _of(material: Material, diff: FileDiff, side: Side, language: Language, told: Told) -> tuple[SyntaxFault, ...]:
    text, known = diff.text(side), told(side, diff.path)
    if known is not None:
        # "No fault" is final: that parser's grammar is newer than ours.
        return known
    return syntax_errors(text, language, material.parser) if text else ()


def _anchor(diff: FileDiff, line: int) -> int:
    """The added line to show: the one at the fault, else the last one before it, which probably caused it."""
    before = [number for number in diff.added_lines if number <= line]
    return max(before, default=line)


def _has_marks(index: LineIndex, line: int) -> bool:
    start, end = index.git_line_span(line)
    return any(mark in index.text[start:end] for mark in _TEMPLATE_MARKS[1:])
