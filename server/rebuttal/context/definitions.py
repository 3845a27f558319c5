"""The definitions of what added lines use: by imports, the same file or package, a receiver's type, or where unique."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeGuard

from attrs import frozen

from rebuttal.change.model import FileDiff, Match
from rebuttal.change.search import MAX_LINES
from rebuttal.context.candidates import (
    DEFINITION_CALLED,
    DEFINITION_GUESSED,
    DEFINITION_HERE,
    DEFINITION_NEAREST,
    DEFINITION_USED,
    DISTINCTIVE,
    defines,
    definition,
    family,
)
from rebuttal.context.code import Code
from rebuttal.context.imports import files_of
from rebuttal.context.packing import Candidate
from rebuttal.context.places import classes, functions
from rebuttal.context.resolve import SELF, Found, Resolver
from rebuttal.text.languages import Language, is_test, language_of
from rebuttal.text.model import Import, Reference, Symbol

_RIVALS = 6
"""A name that more files define says too little about which one is meant."""
_SAME_NAMES_MEAN_THE_SAME = ("python", "javascript", "typescript", "tsx", "go")
"""Here a bare name that is neither defined nor imported is the language's own."""


@frozen
class Wanted:
    """A name that an added line uses and no import explains."""

    name: str
    file: str
    family: str
    is_bare: bool = False


@frozen
class _Scope:
    """What names mean in one file."""

    file: str
    language: Language
    imports: Mapping[str, Import]
    local: Mapping[str, Symbol]


class Definitions:
    """Finds the definitions of what added lines use."""

    def __init__(self, code: Code, resolver: Resolver) -> None:
        self._code = code
        self._resolver = resolver
        self.unresolved: dict[Wanted, None] = {}

    def of(self, diff: FileDiff) -> Iterator[Candidate]:
        """Definitions that imports, the same file or package, or a type tell; what is left is `unresolved`."""
        source = self._code.source(diff.path)
        if source is None or source.language is None:
            return
        added = diff.added_lines
        imports = {one.local: one for one in self._code.imports(diff.path) if one.local}
        local = {one.qualified: one for one in self._code.symbols(diff.path)}
        scope = _Scope(diff.path, source.language, imports, local)
        holders = self._owners(scope)
        seen: set[tuple[str, str | None, str | None]] = set()
        uses = [use for use in self._code.references(diff.path) if use.line in added]
        roots = {_root(use) for use in uses if use.kind != "import"}
        for use in uses:
            if use.kind == "import":
                yield from self._newly_imported(scope, use, roots)
                continue
            holder = holders(use.line) if _is_self(use.receiver) else None
            key = (use.name, use.receiver, holder.symbol.qualified if holder else None)
            if key not in seen:
                seen.add(key)
                yield from self._use(scope, use, holder)

    def _owners(self, scope: _Scope) -> Callable[[int], Found | None]:
        """The class that `self` means at a line: the one around it, or the one that its method is declared on."""
        around, within = classes(scope.local.values()), functions(scope.local.values())

        def owner(line: int) -> Found | None:
            holder, method = around.at(line), within.at(line)
            if holder is not None:
                return Found(scope.file, holder)
            named = method.qualified.rpartition(".")[0] if method is not None else ""
            return self._resolver.name(scope.file, named) if named else None

        return owner

    def guessed(self, matches: Mapping[str, Sequence[Match]]) -> Iterator[Candidate]:
        """Definitions that are unique in the repository, or among the files imported, by the lines that name them."""
        for wanted in self.unresolved:
            lines = matches.get(wanted.name, ())
            if len(lines) >= MAX_LINES:
                continue  # not all of them were told: what looks like the only one may not be
            if wanted.is_bare and self._is_local(lines, wanted):
                continue
            defining = [one for one in lines if self._may_define(one, wanted)]
            files = list(dict.fromkeys(one.path for one in defining))
            if not 1 <= len(files) <= _RIVALS:
                continue
            found = [Found(file, one) for file in files for one in self._named(file, wanted.name, wanted.is_bare)]
            if len(found) == 1 and found[0].file != wanted.file:
                reason = f"the only definition of {wanted.name}, which {wanted.file} uses"
                yield definition(found[0].file, found[0].symbol, reason, DEFINITION_GUESSED, self._code)
            elif len(found) > 1 and (nearest := self._reached(found, wanted)) is not None:
                reason = f"definition of {nearest.symbol.qualified}, which {wanted.file} uses by its name and imports"
                yield definition(nearest.file, nearest.symbol, reason, DEFINITION_NEAREST, self._code)

    def _reached(self, found: Sequence[Found], wanted: Wanted) -> Found | None:
        """The one definition that stands in a file which the user's file imports, if there is but one."""
        language = language_of(wanted.file)
        imported = {
            file
            for one in self._code.imports(wanted.file)
            if language is not None
            for file in files_of(one, wanted.file, language, self._code)
        }
        near = [one for one in found if one.file in imported]
        return near[0] if len(near) == 1 else None

    def _may_define(self, match: Match, wanted: Wanted) -> bool:
        if is_test(match.path) and not is_test(wanted.file):
            return False
        lines = self._code.lines(match.path)
        return match.line < len(lines) and defines(lines[match.line])

    def _is_local(self, matches: Sequence[Match], wanted: Wanted) -> bool:
        """Whether the file itself names something so, inside a function too: then no other file's is meant."""
        given = re.compile(rf"\b(?:const|let|static|var|val|mut)\s+{re.escape(wanted.name)}\b")
        own = self._code.lines(wanted.file)
        here = (one.line for one in matches if one.path == wanted.file and one.line < len(own))
        return any(given.search(own[line][:500]) for line in here)

    def _newly_imported(self, scope: _Scope, use: Reference, roots: Collection[str]) -> Iterator[Candidate]:
        """What an added import brings, where no added line uses it yet."""
        one = next((each for each in scope.imports.values() if each.start_offset == use.start_offset), None)
        if one is None or one.local in roots:
            return
        found = self._resolver.imported(scope.file, use.name, None, one)
        if found is not None and found.file != scope.file:
            reason = f"definition of {found.symbol.qualified}, which {scope.file} imports"
            yield definition(found.file, found.symbol, reason, DEFINITION_USED, self._code)

    def _use(self, scope: _Scope, use: Reference, holder: Found | None) -> Iterator[Candidate]:
        found = self._resolved(scope, use, holder)
        if found is not None:
            yield from self._found(scope, use, found)
        elif self._worth_guessing(scope, use):
            bare = use.receiver is None
            self.unresolved[Wanted(use.name, scope.file, family(scope.language) or "", bare)] = None

    def _worth_guessing(self, scope: _Scope, use: Reference) -> bool:
        root = _root(use)
        if root in scope.imports or len(use.name) < (DISTINCTIVE if use.name.islower() else DISTINCTIVE - 1):
            return False
        if use.receiver is None:
            return scope.language not in _SAME_NAMES_MEAN_THE_SAME and (use.kind == "call" or not use.name.islower())
        return use.kind == "call" or scope.language != "python"

    def _resolved(self, scope: _Scope, use: Reference, holder: Found | None) -> Found | None:
        if use.receiver is None:
            return self._bare(scope, use)
        if _is_self(use.receiver):
            if holder is None:
                return None
            if use.receiver.startswith("super"):
                above = (self._resolver.member(base, use.name) for base in self._resolver.bases(holder))
                return next((one for one in above if one is not None), None)
            return self._resolver.member(holder, use.name)
        root = _root(use)
        if root in scope.imports or root in scope.local:
            found = self._resolver.dotted(scope.file, f"{use.receiver}.{use.name}") or self._module(scope, use, root)
            if found is not None:
                return found
        owner_type = self._resolver.type_of(scope.file, use.receiver, use.line)
        return self._resolver.member(owner_type, use.name) if owner_type is not None else None

    def _bare(self, scope: _Scope, use: Reference) -> Found | None:
        symbol = scope.local.get(use.name)
        if symbol is not None and use.name not in scope.imports:
            return Found(scope.file, symbol)
        return self._resolver.name(scope.file, use.name)

    def _module(self, scope: _Scope, use: Reference, root: str) -> Found | None:
        one = scope.imports.get(root)
        return self._resolver.imported(scope.file, use.name, use.receiver, one) if one is not None else None

    def _found(self, scope: _Scope, use: Reference, found: Found) -> Iterator[Candidate]:
        symbol = found.symbol
        if found.file == scope.file:
            if not symbol.start_line <= use.line <= symbol.end_line:
                reason = f"definition of {symbol.qualified}, which added lines use"
                yield definition(scope.file, symbol, reason, DEFINITION_HERE, self._code)
            return
        reason = f"definition of {symbol.qualified}, which {scope.file} uses"
        weight = DEFINITION_CALLED if use.kind == "call" else DEFINITION_USED
        yield definition(found.file, symbol, reason, weight, self._code)

    def _named(self, file: str, name: str, is_bare: bool) -> list[Symbol]:
        if self._resolver.import_of(file, name) is not None:
            return []  # `const fresh = require('fresh')` names it, and defines nothing
        symbols = self._code.symbols(file)
        return [one for one in symbols if one.name == name and not (is_bare and one.kind == "field")]


def _root(use: Reference) -> str:
    return (use.receiver or use.name).split(".")[0].split("(")[0].split("[")[0].split("::")[0]


def _is_self(receiver: str | None) -> TypeGuard[str]:
    return receiver is not None and (receiver in SELF or receiver.startswith("super"))
