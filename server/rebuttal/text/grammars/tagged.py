"""Definitions, uses and imports of the languages that a query file and a `Shape` describe.

Captures of a query file's sections:
- definitions: `@name` with the whole definition under its kind (`@class`, `@method`, ...), `@owner` for the type it is
  declared on; `@base` with the definition that extends it (`@heir`), with its clause (`@heritage`, right under the
  definition) or with the definition's name (`@heir_name`);
  `@declarator` where C hides the name inside the type (see cnames.py).
- uses: `@call` (with `@whole`, `@arguments`, `@receiver`), `@attribute` (with `@receiver`), `@use`, `@skip`; `@tokens`
  where Rust hides calls in what a macro takes (see rusttokens.py).
- imports: the statement as `@import`, with `@module` where it names a file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from rebuttal.text.grammars import cnames, rubyargs, rusttokens
from rebuttal.text.grammars.drafts import Draft, Use, has_token
from rebuttal.text.grammars.imported import from_file, from_statement
from rebuttal.text.grammars.parameters import parameters_of
from rebuttal.text.grammars.shapes import SHAPES, Shape
from rebuttal.text.languages import Language
from rebuttal.text.model import Arguments, Import, SymbolKind
from rebuttal.text.parsing import ParsedText, Spans, matches

if TYPE_CHECKING:
    from tree_sitter import Node

Section = Literal["definitions", "uses", "imports"]

_KINDS: tuple[SymbolKind, ...] = (
    *("function", "method", "class", "interface", "enum", "type"),
    *("namespace", "constant", "variable", "field"),
)
_CALLED = ("function", "method")
_HIDING = ("private", "protected", "private_class_method", "module_function")
_PREFIX_BYTES = 600
"""Of a definition, before its name: longer ones hold annotations, not more modifiers."""
_ANGLES = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)")


@cache
def section(language: Language, name: Section) -> str:
    """The query of one section of a language's query files."""
    found = []
    for file in SHAPES[language].queries:
        text = files("rebuttal.text.grammars").joinpath("queries", f"{file}.scm").read_text("utf-8")
        found.append(text.partition(f"; {name}\n")[2].partition("\n; ")[0])
    return "\n".join(found)


def definitions(parsed: ParsedText) -> Iterator[Draft]:
    """Each definition once, though several patterns may find it: the one that knows its owner."""
    shape, bases = SHAPES[parsed.language], _Bases()
    found: dict[int, _Given] = {}
    for captures in matches(parsed, section(parsed.language, "definitions")):
        if "base" in captures:
            bases.add(parsed, captures)
            continue
        for given in _definitions(parsed, shape, captures):
            key = given.name.start_byte
            if key not in found or (given.owner and not found[key].owner):
                found[key] = given
    levels = _Levels(parsed, shape)
    for given in found.values():
        yield _draft(parsed, shape, given, bases, levels)


@frozen
class _Given:
    """What one match says."""

    whole: Node
    name: Node
    text: str
    kind: SymbolKind
    owner: str | None = None
    parameters: Node | None = None


def _definitions(parsed: ParsedText, shape: Shape, captures: dict[str, list[Node]]) -> Iterator[_Given]:
    owner = plain_type(parsed.words(captures["owner"][0])) if "owner" in captures else None
    if owner is None and shape.extending:
        owner = _extended(parsed, next((captures[kind][0] for kind in _KINDS if kind in captures), None), shape)
    parameters = captures["parameters"][0] if "parameters" in captures else None
    if "declarator" in captures:
        declared = cnames.declared(
            parsed, captures["declarator"][0], captures["name"][0] if "name" in captures else None
        )
        if declared is not None:
            yield _Given(*declared)
        return
    kind = next((kind for kind in _KINDS if kind in captures), None)
    if kind is None:
        return
    node = captures[kind][0]
    kind = "method" if owner and kind == "function" else kind
    for name in captures["name"]:
        text, outer = parsed.words(name), owner
        if name.type in ("scope_resolution", "nested_namespace_specifier", "qualified_identifier", "template_type"):
            outer, _, text = plain_type(text).rpartition(".")
        if node.type == "operator_declaration":
            text = f"operator{text}"
        yield _Given(node, name, text.lstrip(":@"), kind, outer or None, parameters)


def _extended(parsed: ParsedText, node: Node | None, shape: Shape) -> str | None:
    """The type to which a block adds that the definition stands in: a Rust `impl`, a Swift extension."""
    holder = node.parent if node is not None else None
    block = holder.parent if holder is not None else None
    if block is None or block.type not in shape.extending:
        return None
    kind = block.child_by_field_name("declaration_kind")
    name = block.child_by_field_name("type" if kind is None else "name")
    return plain_type(parsed.words(name)) if name is not None and (kind is None or kind.type == "extension") else None


def plain_type(text: str) -> str:
    """A type's name with dots, without what stands in brackets: `a::B<C>` is `a.B`."""
    previous = ""
    while previous != text:
        previous, text = text, _ANGLES.sub("", text)
    return ".".join(re.findall(r"[\w$~]+", text.removeprefix("&").replace("mut ", "").replace("dyn ", "")))


def _draft(parsed: ParsedText, shape: Shape, given: _Given, bases: _Bases, levels: _Levels) -> Draft:
    whole, start = _outer(given.whole, shape), None
    for before in _before(whole, shape):
        start = before
    body = _body(given.whole, shape)
    inner = body
    if body is None and given.kind in ("class", "interface", "enum"):
        inner = given.whole  # A record's parts stand in its header.
    prefix = parsed.data[whole.start_byte : given.name.start_byte][-_PREFIX_BYTES:].decode("utf-8", "replace")
    words = frozenset(re.findall(r"\w+", prefix))
    kind = next(
        (kind for word, kind in shape.kind_words.items() if given.kind == "class" and word in words), given.kind
    )
    header_end = _header_end(parsed, given, body) if inner is body else given.whole.end_point.row
    return Draft(
        whole,
        given.name,
        given.text,
        kind,
        inner,
        parameters_of(parsed, shape, given.whole, given.name, given.parameters)
        if _is_called(parsed, shape, given, kind)
        else None,
        levels.is_public(given, whole, words),
        bool(words & set(shape.async_words)) or (kind in _CALLED and has_token(given.whole, "async")),
        _decorators(parsed, given, prefix),
        bases.of(given),
        given.owner,
        kind in _CALLED and body is None and given.whole.type in shape.declarations,
        start,
        header_end,
    )


def _decorators(parsed: ParsedText, given: _Given, prefix: str) -> tuple[str, ...]:
    if parsed.language == "ruby":
        return ("static",) if given.kind == "method" and _is_singleton(given.whole) else ()
    if parsed.language in ("rust", "php"):
        return ()
    return tuple(re.findall(r"@(?!interface\b)([\w.]+)", prefix))


def _is_singleton(method: Node) -> bool:
    """Whether Ruby's class itself answers to a method, not its objects: `def self.x`, or inside `class << self`."""
    body = method.parent
    while body is not None and body.type in ("body_statement", "argument_list", "call"):
        body = body.parent
    return method.type == "singleton_method" or (body is not None and body.type == "singleton_class")


def _is_called(parsed: ParsedText, shape: Shape, given: _Given, kind: SymbolKind) -> bool:
    """Whether it has a signature: a function, or a type with a constructor in its header (a record)."""
    if kind in _CALLED:
        return parsed.language != "bash"
    return given.whole.type in shape.constructing and any(
        child.type in ("formal_parameters", "parameter_list") for child in given.whole.named_children
    )


def _outer(node: Node, shape: Shape) -> Node:
    while shape.wrappers and (parent := node.parent) is not None and parent.type in shape.wrappers:
        node = parent
    return node


def _before(node: Node, shape: Shape) -> Iterator[Node]:
    before = node.prev_named_sibling if shape.leading else None
    while before is not None and before.type in shape.leading:
        yield before
        before = before.prev_named_sibling


def _body(node: Node, shape: Shape) -> Node | None:
    found = node.child_by_field_name("body")
    if found is None and shape.bodies:
        found = next((child for child in node.named_children if child.type in shape.bodies), None)
    return found


def _header_end(parsed: ParsedText, given: _Given, body: Node | None) -> int | None:
    """Where no brace opens the body, the header ends with what stands before it."""
    if body is None or parsed.data[body.start_byte : body.start_byte + 1] == b"{":
        return None
    row = given.name.end_point.row
    for child in given.whole.children:
        if child.start_byte >= body.start_byte:
            break
        if child.type != "comment":
            row = max(row, child.end_point.row)
    return min(row, body.start_point.row)


class _Bases:
    """What each definition extends, by its node or, where it is told elsewhere, by its name."""

    def __init__(self) -> None:
        self._by_node: dict[tuple[int, int], dict[str, None]] = defaultdict(dict)
        self._by_name: dict[str, dict[str, None]] = defaultdict(dict)

    def add(self, parsed: ParsedText, captures: dict[str, list[Node]]) -> None:
        for base in captures["base"]:
            text = parsed.words(base)
            heirs = [*captures.get("heir", ()), *(one.parent for one in captures.get("heritage", ()))]
            for heir in heirs:
                if heir is None:
                    continue
                self._by_node[heir.start_byte, heir.end_byte][text] = None
            for name in captures.get("heir_name", ()):
                self._by_name[plain_type(parsed.words(name))][text] = None

    def of(self, given: _Given) -> tuple[str, ...]:
        if given.kind not in ("class", "interface", "enum", "type"):
            return ()
        own = self._by_node.get((given.whole.start_byte, given.whole.end_byte), {})
        told = self._by_name.get(given.text, {}) if given.kind != "type" else {}
        return (*own, *(base for base in told if base not in own))


class _Levels:
    """Who can see a definition: by its own words, by the section it stands in, by what holds it."""

    def __init__(self, parsed: ParsedText, shape: Shape) -> None:
        self._parsed = parsed
        self._shape = shape
        self._sections: dict[int, list[tuple[int, str]]] = {}

    def is_public(self, given: _Given, whole: Node, words: frozenset[str]) -> bool:
        shape = self._shape
        holder = whole.parent
        if holder is not None and holder.type == "field_declaration":
            holder = holder.parent  # C++: a class inside a class.
        outer = holder.parent if holder is not None else None
        if shape.public_words:
            return bool(words & set(shape.public_words)) or _is_open(given.whole, holder, outer, shape)
        if shape.sections and holder is not None and not self._section(given, holder, outer):
            return False
        if self._parsed.language == "cpp" and holder is not None and holder.type == "field_declaration_list":
            return True
        return not words & set(shape.hidden_words)

    def _section(self, given: _Given, holder: Node, outer: Node | None) -> bool:
        if holder.id not in self._sections:
            first = "private" if outer is not None and outer.type == "class_specifier" else "public"
            marks = [(holder.start_byte, first)]
            marks += [
                (child.start_byte, self._parsed.words(child).strip(": "))
                for child in holder.named_children
                if child.type in self._shape.sections
            ]
            self._sections[holder.id] = [one for one in marks if one[1] in ("public", *_HIDING)]
        before = [word for start, word in self._sections[holder.id] if start <= given.whole.start_byte]
        return not before or before[-1] == "public"


def _is_open(node: Node, holder: Node | None, outer: Node | None, shape: Shape) -> bool:
    if node.type == "enum_constant" or outer is None:
        return node.type == "enum_constant"
    if holder is not None and holder.type in ("formal_parameters", "parameter_list"):
        return True  # The parts of a record.
    implements = outer.type == "impl_item" and outer.child_by_field_name("trait") is not None
    return implements or outer.type in shape.open_holders


def uses(parsed: ParsedText, spans: Spans | None = None) -> tuple[list[Use], list[Node]]:
    """Names used, and the nodes inside which (or at which) a name is no use."""
    found: dict[int, Use] = {}
    skipped: list[Node] = []
    plain: list[Node] = []
    for captures in matches(parsed, section(parsed.language, "uses"), spans):
        receiver = captures["receiver"][0] if "receiver" in captures else None
        if "call" in captures:
            name, whole = captures["call"][0], captures["whole"][0]
            if spans is None and name.type in ("this", "super", "base") and parsed.language != "ruby":
                continue  # The constructor that `super(...)` calls: said only to who asks for it.
            found[name.start_byte] = Use(name, receiver, captures.get("arguments", [whole])[0], whole)
        elif "attribute" in captures:
            name = captures["attribute"][0]
            found.setdefault(name.start_byte, Use(name, receiver))
        elif "tokens" in captures:
            found.update((one.name_node.start_byte, one) for one in rusttokens.calls(captures["tokens"][0]))
        else:
            plain += captures.get("use", [])
            skipped += captures.get("skip", [])
    for node in plain:
        found.setdefault(node.start_byte, Use(node))
    return list(found.values()), skipped


def arguments(parsed: ParsedText, node: Node) -> Arguments:
    """What a call passes."""
    if node.type == "token_tree":
        own = node.parent is not None and node.parent.type == "macro_invocation"
        count = None if own else rusttokens.passed(node)  # What a macro takes is not known from its tokens.
        return Arguments(count or 0, (), count is None)
    if node.type == "command":
        return Arguments(len(node.children_by_field_name("argument")))
    if node.type in ("call", "method_invocation"):
        return Arguments(0)  # Ruby's `x.size`: the call itself stands for what it passes.
    if parsed.language == "ruby":
        return rubyargs.passed(parsed, node)
    holder = node
    if node.type in ("call_suffix", "constructor_suffix"):
        holder = next((one for one in node.named_children if one.type == "value_arguments"), node)
    positional, spread, keywords = 0, False, []
    for child in holder.named_children:
        text = parsed.data[child.start_byte : child.start_byte + 3]
        name = child.child_by_field_name("name") if child.type in ("argument", "value_argument", "pair") else None
        if child.type.endswith("comment"):
            continue
        unpacks = text.startswith((b"*", b"...", b"&&")) and parsed.language in ("php", "kotlin")
        if unpacks or child.type == "attribute_item":  # Under Rust's `#[cfg(...)]` the build decides what is passed.
            spread = True
        elif name is not None:
            keywords.append(parsed.words(name))
        else:
            positional += 1
    return Arguments(positional, tuple(keywords), spread)


def imports(parsed: ParsedText) -> Iterator[Import]:
    shape = SHAPES[parsed.language]
    for captures in matches(parsed, section(parsed.language, "imports")):
        node = captures["import"][0]
        if "module" in captures:
            how = parsed.words(captures["how"][0]) if "how" in captures else ""
            yield from from_file(parsed, node, captures["module"][0], how)
        else:
            yield from from_statement(parsed, node, shape)


def bindings(_parsed: ParsedText, _spans: Spans | None = None) -> tuple[list[Node], list[Node]]:
    """None: which local names hide others is asked only of Python, JavaScript, TypeScript and Go."""
    return [], []
