"""Of which type a receiver is, as far as its declaration is written in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.nominal.types import Types
from rebuttal.text.model import Reference, Symbol

SELF = ("this", "$this", "self", "static")
SUPER = ("super", "base", "parent")
_NAME = re.compile(r"\$?\w+")
_FIELD = re.compile(r"(?:\$this|this)\??(?:->|\.)(\w+)")
_MADE = re.compile(r"\(?\s*new\s+([\w.\\]+)\s*(?:<[^()]*>)?\s*\(")
_NOT_TYPES = frozenset(
    {
        *("return", "new", "throw", "else", "case", "goto", "package", "import", "using", "await", "yield", "in"),
        *("instanceof", "is", "as", "extends", "implements", "assert", "out", "ref", "final", "readonly", "const"),
        *("echo", "and", "or", "xor", "print", "clone", "public", "private", "protected", "static", "global", "use"),
        *("insteadof", "from", "select", "where", "when", "not", "params", "this", "do", "var", "val", "let"),
    }
)
_DECLARED = (
    r"(?<![\w.>])([A-Za-z_][\w.]*)\s*((?:<[^;(){{}}=]*>)?\s*\??(?:\[[,\s]*\])*(?:\s*\.\.\.)?)"
    r"\s*\b{name}\s*(?=[=;,):]|in\b|&&|\|\|)"
)
"""A type, what makes it another one, and the name."""
UNKNOWN = ""
"""The type of a receiver that is declared without one, or in more ways than one."""


def holder(source: Source, offset: int) -> list[Symbol]:
    """The types around a place, innermost first."""
    return [one for one in reversed(source.around(offset)) if one.kind in ("class", "interface", "enum")]


def full_name(types: Types, source: Source, symbol: Symbol) -> str:
    package = types.package(source, symbol.name_offset)
    return f"{package}.{symbol.qualified}" if package else symbol.qualified


def receiver_type(types: Types, source: Source, reference: Reference) -> str | None:
    """The full name of the type whose member is asked for; None for a foreign one, UNKNOWN where none is written.

    Not for `this` and `super`: what they mean is the caller's to tell.
    """
    text, offset = (reference.receiver or "").strip(), reference.start_offset
    if made := _MADE.match(text):
        return types.resolve(made[1], source, offset) if _is_one_call(text) else UNKNOWN
    if field := _FIELD.fullmatch(text):
        return _field_type(types, source, field[1], offset)
    if _NAME.fullmatch(text) and (types.language != "php" or text.startswith("$")):
        return _of_variable(types, source, text, offset)
    return types.resolve(text, source, offset) or UNKNOWN if re.fullmatch(r"[\w.\\]+", text) else UNKNOWN


def _of_variable(types: Types, source: Source, name: str, offset: int) -> str | None:
    written = declared_type(source, name, offset)
    if written is not None:
        return types.resolve(written, source, offset) if written else UNKNOWN
    if types.language == "php":
        return UNKNOWN
    found = _field_type(types, source, name, offset)
    if found == UNKNOWN and name[:1].isupper():
        return types.resolve(name, source, offset) or UNKNOWN
    return found


def _is_one_call(text: str) -> bool:
    """Whether nothing follows the arguments of `new X(...)`."""
    depth, wrapped = 0, text.startswith("(")
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == ")" and depth == (1 if wrapped else 0):
            return text[place + 1 :].strip() == (")" if wrapped else "")
    return False


def declared_type(source: Source, name: str, offset: int) -> str | None:
    """What a local name or parameter is declared as; "" where that is not one written type, None where it is none."""
    around = [one for one in source.around(offset) if one.kind in ("method", "function")]
    if not around:
        return None
    text = source.text[around[0].start_offset : offset]
    found = set(_php_types(text, name) if source.language == "php" else _typed(text, name))
    if not found:
        return None
    return found.pop() if len(found) == 1 else UNKNOWN


def _typed(text: str, name: str) -> Iterator[str]:
    """The types with which Java or C# declares a local name; "" where it is declared without."""
    word = re.escape(name)
    for found in re.finditer(_DECLARED.format(name=word), text):
        if found[1] == "var":
            made = re.match(r"\s*=\s*new\s+([\w.]+)", text[found.end() :])
            yield made[1] if made else UNKNOWN
        elif found[1] not in _NOT_TYPES:
            yield UNKNOWN if "[" in found[2] or "..." in found[2] else found[1]
    if re.search(rf"(?<![\w.]){word}\s*(?:->|=>)|\(\s*(?:\w+\s*,\s*)*{word}\s*(?:,\s*\w+\s*)*\)\s*(?:->|=>)", text):
        yield UNKNOWN


def _php_types(text: str, name: str) -> Iterator[str]:
    word = re.escape(name)
    for found in re.finditer(rf"([?\w\\|&]+)\s+&?(\.\.\.)?{word}(?!\w)", text):
        if found[1].lower().rpartition("\\")[2] not in (*_NOT_TYPES, "&&", "||", "&", "|"):
            yield UNKNOWN if found[2] or not re.fullmatch(r"\??[\w\\]+", found[1]) else found[1]
    for found in re.finditer(rf"{word}\s*=(?![=>])\s*(?:new\s+([\w\\]+))?", text):
        yield found[1] or UNKNOWN
    if re.search(rf"(?:\bas\s+|=>\s*|\[|list\(.*){word}(?!\w)|(?:\bfn|function)\s*\([^)]*(?<![\w\\] ){word}\b", text):
        yield UNKNOWN


def _field_type(types: Types, source: Source, name: str, offset: int) -> str | None:
    for around in holder(source, offset):
        found = types.lookup(full_name(types, source, around), name)
        fields = [(part, symbol) for part, symbol in found if symbol.kind == "field"]
        if fields:
            part, symbol = fields[0]
            written = _written_type(part.source, symbol)
            return types.resolve(written, part.source, symbol.name_offset) if written else UNKNOWN
    return UNKNOWN


def _written_type(source: Source, symbol: Symbol) -> str:
    """The type that stands before a field's name; "" where there is no one type."""
    before = source.text[symbol.start_offset : symbol.name_offset].rstrip("$ \t\r\n")
    if source.language == "php":
        return _php_field(source, symbol, before)
    before = re.sub(r"<[^<>]*>|<[^<>]*<[^<>]*>[^<>]*>", "", before).rstrip(" ?")
    if before.endswith("]") or "=" in before or "," in before:
        return UNKNOWN
    found = re.search(r"([A-Za-z_][\w.]*)\Z", before)
    return found[1] if found and found[1] not in _NOT_TYPES else UNKNOWN


def _php_field(source: Source, symbol: Symbol, before: str) -> str:
    found = re.search(r"(\??[\w\\|&]+)\Z", before)
    if found and found[1].lower() not in {*_NOT_TYPES, "var", "readonly"}:
        return found[1] if re.fullmatch(r"\??[\w\\]+", found[1]) else UNKNOWN
    above = source.text[: symbol.start_offset].rstrip()
    if above.endswith("*/"):
        told = re.search(r"@var\s+(\\?[\w\\]+)\s*(?:\$\w+\s*)?(?:\*|$|\n)", above[above.rfind("/**") :])
        return told[1] if told else UNKNOWN
    return UNKNOWN
