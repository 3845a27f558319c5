"""Symbols, references and imports of one text, for every language that Rebuttal understands.

All functions are pure, take an optional `Parser` (which remembers trees), and raise Unparsed (ParseTimeout)
when the text cannot be parsed within the limits. A text with faults gives what could be understood of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from rebuttal.text.grammars.drafts import Draft, Use
from rebuttal.text.languages import Language
from rebuttal.text.model import (
    Arguments,
    Binding,
    BindingScope,
    Import,
    Parameter,
    Reference,
    ReferenceKind,
    Symbol,
    SymbolKind,
)
from rebuttal.text.parsing import ParsedText, Parser, word_spans

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = [
    "Arguments",
    "Binding",
    "Import",
    "Parameter",
    "Reference",
    "Symbol",
    "bindings_of",
    "enclosing",
    "imports_of",
    "references_of",
    "symbols_of",
]

_LONGEST_RECEIVER = 2_000
"""Bytes of a receiver that are kept, from its beginning: nobody wrote a longer one to be read."""


def symbols_of(text: str, language: Language, parser: Parser | None = None) -> tuple[Symbol, ...]:
    """Every definition that can be named, in order, those inside functions too."""
    given = parser or Parser()
    return given.remember(("symbols", language), text, lambda: _symbols(given.parse(text, language)))


def _symbols(parsed: ParsedText) -> tuple[Symbol, ...]:
    # A name that the parser had to make up is none.
    given = (draft for draft in parsed.patiently(_rules(parsed.language).definitions(parsed)) if draft.name)
    drafts = [((draft.start or draft.whole).start_byte, -draft.whole.end_byte, draft) for draft in given]
    drafts.sort(key=lambda one: one[:2])
    around: list[tuple[int, Symbol]] = []  # the end of each container's text, innermost last
    found: list[Symbol] = []
    for start, _, draft in drafts:
        while around and around[-1][0] <= start:
            around.pop()
        symbol = _symbol(parsed, draft, around[-1][1] if around else None)
        found.append(symbol)
        if draft.body is not None:
            around.append((draft.body.end_byte, symbol))
    return tuple(found)


def references_of(
    text: str, language: Language, names: Collection[str] | None = None, parser: Parser | None = None
) -> tuple[Reference, ...]:
    """Every name used (only those in `names` where given), in order; a name being defined is left out.

    The target of an assignment counts as a use: whether it defines the name cannot be told from one line."""
    given = parser or Parser()
    kind = ("references", language, None if names is None else frozenset(names))
    return given.remember(kind, text, lambda: _references(given.parse(text, language), names))


def _references(parsed: ParsedText, names: Collection[str] | None) -> tuple[Reference, ...]:
    language = parsed.language
    uses, skipped = _rules(language).uses(parsed, None if names is None else word_spans(parsed, names))
    spans = _Spans((node.start_byte, node.end_byte) for node in skipped)
    imports = _imports(parsed)
    wanted = None if names is None else {name.encode("utf-8", "replace") for name in names}
    found = [
        _import_reference(one)
        for one in imports
        if one.name not in (None, "*") and (names is None or one.name in names)
    ]
    for use in parsed.patiently(uses):
        node = use.name_node
        # `node.text` would ask the parser's read callback for every single name.
        name = parsed.data[node.start_byte : node.end_byte]
        if name and (wanted is None or name in wanted) and not spans.holds(node.start_byte):
            found.append(_reference(parsed, use))
    return tuple(sorted(found, key=lambda one: one.start_offset))


def imports_of(text: str, language: Language, parser: Parser | None = None) -> tuple[Import, ...]:
    """What comes from which module, wherever in the text it is imported, in order."""
    given = parser or Parser()
    return given.remember(("imports", language), text, lambda: _imports(given.parse(text, language)))


def _imports(parsed: ParsedText) -> tuple[Import, ...]:
    if parsed.imports is None:
        given = (one for one in _rules(parsed.language).imports(parsed) if one.end_offset > one.start_offset)
        parsed.imports = tuple(sorted(given, key=lambda one: one.start_offset))
    return parsed.imports


def bindings_of(
    text: str, language: Language, names: Collection[str] | None = None, parser: Parser | None = None
) -> tuple[Binding, ...]:
    """Names bound (only those in `names` where given), by place, with the scope that each holds in.

    Parameters, variables, functions and Python's imports bind.
    """
    given = parser or Parser()
    kind = ("bindings", language, None if names is None else frozenset(names))
    return given.remember(kind, text, lambda: _bindings(given.parse(text, language), names))


def _bindings(parsed: ParsedText, names: Collection[str] | None) -> tuple[Binding, ...]:
    language = parsed.language
    scopes, bound = _rules(language).bindings(parsed, None if names is None else word_spans(parsed, names))
    pending = sorted(scopes, key=lambda node: (node.start_byte, -node.end_byte))[::-1]
    around: list[Node] = []
    found: list[Binding] = []
    for node in sorted(bound, key=lambda one: one.start_byte):
        while pending and pending[-1].start_byte <= node.start_byte:
            around.append(pending.pop())
        around = [scope for scope in around if scope.end_byte >= node.end_byte]
        scope, name = _scope_of(node, around), parsed.words(node)
        if not name or (names is not None and name not in names):
            continue
        if scope is None:
            found.append(Binding(name, 0, len(parsed.text), "module"))
            continue
        kind: BindingScope = "class" if scope.type == "class_definition" else "function"
        found.append(Binding(name, parsed.offset(scope.start_byte), parsed.offset(scope.end_byte), kind))
    return tuple(found)


def _scope_of(name: Node, around: Sequence[Node]) -> Node | None:
    """The innermost scope: a function's own name stands inside its node, yet it is bound outside of it."""
    inner = around[-1] if around else None
    own = inner.child_by_field_name("name") if inner is not None else None
    if own is not None and own.start_byte == name.start_byte:
        return around[-2] if len(around) > 1 else None
    return inner


def enclosing(symbols: Iterable[Symbol], line: int) -> Symbol | None:
    """The innermost symbol whose definition holds `line` (git lines from 0)."""
    holding = (one for one in symbols if one.start_line <= line <= one.end_line)
    return min(holding, key=lambda one: (one.end_line - one.start_line, -one.start_offset), default=None)


def _rules(language: Language) -> ModuleType:
    from rebuttal.text.grammars import go, javascript, python, tagged

    if language in ("javascript", "typescript", "tsx"):
        return javascript
    return python if language == "python" else go if language == "go" else tagged


def _symbol(parsed: ParsedText, draft: Draft, container: Symbol | None) -> Symbol:
    kind: SymbolKind = draft.kind
    in_class = container is not None and container.kind in ("class", "interface", "enum")
    if kind == "function" and in_class:
        kind = "method"
    parameters = draft.parameters
    if parsed.language == "python":
        if kind == "method" and parameters and "staticmethod" not in draft.decorators:
            parameters = parameters[1:] if parameters[0].kind in ("positional", "positional_only") else parameters
        public = not _is_private(draft.name) and (container is None or container.is_public)
    else:
        public = draft.exported and (container is None or container.is_public)
    owner = draft.owner or (container.qualified if container else None)
    if draft.owner and container is not None and container.kind == "namespace":
        # C++ may name the namespaces once more: `namespace a { int a::B::c = 1; }`.
        inner = draft.owner.removeprefix(f"{container.qualified}.")
        owner = f"{container.qualified}.{inner}"
    whole_end = draft.whole.end_point
    start = draft.start or draft.whole
    header_end = draft.body.start_point.row if draft.body is not None else whole_end.row
    if draft.header_end is not None:
        header_end = draft.header_end
    if parsed.language == "python" and draft.body is not None:
        header_end = max(draft.name_node.start_point.row, header_end - 1)
    end_line = max(whole_end.row - (1 if whole_end.column == 0 else 0), start.start_point.row)
    return Symbol(
        draft.name,
        f"{owner}.{draft.name}" if owner else draft.name,
        kind,
        start.start_point.row,
        end_line,
        draft.name_node.start_point.row,
        parameters,
        public,
        draft.is_async,
        "class" if draft.owner else container.kind if container else None,
        min(header_end, end_line),
        parsed.offset(start.start_byte),
        parsed.offset(draft.whole.end_byte),
        parsed.offset(draft.name_node.start_byte),
        draft.decorators,
        draft.bases,
        draft.without_body,
    )


def _is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def _reference(parsed: ParsedText, use: Use) -> Reference:
    kind: ReferenceKind = "use" if use.receiver is None else "attribute"
    return Reference(
        parsed.words(use.name_node),
        use.name_node.start_point.row,
        parsed.offset(use.name_node.start_byte),
        parsed.offset(use.name_node.end_byte),
        "call" if use.arguments is not None else kind,
        _receiver(parsed, use.receiver) if use.receiver is not None else None,
        _rules(parsed.language).arguments(parsed, use.arguments) if use.arguments is not None else None,
        parsed.offset(use.call.end_byte) if use.call is not None else None,
    )


def _receiver(parsed: ParsedText, node: Node) -> str:
    # In a chain each call's receiver holds all before it: whole, they would take quadratic room.
    end = min(node.end_byte, node.start_byte + _LONGEST_RECEIVER)
    return parsed.data[node.start_byte : end].decode("utf-8", "replace")


def _import_reference(one: Import) -> Reference:
    return Reference(one.name or "", one.line, one.start_offset, one.end_offset, "import")


class _Spans:
    """Disjoint spans, to ask quickly whether one holds a place."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def holds(self, place: int) -> bool:
        index = bisect_right(self._starts, place) - 1
        return index >= 0 and place < self._ends[index]
