"""Claims that mean the same defect become one contention with several raisers.

The same place is not enough (two defects may share a line) and the same words are not either (the same
mistake may be made twice): both must agree. How like the words must be depends on the rest: less where both
speak of one kind of defect and name the same code, more where they speak of different kinds. Agreement is a
signal for later, never a filter here. Claims are kept in buckets by file and lines, and a bucket is searched
only so far, so that the work grows with the number of claims, not with its square.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable

from attrs import evolve, frozen
from rapidfuzz import fuzz

from rebuttal.debate.anchoring import overlap
from rebuttal.debate.defects import kinds_of
from rebuttal.debate.model import Claim, Contention, Place, Raised
from rebuttal.findings.identity import normalised_quote

BUCKET_LINES = 16
NEAR = 3
"""Lines that may lie between two quotes of one place."""
FAR = 12
"""Lines within which nearly the same words mean the same defect, quoted at another of its lines."""
SEARCHED = 24
"""Contentions of one bucket that a new claim is compared with."""

ALIKE = 62.0
"""Likeness of title and assertion (token set ratio, 0-100) from which claims about the same lines are one."""
RATHER_ALIKE = 55.0
"""The same, where they also name the same code and have the same category."""
OF_ONE_KIND = 50.0
"""The same, where they speak of the same kind of defect and name the same code."""
OF_OTHER_KINDS = 70.0
"""The same, where each speaks of a kind of defect that the other does not."""
VERY_ALIKE = 85.0
"""The same, where the lines lie apart, or one answer holds both."""

NEVER = 101.0
"""A likeness that nothing reaches."""

_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_TICKED = re.compile(r"`([^`]*)`")
_CODE_LIKE = re.compile(r"[a-z0-9][A-Z]|_|\d|\$")
_FIRST_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"'`(\[]?[A-Z`])")


def assertion(claim: Claim, limit: int = 400) -> str:
    """The asserted defect in one sentence: the first of the argument, which is asked to stand alone."""
    first = _FIRST_SENTENCE.split(claim.argument, maxsplit=1)[0].strip() or claim.title
    return first if len(first) <= limit else first[: limit - 1] + "…"


@frozen
class _Gist:
    """What two claims are compared by."""

    words: str
    told: frozenset[str]
    names: frozenset[str]
    kinds: frozenset[str]
    quoted: frozenset[str]

    def subject(self, other: _Gist) -> frozenset[str]:
        """What it names of its own lines that the other's lines do not hold."""
        return (self.names & self.quoted) - other.quoted

    def differs_in_names_only(self, other: _Gist) -> bool:
        """Whether the words are the same but for names of code: one mistake, made twice."""
        here, there = self.told - other.told, other.told - self.told
        code = {name.lower() for name in self.names | other.names | self.quoted | other.quoted}
        return bool(here) and bool(there) and here | there <= code


class Docket:
    """The contentions of a debate, in the order in which they were first heard."""

    def __init__(self) -> None:
        self._contentions: dict[str, Contention] = {}
        self._gists: dict[str, _Gist] = {}
        self._buckets: dict[tuple[str, str, int], list[str]] = defaultdict(list)

    def get(self, contention: str) -> Contention | None:
        return self._contentions.get(contention)

    def all(self) -> tuple[Contention, ...]:
        """Every contention, in the order heard."""
        return tuple(self._contentions.values())

    def put(self, contention: Contention) -> None:
        """Replace a contention by its newer state."""
        self._contentions[contention.id] = contention

    def restore(self, contentions: Iterable[Contention]) -> None:
        """Take up what was argued about before; into an empty docket."""
        for one in contentions:
            self._enter(one, _gist(one.lead.claim))

    def add(self, raised: Raised) -> tuple[Contention, bool]:
        """The contention that the claim belongs to, and whether the claim opened it."""
        gist = _gist(raised.claim)
        if (same := self._same(raised, gist)) is not None:
            joined = evolve(same, raised=_joined(same.raised, raised))
            self._contentions[same.id] = joined
            return joined, False
        fresh = Contention(self._new_id(raised), (raised,))
        self._enter(fresh, gist)
        return fresh, True

    def _enter(self, contention: Contention, gist: _Gist) -> None:
        self._contentions[contention.id] = contention
        self._gists[contention.id] = gist
        for bucket in _buckets(contention.lead.place):
            self._buckets[bucket].append(contention.id)

    def find(self, raised: Raised) -> Contention | None:
        """The contention that the claim would belong to, if there is one."""
        return self._same(raised, _gist(raised.claim))

    def _same(self, raised: Raised, gist: _Gist) -> Contention | None:
        """The most alike contention that means the same; of equals the one heard first."""
        best: tuple[float, Contention] | None = None
        for contention_id in self._candidates(raised.place):
            contention = self._contentions[contention_id]
            likeness = _sameness(raised, gist, contention, self._gists[contention_id])
            if likeness is not None and (best is None or likeness > best[0]):
                best = (likeness, contention)
        return best[1] if best is not None else None

    def _candidates(self, place: Place) -> list[str]:
        found: dict[str, None] = {}
        for bucket in _buckets(place, margin=1):
            found.update(dict.fromkeys(self._buckets.get(bucket, ())[:SEARCHED]))
        return list(found)

    def _new_id(self, raised: Raised) -> str:
        """From what is quoted where, so that neither order nor author shows; numbered where two quote the same."""
        place = raised.place
        stem = "\0".join((place.file, place.side, normalised_quote(raised.claim.quote)))
        digest = hashlib.sha256(stem.encode("utf-8", "replace")).hexdigest()[:6]
        number, candidate = 1, f"c-{digest}"
        while candidate in self._contentions:
            number += 1
            candidate = f"c-{digest}-{number}"
        return candidate


def _joined(before: tuple[Raised, ...], raised: Raised) -> tuple[Raised, ...]:
    """With one more. What an answer that is given anew says word for word again was said once, by the later answer."""
    if raised.attempt:
        for at, one in enumerate(before):
            if (one.seat, one.turn, one.claim) == (raised.seat, raised.turn, raised.claim):
                return (*before[:at], evolve(one, attempt=raised.attempt), *before[at + 1 :])
    return (*before, raised)


def _sameness(raised: Raised, gist: _Gist, contention: Contention, other: _Gist) -> float | None:
    """How alike the claim is to the contention; None where it means something else."""
    lead = contention.lead
    if (raised.place.file, raised.place.side) != (lead.place.file, lead.place.side):
        return None
    likeness = fuzz.token_set_ratio(gist.words, other.words)
    return likeness if likeness >= _bar(raised, gist, contention, other) else None


def _bar(raised: Raised, gist: _Gist, contention: Contention, other: _Gist) -> float:
    """From which likeness on the two are the same; NEVER where they cannot be."""
    if gist.differs_in_names_only(other):
        return NEVER
    if raised.place.side == "file":
        return VERY_ALIKE
    if not overlap(raised.place, contention.lead.place):
        return _bar_apart(raised, gist, contention, other)
    return VERY_ALIKE if _says_both(raised, contention) else _bar_here(raised, gist, contention, other)


def _says_both(raised: Raised, contention: Contention) -> bool:
    """Whether one answer holds both. A seat that is asked again after it failed says the same in other words, be it in
    another turn or in another attempt at this one."""
    answer = (raised.seat, raised.turn, raised.attempt)
    return any((one.seat, one.turn, one.attempt) == answer for one in contention.raised)


def _bar_here(raised: Raised, gist: _Gist, contention: Contention, other: _Gist) -> float:
    """Two seats about the same lines."""
    shared = gist.names & other.names
    if gist.kinds & other.kinds:
        return OF_ONE_KIND if shared else ALIKE
    if gist.kinds and other.kinds:
        return OF_OTHER_KINDS
    same_category = raised.claim.category == contention.lead.claim.category
    return RATHER_ALIKE if same_category and len(shared) > 1 else ALIKE


def _bar_apart(raised: Raised, gist: _Gist, contention: Contention, other: _Gist) -> float:
    """A seat tells its own claims apart, and one mistake made twice is two: then each names what is its own."""
    if _says_both(raised, contention) or (gist.names and other.names and not gist.names & other.names):
        return NEVER
    if gist.subject(other) and other.subject(gist):
        return NEVER
    if overlap(raised.place, contention.lead.place, NEAR):
        return OF_OTHER_KINDS if gist.kinds and other.kinds and not gist.kinds & other.kinds else ALIKE
    return VERY_ALIKE if overlap(raised.place, contention.lead.place, FAR) else NEVER


def _gist(claim: Claim) -> _Gist:
    told = f"{claim.title} {assertion(claim)}"
    quoted = frozenset(_WORD.findall(claim.quote[:4000]))
    code = quoted.union(*(_WORD.findall(ticked) for ticked in _TICKED.findall(told)))
    names = frozenset(
        word for word in _WORD.findall(told) if len(word) > 2 and (word in code or _CODE_LIKE.search(word))
    )
    words = _WORD.findall(told.lower())
    return _Gist(" ".join(words), frozenset(words), names, kinds_of(told), quoted)


def _buckets(place: Place, margin: int = 0) -> list[tuple[str, str, int]]:
    if place.side == "file":
        return [(place.file, place.side, 0)]
    first, last = place.first_line // BUCKET_LINES, place.last_line // BUCKET_LINES
    # A quote over very many lines is kept by its ends: what matters is where it begins and stops.
    rows = range(first - margin, last + margin + 1) if last - first < 64 else (first, last)
    return [(place.file, place.side, row) for row in rows]
