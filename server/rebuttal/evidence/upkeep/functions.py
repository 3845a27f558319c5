"""The functions of a changed file, on either side."""

from __future__ import annotations

import re

from rebuttal.change.model import FileDiff, Side
from rebuttal.evidence.folders import NOT_THE_PRODUCT
from rebuttal.evidence.model import Material
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Unparsed
from rebuttal.text.symbols import symbols_of

CALLED = ("function", "method")
_NOT_THE_PRODUCT = re.compile(NOT_THE_PRODUCT)
_RUST_TESTS = re.compile(
    r"^#\[cfg\(test\)\]\s*(?:#\[.*\]\s*)*(?:pub(?:\(\w+\))?\s+)?mod\s+\w+\s*\{|^#\[test\]", re.MULTILINE
)


def is_own_code(path: str) -> bool:
    """Whether a file is code of the product itself: no test, example, benchmark or copy of somebody else's."""
    folders = {part.lower() for part in path.split("/")[:-1]}
    if language_of(path) is None or is_test(path) or _NOT_THE_PRODUCT.search(path.lower()):
        return False
    if path.rpartition("/")[2].lower().partition(".")[0] in ("test", "tests"):
        return False
    if path.endswith(".py") and "packages" in path.split("/")[1:-1]:
        return False  # Where requests and others kept what they brought along.
    # Go's helpers for tests stand in packages that are called so: httptest, echotest.
    return not (path.endswith(".go") and any(folder.endswith("test") for folder in folders))


def symbols(material: Material, diff: FileDiff, side: Side) -> tuple[Symbol, ...]:
    """The definitions on one side; none where there is no text, or it cannot be parsed."""
    text = diff.text(side)
    language = language_of(diff.path if side == "new" else diff.old_path or diff.path)
    if not text or language is None:
        return ()
    try:
        return symbols_of(text, language, material.parser)
    except Unparsed:
        return ()


def functions(material: Material, diff: FileDiff, side: Side) -> list[Symbol]:
    """Functions and methods that have a body."""
    return [one for one in symbols(material, diff, side) if one.kind in CALLED and not one.without_body]


def own_lines(path: str, text: str) -> int:
    """The git line at which the tests begin that a file of Rust holds itself; its line count where it holds none."""
    found = _RUST_TESTS.search(text) if path.endswith(".rs") else None
    return text.count("\n", 0, found.start()) if found else text.count("\n") + 1


def removed_text(material: Material, besides: FileDiff | None = None) -> frozenset[str]:
    """The lines that the change takes out, stripped, of all files or of all but one: what is moved is not new."""
    by_path = material.once("upkeep:removed", lambda: _removed(material))
    if besides is None:
        return material.once("upkeep:all-removed", lambda: frozenset().union(*by_path.values()))
    return frozenset().union(*(lines for path, lines in by_path.items() if path != besides.path))


def _removed(material: Material) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for diff in material.change.files:
        if diff.old_text and diff.hunks:
            lines = diff.old_text.split("\n")
            gone = (lines[line].strip() for hunk in diff.hunks for line in hunk.old_lines if line < len(lines))
            found[diff.path] = frozenset(gone)
    return found
