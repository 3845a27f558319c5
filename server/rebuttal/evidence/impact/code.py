"""The repository's code on the new side, read and parsed file by file as it is asked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cached_property

from rebuttal.change.model import Change, Tree
from rebuttal.text.facts import Facts
from rebuttal.text.languages import Language, language_of
from rebuttal.text.model import Binding, Import, Reference, Symbol
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import bindings_of, imports_of, references_of, symbols_of

_DEFINES = re.compile(r"(?:\b(?:def|class|function|function\s*\*|const|let|var|type|interface|enum|func)\s+|^\s*)\Z")
"""What stands on a line before a name that the line defines."""


def _before_each(text: str, name: str) -> Iterator[str]:
    """For every place where `name` stands, what is before it on its line."""
    place = text.find(name)
    while place >= 0:
        yield text[text.rfind("\n", 0, place) + 1 : place]
        place = text.find(name, place + len(name))


class Source:
    """One file. What cannot be parsed has no symbols."""

    def __init__(self, path: str, text: str, parser: Parser, wanted: frozenset[str]) -> None:
        self.path = path
        self._wanted = wanted
        self.text = text
        self.language: Language | None = language_of(path)
        self._parser = parser
        self._bindings: dict[str, tuple[Binding, ...]] = {}
        self._defining: dict[str, bool] = {}

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        try:
            return symbols_of(self.text, self.language, self._parser) if self.language else ()
        except Unparsed:
            return ()

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        try:
            return imports_of(self.text, self.language, self._parser) if self.language else ()
        except Unparsed:
            return ()

    def bindings(self, name: str) -> tuple[Binding, ...]:
        """Where `name` is bound, and in which scope."""
        if name not in self._bindings:
            self._bindings[name] = self._bindings_of(name)
        return self._bindings[name]

    def _bindings_of(self, name: str) -> tuple[Binding, ...]:
        try:
            return bindings_of(self.text, self.language, (name,), self._parser) if self.language else ()
        except Unparsed:
            return ()

    def imports_as(self, name: str) -> list[Import]:
        """The imports that may give the file a `name`."""
        return [*self._imports_by_local.get(name, ()), *self._imports_by_local.get("*", ())]

    @cached_property
    def _imports_by_local(self) -> dict[str, list[Import]]:
        found: dict[str, list[Import]] = {}
        for one in self.imports:
            if one.name is not None:
                found.setdefault("*" if one.name == "*" else one.local, []).append(one)
        return found

    @cached_property
    def index(self) -> LineIndex:
        return LineIndex(self.text)

    @cached_property
    def top(self) -> dict[str, list[Symbol]]:
        """Definitions at the top of the file, by name."""
        found: dict[str, list[Symbol]] = {}
        for symbol in self.symbols:
            if symbol.parent is None and "." not in symbol.qualified:
                found.setdefault(symbol.name, []).append(symbol)
        return found

    def binds_at_top(self, name: str) -> bool:
        """Whether `name` is bound at the top of the file, by a definition or otherwise."""
        return name in self.top or any(one.scope == "module" for one in self.bindings(name))

    def defines_at_top(self, name: str) -> bool:
        """Whether the top of the file holds a definition of `name`; cheap where no line looks like one."""
        return self._may_define(name) and name in self.top

    def _may_define(self, name: str) -> bool:
        if name not in self._defining:
            self._defining[name] = any(_DEFINES.search(before) for before in _before_each(self.text, name))
        return self._defining[name]

    def references(self, names: Collection[str]) -> list[Reference]:
        """Uses of names, each one of those that the search is for, or imported here under another name."""
        return [one for one in self._references if one.name in names]

    @cached_property
    def _references(self) -> tuple[Reference, ...]:
        names = self._wanted | {one.local for one in self.imports if one.name in self._wanted or one.name == "default"}
        try:
            return references_of(self.text, self.language, names, self._parser) if self.language else ()
        except Unparsed:
            return ()

    def hidden(self, name: str, offset: int) -> bool:
        """Whether at `offset` a function's own variable has this name, so that the outer one is not meant."""
        for one in self.bindings(name):
            if one.scope == "function" and one.start_offset <= offset < one.end_offset:
                local = (given for given in self.imports if given.local == name)
                if not any(one.start_offset <= given.start_offset < one.end_offset for given in local):
                    return True
        return False

    def around(self, offset: int) -> list[Symbol]:
        """The symbols around a place, outermost first."""
        return [one for one in self.symbols if one.start_offset <= offset < one.end_offset]

    def class_around(self, offset: int) -> Symbol | None:
        """The class whose own method stands around a place (not that of a function inside it)."""
        return next((one for one in reversed(self.around(offset)) if one.kind == "class"), None)


class Code:
    """Files by path: the changed ones as the change leaves them, the others from the new side."""

    def __init__(self, change: Change, tree: Tree, parser: Parser, wanted: frozenset[str]) -> None:
        self._tree = tree
        self._parser = parser
        self._wanted = wanted
        self._changed = {diff.path: diff.new_text for diff in change.files}
        self._sources: dict[str, Source | None] = {}

    @property
    def facts(self) -> Facts:
        """What is remembered for the next review."""
        return self._parser.facts

    @cached_property
    def paths(self) -> frozenset[str]:
        return self._tree.paths()

    def source(self, path: str) -> Source | None:
        """The file; None if there is none, or it is no text."""
        if path not in self._sources:
            text = self._changed[path] if path in self._changed else self._tree.read(path)
            self._sources[path] = Source(path, text, self._parser, self._wanted) if text is not None else None
        return self._sources[path]
