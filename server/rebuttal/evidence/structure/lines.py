"""The lines of a change, as the structure checks look at them: which are new, which are gone, which only moved."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, TypeVar

from rebuttal.change.model import FileDiff, Hunk, Side
from rebuttal.evidence.model import Material
from rebuttal.text.languages import Language, is_test, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.nodes import SyntaxNode, node_at
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import git_lines
from rebuttal.text.symbols import symbols_of

T = TypeVar("T")

LONGEST = 500
"""A longer line was not written by hand, or is not read by anyone."""
_PLACES = 200
"""So many candidates of one kind are looked at in a file; more is generated."""
_NEAR = 20_000
_NO_LIBRARY = re.compile(
    r"(?:^|/)(?:bin|cli|cmd|scripts?|tools?|bench(?:mark)?s?|perf|examples?|samples?|demos?|playground|docs?|dev|build|ci"
    r"|\.github|website|site|fuzz|tutorials?|docs_src|hack|e2e|mocks?|stories|sandbox(?:es)?|console|commands?|tasks"
    r"|migrations|contrib|utils/log\w*|log(?:s|ging|gers?)?|debug|deps|vendor|third_party|node_modules)/"
    r"|(?:^|/)(?:setup|conftest|noxfile|tasks|manage|fabfile|__main__|main|\w*cli|play(?:ground)?|scratch|sandbox|demo|example|build|gulpfile|gruntfile|\w*log\w*"
    r"|\w*debug\w*|\w*bench\w*|\w*repl|\w*console\w*|\w*config|\w*script\w*)\.[\w.]+$"
    r"|\.config\.\w+$|\.stories\.\w+$|(?:^|/)[\w-]*(?:logger|debug|console|script|reporter)[\w-]*\.\w+$",
    re.IGNORECASE,
)


_EXAMPLE_PACKAGE = re.compile(r"(?:^|(?<=/))(?:org|com|net)/example/")


def place_of(path: str) -> str:
    """The path without the package that Java's first projects begin with: it makes no example of what is in it."""
    return _EXAMPLE_PACKAGE.sub("", path)


def plain(text: str) -> str:
    """A line without what layout alone changes."""
    return " ".join(text.split())


class Lines:
    """One changed file, both sides, line by line."""

    def __init__(self, material: Material, diff: FileDiff) -> None:
        self._material = material
        self.diff = diff
        self._found: dict[object, Any] = {}
        self.language: Language | None = language_of(diff.path)

    def once(self, name: object, make: Callable[[], T]) -> T:
        """What several checks ask about the file, found once."""
        if name not in self._found:
            self._found[name] = make()
        found: T = self._found[name]
        return found

    @cached_property
    def new(self) -> list[str]:
        return git_lines(self.diff.new_text or "")

    @cached_property
    def old(self) -> list[str]:
        return git_lines(self.diff.old_text or "")

    @property
    def is_test(self) -> bool:
        return is_test(self.diff.path)

    @property
    def is_library(self) -> bool:
        """Whether it is code that others run: neither test nor script, tool, example or logger."""
        return not self.is_test and _NO_LIBRARY.search(place_of(self.diff.path)) is None

    def of(self, side: Side) -> list[str]:
        return self.new if side == "new" else self.old

    def changed(self, side: Side) -> Iterator[tuple[int, str]]:
        """Added or removed lines with their numbers, empty ones and very long ones left out."""
        lines = self.of(side)
        for hunk in self.diff.hunks:
            for number in hunk.new_lines if side == "new" else hunk.old_lines:
                if lines[number].strip() and len(lines[number]) <= LONGEST:
                    yield number, lines[number].rstrip("\r\n")

    def found(self, side: Side, pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
        """Where changed lines match, in code only: not in comments, not in literals."""
        looked = 0
        for number, line in self.changed(side):
            match = pattern.search(line)
            if match is None:
                continue
            looked += 1
            if looked > _PLACES:
                return
            node = self.node(side, number, match.start() + len(match[0]) - len(match[0].lstrip()))
            if node is not None and node.is_code:
                yield number, match

    def near(self, side: Side, pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
        """Where a changed line matches, or one of the two before it: a block can be emptied under its head."""
        text = self.of(side)
        close: set[int] = set()
        for hunk in self.diff.hunks:
            start, count = (hunk.new_start, hunk.new_count) if side == "new" else (hunk.old_start, hunk.old_count)
            close.update(range(start - 2, start + count))
        for number in sorted(line for line in close if 0 <= line < len(text))[:_NEAR]:
            match = pattern.search(text[number]) if len(text[number]) <= LONGEST else None
            if match is not None:
                yield number, match

    def node(self, side: Side, number: int, column: int) -> SyntaxNode | None:
        """The smallest node at a place; None where the text cannot be parsed."""
        text = self.diff.text(side)
        if self.language is None or text is None:
            return None
        try:
            return node_at(text, self.language, number, column, self.of(side)[number], self._material.parser)
        except Unparsed:
            return None

    def symbols(self, side: Side) -> tuple[Symbol, ...]:
        return self.once(("symbols", side), lambda: self._symbols(side))

    def _symbols(self, side: Side) -> tuple[Symbol, ...]:
        text = self.diff.text(side)
        try:
            return symbols_of(text, self.language, self._material.parser) if text and self.language else ()
        except Unparsed:
            return ()

    def function(self, side: Side, number: int) -> Symbol | None:
        """The innermost function or method whose definition holds the line."""
        found = self.once(("functions", side), lambda: self._innermost(side))
        return found[number] if number < len(found) else None

    def _innermost(self, side: Side) -> list[Symbol | None]:
        """The innermost function of each line; of two that hold the same lines the first."""
        found: list[Symbol | None] = [None] * len(self.of(side))
        functions = [one for one in reversed(self.symbols(side)) if one.kind in ("function", "method")]
        for one in sorted(functions, key=lambda one: one.start_line - one.end_line):
            last = min(one.end_line + 1, len(found))
            found[one.start_line : last] = [one] * (last - one.start_line)
        return found

    def counterpart(self, symbol: Symbol) -> Symbol | None:
        """The same function on the new side; None where it is gone, or there are several."""
        same = self.once("by name", self._by_name).get((symbol.qualified, symbol.kind), ())
        return same[0] if len(same) == 1 else None

    def _by_name(self) -> dict[tuple[str, str], list[Symbol]]:
        found: dict[tuple[str, str], list[Symbol]] = {}
        for one in self.symbols("new"):
            found.setdefault((one.qualified, one.kind), []).append(one)
        return found

    def hunk(self, side: Side, number: int) -> Hunk:
        """The hunk of a changed line."""
        return self.once(("hunks", side), lambda: self._hunks(side))[number]

    def _hunks(self, side: Side) -> dict[int, Hunk]:
        return {
            number: hunk for hunk in self.diff.hunks for number in (hunk.new_lines if side == "new" else hunk.old_lines)
        }

    def moved_away(self, number: int) -> bool:
        """Whether a removed line stands among the added ones of the whole change."""
        return moves(self._material).added[plain(self.old[number])] > 0

    def is_added_anywhere(self, pattern: re.Pattern[str]) -> bool:
        """Whether an added line of any file of the change matches."""
        return any(pattern.search(line) for one in changed_files(self._material) for _, line in one.changed("new"))

    def indent(self, side: Side, number: int) -> int:
        line = self.of(side)[number]
        return len(line.expandtabs(8)) - len(line.expandtabs(8).lstrip())


class Moves:
    """Lines of the whole change: what was removed somewhere and added elsewhere is not new."""

    def __init__(self, files: tuple[Lines, ...]) -> None:
        self.added = Counter(plain(line) for one in files for _, line in one.changed("new"))
        self.removed = Counter(plain(line) for one in files for _, line in one.changed("old"))


def changed_files(material: Material) -> tuple[Lines, ...]:
    """The changed files in languages that are understood; notebooks, copies and files that only moved are left out."""
    return material.once("structure lines", lambda: tuple(_lines(material)))


def _lines(material: Material) -> Iterator[Lines]:
    for diff in material.files:
        if language_of(diff.path) and diff.new_cells is None and diff.old_cells is None and diff.hunks:
            yield Lines(material, diff)


def moves(material: Material) -> Moves:
    return material.once("structure moves", lambda: Moves(changed_files(material)))
