"""A new member of an enumeration that places which handle all the others do not handle.

Only places that name every member there was, and nothing else, are believed to be about that enumeration, and only
where they do nothing for other values, or refuse them.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.ground import RELATED, Ground, how_many, places, timely
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import ARCHITECT
from rebuttal.findings.model import Related
from rebuttal.text.languages import Language, is_test, language_of
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex

if TYPE_CHECKING:
    from rebuttal.text.branches import Branch
    from rebuttal.text.enumerations import Enumeration, Member

CASE = Rule(
    "impact:case",
    "A new case is not handled everywhere",
    "A switch that named every case falls through, or fails, for the new one.",
    "medium",
    "correctness",
    ARCHITECT,
    "likely",
)
RULES = (CASE,)

_FEWEST = {"switch": 2, "chain": 3, "table": 3}
"""So many members must have been handled before two places are believed to be about the same thing."""
_PARTS = re.compile(r"\.|::|->")
_OWN = ("Self", "self", "static", "cls")
_NOTHING = frozenset({"None", "null", "undefined", "nil", "NULL", "''", '""'})
_GLOBAL: tuple[Language, ...] = ("c", "cpp", "java", "csharp", "rust")
"""Members may be named without their enumeration."""
_TS = re.compile(r"\benum\b|\|\s*['\"`]|\btype\s+\w+(?:<[^>]*>)?\s*=[^;=]*\|")
_SIEVES: dict[Language, re.Pattern[str]] = {
    "python": re.compile(r"\b(?:Enum|IntEnum|StrEnum|TextChoices|IntegerChoices|Literal)\b"),
    "typescript": _TS,
    "tsx": _TS,
    "go": re.compile(r"\bconst\s*\("),
}
_SIEVE = re.compile(r"\benum\b")


@frozen
class Widened:
    """An enumeration that the change gave new members."""

    diff: FileDiff
    language: Language
    now: Enumeration
    added: tuple[Member, ...]
    before: frozenset[str]
    """The members that were there and still are."""

    @property
    def word(self) -> str:
        """What every place that handles all members holds: the longest of them."""
        return max(sorted(self.before), key=len)


def widened(material: Material) -> tuple[Widened, ...]:
    return tuple(one for diff in timely(material) for one in _widened(material, diff))


def words(material: Material) -> Iterator[str]:
    return (one.word for one in material.once("impact widened", lambda: widened(material)))


def _widened(material: Material, diff: FileDiff) -> Iterator[Widened]:
    language = language_of(diff.path)
    if (
        language is None
        or diff.old_text is None
        or diff.new_text is None
        or language_of(diff.old_path or "")
        not in (
            None,
            language,
        )
    ):
        return
    if not diff.added_lines or not _SIEVES.get(language, _SIEVE).search(diff.new_text):
        return
    from rebuttal.text.enumerations import enumerations_of

    try:
        now = _by_name(enumerations_of(diff.new_text, language, material.parser))
        if not any(member.line in diff.added_lines for one in now.values() for member in one.members):
            return
        was = _by_name(enumerations_of(diff.old_text, language, material.parser))
    except Unparsed:
        return
    for name, one in now.items():
        if name not in was:
            continue
        old = frozenset(member.name for member in was[name].members)
        added = tuple(member for member in one.members if member.name not in old and member.line in diff.added_lines)
        kept = old & {member.name for member in one.members}
        if added and len(kept) > 1 and material.in_scope(diff, (member.line for member in added)):
            yield Widened(diff, language, one, added, kept)


def _by_name(found: tuple[Enumeration, ...]) -> dict[str, Enumeration]:
    """Those whose name stands for one only."""
    names = Counter(one.name for one in found)
    return {one.name: one for one in found if names[one.name] == 1}


def check(ground: Ground) -> Iterator[Fact]:
    """One fact for each enumeration with places that do not know its new members."""
    look = ground.deadline("switches")
    for one in ground.material.once("impact widened", lambda: widened(ground.material)):
        found: list[tuple[Related, bool]] = []
        for source in ground.sources(one.word, one.language):
            look()
            if not is_test(source.path):
                found += _unaware(ground, one, source)
        if found:
            refused = any(demanding for _, demanding in found)
            yield _fact(one, [place for place, _ in found], refused)


def _unaware(ground: Ground, one: Widened, source: Source) -> Iterator[tuple[Related, bool]]:
    """The places that do not handle a new member, each with whether the compiler refuses that."""
    if source.language is None:
        return
    from rebuttal.text.branches import branches_of

    try:
        branches = branches_of(source.text, source.language, (one.word,), ground.material.parser)
    except Unparsed:
        return
    names: dict[str, bool] = {}
    for branch in branches:
        if branch.default == "other" or len(one.before) < _FEWEST[branch.kind]:
            continue
        handled = _handled(one, branch, names, ground, source)
        if handled is None or not one.before <= handled:
            continue
        missing = [member.name for member in one.added if member.name not in handled]
        if missing:
            place = source.index.range(branch.start_offset, branch.end_offset)
            yield Related(source.path, place, _label(branch, missing)), branch.demanding


def _label(branch: Branch, missing: list[str]) -> str:
    what = ", ".join(f"`{one_line(name, 60)}`" for name in missing[:3])
    if branch.default == "refuses":
        return f"refuses {what}"
    return f"has nothing for {what}"


def _handled(
    one: Widened, branch: Branch, names: dict[str, bool], ground: Ground, source: Source
) -> frozenset[str] | None:
    """The members that a branch names; None where it may be about something else."""
    known = one.before | {member.name for member in one.added}
    handled = set()
    for label in branch.labels:
        if label in _NOTHING:
            continue
        name, owner = _split(one, label)
        if name not in known:
            return None
        if owner not in names:
            names[owner] = _is_owner(one, owner, ground, source)
        if not names[owner]:
            return None
        handled.add(name)
    return frozenset(handled)


def _split(one: Widened, label: str) -> tuple[str, str]:
    """The member and what stands before it."""
    if one.now.is_text:
        quoted = label[:1] in "'\"`" and label[-1:] == label[:1]
        return (label[1:-1], "") if quoted else ("", "")
    parts = _PARTS.split(label)
    if len(parts) > 2 and parts[-1] in ("value", "name"):
        parts.pop()
    return parts[-1], ".".join(parts[:-1])


def _is_owner(one: Widened, owner: str, ground: Ground, source: Source) -> bool:
    """Whether what stands before a member there is the enumeration."""
    home = source.path == one.diff.path
    last = owner.rpartition(".")[2]
    if one.language == "go":
        return _is_go_package(one, owner, ground, source)
    if not owner:
        if one.now.is_text:
            return home or _imports(one.now.name, one, ground, source)
        return one.language in _GLOBAL and (home or _names_it(one, source))
    if home or one.language in (*_GLOBAL, "php"):
        return last == one.now.name or (home and last in _OWN)
    return _is_imported_owner(one, owner, ground, source)


def _is_imported_owner(one: Widened, owner: str, ground: Ground, source: Source) -> bool:
    root, _, last = owner.rpartition(".")
    for given in source.imports:
        whole = given.name in (None, "*")
        if given.local == owner and not whole and given.name is not None:
            path, name = ground.modules.resolve(source, given.module), given.name
        elif root and last == one.now.name and root in (given.local, given.module if whole else None):
            path = ground.modules.resolve(source, given.module) if whole else ground.modules.submodule(source, given)
            name = last
        else:
            continue
        return ground.modules.leads_to(path, name, one.diff.path, one.now.name)
    return False


def _imports(name: str, one: Widened, ground: Ground, source: Source) -> bool:
    return any(
        given.name == name
        and ground.modules.leads_to(ground.modules.resolve(source, given.module), name, one.diff.path, name)
        for given in source.imports
    )


def _is_go_package(one: Widened, owner: str, ground: Ground, source: Source) -> bool:
    folder = posixpath.dirname(one.diff.path)
    if owner == "":
        return posixpath.dirname(source.path) == folder
    return any(
        given.local == owner and ground.modules.package_folder(source, given.module) == folder
        for given in source.imports
    )


def _names_it(one: Widened, source: Source) -> bool:
    """Whether members without a name before them may be this enumeration's: none else here has them."""
    if source.language in ("c", "cpp"):
        return len(one.before) > 2 or one.now.name in source.text
    return re.search(rf"\b{re.escape(one.now.name)}\b", source.text) is not None


def _fact(one: Widened, found: list[Related], refused: bool) -> Fact:
    text = one.diff.new_text or ""
    first = one.added[0]
    missed = [
        member for member in one.added if any(f"`{one_line(member.name, 60)}`" in place.message for place in found)
    ]
    shown = ", ".join(f"`{one_line(member.name, 60)}`" for member in (missed or one.added)[:3])
    handle, do = ("handles", "does") if len(found) == 1 else ("handle", "do")
    return CASE.fact(
        one.diff,
        first.line,
        first.line,
        f"`{one.now.name}` now has {shown}, but {how_many(found, 'place')} that {handle} every other member "
        f"{do} not handle it{', which the compiler refuses' if refused else ''}: {places(found)}.",
        title=f"A new case of `{one.now.name}` is not handled everywhere",
        where=LineIndex(text).range(first.start_offset, first.end_offset),
        severity="high" if refused else CASE.severity,
        related=tuple(found[:RELATED]),
    )
