"""Python, as tree-sitter-python names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rebuttal.text.grammars.drafts import Draft, Use, has_token, uses_of
from rebuttal.text.model import Arguments, Import, Parameter, ParameterKind, SymbolKind
from rebuttal.text.parsing import ParsedText, Spans, matches, word_spans

if TYPE_CHECKING:
    from tree_sitter import Node

# tags.scm of the grammar gives functions, classes and calls only; parameters, class fields and
# conditional definitions of a module need more.
_DEFINITIONS = """
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(module (expression_statement (assignment left: (identifier) @name) @constant))
(module (if_statement (block (expression_statement (assignment left: (identifier) @name) @constant))))
(module (try_statement (block (expression_statement (assignment left: (identifier) @name) @constant))))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name) @field)))
(type_alias_statement left: (type (identifier) @name)) @type
"""
_USES = """
(call function: (identifier) @call arguments: (_) @arguments) @whole
(call function: (attribute object: (_) @receiver attribute: (identifier) @call) arguments: (_) @arguments) @whole
(attribute object: (_) @receiver attribute: (identifier) @attribute)
(function_definition name: (identifier) @skip)
(class_definition name: (identifier) @skip)
(keyword_argument name: (identifier) @skip)
(parameters [(identifier) @skip (_ name: (identifier) @skip) (typed_parameter . (identifier) @skip)
  (list_splat_pattern (identifier) @skip) (dictionary_splat_pattern (identifier) @skip)
  (typed_parameter (_ (identifier) @skip) type: (_))])
(lambda_parameters [(identifier) @skip (_ name: (identifier) @skip)])
(import_statement (_) @import)
(import_from_statement (_) @import)
(identifier) @use
"""
_IMPORTS = "[(import_statement) (import_from_statement) (future_import_statement)] @import"
_BINDINGS = """
(function_definition parameters: (_) @bound) @scope
(lambda parameters: (_) @bound) @scope
(assignment left: (_) @left)
(named_expression name: (_) @left)
(for_statement left: (_) @left)
(for_in_clause left: (_) @left)
(as_pattern_target) @left
(function_definition name: (identifier) @left)
(class_definition name: (identifier) @left) @scope
(import_statement) @import
(import_from_statement) @import
"""


def definitions(parsed: ParsedText) -> Iterator[Draft]:
    for captures in matches(parsed, _DEFINITIONS):
        name = captures["name"][0]
        for label in ("function", "class", "constant", "field", "type"):
            if label in captures:
                yield _draft(parsed, label, captures[label][0], name)


def _draft(parsed: ParsedText, label: str, node: Node, name: Node) -> Draft:
    whole, decorators = _decorated(parsed, node)
    if label == "function":
        parameters = node.child_by_field_name("parameters")
        return Draft(
            whole,
            name,
            parsed.words(name),
            "function",
            node.child_by_field_name("body"),
            _parameters(parsed, parameters) if parameters else (),
            is_async=has_token(node, "async"),
            decorators=decorators,
        )
    if label == "class":
        heritage = node.child_by_field_name("superclasses")
        bases = [child for child in heritage.named_children if child.type != "comment"] if heritage else []
        return Draft(
            whole,
            name,
            parsed.words(name),
            "class",
            node.child_by_field_name("body"),
            decorators=decorators,
            bases=tuple(parsed.words(base) for base in bases),
        )
    text = parsed.words(name)
    kind: SymbolKind = "field" if label == "field" else "type" if label == "type" else "variable"
    if kind == "variable" and text.upper() == text:
        kind = "constant"
    return Draft(node, name, text, kind)


def _decorated(parsed: ParsedText, node: Node) -> tuple[Node, tuple[str, ...]]:
    parent = node.parent
    if parent is None or parent.type != "decorated_definition":
        return node, ()
    names = []
    for child in parent.named_children:
        if child.type == "decorator" and child.named_child_count:
            inner = child.named_child(0)
            names.append(parsed.words(inner.child_by_field_name("function") or inner))
    return parent, tuple(names)


def _parameters(parsed: ParsedText, node: Node) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    kind: ParameterKind = "positional"
    for child in node.named_children:
        if child.type == "positional_separator":
            found = [_positional_only(one) for one in found]
        elif child.type == "keyword_separator":
            kind = "keyword"
        elif child.type != "comment":
            parameter = _parameter(parsed, child, kind)
            if parameter.kind == "variadic":
                kind = "keyword"
            found.append(parameter)
    return tuple(found)


def _positional_only(parameter: Parameter) -> Parameter:
    return Parameter(parameter.name, parameter.required, "positional_only", parameter.type, parameter.default)


def _parameter(parsed: ParsedText, node: Node, kind: ParameterKind) -> Parameter:
    type_node = node.child_by_field_name("type")
    default = node.child_by_field_name("value")
    name = node.child_by_field_name("name") or node
    if node.type == "typed_parameter" and node.named_child_count:
        name = node.named_child(0)
    if name.type == "list_splat_pattern":
        kind = "variadic"
    elif name.type == "dictionary_splat_pattern":
        kind = "keyword_variadic"
    return Parameter(
        parsed.words(name).lstrip("*").strip(),
        default is None and kind not in ("variadic", "keyword_variadic"),
        kind,
        parsed.words(type_node) if type_node else None,
        parsed.words(default) if default else None,
    )


def uses(parsed: ParsedText, spans: Spans | None = None) -> tuple[list[Use], list[Node]]:
    """Names used, and the nodes inside which (or at which) a name is no use."""
    return uses_of(matches(parsed, _USES, spans))


def arguments(parsed: ParsedText, node: Node) -> Arguments:
    """What a call passes."""
    if node.type != "argument_list":
        return Arguments(1)  # f(x for x in y)
    positional, spread, keywords = 0, False, []
    for child in node.named_children:
        if child.type == "keyword_argument":
            name = child.child_by_field_name("name")
            keywords.append(parsed.words(name) if name else "")
        elif child.type in ("list_splat", "dictionary_splat"):
            spread = True
        elif child.type != "comment":
            positional += 1
    return Arguments(positional, tuple(keywords), spread)


def imports(parsed: ParsedText) -> Iterator[Import]:
    for captures in matches(parsed, _IMPORTS, word_spans(parsed, ("import",))):
        yield from _imports(parsed, captures["import"][0])


def _imports(parsed: ParsedText, node: Node) -> Iterator[Import]:
    module = node.child_by_field_name("module_name")
    source = parsed.words(module) if module else "__future__" if node.type.startswith("future") else None
    for child in node.children_by_field_name("name"):
        name_node, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
        name = parsed.words(name_node or child)
        span = (child.start_point.row, parsed.offset(child.start_byte), parsed.offset(child.end_byte))
        if source is None:
            yield Import(name, None, parsed.words(alias) if alias else name.partition(".")[0], *span)
        else:
            yield Import(source, name, parsed.words(alias) if alias else name, *span)
    for child in node.named_children:
        if child.type == "wildcard_import" and source is not None:
            span = (child.start_point.row, parsed.offset(child.start_byte), parsed.offset(child.end_byte))
            yield Import(source, "*", "", *span)


def bindings(parsed: ParsedText, spans: Spans | None = None) -> tuple[list[Node], list[Node]]:
    """The scopes (functions, classes), and the names bound: each holds in the innermost scope around it."""
    scopes: list[Node] = []
    names: list[Node] = []
    for captures in matches(parsed, _BINDINGS, spans):
        scopes += captures.get("scope", [])
        for node in captures.get("bound", []):
            names += _parameter_names(node)
        for node in captures.get("left", []) + captures.get("import", []):
            names += _plain_names(node)
    return scopes, names


def _parameter_names(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        inner = child.child_by_field_name("name") or child
        while inner.type != "identifier" and inner.named_child_count:
            inner = inner.named_child(0)
        if inner.type == "identifier":
            yield inner


def _plain_names(node: Node) -> Iterator[Node]:
    """Identifiers of a target; what stands before a dot or in brackets is used, not bound."""
    pending = [node]
    while pending:
        one = pending.pop()
        if one.type == "identifier":
            yield one
        elif one.type == "aliased_import":
            pending += [alias] if (alias := one.child_by_field_name("alias")) else []
        elif one.type == "dotted_name":
            pending += [one.named_child(0)] if one.named_child_count else []
        elif one.type == "import_from_statement":
            pending += one.children_by_field_name("name")
        elif one.type not in ("attribute", "subscript"):
            pending += one.named_children
