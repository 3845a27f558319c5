"""The changed lines of a change, as the rules for its kind look at them: stripped, without blank ones and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from attrs import frozen

from rebuttal.change.model import Change, FileDiff
from rebuttal.debate.panel.trivial import is_prose
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.positions import git_lines

LONGEST_LINE = 400
"""Characters of a line that are looked at."""
_COMMENT = re.compile(r"(#(?!\[|include|define|if|pragma)|//|/\*|\*(?!\w)|--\s|<!--|\"\"\"|''')")


@frozen(slots=False)
class File:
    """One changed file, its changed lines stripped of the space around them, without blank ones and plain comments."""

    diff: FileDiff
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.diff.path

    @property
    def folder(self) -> str:
        return self.diff.path.rpartition("/")[0]

    @cached_property
    def is_test(self) -> bool:
        return is_test(self.diff.path)

    @cached_property
    def is_code(self) -> bool:
        """Whether programs run it, and not only tests do."""
        return (
            not self.is_test
            and not is_prose(self.diff.path)
            and bool(language_of(self.diff.path) or _is_sql(self.path))
        )

    @property
    def size(self) -> int:
        return len(self.added) + len(self.removed)


@frozen(slots=False)
class Diff:
    """What the rules look at."""

    files: tuple[File, ...]

    @cached_property
    def code(self) -> tuple[File, ...]:
        return tuple(one for one in self.files if one.is_code)

    @cached_property
    def tests(self) -> tuple[File, ...]:
        return tuple(one for one in self.files if one.is_test)

    @cached_property
    def lines(self) -> int:
        """Changed lines of code that is no test."""
        return sum(one.size for one in self.code)


def read(change: Change) -> Diff:
    """The lines of all files of the change, in its order."""
    return Diff(
        tuple(
            File(
                diff,
                tuple(_lines(diff.new_text, diff.added_lines)),
                tuple(_lines(diff.old_text, diff.removed_lines)),
            )
            for diff in change.files
        )
    )


def _lines(text: str | None, wanted: frozenset[int]) -> Iterator[str]:
    if not text or not wanted:
        return
    lines = git_lines(text)
    for number in sorted(wanted):
        line = lines[number][:LONGEST_LINE].strip() if number < len(lines) else ""
        if line and not _COMMENT.match(line):
            yield line


def _is_sql(path: str) -> bool:
    """Whether a file is SQL, which is code though no grammar here reads it."""
    return path.lower().endswith(".sql")
