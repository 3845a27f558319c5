"""Tests that a change takes away, while what they test stays and is changed with it.

A test that moved, was renamed, became a row of a table, or whose subject is gone too, is none that is missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from attrs import frozen

from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE
from rebuttal.evidence.structure.cases import Case, body, cases
from rebuttal.evidence.structure.disabled import DISABLED, Off, disabled
from rebuttal.evidence.structure.lines import Lines, changed_files, moves, plain
from rebuttal.findings.model import Related
from rebuttal.text.languages import is_test
from rebuttal.text.positions import LineIndex

REMOVED = Rule(
    "structure:test-removed",
    "Test removed",
    "What it tested is changed by the same change, and now nothing watches it there.",
    "medium",
    "testing",
    CODE,
    "likely",
    # Three of eight findings in some 5,000 real commits were worth it: the others undid what had brought the tests.
    on=False,
)
RULES = (REMOVED, DISABLED)

_WORD = re.compile(r"[A-Za-z_]\w{3,}")
_SAME = 0.3
"""This share of a test's lines found again among added ones tells that it moved or was rewritten."""
_TELLING = 8
"""Characters of a line that says something of its own."""
_ASSERTS = re.compile(
    r"(?i)assert|\bexpect|\bshould|\brequire[.(]|verify|check|\braises\b|\bwarns\b|\bEXPECT_|\bt\.(?:error|fatal|fail)"
    r"|\bfail\(|\bis\.\w+\(|\bmust|\bensure|\btester?\b|\bdone\("
)
_SURELY_ASSERTS = re.compile(
    r"(?i)\bassert|assert\w*[.(]|\bexpect(?:_\w+)?[.(!]|\.should\b|\bshould\.|\braises\(|\bt\.(?:error|fatal|fail|equal|is|same|ok|not)"
    r"|\bEXPECT_|\bASSERT_|\bfail\(|\bverify\("
)
_CHECKS_BY_HELPER = re.compile(
    r"(?i)\b(?:test|check|verify|validate|compare|match)\w+\(|\.(?:not)?(?:equal|error|noerror|nil|true|false|contains|len|istype|empty)\("
)
_HEAD = re.compile(r"[Tt]est|TEST|\b(?:it|specify|scenario|Fact|Theory)\b")
_OF_OLD = re.compile(r"version_info|(?i:\bpy(?:thon)?_?2)|skipif|skipIf|VERSION|RUBY_ENGINE")
_NAMED = 3
_EVERYWHERE = frozenset({"init", "main", "call", "apply", "equals", "toString", "hashCode", "callback", "constructor"})
"""Names that tests define and call for reasons of their own."""
_LOOKED_FOR = 100


@frozen
class _Subject:
    """What the change does to code that is no test."""

    changed: frozenset[str]
    """Names of functions and methods that it altered and that are still there."""
    gone: frozenset[str]
    """Words that stood in lines it removed, and stand in none of its files any more."""


def check(material: Material) -> Iterator[Fact]:
    """Facts about removed and disabled tests, and about tests that no longer check anything."""
    by_file: dict[str, list[Off]] = {}
    for off in disabled(material):
        by_file.setdefault(off.lines.diff.path, []).append(off)
    yield from (_off(same[0], same[1:]) for same in by_file.values())
    if not material.hears(REMOVED.id):
        return
    tests = [one for one in changed_files(material) if one.is_test and one.diff.old_text is not None]
    if not any(one.diff.removed_lines for one in tests):
        return
    switched_off = {(one.lines.diff.path, one.name) for one in disabled(material)}
    subject: _Subject | None = None
    there: frozenset[str] = frozenset()
    for lines in tests:
        if not lines.diff.removed_lines or lines.diff.status in ("renamed", "copied"):
            continue
        missing = list(_missing(material, lines))
        if missing and subject is None:
            subject = _subject(material)
            there = _defined_elsewhere(material, missing)
        missing = [one for one in missing if one.name not in there]
        lost = [
            (case, about)
            for case in missing
            if subject is not None
            and (lines.diff.path, case.name) not in switched_off
            and (about := _about(lines, case, subject))
        ]
        if lost and not _tested_anew(material, lines, lost[0][1]):
            yield _fact(lines, lost)
        yield from _toothless(material, lines)


def _off(one: Off, others: list[Off]) -> Fact:
    """One fact for all of a file: they are mostly switched off together, for one reason."""
    index = LineIndex(one.lines.diff.new_text or "")
    path = one.lines.diff.path
    related = tuple(Related(path, index.range_of_git_lines(at.line, at.line), "this one too") for at in others)
    more = f" So {'is' if len(others) == 1 else 'are'} {len(others)} more of this file." if others else ""
    return DISABLED.fact(
        one.lines.diff,
        one.line,
        one.line,
        one.what + more,
        title=one.title,
        severity=one.severity,
        related=related,
    )


def _missing(material: Material, lines: Lines) -> Iterator[Case]:
    """Cases that are gone: neither here under their name, nor anywhere under another one."""
    if not any(_HEAD.search(line) for _, line in lines.changed("old")):
        return
    removed = lines.diff.removed_lines
    old = [one for one in cases(lines, "old") if any(at in removed for at in range(one.first_line, one.last_line + 1))]
    if not old:
        return
    left = {one.name for one in cases(lines, "new")} if lines.diff.new_text else set()
    added = moves(material).added
    elsewhere = material.once("structure added text", lambda: _added(material))
    words = material.once("structure added words", lambda: frozenset(re.findall(r"\w+", elsewhere)))
    for case in old:
        span = range(case.first_line, case.last_line + 1)
        if case.name in left or sum(1 for at in span if at in removed) < 0.8 * len(span):
            continue
        if case.name in words or (not case.name.isidentifier() and case.name in elsewhere):
            continue
        telling = [plain(line) for line in body(lines, "old", case)[1:] if len(line) >= _TELLING]
        if telling and sum(1 for line in telling if added[line]) <= _SAME * len(telling):
            yield case


def _defined_elsewhere(material: Material, missing: list[Case]) -> frozenset[str]:
    """Names of tests that another file of the new state has as well: it had them before, and still does."""
    names = {one.name for one in missing[:_LOOKED_FOR] if one.name.isidentifier() and len(one.name) > _TELLING}
    if not names:
        return frozenset()
    found = material.repository.new.grep(sorted(names))
    return frozenset(match.word for match in found if is_test(match.path))


def _added(material: Material) -> str:
    return "\n".join(line for one in changed_files(material) for _, line in one.changed("new"))


def _subject(material: Material) -> _Subject:
    changed: set[str] = set()
    before: set[str] = set()
    after: set[str] = set()
    for lines in changed_files(material):
        if lines.is_test:
            continue
        for _, line in lines.changed("old"):
            before.update(_WORD.findall(line))
        after.update(_WORD.findall(lines.diff.new_text or ""))
        if lines.diff.old_text is None or lines.diff.new_text is None:
            continue
        added, removed = lines.diff.added_lines, lines.diff.removed_lines
        old = {one.qualified: one for one in lines.symbols("old")}
        for one in lines.symbols("new"):
            earlier = old.get(one.qualified)
            if one.kind not in ("function", "method") or earlier is None or len(one.name) < 4:
                continue
            if any(at in added for at in range(one.start_line, one.end_line + 1)) or any(
                at in removed for at in range(earlier.start_line, earlier.end_line + 1)
            ):
                changed.add(one.name)
    return _Subject(frozenset(changed), frozenset(before - after))


def _about(lines: Lines, case: Case, subject: _Subject) -> str:
    """The altered function that the case calls; "" if there is none, or the case is about something that is gone."""
    text = "\n".join(body(lines, "old", case))
    if _OF_OLD.search(text):
        return ""  # With support for a version gone, its tests go too.
    words = set(_WORD.findall(text))
    named = set(_WORD.findall(case.name.replace("_", " ")))
    if words & subject.gone or named & {one.lower() for one in subject.gone}:
        return ""
    called = [
        name
        for name in sorted((subject.changed & words) - _EVERYWHERE)
        if re.search(rf"(?<!\w){re.escape(name)}\s*[(<]", text)
    ]
    return max(called, key=len, default="")


def _tested_anew(material: Material, lines: Lines, about: str) -> bool:
    """Whether the change has new tests of the same thing: then tests were rewritten."""
    old = {one.name for one in cases(lines, "old")}
    others = (one for one in changed_files(material) if one.is_test)
    return any(about in line for one in others for _, line in one.changed("new")) or any(
        one.name not in old for one in cases(lines, "new")
    )


def _fact(lines: Lines, lost: list[tuple[Case, str]]) -> Fact:
    case, about = lost[0]
    names = ", ".join(f"`{one_line(one.name, 50)}`" for one, _ in lost[:_NAMED])
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    verb = "is" if len(lost) == 1 else "are"
    return REMOVED.fact(
        lines.diff,
        case.first_line,
        case.last_line,
        f"{names}{more} {verb} removed, while `{one_line(about, 50)}`, which it tests, stays and is altered by the "
        "same change: nothing shows any more whether that still works.",
        side="old",
    )


def _is_assertion(line: str) -> bool:
    """Whether it surely checks something; that a warning comes is told of what is deprecated, and goes with it."""
    return _SURELY_ASSERTS.search(line) is not None and not re.search(r"warns\b", line)


def _loses_assertions(lines: Lines) -> bool:
    """Whether a hunk takes out more lines that check something than it puts in."""
    old, new = lines.old, lines.new
    return any(
        sum(1 for at in hunk.old_lines if _ASSERTS.search(old[at]))
        > sum(1 for at in hunk.new_lines if _ASSERTS.search(new[at]))
        for hunk in lines.diff.hunks
    )


def _toothless(material: Material, lines: Lines) -> Iterator[Fact]:
    """Tests that keep running and no longer check anything."""
    if lines.diff.new_text is None or not _loses_assertions(lines):
        return
    removed = lines.diff.removed_lines
    touched = {
        one.name: one
        for one in cases(lines, "old")
        if any(at in removed and _is_assertion(lines.old[at]) for at in range(one.first_line + 1, one.last_line + 1))
    }
    names = Counter(one.name for side in ("old", "new") for one in cases(lines, "old" if side == "old" else "new"))
    for case in cases(lines, "new") if touched else ():
        before = touched.get(case.name)
        if before is None or names[case.name] > 2:
            continue
        new = body(lines, "new", case)[1:]
        if any(_ASSERTS.search(line) or _CHECKS_BY_HELPER.search(line) for line in new):
            continue
        if not any("(" in line for line in new):
            continue
        at = next(
            one
            for one in range(before.first_line + 1, before.last_line + 1)
            if one in removed and _is_assertion(lines.old[one])
        )
        kept = {plain(line) for line in body(lines, "old", before)[1:]}
        if not any(len(line) >= _TELLING and plain(line) in kept for line in new) or not material.in_scope(
            lines.diff, range(case.first_line, case.last_line + 1)
        ):
            continue
        related = LineIndex(lines.diff.new_text).range_of_git_lines(case.first_line, case.first_line)
        yield REMOVED.fact(
            lines.diff,
            at,
            at,
            f"`{one_line(case.name, 50)}` lost its last assertion: it can now only fail by crashing.",
            title="Last assertion of a test removed",
            side="old",
            related=(Related(lines.diff.path, related, "the test, as it is now"),),
        )
