"""A new setting that no document names, where documents name those declared beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import DOCUMENTATION
from rebuttal.evidence.upkeep.functions import is_own_code, own_lines
from rebuttal.evidence.upkeep.settings import Setting, may_declare, settings_of

UNDOCUMENTED = Rule(
    "upkeep:undocumented",
    "New setting without documentation",
    "Those declared beside it are documented, so nobody will find this one.",
    "low",
    "documentation",
    DOCUMENTATION,
    "likely",
)
RULES = (UNDOCUMENTED,)
SIBLINGS = 2
"""That documents name at least; one alone suffices where it is the only one beside it, and no key: those are words."""
DOCUMENTED = 0.7
"""The share of the settings beside it that documents name."""
_LISTED = 4
_MOST = 60
_PROSE = (".md", ".rst", ".adoc", ".txt", ".mdx", ".markdown", ".asciidoc", ".pod", ".conf")
_GLOBS = (*(f"*{ending}" for ending in _PROSE), "*.[1-8]", "*.[1-8].in", "*.env.*")
_MANUAL = re.compile(r"\.[1-8](?:\.in)?\Z|(?:^|/)\.env\.(?:example|sample|template|dist)\Z")
_PAST = re.compile(
    r"(?:^|/)(?:change|history|news|release|licen[sc]e|upgrad|migrat|requirements|cmakelists)", re.IGNORECASE
)
_TESTS = re.compile(r"(?:^|/)(?:tests?|spec|fixtures|testdata|node_modules|vendor|deps)/", re.IGNORECASE)


@frozen
class _New:
    diff: FileDiff
    setting: Setting
    siblings: frozenset[str]


def check(material: Material) -> Iterator[Fact]:
    """At most one fact, which lists them all."""
    new = [one for diff in material.files if is_own_code(diff.path) for one in _new(material, diff)][:_MOST]
    if not new:
        return
    words = {one.setting.name for one in new}.union(*(one.siblings for one in new))
    # What moves from another file of the change is not new.
    stood = [diff.old_text for diff in material.change.files if diff.old_text]
    matches = material.repository.new.grep(sorted(words), _GLOBS)
    documented = {match.word for match in matches if _is_document(match.path)}
    given = [
        one
        for one in new
        if one.setting.name not in documented
        and not any(one.setting.name in text for text in stood)
        and _are_documented(one, documented)
    ]
    if given:
        yield _fact(given, documented)


def _new(material: Material, diff: FileDiff) -> Iterator[_New]:
    if not diff.new_text or not diff.added_lines:
        return
    lines = diff.new_text.split("\n")
    added, until = diff.added_lines, own_lines(diff.path, diff.new_text)
    if not may_declare([lines[line] for line in added if line < len(lines)]):
        return
    settings = [one for one in settings_of(diff.new_text) if one.line < until]
    if not any(one.line in added for one in settings):
        return
    before = {(one.kind, one.name) for one in settings_of(diff.old_text or "")}
    for one in settings:
        if one.line not in added or one.hidden or (one.kind, one.name) in before:
            continue
        beside = (other for other in settings if (other.kind, other.group) == (one.kind, one.group))
        siblings = frozenset(other.name for other in beside if (other.kind, other.name) in before)
        if siblings and material.in_scope(diff, (one.line,)):
            yield _New(diff, one, siblings)


def _are_documented(one: _New, documented: set[str]) -> bool:
    least = SIBLINGS if one.setting.kind == "configuration key" else min(SIBLINGS, len(one.siblings))
    return len(one.siblings & documented) >= max(least, DOCUMENTED * len(one.siblings))


def _is_document(path: str) -> bool:
    lower = path.lower()
    if _PAST.search(lower) or _TESTS.search(lower):
        return False
    return lower.endswith(_PROSE) or bool(_MANUAL.search(lower))


def _fact(given: list[_New], documented: set[str]) -> Fact:
    first = given[0]
    names = ", ".join(one_line(one.setting.name, 60) for one in given[:_LISTED])
    more = f" and {len(given) - _LISTED} more" if len(given) > _LISTED else ""
    beside = sorted(first.siblings & documented)[:2]
    kind = first.setting.kind if len(given) == 1 else "settings"
    return UNDOCUMENTED.fact(
        first.diff,
        first.setting.line,
        first.setting.line,
        f"The new {kind} {names}{more} {'stands' if len(given) == 1 else 'stand'} in no document, while "
        f"{one_line(' and '.join(beside), 120)}, declared beside it, {'do' if len(beside) > 1 else 'does'}.",
    )
