"""How a debate is shortened where its money does not reach: what gives way, in which order, and what is told of it.

`SHORTENINGS` is the order, and docs/budget.md shows the same table. Before anything is sent, the plans of `plans` are
priced one after the other, and the first that fits what is left is held: so each step is taken only where those before
it are not enough. A cheaper model makes room for the seats that were given up before it: they are asked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.debate.model import Profile, Seat

FEWEST = 2
"""Seats of the smallest panel: somebody must be there to refute what another one claims."""
CHEAPEST = "haiku"
COLUMNS: dict[Profile, int] = {"frugal": 0, "balanced": 1, "thorough": 2}
"""How many cheaper columns the table of tiers has beside the profile's own."""
HALF, NONE = 50, 0
"""Hundredths of the slices of other code."""
CHECKED = 2
"""Rounds of a debate without rebuttal: opening and cross-examination, or the first answers of a council."""


@frozen
class Shortening:
    """One step."""

    what: str
    how: str


SHORTENINGS: tuple[Shortening, ...] = (
    Shortening(
        "fewer seats",
        "down to half of the panel; those in doubt go first, then the least needed (by priority, then by what the"
        " change calls for)",
    ),
    Shortening(
        "cheaper models", "the next cheaper column of the table, then haiku throughout; with each, all seats are back"
    ),
    Shortening("less other code", "half of the slices, then none; the change itself is always shown whole"),
    Shortening("no rebuttal", "what is open after cross-examination goes to the Moderator at once"),
    Shortening("two seats", "the smallest panel in which one can refute what another one claims"),
)
"""In the order in which they are taken."""


@frozen
class Plan:
    """How much of a debate is held. Without anything: all of it."""

    seats: int | None = None
    """How many of the panel sit; None: all."""
    columns: int = 0
    """By how many columns the table of tiers is read below the profile's own; beyond the last, the cheapest tier."""
    slices: int = 100
    """Hundredths of the slices of other code that are shown."""
    rebuttal: bool = True

    @property
    def is_whole(self) -> bool:
        return self == WHOLE

    def words(self, seats: int) -> tuple[str, ...]:
        """What is shortened, for people; `seats`: of the whole panel."""
        kept = self.seats if self.seats is not None and self.seats < seats else None
        return (
            *((f"{kept} of {counted(seats, 'seat')}",) if kept is not None else ()),
            *(("cheaper models",) if self.columns else ()),
            *((f"{self.slices} % of the other code" if self.slices else "no other code",) if self.slices < 100 else ()),
            *(() if self.rebuttal else ("no rebuttal",)),
        )


WHOLE = Plan()


def ladder(seats: int, profile: Profile, *, slices: bool, rebuttal: bool) -> Iterator[tuple[Plan, ...]]:
    """The plans in the order of SHORTENINGS, in groups: within one only the seats differ, the most seats first.

    `slices`, `rebuttal`: whether there are any to give up.
    """
    half = min(max(-(-seats // 2), FEWEST), seats)

    def group(most: int, least: int, base: Plan) -> tuple[Plan, ...]:
        return tuple(
            Plan(None if n == seats else n, base.columns, base.slices, base.rebuttal) for n in _down(most, least)
        )

    last = WHOLE
    yield group(seats, half, last)
    for columns in range(1, COLUMNS[profile] + 2):
        last = Plan(columns=columns)
        yield group(seats, half, last)
    for share in (HALF, NONE) if slices else ():
        last = Plan(columns=last.columns, slices=share)
        yield group(seats, half, last)
    if rebuttal:
        last = Plan(columns=last.columns, slices=last.slices, rebuttal=False)
        yield group(seats, half, last)
    if half > min(FEWEST, seats):
        yield group(half - 1, min(FEWEST, seats), last)


def _down(most: int, least: int) -> range:
    return range(most, least - 1, -1)


def kept_seats(seats: Sequence[Seat], doubtful: frozenset[str], plan: Plan) -> tuple[Seat, ...]:
    """Who sits, in the order of the panel: those in doubt go first, then by priority; of alike ones those go that the
    change calls for least, who stand last."""
    if plan.seats is None or plan.seats >= len(seats):
        return tuple(seats)
    ranked = sorted(seats, key=lambda seat: (seat.id in doubtful, seat.standing[0]))
    kept = {seat.id for seat in ranked[: plan.seats]}
    return tuple(seat for seat in seats if seat.id in kept)
