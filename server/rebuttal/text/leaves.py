"""The words of a text as its grammar sees them: what stays the same when only the layout of code changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve, frozen

from rebuttal.text.languages import Language
from rebuttal.text.parsing import Parser

TOLD_BY_LEAVES: frozenset[Language] = frozenset(
    {"python", "javascript", "typescript", "tsx", "go", "java", "csharp", "rust"}
)
"""Languages in which two texts with the same words at the same places of the tree are the same program."""
_BREAKS_AFTER = frozenset(
    (
        *(
            "return",
            "throw",
            "break",
            "continue",
            "yield",
            "async",
            "await",
            "abstract",
            "declare",
            "module",
            "namespace",
        ),
        *("global", "type", "interface", "enum", "accessor", "static", "get", "set", "readonly", "public", "private"),
        *("protected", "override", "as", "satisfies", "is", "asserts", "keyof", "unique", "infer", "using"),
    )
)
_BREAKS_BEFORE = frozenset({"=>", "++", "--", "!", "as", "satisfies", "is"})
"""Words of JavaScript and TypeScript beside which a line end means something; the grammar does not always say so."""
_ENDS_LINES: frozenset[Language] = frozenset({"javascript", "typescript", "tsx"})
_WHOLE = ("string", "heredoc", "comment")
STYLED: frozenset[Language] = frozenset({"python", "javascript", "typescript", "tsx"})
"""Languages in which formatters choose the quotes of a string and a comma at the end of a list."""
_QUOTED = re.compile(r"([A-Za-z]*)(?:'''([^'\"\\\\]*)'''|'([^'\"\\\\]*)')")
_LISTS = (
    *("argument_list", "parameters", "list", "dictionary", "set", "import_from_statement"),
    *("arguments", "formal_parameters", "array", "object", "named_imports", "export_clause"),
)
"""Where a comma at the end means nothing; in a tuple or a subscript it does."""


@frozen
class Leaf:
    """One word of the syntax tree. Lines are git's, from 0, inclusive."""

    kind: str
    parent: str
    """The kind of the node around it: a line end that ends a statement changes it."""
    text: str
    first_line: int
    last_line: int
    depth: int = 0
    """How many blocks are around it: what indentation says in Python."""


def leaves_of(text: str, language: Language, parser: Parser | None = None) -> tuple[Leaf, ...] | None:
    """All words in order, comments too; None where the text has syntax faults, so that nothing can be said of it.

    Strings and comments are one word each, with all that is in them. Raises Unparsed when the text cannot be parsed
    within limits.
    """
    parsed = (parser or Parser()).parse(text, language)
    if parsed.root.has_error:
        return None
    found: list[Leaf] = []
    cursor = parsed.root.walk()
    parents: list[str] = [""]
    at = depth = 0
    while True:
        node = cursor.node
        assert node is not None
        is_whole = not node.child_count or any(kind in node.type for kind in _WHOLE)
        if is_whole and node.end_byte > node.start_byte:
            between = parsed.data[at : node.start_byte].decode("utf-8", "replace").strip()
            if between:  # what the grammar passes over: a line that goes on after a backslash
                found.append(Leaf("between", parents[-1], between, node.start_point.row, node.start_point.row, depth))
            at = node.end_byte
            last = node.end_point.row - (1 if node.end_point.column == 0 and node.end_point > node.start_point else 0)
            leaf = Leaf(node.type, parents[-1], parsed.words(node), node.start_point.row, last, depth)
            found.append(_after_line_end(leaf, found) if language in _ENDS_LINES else leaf)
        if not is_whole and cursor.goto_first_child():
            parents.append(node.type)
            depth += node.type == "block"
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return tuple(found)
            depth -= parents.pop() == "block"


def _after_line_end(leaf: Leaf, before: Sequence[Leaf]) -> Leaf:
    """The word, of another kind where it stands on a new line and that means something."""
    if not before or leaf.first_line == before[-1].last_line:
        return leaf
    means = before[-1].text in _BREAKS_AFTER or leaf.text in _BREAKS_BEFORE
    return evolve(leaf, kind=f"{leaf.kind} on a new line") if means else leaf


def unstyled(leaves: Sequence[Leaf]) -> list[Leaf]:
    """The words with double quotes around plain strings, and without commas that only end a list: for STYLED."""
    found = []
    for place, leaf in enumerate(leaves):
        after = leaves[place + 1].text if place + 1 < len(leaves) else ""
        ends = leaf.text == "," and leaf.parent in _LISTS and after in (")", "]", "}")
        if ends and place and leaves[place - 1].text not in (",", "[", "(", "{"):
            continue
        quoted = _QUOTED.fullmatch(leaf.text) if "string" in leaf.kind else None
        found.append(leaf if quoted is None else evolve(leaf, text=_double_quoted(quoted)))
    return found


def _double_quoted(found: re.Match[str]) -> str:
    mark = '"' if found.group(2) is None else '"""'
    return f"{found.group(1)}{mark}{found.group(2) or found.group(3) or ''}{mark}"
