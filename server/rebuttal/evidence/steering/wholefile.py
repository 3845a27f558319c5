"""Comments that switch a whole checker off in a whole file; those about one line or one rule are everyday work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rebuttal.change.model import FileDiff
from rebuttal.evidence.linting.silenced import whole_file_comment
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.seats import CODE
from rebuttal.findings.model import Related
from rebuttal.text.positions import LineIndex, git_lines
from rebuttal.text.words import counted

_WHOLE_FILE = re.compile(
    r"\s*(?:/[/*]\s*@ts-nocheck\b|/\*\s*eslint-disable\s*\*/|#\s*mypy:\s*ignore-errors\s*\Z|#\s*pylint:\s*skip-file\b)"
)
_ANY_CHECKER = ("noqa", "NOQA", "ts-nocheck", "eslint-disable", "ignore-errors", "skip-file")
_GENERATOR = re.compile(r"\bgenerated\s+(?:by|from|with|using|via)\s+\S", re.IGNORECASE)
_HEAD = 600
_RELATED = 20


def names_generator(text: str) -> bool:
    """Whether its first lines say what made it. What is made is linted and reviewed where it is made."""
    return _GENERATOR.search(text[:_HEAD]) is not None


def switched_off(material: Material, files: Sequence[FileDiff], told: frozenset[str]) -> Iterator[Fact]:
    """One fact, however many files; `told` are those whose facts say it already."""
    found = [(diff, line) for diff in files if diff.path not in told for line in _lines(material, diff)]
    if not found:
        return
    (diff, line), others = found[0], found[1:]
    comment = one_line(git_lines(diff.new_text or "")[line], 60)
    more = f", and so do {counted(len(others), 'more comment')} of this change" if others else ""
    related = tuple(
        Related(other.path, LineIndex(other.new_text or "").range_of_git_lines(at, at), "here too")
        for other, at in others[:_RELATED]
    )
    yield Fact(
        diff,
        "steering:suppression",
        "A checker is switched off for a whole file",
        f"`{comment}` hides whatever the checker would say of this file from now on{more}. This review goes by the "
        "base's version, so nothing is hidden from it.",
        "low",
        "testing",
        CODE,
        line,
        line,
        related=related,
    )


def _lines(material: Material, diff: FileDiff) -> Iterator[int]:
    text = diff.new_text or ""
    if not any(word in text for word in _ANY_CHECKER) or names_generator(text):
        return
    lines, old = git_lines(text), git_lines(diff.old_text or "")
    stood = {old[line].strip() for hunk in diff.hunks for line in hunk.old_lines}
    for number in sorted(diff.added_lines):
        line = lines[number]
        if _switches_off(line) and line.strip() not in stood and material.in_scope(diff, (number,)):
            yield number


def _switches_off(line: str) -> bool:
    return _WHOLE_FILE.match(line) is not None or whole_file_comment(line) is not None
