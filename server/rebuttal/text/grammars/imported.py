"""From an import statement to what it brings: `a::{b, c as d}` is three names of two modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rebuttal.text.model import Import
from rebuttal.text.parsing import ParsedText

if TYPE_CHECKING:
    from tree_sitter import Node

    from rebuttal.text.grammars.shapes import Shape

_LONGEST = 20_000
_DEPTH = 20
_LEADING = re.compile(
    r"(?:(?:pub(?:\s*\([^)]*\))?|import|export|use|using|static|global|extern|crate|function|const|mod|public|private|@\w+|"
    r"struct|class|enum|protocol|typealias|func|let|var|unsafe)\b\s+|@\w+(?:\([^)]*\))?\s+|(?:using|import)\s*(?=\())+"
)
_ALIAS = re.compile(r"^(.*?)(?:\s+as\s+|\s*=>\s*)([\w$]+|_)$", re.DOTALL)
_ASSIGNED = re.compile(r"^([\w$]+)\s*=\s*(.+)$", re.DOTALL)
_VARIABLE = re.compile(r"^(?:\$\{?\w+\}?|\$\([^)]*\))(?=/)")


def from_file(parsed: ParsedText, node: Node, module: Node, how: str) -> Iterator[Import]:
    """`#include "a.h"`, `require "a"`, `source a.sh`: all that the file holds."""
    text = parsed.words(module).strip()
    quoted = re.findall(r"""["']([^"'\n]+)["']""", text)
    if parsed.language == "php" and ("__DIR__" in text or "dirname" in text) and quoted:
        text = "./" + quoted[-1].lstrip("/")
    elif parsed.language == "bash":
        text = text.strip("\"'")
    elif quoted:
        text = quoted[-1]
    if how == "require_relative" and not text.startswith("."):
        text = f"./{text}"
    if text:
        yield Import(
            text, "*", "", node.start_point.row, parsed.offset(node.start_byte), parsed.offset(module.end_byte)
        )


def from_statement(parsed: ParsedText, node: Node, shape: Shape) -> Iterator[Import]:
    """What an import of names brings, one by one."""
    whole = parsed.words(node)[:_LONGEST].rstrip().rstrip(";")
    text, row, start = whole, node.start_point.row, parsed.offset(node.start_byte)
    lead = _LEADING.match(text)
    skip = lead.end() if lead else 0
    if parsed.language == "rust" and node.type == "mod_item":
        name = text.split()[-1]
        place = start + len(whole) - len(name)
        yield Import(f"self::{name}", None, name, row, place, place + len(name))
        return
    passed_on = (parsed.language == "rust" and whole.startswith("pub")) or node.type == "export_declaration"
    named = re.search(r"\b(?:static|struct|class|enum|protocol|typealias|func|let|var)\b", whole[:skip]) is not None
    for module, name, alias, first, last in _expand(text[skip:], shape.separator, "", skip, 0):
        line = row + whole.count("\n", 0, first)
        span = (line, start + first, start + last, passed_on)
        yield _import(parsed, shape, (module, name, alias), named, span)


def _import(
    parsed: ParsedText,
    shape: Shape,
    given: tuple[str, str, str | None],
    named: bool,
    span: tuple[int, int, int, bool],
) -> Import:
    module, name, alias = given
    whole = f"{module}{shape.separator}{name}" if module else name
    if name in shape.wildcards:
        return Import(module, "*", "", *span)
    if name == "self" and parsed.language == "rust":
        return Import(module, None, alias or module.rpartition("::")[2], *span)
    if shape.imports_whole and not (parsed.language == "swift" and named):
        # C# aliases a namespace or a type: which of them cannot be told.
        return Import(whole, None, alias, *span) if alias else Import(whole, "*", "", *span)
    if not module:
        return Import(name, None, alias or name, *span)
    return Import(module, name, "" if alias == "_" else alias or name, *span)


Piece = tuple[str, str, str | None, int, int]


def _expand(text: str, separator: str, before: str, at: int, depth: int) -> Iterator[Piece]:
    """(module, name, alias, start, end) of each name; `at` is where `text` begins in the statement."""
    for piece, offset in _split(text):
        stripped = piece.strip()
        place = at + offset + len(piece) - len(piece.lstrip())
        brace = stripped.find("{")
        if brace >= 0 and stripped.endswith("}") and depth < _DEPTH:
            head = _clean(stripped[:brace]).removesuffix(separator)
            module = separator.join(one for one in (before, head) if one)
            yield from _expand(stripped[brace + 1 : -1], separator, module, place + brace + 1, depth + 1)
        elif stripped:
            yield _piece(stripped, separator, before, place)


def _piece(text: str, separator: str, before: str, place: int) -> Piece:
    shown, alias = text, None
    if (found := _ALIAS.match(text)) or (separator == "." and (found := _ASSIGNED.match(text))):
        shown, alias = found.groups() if "=" not in text or "=>" in text else found.groups()[::-1]
    path = _clean(re.sub(r"^(?:function|const)\s+", "", shown))
    head, _, name = path.rpartition(separator)
    module = separator.join(one for one in (before, head) if one)
    return module, name, alias, place, place + len(text)


def _clean(text: str) -> str:
    return re.sub(r"\s+|/\*.*?\*/|//[^\n]*", "", text).strip("\\")


def _split(text: str) -> Iterator[tuple[str, int]]:
    """The parts between the commas that stand in no braces."""
    depth, first = 0, 0
    for place, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            yield text[first:place], first
            first = place + 1
    yield text[first:], first
