"""The words of a text as its grammar sees them: what stays the same when only the layout of code changes."""

from __future__ import annotations

from attrs import frozen

from rebuttal.text.languages import Language
from rebuttal.text.parsing import Parser


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

    Strings are one word each, with all that is in them. Raises Unparsed when the text cannot be parsed within limits.
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
        is_whole = not node.child_count or "string" in node.type or "heredoc" in node.type
        if is_whole and node.end_byte > node.start_byte:
            between = parsed.data[at : node.start_byte].decode("utf-8", "replace").strip()
            if between:  # what the grammar passes over: a line that goes on after a backslash
                found.append(Leaf("between", parents[-1], between, node.start_point.row, node.start_point.row, depth))
            at = node.end_byte
            last = node.end_point.row - (1 if node.end_point.column == 0 and node.end_point > node.start_point else 0)
            found.append(Leaf(node.type, parents[-1], parsed.words(node), node.start_point.row, last, depth))
        if not is_whole and cursor.goto_first_child():
            parents.append(node.type)
            depth += node.type == "block"
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return tuple(found)
            depth -= parents.pop() == "block"
