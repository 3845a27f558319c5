"""What the texts of the likeliest files tell: lines and versions that the change takes out, names of its neighbours.

All files of a repository cannot be read, so these signals are of the files that the others put first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from math import log

from attrs import frozen

from rebuttal.change.model import Change, FileDiff
from rebuttal.context.related.model import Signal
from rebuttal.text.positions import git_lines

READ = 40
"""How many files are read: past the first 40 hardly any is missing."""
_LONGEST = 200_000
_MOST_LINES = 3_000
_SHORT = 8
"""Lines that are not longer stand in many files, whatever these are for."""
_MOST_NAMES = 40
_MOST_FILES = 30
"""Of a change of more files only these are compared one by one: its size must not decide how long that takes."""
_COMMON = 0.2
"""What something that every file holds is still worth."""
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@frozen
class Texts:
    """What the change holds that other texts are compared with, and how they are read."""

    read: Callable[[str], str | None]
    gone: frozenset[str]
    """Lines that were taken out, and that no changed file holds any more."""
    versions: frozenset[str]
    """Numbers like 1.2.3 that were taken out."""
    wholes: tuple[frozenset[str], ...]
    """The lines of each changed file as it was; of a new file, as it is."""
    siblings: tuple[tuple[str, ...], ...]
    """For each file that came, went or moved, the names of files beside it."""

    def signals(self, paths: Iterable[str]) -> dict[str, Signal]:
        """By name of the signal, for those of `paths` that are texts of a fitting size."""
        texts = {path: text for path in paths if (text := self.read(path)) is not None and len(text) <= _LONGEST}
        lines = {path: frozenset(line.strip() for line in text.split("\n")) for path, text in texts.items()}
        found: dict[str, Signal] = {
            "gone_lines": _rare({path: held & self.gone for path, held in lines.items()}),
            "old_version": {path: 1.0 for path, text in texts.items() if any(one in text for one in self.versions)},
            "lists": {},
            "listed": {},
            "twin": {},
        }
        for path, text in texts.items():
            counts = [(sum(name in text for name in names), len(names)) for names in self.siblings]
            if any(held for held, _ in counts):
                found["lists"][path] = max(held / of for held, of in counts)
                found["listed"][path] = max(held for held, _ in counts)
            alike = max((_alike(lines[path], whole) for whole in self.wholes), default=0.0)
            if alike:
                found["twin"][path] = alike
        return found


def texts_of(change: Change, read: Callable[[str], str | None], paths: Collection[str]) -> Texts:
    """`read` gives the text of a file of `paths` (those that are ranked), None where it is none."""
    old, new, added, removed = set[str](), set[str](), list[str](), list[str]()
    wholes, moved = list[frozenset[str]](), list[str]()
    for diff in change.files:
        before, after = _lines(diff.old_text), _lines(diff.new_text)
        removed += [before[line] for line in sorted(diff.removed_lines)[:_MOST_LINES] if line < len(before)]
        added += [after[line] for line in sorted(diff.added_lines)[:_MOST_LINES] if line < len(after)]
        new.update(line.strip() for line in after)
        if len(wholes) < _MOST_FILES:
            wholes.append(frozenset(line for each in (before or after) if len(line := each.strip()) > _SHORT))
        moved += _moved(diff)
    old.update(line for each in removed if len(line := each.strip()) > _SHORT)
    kept = {number for line in added for number in _VERSION.findall(line)}
    return Texts(
        read,
        frozenset(old - new),
        frozenset(number for line in removed for number in _VERSION.findall(line)) - kept,
        tuple(wholes),
        tuple(_siblings(sorted(set(moved))[:_MOST_FILES], paths)),
    )


def _lines(text: str | None) -> list[str]:
    return git_lines(text or "")[:_MOST_LINES]


def _moved(diff: FileDiff) -> list[str]:
    if diff.old_text is not None and diff.new_text is not None and diff.old_path is None:
        return []
    return [diff.path] if diff.old_path is None else [diff.path, diff.old_path]


def _siblings(moved: Collection[str], paths: Collection[str]) -> Iterable[tuple[str, ...]]:
    beside: dict[str, set[str]] = {path.rpartition("/")[0]: set() for path in moved}
    for path in paths if moved else ():
        folder, _, base = path.rpartition("/")
        if folder in beside and len(stem := base.partition(".")[0]) > 2:
            beside[folder].add(stem)
    for path in moved:
        folder, _, base = path.rpartition("/")
        if names := sorted(beside[folder] - {base.partition(".")[0]})[:_MOST_NAMES]:
            yield tuple(names)


def _rare(held: Mapping[str, Collection[str]]) -> Signal:
    """What each file holds, by how few of the others hold it."""
    counts = Counter(one for each in held.values() for one in each)
    worth = {one: _COMMON + log((1 + len(held)) / count) for one, count in counts.items()}
    return {path: sum(worth[one] for one in sorted(each)) for path, each in held.items() if each}


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (1 + len(one) + len(other) - shared)
