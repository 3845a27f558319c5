"""Overrides and implementations that follow a base method of Java or C# as it was before the change.

Overloads make another number of parameters another method: who overrides the old one overrides nothing now.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuttal.evidence.impact.nominal.groups import Group
from rebuttal.evidence.impact.nominal.types import Type, Types, words_before
from rebuttal.evidence.impact.overrides import OVERRIDE
from rebuttal.evidence.impact.signatures import difference
from rebuttal.evidence.impact.told import NAMED_CALLERS, RELATED_CALLERS, label
from rebuttal.evidence.model import Fact
from rebuttal.findings.model import Related
from rebuttal.text.model import Symbol
from rebuttal.text.positions import LineIndex

_THEY = {True: "It overrides", False: "They override"}
_SAYS_SO = frozenset({"Override", "override"})


def left_behind(types: Types, group: Group) -> Iterator[Fact]:
    """One fact for a method with overrides that still have its old number of parameters."""
    if group.kind != "member" or types.language == "php" or group.is_extension:
        return
    if group.is_gone and _is_replaced(types, group):
        return  # By a method that its heirs lack, which is told of that one.
    lost = {_count(one) for one in group.old} - {_count(one) for _, one in types.lookup(group.full, group.name)}
    found = []
    for full, heir in types.descendants(group.full).items() if lost else ():
        for symbol in heir.members.get(group.name, ()):
            if _count(symbol) in lost and _follows(types, group, heir, symbol) and _has_no_base(types, full, symbol):
                found.append((heir, symbol))
    if found:
        yield _fact(group, sorted(found, key=lambda one: (one[0].source.path, one[1].name_line)))


def _count(symbol: Symbol) -> int:
    return len(symbol.parameters) if symbol.parameters is not None else -1


def _is_replaced(types: Types, group: Group) -> bool:
    added = group.altered.diff.added_lines
    members = (one for part in types.of(group.full) for some in part.members.values() for one in some)
    return any(one.without_body and one.start_line in added for one in members)


def _follows(types: Types, group: Group, heir: Type, symbol: Symbol) -> bool:
    """Whether a method says that it overrides, or is what a class has for the abstract one as it was."""
    if _SAYS_SO & words_before(heir.source, symbol):
        return True
    if group.is_gone or "abstract" in heir.modifiers or not any(one.without_body for one in group.old):
        return False
    needed = {_count(one) for one in group.new if one.without_body}
    given = {_count(one) for _, one in types.lookup(heir.full, group.name) if not one.without_body}
    return heir.symbol.kind == "class" and bool(needed - given)


def _has_no_base(types: Types, full: str, symbol: Symbol) -> bool:
    """Whether nothing that the type inherits has such a method any more."""
    complete = types.ancestors(full)[1]
    inherited = (one for part, one in types.lookup(full, symbol.name) if part.full != full)
    return complete and not any(_count(one) == _count(symbol) for one in inherited)


def _fact(group: Group, found: list[tuple[Type, Symbol]]) -> Fact:
    one, shown = group.altered, label(group.altered)
    related = tuple(_related(heir, symbol) for heir, symbol in found[:RELATED_CALLERS])
    places = ", ".join(f"{heir.source.path}:{symbol.name_line + 1}" for heir, symbol in found[:NAMED_CALLERS])
    places += f" and {len(found) - NAMED_CALLERS} more" if len(found) > NAMED_CALLERS else ""
    number = "one override was" if len(found) == 1 else f"{len(found)} overrides were"
    old, new = one.old, one.new
    what = "was removed" if new is None else f"changed ({difference(old.parameters or (), new.parameters or ())})"
    symbol, text = (new, one.diff.new_text) if new is not None else (old, one.diff.old_text)
    return OVERRIDE.fact(
        one.diff,
        symbol.name_line,
        max(symbol.header_end_line, symbol.name_line),
        f"{shown} {what}, but {number} not changed with it: {places}. {_THEY[len(found) == 1]} nothing now.",
        title=f"Overrides of {shown} do not follow it",
        severity="high",
        side="old" if new is None else "new",
        where=LineIndex(text or "").range(symbol.name_offset, symbol.name_offset + len(symbol.name)),
        related=related,
    )


def _related(heir: Type, symbol: Symbol) -> Related:
    place = heir.source.index.range(symbol.name_offset, symbol.name_offset + len(symbol.name))
    return Related(heir.source.path, place, f"`{symbol.qualified}()` overrides what it was")
