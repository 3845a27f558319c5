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
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.findings.fixes import FixError, apply_edits
from rebuttal.findings.model import Finding
from rebuttal.text.positions import LineIndex, git_lines

Became = Literal["open", "acted", "unclear"]

VERSION = 1
COMPANY = 12
"""Lines of company that are kept, spread over the file."""
TELLING = 8
"""Characters without white space from which on a line is company: a lone bracket stands everywhere."""
LONGEST = 2_000_000
"""Characters of a text that is looked at."""


@frozen
class _Squeezed:
    """A text without any white space, so that reindenting and rewrapping it change nothing."""

    lines: tuple[str, ...]
    starts: tuple[int, ...]
    """Of the lines that are not blank."""
    text: str

    @classmethod
    def of(cls, text: str) -> _Squeezed:
        lines = tuple("".join(line.split()) for line in git_lines(text))
        starts, at = [], 0
        for line in lines:
            if line:
                starts.append(at)
            at += len(line)
        return cls(lines, tuple(starts), "".join(lines))

    def holds(self, print_: _Print) -> bool:
        """Whether what was printed stands at the beginning of a line."""
        length, digest = print_
        return any(_digest(self.text[start : start + length]) == digest for start in self.starts)


_Print = tuple[int, str]
"""Length without white space, digest."""


def marks_of(finding: Finding, diff: FileDiff) -> str:
    """What to keep of a finding, whose range is of the diff's own text; "" where no later text could tell anything:
    of a whole file, of one that is gone, of a quote that does not stand there."""
    new = diff.new_text
    side = diff.old_text if finding.side == "old" else new
    if finding.side == "file" or new is None or side is None or max(len(new), len(side)) > LONGEST:
        return ""
    quote = _print(LineIndex(side).slice(finding.range))
    now = _Squeezed.of(new)
    if quote is None or now.holds(quote) != (finding.side == "new"):
        return ""
    before = _before(diff, finding)
    return json.dumps(
        {
            "version": VERSION,
            "side": finding.side,
            "quote": quote,
            "fix": [one for one in (_fixed(finding, diff),) if one is not None and not now.holds(one)],
            "company": list(_company(diff, finding, now)),
            "before": [before] if before is not None and not now.holds(before) else [],
        },
        separators=(",", ":"),
    )


def became(marks: str, text: str | None) -> Became:
    """What a later text of the file says of a finding; None: there is no such file."""
    read = _read(marks)
    if read is None or text is None or len(text) > LONGEST:
        return "unclear"
    now = _Squeezed.of(text)
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


def _is_there(marks: _Marks, now: _Squeezed) -> bool:
    """Whether the change is, that the finding was about."""
    if marks.company:
        return any(_digest(line) in marks.company for line in now.lines if len(line) >= TELLING)
    # It was nothing but the quoted lines. Where what they replaced stands again, it was taken back.
    return not any(now.holds(one) for one in marks.before)


def _company(diff: FileDiff, finding: Finding, now: _Squeezed) -> Iterator[str]:
    """Digests of lines that the change adds, that the base has nowhere, and that the finding does not quote."""
    known = set(_Squeezed.of(diff.old_text or "").lines)
    quoted = _quoted_lines(diff, finding) if finding.side == "new" else range(0)
    lines = dict.fromkeys(
        now.lines[number]
        for number in sorted(diff.added_lines)
        if number not in quoted and len(now.lines[number]) >= TELLING
    )
    # A line that is quoted as well says nothing: it goes with the quote.
    with_quote = {now.lines[number] for number in quoted if number < len(now.lines)}
    telling = [line for line in lines if line not in known and line not in with_quote]
    yield from map(_digest, _spread(telling))


def _before(diff: FileDiff, finding: Finding) -> _Print | None:
    """What the quoted lines replaced, with a line on either side."""
    if diff.old_text is None or finding.side != "new":
        return None
    quoted, old = _quoted_lines(diff, finding), git_lines(diff.old_text)
    for hunk in diff.hunks:
        if hunk.new_start < quoted.stop and quoted.start < hunk.new_start + max(hunk.new_count, 1):
            return _print("".join(old[max(hunk.old_start - 1, 0) : hunk.old_start + hunk.old_count + 1]))
    return None


def _quoted_lines(diff: FileDiff, finding: Finding) -> range:
    """Git lines of the new text."""
    index = LineIndex(diff.new_text or "")
    first = index.git_line_of(index.offset(finding.range.start))
    return range(first, max(index.git_line_of(index.offset(finding.range.end)), first) + 1)


def _fixed(finding: Finding, diff: FileDiff) -> _Print | None:
    """What the fix leaves in this file: the lines that it alters, with one on either side."""
    edits = [edit for edit in finding.fix.edits if edit.file == diff.path] if finding.fix is not None else []
    if not edits or diff.new_text is None:
        return None
    try:
        after = git_lines(apply_edits(diff.new_text, edits))
    except FixError:
        return None
    before = git_lines(diff.new_text)
    first = _alike(before, after)
    last = len(after) - _alike(before[first:][::-1], after[first:][::-1])
    return _print("".join(after[max(first - 1, 0) : last + 1]))


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = zip(one, other, strict=False)
    return next((number for number, (mine, its) in enumerate(pairs) if mine != its), min(len(one), len(other)))


def _spread(lines: Sequence[str]) -> Iterable[str]:
    step = max(len(lines) / COMPANY, 1)
    return (lines[int(number * step)] for number in range(min(len(lines), COMPANY)))


def _print(text: str) -> _Print | None:
    squeezed = "".join(text.split())
    return (len(squeezed), _digest(squeezed)) if squeezed else None


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
    return int(given[0]), str(given[1])
