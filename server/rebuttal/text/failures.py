"""Where code raises an error, and where it provides for one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from rebuttal.text.languages import Language
from rebuttal.text.parsing import ParsedText, Parser, matches

if TYPE_CHECKING:
    from tree_sitter import Node


@frozen
class Throw:
    """An error that is raised, or declared to be."""

    type: str
    """As written: `ValueError`, `errors.NotFound`, `ErrClosed`."""
    line: int
    start_offset: int
    end_offset: int
    declared: bool = False
    """In the signature of a method (Java's `throws`)."""


@frozen
class Guard:
    """A part of the code whose errors are provided for, or expected by a test."""

    start_offset: int
    end_offset: int
    """Of what is guarded; not of the handlers."""
    caught: tuple[str, ...]
    """The types that its handlers name, as written; "*" for a handler of everything."""
    handler_line: int
    """Of its first handler."""


def throws_of(text: str, language: Language, parser: Parser | None = None) -> tuple[Throw, ...]:
    """What a text raises, in order, where the type is written there. Raises Unparsed (ParseTimeout)."""
    given, query = parser or Parser(), _THROWS.get(language)
    if query is None:
        return ()
    return given.facts.remember(("throws", language), text, lambda: tuple(_throws(given.parse(text, language), query)))


def guards_of(text: str, language: Language, parser: Parser | None = None) -> tuple[Guard, ...]:
    """The guarded parts of a text; inner ones too. Raises Unparsed (ParseTimeout)."""
    given, query = parser or Parser(), _GUARDS.get(language)
    if query is None:
        return ()
    return given.facts.remember(("guards", language), text, lambda: tuple(_guards(given.parse(text, language), query)))


_JS_THROWS = "(throw_statement (new_expression constructor: (_) @type)) @throw"
_THROWS: dict[Language, str] = {
    "python": """
(raise_statement . (call function: (_) @type)) @throw
(raise_statement . [(identifier) (attribute)] @type) @throw
""",
    "javascript": _JS_THROWS,
    "typescript": _JS_THROWS,
    "tsx": _JS_THROWS,
    "java": """
(throw_statement (object_creation_expression type: (_) @type)) @throw
(method_declaration (throws (_) @declared)) @throw
""",
    "csharp": """
(throw_statement (object_creation_expression type: (_) @type)) @throw
(throw_expression (object_creation_expression type: (_) @type)) @throw
""",
    "php": "(throw_expression (object_creation_expression . (_) @type)) @throw",
    "cpp": """
(throw_statement (call_expression function: (_) @type)) @throw
(throw_statement (compound_literal_expression type: (_) @type)) @throw
""",
    "ruby": """
(call !receiver method: (identifier) @call arguments: (argument_list . [(constant) (scope_resolution)] @type))
""",
    "go": """
(return_statement (expression_list [(identifier) (selector_expression)] @type)) @throw
(return_statement (expression_list (call_expression arguments: (argument_list
  [(identifier) (selector_expression)] @type)))) @throw
""",
}
_GUARDS: dict[Language, str] = {
    "python": """
(try_statement body: (_) @body (except_clause) @handler) @guard
(with_statement (with_clause (with_item value: (call function: (_) @expects arguments: (argument_list . (_) @handler))))
  body: (_) @body) @guard
""",
    "javascript": "(try_statement body: (_) @body handler: (_) @handler) @guard",
    "typescript": "(try_statement body: (_) @body handler: (_) @handler) @guard",
    "tsx": "(try_statement body: (_) @body handler: (_) @handler) @guard",
    "java": """
(try_statement body: (_) @body (catch_clause) @handler) @guard
(try_with_resources_statement body: (_) @body (catch_clause) @handler) @guard
""",
    "csharp": "(try_statement body: (_) @body (catch_clause) @handler) @guard",
    "php": "(try_statement body: (_) @body (catch_clause) @handler) @guard",
    "cpp": "(try_statement body: (_) @body (catch_clause) @handler) @guard",
    "ruby": "[(begin (rescue) @handler) (body_statement (rescue) @handler)] @guard",
}
_GO_ERROR = re.compile(r"(?:\w+\.)?Err[A-Z]\w*")
_ASKED = re.compile(r"\binstanceof\s+([\w.$]+)|\.(?:name|code)\s*===?\s*['\"](\w+)['\"]")
_EXPECTS = re.compile(r"(?:^|\.)(?:raises|assertRaises|assertRaisesRegex|suppress)$")
_LONGEST = 120


def _throws(parsed: ParsedText, query: str) -> Iterator[Throw]:
    for found in matches(parsed, query):
        if "call" in found and parsed.words(found["call"][0]) not in ("raise", "fail"):
            continue
        for node in (*found.get("type", ()), *found.get("declared", ())):
            words = parsed.words(node)[:_LONGEST]
            if parsed.language == "go" and _GO_ERROR.fullmatch(words) is None:
                continue
            start, end = parsed.offset(node.start_byte), parsed.offset(node.end_byte)
            yield Throw(words, node.start_point.row, start, end, "declared" in found)


def _guards(parsed: ParsedText, query: str) -> Iterator[Guard]:
    made: dict[int, tuple[Node, Node | None, list[Node]]] = {}
    for found in matches(parsed, query):
        guard = found["guard"][0]
        if "expects" in found and _EXPECTS.search(parsed.words(found["expects"][0])) is None:
            continue
        body = found["body"][0] if "body" in found else None
        _, _, handlers = made.setdefault(guard.id, (guard, body, []))
        handlers += [one for one in found["handler"] if all(one.id != known.id for known in handlers)]
    for guard, body, handlers in made.values():
        first = min(handlers, key=lambda one: one.start_byte)
        start, end = (body.start_byte, body.end_byte) if body is not None else (guard.start_byte, first.start_byte)
        caught = tuple(name for handler in handlers for name in _caught(parsed, handler))
        yield Guard(parsed.offset(start), parsed.offset(end), caught, first.start_point.row)


def _caught(parsed: ParsedText, handler: Node) -> Iterator[str]:
    if parsed.language in ("javascript", "typescript", "tsx"):
        for one in _ASKED.finditer(parsed.words(handler)):
            yield one[1] or one[2]
        return
    head = _head(parsed, handler)
    names = re.findall(r"[\w.:\\]*\w", head)
    yield from (names or ["*"])


def _head(parsed: ParsedText, handler: Node) -> str:
    """The types that a handler is for, as text."""
    if parsed.language == "python" and handler.type != "except_clause":
        return parsed.words(handler)
    if parsed.language == "python":
        body = handler.children[-1]
        text = parsed.data[handler.start_byte : body.start_byte].decode("utf-8", "replace")
        return re.sub(r"^except\b\*?|\bas\s+\w+\s*:|#[^\n]*|:\s*$", "", text)
    if parsed.language == "ruby":
        held = handler.child_by_field_name("exceptions")
        return parsed.words(held) if held is not None else ""
    if parsed.language in ("csharp", "php", "cpp"):
        holder = _declaring(parsed.language, handler)
        held = holder.child_by_field_name("type") if holder is not None else None
        return parsed.words(held) if held is not None else ""
    parameter = next((one for one in handler.named_children if one.type == "catch_formal_parameter"), None)
    kinds = [one for one in parameter.named_children if one.type == "catch_type"] if parameter is not None else []
    return parsed.words(kinds[0]) if kinds else ""


def _declaring(language: Language, handler: Node) -> Node | None:
    """The part of a `catch` that has the type."""
    if language == "php":
        return handler
    if language == "csharp":
        return next((one for one in handler.named_children if one.type == "catch_declaration"), None)
    listed = handler.child_by_field_name("parameters")
    return listed.named_children[0] if listed is not None and listed.named_children else None
