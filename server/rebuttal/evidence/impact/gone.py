"""The names that a change took away: symbols, command line options, environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.ground import timely
from rebuttal.evidence.model import Material
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Unparsed
from rebuttal.text.symbols import symbols_of

MANY = 200
"""Names that one change may take away and have looked for; a change that takes more away says so itself."""
LONGEST = 1_000_000
"""Characters of a file that is still written by hand."""
_KINDS = ("function", "method", "class", "constant", "type", "interface", "enum")
_WORD = r"[A-Za-z_]\w*"
_OPTION = re.compile(r"""['"](?:-\w,? )?(--[a-z][a-z0-9]*(?:-[a-z0-9]+)*)(?:/--[\w-]+)?(?:[ =<\[].*?)?['"]""")
_DECLARES_OPTION = re.compile(r"\b(?:add_argument|addoption|option|Option|add_option)\s*\(\s*$")
_ENVIRONMENT = re.compile(
    r"""(?:environ(?:\.get)?\s*[\[(]|getenv\s*\(|Getenv\s*\(|LookupEnv\s*\(|env::var(?:_os)?\s*\(|\bENV(?:\.fetch)?\s*[\[(]|"""
    r"""process\.env\s*\[|\bgetenv\s*\()\s*['"]([A-Z][A-Z0-9_]+)['"]|process\.env\.([A-Z][A-Z0-9_]+)\b|"""
    r"""\benvvar\s*=\s*['"]([A-Z][A-Z0-9_]+)['"]"""
)
_FOREIGN = re.compile(
    r"(?:LC|XDG|PYTHON|GITHUB|GITLAB|CI|AWS|AZURE|GOOGLE|GCP|NODE|NPM|GIT|DOCKER|KUBE|CARGO|RUST|JAVA|GO|SSL|CUDA|OMP|SSH|"
    r"COMP|TERM|HTTPS?|NO|ALL|FTP|FORCE|USER|PROGRAMFILES|LOCALAPPDATA|VIRTUAL|CONDA|SOURCE_DATE|READTHEDOCS|TEST|PIP)_"
)
"""Beginnings of variables that a system or another program gives a meaning to: they are not the repository's own."""


@frozen
class Gone:
    """A name that the change took away."""

    diff: FileDiff
    what: Literal["symbol", "option", "variable"]
    name: str
    line: int
    """Of the old side."""
    start_offset: int
    symbol: Symbol | None = None
    heir: str | None = None
    """The class of a method, where it inherits: a base may have the method too."""


def gone(material: Material) -> tuple[Gone, ...]:
    """What is gone, each name once; nothing where the change takes away more than MANY."""
    return material.once("impact gone", lambda: _gone(material))


def _gone(material: Material) -> tuple[Gone, ...]:
    found: dict[str, Gone] = {}
    for diff in timely(material):
        if diff.status == "copied" or not diff.old_text or is_test(diff.old_path or diff.path):
            continue
        if not diff.removed_lines or len(diff.old_text) > LONGEST:
            continue
        for one in (*_symbols(material, diff), *_options(diff), *_variables(diff)):
            found.setdefault(one.name, one)
    return tuple(found.values()) if len(found) <= MANY else ()


def _symbols(material: Material, diff: FileDiff) -> Iterator[Gone]:
    language, text = language_of(diff.old_path or diff.path), diff.old_text or ""
    if language is None:
        return
    left, removed = words_in(diff.new_text or ""), diff.removed_lines
    lines = text.split("\n")
    if words_in("\n".join(lines[line] for line in removed if line < len(lines))) <= left:
        return
    try:
        symbols = symbols_of(text, language, material.parser)
    except Unparsed:
        return
    here = {one.name for one in symbols}
    heirs = {
        one.qualified: one.name
        for one in symbols
        if one.kind == "class" and not all(_is_in(base, here) for base in one.bases)
    }
    for one in symbols:
        outer = one.parent in (None, "class", "interface", "namespace", "enum") and one.kind in _KINDS
        if outer and one.name_line in removed and one.is_public and one.name not in left:
            heir = heirs.get(one.qualified.rpartition(".")[0]) if one.kind == "method" else None
            yield Gone(diff, "symbol", one.name, one.name_line, one.name_offset, one, heir)


def _is_in(base: str, here: set[str]) -> bool:
    """Whether a base stands in the same file, or is one without methods of its own."""
    return re.split(r"[\[<(]", base)[0].strip().rpartition(".")[2] in here | {"object", "ABC", "Exception", "Generic"}


def words_in(text: str) -> frozenset[str]:
    """The identifiers of a text."""
    return frozenset(re.findall(_WORD, text))


def _options(diff: FileDiff) -> Iterator[Gone]:
    """Options of a command line that the code declared itself, not those that it gives to other programs."""
    text, now = diff.old_text or "", diff.new_text or ""
    if language_of(diff.old_path or diff.path) is None or "--" not in text:
        return
    for found in _OPTION.finditer(text):
        name = found[1]
        if not _DECLARES_OPTION.search(_before(text, found.start())) or _has_option(now, name):
            continue
        line = text.count("\n", 0, found.start())
        if line in diff.removed_lines:
            yield Gone(diff, "option", name, line, found.start(1))


def _before(text: str, place: int) -> str:
    """What stands before a place, without the string arguments right before it (`"-v", "--verbose"`)."""
    before = text[max(0, place - 200) : place]
    return re.sub(r"""(?:['"]-\w['"]\s*,\s*)+\Z""", "", before)


def _has_option(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _variables(diff: FileDiff) -> Iterator[Gone]:
    text, now = diff.old_text or "", diff.new_text or ""
    if language_of(diff.old_path or diff.path) is None:
        return
    for found in _ENVIRONMENT.finditer(text):
        name = found[1] or found[2] or found[3]
        if "_" not in name or name in now or _FOREIGN.match(name):
            continue
        start = found.start(found.lastindex or 0)
        line = text.count("\n", 0, start)
        if line in diff.removed_lines:
            yield Gone(diff, "variable", name, line, start)
