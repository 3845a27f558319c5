"""Code that the change adds although it stands elsewhere: in the same change, the same file, or a file beside it.

Runs of lines are compared by their shape, window by window, then word by word: equal but for at most a few names that
are replaced throughout. A name that is replaced everywhere but once is the usual slip of a copy.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from attrs import evolve, frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import ARCHITECT, CODE
from rebuttal.evidence.upkeep.functions import CALLED, functions, is_own_code, own_lines, removed_text
from rebuttal.evidence.upkeep.lines import Line, is_name, meaningful
from rebuttal.findings.model import Related
from rebuttal.text.languages import family_of, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import symbols_of

LINES = 12
TOKENS = 80
"""What a copy has at least: PMD's and jscpd's usual bounds lie between 50 and 100 tokens."""
RENAMED_LINES = 15
RENAMED_TOKENS = 120
"""The same where names are replaced: signatures and declarations are alike without being copies."""
RENAMED = 2
"""Names that a copy may have replaced throughout."""
MOST = 2
SLIP_LINES = 6
BODY_LINES = 5
BODY_TOKENS = 45
"""What the body of a function has at least that is told of when it is copied whole, word for word."""
SLIP_SEEN = 3
"""How often a name is replaced at least, where one place was forgotten."""
_WINDOW = 5
_NEIGHBOURS = 60
_ROOM = 1_500_000
"""Characters of files beside the changed ones."""
_SAMPLE = 24
_SHARED = 5
"""Lines that a file must hold as they are, before it is looked at closely."""
_SAME = 0.9
_MOVED = 0.4
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
    "medium",
    "correctness",
    CODE,
    "possible",
)
RULES = (DUPLICATE, SLIP)


@frozen
class _Text:
    """A file of the new side."""

    path: str
    text: str
    lines: Sequence[Line]


@frozen
class _Copy:
    """Added lines, and the lines elsewhere that they equal."""

    diff: FileDiff
    added: Sequence[Line]
    other: _Text
    original: Sequence[Line]


def check(material: Material) -> Iterator[Fact]:
    """At most two copies, the longest ones, and every slip."""
    copies = list(_without_overlap(_copies(material)))
    trimmed = (_trimmed(one) for one in copies)
    large = sorted((one for one in trimmed if _is_large(material, one)), key=lambda one: -len(one.added))
    for copy in large[:MOST]:
        yield _duplicate(copy)
    if not large:
        # Small ones only where they are all that was copied.
        yield from islice((fact for copy in copies if (fact := _whole_function(material, copy))), 1)
    for copy in copies:
        yield from _slips(copy)


def _copies(material: Material) -> Iterator[_Copy]:
    removed = removed_text(material)
    for diff in material.files:
        if not is_own_code(diff.path) or not diff.new_text:
            continue
        if not any(hunk.new_count >= BODY_LINES for hunk in diff.hunks):
            continue
        own = _Text(diff.path, diff.new_text, meaningful(diff.new_text, own_lines(diff.path, diff.new_text)))
        runs = [run for run in _runs(diff, own.lines) if len(run) >= BODY_LINES]
        runs = [run for run in runs if sum(line.stripped in removed for line in run) <= _MOVED * len(run)]
        if runs:
            for other in (own, *_beside(material, diff, runs)):
                yield from _between(diff, runs, other)


def _runs(diff: FileDiff, lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """The added lines that mean something, by hunk."""
    numbers = [line.number for line in lines]
    for hunk in diff.hunks:
        if hunk.new_count >= BODY_LINES:
            first = bisect_left(numbers, hunk.new_start)
            yield lines[first : bisect_left(numbers, hunk.new_start + hunk.new_count)]


def _beside(material: Material, diff: FileDiff, runs: Sequence[Sequence[Line]]) -> Iterator[_Text]:
    """Files of the same folder and language, and the other changed ones, that hold some of the lines as they are."""
    sample = [line.stripped for run in runs for line in run if len(line.stripped) >= 20]
    step = max(len(sample) // _SAMPLE, 1)
    sample = list(dict.fromkeys(sample[::step]))
    room = _ROOM
    for path in islice(_neighbours(material, diff), _NEIGHBOURS):
        changed = material.change.file(path)
        text = changed.new_text if changed else material.repository.new.read(path)
        if not text or len(text) > room:
            continue
        room -= len(text)
        if sum(line in text for line in sample) >= min(_SHARED, max(len(sample) // 3, 1)):
            yield _Text(path, text, meaningful(text, own_lines(path, text)))


def _neighbours(material: Material, diff: FileDiff) -> Iterator[str]:
    language = language_of(diff.path)
    if language is None:
        return
    changed = [one.path for one in material.change.files if one.new_text and one.path != diff.path]
    folder = diff.path.rpartition("/")[0]
    paths = material.once("upkeep:folders", lambda: _by_folder(material))
    for path in dict.fromkeys([*changed, *paths.get(folder, ())]):
        other = language_of(path)
        if path != diff.path and other and family_of(other) == family_of(language) and is_own_code(path):
            yield path


def _by_folder(material: Material) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(material.repository.new.paths()):
        found.setdefault(path.rpartition("/")[0], []).append(path)
    return found


def _between(diff: FileDiff, runs: Sequence[Sequence[Line]], other: _Text) -> Iterator[_Copy]:
    """The longest stretches of added lines that another text holds in the same shape."""
    shapes = [line.shape for line in other.lines]
    places: dict[tuple[str, ...], list[int]] = {}
    for place in range(len(shapes) - _WINDOW + 1):
        places.setdefault(tuple(shapes[place : place + _WINDOW]), []).append(place)
    numbers = [line.number for line in other.lines]
    for run in runs:
        mine = [line.shape for line in run]
        at = 0
        while at + _WINDOW <= len(run):
            best: tuple[int, int] = (0, 0)
            for place in places.get(tuple(mine[at : at + _WINDOW]), ())[:20]:
                if other.path == diff.path and not _is_apart(diff, run[at].number, numbers[place]):
                    continue
                length = _WINDOW
                while (
                    at + length < len(run)
                    and place + length < len(shapes)
                    and mine[at + length] == shapes[place + length]
                    and (
                        other.path != diff.path
                        or numbers[place + length] < run[at].number
                        or numbers[place] > run[at].number
                    )
                ):
                    length += 1
                best = max(best, (length, -place))
            if best[0]:
                length, place = best[0], -best[1]
                yield _Copy(diff, run[at : at + length], other, other.lines[place : place + length])
            at += max(best[0], 1)


def _is_apart(diff: FileDiff, added: int, place: int) -> bool:
    """Whether a place of the same file is another one: of two added copies, the later one is the copy."""
    return place < added or (place > added and place not in diff.added_lines)


def _without_overlap(copies: Iterator[_Copy]) -> Iterator[_Copy]:
    """Each added line once, and of two added copies of each other only the one that stands later."""
    taken: set[tuple[str, int]] = set()
    for copy in sorted(copies, key=lambda one: (-len(one.added), one.diff.path, one.added[0].number)):
        mine = {(copy.diff.path, line.number) for line in copy.added}
        if mine & taken:
            continue
        taken |= mine | {(copy.other.path, line.number) for line in copy.original}
        yield copy


def _trimmed(copy: _Copy) -> _Copy:
    """Without lines at either end that differ: a function's own name is not what it does."""
    same = [
        n for n, (one, other) in enumerate(zip(copy.original, copy.added, strict=True)) if one.tokens == other.tokens
    ]
    if not same:
        return copy
    part = slice(same[0], same[-1] + 1)
    return evolve(copy, added=copy.added[part], original=copy.original[part])


def _is_large(material: Material, copy: _Copy) -> bool:
    if len(copy.added) < LINES or not material.in_scope(copy.diff, (line.number for line in copy.added)):
        return False
    if len({line.stripped for line in copy.added}) < _DISTINCT * len(copy.added):
        return False
    pairs = _aligned(copy)
    if len(pairs) < TOKENS or sum(one == other for one, other in pairs) < _SAME * len(pairs):
        return False
    names = {pair for pair in pairs if pair[0] != pair[1]}
    if names and (len(copy.added) < RENAMED_LINES or len(pairs) < RENAMED_TOKENS):
        return False
    if len(names) > RENAMED or len({one for one, _ in names}) != len(names):
        return False
    return _is_in_functions(material, copy)


def _aligned(copy: _Copy) -> list[tuple[str, str]]:
    """Token by token: of the original, of the copy."""
    return [
        pair
        for one, other in zip(copy.original, copy.added, strict=True)
        for pair in zip(one.tokens, other.tokens, strict=True)
    ]


def _is_in_functions(material: Material, copy: _Copy) -> bool:
    """Whether most of it is what functions do: signatures, tables and declarations are alike by nature."""
    inside: set[int] = set()
    for one in functions(material, copy.diff, "new"):
        inside.update(range(one.header_end_line + 1, one.end_line + 1))
    return sum(line.number in inside for line in copy.added) >= 0.8 * len(copy.added)


def _duplicate(copy: _Copy) -> Fact:
    first, last = copy.added[0].number, copy.added[-1].number
    there = _place(copy)
    names = list(dict.fromkeys(pair for pair in _aligned(copy) if pair[0] != pair[1]))
    but = " and ".join(f"{one_line(new, 40)} for {one_line(old, 40)}" for old, new in names)
    return DUPLICATE.fact(
        copy.diff,
        first,
        last,
        f"{len(copy.added)} lines of code equal those {there}{f', with {but}' if but else ''}: what is mended in one "
        "must be mended in the other too. A shared function would hold both.",
        related=(_related(copy, "the same code"),),
    )


def _whole_function(material: Material, copy: _Copy) -> Fact | None:
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
        pairs = _aligned(same)
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


def _function_at(material: Material, copy: _Copy) -> Symbol | None:
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


def _place(copy: _Copy) -> str:
    at = f"from line {copy.original[0].number + 1} on"
    return f"{at} of this file" if copy.other.path == copy.diff.path else f"{at} of {copy.other.path}"


def _related(copy: _Copy, label: str) -> Related:
    index = LineIndex(copy.other.text)
    return Related(copy.other.path, index.range_of_git_lines(copy.original[0].number, copy.original[-1].number), label)


def _own_names(copy: _Copy) -> set[str]:
    """What the copied functions are called themselves: a call to the other one is meant."""
    return {match[1] for line in (*copy.added, *copy.original) if (match := _DEFINES.search(line.stripped))}


def _slips(copy: _Copy) -> Iterator[Fact]:
    """A name of the original that stands once where all its other places have the new name."""
    pairs = _aligned(copy)
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
