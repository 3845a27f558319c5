"""What is new since the last review of the same scope: hunks compared by content, not by where they stand."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import islice

from attrs import field, frozen

from rebuttal.change.model import Change, FileDiff, Hunk

MAX_HUNKS = 5_000
"""Of a change with more, nothing is remembered."""
_SKETCH = 32
"""How many lines stand for all of a hunk's: those with the smallest digests, so that like hunks keep like ones."""
_SKETCHED_LINES = 1_000
_COMPARED = 100_000
"""Pairs of hunks that are looked at for likeness; beyond, hunks count as new."""
_ALIKE = 0.5
"""Share of common lines from which a hunk is another version of one, and not a new one."""


@frozen
class Fingerprint:
    """One hunk, without its text and without its position. All but `sketch` are hex digests."""

    file: str
    """Of the name in the base where there is one, so that it outlives a rename."""
    content: str
    """Of what was removed and what was added."""
    place: str
    """Of the base's lines around it, and of what was removed."""
    sketch: frozenset[str] = frozenset()
    """Digests of some of its lines."""

    def __str__(self) -> str:
        return f"{self.file}:{self.content}:{self.place}:{','.join(sorted(self.sketch))}"

    @classmethod
    def parse(cls, text: str) -> Fingerprint:
        """Back from `str`. Raises ValueError."""
        file, content, place, sketch = text.split(":")
        return cls(file, content, place, frozenset(sketch.split(",")) if sketch else frozenset())


@frozen
class Novelty:
    """Hunks against those of the last review. A hunk of now is in one of the first three, by file and hunk."""

    added: tuple[tuple[str, Hunk], ...] = ()
    modified: tuple[tuple[str, Hunk], ...] = ()
    unchanged: tuple[tuple[str, Hunk], ...] = ()
    removed: int = 0
    """Hunks of the last review that are gone: taken back, or part of the base by now."""

    @property
    def is_new(self) -> bool:
        """Whether anything differs from the last review."""
        return bool(self.added or self.modified or self.removed)

    @property
    def new_by_file(self) -> dict[str, int]:
        """How many hunks of a file were added or modified."""
        counts: dict[str, int] = defaultdict(int)
        for file, _ in (*self.added, *self.modified):
            counts[file] += 1
        return dict(counts)


@frozen
class _Now:
    """A hunk of the change at hand."""

    file: str
    hunk: Hunk
    print: Fingerprint = field(eq=False)


@frozen
class Prints:
    """The hunks of one change with their fingerprints, made once."""

    _now: tuple[_Now, ...]

    @classmethod
    def of(cls, change: Change) -> Prints:
        made = [_Now(diff.path, hunk, one) for diff in change.files for hunk, one in _prints(diff)]
        return cls(
            tuple(sorted(made, key=lambda one: (*_key(one.print), one.file, one.hunk.new_start, one.hunk.old_start)))
        )

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """What is remembered; always in the same order."""
        return tuple(one.print for one in self._now)

    def against(self, remembered: Iterable[Fingerprint]) -> Novelty:
        """The hunks against those of the last review. Order and positions do not matter."""
        before = sorted(remembered, key=_key)
        # Of several that say the same, each is itself where it stood.
        exact, now, before = _matched(self._now, before, lambda one: (one.file, one.content, one.place))
        same, now, before = _matched(now, before, lambda one: (one.file, one.content))
        # A file that the base does not have may be named otherwise by now.
        moved, now, before = _matched(now, before, lambda one: one.content)
        placed, now, before = _matched(now, before, lambda one: (one.file, one.place))
        alike, now, before = _alike(now, before)
        return Novelty(_of(now), _of([*placed, *alike]), _of([*exact, *same, *moved]), len(before))


def fingerprints(change: Change) -> tuple[Fingerprint, ...]:
    """Of every hunk of the change."""
    return Prints.of(change).fingerprints


def novelty(change: Change, remembered: Iterable[Fingerprint]) -> Novelty:
    """The hunks of `change` against those `remembered` of the last review."""
    return Prints.of(change).against(remembered)


def _key(one: Fingerprint) -> tuple[str, str, str]:
    return one.file, one.content, one.place


def _of(found: Iterable[_Now]) -> tuple[tuple[str, Hunk], ...]:
    return tuple(
        sorted(((one.file, one.hunk) for one in found), key=lambda one: (one[0], one[1].new_start, one[1].old_start))
    )


_Split = tuple[list[_Now], list[_Now], list[Fingerprint]]


def _matched(now: Sequence[_Now], before: Sequence[Fingerprint], key: Callable[[Fingerprint], Hashable]) -> _Split:
    """Pairs each hunk with one that has the same key; gives the paired, and both rests."""
    waiting: dict[Hashable, list[Fingerprint]] = defaultdict(list)
    for one in before:
        waiting[key(one)].append(one)
    paired, rest = [], []
    for hunk in now:
        same = waiting[key(hunk.print)]
        if same:
            same.pop()
            paired.append(hunk)
        else:
            rest.append(hunk)
    return paired, rest, sorted((one for group in waiting.values() for one in group), key=_key)


def _alike(now: Sequence[_Now], before: Sequence[Fingerprint]) -> _Split:
    """Pairs hunks of one file that share most of their lines, the likest first."""
    by_file: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(before):
        by_file[one.file].append(number)
    scored = (
        (-_likeness(hunk.print, before[number]), place, number)
        for place, hunk in enumerate(now)
        for number in by_file[hunk.print.file]
    )
    taken: set[int] = set()
    gone: set[int] = set()
    for _, place, number in sorted(one for one in islice(scored, _COMPARED) if -one[0] >= _ALIKE):
        if place not in taken and number not in gone:
            taken.add(place)
            gone.add(number)
    return (
        [now[place] for place in sorted(taken)],
        [hunk for place, hunk in enumerate(now) if place not in taken],
        [one for number, one in enumerate(before) if number not in gone],
    )


def _likeness(one: Fingerprint, other: Fingerprint) -> float:
    either = one.sketch | other.sketch
    # The smallest digests of both together are a fair sample of all their lines.
    sample = sorted(either)[:_SKETCH]
    return sum(line in one.sketch and line in other.sketch for line in sample) / len(sample) if sample else 0.0


def _prints(diff: FileDiff) -> Iterable[tuple[Hunk, Fingerprint]]:
    old, new = _lines(diff.old_text or ""), _lines(diff.new_text or "")
    file = _digest(diff.old_path or diff.path)
    for hunk in diff.hunks:
        removed = old[hunk.old_start : hunk.old_start + hunk.old_count]
        added = new[hunk.new_start : hunk.new_start + hunk.new_count]
        before = old[hunk.old_start - 1] if 0 < hunk.old_start <= len(old) else ""
        after = old[end] if (end := hunk.old_start + hunk.old_count) < len(old) else ""
        yield (
            hunk,
            Fingerprint(
                file,
                _digest("".join(removed), "".join(added)),
                _digest(before, "".join(removed), after),
                _sketch([*removed, *added]),
            ),
        )


def _lines(text: str) -> list[str]:
    """As git counts them: ended by a line feed only, which is part of the line."""
    *ended, rest = text.split("\n")
    return [line + "\n" for line in ended] + ([rest] if rest else [])


def _sketch(lines: Sequence[str]) -> frozenset[str]:
    bare = {line.strip() for line in lines[:_SKETCHED_LINES]} - {""}
    digests = {hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest() for line in bare}
    return frozenset(sorted(digests)[:_SKETCH])


def _digest(*parts: str) -> str:
    made = hashlib.blake2b(digest_size=8)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        made.update(len(data).to_bytes(8, "big"))
        made.update(data)
    return made.hexdigest()
