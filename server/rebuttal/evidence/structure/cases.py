"""The test cases of a file, by the customs of its language and its usual test libraries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import Side
from rebuttal.evidence.structure.lines import Lines
from rebuttal.text.languages import Language

_JS: tuple[Language, ...] = ("javascript", "typescript", "tsx")
_QUOTED = r"(?P<quote>['\"`])(?P<name>(?:\\.|(?!(?P=quote)).)+)(?P=quote)"
_CALLED: dict[Language, re.Pattern[str]] = {
    **dict.fromkeys(_JS, re.compile(rf"^\s*(?:x?it|x?test|specify|fit)(?:\.(?!each)\w+)*\s*\(\s*{_QUOTED}")),
    "ruby": re.compile(rf"^\s*(?:x?it|x?specify|test|scenario)\s*\(?\s*{_QUOTED}"),
    "cpp": re.compile(r"^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST)\s*\(\s*(?P<name>\w+\s*,\s*\w+)\s*\)"),
    "swift": re.compile(rf"^\s*x?it\s*\(\s*{_QUOTED}"),
}
_CALLS = ("call_expression", "call", "function_definition", "expression_statement", "method_call")
_NAMED: dict[Language, re.Pattern[str]] = {
    "python": re.compile(r"test"),
    "go": re.compile(r"(?:Test|Fuzz)[A-Z_\d]"),
    "ruby": re.compile(r"test_"),
    "php": re.compile(r"test(?![a-z])"),
    "swift": re.compile(r"test"),
    "bash": re.compile(r"test_"),
}
_MARKED: dict[Language, re.Pattern[str]] = {
    "java": re.compile(r"@(?:Test|ParameterizedTest|RepeatedTest)\b"),
    "kotlin": re.compile(r"@(?:Test|ParameterizedTest)\b"),
    "csharp": re.compile(r"\[(?:Fact|Theory|Test|TestCase|TestMethod)\b"),
    "rust": re.compile(r"#\[(?:\w+::)*(?:test|rstest|test_case)\b"),
    "php": re.compile(r"@test\b|#\[Test\b"),
}
_ABOVE = re.compile(r"\s*(?:[@\[#*]|/\*|//|\w.*\)\]$)")
_MOST = 3000


@frozen
class Case:
    """One test case."""

    name: str
    first_line: int
    """Of what is written above it too, where its language calls that a part of it."""
    last_line: int


def cases(lines: Lines, side: Side) -> tuple[Case, ...]:
    """The test cases of one side, in order."""
    return lines.once(("cases", side), lambda: tuple(sorted(_found(lines, side), key=lambda one: one.first_line)))


def _found(lines: Lines, side: Side) -> Iterator[Case]:
    yield from _by_name(lines, side)
    yield from _by_call(lines, side)


def body(lines: Lines, side: Side, case: Case) -> list[str]:
    """Its lines, stripped."""
    return [line.strip() for line in lines.of(side)[case.first_line : case.last_line + 1]]


def _by_name(lines: Lines, side: Side) -> Iterator[Case]:
    language = lines.language
    if language is None or (language not in _NAMED and language not in _MARKED):
        return
    named, marked = _NAMED.get(language), _MARKED.get(language)
    text = lines.of(side)
    for symbol in lines.symbols(side):
        if symbol.kind not in ("function", "method"):
            continue
        first = symbol.start_line
        if marked is not None:
            while first > 0 and _ABOVE.match(text[first - 1]) and symbol.start_line - first < 12:
                first -= 1
        is_named = named is not None and named.match(symbol.name) is not None
        if is_named or (marked is not None and any(marked.search(line) for line in text[first : symbol.name_line + 1])):
            yield Case(symbol.name, first, symbol.end_line)


def _by_call(lines: Lines, side: Side) -> Iterator[Case]:
    pattern = _CALLED.get(lines.language) if lines.language else None
    if pattern is None:
        return
    count = 0
    for number, line in enumerate(lines.of(side)):
        match = pattern.match(line) if len(line) < 400 else None
        if match is None:
            continue
        count += 1
        if count > _MOST:
            return
        node = lines.node(side, number, len(line) - len(line.lstrip()))
        whole = (
            next((one for one in node.around() if one.kind in _CALLS and one.last_line > number), None)
            if node
            else None
        )
        if whole is not None and whole.first_line == number:
            yield Case(match["name"], number, whole.last_line)
