"""Go, as tree-sitter-go names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rebuttal.text.grammars.drafts import Draft, Use, uses_of
from rebuttal.text.model import Arguments, Import, Parameter, SymbolKind
from rebuttal.text.parsing import ParsedText, Spans, matches

if TYPE_CHECKING:
    from tree_sitter import Node

# tags.scm of the grammar gives no parameters, no owners of methods, no interface methods and local constants too.
_DEFINITIONS = """
(function_declaration name: (identifier) @name) @function
(method_declaration name: (field_identifier) @name) @method
(method_elem name: (field_identifier) @name) @declared
(source_file (type_declaration
  [(type_spec name: (type_identifier) @name) (type_alias name: (type_identifier) @name)] @type))
(source_file (const_declaration (const_spec name: (identifier) @name) @constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @variable)))
(source_file (type_declaration (type_spec type: (struct_type
  (field_declaration_list (field_declaration name: (field_identifier) @name) @field)))))
"""
_USES = """
(call_expression function: (identifier) @call arguments: (_) @arguments) @whole
(call_expression function: (selector_expression operand: (_) @receiver field: (field_identifier) @call)
  arguments: (_) @arguments) @whole
(selector_expression operand: (_) @receiver field: (field_identifier) @attribute)
(qualified_type package: (_) @receiver name: (type_identifier) @attribute)
(function_declaration name: (identifier) @skip)
(type_spec name: (type_identifier) @skip)
(type_alias name: (type_identifier) @skip)
(const_spec name: (identifier) @skip)
(var_spec name: (identifier) @skip)
(parameter_declaration name: (identifier) @skip)
(variadic_parameter_declaration name: (identifier) @skip)
(type_parameter_declaration name: (identifier) @skip)
[(identifier) (type_identifier)] @use
"""
_IMPORTS = "(import_spec) @import"
_BINDINGS = """
[(function_declaration) (method_declaration) (func_literal) (block)] @scope
(parameter_declaration name: (identifier) @name)
(variadic_parameter_declaration name: (identifier) @name)
(short_var_declaration left: (expression_list (identifier) @name))
(range_clause left: (expression_list (identifier) @name))
(var_spec name: (identifier) @name)
(const_spec name: (identifier) @name)
"""
_KINDS: dict[str, SymbolKind] = {"struct_type": "class", "interface_type": "interface"}
_VERSION = ("v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9")


def definitions(parsed: ParsedText) -> Iterator[Draft]:
    for captures in matches(parsed, _DEFINITIONS):
        name = captures["name"][0]
        for label in ("function", "method", "declared", "type", "constant", "variable", "field"):
            if label in captures:
                yield _draft(parsed, label, captures[label][0], name)


def _draft(parsed: ParsedText, label: str, node: Node, name: Node) -> Draft:
    text = parsed.words(name)
    exported = text[:1].isupper()
    if label in ("function", "method", "declared"):
        parameters = node.child_by_field_name("parameters")
        return Draft(
            node,
            name,
            text,
            "function" if label == "function" else "method",
            node.child_by_field_name("body"),
            _parameters(parsed, parameters) if parameters else (),
            exported,
            owner=_owner(parsed, node) if label == "method" else None,
            without_body=label == "declared",
        )
    if label == "type":
        type_node = node.child_by_field_name("type")
        kind = _KINDS.get(type_node.type, "type") if type_node else "type"
        return Draft(_group(node), name, text, kind, type_node, exported=exported)
    plain: dict[str, SymbolKind] = {"constant": "constant", "variable": "variable", "field": "field"}
    return Draft(node if label == "field" else _group(node), name, text, plain[label], exported=exported)


def _group(node: Node) -> Node:
    """The declaration with its keyword, unless it declares several."""
    parent = node.parent
    return parent if parent is not None and parent.named_child_count == 1 and parent.type != "var_spec_list" else node


def _owner(parsed: ParsedText, node: Node) -> str | None:
    receiver = node.child_by_field_name("receiver")
    declared = receiver.named_child(0) if receiver and receiver.named_child_count else None
    inner = declared.child_by_field_name("type") if declared else None
    while inner is not None and inner.type != "type_identifier":
        inner = inner.child_by_field_name("type") or (inner.named_child(0) if inner.named_child_count else None)
    return parsed.words(inner) if inner else None


def _parameters(parsed: ParsedText, node: Node) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for child in node.named_children:
        if child.type not in ("parameter_declaration", "variadic_parameter_declaration"):
            continue
        variadic = child.type.startswith("variadic")
        type_node = child.child_by_field_name("type")
        names = [parsed.words(name) for name in child.children_by_field_name("name")] or [""]
        found += [
            Parameter(
                name,
                not variadic,
                "variadic" if variadic else "positional_only",
                parsed.words(type_node) if type_node else None,
            )
            for name in names
        ]
    return tuple(found)


def uses(parsed: ParsedText, spans: Spans | None = None) -> tuple[list[Use], list[Node]]:
    """Names used, and the nodes at which a name is no use."""
    return uses_of(matches(parsed, _USES, spans))


def arguments(_parsed: ParsedText, node: Node) -> Arguments:
    """What a call passes."""
    given = [child for child in node.named_children if child.type != "comment"]
    # f(g()) may pass several values: how many is not known from the text.
    several = len(given) == 1 and given[0].type == "call_expression"
    spread = several or any(child.type == "variadic_argument" for child in given)
    return Arguments(len(given), (), spread)


def imports(parsed: ParsedText) -> Iterator[Import]:
    for captures in matches(parsed, _IMPORTS):
        node = captures["import"][0]
        path, alias = node.child_by_field_name("path"), node.child_by_field_name("name")
        if path is None:
            continue
        module = parsed.words(path)[1:-1]
        given = parsed.words(alias) if alias else _package(module)
        span = (node.start_point.row, parsed.offset(node.start_byte), parsed.offset(node.end_byte))
        if given == ".":
            yield Import(module, "*", "", *span)
        else:
            yield Import(module, None, "" if given == "_" else given, *span)


def _package(module: str) -> str:
    """The name a package has by custom: its path's last part, without a version."""
    parts = module.split("/")
    last = parts[-2] if len(parts) > 1 and parts[-1].startswith(_VERSION) else parts[-1]
    return last.partition(".v")[0]


def bindings(parsed: ParsedText, spans: Spans | None = None) -> tuple[list[Node], list[Node]]:
    """The scopes (functions, blocks), and the names bound: each holds in the innermost scope around it."""
    scopes: list[Node] = []
    names: list[Node] = []
    for captures in matches(parsed, _BINDINGS, spans):
        scopes += captures.get("scope", [])
        names += captures.get("name", [])
    return scopes, names
