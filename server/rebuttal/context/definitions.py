"""The definitions of what added lines use: by imports, the same file or package, else where a name is unique."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from rebuttal.change.model import FileDiff, Match
from rebuttal.context.candidates import (
    DEFINITION_CALLED,
    DEFINITION_GUESSED,
    DEFINITION_HERE,
    DEFINITION_USED,
    DISTINCTIVE,
    defines,
    definition,
    family,
)
from rebuttal.context.code import Code
from rebuttal.context.imports import files_of, package_of
from rebuttal.context.packing import Candidate
from rebuttal.context.places import classes
from rebuttal.text.languages import Language, is_test
from rebuttal.text.model import Import, Reference, Symbol

SELF = ("self", "cls", "this")
_TOP = (None, "namespace")


@frozen
class Wanted:
    """A name that an added line uses and no import explains."""

    name: str
    file: str
    family: str


@frozen
class _Scope:
    """What names mean in one file."""

    file: str
    language: Language
    imports: Mapping[str, Import]
    local: Mapping[str, Symbol]


class Definitions:
    """Finds the definitions of what added lines use."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self.unresolved: dict[Wanted, None] = {}

    def of(self, diff: FileDiff) -> Iterator[Candidate]:
        """Definitions that imports, the same file or the same package tell; what is left is `unresolved`."""
        source = self._code.source(diff.path)
        if source is None or source.language is None:
            return
        added = diff.added_lines
        imports = {one.local: one for one in self._code.imports(diff.path) if one.local}
        local = {one.qualified: one for one in self._code.symbols(diff.path)}
        scope = _Scope(diff.path, source.language, imports, local)
        holders = classes(local.values())
        seen: set[tuple[str, str | None, str | None]] = set()
        for use in self._code.references(diff.path):
            if use.line not in added or use.kind == "import":
                continue
            holder = holders.at(use.line) if use.receiver in SELF else None
            key = (use.name, use.receiver, holder.qualified if holder else None)
            if key not in seen:
                seen.add(key)
                yield from self._use(scope, use, holder)

    def guessed(self, matches: Mapping[str, Sequence[Match]]) -> Iterator[Candidate]:
        """Definitions that are unique in the repository, by the lines that name them."""
        for wanted in self.unresolved:
            defining = [one for one in matches.get(wanted.name, ()) if self._may_define(one, wanted)]
            files = list(dict.fromkeys(one.path for one in defining))
            if not 1 <= len(files) <= 4:
                continue
            found = [(file, one) for file in files for one in self._named(file, wanted.name)]
            if len(found) == 1 and found[0][0] != wanted.file:
                file, symbol = found[0]
                reason = f"the only definition of {wanted.name}, which {wanted.file} uses"
                yield definition(file, symbol, reason, DEFINITION_GUESSED, self._code)

    def _may_define(self, match: Match, wanted: Wanted) -> bool:
        if is_test(match.path) and not is_test(wanted.file):
            return False
        lines = self._code.lines(match.path)
        return match.line < len(lines) and defines(lines[match.line])

    def _use(self, scope: _Scope, use: Reference, holder: Symbol | None) -> Iterator[Candidate]:
        root = (use.receiver or use.name).split(".")[0].split("(")[0].split("[")[0]
        imported = scope.imports.get(root)
        if imported is not None:
            yield from self._imported(scope, use, imported)
        elif use.receiver in SELF:
            if holder is not None:
                yield from self._here(scope, use, f"{holder.qualified}.{use.name}")
        elif use.receiver is None and use.name in scope.local:
            yield from self._here(scope, use, use.name)
        elif scope.language == "go" and use.receiver is None:
            yield from self._in_package(scope, use)
        elif use.kind == "call" and use.receiver is not None and len(use.name) >= DISTINCTIVE:
            self.unresolved[Wanted(use.name, scope.file, family(scope.language) or "")] = None

    def _here(self, scope: _Scope, use: Reference, qualified: str) -> Iterator[Candidate]:
        symbol = scope.local.get(qualified)
        if symbol is not None and not symbol.start_line <= use.line <= symbol.end_line:
            reason = f"definition of {symbol.qualified}, which added lines use"
            yield definition(scope.file, symbol, reason, DEFINITION_HERE, self._code)

    def _in_package(self, scope: _Scope, use: Reference) -> Iterator[Candidate]:
        for other in package_of(scope.file, self._code):
            for symbol in self._named(other, use.name, top=True):
                yield definition(other, symbol, _reason(symbol, scope), _weight(use), self._code)

    def _imported(self, scope: _Scope, use: Reference, imported: Import) -> Iterator[Candidate]:
        for target in files_of(imported, scope.file, scope.language, self._code):
            found = self._in_target(target, use, imported) or self._passed_on(target, use, imported)
            if found is not None:
                where, symbol = found
                yield definition(where, symbol, _reason(symbol, scope), _weight(use), self._code)
                return

    def _in_target(self, target: str, use: Reference, imported: Import) -> tuple[str, Symbol] | None:
        for name in _names(use, imported):
            for symbol in self._code.symbols(target):
                if symbol.qualified == name and (symbol.parent in _TOP or "." in name):
                    return target, symbol
        return None

    def _passed_on(self, target: str, use: Reference, imported: Import) -> tuple[str, Symbol] | None:
        """One step behind a package that only passes a name on."""
        source = self._code.source(target)
        if source is None or source.language is None:
            return None
        name = use.name if imported.name is None or use.receiver is None else imported.name
        for one in self._code.imports(target):
            if name not in (one.local, one.name) and one.name != "*":
                continue
            for behind in files_of(one, target, source.language, self._code):
                found = self._in_target(behind, use, imported)
                if found is not None:
                    return found
        return None

    def _named(self, file: str, name: str, top: bool = False) -> list[Symbol]:
        symbols = self._code.symbols(file)
        return [one for one in symbols if one.name == name and (not top or one.parent in _TOP)]


def _names(use: Reference, imported: Import) -> list[str]:
    """Under which qualified names the imported file may define what is used, likeliest first."""
    taken = imported.name if imported.name not in (None, "*", "default") else None
    if use.receiver is None:
        return [taken or use.name]
    if taken is None:  # a module, or a default export
        return [use.name, f"{imported.local}.{use.name}", imported.local]
    # `Class.method()` on an imported class; `from package import module` gives module.function.
    return [f"{taken}.{use.name}", use.name, taken]


def _reason(symbol: Symbol, scope: _Scope) -> str:
    return f"definition of {symbol.qualified}, which {scope.file} uses"


def _weight(use: Reference) -> float:
    return DEFINITION_CALLED if use.kind == "call" else DEFINITION_USED
