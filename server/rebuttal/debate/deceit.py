"""What in a fix or a ruling would not be taken for what it is.

A model that obeys the code under review may offer a fix that looks harmless and is not, or refute a claim with what the
author says instead of what the code does. The form of both is checked here, in code; whether a fix is right is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from rebuttal.debate.model import ClaimFix
from rebuttal.text.hidden import has_hidden

FAR_RIGHT = 60
"""Blanks between two words of a line: what follows them is out of sight in an editor."""

_FAR = re.compile(rf"\S[ \t]{{{FAR_RIGHT},}}\S")
_WORD = re.compile(r"\w+")
_PROSE = (".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".cursorrules")
_HASH = ("py", "pyi", "rb", "sh", "bash", "zsh", "yml", "yaml", "toml", "pl", "r", "ex", "exs", "jl", "tf", "mk", "ps1")
_DASHES = ("sql", "lua", "hs", "elm", "ada", "vhdl")
_COMMENTS = (
    (re.compile(r"#(?!!)"), _HASH),
    (re.compile(r"--"), _DASHES),
    (re.compile(r"<!--"), ("html", "htm", "xml", "vue", "svelte", "svg")),
)
_SLASHES = re.compile(r"//|/\*|\*(?=[\s/]|$)")
_NO_SLASHES = {suffix for _, suffixes in _COMMENTS[:2] for suffix in suffixes if suffix != "sql"}

_LOOK_ALIKES = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονικυАВЕЅІЈКМНОРСТУХаеорсухѕіјһԁԛԝ")
"""Letters of the Greek and Cyrillic alphabets that are drawn as letters of ASCII are (Unicode's confusables)."""


def in_fix(fixes: Iterable[ClaimFix]) -> str | None:
    """Why a fix would not be seen for what it is, to follow "its fix is withheld: "; None where it would."""
    for fix in fixes:
        if has_hidden(fix.replacement) or has_hidden(fix.quote):
            return "it holds characters that do not show"
        if _FAR.search(fix.replacement) and not _FAR.search(fix.quote):
            return "a line of it goes on far to the right, out of sight"
        known = set(_WORD.findall(fix.quote))
        if any(_looks_like_another(word) for word in _WORD.findall(fix.replacement) if word not in known):
            return "it writes a word with letters that only look like those of another"
    return None


def is_said_only(quote: str, file: str) -> bool:
    """Whether a quote holds nothing but comments, or prose: what somebody says of the code, not what it does."""
    lines = [line.strip().removeprefix("+").strip() for line in quote.split("\n") if line.strip()]
    name = file.lower()
    return name.endswith(_PROSE) or all(_is_comment(line, name.rpartition(".")[2]) for line in lines)


def _is_comment(line: str, suffix: str) -> bool:
    if any(start.match(line) for start, suffixes in _COMMENTS if suffix in suffixes):
        return True
    return suffix not in _NO_SLASHES and _SLASHES.match(line) is not None


def _looks_like_another(word: str) -> bool:
    if word.isascii():
        return False
    has_ascii = any(char.isascii() and char.isalpha() for char in word)
    # Compilers that follow Unicode (Python's too) read a mathematical or full-width letter as the plain one.
    is_dressed = any(not char.isascii() and _is_plain_letter(unicodedata.normalize("NFKC", char)) for char in word)
    return is_dressed or (has_ascii and not _LOOK_ALIKES.isdisjoint(word))


def _is_plain_letter(text: str) -> bool:
    return text.isascii() and text.isalpha()
