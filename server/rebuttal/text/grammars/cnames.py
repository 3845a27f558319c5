"""C and C++ hide a declared name inside its type: from the name outwards to what is declared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rebuttal.text.model import SymbolKind
from rebuttal.text.parsing import ParsedText

if TYPE_CHECKING:
    from tree_sitter import Node

_TOPS = ("function_definition", "declaration", "field_declaration", "type_definition")
_HOLDERS = ("field_declaration_list", "translation_unit", "declaration_list", "linkage_specification")
_DEPTH = 12
"""So many levels of pointers, arrays and parentheses around one name: more is no code that somebody wrote."""


def declared(
    parsed: ParsedText, node: Node, name: Node | None
) -> tuple[Node, Node, str, SymbolKind, str | None, Node | None] | None:
    """What the declarator `node` declares: whole, name, its text, kind, owner, parameters; None for a local name."""
    name = name or innermost(node)
    top = _top(node)
    if name is None or top is None or not _at_large(top):
        return None
    text, owner = _qualified(parsed, name)
    holder = node if node.type == "function_declarator" else None
    member = top.type == "field_declaration" or (top.parent is not None and top.parent.type == "field_declaration_list")
    kind: SymbolKind = "field" if member else "variable"
    if top.type == "type_definition":
        kind = "type"
    elif holder is not None or top.type == "function_definition":
        kind = "method" if owner or member else "function"
    elif kind == "variable" and b"const" in parsed.data[top.start_byte : name.start_byte]:
        kind = "constant"
    parameters = holder.child_by_field_name("parameters") if holder is not None else None
    return top, name, text, kind, owner, parameters


def _top(node: Node) -> Node | None:
    for _ in range(_DEPTH):
        if node.type in _TOPS:
            return node
        if not node.type.endswith("declarator") and node.type != "operator_cast":
            return None
        parent = node.parent
        if parent is None:
            return None
        node = parent
    return None


def _at_large(top: Node) -> bool:
    """Whether it stands at the top of the file, in a namespace or in a class: not in a function."""
    parent = top.parent
    for _ in range(_DEPTH):
        if parent is None or parent.type in _HOLDERS:
            return parent is not None
        if not parent.type.startswith(("preproc", "template")) and parent.type != "ERROR":
            return False
        parent = parent.parent
    return False


def _qualified(parsed: ParsedText, name: Node) -> tuple[str, str | None]:
    from rebuttal.text.grammars.tagged import plain_type

    start = name.start_byte
    while name.type in ("qualified_identifier", "template_function"):
        inner = name.child_by_field_name("name")
        if inner is None:
            break
        name = inner
    before = parsed.data[start : name.start_byte].decode("utf-8", "replace")
    text = "".join(parsed.words(name).split()) if name.type != "operator_cast" else parsed.words(name).split("(")[0]
    return text, plain_type(before) or None


def innermost(node: Node | None) -> Node | None:
    """The name inside a declarator."""
    for _ in range(_DEPTH):
        if node is None or not (node.type.endswith("declarator") or node.type == "operator_cast"):
            break
        if node.type == "operator_cast":
            return node
        inner = node.child_by_field_name("declarator")
        node = inner or next((one for one in node.named_children if one.type != "type_qualifier"), None)
    return node if node is not None and not node.type.startswith("abstract") else None


def parameter_lists(name: Node) -> Iterator[Node]:
    """The parameters of the function that `name` names."""
    parent = name.parent
    for _ in range(_DEPTH):
        if parent is None:
            return
        if parent.type == "function_declarator":
            found = parent.child_by_field_name("parameters")
            if found is not None:
                yield found
            return
        parent = parent.parent
