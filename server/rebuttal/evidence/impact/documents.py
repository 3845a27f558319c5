"""Documents, docstrings and comments that still name what the change took away.

Only distinctive names that no code holds any more, and only where a document shows them as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.gone import Gone, gone
from rebuttal.evidence.impact.ground import MANY_FILES, RELATED, Ground, how_many, places
from rebuttal.evidence.model import Fact, Material
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import DOCUMENTATION
from rebuttal.findings.model import Related
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import references_of

DOCUMENT = Rule(
    "impact:document",
    "A document names what is gone",
    "Who follows the document looks for something that is no longer there.",
    "low",
    "documentation",
    DOCUMENTATION,
    "likely",
)
RULES = (DOCUMENT,)

_PROSE = (".md", ".mdx", ".markdown", ".rst", ".adoc", ".txt")
_HISTORY = re.compile(
    r"(?:^|/)(?:change|changes|changelog|history|news|release|releases|upgrad|migrat|whatsnew|what's|archive|archived|"
    r"blog|rfc|rfcs|adr|proposals?|versioned|deprecat|breaking|security|\.changeset|fragments|newsfragments|authors|"
    r"thanks|todo|roadmap|v?\d+\.\d+)[^/]*(?:/|$)|migration[\s_-]*guide[^/]*$",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"\b(?:remov|deprecat|renam|replac|no longer|former|previous|used to|legacy|obsolete|dropped|deleted|instead|"
    r"was called|older|before v|until v|prior to|migrat|backwards?)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_AROUND = 2
"""A line so near that says what became of a name speaks for it."""
_NOTE = 40
_VERSION = re.compile(
    r"^\s*(?:\.\. (?:version|deprecat)|:(?:version|deprecat)\w*:|(?:Added|Changed) in version)|^#+\s*v?\d+\.\d+"
)
_LINK = re.compile(r":(?:\w+:)?\w+:`|\{@link|@see\b|\[\[?`")
_CODE_OFF = re.compile(r"^\s*(?://(?![/!]).*[;{}]|#\s*(?:[\w.]+\s*=\s*)?[\w.]+\([^#]*\))\s*$")
"""A line of code that was made a comment: it documents nothing."""
_COMMENT = re.compile(r"^\s*(?:#|//|/\*|\*|--|;|\"\"\"|''')")


def words(material: Material) -> Iterator[str]:
    return (one.name for one in gone(material) if is_distinctive(one))


def is_distinctive(one: Gone) -> bool:
    """Whether the name is hardly that of something else."""
    name = one.name
    if one.what == "option":
        return len(name) > 5
    if one.what == "variable":
        return len(name) > 4
    if len(name) < 6 or name.startswith("__"):
        return False
    return "_" in name.strip("_") or re.search(r"[a-z0-9][A-Z]", name) is not None


def is_history(path: str) -> bool:
    """Whether a document tells of the past: what it names need not be there any more."""
    return _HISTORY.search(path) is not None


def check(ground: Ground) -> Iterator[Fact]:
    """One fact for each name that is gone from the code, yet not from the documents."""
    look = ground.deadline("documents")
    for one in gone(ground.material):
        look()
        if is_distinctive(one):
            found = list(_stale(ground, one))
            if found:
                yield _fact(one, found)


def _stale(ground: Ground, one: Gone) -> Iterator[Related]:
    """Where documents name it; nothing where code does."""
    hits = ground.places.get(one.name, {})
    if not hits or len(hits) > MANY_FILES:
        return
    found: list[Related] = []
    for path, lines in sorted(hits.items()):
        source = ground.code.source(path)
        if source is None:
            return
        text = source.text.split("\n")
        exact = [line for line in lines if line < len(text) and _stands(one, text[line])]
        if not exact or is_history(path):
            continue
        if path.endswith(_PROSE):
            found += _in_prose(ground, one, source, text, exact)
        elif _is_live(ground, one, source, text, exact):
            return
        else:
            found += _in_comments(ground, one, source, text, exact)
    yield from found


def _may_be_of_a_base(one: Gone, line: str) -> bool:
    return one.heir is not None and one.heir not in line


def _stands(one: Gone, line: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(one.name)}(?![\w-])", line) is not None


def _is_live(ground: Ground, one: Gone, source: Source, text: list[str], lines: list[int]) -> bool:
    """Whether code, or a string or a setting that code may read, holds the name."""
    if source.language is None:
        return True
    if one.what == "symbol":
        try:
            if references_of(source.text, source.language, (one.name,), ground.material.parser):
                return True
        except Unparsed:
            return True
        if any(symbol.name == one.name for symbol in source.symbols):
            return True
    return any(not _is_said(one, text[line]) for line in lines)


def _is_said(one: Gone, line: str) -> bool:
    """Whether a line of a code file only speaks of the name: a comment, or a docstring's code span."""
    if re.search(rf"""['"]{re.escape(one.name)}['"]""", line):
        return False
    return _COMMENT.match(line) is not None or _in_span(one, line)


def _in_span(one: Gone, line: str) -> bool:
    name = re.escape(one.name)
    return any(re.search(rf"(?<![\w-]){name}(?![\w-])", span) for span in re.findall(r"`([^`]+)`", line))


def _in_prose(ground: Ground, one: Gone, source: Source, text: list[str], lines: list[int]) -> Iterator[Related]:
    for line in lines:
        if not _in_span(one, text[line]) and not _is_code(source.path, text, line) and one.what == "symbol":
            continue
        if not _is_told(ground, source.path, text, line) and not _may_be_of_a_base(one, text[line]):
            yield _related(one, source, text, line)


def _is_code(path: str, text: list[str], line: int) -> bool:
    """Whether a line of a document stands in a block of code."""
    if path.endswith((".rst", ".adoc", ".txt")):
        return text[line].startswith(("   ", "\t", ".. auto")) or ":`" in text[line]
    fences = sum(1 for above in text[:line] if _FENCE.match(above))
    return fences % 2 == 1 or text[line].startswith(("    ", "\t"))


def _in_comments(ground: Ground, one: Gone, source: Source, text: list[str], lines: list[int]) -> Iterator[Related]:
    for line in lines:
        if _CODE_OFF.search(text[line]) or _may_be_of_a_base(one, text[line]):
            continue
        called = re.search(rf"\b{re.escape(one.name)}\(", text[line]) is not None
        shown = _in_span(one, text[line]) or _LINK.search(text[line]) or called
        if (shown or one.what == "option") and not _is_told(ground, source.path, text, line):
            yield _related(one, source, text, line)


def _is_told(ground: Ground, path: str, text: list[str], line: int) -> bool:
    """Whether the document says that the name is of the past, or the change wrote the line."""
    diff = ground.material.change.file(path)
    if diff is not None and line in diff.added_lines:
        return True
    near = text[max(0, line - _AROUND) : line + _AROUND + 1]
    return any(_TOLD.search(one) for one in near) or _is_of_a_version(text, line)


def _is_of_a_version(text: list[str], line: int) -> bool:
    """Whether the line is part of a note on what a version changed (`.. versionchanged::` and what is indented)."""
    width = len(text[line]) - len(text[line].lstrip())
    for above in reversed(text[max(0, line - _NOTE) : line + 1]):
        indent = len(above) - len(above.lstrip())
        if above.strip() and (indent < width or above is text[line]):
            if _VERSION.search(above):
                return True
            width = min(width, indent)
    return False


def _related(one: Gone, source: Source, text: list[str], line: int) -> Related:
    column = text[line].find(one.name)
    start = sum(len(above) + 1 for above in text[:line]) + column
    return Related(source.path, source.index.range(start, start + len(one.name)), f"names `{one.name}`")


def _fact(one: Gone, found: list[Related]) -> Fact:
    what = {"symbol": "", "option": "The option ", "variable": "The environment variable "}[one.what]
    files = {place.file for place in found}
    where = "a document still names" if len(files) == 1 else "documents still name"
    if not any(path.endswith(_PROSE) for path in files):
        where = where.replace("document", "comment")
    return DOCUMENT.fact(
        one.diff,
        one.line,
        one.line,
        f"{what}`{one.name}` is gone from the code, but {where} it ({how_many(found, 'place')}): {places(found)}.",
        title=f"`{one.name}` is gone but documents still name it",
        side="old",
        where=LineIndex(one.diff.old_text or "").range(one.start_offset, one.start_offset + len(one.name)),
        related=tuple(found[:RELATED]),
    )
