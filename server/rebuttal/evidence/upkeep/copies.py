"""Added lines that equal others in shape: of the same change, the same file, or a file beside it.

Runs of lines are compared by their shape, window by window; what they hold word for word is for others to judge.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import Material
from rebuttal.evidence.provenance import is_brought_along
from rebuttal.evidence.upkeep.functions import is_own_code, own_lines, removed_text
from rebuttal.evidence.upkeep.lines import Line, meaningful
from rebuttal.text.facts import Facts
from rebuttal.text.languages import Language, family_of, language_of

LEAST = 5
"""Lines that a copy has at least."""
_WINDOW = LEAST
_NEIGHBOURS = 60
_ROOM = 1_500_000
"""Characters of files beside the changed ones."""
_SAMPLE = 16
_MOST_FILES = 60
_HEAD = 600
_GENERATED = re.compile(
    r"\b(?:auto-?generated|generated (?:by|from|file|code)|do not (?:edit|modify))\b", re.IGNORECASE
)
_SHARED = 4
"""Lines that a file must hold as they are, before it is looked at closely."""
_MOVED = 0.4
_ASYNC = re.compile(r"[._-]?async[._-]?")


@frozen(slots=False)
class Text:
    """A file of the new side."""

    path: str
    text: str
    facts: Facts

    @cached_property
    def _shaped(self) -> tuple[tuple[Line, str], ...]:
        until = own_lines(self.path, self.text)
        return self.facts.remember(
            ("shapes", until), self.text, lambda: tuple((one, one.shape) for one in meaningful(self.text, until))
        )

    @cached_property
    def lines(self) -> list[Line]:
        return [line for line, _ in self._shaped]

    @cached_property
    def shapes(self) -> list[str]:
        return [shape for _, shape in self._shaped]

    @cached_property
    def places(self) -> dict[tuple[str, ...], list[int]]:
        """Where each run of so many shapes begins."""
        found: dict[tuple[str, ...], list[int]] = {}
        for place in range(len(self.shapes) - _WINDOW + 1):
            found.setdefault(tuple(self.shapes[place : place + _WINDOW]), []).append(place)
        return found


@frozen
class Copy:
    """Added lines, and the lines elsewhere that they equal."""

    diff: FileDiff
    added: Sequence[Line]
    other: Text
    original: Sequence[Line]


def copies_of(material: Material) -> list[Copy]:
    """All of them, the longest first; of two added copies of each other only one."""
    return list(_without_overlap(_copies(material)))


def _copies(material: Material) -> Iterator[Copy]:
    removed = removed_text(material)
    texts: dict[str, Text] = {}
    facts = material.parser.facts
    given: list[tuple[FileDiff, list[Sequence[Line]]]] = []
    for diff in _grown(material):
        own = texts.setdefault(diff.path, Text(diff.path, diff.new_text or "", facts))
        runs = [run for run in _runs(diff, own.lines) if len(run) >= LEAST]
        runs = [run for run in runs if sum(line.stripped in removed for line in run) <= _MOVED * len(run)]
        if runs:
            given.append((diff, runs))
    for diff, runs in given:
        for other in (texts[diff.path], *_beside(material, diff, runs, texts)):
            yield from _between(diff, runs, other)


def _grown(material: Material) -> list[FileDiff]:
    """The changed files that may hold copies; of very many, those that gained most."""
    found = [
        diff
        for diff in material.files
        if diff.new_text
        and any(hunk.new_count >= LEAST for hunk in diff.hunks)
        and is_own_code(diff.path)
        and not is_brought_along(diff)
        and not _GENERATED.search(diff.new_text[:_HEAD])
    ]
    return sorted(found, key=lambda diff: -len(diff.added_lines))[:_MOST_FILES]


def _runs(diff: FileDiff, lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """The added lines that mean something, by hunk."""
    numbers = [line.number for line in lines]
    for hunk in diff.hunks:
        if hunk.new_count >= LEAST:
            first = bisect_left(numbers, hunk.new_start)
            yield lines[first : bisect_left(numbers, hunk.new_start + hunk.new_count)]


def _beside(
    material: Material, diff: FileDiff, runs: Sequence[Sequence[Line]], texts: dict[str, Text]
) -> Iterator[Text]:
    """Files of the same folder and language, and the other changed ones, that hold some of the lines as they are."""
    lines = list(dict.fromkeys(line.stripped for run in runs for line in run if len(line.stripped) >= 20))
    sample = lines[:: max(len(lines) // _SAMPLE, 1)][:_SAMPLE]
    least = min(_SHARED, max(len(sample) // 3, 1))
    room = _ROOM
    for path in islice(_neighbours(material, diff), _NEIGHBOURS):
        changed = material.change.file(path)
        text = changed.new_text if changed else material.repository.new.read(path)
        if not text or len(text) > room or _is_generated(material, path, text):
            continue
        room -= len(text)
        if sum(line in text for line in sample) >= least:
            yield texts.setdefault(path, Text(path, text, material.parser.facts))


def _is_generated(material: Material, path: str, text: str) -> bool:
    known = material.once("upkeep:generated", dict[str, bool])
    if path not in known:
        known[path] = _GENERATED.search(text[:_HEAD]) is not None
    return known[path]


def _neighbours(material: Material, diff: FileDiff) -> Iterator[str]:
    language = language_of(diff.path)
    if language is None:
        return
    changed = [one.path for one in material.change.files if one.new_text and one.path != diff.path]
    folder = diff.path.rpartition("/")[0]
    paths = material.of_paths("upkeep:folders", _by_folder)
    known = material.once("upkeep:families", dict[str, Language | None])
    stem = _stem(diff.path)
    for path in dict.fromkeys([*changed, *paths.get(folder, ())]):
        if path not in known:
            known[path] = _family(path)
        # Files that are called the same are alike by design: `a.js` and `a.cjs`, `unix/a.c` and `win/a.c`,
        # `A.cs` and `A.Async.cs`.
        if known[path] == family_of(language) and _stem(path) != stem:
            yield path


def _family(path: str) -> Language | None:
    language = language_of(path)
    return family_of(language) if language and is_own_code(path) else None


def _stem(path: str) -> str:
    return _ASYNC.sub("", path.rpartition("/")[2].rpartition(".")[0].lower())


def _by_folder(paths: frozenset[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        found.setdefault(path.rpartition("/")[0], []).append(path)
    return found


def _between(diff: FileDiff, runs: Sequence[Sequence[Line]], other: Text) -> Iterator[Copy]:
    """The longest stretches of added lines that another text holds in the same shape."""
    shapes, places = other.shapes, other.places
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
                yield Copy(diff, run[at : at + length], other, other.lines[place : place + length])
            at += max(best[0], 1)


def _is_apart(diff: FileDiff, added: int, place: int) -> bool:
    """Whether a place of the same file is another one: of two added copies, the later one is the copy."""
    return place < added or (place > added and place not in diff.added_lines)


def _without_overlap(copies: Iterator[Copy]) -> Iterator[Copy]:
    """Each added line once, and of two added copies of each other only the one that stands later."""
    taken: set[tuple[str, int]] = set()
    for copy in sorted(copies, key=lambda one: (-len(one.added), one.diff.path, one.added[0].number)):
        mine = {(copy.diff.path, line.number) for line in copy.added}
        if mine & taken:
            continue
        taken |= mine | {(copy.other.path, line.number) for line in copy.original}
        yield copy


def aligned(copy: Copy) -> list[tuple[str, str]]:
    """Token by token: of the original, of the copy."""
    return [
        pair
        for one, other in zip(copy.original, copy.added, strict=True)
        for pair in zip(one.tokens, other.tokens, strict=True)
    ]
