"""Which panel a change gets, and why. The static panel is told without loading what seats a debate (seating.py)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from rebuttal.change.model import Change
from rebuttal.text.parsing import Parser

if TYPE_CHECKING:
    from rebuttal.debate.model import PanelName, Seat


@frozen
class PanelChoice:
    """`seats` open the debate, those called for most first; the static panel has none. `reasons`: for users."""

    panel: PanelName
    seats: tuple[Seat, ...]
    rounds: int
    reasons: tuple[str, ...]
    doubtful: frozenset[str] = frozenset()
    """Ids of seats that only fill the panel: the cheapest tier may be asked whether they are worth asking."""


def choose_panel(
    change: Change,
    requested: str,
    extra: Sequence[Seat] = (),
    parser: Parser | None = None,
    off: Collection[str] = (),
) -> PanelChoice:
    """The panel for a change.

    `requested`: auto, static, small, medium or large; a named one is kept, whatever the change is like. `extra`: seats
    that users added; one with the id of a seat of the package takes its place. `off`: ids of seats that are not to be
    asked; where nobody is left it is the static panel. Raises ValueError for any other word.
    """
    if requested == "static":
        return PanelChoice("static", (), 0, ("the static panel was asked for",))
    from rebuttal.debate.panel import seating
    from rebuttal.debate.panel.traits import why_trivial

    if requested == "auto":
        trivial = why_trivial(change, parser or Parser())
        if trivial is not None:
            return PanelChoice("static", (), 0, (trivial,))
        return seating.by_rules(change, extra, off)
    return seating.of_size(change, requested, extra, off)
