"""The parameters of the languages that a query file and a `Shape` describe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rebuttal.text.grammars import cnames
from rebuttal.text.grammars.drafts import has_token
from rebuttal.text.grammars.shapes import Shape
from rebuttal.text.model import Parameter
from rebuttal.text.parsing import ParsedText

if TYPE_CHECKING:
    from tree_sitter import Node


def parameters_of(
    parsed: ParsedText, shape: Shape, whole: Node, name: Node, written: Node | None
) -> tuple[Parameter, ...]:
    """What a definition (`whole`, called `name`) takes. `written`: the list, where the query captures it."""
    holders: Iterable[Node] = [written] if written is not None else ()
    if not holders and parsed.language in ("c", "cpp"):
        holders = cnames.parameter_lists(name)
    if not holders:
        holders = [one for one in whole.children_by_field_name("parameters") if one.type != "type_parameters"]
    if not holders:
        holders = [child for child in whole.named_children if child.type in shape.parameter_holders]
    if not holders and "parameter" in shape.parameter_kinds:
        holders = [whole]  # Swift: they stand in the function itself.
    found = []
    for holder in holders:
        children = holder.children
        for place, child in enumerate(children):
            if child.type in shape.parameter_kinds:
                given_later = _default_after(children, place)
                found.append(_parameter(parsed, shape, child, given_later))
            elif child.type == "params":
                found.append(_params(parsed, children[place + 1 : place + 3]))
    return tuple(one for one in found if one.name or one.type != "void")


def _params(parsed: ParsedText, after: list[Node]) -> Parameter:
    """C#'s `params int[] rest`, which stands in the list itself, without a node of its own."""
    words = [parsed.words(node) for node in after]
    return Parameter(words[-1] if words else "", False, "variadic", words[0] if len(words) > 1 else None)


def _default_after(children: list[Node], place: int) -> Node | None:
    """Kotlin and Swift write a default after the parameter's node."""
    after = children[place + 1 : place + 3]
    return after[1] if len(after) == 2 and after[0].type == "=" else None


def _parameter(parsed: ParsedText, shape: Shape, node: Node, later: Node | None) -> Parameter:
    kind = shape.parameter_kinds[node.type]
    name = node.child_by_field_name("name") or node.child_by_field_name("pattern")
    type_node = node.child_by_field_name("type")
    if parsed.language in ("c", "cpp"):
        name = cnames.innermost(node.child_by_field_name("declarator"))
        name = node if node.type == "identifier" else name
    elif parsed.language == "swift":
        name, type_node = _swift_parameter(node)
    elif node.type == "identifier":
        name = node
    elif name is None:
        name = next((one for one in node.named_children if one.type in ("identifier", "variable_declarator")), None)
    default = node.child_by_field_name("value") or node.child_by_field_name("default_value") or later
    if default is None and has_token(node, "="):
        default = node.children[-1]
    if any(
        child.type in ("...", "repeated_parameter_type")
        for child in [*node.children, *([type_node] if type_node else [])]
    ):
        kind = "variadic"
    written = parsed.words(type_node) if type_node is not None else None
    if written is not None and parsed.language in ("c", "cpp"):
        written = _around_name(parsed, node, name, default)
    return Parameter(
        parsed.words(name).lstrip("$&*") if name is not None else "",
        default is None and kind not in ("variadic", "keyword_variadic"),
        kind,
        written,
        parsed.words(default) if default is not None else None,
    )


def _around_name(parsed: ParsedText, node: Node, name: Node | None, default: Node | None) -> str:
    """The whole type of a C parameter, which stands on both sides of its name: `const char *name[2]`."""
    end = default.start_byte if default is not None else node.end_byte
    first, last = (name.start_byte, name.end_byte) if name is not None else (end, end)
    before = parsed.data[node.start_byte : first].decode("utf-8", "replace")
    after = parsed.data[last:end].decode("utf-8", "replace")
    return " ".join(f"{before} {after}".removesuffix("= ").rstrip(" =").split())


def _swift_parameter(node: Node) -> tuple[Node | None, Node | None]:
    """The name that callers write, and the type: the grammar calls both a name."""
    names = node.children_by_field_name("name")
    outer = node.child_by_field_name("external_name")
    inner = names[0] if names else None
    shown = inner if outer is None or outer.end_byte - outer.start_byte == 1 else outer
    return shown, names[1] if len(names) > 1 else None
