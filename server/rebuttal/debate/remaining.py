"""What a debate that was cut short will probably still take: the planned turns without those that have been heard.

Openings that were heard are not asked again, nor is triage. Later turns are planned as many times as claims that nobody
has ruled on, those that rulings leave open, and those that the missing seats are expected to raise, are of all claims
that were planned for. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve

from rebuttal.debate.model import Contention, Seat
from rebuttal.debate.planning import PlannedTurn
from rebuttal.debate.resumption import Record, opened


def remaining(
    turns: Iterable[PlannedTurn], record: Record, seats: Sequence[Seat], claims: float
) -> tuple[PlannedTurn, ...]:
    """`turns`: of the whole debate, planned for so many distinct `claims`; `seats`: who sits after triage."""
    heard = opened(record.exchanges)
    absent = {seat.id for seat in seats} - heard
    to_come = claims * len(absent) / max(len(seats), 1)
    unheard = sum(not _rulings(one) for one in record.contentions)
    disputed = sum(_is_disputed(one) for one in record.contentions)
    examined = (unheard + to_come) / claims
    argued = (unheard + disputed + to_come) / claims
    times = {"triage": 0.0, "cross_examination": examined}
    left: list[PlannedTurn] = []
    for turn in turns:
        often = float(turn.seat in absent) if turn.phase == "opening" else times.get(turn.phase, argued)
        if often > 0:
            left.append(evolve(turn, count=turn.count * often))
    return tuple(left)


def _rulings(contention: Contention) -> list[str]:
    return [one.ruling.verdict for one in contention.rulings if one.valid]


def _is_disputed(contention: Contention) -> bool:
    """Whether rulings leave it open."""
    said = set(_rulings(contention))
    return "unsure" in said or len(said) > 1
