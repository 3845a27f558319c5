"""What JavaScript defines by putting it somewhere: `app.run = function`, `exports.a = `, the functions of an object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from rebuttal.text.parsing import ParsedText

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS = ("arrow_function", "function_expression", "generator_function")
_MADE = ("call_expression", "object", "array", "new_expression", "class")
"""What is worth a name of its own under `exports`; a mere name there is defined elsewhere in the file."""


@frozen
class Assigned:
    """A name that is given a function, or under `exports` another value."""

    whole: Node
    name: Node
    value: Node
    owner: str | None
    """Whose member it is; None for what the file exports."""


def assigned(parsed: ParsedText, node: Node, target: Node, name: Node) -> Iterator[Assigned]:
    """`target.name = value`: an export wherever it stands, another object's member at the top of the file."""
    value = node.child_by_field_name("right")
    owner = _owner(parsed, target)
    if owner == "module":  # `module.exports = class Shop`: by the name that it has itself
        own = value.child_by_field_name("name") if value is not None else None
        if own is not None and value is not None and value.type in ("class", "function_expression"):
            yield Assigned(node, own, value, None)
        return
    if value is None or owner == "this" or (owner is not None and not _is_at_top(node)):
        return
    if value.type in FUNCTIONS or (owner is None and value.type in _MADE):
        yield Assigned(node, name, value, owner)


def of_object(value: Node | None, owner: str | None) -> Iterator[Assigned]:
    """The functions of an object that is written out: `{ run() {}, stop: () => {} }`; through `= module.exports =`."""
    while value is not None and value.type == "assignment_expression":
        value = value.child_by_field_name("right")
    for child in value.named_children if value is not None and value.type == "object" else ():
        function: Node | None = child
        name = child.child_by_field_name("name")
        if child.type == "pair":
            name, function = child.child_by_field_name("key"), child.child_by_field_name("value")
        if name is None or function is None or name.type != "property_identifier":
            continue
        if function.type in (*FUNCTIONS, "method_definition"):
            yield Assigned(child, name, function, owner)


def of_statement(parsed: ParsedText, node: Node) -> Iterator[Assigned]:
    """The functions of an object that a statement puts in `module.exports` or a prototype."""
    value: Node | None = node
    while value is not None and value.type == "assignment_expression":
        target = value.child_by_field_name("left")
        value = value.child_by_field_name("right")
        if target is None or value is None or value.type != "object":
            continue
        words = parsed.words(target)
        if words in ("exports", "module.exports"):
            yield from of_object(value, None)
        elif words.endswith(".prototype"):
            yield from of_object(value, _owner(parsed, target))


def _owner(parsed: ParsedText, target: Node) -> str | None:
    words = parsed.words(target)
    return None if words in ("exports", "module.exports") else words.removesuffix(".prototype")


def _is_at_top(node: Node) -> bool:
    above = node.parent
    while above is not None and above.type in ("assignment_expression", "expression_statement"):
        above = above.parent
    return above is not None and above.type == "program"
