"""Tree-sitter, loaded when first needed: parse trees, remembered by content, and syntax faults.

Only text/ sees a tree; other rooms get the frozen data of `text.model`.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import cache, cached_property
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from rebuttal.text.facts import Facts
from rebuttal.text.languages import Language
from rebuttal.text.model import Import, SyntaxFault

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Node, Query, Tree

MAX_BYTES = 2_000_000
"""A longer text is not parsed: such files are data or generated, and a tree takes some twenty times the text."""
PARSE_SECONDS = 2.0
"""Of the processor's time: what else the machine does must not decide what is found."""
REMEMBERED_BYTES = 8_000_000
"""Of source text whose trees are kept."""
MANY_SPANS = 100
"""From so many places on, one walk over the whole tree is cheaper."""
_CHUNK = 1 << 16
_SHOWN = 40
_TOO_SLOW = "Parsing took more than {:g} s: review this file by hand."
_BROKEN = "The installed grammar for {} cannot be used: install Rebuttal's dependencies again."
_SCANS_LINES = ("bash", "kotlin", "ruby", "scala", "swift")
_LONGEST_LINE = 10_000
"""Their scanners may look through the rest of a line at each of its characters, without asking how late it is."""
_LOOSE_TOKENS = 10_000
_MATCH_LIMIT = 1_024
"""Matches begun at a time. Real code begins fewer than 64; in code that nests thousands deep each would be asked at
every node, which takes minutes, and there some are lost instead."""
_WINDOW = 1 << 15
"""Bytes of a long text that a query goes through at once; the clock is looked at in between."""
Item = TypeVar("Item")
Found = TypeVar("Found")


class Unparsed(Exception):
    """The text cannot be parsed within the limits; the message is one sentence for the user."""


class ParseTimeout(Unparsed):
    """Parsing took longer than allowed."""


class ParsedText:
    """A text and its tree. Tree-sitter counts bytes of UTF-8; `offset` turns them into code points."""

    def __init__(
        self,
        text: str,
        data: bytes,
        language: Language,
        tree: Tree,
        seconds: float = PARSE_SECONDS,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self.text = text
        self.data = data
        self.language = language
        self.tree = tree
        self.imports: tuple[Import, ...] | None = None
        """Kept with the tree, once they were asked for: references need them too."""

    @property
    def root(self) -> Node:
        return self.tree.root_node

    def offset(self, byte: int) -> int:
        """The code point offset of a byte offset."""
        if len(self.data) == len(self.text):
            return byte
        bytes_, points = self._starts
        line = bisect_right(bytes_, byte) - 1
        return points[line] + len(self.data[bytes_[line] : byte].decode("utf-8", "replace"))

    def words(self, node: Node) -> str:
        """The text of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def patiently(self, items: Iterable[Item], every: int = 64) -> Iterator[Item]:
        """The same items; raises ParseTimeout when going through them takes longer than parsing may.

        The clock is looked at before each `every`-th item."""
        deadline = self._clock() + self._seconds
        for number, item in enumerate(items):
            if number % every == 0 and self._clock() > deadline:
                raise ParseTimeout(_TOO_SLOW.format(self._seconds))
            yield item

    @cached_property
    def is_hopeless(self) -> bool:
        """Whether an error holds so many loose tokens that queries would take quadratic time on them."""
        if len(self.data) < _LOOSE_TOKENS or not self.root.has_error:
            return False
        return any(node.is_error and node.child_count > _LOOSE_TOKENS for node in _errors(self.root))

    @cached_property
    def _starts(self) -> tuple[list[int], list[int]]:
        bytes_, points = [0], [0]
        for line in self.data.split(b"\n"):
            bytes_.append(bytes_[-1] + len(line) + 1)
            points.append(points[-1] + len(line.decode("utf-8", "replace")) + 1)
        return bytes_[:-1], points[:-1]


class Parser:
    """Parses texts and remembers the trees of the latest ones, by content. May be shared by threads."""

    def __init__(
        self,
        seconds: float = PARSE_SECONDS,
        remembered_bytes: int = REMEMBERED_BYTES,
        clock: Callable[[], float] = time.thread_time,
        facts: Facts | None = None,
    ) -> None:
        self._seconds = seconds
        self._room = remembered_bytes
        self._clock = clock
        self._kept: OrderedDict[tuple[Language, str], ParsedText] = OrderedDict()
        self._held = 0
        self._lock = Lock()
        self._failed: dict[Hashable, Unparsed] = {}
        """By language or kind, and text."""
        self.facts = facts if facts is not None else Facts()
        """What was found in texts; whoever keeps it spares the next parser the work."""

    def remember(self, kind: Hashable, text: str, find: Callable[[], tuple[Item, ...]]) -> tuple[Item, ...]:
        """As `Facts.remember`; what cannot be parsed is not tried again by this parser, for that takes the longest.

        A later one may have more luck: whether time suffices depends on what else the machine does.
        """
        return self._unless_failed((kind, text), lambda: self.facts.remember(kind, text, find))

    def _unless_failed(self, key: Hashable, find: Callable[[], Found]) -> Found:
        if (known := self._failed.get(key)) is not None:
            raise type(known)(*known.args)
        try:
            return find()
        except Unparsed as error:
            self._failed[key] = type(error)(*error.args)
            raise

    def parse(self, text: str, language: Language) -> ParsedText:
        """The tree of `text`, whole even where the text has faults.

        Raises Unparsed when the text is too long, ParseTimeout when parsing takes too long.
        """
        key = (language, text)
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return found
        parsed = self._unless_failed(key, lambda: self._parse(text, language))
        with self._lock:
            if key not in self._kept:
                self._kept[key] = parsed
                self._held += len(parsed.data)
            while self._held > self._room and len(self._kept) > 1:
                self._held -= len(self._kept.popitem(last=False)[1].data)
        return parsed

    def _parse(self, text: str, language: Language) -> ParsedText:
        from tree_sitter import Parser as TreeParser

        # "replace" keeps one code point for one: a lone surrogate becomes one byte.
        data = text.encode("utf-8", "replace")
        if len(data) > MAX_BYTES:
            raise Unparsed(f"A file of {len(data):,} bytes is too long to parse: split it, or review it by hand.")
        if language in _SCANS_LINES and max(map(len, data.split(b"\n"))) > _LONGEST_LINE:
            raise Unparsed(f"A line of more than {_LONGEST_LINE:,} bytes is data, not code: review it by hand.")
        rules = _usable(language)
        deadline = self._clock() + self._seconds
        try:
            tree = TreeParser(rules).parse(
                lambda start, _: data[start : start + _CHUNK],
                progress_callback=lambda _offset, _error: self._clock() > deadline,
            )
        except ValueError:
            raise ParseTimeout(_TOO_SLOW.format(self._seconds)) from None
        return ParsedText(text, data, language, tree, self._seconds, self._clock)


def syntax_errors(text: str, language: Language, parser: Parser | None = None) -> tuple[SyntaxFault, ...]:
    """Where `text` is not in `language`, in order; each span is kept within one line.

    Raises Unparsed (ParseTimeout) when the text cannot be parsed within the limits.
    """
    parsed = (parser or Parser()).parse(text, language)
    return tuple(_fault(parsed, node) for node in _faulty(parsed.root))


def _errors(root: Node) -> Iterator[Node]:
    """The nodes that hold an error, outermost first; a text with very many is not gone through to its end."""
    cursor, seen = root.walk(), 0
    while seen < 20 * _LOOSE_TOKENS:
        seen += 1
        node = cursor.node
        if node is not None and node.has_error:
            yield node
            if cursor.goto_first_child():
                continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _faulty(root: Node) -> Iterator[Node]:
    """MISSING nodes and the innermost ERROR nodes, without recursion: hostile text nests deep."""
    cursor = root.walk()
    pending: list[tuple[int, Node]] = []  # ERROR nodes around the cursor, with their depth
    depth = 0
    while True:
        node = cursor.node
        if node is not None and node.is_missing:
            pending.clear()
            yield node
        elif node is not None and node.has_error:
            if node.is_error:
                pending = [(depth, node)]
            if cursor.goto_first_child():
                depth += 1
                continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                yield from (error for _, error in pending)
                return
            depth -= 1
            if pending and depth <= pending[-1][0]:
                yield pending.pop()[1]
        if pending and depth <= pending[-1][0]:
            yield pending.pop()[1]


def _fault(parsed: ParsedText, node: Node) -> SyntaxFault:
    start = parsed.offset(node.start_byte)
    if node.is_missing:
        return SyntaxFault(
            start, start, f'"{node.type}" is missing' if not node.is_named else f"{node.type} is missing"
        )
    end = parsed.offset(node.end_byte)
    line_end = parsed.text.find("\n", start, end)
    end = line_end if line_end > start else end
    shown = " ".join(parsed.text[start : min(end, start + 4 * _SHOWN)].split())
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
    return SyntaxFault(start, end, f'unexpected "{shown}"' if shown else "unexpected end of line")


_GRAMMARS: dict[Language, tuple[str, str]] = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "java": ("tree_sitter_java", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "scala": ("tree_sitter_scala", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "swift": ("tree_sitter_swift", "language"),
    "bash": ("tree_sitter_bash", "language"),
}
"""The module of each grammar's wheel, and its function: imported only when a file of the language is parsed."""


@cache
def grammar(language: Language) -> Grammar:
    """The compiled grammar: loading one is costly, and it never changes."""
    from tree_sitter import Language as Grammar

    module, function = _GRAMMARS[language]
    return Grammar(getattr(import_module(module), function)())


def _usable(language: Language) -> Grammar:
    """The grammar, if it is installed whole and fits the parser: a defect costs the files of its language, no more."""
    try:
        return grammar(language)
    except (ImportError, AttributeError, ValueError, OSError):
        raise Unparsed(_BROKEN.format(language)) from None


@cache
def query(language: Language, source: str) -> Query:
    """A compiled query: compiling takes milliseconds, and queries are constants of this room."""
    from tree_sitter import Query

    return Query(grammar(language), source)


Spans = list[tuple[int, int]]
"""Byte ranges, in order."""


def matches(parsed: ParsedText, source: str, spans: Spans | None = None) -> list[dict[str, list[Node]]]:
    """The captures of every match of a query, in the order of the text.

    With `spans`, only matches that reach into one of them: for a few words in a long file that is far less work.
    Raises ParseTimeout when it takes longer than parsing may, Unparsed when the query does not fit the grammar.
    """
    from tree_sitter import QueryCursor, QueryError

    if parsed.is_hopeless:
        raise Unparsed("The file is not in the language that its name tells: review it by hand.")
    try:
        compiled = query(parsed.language, source)
    except QueryError:
        raise Unparsed(_BROKEN.format(parsed.language)) from None
    if spans is None and len(parsed.data) <= 2 * _WINDOW:
        return [captures for _, captures in QueryCursor(compiled, match_limit=_MATCH_LIMIT).matches(parsed.root)]
    if spans is None:
        # The cursor's own progress callback ends the process (tree-sitter 0.26.1): so the text is taken in parts.
        spans = [(start, start + _WINDOW) for start in range(0, len(parsed.data), _WINDOW)]
    found: dict[tuple[int, ...], dict[str, list[Node]]] = {}
    for start, end in parsed.patiently(spans, every=1):
        cursor = QueryCursor(compiled, match_limit=_MATCH_LIMIT)
        cursor.set_byte_range(start, end)
        for pattern, captures in parsed.patiently(cursor.matches(parsed.root)):
            key = (pattern, *(node.id for nodes in captures.values() for node in nodes))
            found.setdefault(key, captures)
    return list(found.values())


def word_spans(parsed: ParsedText, words: Iterable[str]) -> Spans | None:
    """Where any of the words stands, as a whole word; None where that is nearly everywhere."""
    spans: Spans = []
    for word in words:
        sought = word.encode("utf-8", "replace")
        place = parsed.data.find(sought) if sought else -1
        while place >= 0:
            end = place + len(sought)
            if not _is_word(parsed.data[max(place - 1, 0) : place]) and not _is_word(parsed.data[end : end + 1]):
                spans.append((place, end))
                if len(spans) > MANY_SPANS:
                    return None
            place = parsed.data.find(sought, end)
    return sorted(spans)


def _is_word(char: bytes) -> bool:
    return char.isalnum() or char == b"_"
