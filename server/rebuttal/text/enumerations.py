"""Closed sets of names: enums, unions of string literals, groups of Go constants of one type."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from rebuttal.text.languages import Language
from rebuttal.text.parsing import ParsedText, Parser, matches

if TYPE_CHECKING:
    from tree_sitter import Node


@frozen
class Member:
    """One member of an enumeration; of a union of strings its text without quotes."""

    name: str
    line: int
    start_offset: int
    end_offset: int


@frozen
class Enumeration:
    """A closed set of names: an enum, a union of string literals, a group of Go constants of one type."""

    name: str
    members: tuple[Member, ...]
    is_text: bool = False
    """Its members are strings, written without the enumeration's name."""


def enumerations_of(text: str, language: Language, parser: Parser | None = None) -> tuple[Enumeration, ...]:
    """The enumerations that a text defines. Raises Unparsed (ParseTimeout)."""
    given, query = parser or Parser(), _ENUMS.get(language)
    if query is None:
        return ()
    return given.facts.remember(
        ("enumerations", language), text, lambda: tuple(_enumerations(given.parse(text, language), query))
    )


_TS_ENUMS = """
(enum_declaration name: (_) @name body: (_) @body)
(type_alias_declaration name: (_) @name value: (union_type) @union)
(interface_declaration name: (_) @shape body: (_) @properties)
(type_alias_declaration name: (_) @shape value: (object_type) @properties)
"""
_C_ENUMS = """
(enum_specifier name: (_) @name body: (_) @body)
(type_definition type: (enum_specifier !name body: (_) @body) declarator: (type_identifier) @name)
"""
_ENUMS: dict[Language, str] = {
    "python": """
(class_definition name: (_) @name superclasses: (argument_list) @bases body: (block) @body)
(assignment left: (identifier) @name right: (subscript) @literal)
(type_alias_statement left: (type (identifier) @name) right: (type) @literal)
""",
    "typescript": _TS_ENUMS,
    "tsx": _TS_ENUMS,
    "go": "(const_declaration) @group",
    "rust": "(enum_item name: (_) @name body: (_) @body)",
    "java": "(enum_declaration name: (_) @name body: (_) @body)",
    "csharp": "(enum_declaration name: (_) @name body: (_) @body)",
    "php": "(enum_declaration name: (_) @name body: (_) @body)",
    "c": _C_ENUMS,
    "cpp": _C_ENUMS,
}
_MEMBER_NODES = frozenset(
    {"enum_assignment", "enum_variant", "enum_constant", "enum_member_declaration", "enum_case", "enumerator"}
)
_ENUM_BASES = re.compile(r"\b(?:Enum|IntEnum|StrEnum|TextChoices|IntegerChoices)\b")
_FLAGS = re.compile(r"\b(?:Int)?Flag\b")
_LITERAL = re.compile(r"(?:[\w.]+\.)?Literal\s*\[")


def _enumerations(parsed: ParsedText, query: str) -> Iterator[Enumeration]:
    unions: list[tuple[str, Node]] = []
    shapes: dict[str, dict[str, Node]] = {}
    for found in matches(parsed, query):
        if "shape" in found:
            shapes[parsed.words(found["shape"][0])] = _tags(parsed, found["properties"][0])
            continue
        if "union" in found:
            unions.append((parsed.words(found["name"][0]), found["union"][0]))
        if "group" in found:
            yield from _go_groups(parsed, found["group"][0])
            continue
        name, text = parsed.words(found["name"][0]), False
        if "union" in found:
            nodes, text = list(_union(found["union"][0])), True
        elif "literal" in found:
            value = found["literal"][0]
            nodes, text = (list(_strings(value)) if _LITERAL.match(parsed.words(value)) else []), True
        elif "bases" in found:
            bases = parsed.words(found["bases"][0])
            enum = _ENUM_BASES.search(bases) and not _FLAGS.search(bases)
            nodes = list(_python_members(parsed, found["body"][0])) if enum else []
        else:
            nodes = list(_plain_members(found["body"][0]))
        if nodes:
            yield Enumeration(name, tuple(_member(parsed, node, text) for node in nodes), text)

    for name, union in unions:
        tags = list(_discriminated(parsed, union, shapes))
        if tags:
            yield Enumeration(name, tuple(_member(parsed, node, True) for node in tags), True)


def _tags(parsed: ParsedText, body: Node) -> dict[str, Node]:
    """The properties of an object type that are one string each."""
    found: dict[str, Node] = {}
    for one in body.named_children:
        name, kind = one.child_by_field_name("name"), one.child_by_field_name("type")
        inner = kind.named_children[0] if kind is not None and kind.named_children else None
        if one.type == "property_signature" and name is not None and inner is not None and inner.type == "literal_type":
            value = inner.named_children[0] if inner.named_children else None
            if value is not None and value.type == "string":
                found[parsed.words(name)] = value
    return found


def _discriminated(parsed: ParsedText, union: Node, shapes: dict[str, dict[str, Node]]) -> Iterator[Node]:
    """The strings by which the members of a union of object types are told apart."""
    parts: list[dict[str, Node]] = []
    for one in flat(union.named_children, ("union_type",)):
        if one.type == "comment":
            continue
        part = _tags(parsed, one) if one.type == "object_type" else shapes.get(parsed.words(one), {})
        if not part:
            return
        parts.append(part)
    common = set(parts[0]).intersection(*parts[1:]) if parts else set[str]()
    for name in sorted(common):
        if len({parsed.words(part[name]) for part in parts}) == len(parts):
            yield from (part[name] for part in parts)
            return


def _member(parsed: ParsedText, node: Node, is_text: bool) -> Member:
    words = parsed.words(node)
    return Member(
        words.strip("'\"`") if is_text else words,
        node.start_point.row,
        parsed.offset(node.start_byte),
        parsed.offset(node.end_byte),
    )


def _plain_members(body: Node) -> Iterator[Node]:
    for child in body.named_children:
        if child.type in _MEMBER_NODES:
            name = child.child_by_field_name("name")
            yield name if name is not None else child
        elif child.type == "property_identifier":
            yield child


def _python_members(parsed: ParsedText, body: Node) -> Iterator[Node]:
    for statement in body.named_children:
        inner = statement.named_children[0] if statement.type == "expression_statement" else None
        if inner is None or inner.type != "assignment" or inner.child_by_field_name("right") is None:
            continue
        left = inner.child_by_field_name("left")
        if left is not None and left.type == "identifier" and not parsed.words(left).startswith("_"):
            yield left


def _union(node: Node) -> Iterator[Node]:
    """The strings of a union that consists of nothing else."""
    found: list[Node] = []
    for child in flat(node.named_children, ("union_type",)):
        if child.type != "literal_type" or not child.named_children or child.named_children[0].type != "string":
            return
        found.append(child.named_children[0])
    yield from found


def _strings(node: Node) -> Iterator[Node]:
    found: list[Node] = []
    subscripts = [child for child in node.named_children if child.type not in ("identifier", "attribute")]
    for child in flat(subscripts, ("generic_type", "type_parameter", "type", "tuple")):
        if child.type == "string":
            found.append(child)
        elif child.type not in ("comment", "identifier"):
            return
    yield from found


def _go_groups(parsed: ParsedText, group: Node) -> Iterator[Enumeration]:
    """The constants of one declaration that have the same named type, said or carried on from the line above."""
    members: dict[str, list[Node]] = {}
    current: str | None = None
    for spec in group.named_children:
        if spec.type != "const_spec":
            continue
        kind, value = spec.child_by_field_name("type"), spec.child_by_field_name("value")
        if kind is not None:
            current = parsed.words(kind)
        elif value is not None:
            current = None
        name = spec.child_by_field_name("name")
        if current and name is not None and parsed.words(name) != "_":
            members.setdefault(current, []).append(name)
    for kind_name, nodes in members.items():
        yield Enumeration(kind_name, tuple(_member(parsed, node, False) for node in nodes))


def flat(nodes: Iterable[Node], through: Collection[str]) -> Iterator[Node]:
    """The nodes, in place of those of the kinds `through` what they hold, in order; without recursion."""
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        if node.type in through and node.named_children:
            waiting.extend(node.named_children[::-1])
        else:
            yield node
