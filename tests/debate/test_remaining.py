"""What is left of a debate that was cut short."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from attrs import evolve

from rebuttal.debate.model import Phase
from rebuttal.debate.panel.choice import choose_panel
from rebuttal.debate.planning import PlannedTurn, planned_turns
from rebuttal.debate.remaining import remaining
from rebuttal.debate.resumption import Record, record_so_far
from tests.debate.conftest import SQL_CLAIM, brief_of, change_of, play, says
from tests.debate.test_crossfire import opening

CHANGE = change_of({"a.py": ("", "".join(f"x_{n} = {n}\n" for n in range(120)))})
SEATS = choose_panel(CHANGE, "small").seats


def turns() -> tuple[PlannedTurn, ...]:
    return planned_turns(choose_panel(CHANGE, "small"), "balanced", CHANGE)


def count(some: Iterable[PlannedTurn], phase: Phase) -> float:
    return sum(one.count for one in some if one.phase == phase)


@pytest.fixture
def held() -> Record:
    """All seats have spoken, and one of them made a claim that was ruled on."""
    brief = brief_of(sits=tuple(seat.id for seat in SEATS))
    outcome = play(brief, opening({SEATS[0].id: says(SQL_CLAIM)})).outcome
    record = record_so_far("key", outcome.exchanges, outcome.contentions, outcome.set_aside)
    assert record is not None
    assert all(any(one.valid for one in each.rulings) for each in record.contentions)
    return record


def test_nothing_is_left_where_all_was_said_and_ruled_on(held: Record) -> None:
    settled = evolve(held, contentions=())
    assert remaining(turns(), settled, SEATS, 4.0) == ()


def test_only_the_missing_seat_opens_and_what_it_may_claim_is_examined(held: Record) -> None:
    gone = SEATS[1].id
    kept = tuple(one for one in held.exchanges if (one.turn.seat, one.turn.phase) != (gone, "opening"))
    left = remaining(turns(), evolve(held, exchanges=kept, contentions=()), SEATS, 4.0)
    assert [one.seat for one in left if one.phase == "opening"] == [gone]
    for phase in ("cross_examination", "consensus"):
        assert count(left, phase) == pytest.approx(count(turns(), phase) / len(SEATS))


def test_a_claim_that_nobody_ruled_on_is_examined(held: Record) -> None:
    unheard = tuple(evolve(one, rulings=()) for one in held.contentions)
    left = remaining(turns(), evolve(held, contentions=unheard), SEATS, 4.0)
    assert count(left, "opening") == 0
    assert count(left, "cross_examination") == pytest.approx(
        count(turns(), "cross_examination") * len(unheard) / 4,
    )
