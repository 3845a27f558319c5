"""From ranked candidates to slices that fit the budget."""

from __future__ import annotations

import re
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
    """Take the best first until the budget is used; `lines_of` gives the redacted lines of a candidate's file.

    `shown` says which lines of the new side the diff shows: a piece that adds nothing to it is left out."""
    taken: list[Slice] = []
    covered: dict[tuple[str, Side], set[int]] = {(file, "new"): set(lines) for file, lines in shown.items()}
    left = budget
    for one in candidates:
        seen = covered.setdefault((one.file, one.side), set())
        lines = lines_of(one)
        if not any(lines[line].strip() for line in one.lines(len(lines)) if line not in seen):
            continue
        limit = min(SURE_LIMIT if one.score >= SURE_SCORE else LIMIT, left - _HEADER)
        kept = _cut(one, lines, limit)
        if kept is None:
            continue
        text = _text(kept, lines, one)
        tokens = quick_tokens(text) + _HEADER
        if tokens > left:
            continue
        left -= tokens
        seen.update(kept)
        taken.append(
            Slice(one.file, one.first + 1, min(one.last, len(lines) - 1) + 1, one.reason, one.score, tokens, text)
        )
    return tuple(taken)


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
    held = set(every)
    return [line for line in dict.fromkeys([*sorted(one.signature), *naming, *near, *every]) if line in held]


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
