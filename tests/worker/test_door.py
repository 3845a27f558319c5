"""What the worker tells of a debate while it is held."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebuttal.debate.events import DebateEvent, PhaseStarted, SeatFinished
from rebuttal.debate.model import Phase
from rebuttal.review.services import Services
from rebuttal.settings import Settings
from rebuttal.worker.door import EditorDoor


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "rebuttal"


def said(phase: Phase) -> SeatFinished:
    return SeatFinished("A seat", phase, Decimal(0), 0, 0, None)


def percentages(home: Path, events: list[DebateEvent]) -> list[int]:
    sent: list[Mapping[str, Any]] = []
    door = EditorDoor(1, sent.append, Services({"REBUTTAL_HOME": str(home)}, Settings()), Settings())
    for event in events:
        door.tell(event)
    return [one["percentage"] for one in sent if one.get("event") == "progress"]


OPENING: list[DebateEvent] = [PhaseStarted("opening", 4)]
EXAMINED: list[DebateEvent] = [PhaseStarted("cross_examination", 1), said("cross_examination")]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (OPENING + [said("opening")] * 4, [10, 20, 30, 40, 50]),
        # A rebuttal that nobody had to make has been passed.
        ([*OPENING, *[said("opening")] * 4, *EXAMINED, PhaseStarted("consensus", 2)], [10, 20, 30, 40, 50, 50, 80, 92]),
        # A debate that was taken up: nobody opens any more.
        (EXAMINED, [50, 80]),
    ],
)
def test_the_bar_goes_on_with_the_debate(home: Path, events: list[DebateEvent], expected: list[int]) -> None:
    assert percentages(home, events) == expected


def test_the_bar_leapt_to_four_fifths_with_the_first_examination_while_seats_still_opened(home: Path) -> None:
    early = [*OPENING, said("opening"), *EXAMINED]
    assert percentages(home, early)[-1] == 10 + 10 + 30 // 4
    assert percentages(home, [*early, said("opening")])[-1] == 10 + 20 + 30 // 2


def test_more_calls_than_were_foreseen_count_for_no_more_than_their_phase(home: Path) -> None:
    events = [*OPENING, *[said("opening")] * 4, *EXAMINED, said("cross_examination"), said("cross_examination")]
    assert percentages(home, events)[-1] == 80
