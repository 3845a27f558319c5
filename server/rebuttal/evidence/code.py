"""The repository's code on the new side, read and parsed file by file as it is asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from functools import cached_property

from rebuttal.change.model import Change, Tree
from rebuttal.text.languages import Language, language_of
from rebuttal.text.model import Binding, Import, Reference, Symbol
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import bindings_of, imports_of, references_of, symbols_of


class Source:
    """One file. What cannot be parsed has no symbols."""

    def __init__(self, path: str, text: str, parser: Parser) -> None:
        self.path = path
        self.text = text
        self.language: Language | None = language_of(path)
        self._parser = parser

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

    @cached_property
    def bindings(self) -> tuple[Binding, ...]:
        try:
            return bindings_of(self.text, self.language, self._parser) if self.language else ()
        except Unparsed:
            return ()

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

    @cached_property
    def top_names(self) -> frozenset[str]:
        """Every name that is bound at the top of the file."""
        return frozenset(one.name for one in self.bindings if one.scope == "module") | frozenset(self.top)

    def references(self, names: Collection[str]) -> tuple[Reference, ...]:
        try:
            return references_of(self.text, self.language, names, self._parser) if self.language else ()
        except Unparsed:
            return ()

    def hidden(self, name: str, offset: int) -> bool:
        """Whether at `offset` a function's own variable has this name, so that the outer one is not meant."""
        for one in self.bindings:
            if one.name == name and one.scope == "function" and one.start_offset <= offset < one.end_offset:
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

    def __init__(self, change: Change, tree: Tree, parser: Parser) -> None:
        self._tree = tree
        self._parser = parser
        self._changed = {diff.path: diff.new_text for diff in change.files}
        self._sources: dict[str, Source | None] = {}

    @cached_property
    def paths(self) -> frozenset[str]:
        return self._tree.paths()

    @cached_property
    def _sorted_paths(self) -> list[str]:
        return sorted(self.paths)

    def has_folder(self, folder: str) -> bool:
        """Whether any file stands in the folder (or below)."""
        prefix = folder.rstrip("/") + "/"
        place = bisect_left(self._sorted_paths, prefix)
        return place < len(self._sorted_paths) and self._sorted_paths[place].startswith(prefix)

    def source(self, path: str) -> Source | None:
        """The file; None if there is none, or it is no text."""
        if path not in self._sources:
            text = self._changed[path] if path in self._changed else self._tree.read(path)
            self._sources[path] = Source(path, text, self._parser) if text is not None else None
        return self._sources[path]
