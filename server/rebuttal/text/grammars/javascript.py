"""JavaScript, TypeScript and TSX: one family of grammars, with the same names where they share a thing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rebuttal.text.grammars.assigned import FUNCTIONS, Assigned, assigned, of_object, of_statement
from rebuttal.text.grammars.drafts import Draft, Use, has_token, uses_of
from rebuttal.text.model import Arguments, Import, Parameter, SymbolKind
from rebuttal.text.parsing import ParsedText, Spans, matches, word_spans

if TYPE_CHECKING:
    from tree_sitter import Node

# tags.scm of the grammars leaves out default exports, fields that hold functions, overloads and every `const`.
_SHARED_DEFINITIONS = """
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @class
(class_body (method_definition name: (_) @name) @method)
(program [(lexical_declaration) (variable_declaration)] @declaration)
(program (export_statement [(lexical_declaration) (variable_declaration)] @declaration))
(assignment_expression
  left: (member_expression object: [(identifier) (member_expression)] @exports property: (property_identifier) @name)
  right: [(function_expression) (arrow_function) (generator_function) (call_expression) (object) (array)
    (new_expression) (class)]) @assigned
(program (expression_statement (assignment_expression right: [(object) (assignment_expression)]) @statement))
"""
_JS_DEFINITIONS = "(class_body (field_definition property: (_) @name) @field)\n"
_TS_DEFINITIONS = """
(function_signature name: (_) @name) @function
(abstract_class_declaration name: (_) @name) @class
(class_body (public_field_definition name: (_) @name) @field)
(class_body [(method_signature name: (_) @name) (abstract_method_signature name: (_) @name)] @method)
(interface_body (method_signature name: (_) @name) @method)
(interface_body (property_signature name: (_) @name) @field)
(interface_declaration name: (_) @name) @interface
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @enum
(internal_module name: (identifier) @name) @namespace
"""
_SHARED_USES = """
(call_expression function: (identifier) @call arguments: (arguments) @arguments) @whole
(call_expression function: (member_expression object: (_) @receiver
  property: [(property_identifier) (private_property_identifier)] @call) arguments: (arguments) @arguments) @whole
(new_expression constructor: (identifier) @call arguments: (arguments) @arguments) @whole
(new_expression constructor: (member_expression object: (_) @receiver property: (property_identifier) @call)
  arguments: (arguments) @arguments) @whole
(member_expression object: (_) @receiver property: [(property_identifier) (private_property_identifier)] @attribute)
(function_declaration name: (_) @skip)
(generator_function_declaration name: (_) @skip)
(function_expression name: (_) @skip)
(class_declaration name: (_) @skip)
(variable_declarator name: (identifier) @skip)
(rest_pattern (identifier) @skip)
(pair_pattern value: (identifier) @skip)
(import_statement) @skip
(export_statement source: (_)) @skip
[(identifier) (shorthand_property_identifier)] @use
"""
_JS_USES = "(formal_parameters (identifier) @skip)\n(assignment_pattern left: (identifier) @skip)\n"
_TS_USES = """
(required_parameter pattern: (identifier) @skip)
(optional_parameter pattern: (identifier) @skip)
(function_signature name: (_) @skip)
(abstract_class_declaration name: (_) @skip)
(interface_declaration name: (_) @skip)
(type_alias_declaration name: (_) @skip)
(enum_declaration name: (_) @skip)
(type_parameter name: (_) @skip)
(nested_type_identifier module: (_) @receiver name: (_) @attribute)
(type_identifier) @use
"""
_IMPORTS = """
(import_statement source: (string) @source) @import
(export_statement source: (string) @source) @export
(variable_declarator name: (_) @target value: (call_expression function: (identifier) @require
  arguments: (arguments . (string) @source))) @required
"""
_SHARED_BINDINGS = """
[(function_declaration) (function_expression) (arrow_function) (method_definition) (generator_function_declaration)
 (statement_block) (for_statement) (for_in_statement) (catch_clause)] @scope
(variable_declarator name: (_) @left)
(function_declaration name: (identifier) @left)
(class_declaration name: (_) @left)
(formal_parameters) @left
(arrow_function parameter: (identifier) @left)
(catch_clause parameter: (_) @left)
(for_in_statement left: (_) @left)
"""
_NESTED: dict[str, SymbolKind] = {
    "class": "class",
    "interface": "interface",
    "type": "type",
    "enum": "enum",
    "namespace": "namespace",
}
_HELD_BACK = ("private", "protected")


def definitions(parsed: ParsedText) -> Iterator[Draft]:
    exported = _exported_names(parsed)
    extra = _JS_DEFINITIONS if parsed.language == "javascript" else _TS_DEFINITIONS
    for captures in matches(parsed, _SHARED_DEFINITIONS + extra):
        name = captures["name"][0] if "name" in captures else None
        if "declaration" in captures:
            yield from _declared(parsed, captures["declaration"][0], exported)
        elif "statement" in captures:
            yield from (_put(parsed, one) for one in of_statement(parsed, captures["statement"][0]))
        elif name is None:
            continue
        elif "function" in captures:
            yield _function(parsed, captures["function"][0], name, exported)
        elif "assigned" in captures:
            given = assigned(parsed, captures["assigned"][0], captures["exports"][0], name)
            yield from (_put(parsed, one) for one in given)
        elif "method" in captures or "field" in captures:
            node = (captures.get("method") or captures["field"])[0]
            yield _member(parsed, node, name, "method" if "method" in captures else "field")
        else:
            label = next(iter(set(captures) - {"name"}))
            yield _type(parsed, captures[label][0], name, _NESTED[label], exported)


def _outer(node: Node) -> tuple[Node, bool]:
    """The node with `export`, `declare`, and whether it is exported."""
    whole, exported = node, False
    while (parent := whole.parent) is not None and parent.type in (
        "export_statement",
        "ambient_declaration",
        "expression_statement",
    ):
        exported = exported or parent.type == "export_statement"
        whole = parent
    return whole, exported


def _exported_names(parsed: ParsedText) -> frozenset[str]:
    """Names of `export { a, b as c }` and `module.exports = { a, b }`."""
    query = """(export_statement !source (export_clause (export_specifier name: (_) @name)))
    (export_statement value: (identifier) @name)
    (assignment_expression left: (member_expression) @left right: (object (shorthand_property_identifier) @name))
    (assignment_expression left: (member_expression) @left right: (object (pair value: (identifier) @name)))
    (assignment_expression left: (member_expression) @left right: (identifier) @name)"""
    names: set[str] = set()
    for captures in matches(parsed, query):
        left = captures.get("left")
        if left is None or parsed.words(left[0]).startswith(("module.exports", "exports.")):
            names.update(parsed.words(node) for node in captures["name"])
    return frozenset(names)


def _function(parsed: ParsedText, node: Node, name: Node, exported: frozenset[str]) -> Draft:
    whole, marked = _outer(node)
    text = parsed.words(name)
    body = node.child_by_field_name("body")
    return Draft(
        whole,
        name,
        text,
        "function",
        body,
        _signature(parsed, node),
        marked or text in exported,
        has_token(node, "async"),
        without_body=body is None,
    )


def _declared(parsed: ParsedText, node: Node, exported: frozenset[str]) -> Iterator[Draft]:
    whole, marked = _outer(node)
    declarators = [child for child in node.named_children if child.type == "variable_declarator"]
    constant = has_token(node, "const")
    for declarator in declarators:
        name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        if name is None or name.type != "identifier":
            continue
        text = parsed.words(name)
        function = value if value is not None and value.type in FUNCTIONS else None
        kind: SymbolKind = "function" if function else "constant" if constant else "variable"
        if value is not None and value.type == "class":
            kind = "class"
        yield Draft(
            whole if len(declarators) == 1 else declarator,
            name,
            text,
            kind,
            value.child_by_field_name("body") if value is not None else None,
            _signature(parsed, function) if function else None,
            marked or text in exported,
            function is not None and has_token(function, "async"),
        )
        yield from (_put(parsed, one) for one in of_object(value, text))


def _put(parsed: ParsedText, one: Assigned) -> Draft:
    """`exports.f = function () {}`, `app.run = ...`, a function of an object that is written out."""
    function = one.value if one.value.type in (*FUNCTIONS, "method_definition") else None
    kind: SymbolKind = "function" if function is not None else "class" if one.value.type == "class" else "constant"
    signature = _signature(parsed, function) if function is not None else None
    body, is_async = one.value.child_by_field_name("body"), function is not None and has_token(function, "async")
    whole = _outer(one.whole)[0]
    exported = one.owner is None
    return Draft(whole, one.name, parsed.words(one.name), kind, body, signature, exported, is_async, owner=one.owner)


def _member(parsed: ParsedText, node: Node, name: Node, kind: SymbolKind) -> Draft:
    value = node.child_by_field_name("value")
    function = node if kind == "method" else value if value is not None and value.type in FUNCTIONS else None
    access = next((parsed.words(child) for child in node.children if child.type == "accessibility_modifier"), "")
    text = parsed.words(name)
    body = function.child_by_field_name("body") if function is not None else None
    decorators = tuple(token for token in ("static", "get", "set", "abstract") if has_token(node, token))
    return Draft(
        node,
        name,
        text,
        "method" if function is not None else "field",
        body,
        _signature(parsed, function) if function is not None else None,
        access not in _HELD_BACK and not text.startswith("#"),
        function is not None and has_token(function, "async"),
        decorators,
        without_body=kind == "method" and body is None,
    )


def _type(parsed: ParsedText, node: Node, name: Node, kind: SymbolKind, exported: frozenset[str]) -> Draft:
    whole, marked = _outer(node)
    text = parsed.words(name)
    heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
    extends = parsed.words(heritage).removeprefix("extends").split("implements")[0].strip() if heritage else ""
    bases = (extends,) if extends else ()
    body = node.child_by_field_name("body")
    return Draft(whole, name, text, kind, body, exported=marked or text in exported, bases=bases)


def _signature(parsed: ParsedText, node: Node) -> tuple[Parameter, ...]:
    single = node.child_by_field_name("parameter")
    if single is not None:
        return (Parameter(parsed.words(single), True, "positional_only"),)
    holder = node.child_by_field_name("parameters")
    children = holder.named_children if holder else []
    found = (_parameter(parsed, child) for child in children if child.type not in ("comment", "decorator"))
    return tuple(parameter for parameter in found if parameter.name != "this")


def _parameter(parsed: ParsedText, node: Node) -> Parameter:
    pattern, type_node = node.child_by_field_name("pattern") or node, node.child_by_field_name("type")
    default = node.child_by_field_name("value") or node.child_by_field_name("right")
    if node.type == "assignment_pattern":
        pattern = node.child_by_field_name("left") or node
    variadic = pattern.type == "rest_pattern"
    return Parameter(
        parsed.words(pattern).removeprefix("...").strip(),
        default is None and node.type != "optional_parameter" and not variadic,
        "variadic" if variadic else "positional_only",
        parsed.words(type_node).removeprefix(":").strip() if type_node else None,
        parsed.words(default) if default else None,
    )


def uses(parsed: ParsedText, spans: Spans | None = None) -> tuple[list[Use], list[Node]]:
    """Names used, and the nodes inside which (or at which) a name is no use."""
    return uses_of(matches(parsed, _SHARED_USES + (_JS_USES if parsed.language == "javascript" else _TS_USES), spans))


def arguments(_parsed: ParsedText, node: Node) -> Arguments:
    """What a call passes."""
    given = [child for child in node.named_children if child.type != "comment"]
    return Arguments(len(given), (), any(child.type == "spread_element" for child in given))


def imports(parsed: ParsedText) -> Iterator[Import]:
    for captures in matches(parsed, _IMPORTS, word_spans(parsed, ("import", "from", "require"))):
        module = parsed.words(captures["source"][0])[1:-1]
        if "required" in captures:
            if parsed.words(captures["require"][0]) == "require":
                yield from _required(parsed, captures["target"][0], module)
        else:
            yield from _statement(parsed, (captures.get("import") or captures["export"])[0], module)


def _span(parsed: ParsedText, node: Node) -> tuple[int, int, int]:
    return node.start_point.row, parsed.offset(node.start_byte), parsed.offset(node.end_byte)


def _required(parsed: ParsedText, target: Node, module: str) -> Iterator[Import]:
    if target.type == "identifier":
        yield Import(module, None, parsed.words(target), *_span(parsed, target))
    elif target.type == "object_pattern":
        for child in target.named_children:
            if child.type == "shorthand_property_identifier_pattern":
                yield Import(module, parsed.words(child), parsed.words(child), *_span(parsed, child))
            elif child.type == "pair_pattern":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                if key is not None and value is not None:
                    yield Import(module, parsed.words(key), parsed.words(value), *_span(parsed, child))


def _statement(parsed: ParsedText, node: Node, module: str) -> Iterator[Import]:
    reexport = node.type == "export_statement"
    if reexport and has_token(node, "*"):
        yield Import(module, "*", "", *_span(parsed, node), True)
    pending = list(node.named_children)
    named = False
    while pending:
        child = pending.pop(0)
        if child.type in ("import_clause", "named_imports", "export_clause"):
            pending = child.named_children + pending
            continue
        imported = _imported(parsed, child, module, reexport)
        named = named or imported is not None
        if imported is not None:
            yield imported
    if not named and not reexport:
        yield Import(module, None, "", *_span(parsed, node))


def _imported(parsed: ParsedText, node: Node, module: str, reexport: bool) -> Import | None:
    if node.type in ("import_specifier", "export_specifier"):
        name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
        local = alias or name
        if name is None or local is None:
            return None
        return Import(module, parsed.words(name), parsed.words(local), *_span(parsed, node), reexport)
    if node.type in ("namespace_import", "namespace_export") and node.named_child_count:
        return Import(module, None, parsed.words(node.named_child(0)), *_span(parsed, node), reexport)
    if node.type == "identifier":
        return Import(module, "default", parsed.words(node), *_span(parsed, node), reexport)
    return None


def bindings(parsed: ParsedText, spans: Spans | None = None) -> tuple[list[Node], list[Node]]:
    """The scopes (functions, blocks), and the names bound: each holds in the innermost scope around it."""
    scopes: list[Node] = []
    names: list[Node] = []
    for captures in matches(parsed, _SHARED_BINDINGS, spans):
        scopes += captures.get("scope", [])
        for node in captures.get("left", []):
            names += _plain_names(node)
    return scopes, names


def _plain_names(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        one = pending.pop()
        if one.type in ("identifier", "shorthand_property_identifier_pattern", "type_identifier"):
            yield one
        elif one.type in ("required_parameter", "optional_parameter"):
            pending += [pattern] if (pattern := one.child_by_field_name("pattern")) else []
        elif one.type == "assignment_pattern":
            pending += [left] if (left := one.child_by_field_name("left")) else []
        elif one.type == "pair_pattern":
            pending += [value] if (value := one.child_by_field_name("value")) else []
        elif one.type != "member_expression":
            pending += one.named_children
