"""From ranked candidates to slices that fit the budget."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve, frozen

from rebuttal.change.model import Side
from rebuttal.context.model import Slice
from rebuttal.text.tokens import quick_tokens

ELISION = "…"
SURE_SCORE = 0.8
LIMIT = 2000
SURE_LIMIT = 5000
"""Tokens of one slice, below and from SURE_SCORE (the figures of the project's founding document)."""
LEAST = 60
"""A slice cut to fewer tokens says too little to be worth its header."""
_HEADER = 20
"""Tokens of a slice's own header line, about."""
_CONSIDERED = 120
_SMALL = 100
_COSTLY = 0.5
_AGAIN = 0.95
"""Tuned on the histories of flask, requests and cobra (bench/slices.py), reported on others."""
_PROVEN = 0.45
"""Below, only likeness, habit or a word speaks for a piece: it gets what the others leave of the budget."""
_LEAST_REPEATED = 45
"""Tokens: a shorter text costs no more than the words that refer to it."""
_FAILS = re.compile(
    r"\b(?:raise|throw|throws|panic!?|except|catch|rescue|ensure|finally|die|abort|unwrap|expect|bail!|Err|exit)\b"
    r"|\breturn\b[^\n]*\b(?:err|nil|None|null|false|False|-1)\b|\bif err\b|\bassert"
)
"""Where a function fails or handles a failure: kept when it is cut."""


@frozen
class Candidate:
    """A piece of a file that a reviewer may need. Lines from 0, inclusive."""

    file: str
    side: Side
    first: int
    last: int
    reason: str
    score: float
    names: frozenset[str] = frozenset()
    """What the reason is about: lines that hold one of these stay when the piece is cut."""
    signature: frozenset[int] = frozenset()
    """Lines that stay first."""
    only: frozenset[int] | None = None
    """An outline: of the piece, only these lines."""

    def lines(self, count: int) -> list[int]:
        """The lines of the piece in a file of `count` lines."""
        every = range(self.first, min(self.last, count - 1) + 1)
        return [line for line in every if self.only is None or line in self.only]


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first, one for each piece; reasons of the same piece are joined."""
    best: dict[tuple[str, Side, int, int], Candidate] = {}
    for one in sorted(candidates, key=_order):
        key = (one.file, one.side, one.first, one.last)
        known = best.get(key)
        if known is None:
            best[key] = one
            continue
        more = one.reason if one.reason not in known.reason and known.reason.count(";") < 2 else ""
        best[key] = evolve(
            known,
            reason=f"{known.reason}; {more}" if more else known.reason,
            names=known.names | one.names,
            signature=known.signature | one.signature,
        )
    return sorted(best.values(), key=_order)[:_CONSIDERED]


def _order(one: Candidate) -> tuple[float, str, int, int, str]:
    return (-one.score, one.file, one.first, one.last, one.reason)


def pack(
    candidates: Sequence[Candidate],
    lines_of: Callable[[Candidate], Sequence[str]],
    shown: Mapping[str, frozenset[int]],
    budget: int,
) -> tuple[Slice, ...]:
    """Take what is worth most for its tokens until the budget is used; given back best first.

    `lines_of` gives the redacted lines of a candidate's file. `shown` says which lines of the new side the diff
    shows: a piece that adds nothing to it, or to what was taken, is left out."""
    return _Packing(lines_of, shown, budget).take(candidates)


def _gain(one: Candidate, cost: int) -> float:
    """What a piece adds: of one that costs four times as much half as much is gained."""
    return float(one.score**2 / (cost + _SMALL) ** _COSTLY)


class _Packing:
    def __init__(
        self,
        lines_of: Callable[[Candidate], Sequence[str]],
        shown: Mapping[str, frozenset[int]],
        budget: int,
    ) -> None:
        self._lines_of = lines_of
        self._left = budget
        self._covered: dict[tuple[str, Side], set[int]] = {(file, "new"): set(lines) for file, lines in shown.items()}
        self._texts: dict[str, Slice] = {}
        self._files: Counter[str] = Counter()

    def take(self, candidates: Sequence[Candidate]) -> tuple[Slice, ...]:
        waiting = [(one, _gain(one, _cost(one, self._lines_of(one)))) for one in candidates]
        taken: list[Slice] = []
        while waiting and self._left > _HEADER:
            place = max(range(len(waiting)), key=lambda at: (*self._worth(*waiting[at]), -at))
            found = self._slice(waiting.pop(place)[0])
            if found is not None:
                taken.append(found)
                self._left -= found.tokens
                self._files[found.file] += 1
        return tuple(sorted(taken, key=lambda one: (-one.score, one.file, one.start_line, one.end_line)))

    def _worth(self, one: Candidate, gain: float) -> tuple[bool, float]:
        """Each further piece of a file adds less."""
        return one.score >= _PROVEN, gain * _AGAIN ** self._files[one.file]

    def _slice(self, one: Candidate) -> Slice | None:
        seen = self._covered.setdefault((one.file, one.side), set())
        lines = self._lines_of(one)
        if not any(lines[line].strip() for line in one.lines(len(lines)) if line not in seen):
            return None
        limit = min(SURE_LIMIT if one.score >= SURE_SCORE else LIMIT, self._left - _HEADER)
        kept = _cut(one, lines, limit)
        if kept is None:
            return None
        text = _text(kept, lines, one)
        twin = self._texts.get(text)
        if twin is not None:
            text = f"{ELISION} (the same text as {twin.file}, lines {twin.start_line} to {twin.end_line})\n"
        tokens = quick_tokens(text) + _HEADER
        if tokens > self._left:
            return None
        seen.update(kept)
        last = min(one.last, len(lines) - 1) + 1
        found = Slice(one.file, one.first + 1, last, one.reason, one.score, tokens, text)
        if tokens >= _LEAST_REPEATED and twin is None:
            self._texts[text] = found
        return found


def _cost(one: Candidate, lines: Sequence[str]) -> int:
    most = SURE_LIMIT if one.score >= SURE_SCORE else LIMIT
    return min(most, quick_tokens("".join(lines[line] for line in one.lines(len(lines)))))


def _cut(one: Candidate, lines: Sequence[str], limit: int) -> list[int] | None:
    """Which lines of the piece fit the limit: all, else the signature, then lines that name what it is about."""
    every = one.lines(len(lines))
    if quick_tokens("".join(lines[line] for line in every)) <= limit:
        return every
    if limit < LEAST:
        return None
    kept: set[int] = set()
    left = limit
    for line in _by_need(one, lines, every):
        cost = quick_tokens(lines[line]) + 1
        if line not in kept and cost <= left:
            kept.add(line)
            left -= cost
        if left < 4:
            break
    return sorted(kept) or None


def _by_need(one: Candidate, lines: Sequence[str], every: Sequence[int]) -> list[int]:
    naming = _naming(one, lines, every)
    near = [other for line in naming for other in (line - 1, line + 1, line - 2, line + 2)]
    failing = [line for line in every if _FAILS.search(lines[line][:300])]
    held = set(every)
    return [line for line in dict.fromkeys([*sorted(one.signature), *naming, *failing, *near, *every]) if line in held]


def _naming(one: Candidate, lines: Sequence[str], every: Sequence[int]) -> list[int]:
    if not one.names:
        return []
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(name) for name in sorted(one.names)) + r")(?!\w)")
    return [line for line in every if pattern.search(lines[line])]


def _text(kept: Sequence[int], lines: Sequence[str], one: Candidate) -> str:
    parts: list[str] = []
    before = one.first - 1
    for line in kept:
        if line > before + 1:
            parts.append(ELISION)
        parts.append(lines[line].removesuffix("\n").removesuffix("\r"))
        before = line
    if before < min(one.last, len(lines) - 1):
        parts.append(ELISION)
    return "".join(part + "\n" for part in parts)
