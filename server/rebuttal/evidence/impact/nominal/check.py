"""Altered types, members and functions of Java, C# and PHP whose users were not changed with them."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

from attrs import evolve, frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.altered import touches
from rebuttal.evidence.impact.code import Code, Source
from rebuttal.evidence.impact.nominal import NOMINAL
from rebuttal.evidence.impact.nominal.groups import Group, function_groups, gone_types, member_groups, type_groups
from rebuttal.evidence.impact.nominal.heirs import left_behind
from rebuttal.evidence.impact.nominal.maven import is_built
from rebuttal.evidence.impact.nominal.types import Types, declared, packages
from rebuttal.evidence.impact.nominal.users import Uses, extensions_named
from rebuttal.evidence.impact.told import Broken, lost_file_fact, removed_fact, signature_fact
from rebuttal.evidence.model import CheckFailed, Fact, Material
from rebuttal.text.languages import Language, language_of

SECONDS = 10.0
"""Of the processor's time, so that what else the machine does has no say: after so long the search for users ends,
and what was not searched is told."""
MANY_FILES = 60
"""A name that stands in more files than this is too common to say whose it is by itself."""


def check(material: Material, clock: Callable[[], float] = time.thread_time) -> Iterator[Fact]:
    """One fact for each altered name with broken users. Raises CheckFailed after SECONDS, with what it has."""
    deadline = clock() + SECONDS
    for language in NOMINAL:
        diffs = [diff for diff in material.files if _is_of(diff, language)]
        if diffs:
            yield from _facts(_search(material, language, diffs), clock, deadline)


def _is_of(diff: FileDiff, language: Language) -> bool:
    of_old = language_of(diff.old_path or diff.path) == language
    return of_old and diff.old_text is not None and diff.status != "copied"


@frozen
class Search:
    """What the search for one language's users works on."""

    material: Material
    types: Types
    code: Code
    groups: tuple[Group, ...]


def _search(material: Material, language: Language, diffs: list[FileDiff]) -> Search:
    tree, parser = material.repository.new, material.parser
    code = Code(material.change, tree, parser, frozenset())
    types = Types(code, tree, language)
    before = [(diff, Source(diff.old_path or diff.path, diff.old_text or "", parser, frozenset())) for diff in diffs]
    before = [(diff, source) for diff, source in before if _is_worth(diff, source, language)]
    types.look_through(diff.path for diff, _ in before if diff.new_text is not None)
    types.expect(name for diff, source in before for name in _asked_for(diff, source))
    types.seek(_elsewhere(before, types))
    lost = list(gone_types(before, types))
    types.lose(full for full in (one.full for _, one in lost))
    groups = list(type_groups(lost, language))
    for diff, source in before:
        after = code.source(diff.path) if diff.new_text is not None else None
        groups += member_groups(diff, source, types)
        if language == "php":
            groups += function_groups(diff, source, types, after)
    wanted = (one for one in groups if _in_scope(material, one))
    return Search(material, types, code, tuple(wanted))


def _asked_for(diff: FileDiff, source: Source) -> Iterator[str]:
    """The names of a file that are likely searched for: what was altered in it, and the types of that."""
    lines = [one.start_line for one in source.symbols if touches(diff, one)]
    if diff.new_text is not None:
        yield from (one.name for one in source.symbols if touches(diff, one))
    for one in declared(source):
        if diff.new_text is None or any(one.symbol.start_line <= line <= one.symbol.end_line for line in lines):
            yield one.symbol.name


def _elsewhere(before: list[tuple[FileDiff, Source]], types: Types) -> Iterator[str]:
    """The types that are not declared where they were, or not only there."""
    for _, source in before:
        for one in declared(source):
            if not types.of(one.full) or "partial" in one.modifiers:
                yield one.symbol.name


def _is_worth(diff: FileDiff, old: Source, language: Language) -> bool:
    """Whether a definition's header, or its package, was altered; what only adds lines between them alters none."""
    if diff.new_text is None or diff.old_path is not None:
        return True
    if packages(old.text, language) != packages(diff.new_text, language):
        return True
    return bool(diff.hunks) and any(touches(diff, symbol) for symbol in old.symbols)


def _in_scope(material: Material, group: Group) -> bool:
    new, diff = group.altered.new, group.altered.diff
    return new is None or material.in_scope(diff, range(new.start_line, new.header_end_line + 1))


def _facts(search: Search, clock: Callable[[], float], deadline: float) -> Iterator[Fact]:
    if not search.groups:
        return
    files = _files_by_name(search)
    found: list[tuple[Group, list[Broken]]] = []
    for number, group in enumerate(search.groups):
        if clock() > deadline:
            yield from _told(search, found)
            raise CheckFailed(
                f"The search for callers stopped after {SECONDS:g} s: {len(search.groups) - number} of "
                f"{len(search.groups)} altered symbols were not searched; review a smaller scope to have them all."
            )
        uses = _broken(search, group, files[group.name])
        yield from left_behind(search.types, group)
        if uses:
            found.append((group, uses))
    yield from _told(search, found)


def _told(search: Search, found: list[tuple[Group, list[Broken]]]) -> Iterator[Fact]:
    lost: dict[str, list[tuple[Group, list[Broken]]]] = defaultdict(list)
    for group, uses in _without_repeats(found):
        if group.kind == "type" and group.altered.diff.new_text is None:
            lost[group.altered.diff.path].append((group, uses))
        else:
            yield _fact(search, group, uses)
    for some in lost.values():
        yield lost_file_fact([(group.altered, uses) for group, uses in some])


def _without_repeats(found: list[tuple[Group, list[Broken]]]) -> Iterator[tuple[Group, list[Broken]]]:
    """A method of an interface and of the class that has it went together: one of them tells of its users."""
    seen: set[tuple[str, str]] = set()
    for group, uses in sorted(found, key=lambda one: -len(one[1])):
        places = {(group.name, use.place) for use in uses}
        if not places <= seen:
            yield group, uses
        seen |= places


def _broken(search: Search, group: Group, sources: list[Source]) -> list[Broken]:
    names = frozenset(one.name for one in search.groups)
    uses = Uses(search.types, search.material.change, search.material.parser, names)
    has_extensions = search.types.language == "csharp" and group.kind == "member"
    extensions = extensions_named(group.name, sources) if has_extensions else []
    only = group.kind == "member" and bool(group.old) and _is_only(group, sources)
    near = _near(search, group, sources, only)
    found = [broken for source in near for broken in uses.broken(group, source, only, extensions)]
    if search.types.language == "java":
        found = [one for one in found if is_built(one.usage.source.path, search.material.repository.new.read)]
    return sorted(found, key=lambda one: (one.usage.source.path, one.usage.reference.line))


def _near(search: Search, group: Group, sources: list[Source], only: bool) -> list[Source]:
    """The files that can mean the altered type: those that name it or an heir of it."""
    if group.kind in ("type", "function") or (only and group.is_extension):
        return sources
    names = {group.full.rpartition(".")[2]}
    heirs = search.types.descendants(group.full) if _has_heirs(group) else {}
    names |= {full.rpartition(".")[2] for full in heirs}
    named = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(name) for name in names) + r")(?!\w)")
    paths = {one.path for one in sources}
    more = [one.source for one in heirs.values() if group.kind == "constructor" and one.source.path not in paths]
    return [source for source in sources if named.search(source.text)] + more


def _has_heirs(group: Group) -> bool:
    return not group.is_extension


def _is_only(group: Group, sources: list[Source]) -> bool:
    if len(sources) > MANY_FILES:
        return False
    same = [one for source in sources for one in source.symbols if one.name == group.name]
    return len(same) == len(group.new)


def _files_by_name(search: Search) -> dict[str, list[Source]]:
    types = search.types
    names = {one.name for one in search.groups}
    owners = {one.full.rpartition(".")[2] for one in search.groups}
    found: dict[str, list[Source]] = defaultdict(list)
    for name, paths in types.mentions(names | owners).items():
        for path in sorted(paths) if name in names else ():
            source = search.code.source(path)
            if source is not None and source.language == types.language:
                found[name].append(source)
    return found


def _fact(search: Search, group: Group, uses: list[Broken]) -> Fact:
    if group.is_gone:
        return removed_fact(group.altered, uses, _moved_to(search, group))
    fact = signature_fact(group.altered, uses)
    harmless = all(use.reason.endswith("used") for use in uses)
    return evolve(fact, severity="medium") if harmless else fact


def _moved_to(search: Search, group: Group) -> str | None:
    """The changed file that now declares what this one no longer does."""
    if group.kind == "member":
        return None
    for diff in search.material.files:
        source = search.code.source(diff.path) if diff.path != group.altered.diff.path else None
        if source is not None and source.language == search.types.language:
            for symbol in source.symbols:
                if symbol.qualified == group.altered.old.qualified and symbol.start_line in diff.added_lines:
                    return diff.path
    return None
