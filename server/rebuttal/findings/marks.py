"""How it is told later, without keeping any code, whether a finding was acted upon.

What is kept of a finding are digests: of the lines that it quotes, of what its fix would leave in their place, and of
some other lines that the change adds, its **company**. A later text of the file then says one of three things. The
quoted lines still stand there: open. Its fix does, or the quoted lines are gone while some of their company stands:
acted upon. Neither the quoted lines nor their company: the change itself is not there (it was stashed, another branch
is checked out), and that says nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Literal

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.findings.fixes import FixError, apply_edits
from rebuttal.findings.model import Finding
from rebuttal.text.positions import LineIndex, git_lines
from rebuttal.text.redaction import redact

Became = Literal["open", "acted", "unclear"]

VERSION = 1
COMPANY = 12
"""Lines of company that are kept, spread over the file."""
TELLING = 8
"""Characters without white space from which on a line is company: a lone bracket stands everywhere."""
HEAD = 12
"""Characters by which a place is looked for first."""
LONGEST = 2_000_000
"""Characters of a text that is looked at."""
_QUOTES = str.maketrans("'`", '""')
_LAST_COMMA = re.compile(r",(?=[)\]}])")
_NUMBERED = re.compile(r"«redacted:([^:»]+):\d+»")


@frozen
class Seen:
    """A text as it is looked at: secrets replaced by what they are, for their digests must not be kept either, and
    without what formatters alter: white space, the kind of quotation marks, commas and semicolons at ends."""

    lines: tuple[str, ...]
    starts: tuple[int, ...]
    """Of the lines that are not blank."""
    text: str

    @classmethod
    def of(cls, text: str | None, path: str) -> Seen | None:
        """None: there is no such file, or it is too long."""
        if text is None or len(text) > LONGEST:
            return None
        # Without its number, which counts all secrets of the text.
        shown = _NUMBERED.sub(r"«redacted:\1»", redact(text, path).text)
        lines = tuple(_plain(["".join(line.split()) for line in git_lines(shown.translate(_QUOTES))]))
        starts, at = [], 0
        for line in lines:
            if line:
                starts.append(at)
            at += len(line)
        return cls(lines, tuple(starts), "".join(lines))

    def holds(self, print_: _Print) -> bool:
        """Whether what was printed stands at the beginning of a line."""
        length, head, digest = print_
        # Of a long file few lines begin alike: hashing the whole at each start would take a second for some findings.
        starts = self._by_head.get(head, ()) if length >= HEAD else self.starts
        return any(_digest(self.text[start : start + length]) == digest for start in starts)

    @cached_property
    def _by_head(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for start in self.starts:
            found[_digest(self.text[start : start + HEAD])].append(start)
        return found

    def part(self, lines: range) -> _Print | None:
        """Of some lines; None where nothing stands on them."""
        squeezed = "".join(self.lines[max(lines.start, 0) : lines.stop])
        return (len(squeezed), _digest(squeezed[:HEAD]), _digest(squeezed)) if squeezed else None


def _plain(lines: list[str]) -> Iterator[str]:
    """Lines without commas before a closing bracket, and without semicolons at their ends."""
    after = ""
    for number in range(len(lines) - 1, -1, -1):
        line = _LAST_COMMA.sub("", lines[number]).rstrip(";")
        if line.endswith(",") and after.startswith((")", "]", "}")):
            line = line[:-1]
        lines[number], after = line, line or after
    yield from lines


_Print = tuple[int, str, str]
"""Length without white space, digest of its first characters, digest."""


def marks_of(finding: Finding, diff: FileDiff) -> str:
    """What to keep of a finding, whose range is of the diff's own text; "" where no later text could tell anything:
    of a whole file, of one that is gone, of a quote that does not stand there."""
    old, new = Seen.of(diff.old_text, diff.old_path or diff.path), Seen.of(diff.new_text, diff.path)
    side, text = (old, diff.old_text) if finding.side == "old" else (new, diff.new_text)
    if finding.side == "file" or new is None or side is None or text is None:
        return ""
    where = _lines(text, finding)
    quote = side.part(where)
    if quote is None or new.holds(quote) != (finding.side == "new"):
        return ""
    fixed = _fixed(finding, diff)
    before = _before(diff, where, old) if finding.side == "new" else None
    return json.dumps(
        {
            "version": VERSION,
            "side": finding.side,
            "quote": quote,
            "fix": [fixed] if fixed is not None and not new.holds(fixed) else [],
            "company": list(_company(diff, where if finding.side == "new" else range(0), old, new)),
            "before": [before] if before is not None and not new.holds(before) else [],
        },
        separators=(",", ":"),
    )


def became(marks: str, now: Seen | None) -> Became:
    """What a later text of the file says of a finding; None: there is no such file, or it is too long."""
    read = _read(marks)
    if read is None or now is None:
        return "unclear"
    if any(now.holds(one) for one in read.fix):
        return "acted"
    stands = now.holds(read.quote)
    if read.side == "new" and stands:
        return "open"
    is_there = _is_there(read, now)
    if read.side == "old":
        # What was taken out is there again: put back, if the rest of the change still is.
        return ("acted" if is_there and read.company else "unclear") if stands else "open"
    return "acted" if is_there else "unclear"


@frozen
class _Marks:
    side: str
    quote: _Print
    fix: tuple[_Print, ...]
    company: frozenset[str]
    before: tuple[_Print, ...]


def _is_there(marks: _Marks, now: Seen) -> bool:
    """Whether the change is, that the finding was about."""
    if marks.company:
        return any(_digest(line) in marks.company for line in now.lines if len(line) >= TELLING)
    # It was nothing but the quoted lines. Where what they replaced stands again, it was taken back.
    return not any(now.holds(one) for one in marks.before)


def _company(diff: FileDiff, quoted: range, old: Seen | None, new: Seen) -> Iterator[str]:
    """Digests of lines that the change adds, that the base has nowhere, and that the finding does not quote."""
    # A line that is quoted as well says nothing: it goes with the quote.
    known = {*(old.lines if old is not None else ()), *new.lines[quoted.start : quoted.stop]}
    lines = dict.fromkeys(new.lines[number] for number in sorted(diff.added_lines))
    yield from map(_digest, _spread([line for line in lines if len(line) >= TELLING and line not in known]))


def _before(diff: FileDiff, quoted: range, old: Seen | None) -> _Print | None:
    """What the quoted lines replaced, with a line on either side."""
    for hunk in diff.hunks if old is not None else ():
        if old is not None and hunk.new_start < quoted.stop and quoted.start < hunk.new_start + max(hunk.new_count, 1):
            return old.part(range(hunk.old_start - 1, hunk.old_start + hunk.old_count + 1))
    return None


def _lines(text: str, finding: Finding) -> range:
    """The git lines that a finding quotes."""
    index = LineIndex(text)
    first = index.git_line_of(index.offset(finding.range.start))
    return range(first, max(index.git_line_of(index.offset(finding.range.end)), first) + 1)


def _fixed(finding: Finding, diff: FileDiff) -> _Print | None:
    """What the fix leaves in this file: the lines that it alters, with one on either side."""
    edits = [edit for edit in finding.fix.edits if edit.file == diff.path] if finding.fix is not None else []
    if not edits or diff.new_text is None:
        return None
    try:
        text = apply_edits(diff.new_text, edits)
    except FixError:
        return None
    after, seen = git_lines(text), Seen.of(text, diff.path)
    before = git_lines(diff.new_text)
    first = _alike(before, after)
    last = len(after) - _alike(before[first:][::-1], after[first:][::-1])
    return seen.part(range(first - 1, last + 1)) if seen is not None else None


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = zip(one, other, strict=False)
    return next((number for number, (mine, its) in enumerate(pairs) if mine != its), min(len(one), len(other)))


def _spread(lines: Sequence[str]) -> Iterable[str]:
    step = max(len(lines) / COMPANY, 1)
    return (lines[int(number * step)] for number in range(min(len(lines), COMPANY)))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _read(marks: str) -> _Marks | None:
    """None: of another version, or none."""
    try:
        given: Any = json.loads(marks) if marks else None
        if not isinstance(given, dict) or given.get("version") != VERSION:
            return None
        quote, fix, before = _pair(given["quote"]), map(_pair, given["fix"]), map(_pair, given["before"])
        return _Marks(str(given["side"]), quote, tuple(fix), frozenset(map(str, given["company"])), tuple(before))
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _pair(given: Any) -> _Print:
    return int(given[0]), str(given[1]), str(given[2])
