"""What stands or falls with a changed class or method: what it overrides, what overrides it, who implements it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from rebuttal.change.model import FileDiff, Match
from rebuttal.context.candidates import (
    DISTINCTIVE,
    IMPLEMENTER_BROKEN,
    OVERRIDDEN,
    OVERRIDE,
    OVERRIDE_BROKEN,
    SIBLING,
    definition,
    family,
    outlined,
    whole,
)
from rebuttal.context.changed import Changed, touched
from rebuttal.context.code import Code
from rebuttal.context.packing import Candidate
from rebuttal.context.places import CLASSES, classes, functions
from rebuttal.context.resolve import Found, Resolver, plain, written_bases
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.model import Symbol

MAX_SOUGHT = 20
"""Classes and interfaces whose subclasses are searched for."""
_SHOWN = 6
"""Overrides of one definition: more add little."""
_LOOKED_INTO = 40
_LATER = 0.02


@frozen
class _Sought:
    """A class or interface whose subclasses matter, and why."""

    owner: Found
    name: str | None
    """The member that changed; None where the class itself did."""
    how: str
    score: float
    excluded: tuple[str, str] | None = None
    """The definition that asked for its siblings."""


class Relatives:
    """Finds them: upwards by the bases as written, downwards by who names a class as its base."""

    def __init__(self, code: Code, resolver: Resolver, changed: Sequence[Changed]) -> None:
        self._code = code
        self._resolver = resolver
        self._changed = changed
        self._sought: list[_Sought] = []

    def above(self, diff: FileDiff, old: Code) -> Iterator[Candidate]:
        """The methods of bases that touched methods override; what else hangs on a changed one is remembered."""
        broken = {one.symbol.qualified: one for one in self._changed if one.file == diff.path}
        by_name = {one.qualified: one for one in self._code.symbols(diff.path)}
        for method in touched(diff, old, self._code, functions):
            owner = by_name.get(method.qualified.rpartition(".")[0])
            if owner is None or owner.kind not in CLASSES or _is_special(method.name):
                continue
            yield from self._overridden(Found(diff.path, owner), method)
            known = broken.get(method.qualified)
            if known is not None:
                self._seek(Found(diff.path, owner), method.name, known)
        self._seek_members(diff, old)
        for one in broken.values():
            if one.symbol.kind in CLASSES:
                how = "which is gone" if one.gone else "which changed"
                self._sought.append(_Sought(Found(diff.path, one.symbol), None, how, OVERRIDE))

    def names(self) -> dict[str, str]:
        """The names of the classes to search for (of Go's interfaces, the method), with their family."""
        names: dict[str, str] = {}
        for one in self._sought:
            kind = family(language_of(one.owner.file))
            if kind is not None:
                names.setdefault(_word(one), kind)
        return dict(list(names.items())[:MAX_SOUGHT])

    def below(self, matches: Mapping[str, Sequence[Match]]) -> Iterator[Candidate]:
        """Overrides, implementers and siblings in files that name the class."""
        for sought in self._sought:
            files = dict.fromkeys(one.path for one in matches.get(_word(sought), ()))
            found = 0
            for path in sorted(files, key=lambda each: (is_test(each), each))[:_LOOKED_INTO]:
                for candidate in self._in_file(path, sought, found):
                    found += 1
                    yield candidate
                if found >= _SHOWN:
                    break

    def _overridden(self, owner: Found, method: Symbol) -> Iterator[Candidate]:
        for base in self._resolver.bases(owner):
            found = self._resolver.member(base, method.name)
            if found is None:
                continue
            reason = f"{found.symbol.qualified}, which {method.qualified} overrides"
            yield definition(found.file, found.symbol, reason, OVERRIDDEN, self._code)
            how = f"as does {method.qualified}"
            self._sought.append(_Sought(base, method.name, how, SIBLING, (owner.file, owner.symbol.qualified)))

    def _seek(self, owner: Found, name: str, changed: Changed) -> None:
        how = "whose signature changed" if changed.broken else "which changed"
        self._sought.append(_Sought(owner, name, how, OVERRIDE_BROKEN if changed.broken else OVERRIDE))

    def _seek_members(self, diff: FileDiff, old: Code) -> None:
        """A member without a body that is new or changed asks something of every implementer."""
        before = {one.qualified for one in old.symbols(diff.old_path or diff.path)}
        for holder in touched(diff, old, self._code, classes):
            if holder.qualified not in before:
                continue
            for one in self._code.symbols(diff.path):
                if one.qualified != f"{holder.qualified}.{one.name}" or one.kind != "method":
                    continue
                if one.without_body and any(
                    line in diff.added_lines for line in range(one.start_line, one.end_line + 1)
                ):
                    how = "whose signature changed" if one.qualified in before else "which is new"
                    self._sought.append(_Sought(Found(diff.path, holder), one.name, how, IMPLEMENTER_BROKEN))

    def _in_file(self, path: str, sought: _Sought, found: int) -> Iterator[Candidate]:
        if language_of(path) == "go":
            heirs: Iterable[Symbol] = self._implementing(path, sought)
        else:
            heirs = (one for one in self._code.symbols(path) if self._extends(path, one, sought.owner))
        for number, heir in enumerate(heirs, found):
            if number >= _SHOWN:
                return
            if sought.excluded != (path, heir.qualified):
                yield self._shown(path, heir, sought, round(sought.score - _LATER * number, 2))

    def _shown(self, path: str, heir: Symbol, sought: _Sought, score: float) -> Candidate:
        above = sought.owner.symbol.qualified
        if sought.name is None:
            return outlined(path, heir, f"{heir.qualified} extends {above}, {sought.how}", score, self._code)
        own = self._member_of(path, heir, sought.name)
        member = f"{above}.{sought.name}"
        if own is not None:
            return whole(own.file, own.symbol, f"{own.symbol.qualified} overrides {member}, {sought.how}", score)
        reason = f"{heir.qualified} extends {above} without its own {sought.name}, {sought.how}"
        weaker = score if sought.how == "which is new" else min(score, SIBLING)
        return outlined(path, heir, reason, weaker, self._code)

    def _member_of(self, path: str, heir: Symbol, name: str) -> Found | None:
        wanted = f"{heir.qualified}.{name}"
        return next((Found(path, one) for one in self._code.symbols(path) if one.qualified == wanted), None)

    def _extends(self, path: str, heir: Symbol, owner: Found) -> bool:
        if heir.kind not in CLASSES:
            return False
        for written in written_bases(heir, self._code.lines(path)):
            name = plain(written)
            if name.replace("::", ".").replace("\\", ".").rpartition(".")[2] != owner.symbol.name:
                continue
            base = self._resolver.dotted(path, name)
            if base == owner or (base is None and len(owner.symbol.name) >= DISTINCTIVE):
                return True
        return False

    def _implementing(self, path: str, sought: _Sought) -> Iterator[Symbol]:
        """Go's types implement an interface by having its methods, and an interface is one's by the same rule."""
        if sought.name is None:
            return
        wanted = self._methods(sought.owner)
        for one in self._code.symbols(path):
            if one.name != sought.name or one.parent not in CLASSES:
                continue
            heir_name = one.qualified.rpartition(".")[0]
            heir = self._resolver.name(path, heir_name)
            if heir is None or heir == sought.owner:
                continue
            has = self._methods(heir)
            if sought.owner.symbol.kind == "interface" and wanted <= has and heir.symbol.kind != "interface":
                yield heir.symbol if heir.file == path else one
            elif heir.symbol.kind == "interface" and has <= wanted and sought.owner.symbol.kind != "interface":
                yield heir.symbol

    def _methods(self, owner: Found) -> set[str]:
        start = f"{owner.symbol.qualified}."
        folder = owner.file.rpartition("/")[0]
        files = [owner.file, *(one for one in self._code.in_folder(folder) if one.endswith(".go"))]
        return {
            one.name
            for file in files
            for one in self._code.symbols(file)
            if one.kind == "method" and one.qualified.startswith(start)
        }


def _word(sought: _Sought) -> str:
    is_go = language_of(sought.owner.file) == "go"
    return sought.name if is_go and sought.name is not None else sought.owner.symbol.name


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name != "__call__"
