"""The types of a repository in Java, C# and PHP: where a name leads, what a type inherits, who inherits from it."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from copy import copy
from functools import cached_property

from attrs import frozen

from rebuttal.change.model import Tree
from rebuttal.evidence.impact.code import Code, Source
from rebuttal.text.grammars.tagged import plain_type
from rebuttal.text.languages import GLOBS, Language, family_of
from rebuttal.text.model import Symbol

_PACKAGE = {
    "java": re.compile(r"^[ \t]*package\s+([\w.]+)\s*;", re.MULTILINE),
    "csharp": re.compile(r"^[ \t]*namespace\s+([\w.]+)", re.MULTILINE),
    "kotlin": re.compile(r"^[ \t]*package\s+([\w.]+)", re.MULTILINE),
    "scala": re.compile(r"^[ \t]*package\s+([\w.]+)", re.MULTILINE),
    "php": re.compile(r"^[ \t]*(?:<\?php\s+)?namespace\s+([\w\\]+)\s*[;{]", re.MULTILINE),
}
_DECLARES = r"\b(?:class|interface|struct|record|trait|enum|object)\s+{0}\b|@file:JvmName\(\"{0}\"\)"
_HOLDERS = ("class", "interface", "enum")
_ANCESTORS = 60
_DESCENDANTS = 300
_LEVELS = 5
_NESTED = 3
"""A type may stand in the file of a type that holds it, so many levels up."""
_HARMLESS = frozenset({"Object", "object", "Serializable", "Cloneable", "Record", "ICloneable"})
"""Bases that bring no member that anybody calls by mistake for another."""


@frozen(eq=False)
class Type:
    """One declaration of a type; a C# `partial` one has several."""

    full: str
    """With its package, with dots."""
    source: Source
    symbol: Symbol

    @cached_property
    def members(self) -> dict[str, list[Symbol]]:
        """What it declares itself, by name."""
        found: dict[str, list[Symbol]] = {}
        prefix, field_end = f"{self.symbol.qualified}.", 0
        for one in self.source.symbols:
            inside = self.symbol.start_offset <= one.start_offset < self.symbol.end_offset
            if not inside or one is self.symbol or one.qualified != prefix + one.name:
                continue
            if one.kind == "field":
                field_end = max(field_end, one.end_offset)
            elif one.start_offset < field_end:
                continue  # Of an anonymous class that is a field's value.
            found.setdefault(one.name, []).append(one)
        return found

    @property
    def modifiers(self) -> frozenset[str]:
        """The words before its name."""
        return words_before(self.source, self.symbol)


def words_before(source: Source, symbol: Symbol) -> frozenset[str]:
    """The words of a definition that stand before its name: modifiers, annotations, its return type."""
    return frozenset(re.findall(r"\w+", source.text[symbol.start_offset : symbol.name_offset]))


class Packages:
    """The package at each place of a file."""

    def __init__(self, source: Source) -> None:
        pattern = _PACKAGE.get(source.language or "")
        found = list(pattern.finditer(source.text)) if pattern else []
        self._starts = [one.start() for one in found]
        self._names = [one[1].replace("\\", ".") for one in found]

    def at(self, offset: int) -> str:
        index = bisect_right(self._starts, offset) - 1
        return self._names[index] if index >= 0 else ""


def packages(text: str, language: Language) -> list[str]:
    """The packages that a text names as its own."""
    return _PACKAGE[language].findall(text)


class Types:
    """Names to types. `gone` are full names that the change removed: names may still lead to them."""

    def __init__(self, code: Code, tree: Tree, language: Language) -> None:
        self._code = code
        self._tree = tree
        self.language = language
        self.gone: frozenset[str] = frozenset()
        self._packages: dict[str, Packages] = {}
        self._declared: dict[str, tuple[Type, ...]] = {}
        self._files: dict[str, set[str]] = {}
        self._mentions: dict[str, dict[str, None]] = {}
        self._expected: set[str] = set()
        self._ahead: dict[str, dict[str, None]] = {}
        self._by_full: dict[str, tuple[Type, ...]] = {}
        self._ancestors: dict[str, tuple[tuple[str, ...], bool]] = {}

    def lose(self, gone: Iterable[str]) -> None:
        """Names that the change removed: what is written may still lead to them."""
        self.gone = self.gone | frozenset(gone)

    @cached_property
    def present(self) -> Types:
        """The same, where names lead only to what is still there."""
        other = copy(self)
        other.gone = frozenset()
        return other

    def package(self, source: Source, offset: int = 1 << 60) -> str:
        """The package (namespace) in which the code at `offset` stands."""
        if source.path not in self._packages:
            self._packages[source.path] = Packages(source)
        return self._packages[source.path].at(offset)

    def declared(self, source: Source) -> tuple[Type, ...]:
        """The types that a file declares."""
        if source.path not in self._declared:
            self._declared[source.path] = tuple(declared(source))
        return self._declared[source.path]

    def of(self, full: str) -> tuple[Type, ...]:
        """The declarations of a type on the new side, as far as files are called by it or were looked through."""
        if full not in self._by_full:
            paths = dict.fromkeys(path for name in reversed(full.split(".")[-_NESTED:]) for path in self._called(name))
            found = [one for path in paths for one in self._declared_in(path, full)]
            self._by_full[full] = tuple(found)
        return self._by_full[full]

    def _called(self, name: str) -> Iterator[str]:
        yield from self._by_stem.get(name.lower(), ())
        yield from self._files.get(name, ())

    def _declared_in(self, path: str, full: str) -> Iterator[Type]:
        source = self._code.source(path)
        if source is not None and full.rpartition(".")[2] in source.text:
            yield from (one for one in self.declared(source) if one.full == full)

    def look_through(self, paths: Iterable[str]) -> None:
        """What these files declare is known from now on, whatever they are called."""
        for path in paths:
            source = self._code.source(path)
            for one in self.declared(source) if source is not None else ():
                self._note(one)

    def seems_declared(self, one: Type) -> bool:
        """Whether some file of its package looks as if it declared it, though the grammar could not read it there."""
        package = one.full.removesuffix(f".{one.symbol.qualified}") if one.full != one.symbol.qualified else ""
        declares = re.compile(_DECLARES.format(re.escape(one.symbol.name)))
        for path in {one.source.path, *self._called(one.symbol.name), *self._mentions.get(one.symbol.name, ())}:
            source = self._code.source(path)
            if source is not None and declares.search(source.text) and self.package(source) == package:
                return True
        return False

    def _note(self, one: Type) -> None:
        self._files.setdefault(one.symbol.name, set()).add(one.source.path)
        self._by_full.pop(one.full, None)

    def expect(self, names: Iterable[str]) -> None:
        """Words whose mentions will likely be asked for: the next search of the repository finds them too."""
        self._expected.update(names)

    def mentions(self, names: Iterable[str]) -> dict[str, list[str]]:
        """The files that hold each of these words; asked of the repository once for each word."""
        wanted = sorted(set(names))
        new = [name for name in wanted if name not in self._mentions]
        if not self._ahead.keys() >= set(new):
            sought = self._expected.union(new).difference(self._ahead)
            self._expected.clear()
            self._ahead.update((name, {}) for name in sought)
            for match in self._tree.grep(sorted(sought), GLOBS[family_of(self.language)]):
                self._ahead[match.word][match.path] = None
        self._mentions.update((name, self._ahead[name]) for name in new)
        return {name: list(self._mentions[name]) for name in wanted}

    def seek(self, names: Iterable[str]) -> None:
        """Find the files that declare types of these names, in one search of the repository."""
        wanted = sorted(set(names))
        if not wanted:
            return
        declares = re.compile(_DECLARES.format("(?:" + "|".join(re.escape(name) for name in wanted) + ")"))
        known = {path for name in wanted for path in self._files.get(name, ())}
        paths = {path for some in self.mentions(wanted).values() for path in some} - known
        found = []
        for path in sorted(paths):
            source = self._code.source(path)
            if source is not None and declares.search(source.text):
                found.append(path)
        self.look_through(found)

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        suffixes = tuple(glob[1:] for glob in GLOBS[family_of(self.language)])
        found: dict[str, list[str]] = {}
        for path in sorted(self._code.paths):
            if path.endswith(suffixes):
                found.setdefault(posixpath.basename(path).partition(".")[0].lower(), []).append(path)
        return found

    def resolve(self, written: str, source: Source, offset: int) -> str | None:
        """The full name of the type that `written` means at a place; of a foreign type only where it is imported."""
        if self.language == "php":
            return self._resolve_php(written.strip().lstrip("?"), source, offset)
        text = plain_type(written.replace("?", ""))
        first, _, rest = text.partition(".")
        if not first:
            return None
        found = self._first(first, source, offset) or (self._known(text) if rest else None)
        return f"{found}.{rest}" if found and rest and found != text else found

    def _first(self, name: str, source: Source, offset: int) -> str | None:
        """Of the scopes around a place the innermost that has a type of this name."""
        package = self.package(source, offset)
        for around in reversed(source.around(offset)):
            if around.kind in _HOLDERS:
                full = _join(package, around.qualified)
                if around.name == name:
                    return full
                if self._known(_join(full, name)):
                    return _join(full, name)
        explicit = [one for one in source.imports if one.local == name and one.name != "*"]
        if explicit:
            return _join(explicit[0].module, explicit[0].name or "")
        return self._visible(name, source, package)

    def _visible(self, name: str, source: Source, package: str) -> str | None:
        scopes = [package]
        while self.language == "csharp" and scopes[-1]:
            scopes.append(scopes[-1].rpartition(".")[0])
        if own := next((full for scope in scopes if (full := self._known(_join(scope, name)))), None):
            return own
        wild = dict.fromkeys(one.module for one in source.imports if one.name == "*")
        found = [full for module in wild if (full := self._known(_join(module, name)))]
        return found[0] if len(found) == 1 else None

    def _known(self, full: str) -> str | None:
        return full if full in self.gone or self.of(full) else None

    def _resolve_php(self, written: str, source: Source, offset: int) -> str | None:
        if not re.fullmatch(r"\\?\w+(?:\\\w+)*", written) or written in ("self", "static", "parent"):
            return None
        if written.startswith("\\"):
            return written[1:].replace("\\", ".")
        first, slash, rest = written.partition("\\")
        if first == "namespace" and slash:
            return _join(self.package(source, offset), rest.replace("\\", "."))
        for one in source.imports:
            if one.local == first and one.name != "*" and not is_function_import(source, one.start_offset):
                return _join(_join(one.module.replace("\\", "."), one.name or ""), rest.replace("\\", "."))
        return _join(self.package(source, offset), written.replace("\\", "."))

    def ancestors(self, full: str) -> tuple[tuple[str, ...], bool]:
        """The type and all that it inherits from, nearest first; False where some of it is not known."""
        if full not in self._ancestors:
            self._ancestors[full] = self._walk(full)
        return self._ancestors[full]

    def _walk(self, full: str) -> tuple[tuple[str, ...], bool]:
        order, complete = [full], True
        for name in order:
            parts = self.of(name)
            complete = complete and bool(parts) and len(order) < _ANCESTORS
            for part in parts:
                for base in part.symbol.bases:
                    found = self.resolve(base, part.source, part.symbol.name_offset)
                    if plain_type(base).rpartition(".")[2] in _HARMLESS and not self.of(found or ""):
                        continue
                    if found is None or len(order) >= _ANCESTORS:
                        complete = False
                    elif found not in order:
                        order.append(found)
        return tuple(order), complete

    def lookup(self, full: str, name: str) -> list[tuple[Type, Symbol]]:
        """The members of this name that a type has or inherits."""
        found = []
        for one in self.ancestors(full)[0]:
            for part in self.of(one):
                found += [(part, symbol) for symbol in part.members.get(name, ())]
        return found

    def has(self, full: str, names: Iterable[str]) -> bool:
        """Whether a type has or inherits a member of one of these names."""
        return any(self.lookup(full, name) for name in names)

    def descendants(self, full: str) -> dict[str, Type]:
        """The types of the repository that inherit from one, by full name."""
        found: dict[str, Type] = {}
        seeking = {full}
        for _ in range(_LEVELS):
            if not seeking or len(found) > _DESCENDANTS:
                break
            seeking = set(self._heirs(seeking, found))
        return found

    def _heirs(self, of: set[str], found: dict[str, Type]) -> Iterator[str]:
        names = sorted({full.rpartition(".")[2] for full in of})
        words = "|".join(re.escape(one) for one in names)
        inherits = re.compile(rf"(?:\b(?:extends|implements|use)\b|:)[^{{;]{{0,600}}?(?<!\w)(?:{words})\b")
        paths = {path for some in self.mentions(names).values() for path in some}
        for path in sorted(paths):
            source = self._code.source(path)
            if source is None or source.language != self.language or not inherits.search(source.text):
                continue
            for one in self.declared(source):
                bases = (self.resolve(base, source, one.symbol.name_offset) for base in one.symbol.bases)
                if one.full not in found and any(base in of for base in bases):
                    found[one.full] = one
                    self._note(one)
                    yield one.full


def declared(source: Source) -> Iterator[Type]:
    """The types of one file."""
    packages = Packages(source)
    for symbol in source.symbols:
        if symbol.kind in _HOLDERS:
            yield Type(_join(packages.at(symbol.name_offset), symbol.qualified), source, symbol)


def is_anonymous(source: Source, offset: int) -> bool:
    """Whether a place stands in a method of a class without a name, so that `this` is not what it seems."""
    around = [one for one in reversed(source.around(offset)) if one.kind != "namespace"]
    inner = next((place for place, one in enumerate(around) if one.kind in ("method", "function")), None)
    if inner is None or inner + 1 >= len(around):
        return False
    local = source.language == "csharp" and around[inner].kind == "function"  # C#'s local functions
    return around[inner + 1].kind not in _HOLDERS and not local


def is_function_import(source: Source, offset: int) -> bool:
    """Whether a PHP import is of a function or a constant."""
    start = max(source.text.rfind(";", 0, offset), source.text.rfind("<?php", 0, offset)) + 1
    return re.search(r"\buse\s+(?:function|const)\b", source.text[start : offset + 20]) is not None


def _join(package: str, name: str) -> str:
    return f"{package}.{name}" if package and name else package or name
