"""Whether what a review says is true: findings against the known defects of a case.

A finding *meets* a defect where it stands on the same side of the same file, within NEAR lines of a place of the
defect, and means it: it is of the same category, or says much the same in words. Where a known false claim (a lure)
stands there as well and the finding's words are clearly nearer to that one, it means the lure and meets nothing.

Every defect counts once: of several findings that meet it the one that fits best is true, the others are
*duplicates*, which are neither true nor false. All that meets no defect is false. This is a rule of thumb that no
model takes part in; what it decided stands in the report, finding by finding, for whoever wants to check it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from attrs import frozen
from rapidfuzz import fuzz

from rebuttal.debate.anchoring import overlap
from rebuttal.debate.model import Contention, Place
from rebuttal.evaluation.corpus import Case, Defect, Lure
from rebuttal.findings.model import Category, Finding

NEAR = 3
"""Lines that may lie between a finding and a place of the defect: as many as merging forgives in a debate."""
ALIKE = 60.0
"""Likeness in words (token set ratio, 0-100) from which a finding of another category means the defect: merging's."""
NEARER = 8.0
"""So much more alike must a finding be to a lure than to a defect at the same place to be taken for the lure."""
_EXACT = 25.0
"""What standing on a defect's very lines weighs against likeness, when two defects are near."""
_SAME_CATEGORY = 10.0

_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_SMALL = re.compile(
    r"\b(?:a|an|the|of|to|in|on|at|by|for|from|with|and|or|is|are|was|be|it|its|this|that|which|when|where|as|so|than|"
    r"then|there|can|may|must|does|do|has|have|had|if|but|into|out|over|any|each)\b"
)


@frozen
class Said:
    """What a review, or one seat, says of a change: as much of it as the truth of it hangs on."""

    place: Place
    category: Category
    words: str

    @classmethod
    def of_finding(cls, finding: Finding) -> Said:
        start, end = finding.range.start, finding.range.end
        last = end.line - 1 if end.character == 0 and end.line > start.line else end.line
        place = Place(finding.file, finding.side, start.line, last)
        return cls(place, finding.category, f"{finding.title} {finding.message}")

    @classmethod
    def of_contention(cls, one: Contention) -> Said:
        claim = one.lead.claim
        return cls(one.lead.place, claim.category, f"{claim.title} {claim.argument}")


Judgement = Literal["true", "duplicate", "false"]


@frozen
class Judged:
    """What became of one thing said. `defect` of a true one or a duplicate; `lure` where it fell for one."""

    judgement: Judgement
    defect: Defect | None = None
    lure: Lure | None = None


def judge(case: Case, said: Sequence[Said]) -> tuple[Judged, ...]:
    """The judgement of each, in the order given; it does not depend on that order but between equals."""
    fits: list[tuple[float, int, int]] = []
    for index, one in enumerate(said):
        for number, defect in enumerate(case.defects):
            fit = _fit(one, defect, case.lures)
            if fit is not None:
                fits.append((fit, index, number))
    fits.sort(key=lambda fit: (-fit[0], fit[1], fit[2]))
    met: dict[int, int] = {}
    by_defect: dict[int, int] = {}
    for _, index, number in fits:
        if index not in met and number not in by_defect:
            met[index] = number
            by_defect[number] = index
    best = {index: number for _, index, number in reversed(fits)}
    return tuple(_judged(case, one, index, met, best) for index, one in enumerate(said))


def _judged(case: Case, one: Said, index: int, met: dict[int, int], best: dict[int, int]) -> Judged:
    if index in met:
        return Judged("true", case.defects[met[index]])
    if index in best:
        return Judged("duplicate", case.defects[best[index]])
    return Judged("false", lure=_nearest_lure(one, case.lures))


def likeness(one: str, other: str) -> float:
    """How alike two texts are in the words that matter, 0-100."""
    return fuzz.token_set_ratio(_words(one), _words(other))


def _fit(one: Said, defect: Defect, lures: Iterable[Lure]) -> float | None:
    """How well it fits the defect; None where it does not mean it."""
    if not any(_near(one.place, place) for place in defect.places):
        return None
    alike = likeness(one.words, f"{defect.title} {defect.why}")
    same = one.category == defect.category
    if not same and alike < ALIKE:
        return None
    if any(_near(one.place, lure.place) and _lure_likeness(one, lure) > alike + NEARER for lure in lures):
        return None
    exact = any(overlap(one.place, place) for place in defect.places)
    return alike + (_EXACT if exact else 0.0) + (_SAME_CATEGORY if same else 0.0)


def _near(place: Place, other: Place) -> bool:
    """Something missing from a file as a whole has no line: then the file decides, and the meaning."""
    if "file" in (place.side, other.side):
        return place.file == other.file and place.side == other.side
    return overlap(place, other, NEAR)


def _nearest_lure(one: Said, lures: Iterable[Lure]) -> Lure | None:
    near = [
        lure
        for lure in lures
        if _near(one.place, lure.place) and (one.category == lure.category or _lure_likeness(one, lure) >= ALIKE)
    ]
    return max(near, key=lambda lure: _lure_likeness(one, lure), default=None)


def _lure_likeness(one: Said, lure: Lure) -> float:
    return likeness(one.words, f"{lure.title} {lure.why}")


def _words(text: str) -> str:
    return " ".join(_WORD.findall(_SMALL.sub(" ", text.lower())))
