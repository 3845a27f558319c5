"""Memory within a debate: what is never dropped, what decays, and that the same gives the same."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, get_args

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.debate.memory import (
    FULL,
    LINE,
    LINES,
    WHOLE,
    WINDOW,
    Memory,
    Position,
    brief,
    decayed,
    difference,
    positions,
    remember,
    standing,
)
from rebuttal.debate.model import Contention, Phase, Place, Raised, Ruled, RulingVerdict
from rebuttal.debate.recollection import Exhibited, recollected, summed_up
from rebuttal.debate.verdict import is_open, settle
from rebuttal.findings.severity import Severity
from tests.debate.conftest import SQL_CLAIM, ruling_of

HERE = Place("shop/users.py", "new", 4, 4)
SEATS = ("architect", "code-reviewer", "database", "frontend", "documentation")

POSITIONS = st.builds(
    Position,
    claim=st.sampled_from(("c-1", "c-2", "c-3")),
    seat=st.sampled_from(SEATS),
    round=st.integers(1, 9),
    holds=st.sampled_from(get_args(RulingVerdict)),
    file=st.sampled_from(("a.py", "b.py")),
    quote=st.sampled_from(("x = 1", "y = 2", "z = 3", "")),
    because=st.text(max_size=20),
    severity=st.sampled_from(get_args(Severity)),
    raised=st.booleans(),
    anchored=st.booleans(),
    contested=st.booleans(),
    given_up=st.booleans(),
)
SAID = st.lists(POSITIONS, max_size=30, unique=True)
NOW = st.integers(1, 20)


def form(memory: Memory, one: Position) -> int:
    """2: whole, 1: a line, 0: a number."""
    return 2 if one in memory.whole else 1 if one in memory.lines else 0


# --- decay ---


@given(SAID, NOW)
def test_every_position_is_shown_whole_or_in_a_line_or_counted(said: list[Position], now: int) -> None:
    memory = decayed(said, now)
    assert len(memory.whole) + len(memory.lines) + memory.forgotten == len(said)
    assert not set(memory.whole) & set(memory.lines)


@given(SAID, NOW)
def test_what_is_shown_is_bounded_however_much_was_said(said: list[Position], now: int) -> None:
    memory = decayed(said, now)
    assert len(memory.whole) <= WHOLE
    assert len(memory.lines) <= LINES
    assert len(memory.quotes) <= len({(one.file, one.quote) for one in said})


@given(SAID, NOW)
def test_no_position_grows_as_time_goes_by(said: list[Position], now: int) -> None:
    earlier, later = decayed(said, now), decayed(said, now + 1)
    assert all(form(later, one) <= form(earlier, one) for one in said)


@given(SAID, POSITIONS, NOW)
def test_no_position_grows_because_a_newer_one_is_taken(said: list[Position], newer: Position, now: int) -> None:
    newer = evolve(newer, round=10, seat="ux-specialist")
    before, after = decayed(said, now), decayed([*said, newer], now)
    assert all(form(after, one) <= form(before, one) for one in said)


@given(POSITIONS, NOW)
def test_retention_falls_with_age_and_lies_between_nothing_and_all(one: Position, now: int) -> None:
    assert 0 < one.retention(now + 1) <= one.retention(now) <= Fraction(one.weight, FULL) <= 1


@given(SAID, NOW, st.randoms())
def test_the_order_in_which_it_was_said_changes_nothing(said: list[Position], now: int, random: Any) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)
    assert repr(decayed(said, now)) == repr(decayed(shuffled, now))


@given(SAID, NOW)
def test_the_lines_of_code_that_anything_rests_on_are_kept(said: list[Position], now: int) -> None:
    memory = decayed(said, now)
    kept = {(one.file, one.quote) for one in (*memory.whole, *memory.lines)} | set(memory.quotes)
    assert {(one.file, one.quote) for one in said if one.quote} <= kept


@given(SAID, NOW, st.integers(0, 9))
def test_what_was_seen_is_not_shown_whole_again(said: list[Position], now: int, since: int) -> None:
    assert all(one.round >= since for one in decayed(said, now, since).whole)


def test_what_is_older_than_the_window_is_a_line_and_what_weighs_little_a_number() -> None:
    one = Position("c-1", "a", 1, "refuted", "a.py", "x", "It is so. And more.", "high", contested=True)
    assert form(decayed([one], 1 + WINDOW), one) == 2
    assert form(decayed([one], 2 + WINDOW), one) == 1
    mild = evolve(one, severity="low", contested=False)
    assert decayed([mild], 2 + WINDOW).forgotten == 1
    assert decayed([mild], 2 + WINDOW).quotes == (("a.py", "x"),)


def test_weight_comes_of_severity_contest_and_quote() -> None:
    heavy = Position("c-1", "a", 1, "refuted", "a.py", "x", "", "critical", contested=True)
    assert heavy.weight == FULL
    for lighter in ({"severity": "high"}, {"contested": False}, {"anchored": False}, {"given_up": True}):
        assert evolve(heavy, **lighter).weight < FULL
    assert heavy.retention(3) == Fraction(16, 25)


# --- what a debate leaves ---


def contention(identity: str, rulings: list[tuple[str, RulingVerdict, int, bool]], silent: int = 0) -> Contention:
    phase: Phase = "rebuttal"
    ruled = [
        Ruled(seat, phase, round_, ruling_of(identity, verdict, f"line {n}"), HERE if valid else None, n)
        for n, (seat, verdict, round_, valid) in enumerate(rulings)
    ]
    raised = Raised("architect", SQL_CLAIM, HERE, 0)
    one = Contention(identity, (raised,), tuple(ruled), tuple("no answer" for _ in range(silent)))
    return evolve(one, settled=settle(one))


RULINGS = st.lists(
    st.tuples(st.sampled_from(SEATS), st.sampled_from(get_args(RulingVerdict)), st.integers(2, 9), st.booleans()),
    max_size=20,
)
CONTENTIONS = st.lists(st.tuples(RULINGS, st.integers(0, 3)), max_size=3).map(
    lambda given_: [contention(f"c-{n}", *one) for n, one in enumerate(given_)]
)


@given(CONTENTIONS, st.integers(2, 30), st.integers(0, 9))
def test_decisions_mistakes_and_open_points_are_never_dropped(
    contentions: list[Contention], now: int, since: int
) -> None:
    memory = remember(contentions, now, since=since)
    assert {one.claim for one in memory.decisions} == {one.id for one in contentions if not is_open(one)}
    assert set(memory.still_open) == {one.id for one in contentions if is_open(one)}
    void = sum(not ruled.valid for one in contentions for ruled in one.rulings)
    silent = sum(len(one.unheard) for one in contentions)
    assert [sum(one.kind == kind for one in memory.mistakes) for kind in ("void", "silent")] == [void, silent]
    quotes = {ruled.ruling.quote for one in contentions for ruled in one.rulings if ruled.valid and ruled.round < now}
    shown = {one.quote for one in (*memory.whole, *memory.lines)} | {quote for _, quote in memory.quotes}
    assert quotes <= shown


@given(CONTENTIONS, st.integers(2, 12))
def test_the_same_contentions_give_the_same_bytes(contentions: list[Contention], now: int) -> None:
    def told(ones: list[Contention]) -> str:
        return repr([list(recollected(remember((one,), now), has_seen=True)) for one in ones])

    assert told(contentions) == told([evolve(one) for one in contentions])
    assert repr(remember(contentions, now)) == repr(remember(reversed(contentions), now))


@given(CONTENTIONS, st.integers(2, 12))
def test_no_name_is_told(contentions: list[Contention], now: int) -> None:
    for one in contentions:
        told = repr(list(recollected(remember((one,), now), has_seen=False)))
        assert not any(seat in told for seat in SEATS)


def test_how_many_raised_a_claim_is_not_told() -> None:
    one = contention("c-1", [])
    three = evolve(one, raised=tuple(evolve(one.lead, seat=seat) for seat in SEATS[:3]))
    assert len(remember((three,), 3).whole) == 1
    assert len(positions(three, 3)) == 3


def test_a_position_that_was_given_up_is_told_as_such() -> None:
    one = contention("c-1", [("database", "refuted", 2, True), ("database", "confirmed", 3, True)])
    said = positions(one)
    assert [each.given_up for each in said] == [False, True, False]
    told = [item.item for item in recollected(remember((one,), 4), has_seen=False) if isinstance(item, Exhibited)]
    assert [each["holds"] for each in told if each.get("since") == "given up"] == ["refuted"]


def test_void_rulings_are_no_position_but_a_mistake() -> None:
    one = contention("c-1", [("database", "refuted", 2, False)], silent=1)
    assert [each.raised for each in positions(one)] == [True]
    told = [item for item in recollected(remember((one,), 3), has_seen=False) if isinstance(item, str)]
    assert told == [
        "Rulings on this claim rested on lines that are not in the code, and count for nothing:",
        "1 reviewer gave no ruling on it.",
    ]


@given(st.text(max_size=3000))
def test_a_line_is_one_line_and_short(because: str) -> None:
    assert len(brief(because)) <= LINE
    assert "\n" not in brief(because)


# --- differences ---


@given(SAID, SAID)
def test_a_difference_tells_all_that_differs_and_only_that(before: list[Position], after: list[Position]) -> None:
    was, now = standing(before), standing(after)
    told = difference(was, now)
    assert len(told.added) == len(now.keys() - was.keys())
    gone = was.keys() - now.keys()
    kept = len(now.keys() & was.keys())
    assert len(told.changed) + len(told.withdrawn) - len(gone) + told.unchanged == kept
    assert difference(now, now).unchanged == len(now)
    assert difference(now, now).stances == ()


@pytest.mark.parametrize(
    ("more", "stances", "changed"),
    [({"holds": "confirmed"}, 1, 1), ({"quote": "other"}, 0, 1), ({"because": "in other words"}, 0, 0)],
)
def test_other_words_are_no_change_and_other_lines_no_other_stance(
    more: dict[str, Any], stances: int, changed: int
) -> None:
    one = Position("c-1", "a", 2, "refuted", "a.py", "x", "It is so.", "high")
    told = difference(standing([one]), standing([evolve(one, **more)]))
    assert (len(told.stances), len(told.changed)) == (stances, changed)


def test_a_claim_that_its_raiser_gives_up_is_withdrawn() -> None:
    claim = Position("c-1", "a", 1, "confirmed", "a.py", "x", "It is so.", "high", raised=True)
    told = difference(standing([claim]), standing([evolve(claim, round=2, holds="refuted", raised=False)]))
    assert (len(told.withdrawn), len(told.changed), len(told.stances)) == (1, 0, 1)
    assert summed_up(told) == "Since your last turn: 0 added, 0 changed, 1 withdrawn, 0 unchanged."
