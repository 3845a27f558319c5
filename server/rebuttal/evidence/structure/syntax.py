"""Syntax errors that the change introduced: at most one a file, none where the base had errors as well.

Of languages whose grammar is right when it says so; of others only where brackets (Ruby: blocks) no longer close as
well, by a reading of their own: a false syntax error is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rebuttal.change.model import FileDiff, Side
from rebuttal.evidence.linting.ruff_exempt import is_python_2
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.seats import CODE
from rebuttal.evidence.structure import balance
from rebuttal.text.languages import TRUSTED, Language, language_of
from rebuttal.text.model import SyntaxFault
from rebuttal.text.parsing import Unparsed, syntax_errors
from rebuttal.text.positions import LineIndex, Range, git_lines

_SIGNATURE = re.compile(
    r"^[ \t]*<\w+(?:[ \t]+extends\b|[ \t]*=[ \t]|[ \t]*,[ \t]*\w+[ \t]*(?:,|>|extends)|>\()", re.MULTILINE
)
_SIGNATURE_REACH = 500
_FIELDS = ("javascript", "typescript", "tsx")
_FIELD_ENDS = re.compile(r"\s*(?:#?[\w$]+)?[ \t]*\r?\n\s*[\[*]")
_DATA = re.compile(
    r"(?i)(?:^|/)(?:\w*fixtures?\w*|test[_-]?data|\w*snapshots?\w*|syntax[_-]tests?|invalid|broken|corpus)/"
)
_TEMPLATE_MARKS = ("{{", "{%", "<%")


Told = Callable[[Side, str], tuple[SyntaxFault, ...] | None]
"""What a better parser than ours found in one side of a file; None where it did not look."""


def check(material: Material, told: Told) -> Iterator[Fact]:
    """One fact for a file that was good (or is new) and no longer is."""
    for diff in material.files:
        language = language_of(diff.path)
        if language is None or not diff.new_text or _is_template(diff) or _is_declaration(diff) or _is_data(diff):
            continue
        if language in TRUSTED:
            yield from _faults(material, diff, language, told)
        elif language in balance.LANGUAGES and diff.old_text:
            yield from _unclosed(material, diff, language)


def _is_template(diff: FileDiff) -> bool:
    """Whether the file is a template that makes code, not code."""
    return "{{" in diff.path or any(part in ("templates", "template") for part in diff.path.lower().split("/")[:-1])


def _is_data(diff: FileDiff) -> bool:
    """Whether it is a new file that tests read, or one with the escape codes of a terminal in it."""
    return "\x1b" in (diff.new_text or "") or (diff.old_text is None and _DATA.search(diff.path) is not None)


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
    if language == "python" and is_python_2(material, "", fault.message, _line(index, line), text):
        return
    at = "" if anchor == line else f" at line {line + 1}"
    where = index.range(fault.start_offset, fault.end_offset) if anchor == line else None
    yield _fact(diff, anchor, f"The file can no longer be parsed{at}: {one_line(fault.message, 120)}", where)


def _fact(diff: FileDiff, line: int, message: str, where: Range | None = None) -> Fact:
    message = f"{message.rstrip('.')}."
    return Fact(diff, "syntax:error", "Syntax error", message, "critical", "correctness", CODE, line, line, where=where)


def _unclosed(material: Material, diff: FileDiff, language: Language) -> Iterator[Fact]:
    """Where the grammar stumbles over a text whose brackets no longer close, and neither was so in the base."""
    old, new = diff.old_text or "", diff.new_text or ""
    is_open = balance.balance(new, language)
    if not is_open or balance.balance(old, language) != {}:
        return
    try:
        if not syntax_errors(new, language, material.parser) or syntax_errors(old, language, material.parser):
            return
    except Unparsed:
        return
    anchor = _opening(diff, language)
    if material.in_scope(diff, (anchor,)):
        sign, count = max(is_open.items(), key=lambda one: abs(one[1]))
        yield _fact(diff, anchor, f"The file can no longer be parsed: {_counted(sign, count)}")


def _counted(sign: str, count: int) -> str:
    if sign == "do":
        return "a block is not closed, an `end` is missing" if count > 0 else "there is an `end` too many"
    close = {"(": ")", "[": "]", "{": "}"}[sign]
    return f"a `{sign}` is not closed by a `{close}`" if count > 0 else f"a `{close}` closes no `{sign}`"


def _opening(diff: FileDiff, language: Language) -> int:
    """The line of the change that opens more than it closes, or the reverse; else the first one it touches."""
    old, new = git_lines(diff.old_text or ""), git_lines(diff.new_text or "")
    for hunk in diff.hunks:
        before = balance.balance("".join(old[line] for line in hunk.old_lines), language)
        after = balance.balance("".join(new[line] for line in hunk.new_lines), language)
        if before != after:
            open_lines = [line for line in hunk.new_lines if balance.balance(new[line], language)]
            at = next(iter(open_lines or hunk.new_lines), hunk.new_start)
            return min(at, len(new) - 1)
    return min(diff.hunks[0].new_start if diff.hunks else 0, len(new) - 1)


def _of(material: Material, diff: FileDiff, side: Side, language: Language, told: Told) -> tuple[SyntaxFault, ...]:
    text, known = diff.text(side), told(side, diff.path)
    if known is not None:
        # "No fault" is final: that parser's grammar is newer than ours.
        return known
    faults = syntax_errors(text, language, material.parser) if text else ()
    return tuple(one for one in faults if not _ends_a_field(text or "", one, language))


def _ends_a_field(text: str, fault: SyntaxFault, language: Language) -> bool:
    """Whether only our grammar misses a semicolon: `#a` and, on the next line, `[b] = c` are two fields of a class."""
    if language not in _FIELDS:
        return False
    start = text.rfind("\n", 0, fault.start_offset) + 1
    # Two signatures of a call in one interface, the second generic, with no semicolon between them.
    return (
        _FIELD_ENDS.match(text, fault.start_offset) is not None
        or _SIGNATURE.search(text, start, start + _SIGNATURE_REACH) is not None
    )


def _anchor(diff: FileDiff, line: int) -> int:
    """The added line to show: the one at the fault, else the last one before it, which probably caused it."""
    before = [number for number in diff.added_lines if number <= line]
    return max(before, default=line)


def _has_marks(index: LineIndex, line: int) -> bool:
    return any(mark in _line(index, line) for mark in _TEMPLATE_MARKS[1:])


def _line(index: LineIndex, line: int) -> str:
    start, end = index.git_line_span(line)
    return index.text[start:end]
