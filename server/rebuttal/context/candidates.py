"""What else a reviewer may need to see, with the reason and how much it matters (0 to 1).

Names are resolved by imports first; where none tells, only a definition that is unique in the repository counts.
A guess that is often wrong is worse than nothing: studies find that more context makes a review worse.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Iterator, Mapping

from rebuttal.change.model import FileDiff, Match, Tree
from rebuttal.context.changed import touched
from rebuttal.context.code import Code
from rebuttal.context.diff import HEADER_LINES
from rebuttal.context.guidelines import GUIDELINES
from rebuttal.context.packing import Candidate
from rebuttal.context.places import CLASSES, classes, functions
from rebuttal.text.languages import GLOBS, Language, family_of
from rebuttal.text.model import Symbol
from rebuttal.text.positions import git_lines

ENCLOSING, ENCLOSING_LARGE, OUTLINE = 0.9, 0.75, 0.65
DEFINITION_HERE, DEFINITION_CALLED, DEFINITION_USED = 0.85, 0.85, 0.75
DEFINITION_GUESSED, DEFINITION_NEAREST = 0.5, 0.45
CALLER_BROKEN, CALLER, CALLER_GUESSED = 0.95, 0.7, 0.45
OVERRIDE_BROKEN, IMPLEMENTER_BROKEN, OVERRIDE, OVERRIDDEN, SIBLING = 0.9, 0.85, 0.65, 0.7, 0.4
TEST_BROKEN, TEST, TEST_NAMED, TEST_GUESSED, TEST_OUTLINE = 0.6, 0.55, 0.5, 0.4, 0.35
BY_WORDS = 0.4
GUIDELINE_REVIEW, GUIDELINE = 0.8, 0.6

CALLERS_OF_ONE = 8
"""How many users of one definition are shown: more add little, and that there are more is in the reason."""
MAX_WANTED = 60
"""How many names are searched for in the whole repository."""
DISTINCTIVE = 5
"""A name of fewer letters stands for too many things."""
_LARGE = 120
_LARGE_CLASS = 50
_FIELDS = ("field", "variable", "constant")
_MOST_METHODS = 12
"""Of a class that holds changed lines. What a reviewer sees of the others are the calls to them."""
_SMALL_CLASS = 12
_DEFINES = re.compile(
    r"\b(?:def|class|func|function|const|let|var|type|interface|enum|struct|trait|fn|fun|val|mod|union|record)\b|"
    r"\b(?:macro_rules|object|protocol|extension|module|namespace|typedef|define|static)\b|^\s*(?:\w+\s+){0,4}\w+\s*\("
)


def family(language: Language | None) -> Language | None:
    """The family that calls each other; None for what is not parsed."""
    return None if language is None else family_of(language)


def defines(line: str) -> bool:
    """Whether a line may begin a definition: a cheap sieve before parsing."""
    return bool(_DEFINES.search(line[:500]))


def whole(file: str, symbol: Symbol, reason: str, score: float, names: Iterable[str] = ()) -> Candidate:
    """A definition of the new side, from its first line to its last."""
    signature = frozenset(_header(symbol))
    return Candidate(file, "new", symbol.start_line, symbol.end_line, reason, score, frozenset(names), signature)


def around(diff: FileDiff, old: Code, code: Code) -> Iterator[Candidate]:
    """The definitions that hold the changed lines: the function whole, its class as an outline."""
    symbols = code.symbols(diff.path)
    names = _added_names(diff)
    for function in touched(diff, old, code, functions):
        score = ENCLOSING if function.end_line - function.start_line < _LARGE else ENCLOSING_LARGE
        yield whole(diff.path, function, f"{function.qualified} holds changed lines", score, names)
    for holder in touched(diff, old, code, classes):
        only = frozenset(_outline(holder, _nearest(holder, symbols, diff, names)))
        reason = f"outline of {holder.qualified}, which holds changed lines"
        yield Candidate(diff.path, "new", holder.start_line, holder.end_line, reason, OUTLINE, only=only)


def definition(
    file: str, symbol: Symbol, reason: str, score: float, code: Code, *, whole_up_to: int = _LARGE_CLASS
) -> Candidate:
    """A definition that is used elsewhere: whole, but of a class of `whole_up_to` lines or more the outline only."""
    if symbol.kind not in CLASSES or symbol.end_line - symbol.start_line < whole_up_to:
        return whole(file, symbol, reason, score)
    only = frozenset(_outline(symbol, code.symbols(file)))
    return Candidate(file, "new", symbol.start_line, symbol.end_line, reason, score, only=only)


def outlined(file: str, symbol: Symbol, reason: str, score: float, code: Code) -> Candidate:
    """A class by its signatures; a small one whole."""
    return definition(file, symbol, reason, score, code, whole_up_to=_SMALL_CLASS)


def _outline(outer: Symbol, symbols: Iterable[Symbol]) -> Iterator[int]:
    yield from _header(outer)
    for one in symbols:
        if one.qualified.rpartition(".")[0] != outer.qualified or not outer.start_line < one.start_line:
            continue
        if one.kind in _FIELDS:
            yield from range(one.start_line, min(one.end_line, one.start_line + 2) + 1)
        else:
            yield from _header(one)


def _nearest(holder: Symbol, symbols: Iterable[Symbol], diff: FileDiff, names: Container[str]) -> list[Symbol]:
    """What a class that holds changed lines is outlined by: all of it, but of one with many methods those that the
    added lines name, and then those nearest to what changed."""
    members = [one for one in symbols if one.qualified.rpartition(".")[0] == holder.qualified]
    changed = [line for hunk in diff.hunks for line in (hunk.new_lines.start, hunk.new_lines.stop)]

    def distance(one: Symbol) -> tuple[bool, int, int]:
        apart = min((max(one.start_line - line, line - one.end_line, 0) for line in changed), default=0)
        return one.name not in names, apart, one.start_line

    methods = [one for one in members if one.kind not in _FIELDS]
    kept = sorted(methods, key=distance)[:_MOST_METHODS]
    return [one for one in members if one.kind in _FIELDS or one in kept]


def _header(symbol: Symbol) -> range:
    last = min(max(symbol.header_end_line, symbol.name_line), symbol.start_line + HEADER_LINES - 1)
    return range(symbol.start_line, last + 1)


def _added_names(diff: FileDiff) -> frozenset[str]:
    lines = git_lines(diff.new_text or "")
    words = (re.findall(r"[^\W\d]\w{3,}", lines[line][:500]) for line in diff.added_lines if line < len(lines))
    return frozenset(word for found in words for word in found)


def search(tree: Tree, names: Mapping[str, str]) -> dict[str, list[Match]]:
    """Lines of the new side that hold each name, by name; one search for all."""
    if not names:
        return {}
    families = set(names.values())
    globs = [glob for one, some in GLOBS.items() if one in families for glob in some]
    found: dict[str, list[Match]] = {}
    for match in tree.grep(sorted(names), globs):
        found.setdefault(match.word, []).append(match)
    return found


def guidelines(old: Tree, changed: Iterable[str]) -> Iterator[Candidate]:
    """Rules of the repository for reviewers, from the base: a change must not rewrite the rules of its own review."""
    folders = sorted({folder for path in changed for folder in _folders(path)})
    paths = old.paths()
    for folder in folders:
        for name in GUIDELINES:
            path = f"{folder}/{name}" if folder else name
            text = old.read(path) if path in paths else None
            if text:
                score = GUIDELINE_REVIEW if name == "REVIEW.md" else GUIDELINE
                last = max(len(git_lines(text)) - 1, 0)
                yield Candidate(path, "old", 0, last, "guidelines of the repository, as of the base", score)


def _folders(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path
