"""The default protocol, end to end with scripted speakers."""

from __future__ import annotations

from rebuttal.debate.model import Turn
from tests.debate.conftest import (
    LOOP_CLAIM,
    LOOP_LINE,
    SQL_CLAIM,
    SQL_LINE,
    Said,
    brief_of,
    play,
    rules,
    says,
)


def confirm_all(turn: Turn) -> Said:
    if turn.phase == "opening":
        return says(SQL_CLAIM) if turn.seat == "security-analyst" else says(LOOP_CLAIM)
    return rules(turn, SQL=("confirmed", SQL_LINE), first=("confirmed", LOOP_LINE))


def test_confirmed_claims_become_findings() -> None:
    played = play(brief_of(), confirm_all)
    outcome = played.outcome
    assert [finding.title for finding in outcome.findings] == [SQL_CLAIM.title, LOOP_CLAIM.title]
    assert outcome.findings[1].raised_by == ("code-reviewer", "architect")
    assert not outcome.held_back
    assert not outcome.degraded
    assert outcome.stopped_by is None
