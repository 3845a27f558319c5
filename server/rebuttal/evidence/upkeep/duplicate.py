"""Code that the change adds although it stands elsewhere: in the same change, the same file, or a file beside it.

Runs of lines are compared by their shape, window by window, then word by word: equal but for at most a few names that
are replaced throughout. A name that is replaced everywhere but once is the usual slip of a copy.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from attrs import evolve

from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import ARCHITECT, CODE
from rebuttal.evidence.upkeep.copies import LEAST, Copy, aligned, copies_of
from rebuttal.evidence.upkeep.functions import CALLED, functions, own_lines
from rebuttal.evidence.upkeep.lines import is_name, meaningful
from rebuttal.findings.model import Related
from rebuttal.text.languages import language_of
from rebuttal.text.model import Symbol
from rebuttal.text.nodes import node_at
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import symbols_of

LINES = 15
TOKENS = 80
"""What a copy has at least: PMD's and jscpd's usual bounds lie between 50 and 100 tokens."""
RENAMED_LINES = 15
RENAMED_TOKENS = 120
"""The same where names are replaced: signatures and declarations are alike without being copies."""
RENAMED = 2
"""Names that a copy may have replaced throughout."""
MOST = 2
SLIP_LINES = 6
BODY_LINES = LEAST
BODY_TOKENS = 45
"""What the body of a function has at least that is told of when it is copied whole, word for word."""
_MOST_COPIES = 40
SLIP_SEEN = 3
"""How often a name is replaced at least, where one place was forgotten."""
_RELATED = 5
_LITERAL = re.compile(r"string|template|heredoc")
_SAME = 0.9
_DISTINCT = 0.75
_DEFINES = re.compile(r"(?:^|[\s*&.:])([A-Za-z_$][\w$]*[?!]?)\s*(?:<[^<>]*>)?\s*\(")
"""Any name before a parenthesis: what is defined, and what is called."""

DUPLICATE = Rule(
    "upkeep:duplicate",
    "The added code stands elsewhere already",
    "A fault in a copy must be found and mended once for each copy.",
    "low",
    "architecture",
    ARCHITECT,
)
SLIP = Rule(
    "upkeep:copied-name",
    "A copied block may keep a name of the original",
    "A name replaced everywhere but once is the usual slip of a copy, and compiles.",
    "low",
    "correctness",
    CODE,
    "possible",
    # The histories of forty repositories have one case in 4,000 commits, and that one is no slip.
    on=False,
)
RULES = (DUPLICATE, SLIP)


def check(material: Material) -> Iterator[Fact]:
    """At most two copies, the longest ones, and every slip."""
    copies = copies_of(material)
    trimmed = (_trimmed(one) for one in copies)
    large = sorted((one for one in trimmed if _is_large(material, one)), key=lambda one: -len(one.added))
    pairs: dict[tuple[str, str], list[Copy]] = {}
    for copy in large:
        pairs.setdefault((copy.diff.path, copy.other.path), []).append(copy)
    for group in islice(pairs.values(), MOST):
        yield _duplicate(group)
    if not large:
        # Small ones only where they are all that was copied.
        yield from islice((fact for copy in copies[:_MOST_COPIES] if (fact := _whole_function(material, copy))), 1)
    for copy in copies:
        yield from _slips(copy)


def _trimmed(copy: Copy) -> Copy:
    """Without lines at either end that differ: a function's own name is not what it does."""
    same = [
        n for n, (one, other) in enumerate(zip(copy.original, copy.added, strict=True)) if one.tokens == other.tokens
    ]
    if not same:
        return copy
    part = slice(same[0], same[-1] + 1)
    return evolve(copy, added=copy.added[part], original=copy.original[part])


def _is_large(material: Material, copy: Copy) -> bool:
    if len(copy.added) < LINES or not material.in_scope(copy.diff, (line.number for line in copy.added)):
        return False
    if len({line.stripped for line in copy.added}) < _DISTINCT * len(copy.added):
        return False
    pairs = aligned(copy)
    if len(pairs) < TOKENS or sum(one == other for one, other in pairs) < _SAME * len(pairs):
        return False
    names = {pair for pair in pairs if pair[0] != pair[1]}
    if names and (len(copy.added) < RENAMED_LINES or len(pairs) < RENAMED_TOKENS):
        return False
    if len(names) > RENAMED or len({one for one, _ in names}) != len(names):
        return False
    return _is_in_functions(material, copy) and not _is_text(material, copy)


def _is_in_functions(material: Material, copy: Copy) -> bool:
    """Whether most of it is what functions do: signatures, tables and declarations are alike by nature."""
    inside: set[int] = set()
    for one in functions(material, copy.diff, "new"):
        inside.update(range(one.header_end_line + 1, one.end_line + 1))
    return sum(line.number in inside for line in copy.added) >= 0.8 * len(copy.added)


def _is_text(material: Material, copy: Copy) -> bool:
    """Whether it stands in a string: two queries in two dialects cannot share it."""
    middle = copy.added[len(copy.added) // 2]
    language = language_of(copy.diff.path)
    text = copy.diff.new_text or ""
    line = text.split("\n")[middle.number]
    place = line.index(middle.stripped)
    try:
        node = node_at(text, language, middle.number, place, line, material.parser) if language else None
    except Unparsed:
        return False
    if node is None or node.is_code:
        return False
    return any(_LITERAL.search(one.kind) and one.first_line < middle.number < one.last_line for one in node.around())


def _duplicate(group: Sequence[Copy]) -> Fact:
    """The fact on all that one file has of another one, shown at the longest piece."""
    copy, *others = group
    first, last = copy.added[0].number, copy.added[-1].number
    there = _place(copy)
    names = list(dict.fromkeys(pair for pair in aligned(copy) if pair[0] != pair[1]))
    but = " and ".join(f"{one_line(new, 40)} for {one_line(old, 40)}" for old, new in names)
    lines = f"{len(copy.added)} lines of code equal those {there}"
    if others:
        total = sum(len(one.added) for one in group)
        lines = f"{total} lines of code stand elsewhere too, {len(copy.added)} of them {there}"
    return DUPLICATE.fact(
        copy.diff,
        first,
        last,
        f"{lines}{f', with {but}' if but else ''}: what is mended in one must be mended in the other too. A shared "
        "function would hold both.",
        related=(_related(copy, "the same code"), *(_related(one, "more of it") for one in others[:_RELATED])),
    )


def _whole_function(material: Material, copy: Copy) -> Fact | None:
    """The fact on a new function whose whole body stands elsewhere, word for word."""
    mine = {line.number: number for number, line in enumerate(copy.added)}
    text = copy.diff.new_text or ""
    lines = meaningful(text, own_lines(copy.diff.path, text))
    for function in functions(material, copy.diff, "new"):
        body = [line.number for line in lines if function.header_end_line < line.number <= function.end_line]
        if len(body) < BODY_LINES or not all(number in mine for number in body):
            continue
        part = slice(mine[body[0]], mine[body[-1]] + 1)
        same = evolve(copy, added=copy.added[part], original=copy.original[part])
        pairs = aligned(same)
        if len(pairs) < BODY_TOKENS or any(one != other for one, other in pairs):
            continue
        other = _function_at(material, same)
        if other is None or (other.name == function.name and function.kind == "method"):
            continue  # What has the same name in two classes is parallel by design.
        if not material.in_scope(copy.diff, body):
            continue
        where = "of this file" if copy.other.path == copy.diff.path else f"in {copy.other.path}"
        return DUPLICATE.fact(
            copy.diff,
            function.name_line,
            function.end_line,
            f"{one_line(function.qualified, 60)} does word for word what {one_line(other.qualified, 60)} {where} does: "
            "what is mended in one must be mended in the other too.",
            related=(_related(same, "the same code"),),
        )
    return None


def _function_at(material: Material, copy: Copy) -> Symbol | None:
    """The function that holds the original, if the original is all that it does."""
    language = language_of(copy.other.path)
    try:
        found = symbols_of(copy.other.text, language, material.parser) if language else ()
    except Unparsed:
        return None
    first, last = copy.original[0].number, copy.original[-1].number
    inside = [line.number for line in copy.other.lines]
    for one in found:
        if one.kind in CALLED and one.header_end_line < first and last <= one.end_line:
            held = [number for number in inside if one.header_end_line < number <= one.end_line]
            if held and (held[0], held[-1]) == (first, last):
                return one
    return None


def _place(copy: Copy) -> str:
    at = f"from line {copy.original[0].number + 1} on"
    return f"{at} of this file" if copy.other.path == copy.diff.path else f"{at} of {copy.other.path}"


def _related(copy: Copy, label: str) -> Related:
    index = LineIndex(copy.other.text)
    return Related(copy.other.path, index.range_of_git_lines(copy.original[0].number, copy.original[-1].number), label)


def _own_names(copy: Copy) -> set[str]:
    """What the copied functions are called themselves: a call to the other one is meant."""
    return {match[1] for line in (*copy.added, *copy.original) if (match := _DEFINES.search(line.stripped))}


def _slips(copy: Copy) -> Iterator[Fact]:
    """A name of the original that stands once where all its other places have the new name."""
    pairs = aligned(copy)
    if len(copy.added) < SLIP_LINES or sum(one == other for one, other in pairs) < 0.6 * len(pairs):
        return
    became: dict[str, Counter[str]] = {}
    for one, other in pairs:
        if is_name(one):
            became.setdefault(one, Counter())[other] += 1
    given = {one for one, _ in pairs} | _own_names(copy)
    for old, news in became.items():
        changed = [new for new in news if new != old]
        if len(changed) != 1 or news[old] != 1 or news[changed[0]] < SLIP_SEEN or changed[0] in given or len(old) < 3:
            continue
        line = next(
            added
            for one, added in zip(copy.original, copy.added, strict=True)
            if (old, old) in zip(one.tokens, added.tokens, strict=True)
        )
        yield SLIP.fact(
            copy.diff,
            line.number,
            line.number,
            f"This block is a copy of that {_place(copy)}, in which {one_line(old, 40)} became "
            f"{one_line(changed[0], 40)} in {news[changed[0]]} places, but here it is {one_line(old, 40)} still.",
            title=f"A copied block may still mean {one_line(changed[0], 40)}",
            related=(_related(copy, "what it was copied from"),),
        )
