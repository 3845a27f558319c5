"""Faults of the changed files that stood before the change, for who asks for them: hints, which nothing else counts.

A check tells what a change brings. It is asked twice more, as if each side had been written into an empty file: what it
says of the new text and said of the base's as well, in the same words of the same line, stood before. So every check
decides by its own rules what is a fault at all. Only those are asked that judge a text by itself: what a change breaks
elsewhere, takes away or leaves undone has no meaning without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from rebuttal.change.model import FileDiff, Hunk, Side
from rebuttal.evidence import secrets
from rebuttal.evidence.linting import ruff_facts
from rebuttal.evidence.linting.ruff import Linted
from rebuttal.evidence.linting.silenced import SELF_SILENCED
from rebuttal.evidence.model import Fact, LimitReached, Material, SecretFinder
from rebuttal.evidence.structure import conflicts, debug, swallowed, syntax
from rebuttal.findings.model import Finding, Related
from rebuttal.text.positions import LineIndex, git_lines
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.evidence.linting.repository import Heard
    from rebuttal.evidence.linting.tool import Said

PER_FILE = 20
IN_ALL = 100
"""So many are told, the gravest first: what stood before is not what the reader is about."""
STOOD = "It stood before the change."

Asked = Callable[[Side, Material], Iterable[Fact]]
"""What one check says of a side's texts, as if all of them were new."""


@frozen
class Existing:
    """What stood before the change, and what was left out of it, in sentences for the user."""

    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()


def existing(material: Material, found: Iterable[Fact], linted: Linted, find_secrets: SecretFinder) -> Existing:
    """What the built-in checks find that stood before. `found`: what the change brings, which is not told again."""
    checks: tuple[tuple[str, Asked], ...] = (
        ("secrets", lambda side, alone: secrets.check(alone, find_secrets)),
        ("conflicts", lambda side, alone: conflicts.check(alone)),
        ("debug leftovers", lambda side, alone: debug.check(alone)),
        ("swallowed errors", lambda side, alone: swallowed.check(alone)),
        ("syntax", lambda side, alone: syntax.check(alone, _of_side(linted, side).faults)),
        ("linters", lambda side, alone: ruff_facts.check(alone, _of_side(linted, side))),
    )
    return asked(material, found, checks)


def asked(material: Material, found: Iterable[Fact], checks: Sequence[tuple[str, Asked]]) -> Existing:
    """What these checks say of both sides. One that fails is told in a note: the review itself lacks nothing."""
    sides: dict[Side, Material] = {"new": _alone_as(material, "new"), "old": _alone_as(material, "old")}
    known = {_spot(fact) for fact in found}
    facts: list[Fact] = []
    notes: list[str] = []
    for name, check in checks:
        try:
            new = [one for one in _heard(check, sides, "new") if _spot(one) not in known]
            facts += _stood(material, new, _heard(check, sides, "old")) if new else ()
        except Exception as error:
            # The message may hold code or a secret: only its kind is told.
            notes.append(f"What stood before the change is not told by the {name} check ({type(error).__name__}).")
    return Existing(tuple(facts), tuple(notes))


def limited(findings: Sequence[Finding]) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The first PER_FILE of each file and IN_ALL of all, and a sentence on how many are left out."""
    by_file: Counter[str] = Counter()
    kept: list[Finding] = []
    for finding in findings:
        by_file[finding.file] += 1
        if by_file[finding.file] <= PER_FILE and len(kept) < IN_ALL:
            kept.append(finding)
    left = len(findings) - len(kept)
    told = f"Of what stood before the change, {counted(left, 'fault')} more {'is' if left == 1 else 'are'} not shown."
    return tuple(kept), (told,) if left else ()


def of_linters(material: Material, found: Iterable[Fact], heard: Iterable[Heard]) -> Existing:
    """What the linters say that the repository configures and that stood before."""
    return asked(material, found, [(one.task.tool.name, partial(_linter, material, one)) for one in heard])


def _linter(material: Material, heard: Heard, side: Side, alone: Material) -> Iterator[Fact]:
    """What a linter said of one side. One that cannot be shown the base is believed where neither the lines nor
    anything else of the change can have caused what it says."""
    from rebuttal.evidence.linting import repository_facts

    said, silences = (heard.new, heard.silences) if side == "new" else (heard.old or {}, {})
    if heard.old is None:
        said = {diff.path: _apart(heard, diff) for diff in heard.task.files}
        alone = _alone_as(material, "new")
    files = tuple(one for one in alone.files if one.path in said)
    one_side = evolve(heard, task=evolve(heard.task, files=files), new=said, old={}, silences=silences)
    return repository_facts.check(alone, one_side)


def _apart(heard: Heard, diff: FileDiff) -> tuple[Said, ...]:
    """What was said of lines that the change did not touch, and that it cannot have caused there."""
    untouched = (one for one in heard.new.get(diff.path, ()) if one.first_line not in diff.added_lines)
    return tuple(one for one in untouched if (means := heard.task.tool.means(one)) is not None and not means.anywhere)


def _alone_as(material: Material, side: Side) -> Material:
    """The change as if this side's texts had been written into empty files."""
    change = material.change
    files = tuple(one for diff in change.files if (one := _alone(diff, side)) is not None)
    # A selection counts lines of the new text.
    only = change.only_lines if side == "new" else {}
    return Material(
        evolve(change, files=files, skipped=(), only_lines=only), material.repository, material.parser, material.hears
    )


def _alone(diff: FileDiff, side: Side) -> FileDiff | None:
    text = diff.text(side)
    if not text:
        return None
    whole = Hunk(0, 0, 0, len(git_lines(text)))
    return evolve(
        diff,
        # Not as added: of a file that is new as a whole, checks believe that it came from elsewhere.
        status="modified",
        old_text="",
        new_text=text,
        hunks=(whole,),
        old_path=None,
        old_cells=None,
        new_cells=diff.cells(side),
    )


def _of_side(linted: Linted, side: Side) -> Linted:
    """What was said of one side, as of a new one."""
    return Linted({("new", path): said for (of, path), said in linted.by_file.items() if of == side})


def _heard(check: Asked, sides: dict[Side, Material], side: Side) -> list[Fact]:
    """What a check says, but for what somebody has silenced: they have looked at it."""
    facts: list[Fact] = []
    try:
        for fact in check(side, sides[side]):
            facts.append(fact)
    except LimitReached:
        pass  # Where there is too much of it, what is told is too much as well.
    hears = sides[side].hears
    return [one for one in facts if hears(one.rule) and SELF_SILENCED not in one.message]


def _stood(material: Material, new: Iterable[Fact], old: Sequence[Fact]) -> Iterator[Fact]:
    """Those of which the base had the like: the same rule on the same line, which may have moved; on a line that the
    change did not touch, the rule in the same words, as where a check tells many as one; on one that it did, the rule
    in the lines that it replaced."""
    key = _Keys()
    before = Counter(key(one) for one in old)
    said = {(one.diff.path, one.rule, one.message) for one in old}
    lines = Counter((one.diff.path, one.rule, one.first_line) for one in old)
    for fact in new:
        path, rule, diff = fact.diff.path, fact.rule, material.change.file(fact.diff.path)
        hunk = _hunk_of(diff, fact.first_line) if diff is not None else None
        if before[key(fact)] > 0:
            before[key(fact)] -= 1
        elif hunk is not None:
            replaced = next((line for line in hunk.old_lines if lines[path, rule, line] > 0), None)
            if replaced is None:
                continue
            lines[path, rule, replaced] -= 1
        elif diff is None or (path, rule, fact.message) not in said:
            continue
        yield _marked(fact, diff)


def _hunk_of(diff: FileDiff, line: int) -> Hunk | None:
    """The hunk of a line that the change wrote; None of one that it did not touch."""
    if line not in diff.added_lines:
        return None
    return next((one for one in diff.hunks if line in one.new_lines), None)


def _marked(fact: Fact, diff: FileDiff | None) -> Fact:
    """The fact as one that stood before, without other places that the change wrote."""
    message = fact.message.replace("can no longer be parsed", "cannot be parsed").rstrip()
    places = fact.related if diff is None else tuple(_untouched(fact, diff))
    return evolve(fact, message=f"{message} {STOOD}", related=places, pre_existing=True)


def _untouched(fact: Fact, diff: FileDiff) -> Iterator[Related]:
    index = LineIndex(fact.diff.new_text or "") if fact.related else None
    for one in fact.related:
        line = index.git_line_of(index.offset(one.range.start)) if index is not None else 0
        if one.file != diff.path or line not in diff.added_lines:
            yield one


def _spot(fact: Fact) -> tuple[str, str, int]:
    return fact.diff.path, fact.rule, fact.first_line


class _Keys:
    """Rule and line: the same text elsewhere or otherwise indented is the same fault."""

    def __init__(self) -> None:
        self._lines: dict[int, list[str]] = {}

    def __call__(self, fact: Fact) -> tuple[str, str]:
        # By the diff's identity: it lives as long as its facts, and there may be thousands of them in one long file.
        lines = self._lines.get(id(fact.diff))
        if lines is None:
            lines = self._lines[id(fact.diff)] = git_lines(fact.diff.new_text or "")
        return fact.rule, " ".join(lines[fact.first_line].split()) if fact.first_line < len(lines) else ""
