"""How hard a function is to follow: cognitive complexity after SonarSource's white paper (G. Ann Campbell, 2018-2023).

Each break of the linear flow counts one (`if`, loop, `catch`, `switch`, ternary, `else`, a jump to a label, a run of
like logical operators), and those that can nest count one more for each level around them. Two simplifications:
recursion is not counted, and a function with a name of its own inside another counts for itself alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import define, frozen

from rebuttal.text.languages import Language
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import ParsedText, Parser

if TYPE_CHECKING:
    from tree_sitter import Node

Kinds = frozenset[str]


@frozen
class Complexity:
    """What one function weighs, and of what."""

    score: int
    nesting: int
    """The deepest level at which a branch or loop stands; 1 is right in the function."""
    branches: int
    """Branches, loops and handlers: what the nesting makes dearer."""
    operators: int
    """Runs of like logical operators."""


@frozen
class _Kinds:
    """The node kinds of one grammar."""

    named: Kinds
    """Functions with a name: one inside another is not part of it."""
    anonymous: Kinds
    structural: Kinds
    """Branches, loops and handlers."""
    ifs: Kinds
    elifs: Kinds = frozenset()
    elses: Kinds = frozenset()
    jumps: Kinds = frozenset()
    """Jumps, which count only where they name a label."""
    logical: Kinds = frozenset({"binary_expression"})


def _kinds(
    named: str, anonymous: str, structural: str, ifs: str = "if_statement", elifs: str = "", elses: str = "",
    jumps: str = "", logical: str = "binary_expression",
) -> _Kinds:  # fmt: skip
    split = (frozenset(one.split()) for one in (named, anonymous, structural, ifs, elifs, elses, jumps, logical))
    return _Kinds(*split)


_OPERATORS = frozenset({"&&", "||", "and", "or"})
_LOOPS = "for_statement while_statement do_statement"
_LABELS = frozenset(
    {"statement_identifier", "label_name", "label", "identifier", "lifetime", "loop_label"}
)  # what a jump may hold to name where it goes

_SCRIPT = _kinds(
    "function_declaration generator_function_declaration method_definition class_body",
    "function_expression arrow_function generator_function",
    f"if_statement {_LOOPS} for_in_statement catch_clause switch_statement ternary_expression",
    elses="else_clause",
    jumps="break_statement continue_statement",
)
_CPP = _kinds(
    "function_definition class_specifier struct_specifier",
    "lambda_expression",
    f"if_statement {_LOOPS} for_range_loop switch_statement catch_clause conditional_expression",
    elses="else_clause",
    jumps="goto_statement",
)
_KINDS: dict[Language, _Kinds] = {
    "python": _kinds(
        "function_definition class_definition",
        "lambda",
        "if_statement for_statement while_statement except_clause except_group_clause match_statement "
        "conditional_expression",
        elifs="elif_clause",
        elses="else_clause",
        logical="boolean_operator",
    ),
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "go": _kinds(
        "function_declaration method_declaration",
        "func_literal",
        "if_statement for_statement expression_switch_statement type_switch_statement select_statement",
        jumps="goto_statement break_statement continue_statement",
    ),
    "rust": _kinds(
        "function_item impl_item mod_item",
        "closure_expression",
        "if_expression for_expression while_expression loop_expression match_expression",
        ifs="if_expression",
        elses="else_clause",
        jumps="break_expression continue_expression",
    ),
    "java": _kinds(
        "method_declaration constructor_declaration compact_constructor_declaration class_body",
        "lambda_expression",
        f"if_statement {_LOOPS} enhanced_for_statement catch_clause switch_expression switch_statement "
        "ternary_expression",
        jumps="break_statement continue_statement",
    ),
    "c": _CPP,
    "cpp": _CPP,
    "csharp": _kinds(
        "method_declaration constructor_declaration local_function_statement operator_declaration "
        "accessor_declaration class_declaration",
        "lambda_expression anonymous_method_expression",
        f"if_statement {_LOOPS} foreach_statement catch_clause switch_statement switch_expression "
        "conditional_expression",
        jumps="goto_statement",
    ),
    "ruby": _kinds(
        "method singleton_method class module singleton_class",
        "block do_block lambda",
        "if unless while until for case case_match rescue conditional if_modifier unless_modifier while_modifier "
        "until_modifier",
        ifs="if unless",
        elifs="elsif",
        elses="else",
        logical="binary",
    ),
    "php": _kinds(
        "function_definition method_declaration class_declaration",
        "anonymous_function anonymous_function_creation_expression arrow_function",
        f"if_statement {_LOOPS} foreach_statement switch_statement match_expression catch_clause "
        "conditional_expression",
        elifs="else_if_clause",
        elses="else_clause",
        jumps="goto_statement",
    ),
}


@define
class _Place:
    """A node on the way through a function, with its parent: asking a node for that takes as long as it is deep."""

    node: Node
    around: Node | None
    nesting: int
    operator: str
    """The logical operator that it is an operand of: `a && b && c` is one thing to read."""


def complexity_of(text: str, language: Language, function: Symbol, parser: Parser | None = None) -> Complexity | None:
    """The cognitive complexity of a function that `symbols_of` found in `text`.

    None for languages that have no table here. Raises Unparsed when the text cannot be parsed within the limits.
    """
    kinds = _KINDS.get(language)
    if kinds is None:
        return None
    parsed = (parser or Parser()).parse(text, language)
    start = len(text[: function.start_offset].encode("utf-8", "replace"))
    end = start + len(text[function.start_offset : function.end_offset].encode("utf-8", "replace"))
    node = parsed.root.descendant_for_byte_range(start, max(end - 1, start))
    return None if node is None else _weigh(parsed, kinds, node)


def _weigh(parsed: ParsedText, kinds: _Kinds, top: Node) -> Complexity:
    score = deepest = branches = operators = 0
    for place in parsed.patiently(_walk(kinds, top)):
        node, kind = place.node, place.node.type
        if kind in kinds.logical:
            operator = _operator(node)
            begins = operator in _OPERATORS and operator != place.operator
            operators += begins
            score += begins
        elif kind in kinds.elifs or _is_chained(kinds, place) or _is_plain_else(kinds, place):
            score += 1
            branches += kind not in kinds.elses
        elif kind in kinds.structural:
            branches += 1
            score += 1 + place.nesting
            deepest = max(deepest, place.nesting + 1)
        elif kind in kinds.jumps:
            score += any(child.type in _LABELS for child in node.named_children)
        if kind in kinds.ifs and _has_bare_else(kinds, node):
            score += 1
    return Complexity(score, deepest, branches, operators)


def _own_function(kinds: _Kinds, top: Node) -> int | None:
    """The id of the function that is weighed: inside it, the next one is another."""
    pending = [top]
    while pending:
        node = pending.pop(0)
        if node.type in kinds.named or node.type in kinds.anonymous:
            return node.id
        pending += node.named_children
    return None


def _walk(kinds: _Kinds, top: Node) -> Iterator[_Place]:
    """The nodes of one function that its own flow goes through."""
    own = _own_function(kinds, top)
    pending = [_Place(top, None, 0, "")]
    while pending:
        place = pending.pop()
        node, kind = place.node, place.node.type
        if kind in kinds.named and node.id not in (own, top.id):
            continue
        yield place
        deeper = kind in kinds.structural and not _is_chained(kinds, place)
        deeper = deeper or (kind in kinds.anonymous and node.id != own)
        operator = _operator(node) if kind in kinds.logical else ""
        operator = place.operator if kind == "parenthesized_expression" else operator
        pending += [_Place(child, node, place.nesting + deeper, operator) for child in node.named_children]


def _is_chained(kinds: _Kinds, place: _Place) -> bool:
    """Whether an `if` goes on from an `else`, so that it is no deeper than the one before it."""
    node, around = place.node, place.around
    if node.type not in kinds.ifs or around is None:
        return False
    if around.type in kinds.elses:
        return around.named_child_count == 1
    alternative = around.child_by_field_name("alternative") if around.type in kinds.ifs else None
    return alternative is not None and alternative.id == node.id


def _is_plain_else(kinds: _Kinds, place: _Place) -> bool:
    if place.node.type not in kinds.elses or place.around is None:
        return False
    if place.around.type not in kinds.ifs | kinds.elifs:  # the `else` of a `case`, of a loop
        return place.around.type in ("for_statement", "while_statement")
    inner = place.node.named_children
    return not (len(inner) == 1 and inner[0].type in kinds.ifs)


def _has_bare_else(kinds: _Kinds, node: Node) -> bool:
    """Where the grammar has no node for `else`: the alternative is the block itself."""
    alternative = node.child_by_field_name("alternative")
    known = kinds.ifs | kinds.elses | kinds.elifs
    return alternative is not None and alternative.type not in known


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""
