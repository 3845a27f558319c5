"""A stream that is cut at every single event: nothing that was said is lost, and nothing is paid for without need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator import Emulator, Fault, Rule
from tests.reliability.checks import check, failed
from tests.reliability.stage import CLAIMS, hold

SEAT = "code-reviewer"
"""It raises two claims: 25 events."""
OPENING, RULING = 25, 15
"""Events of that opening, and of an answer with one ruling."""
DECIDED = 2
"""The last events: from `message_delta` on nothing is missing of the answer."""


@pytest.mark.parametrize("at", range(OPENING))
async def test_cut_before_event(emulator: Emulator, tmp_path: Path, at: int) -> None:
    cut = Fault("cut", at=at)
    emulator.script.add(Rule(seat=SEAT, phase="opening", times=1, fault=cut))
    if at < RULING:
        emulator.script.add(*(Rule(phase=phase, times=1, fault=cut) for phase in AFTER))
    run = await hold(emulator, tmp_path)
    check(run)
    assert not failed(run)
    assert len(run.outcome.contentions) == sum(map(len, CLAIMS.values()))
    opening = [reply for turn, reply in run.replies if (turn.seat, turn.phase) == (SEAT, "opening")]
    first = run.of("opening")[0]
    assert first.seat == SEAT
    whole = "message_delta" in first.events
    assert [reply.calls for reply in opening] == [1 if whole else 2]
    assert run.attempts <= 2


AFTER = ("cross_examination", "rebuttal", "consensus")
