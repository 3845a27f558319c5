"""The change as text for a model: what was taken out, what was put in, and enough around it to understand both.

A line of it is its kind (`+`, `-` or a space) and then the file's line, verbatim. There are no line numbers: a
model that copies a line gives an anchor, a model that counts gives an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from attrs import frozen

from rebuttal.change.model import FileDiff, Hunk
from rebuttal.context.places import Holders, functions
from rebuttal.text.model import Symbol
from rebuttal.text.positions import git_lines

AROUND = 5
"""Unchanged lines shown on both sides of a hunk."""
SMALL = 40
"""A definition of at most so many lines is shown whole when a line of it changed."""
HEADER_LINES = 6
"""Of a signature are shown at most so many lines."""
DELETED_WHOLE = 60
"""A deleted file of more lines is shown by its signatures only."""
LONGEST = 2_000
"""Characters of one line: of a longer one, data or generated, so many are shown, around where it differs."""
ELISION = "…"

_STATUS = {"type_changed": "type changed", "mode_changed": "mode changed"}
_LINE_BREAKS = re.compile(r"[\r\n\x00-\x1f\x7f\x85\u2028\u2029]")
_OPENS_BLOCK = re.compile(r"[A-Za-z_@]")


@frozen
class Fold:
    """Changed lines for which a note stands: it says what they are, so that nothing is lost."""

    old: range
    new: range
    note: str
    refers: tuple[str, ...] = ()
    """The files that show what the note speaks of: without them the lines themselves must be shown."""


@frozen
class Plan:
    """How much of a file is shown; a change of usual size is shown with the defaults."""

    around: int = AROUND
    small: int = SMALL
    folds: tuple[Fold, ...] = ()
    quiet: frozenset[int] = frozenset()
    """The first new lines of hunks that are shown without surroundings: comments only."""
    brief: bool = False
    """A deleted file is shown by the names that it defined."""


WHOLE = Plan()


@frozen
class ShownFile:
    """One file of the diff, and which lines of its new side it shows."""

    text: str
    new_lines: frozenset[int]


def show_named(diff: FileDiff, why: str) -> ShownFile:
    """A file that is named but not shown."""
    return ShownFile(f"{_head(diff)}\n({why})\n", frozenset())


def show_file(
    diff: FileDiff,
    old: str | None,
    new: str | None,
    old_symbols: Sequence[Symbol],
    new_symbols: Sequence[Symbol],
    plan: Plan = WHOLE,
) -> ShownFile:
    """`old` and `new` are the redacted texts; their lines are those of `diff`."""
    if new is None or diff.status == "deleted":
        lines = git_lines(old or "")
        text = _defined(lines, old_symbols) if plan.brief else _deleted(lines, old_symbols)
        return ShownFile(f"{_head(diff)}\n{text}", frozenset())
    lines = git_lines(new)
    holders = _Around(new_symbols)
    folded = frozenset(line for fold in plan.folds for line in fold.new)
    wanted = _wanted(_unfolded(diff.hunks, plan.folds), holders, len(lines), plan)
    body = _Body(git_lines(old or ""), lines, holders, plan.folds)
    return ShownFile(f"{_head(diff)}\n{body.text(diff.hunks, wanted | folded)}", frozenset(wanted - folded))


def _head(diff: FileDiff) -> str:
    status = _STATUS.get(diff.status, diff.status)
    origin = f" from {diff.old_path}" if diff.old_path else ""
    return _LINE_BREAKS.sub("�", f"=== {diff.path} ({status}{origin})")


def _unfolded(hunks: Iterable[Hunk], folds: Iterable[Fold]) -> list[Hunk]:
    """The hunks of which a line is shown: what a note stands for needs no surroundings."""
    old = {line for fold in folds for line in fold.old}
    new = {line for fold in folds for line in fold.new}
    return [
        hunk
        for hunk in hunks
        if any(line not in old for line in hunk.old_lines) or any(line not in new for line in hunk.new_lines)
    ]


def _wanted(hunks: Iterable[Hunk], holders: _Around, count: int, plan: Plan) -> set[int]:
    """The lines of the new side that are shown."""
    wanted: set[int] = set()
    for hunk in hunks:
        first, last = hunk.new_start, hunk.new_start + hunk.new_count - 1
        around = 0 if first in plan.quiet else plan.around
        wanted.update(range(first - around, max(last, first - 1) + around + 1))
        for holder in () if first in plan.quiet else _holding(hunk, holders):
            if holder.end_line - holder.start_line < plan.small:
                wanted.update(range(holder.start_line, holder.end_line + 1))
            else:
                wanted.update(_signature(holder))
    return _closed({line for line in wanted if 0 <= line < count})


def _holding(hunk: Hunk, holders: _Around) -> list[Symbol]:
    """The definitions around a hunk; around a mere removal only one that goes on on both sides of it."""
    first = holders.at(hunk.new_start if hunk.new_count else hunk.new_start - 1)
    last = holders.at(hunk.new_start + max(hunk.new_count - 1, 0))
    if not hunk.new_count and first is not last:
        return []
    return list(dict.fromkeys(one for one in (first, last) if one is not None))


class _Around:
    """The innermost function around a line, else the innermost definition of any kind."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self._functions = functions(symbols)
        self._any = Holders(symbols, lambda _: True)

    def at(self, line: int) -> Symbol | None:
        return self._functions.at(line) or self._any.at(line)


def _signature(symbol: Symbol) -> range:
    last = min(max(symbol.header_end_line, symbol.name_line), symbol.start_line + HEADER_LINES - 1)
    return range(symbol.start_line, last + 1)


def _closed(wanted: set[int]) -> set[int]:
    """A gap of one or two lines costs no more than the mark that stands for it."""
    ordered = sorted(wanted)
    for one, following in pairwise(ordered):
        if following - one <= 3:
            wanted.update(range(one + 1, following))
    return wanted


def _deleted(lines: Sequence[str], symbols: Sequence[Symbol]) -> str:
    if len(lines) <= DELETED_WHOLE or not symbols:
        shown: Iterable[int] = range(min(len(lines), DELETED_WHOLE))
    else:
        shown = sorted({line for symbol in symbols for line in _signature(symbol)})
    return _joined(("-" + shortened(lines[line]), line) for line in shown) + (
        "" if len(lines) <= DELETED_WHOLE else f"{ELISION}\n"
    )


def _defined(lines: Sequence[str], symbols: Sequence[Symbol]) -> str:
    """A deleted file by the names that others could use: who still uses them is among the slices."""
    names = list(dict.fromkeys(one.qualified for one in symbols if one.is_public and one.kind != "field"))
    more = f" and {len(names) - 60} more" if len(names) > 60 else ""
    said = f"; it defined {', '.join(names[:60])}{more}" if names else ""
    return f"{ELISION} ({len(lines)} lines removed with the file{said})\n"


def _joined(numbered: Iterable[tuple[str, int]]) -> str:
    parts: list[str] = []
    before = -1
    for text, line in numbered:
        if line > before + 1:
            parts.append(ELISION)
        parts.append(text)
        before = line
    return "".join(part + "\n" for part in parts)


def _bare(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def shortened(line: str, differs: int = 0) -> str:
    """A line as it is shown: of a very long one the part from a little before `differs` on, and how long it is."""
    bare = _bare(line)
    if len(bare) <= LONGEST:
        return bare
    first = max(0, min(differs - LONGEST // 4, len(bare) - LONGEST))
    before = ELISION if first else ""
    after = ELISION if first + LONGEST < len(bare) else ""
    said = f"{ELISION} (of this line of {len(bare):,} characters, {LONGEST:,} are shown)"
    return f"{before}{bare[first : first + LONGEST]}{after} {said}"


def _differs(hunk: Hunk, old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Of pairs of very long lines in a hunk: the old line, the new one, and the character from which they differ."""
    for before, after in zip(hunk.old_lines, hunk.new_lines, strict=False):
        if before < len(old) and after < len(new) and max(len(old[before]), len(new[after])) > LONGEST:
            both = zip(old[before], new[after], strict=False)
            same = min(len(old[before]), len(new[after]))
            yield before, after, next((place for place, (one, other) in enumerate(both) if one != other), same)


class _Body:
    """Writes the lines of one file: unchanged ones from the new side, removed ones where they were."""

    def __init__(self, old: Sequence[str], new: Sequence[str], holders: _Around, folds: Iterable[Fold]) -> None:
        self._old = old
        self._new = new
        self._holders = holders
        self._old_folds = {line: fold for fold in folds for line in fold.old}
        self._new_folds = {line: fold for fold in folds for line in fold.new}
        self._noted: set[Fold] = set()
        self._differs: dict[tuple[str, int], int] = {}
        self._parts: list[str] = []
        self._before = -2

    def text(self, hunks: Sequence[Hunk], wanted: set[int]) -> str:
        starts: Mapping[int, Hunk] = {hunk.new_start: hunk for hunk in hunks}
        added = {line for hunk in hunks for line in hunk.new_lines}
        for hunk in hunks:
            for before, after, place in _differs(hunk, self._old, self._new):
                self._differs["-", before] = self._differs["+", after] = place
        for line in sorted(wanted | starts.keys()):
            begun = starts.get(line)
            if begun is not None and begun.old_count:
                # Of a moved block it matters out of which function it went.
                if any(each not in self._old_folds or not self._old_folds[each].new for each in begun.old_lines):
                    self._gap(line)
                self._removed(begun)
            if line in self._new_folds:
                self._note(self._new_folds[line])
                self._before = line
            elif line < len(self._new) and line in wanted:
                self._gap(line)
                self._line("+" if line in added else " ", self._new[line], line, line in added)
                self._before = line
        return "".join(part + "\n" for part in self._parts)

    def _removed(self, hunk: Hunk) -> None:
        for line in hunk.old_lines:
            if line in self._old_folds:
                self._note(self._old_folds[line])
            elif line < len(self._old):
                self._line("-", self._old[line], line, True)
        self._before = hunk.new_start - 1

    def _note(self, fold: Fold) -> None:
        if fold not in self._noted:
            self._noted.add(fold)
            self._parts.append(f"{ELISION} ({_LINE_BREAKS.sub('�', fold.note)})")

    def _line(self, kind: str, line: str, number: int, changed: bool) -> None:
        self._parts.append(kind + shortened(line, self._differs.get((kind, number), 0)))
        if changed and not line.endswith("\n"):
            self._parts.append("\\ no newline at the end of the file")

    def _gap(self, line: int) -> None:
        if line <= self._before + 1:
            return
        around = self._holders.at(line)
        name = around.qualified if around is not None else _heading(self._new, line)
        before = self._holders.at(self._before) if self._before >= 0 else None
        same = around is not None and before is not None and around.qualified == before.qualified
        self._parts.append(ELISION if same else f"@@ {name}".rstrip())
        self._before = line - 1


def _heading(lines: Sequence[str], line: int) -> str:
    """Where no definition is known: the nearest line above that begins at the margin, as git's own hunk headers."""
    for above in range(min(line, len(lines)) - 1, max(-1, line - 200), -1):
        if _OPENS_BLOCK.match(lines[above]):
            return _bare(lines[above])[:80]
    return ""
