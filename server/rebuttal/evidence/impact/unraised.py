"""Handlers of an error that nothing raises any more, since a change made its one function raise another.

Told only of errors that the repository defines, where every line that still names it is known for what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.ground import Ground
from rebuttal.findings.model import Related
from rebuttal.text.languages import Language, is_test

_HANDLERS: dict[Language, str] = {
    "python": r"^\s*except\b.*\b{0}\b",
    "javascript": r"\binstanceof\s+(?:[\w$]+\.)*{0}\b",
    "java": r"\bcatch\s*\(.*\b{0}\b",
    "csharp": r"\bcatch\s*\(.*\b{0}\b",
    "php": r"\bcatch\s*\(.*\b{0}\b",
    "cpp": r"\bcatch\s*\(.*\b{0}\b",
    "ruby": r"^\s*rescue\b.*\b{0}\b",
    "go": r"\berrors\.Is\(\s*\w+,\s*(?:\w+\.)?{0}\s*\)|[=!]=\s*(?:\w+\.)?{0}\b|^\s*case\b.*\b{0}\b",
}
_SCRIPTS: frozenset[Language] = frozenset({"typescript", "tsx"})
_DEFINES = r"\b(?:class|struct|type)\s+{0}\b|^\s*(?:var\s+)?{0}\s*=\s*(?:errors\.New|fmt\.Errorf)\("
_NEUTRAL = re.compile(
    r"^\s*(?:#(?!include)|//|/?\*|import\b|from\b|use\b|using\b|package\b|export\b.*\bfrom\b|export\s*\{|module\.exports\b"
    r"|(?:const|let|var)\s*\{.*\brequire\b)|\s*['\"]?\w+['\"]?(?:\s*,\s*['\"]?\w+['\"]?)*\s*,?\s*\Z"
)
"""Comments, imports, lists of names that go in or out."""


def handlers_left(ground: Ground, name: str, language: Language, fresh: str) -> list[Related]:
    """Where an error is still provided for; empty where anything may still raise it, or `fresh` is handled too."""
    sources = list(ground.sources(name, language))
    if not any(_defines(source, name) for source in sources):
        return []
    found: list[Related] = []
    for source in sources:
        lines = source.text.split("\n")
        for line in _lines_with(source.text, name):
            kind = _kind(lines[line], name, source.language or language)
            if kind == "other" and not is_test(source.path):
                return []
            if kind == "handler" and not is_test(source.path):
                near = "\n".join(lines[max(0, line - 12) : line + 13])
                if re.search(rf"\b{re.escape(fresh)}\b", near):
                    return []
                message = f"still provides for `{name}`, which nothing raises now"
                found.append(Related(source.path, source.index.range_of_git_lines(line, line), message))
    return found


def _defines(source: Source, name: str) -> bool:
    return re.search(_DEFINES.format(re.escape(name)), source.text, re.MULTILINE) is not None


def _lines_with(text: str, name: str) -> Iterator[int]:
    last = -1
    for found in re.finditer(rf"\b{re.escape(name)}\b", text):
        line = text.count("\n", 0, found.start())
        if line != last:
            yield line
        last = line


def _kind(line: str, name: str, language: Language) -> str:
    word = re.escape(name)
    handler = _HANDLERS["javascript" if language in _SCRIPTS else "cpp" if language == "c" else language]
    if re.search(handler.format(word), line):
        return "handler"
    neutral = re.search(_DEFINES.format(word), line) or _NEUTRAL.match(line)
    return "neutral" if neutral else "other"
