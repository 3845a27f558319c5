"""The numbers of a report."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.budget.reports.axis import axis, log_axis
from rebuttal.budget.reports.course import OTHERS, course_of
from rebuttal.budget.reports.model import CostReport, Period, largest_first
from rebuttal.budget.reports.notes import notes
from rebuttal.store.currency import Money
from rebuttal.store.database import Database
from rebuttal.store.debates import ActualShare, DebatePlan, PastDebate
from rebuttal.store.model import Caps, UnderWay
from rebuttal.store.spending import DaySpending
from tests.budget.reports.conftest import NOW, Reported, report, row
from tests.demo_ledger import fill


def spent(day: str, model: str = "sonnet", amount: str = "1", assumed: str = "0") -> DaySpending:
    return DaySpending(day, model, Decimal(amount), Decimal(assumed))


def debate(expected: str, cost: str, state: str = "whole", review: str = "r") -> PastDebate:
    plan = DebatePlan(
        *(review, "repo", "small", "crossfire", "balanced"),
        *(3, 2, 1, 9, 100),
        expected=Decimal(expected),
        at_most=Decimal(1),
    )
    actual = (ActualShare("opening", "architect", "sonnet", 1, spent=Decimal(cost)),)
    return PastDebate(plan, NOW, state, 1, actual)  # type: ignore[arg-type]  # one of the states


def test_what_is_left_is_never_less_than_nothing() -> None:
    day, month = report(held_day=Decimal(7), held_month=Decimal(40)).budgets
    assert (day.left, day.share, day.state) == (Decimal(0), 1.0, "reached")
    assert (month.left, month.state) == (Decimal(10), "near")


def test_a_cap_of_nothing_is_used_up_and_none_is_open() -> None:
    day, month = report(limits=Caps(day=Decimal(0))).budgets
    assert (day.state, day.share) == ("reached", 1.0)
    assert (month.state, month.left) == ("open", None)


def test_a_cap_that_calls_under_way_fill_was_told_as_used_up_until_tomorrow() -> None:
    aside = UnderWay(day=Decimal(4), month=Decimal(4))
    told = report(held_day=Decimal(5), held_month=Decimal(5), under_way=aside)
    assert [one.state for one in told.budgets] == ["open", "open"]
    assert [one.left for one in told.budgets] == [Decimal(0), Decimal(45)]
    assert notes(told) == ()


def test_a_cap_of_nothing_was_said_to_end_tomorrow() -> None:
    (note,) = notes(report(limits=Caps(day=Decimal(0))))
    assert (
        note.text
        == "The cap for today is $0.00: no model is asked until you raise max_cost_per_day in your config.toml."
    )


def test_the_budget_of_each_repository_is_told_where_there_is_one() -> None:
    limits = Caps(repository=Decimal(10))
    held = {"a": Decimal(1), "b": Decimal(8)}
    told = report(limits=limits, held_repositories=held, names={"a": "parcels", "b": "shop"})
    assert [(one.name, one.left) for one in told.budgets[2:]] == [("shop", Decimal(2)), ("parcels", Decimal(9))]
    one = report(limits=limits, held_repositories=held, names={"a": "parcels"}, repository="a")
    assert [budget.name for budget in one.budgets[2:]] == ["parcels"]


def test_repositories_of_one_name_are_told_apart_and_those_without_are_named_by_their_hash() -> None:
    names = {"aaaaaaaaaa": "shop", "bbbbbbbbbb": "shop", "cccccccccc": "till"}
    rows = {"repository": (row("aaaaaaaaaa"), row("bbbbbbbbbb"), row("cccccccccc"), row("dddddddddd"))}
    told = report(rows=rows, names=names)
    titles = [line.title for line in told.groups["repository"]]
    assert titles == ["shop (aaaaaa)", "shop (bbbbbb)", "till", "repository dddddddd"]


def test_shares_are_of_all_that_counts() -> None:
    told = report(rows={"model": (row("haiku", "1", 3), row("opus", "2", 1, assumed="1"))})
    assert [line.of_money for line in told.groups["model"]] == [0.25, 0.75]
    assert [line.title for line in largest_first(told.groups["model"])] == ["opus", "haiku"]
    assert (told.summary.cost, told.summary.calls, told.summary.read) == (Decimal(4), 4, 0.75)


def test_every_sum_of_a_year_is_the_same_whatever_it_is_grouped_by(year: CostReport) -> None:
    for lines in year.groups.values():
        assert sum(line.cost for line in lines) == year.summary.cost
        assert sum(line.row.calls for line in lines) == year.summary.calls
    assert sum(bar.cost for bar in year.course.bars) == year.summary.cost
    assert sum(year.course.by_model) == year.summary.spent
    assert len(year.groups["review"]) == year.summary.reviews
    costs = [one.cost for one in year.costly]
    assert costs == sorted((line.cost for line in year.groups["review"]), reverse=True)[:10]


def test_a_period_has_its_days_alone(database: Database, reported: Reported) -> None:
    made = fill(database, days=40)
    period = Period(date(2026, 11, 9), date(2026, 11, 15))
    within = [one for one in made if date(2026, 11, 9) <= one.day <= date(2026, 11, 15)]
    told = reported(period=period, repository="a1" * 16)
    mine = [one for one in within if one.repository == "a1" * 16]
    assert told.summary.cost == sum(one.cost for one in mine)
    assert told.summary.reviews == len(mine)
    assert {one.day for one in told.costly} <= {one.day for one in mine}
    assert (told.course.bars[0].first, told.course.bars[-1].last) == (period.since, period.until)
    assert told.repository == "parcels"
    assert len(told.accuracy.guesses) + told.accuracy.left_out == len(mine)


def test_bars_have_no_gap_and_models_beyond_four_are_one() -> None:
    days = [spent("2026-11-01", f"model-{number}", str(9 - number)) for number in range(7)]
    found = course_of([*days, spent("2026-11-04", "model-0", assumed="2")], None, None, date(2026, 11, 5), Decimal(5))
    assert [bar.first.day for bar in found.bars] == [1, 2, 3, 4, 5]
    assert found.models == ("model-0", "model-1", "model-2", "model-3", OTHERS)
    assert found.bars[0].by_model == tuple(map(Decimal, (9, 8, 7, 6, 5 + 4 + 3)))
    assert [found.bars[3].cost, found.bars[3].assumed, found.bars[4].cost] == [3, 2, 0]
    assert found.cap == Decimal(5)


@pytest.mark.parametrize(
    ("first", "unit", "count"),
    [
        ("2026-11-22", "day", 1),
        ("2026-08-20", "day", 95),
        ("2025-11-23", "week", 53),
        ("2024-02-29", "month", 34),
        ("1999-12-31", "year", 28),
    ],
)
def test_a_longer_time_has_longer_bars(first: str, unit: str, count: int) -> None:
    found = course_of([spent(first)], None, None, date(2026, 11, 22), Decimal(5))
    assert (found.unit, len(found.bars)) == (unit, count)
    assert found.bars[0].cost == 1
    assert (found.cap is None) == (unit != "day")
    assert all(one.last < after.first for one, after in zip(found.bars, found.bars[1:], strict=False))


def test_days_of_a_clock_that_was_wrong_do_no_harm() -> None:
    found = course_of([spent("0001-01-01"), spent("9999-12-31")], None, None, date(2026, 11, 22), None)
    assert sum(bar.cost for bar in found.bars) == 2
    assert course_of([spent("2026-11-20")], date(1, 1, 1), date(9999, 12, 31), date(2026, 11, 22), None).unit == "day"


def test_estimates_are_kept_within_a_fifth() -> None:
    found = report(debates=[debate("1", cost) for cost in ("0.8", "1.2", "0.79", "1.21")]).accuracy
    assert (found.kept, found.cheaper, found.dearer, found.share) == (2, 1, 1, 0.5)
    assert (found.expected, found.spent) == (Decimal(4), Decimal(4))


def test_debates_that_say_nothing_of_an_estimate_are_left_out() -> None:
    states = [debate("1", "1", state) for state in ("cut", "failed", "open", "whole")]
    found = report(debates=[*states, debate("0", "1")]).accuracy
    assert (len(found.guesses), found.left_out) == (1, 3)
    assert report().accuracy.share is None


def test_what_missed_by_most_stands_first_whether_above_or_below() -> None:
    costs = {"a": "0.1", "b": "3", "c": "1", "d": "0"}
    found = report(debates=[debate("1", cost, review=name) for name, cost in costs.items()]).accuracy
    assert [guess.review for guess in found.furthest] == ["d", "a", "b"]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows sets no time zone for a process")
def test_a_debate_belongs_to_the_day_where_the_user_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Near midnight the day in UTC is another than the user's."""
    made = debate("1", "1")
    at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        told = report(debates=[PastDebate(made.plan, at, "whole", 1, made.actual)])
    time.tzset()
    assert told.accuracy.guesses[0].day == date(2026, 11, 23)


amounts = st.decimals(Decimal("0.000000001"), Decimal(10**9), places=9)
monies = st.sampled_from([Money(), Money("EUR", Decimal("0.87")), Money("IDR", Decimal(16000))])


@given(amounts, monies)
def test_an_axis_has_room_for_what_it_shows(highest: Decimal, money: Money) -> None:
    found = axis(highest, money)
    assert 2 <= len(found.ticks) <= 6
    assert (found.ticks[0].at, found.ticks[-1].at) == (0, 100)
    assert len({tick.label for tick in found.ticks}) == len(found.ticks)
    assert found.place(highest) <= 100
    assert found.high >= float(highest) * 0.999


@given(amounts, amounts, monies)
def test_a_logarithmic_axis_has_room_for_both_ends(one: Decimal, other: Decimal, money: Money) -> None:
    least, highest = sorted((one, other))
    found = log_axis(least, highest, money)
    assert found.low <= float(least)
    assert found.high >= float(highest)
    assert 1 <= len(found.ticks) <= 22
    assert 0 <= found.place(least) <= found.place(highest) <= 100


def test_asyncio_wrote_every_row_of_the_report_into_the_text_of_the_task_that_made_it(year: CostReport) -> None:
    assert "LedgerRow" not in repr(year)
    assert len(repr(year)) < 100_000
