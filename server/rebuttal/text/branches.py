"""Places that do something else for each of several values: switches, chains of comparisons, tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from rebuttal.text.enumerations import flat
from rebuttal.text.languages import Language
from rebuttal.text.parsing import ParsedText, Parser, matches, word_spans

if TYPE_CHECKING:
    from tree_sitter import Node

BranchKind = Literal["switch", "chain", "table"]


@frozen
class Branch:
    """A place that does something else for each of several values."""

    kind: BranchKind
    labels: tuple[str, ...]
    """The values as written: `Color.RED`, `RED`, `'red'`."""
    line: int
    start_offset: int
    end_offset: int
    """Of its head only: up to the end of the first line."""
    default: Literal["none", "refuses", "other"] = "none"
    """Whether something is done for all other values; `refuses`: they are an error."""
    demanding: bool = False
    """The compiler refuses it unless every value has its case."""


def branches_of(
    text: str, language: Language, names: Collection[str], parser: Parser | None = None
) -> tuple[Branch, ...]:
    """The branches in which any of `names` stands. Raises Unparsed (ParseTimeout)."""
    given, query = parser or Parser(), _BRANCHES.get(language)
    if query is None:
        return ()
    return given.facts.remember(
        ("branches", language, frozenset(names)),
        text,
        lambda: tuple(_branches(given.parse(text, language), query, names)),
    )


_JS_BRANCHES = "[(switch_statement) (if_statement) (object)] @branch"
_C_BRANCHES = "(switch_statement) @branch"
_BRANCHES: dict[Language, str] = {
    "python": "[(match_statement) (if_statement) (dictionary)] @branch",
    "javascript": _JS_BRANCHES,
    "typescript": _JS_BRANCHES,
    "tsx": _JS_BRANCHES,
    "go": "[(expression_switch_statement) (if_statement)] @branch",
    "rust": "(match_expression) @branch",
    "java": "(switch_expression) @branch",
    "csharp": "[(switch_statement) (switch_expression)] @branch",
    "php": "[(switch_statement) (match_expression)] @branch",
    "c": _C_BRANCHES,
    "cpp": _C_BRANCHES,
}
_ARMS = frozenset(
    {
        *("case_clause", "switch_case", "switch_default", "expression_case", "default_case", "match_arm"),
        *("switch_block_statement_group", "switch_rule", "switch_section", "switch_expression_arm"),
        *("match_conditional_expression", "match_default_expression", "case_statement", "default_statement"),
    }
)
_BODIES = ("block", "switch_body", "match_block", "switch_block", "compound_statement")
_PATTERNS = (
    *("union_pattern", "or_pattern", "case_pattern", "match_pattern", "constant_pattern", "expression_list"),
    *("switch_label", "match_condition_list", "tuple", "list", "set", "pattern"),
)
_REFUSES = re.compile(
    r"(?:[{(\s:]|=>|->|\breturn\b|\bdefault\b|\bcase _|_)*(?:await\s+)?"
    r"(?:raise\b|throw\b|panic!?\(|unreachable|assert|todo!|unimplemented!|[\w.]*(?:assert_?never|assert_?unreachable|"
    r"exhaustive|unreachable|fatalf?|Fail)\w*\(|abort\(|exit\(|__builtin_unreachable)",
    re.IGNORECASE,
)
_HEAD_FIELDS = {
    "switch_case": "value",
    "expression_case": "value",
    "case_statement": "value",
    "match_arm": "pattern",
    "match_conditional_expression": "conditional_expressions",
}
_LONGEST_LABEL = 120
_MOST_LABELS = 300


def _branches(parsed: ParsedText, query: str, names: Collection[str]) -> Iterator[Branch]:
    seen: set[int] = set()
    spans = word_spans(parsed, names)
    if spans == []:
        return
    for found in matches(parsed, query, spans):
        node = found["branch"][0]
        if node.id in seen:
            continue
        seen.add(node.id)
        made = _branch(parsed, node)
        if made is not None and made.labels:
            yield made


def _branch(parsed: ParsedText, node: Node) -> Branch | None:
    if node.type == "if_statement":
        return _chain(parsed, node)
    if node.type in ("dictionary", "object"):
        return _table(parsed, node)
    return _switch(parsed, node)


def _made(
    parsed: ParsedText,
    node: Node,
    kind: BranchKind,
    labels: Iterable[str],
    default: Literal["none", "refuses", "other"],
    demanding: bool = False,
) -> Branch:
    end = parsed.data.find(b"\n", node.start_byte, node.end_byte)
    return Branch(
        kind,
        tuple(labels),
        node.start_point.row,
        parsed.offset(node.start_byte),
        parsed.offset(end if end >= 0 else node.end_byte),
        default,
        demanding,
    )


def _switch(parsed: ParsedText, node: Node) -> Branch | None:
    labels: list[str] = []
    default: Literal["none", "refuses", "other"] = "none"
    ruled = False
    for arm in _arms(node):
        ruled = ruled or arm.type == "switch_rule"
        found = list(_labels(parsed, arm))
        guarded = any(child.type in ("if_clause", "when_clause", "guard") for child in arm.named_children) or (
            arm.type == "match_arm" and b" if " in _head(parsed, arm)
        )
        if None in found:
            default = "refuses" if default != "other" and _refuses(parsed, arm) else "other"
        elif not guarded:
            labels += [one for one in found if one is not None]
        if len(labels) > _MOST_LABELS:
            return None
    parent = node.parent.type if node.parent is not None else ""
    demanding = (parsed.language == "rust") or (
        parsed.language == "java" and ruled and parent not in ("expression_statement", "block")
    )
    return _made(parsed, node, "switch", labels, default, demanding and default == "none")


def _head(parsed: ParsedText, arm: Node) -> bytes:
    pattern = arm.child_by_field_name("pattern")
    return parsed.data[pattern.start_byte : pattern.end_byte] if pattern is not None else b""


def _arms(node: Node) -> Iterator[Node]:
    body = node.child_by_field_name("body")
    holder = body if body is not None and body.type in _BODIES else node
    return (child for child in holder.named_children if child.type in _ARMS)


def _labels(parsed: ParsedText, arm: Node) -> Iterator[str | None]:
    """What an arm is for; None where it is for everything else."""
    kind = arm.type
    if kind in ("switch_default", "default_case", "match_default_expression", "default_statement"):
        yield None
        return
    heads = _heads(arm)
    if not heads:
        yield None
        return
    for node in flat(heads, _PATTERNS):
        words = parsed.words(node)[:_LONGEST_LABEL]
        if node.type in ("tuple_struct_pattern", "struct_pattern", "class_pattern", "recursive_pattern"):
            words = re.split(r"[({\s]", words, maxsplit=1)[0]
        if words == "_" or node.type == "discard":
            yield None
        elif kind in ("case_clause", "match_arm") and re.fullmatch(r"[a-z_]\w*", words):
            yield None  # It catches everything, under a name.
        elif words:
            yield words


def _heads(arm: Node) -> list[Node]:
    """What an arm is for, as nodes; none where it is for everything else."""
    kind = arm.type
    if kind in _HEAD_FIELDS:
        found = arm.child_by_field_name(_HEAD_FIELDS[kind])
        if found is None or kind != "match_arm":
            return [] if found is None else [found]
        condition = found.child_by_field_name("condition")
        return [one for one in found.named_children if condition is None or one.id != condition.id] or [found]
    if any(child.type == "default" for child in arm.children):
        return []
    if kind in ("switch_section", "switch_expression_arm"):
        return arm.named_children[:1]
    labels = [child for child in arm.named_children if child.type in ("switch_label", "case_pattern")]
    if any(child.type == "default" for label in labels for child in label.children):
        return []
    return [inner for label in labels for inner in (label.named_children or [label])]


def _refuses(parsed: ParsedText, arm: Node) -> bool:
    text = parsed.data[arm.start_byte : min(arm.end_byte, arm.start_byte + 400)].decode("utf-8", "replace")
    return _REFUSES.match(re.sub(r"(?://|#)[^\n]*", "", text)) is not None


def _chain(parsed: ParsedText, node: Node) -> Branch | None:
    """`if x == A … elif x == B …`, each about the same thing."""
    if node.parent is not None and node.parent.type == "else_clause":
        return None
    if node.parent is not None and node.parent.type == "if_statement" and _is_alternative(node):
        return None
    subject: str | None = None
    labels: list[str] = []
    default: Literal["none", "refuses", "other"] = "none"
    for condition, last in _conditions(node):
        if condition is None:
            default = "refuses" if last is not None and _refuses_block(parsed, last) else "other"
            break
        about = _compared(parsed, condition)
        if about is None or (subject is not None and about[0] != subject):
            return None
        subject = about[0]
        labels += about[1]
    return _made(parsed, node, "chain", labels, default) if len(labels) > 1 else None


def _is_alternative(node: Node) -> bool:
    around = node.parent.child_by_field_name("alternative") if node.parent is not None else None
    return around is not None and around.id == node.id


def _refuses_block(parsed: ParsedText, node: Node) -> bool:
    text = parsed.data[node.start_byte : min(node.end_byte, node.start_byte + 400)].decode("utf-8", "replace")
    return _REFUSES.match(re.sub(r"(?://|#)[^\n]*", "", text).removeprefix("else")) is not None


def _conditions(node: Node) -> Iterator[tuple[Node | None, Node | None]]:
    """Each condition of a chain; with None for it what is done else."""
    current: Node | None = node
    while current is not None:
        yield current.child_by_field_name("condition"), current
        following: Node | None = None
        for alternative in current.children_by_field_name("alternative"):
            if alternative.type == "elif_clause":
                yield alternative.child_by_field_name("condition"), alternative
            elif alternative.type == "if_statement":
                following = alternative
            else:
                inner = alternative.named_children[0] if alternative.named_children else None
                if inner is not None and inner.type == "if_statement" and alternative.type == "else_clause":
                    body = alternative.child_by_field_name("body")
                    if body is None:
                        following = inner
                        continue
                yield None, alternative
        current = following


def _compared(parsed: ParsedText, condition: Node) -> tuple[str, list[str]] | None:
    while condition.type == "parenthesized_expression" and condition.named_children:
        condition = condition.named_children[0]
    if condition.type == "comparison_operator":
        sides = condition.named_children
        operators = [child.type for child in condition.children if not child.is_named]
        if len(sides) != 2 or operators not in (["=="], ["is"], ["in"]):
            return None
        values = flat([sides[1]], _PATTERNS) if operators == ["in"] else iter([sides[1]])
        return parsed.words(sides[0])[:_LONGEST_LABEL], [parsed.words(one)[:_LONGEST_LABEL] for one in values]
    if condition.type == "binary_expression":
        left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
        operator = condition.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return None
        if operator.type == "||":
            one, two = _compared(parsed, left), _compared(parsed, right)
            return (one[0], one[1] + two[1]) if one and two and one[0] == two[0] else None
        if operator.type in ("==", "==="):
            return parsed.words(left)[:_LONGEST_LABEL], [parsed.words(right)[:_LONGEST_LABEL]]
    return None


def _table(parsed: ParsedText, node: Node) -> Branch | None:
    labels: list[str] = []
    for pair in node.named_children:
        if pair.type in ("spread_element", "dictionary_splat"):
            return None
        key = pair.child_by_field_name("key") if pair.type == "pair" else None
        if key is None:
            if pair.type != "comment":
                return None
            continue
        words = parsed.words(key)[:_LONGEST_LABEL]
        plain = key.type == "property_identifier"
        labels.append(f"'{words}'" if plain else words.removeprefix("[").removesuffix("]"))
        if len(labels) > _MOST_LABELS:
            return None
    return _made(parsed, node, "table", labels, "none") if len(labels) > 1 else None
