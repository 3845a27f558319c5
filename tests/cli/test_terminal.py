"""Progress as a person sees it: lines that stay, and on a terminal one that is written over."""

from __future__ import annotations

import io
import re
from decimal import Decimal

from rebuttal.cli.terminal import Look, TerminalDoor
from rebuttal.debate.events import (
    ArgumentEnded,
    ClaimRaised,
    ClaimSettled,
    CostChanged,
    DebateEvent,
    PhaseStarted,
    SeatFinished,
    SeatStarted,
)
from rebuttal.review.request import Resumed

RAISED = ClaimRaised("c-123456", "architect", "The loop never ends", "a.py", 6, "high")
DEBATE: tuple[DebateEvent | Resumed, ...] = (
    Resumed(
        "The debate of yesterday was cut short and is taken up: only Architect is asked again.", {"c-1": "It leaks"}
    ),
    PhaseStarted("opening", 2),
    SeatStarted("architect", "opening"),
    SeatStarted("code-reviewer", "opening"),
    RAISED,
    CostChanged(Decimal("0.02"), Decimal(0), 1),
    SeatFinished("code-reviewer", "opening", Decimal("0.02"), 0, 0, "the service is overloaded: try again later"),
    ClaimSettled("c-1", "dropped", "contested", "low"),
    ClaimSettled("c-123456", "held_back", "unverified", "high"),
    ClaimSettled("c-123456", "finding", "confirmed", "high"),
    SeatFinished("architect", "opening", Decimal("0.02"), 1, 0, None),
    ArgumentEnded("round_limit", 3, 1),
)
STAYS = """\
The debate of yesterday was cut short and is taken up: only Architect is asked again.
architect: The loop never ends (a.py:7)
code-reviewer failed in opening: the service is overloaded: try again later
  refuted: It leaks
  held back: The loop never ends
  now stands: The loop never ends
argument ended after round 3: round limit, 1 claim left to the Moderator
"""


class Screen(io.StringIO):
    """Counts the pieces in which it is written: what is cleared in one and drawn in the next flickers."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return super().write(text)


def told(*, terminal: bool) -> Screen:
    screen = Screen()
    door = TerminalDoor(Look(colour=False, terminal=terminal), screen, may_ask=False)
    for event in DEBATE:
        door.tell(event)
    door.close_line()
    return screen


def test_a_log_gets_whole_lines_and_nothing_that_steers_a_terminal() -> None:
    assert told(terminal=False).getvalue() == STAYS


def test_a_terminal_shows_phase_cost_claims_and_who_speaks_and_leaves_the_same_lines() -> None:
    screen = told(terminal=True)
    assert "$0.02 · opening · 2 claims, 0 findings · architect, code-reviewer speaking" in screen.getvalue()
    assert "$0.02 · opening · 2 claims, 1 finding · architect speaking" in screen.getvalue()
    left = re.sub(r"[^\n]*\r\x1b\[K", "", screen.getvalue())
    assert left == STAYS


def test_the_line_is_never_cleared_without_what_takes_its_place() -> None:
    cleared = [piece for piece in told(terminal=True).pieces if piece == "\r\x1b[K"]
    assert len(cleared) <= 1  # at the end, where nothing follows


def test_a_line_that_is_written_over_fits_the_terminal_whatever_it_names() -> None:
    screen = Screen()
    door = TerminalDoor(Look(colour=False, terminal=True), screen, may_ask=False)
    for number in range(30):
        door.tell(SeatStarted(f"審査員-{number}", "opening"))
    last = screen.pieces[-1].removeprefix("\r\x1b[K")
    assert sum(2 if ord(char) > 0x2E7F else 1 for char in last) < 80
