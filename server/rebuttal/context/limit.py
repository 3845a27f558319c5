"""How much of a change is shown: a change may be larger than any prompt should be.

A larger one is compressed in steps until it fits: first what can be said instead of shown without loss, then deleted
files by their names, the middle of long data, the surroundings of what changed; only then are whole files left out,
those with the least risk first. All of it is named in the coverage, never left out silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain

from attrs import evolve, frozen

from rebuttal.change.model import FileDiff, Skipped
from rebuttal.context import folds
from rebuttal.context.diff import LONGEST, WHOLE, Fold, Plan, show_file
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Parser
from rebuttal.text.positions import git_lines
from rebuttal.text.tokens import quick_tokens
from rebuttal.text.words import counted

DIFF_TOKENS = 60_000
"""Of the diff as it is shown. A prompt of the cheapest model costs five times as much from 100,000 tokens on, and
reviews of much longer diffs find little (SWR-Bench: recall falls from 38 % to 9 % as defects per change rise)."""
SURROUNDINGS = 1.6
"""Shown lines for each changed one, as a factor."""
COMPRESSIBLE = 20
"""A change of more than so many times the limit loses files before it is compressed: no step saves that much."""
TOO_LARGE = f"not shown to the panel: the change is larger than {DIFF_TOKENS:,} tokens; review a smaller scope"
_PROSE = (".md", ".markdown", ".rst", ".adoc")
_STEPS = ((3, 20), (1, 0), (0, 0))
"""Lines around a hunk, and the size of a function that is shown whole."""

Symbols = Callable[[FileDiff], tuple[Sequence[Symbol], Sequence[Symbol]]]
"""The definitions of both sides of a file, the old side first."""


@frozen
class Compression:
    """What of each file is shown; `said` goes into the coverage."""

    plans: Mapping[str, Plan]
    left_out: frozenset[str] = frozenset()
    said: tuple[Skipped, ...] = ()

    def plan(self, path: str) -> Plan:
        return self.plans.get(path, WHOLE)


def fits(files: Iterable[FileDiff], limit: int = DIFF_TOKENS) -> bool:
    """Whether a change is shown as it is, by a quick estimate."""
    return sum(_weight(diff) for diff in files) <= limit


def compress(files: Sequence[FileDiff], symbols: Symbols, parser: Parser, limit: int = DIFF_TOKENS) -> Compression:
    """How to show a change within `limit` tokens; one that fits is shown as it is.

    The texts of `files` are redacted: notes quote them."""
    if fits(files, limit):
        return Compression({})
    out = left_out(files, limit * COMPRESSIBLE)
    ladder = _Ladder([diff for diff in files if diff.path not in out], symbols, parser)
    for step in ladder.steps():
        if ladder.total() <= limit:
            break
        step()
    out |= ladder.beyond(limit)
    plans = {path: plan for path, plan in ladder.plans.items() if path not in out and plan != WHOLE}
    said = [one for diff in files if diff.path in plans for one in _said(diff, plans[diff.path])]
    large = [Skipped(diff.path, TOO_LARGE, len(diff.hunks)) for diff in files if diff.path in out]
    return Compression(plans, out, (*large, *said))


class _Ladder:
    """The steps, the safest first. Each changes the plans; what a file then weighs is remembered."""

    def __init__(self, files: Sequence[FileDiff], symbols: Symbols, parser: Parser) -> None:
        self._files = files
        self._symbols = symbols
        self._parser = parser
        self._lines = [folds.FileLines.of(diff) for diff in files]
        self._weights: dict[str, int] = {}
        self.plans: dict[str, Plan] = {}

    def steps(self) -> Iterable[Callable[[], None]]:
        yield self._without_loss
        yield self._deleted
        yield self._data
        for around, small in _STEPS:
            yield partial(self._surroundings, around, small)

    def total(self) -> int:
        return sum(self._weigh(diff) for diff in self._files)

    def beyond(self, limit: int) -> frozenset[str]:
        """The files that do not fit even so. What notes elsewhere say of them is shown again, where that fits.

        Each round leaves out more files or takes notes away, so there is a last one."""
        out: frozenset[str] = frozenset()
        while True:
            out |= _beyond({path: weight for path, weight in self._shown().items() if path not in out}, limit)
            if not self._unfold(out):
                return out - self._room_for(out, limit)

    def _room_for(self, out: frozenset[str], limit: int) -> frozenset[str]:
        """Of the files left out those that fit after all: others went later, for notes that had to be shown again."""
        weights = self._shown()
        room, back = limit - sum(weight for path, weight in weights.items() if path not in out), set[str]()
        for path in sorted(out, key=lambda path: _risk(path, weights[path])):
            if weights[path] <= room:
                room -= weights[path]
                back.add(path)
        return frozenset(back)

    def _shown(self) -> dict[str, int]:
        return {diff.path: self._weigh(diff) for diff in self._files}

    def _unfold(self, out: frozenset[str]) -> bool:
        changed = False
        for path, plan in list(self.plans.items()):
            kept = tuple(fold for fold in plan.folds if not out.intersection(fold.refers))
            if len(kept) != len(plan.folds):
                self._change(path, evolve(plan, folds=kept))
                changed = changed or path not in out
        return changed

    def _weigh(self, diff: FileDiff) -> int:
        if diff.path not in self._weights:
            old, new = self._symbols(diff)
            shown = show_file(diff, diff.old_text, diff.new_text, old, new, self.plans.get(diff.path, WHOLE))
            self._weights[diff.path] = quick_tokens(shown.text)
        return self._weights[diff.path]

    def _change(self, path: str, plan: Plan) -> None:
        if plan != self.plans.get(path, WHOLE):
            self.plans[path] = plan
            self._weights.pop(path, None)

    def _plan(self, path: str) -> Plan:
        return self.plans.get(path, WHOLE)

    def _without_loss(self) -> None:
        both = [one for one in self._lines if one.diff.new_text is not None and one.diff.status != "deleted"]
        # What notes refer to is looked for first in the files that are kept first.
        both.sort(key=lambda one: _risk(one.diff.path, self._weigh(one.diff)))
        found: dict[str, list[Fold]] = {}
        for file in both:
            shape = folds.layout(file, self._parser)
            found[file.diff.path] = _apart(chain(shape.folds, folds.reordered_imports(file)))
            self._change(file.diff.path, evolve(self._plan(file.diff.path), quiet=shape.comments))
        _add(found, folds.repeated(both, found))
        _add(found, folds.moved(both, found))
        for path, some in found.items():
            self._change(path, evolve(self._plan(path), folds=tuple(some)))

    def _deleted(self) -> None:
        for diff in self._files:
            if diff.new_text is None or diff.status == "deleted":
                self._change(diff.path, evolve(self._plan(diff.path), brief=True))

    def _data(self) -> None:
        for file in self._lines:
            plan = self._plan(file.diff.path)
            more = _apart((*plan.folds, *folds.long_data(file)))
            self._change(file.diff.path, evolve(plan, folds=tuple(more)))

    def _surroundings(self, around: int, small: int) -> None:
        for diff in self._files:
            self._change(diff.path, evolve(self._plan(diff.path), around=around, small=small))


def long_lines(files: Iterable[FileDiff]) -> Iterable[Skipped]:
    """Of which files a changed line is too long to be shown whole."""
    for diff in files:
        old, new = git_lines(diff.old_text or ""), git_lines(diff.new_text or "")
        longest = max((len(line.rstrip("\r\n")) for line in _changed(diff, old, new)), default=0)
        if longest > LONGEST:
            said = f"a changed line of {longest:,} characters is shown to the panel by {LONGEST:,} of them"
            yield Skipped(diff.path, said)


def left_out(files: Iterable[FileDiff], limit: int = DIFF_TOKENS) -> frozenset[str]:
    """The paths of the files that do not fit within `limit` tokens, by a quick estimate."""
    return _beyond({diff.path: _weight(diff) for diff in files}, limit)


def _beyond(weights: Mapping[str, int], limit: int) -> frozenset[str]:
    """What does not fit when files are kept in the order of `_risk`."""
    if sum(weights.values()) <= limit:
        return frozenset()
    room, out = limit, set()
    for path in sorted(weights, key=lambda path: _risk(path, weights[path])):
        if weights[path] <= room:
            room -= weights[path]
        else:
            out.add(path)
    return frozenset(out)


def _risk(path: str, weight: int) -> tuple[int, int, str]:
    """The order in which files are kept: code, tests, other texts, prose, data; of each, small ones before large."""
    if path.lower().endswith(_PROSE):
        kind = 3
    elif folds.is_data(path):
        kind = 4
    elif language_of(path) is None:
        kind = 2
    else:
        kind = 1 if is_test(path) else 0
    return kind, weight, path


def _said(diff: FileDiff, plan: Plan) -> Iterable[Skipped]:
    """What of a file is summarised: its notes in the diff say the same, each at its place."""
    if plan.brief:
        yield Skipped(diff.path, "deleted: shown to the panel by the names that it defined", len(diff.hunks))
    kinds = {
        "only spaces and line ends differ": "only spaces and line ends differ",
        folds.STYLE: f"only layout, {folds.STYLE} differ",
        "the same imports": "imports in another order",
        "stand unchanged": "moved blocks shown once, where they are added",
        "and nothing else": "the same edit as elsewhere, said instead of shown",
        "of data left out": "the middle of long data, left out",
    }
    for mark, words in kinds.items():
        some = [fold for fold in plan.folds if mark in fold.note]
        if some:
            yield Skipped(diff.path, f"summarised for the panel: {words} ({counted(len(some), 'place')})", len(some))


def _apart(some: Iterable[Fold]) -> list[Fold]:
    """The folds that touch no line of one before."""
    old, new, kept = set[int](), set[int](), list[Fold]()
    for fold in some:
        if not old.intersection(fold.old) and not new.intersection(fold.new):
            kept.append(fold)
            old.update(fold.old)
            new.update(fold.new)
    return kept


def _add(found: dict[str, list[Fold]], more: Mapping[str, Sequence[Fold]]) -> None:
    for path, some in more.items():
        found[path] = _apart((*found.get(path, ()), *some))


def _weight(diff: FileDiff) -> int:
    old, new = git_lines(diff.old_text or ""), git_lines(diff.new_text or "")
    changed = "".join(line[: LONGEST + 100] for line in _changed(diff, old, new))
    return round(quick_tokens(changed) * SURROUNDINGS)


def _changed(diff: FileDiff, old: Sequence[str], new: Sequence[str]) -> list[str]:
    return [line for hunk in diff.hunks for line in (*old[_of(hunk.old_lines)], *new[_of(hunk.new_lines)])]


def _of(lines: range) -> slice:
    return slice(lines.start, lines.stop)
