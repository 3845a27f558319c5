"""One side of the repository as code: files read and parsed once, within limits, what was left out remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import frozen

from rebuttal.change.model import Skipped, Tree
from rebuttal.context.listing import Listing
from rebuttal.context.places import Holders
from rebuttal.text.languages import Language, language_of
from rebuttal.text.model import Import, Reference, Symbol
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.positions import git_lines
from rebuttal.text.secrets import is_never_shown
from rebuttal.text.symbols import imports_of, references_of, symbols_of

MAX_FILES = 200
"""How many files besides those of the change are parsed for one context."""
MAX_PARSED = 6_000_000
"""Characters of them in all: some seconds of parsing."""
MAX_READ = 1000
"""How many are read, to look at single lines."""
MAX_CHARACTERS = 300_000
"""A larger file is data or generated; parsing it costs more than a slice of it brings."""


@frozen
class Source:
    """A file's text and language."""

    path: str
    text: str
    language: Language | None


@frozen
class _Parsable:
    text: str
    language: Language


class Code:
    """Reads and parses files of one tree; `skipped` says what was left out and why."""

    def __init__(self, tree: Tree, parser: Parser, gone: Iterable[str] = ()) -> None:
        """`gone`: paths that the change took away; others may still import them."""
        self.tree = tree
        self.facts = parser.facts
        paths = tree.paths() | frozenset(gone)
        self._listing = self.facts.latest("listing", paths, lambda: Listing(paths))
        self.paths = self._listing.paths
        self._parser = parser
        self._sources: dict[str, Source | None] = {}
        self._symbols: dict[str, tuple[Symbol, ...]] = {}
        self._holders: dict[tuple[str, Callable[[Iterable[Symbol]], Holders]], Holders] = {}
        self._imports: dict[str, tuple[Import, ...]] = {}
        self._references: dict[str, tuple[Reference, ...]] = {}
        self._lines: dict[str, list[str]] = {}
        self._given: set[str] = set()
        self._looked_into: set[str] = set()
        self._left_to_parse = MAX_PARSED
        self._too_many: list[str] = []
        self._skipped: dict[str, str] = {}

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        skipped = dict(self._skipped)
        if self._too_many:
            count = f"{len(self._too_many)} such files" if len(self._too_many) > 1 else "one such file"
            limit = f"{MAX_FILES} or {MAX_PARSED // 1_000_000} MB"
            skipped[self._too_many[0]] = f"{count}, this the first: more than {limit} could matter for context"
        return tuple(Skipped(file, reason) for file, reason in sorted(skipped.items()))

    def named(self, name: str) -> list[str]:
        """The paths whose last part is `name`, sorted."""
        return self._listing.named(name)

    def in_folder(self, folder: str) -> list[str]:
        """The paths of the files right in `folder` ("" for the root), sorted."""
        return self._listing.in_folder(folder)

    def folders_named(self, name: str) -> list[str]:
        """The folders with files whose last part is `name`, sorted."""
        return self._listing.folders_named(name)

    def give(self, path: str, text: str) -> None:
        """A text that is known already; it does not count against the limits."""
        self._sources[path] = Source(path, text, language_of(path))
        self._given.add(path)

    def source(self, path: str) -> Source | None:
        """The file at `path`; None where there is none, or it is left out."""
        if path not in self._sources:
            self._sources[path] = self._read(path)
        return self._sources[path]

    def lines(self, path: str) -> list[str]:
        if path not in self._lines:
            source = self.source(path)
            self._lines[path] = git_lines(source.text) if source is not None else []
        return self._lines[path]

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        """Definitions in the file; none where it cannot be parsed."""
        if path not in self._symbols:
            source = self._parsable(path)
            try:
                found = symbols_of(source.text, source.language, self._parser) if source else ()
            except Unparsed as error:
                found = self._leave_out(path, str(error))
            self._symbols[path] = found
        return self._symbols[path]

    def held(self, path: str, make: Callable[[Iterable[Symbol]], Holders]) -> Holders:
        """Which of the definitions in the file that `make` admits holds a line."""
        if (path, make) not in self._holders:
            source, symbols = self.source(path), self.symbols(path)
            if source is None or not symbols:
                self._holders[path, make] = make(symbols)
            else:
                self._holders[path, make] = self.facts.remember(make, source.text, lambda: (make(symbols),))[0]
        return self._holders[path, make]

    def imports(self, path: str) -> tuple[Import, ...]:
        if path not in self._imports:
            source = self._parsable(path)
            try:
                found = imports_of(source.text, source.language, self._parser) if source else ()
            except Unparsed as error:
                found = self._leave_out(path, str(error))
            self._imports[path] = found
        return self._imports[path]

    def references(self, path: str) -> tuple[Reference, ...]:
        if path not in self._references:
            source = self._parsable(path)
            try:
                found = references_of(source.text, source.language, None, self._parser) if source else ()
            except Unparsed as error:
                found = self._leave_out(path, str(error))
            self._references[path] = found
        return self._references[path]

    def _parsable(self, path: str) -> _Parsable | None:
        source = self.source(path)
        if source is None or source.language is None:
            return None
        if path not in self._given and path not in self._looked_into:
            if len(self._looked_into) >= MAX_FILES or len(source.text) > self._left_to_parse:
                self._leave_out_one_more(path)
                return None
            self._looked_into.add(path)
            self._left_to_parse -= len(source.text)
        return _Parsable(source.text, source.language)

    def _leave_out_one_more(self, path: str) -> None:
        if path not in self._too_many:
            self._too_many.append(path)

    def _leave_out(self, path: str, reason: str) -> tuple[()]:
        self._skipped[path] = reason
        return ()

    def _read(self, path: str) -> Source | None:
        if is_never_shown(path):
            return None
        if len(self._sources) >= MAX_READ + len(self._given):
            self._leave_out_one_more(path)
            return None
        text = self.tree.read(path)
        if text is None:
            return None
        if len(text) > MAX_CHARACTERS:
            self._leave_out(path, f"longer than {MAX_CHARACTERS // 1000} kB; not looked into for context")
            return None
        return Source(path, text, language_of(path))
