"""Functions that the change makes hard to follow: cognitive complexity (text/complexity.py) pushed over a bound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, takewhile

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.provenance import is_brought_along, is_copy_of_build, name_in_copies
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import ARCHITECT
from rebuttal.evidence.upkeep.functions import functions, is_own_code, own_lines, removed_text
from rebuttal.text.complexity import Complexity, complexity_of
from rebuttal.text.languages import language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Unparsed

BOUND = 15
"""SonarSource's own bound for one function."""
PUSHED_OVER = 30
"""A function that was within the bound is told of only beyond this: nearer to the bound it is a matter of taste."""
NEW = 35
"""The same for a function that the change adds, or writes anew."""
REWRITTEN = 0.7
"""Share of added lines from which a function is written anew."""
NESTED = 4
"""Levels: a long list of cases one after the other is read without effort."""
MOST = 2
_SHORTEST = 12
"""Lines: a shorter function cannot weigh so much."""
_FEWEST = 3
"""Added lines that branch: fewer cannot weigh more than ten."""
_MOVED = 0.5
_ABOVE = 30
_COMMENT = re.compile(r"\s*(?:#|//|/?\*|--)")
_TAKEN = re.compile(
    r"\b(?:cop(?:y|ied)|taken|adapted|ported|borrowed|adopted|derived)\b.{0,40}\b(?:from|of)\b"
    r"|\b(?:source|credit)s?: http",
    re.IGNORECASE,
)
_BRANCH = re.compile(
    r"\b(?:if|elif|elsif|else|elseif|for|foreach|while|until|unless|loop|switch|case|match|select|catch|except|rescue|"
    r"and|or|goto)\b|&&|\|\||\?"
)

COMPLEXITY = Rule(
    "upkeep:complexity",
    "Hard to follow",
    "Beyond SonarSource's bound of 15 changes go wrong: each branch must be read with all around it.",
    "low",
    "architecture",
    ARCHITECT,
)
RULES = (COMPLEXITY,)


@frozen
class _Grown:
    diff: FileDiff
    function: Symbol
    before: Complexity | None
    now: Complexity


def check(material: Material) -> Iterator[Fact]:
    """At most two facts, on the functions that grew most."""
    own = [diff for diff in material.files if is_own_code(diff.path) and not is_brought_along(diff)]
    grown = [one for diff in own for one in _grown(material, diff)]
    grown.sort(
        key=lambda one: (-one.now.score, is_copy_of_build(one.diff.path), one.diff.path, one.function.start_line)
    )
    # The same function in a copy that the build makes of the sources is told of once.
    once = {(one.function.qualified, name_in_copies(one.diff.path), one.now): one for one in reversed(grown)}
    for one in list(reversed(once.values()))[:MOST]:
        line = one.function.name_line
        yield COMPLEXITY.fact(one.diff, line, line, _message(one), title=_title(one))


def _grown(material: Material, diff: FileDiff) -> Iterator[_Grown]:
    language, added = language_of(diff.path), diff.added_lines
    if language is None or not added or not diff.new_text:
        return
    if _branching(diff) < _FEWEST:
        return
    tests = own_lines(diff.path, diff.new_text)
    for function in functions(material, diff, "new"):
        lines = range(function.start_line, function.end_line + 1)
        if (
            len(lines) < _SHORTEST
            or function.start_line >= tests
            or added.isdisjoint(lines)
            or not material.in_scope(diff, lines)
        ):
            continue
        try:
            now = complexity_of(diff.new_text, language, function, material.parser)
            if now is None or now.score <= PUSHED_OVER or now.nesting < NESTED:
                continue
            stood = [
                complexity_of(diff.old_text or "", language, one, material.parser)
                for one in functions(material, diff, "old")
                if one.qualified == function.qualified
            ]
            # Of overloads, and of what the preprocessor chooses from, the one that weighed most.
            before = max((one for one in stood if one), key=lambda one: one.score, default=None)
        except Unparsed:
            return
        if before is not None and before.score <= BOUND:
            if now.score > _bound(diff, lines) and not _came_from_elsewhere(material, diff, lines):
                yield _Grown(diff, function, before, now)
        elif not stood and now.score > NEW and not _is_moved(material, diff, lines) and not _is_foreign(diff, function):
            yield _Grown(diff, function, None, now)


def _branching(diff: FileDiff) -> int:
    """How many added lines hold a word that branches: without them no function can have grown so much."""
    text = (diff.new_text or "").split("\n")
    return sum(1 for line in diff.added_lines if line < len(text) and _BRANCH.search(text[line]))


def _is_moved(material: Material, diff: FileDiff, lines: range) -> bool:
    """Whether most of a new function stood somewhere before, or it is one of the base under a new name."""
    text = (diff.new_text or "").split("\n")
    given = [stripped for line in lines if len(stripped := text[line].strip()) > 3]
    kept = sum(1 for line in lines if line not in diff.added_lines)
    removed = removed_text(material)
    return kept + sum(1 for one in given if one in removed) > _MOVED * max(len(given), 1)


def _bound(diff: FileDiff, lines: range) -> int:
    return NEW if sum(line in diff.added_lines for line in lines) > REWRITTEN * len(lines) else PUSHED_OVER


def _came_from_elsewhere(material: Material, diff: FileDiff, lines: range) -> bool:
    """Whether most of what the function gained stood in another file that the change takes it out of."""
    text = (diff.new_text or "").split("\n")
    gained = [stripped for line in lines if line in diff.added_lines and len(stripped := text[line].strip()) > 3]
    removed = removed_text(material, diff)
    return sum(one in removed for one in gained) > _MOVED * max(len(gained), 1)


def _is_foreign(diff: FileDiff, function: Symbol) -> bool:
    """Whether the comment above it says that it comes from elsewhere."""
    text = (diff.new_text or "").split("\n")
    above = islice(reversed(text[: function.start_line]), _ABOVE)
    comment = " ".join(takewhile(lambda line: bool(_COMMENT.match(line)), above))
    return bool(_TAKEN.search(comment))


def _title(one: _Grown) -> str:
    return f"{one_line(one.function.name, 60)} is hard to follow"


def _message(one: _Grown) -> str:
    name, now, before = one_line(one.function.qualified, 80), one.now, one.before
    if before is None:
        return (
            f"{name} is new with a cognitive complexity of {now.score} (bound {BOUND}): {now.branches} branches and "
            f"loops, nested up to {now.nesting} deep. Parts that can be named would be easier to test and to change."
        )
    grew = [
        f"{what} from {old} to {new}"
        for what, old, new in (
            ("nesting", before.nesting, now.nesting),
            ("branches and loops", before.branches, now.branches),
            ("runs of logical operators", before.operators, now.operators),
        )
        if new > old
    ]
    return (
        f"The change takes the cognitive complexity of {name} from {before.score} to {now.score} (bound {BOUND}): "
        f"{', '.join(grew) or 'the same branches, nested deeper'}. The new part may deserve a function of its own."
    )
