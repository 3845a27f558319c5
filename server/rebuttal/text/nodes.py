"""What stands at one place of a text, and what is around it: a read-only view of the syntax tree.

For checks that know a place already (from a line of the change) and ask what it is. Lines are git's, from 0; columns
and offsets are code points.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from rebuttal.text.languages import Language
from rebuttal.text.parsing import ParsedText, Parser

if TYPE_CHECKING:
    from tree_sitter import Node

_COMMENTS = ("comment", "shebang")
_LITERALS = ("string", "heredoc", "regex", "char", "jsx_text", "template", "text", "quoted")
_CODE_AGAIN = ("interpolation", "substitution", "format_expression")
"""Code inside a literal: `{x}` of an f-string, `${x}`."""
_NO_LITERALS = ("template_declaration", "template_function", "template_type", "template_method")
_DEPTH = 400


class SyntaxNode:
    """A part of the text, as the grammar of its language names it."""

    def __init__(self, parsed: ParsedText, node: Node) -> None:
        self._parsed = parsed
        self._node = node

    @property
    def kind(self) -> str:
        return self._node.type

    @cached_property
    def text(self) -> str:
        return self._parsed.words(self._node)

    @property
    def first_line(self) -> int:
        return self._node.start_point.row

    @property
    def last_line(self) -> int:
        """Inclusive."""
        end = self._node.end_point
        return max(end.row - (1 if end.column == 0 else 0), self.first_line)

    @property
    def start(self) -> int:
        return self._parsed.offset(self._node.start_byte)

    @property
    def end(self) -> int:
        return self._parsed.offset(self._node.end_byte)

    @property
    def parent(self) -> SyntaxNode | None:
        above = self._node.parent
        return None if above is None else SyntaxNode(self._parsed, above)

    @property
    def children(self) -> tuple[SyntaxNode, ...]:
        """The named ones, comments among them."""
        return tuple(SyntaxNode(self._parsed, one) for one in self._node.named_children)

    @property
    def has_error(self) -> bool:
        """Whether a part of it is not in the language."""
        return self._node.has_error

    def field(self, name: str) -> SyntaxNode | None:
        """The child that the grammar calls so."""
        child = self._node.child_by_field_name(name)
        return None if child is None else SyntaxNode(self._parsed, child)

    def around(self) -> Iterator[SyntaxNode]:
        """Itself and what it stands in, innermost first."""
        node: SyntaxNode | None = self
        for _ in range(_DEPTH):
            if node is None:
                return
            yield node
            node = node.parent

    def nearest(self, *kinds: str) -> SyntaxNode | None:
        """The innermost of these kinds that it is or stands in."""
        return next((one for one in self.around() if one.kind in kinds), None)

    @property
    def is_code(self) -> bool:
        """Whether it is neither inside a comment nor inside a literal."""
        for one in self.around():
            kind = one.kind
            if kind.endswith(_CODE_AGAIN) or "interpol" in kind:
                return True
            if any(word in kind for word in _COMMENTS):
                return False
            if any(word in kind for word in _LITERALS) and kind not in _NO_LITERALS and kind != "program":
                return False
        return True


def node_at(
    text: str, language: Language, line: int, column: int, line_text: str, parser: Parser | None = None
) -> SyntaxNode | None:
    """The smallest part of the text at a place on `line`, whose text is `line_text`; None if there is none.

    Raises Unparsed when the text cannot be parsed within the limits.
    """
    parsed = (parser or Parser()).parse(text, language)
    place = (line, len(line_text[:column].encode("utf-8", "replace")))
    node = parsed.root.descendant_for_point_range(place, place)
    return None if node is None else SyntaxNode(parsed, node)
