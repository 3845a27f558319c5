from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.budget.breaker import (
    RULES,
    Rule,
    is_near,
    is_spike,
    message,
    price_rise,
    rate_limit,
    rule,
    standing,
)
from rebuttal.budget.model import BudgetWarning, CapWarning, OverrunWarning, PriceWarning, RateWarning, SpikeWarning
from rebuttal.budget.purse import caps_of
from rebuttal.settings import Settings, widen
from rebuttal.store.currency import Money
from rebuttal.store.model import CAP_SETTINGS, CallKey, Caps

D = Decimal
NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
KEY = CallKey("review", "repository", "opening", "architect", "claude-sonnet-5-5")
LIMITS = Caps(day=D(5), month=D(50))


def test_the_table_of_states_in_the_docs_is_that_of_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "budget.md").read_text("utf-8")
    rows = [f"| {one.state} | `{one.cause}` | {one.why} | {one.until} | {one.resume} |" for one in RULES]
    table = page[page.index("| state | cause |") :].split("\n\n")[0].splitlines()
    assert table[2:] == rows


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.cause)
def test_each_text_of_a_state_is_one_sentence(one: Rule) -> None:
    for text in (one.why, one.until, one.resume):
        assert text.endswith(".")
        assert ". " not in text


def test_a_call_above_three_times_the_mean_of_the_last_five_is_a_spike() -> None:
    last = [D("0.10")] * 5
    assert not is_spike(D("0.30"), last)
    assert is_spike(D("0.31"), last)
    assert not is_spike(D("0.31"), last[:4])


def test_a_large_change_after_small_ones_is_no_spike_where_it_was_planned_to_cost_as_much() -> None:
    last = [D("0.02")] * 5
    assert is_spike(D("0.40"), last)
    assert is_spike(D("0.40"), last, planned=D("0.10"))
    assert not is_spike(D("0.40"), last, planned=D("0.20"))


def test_the_plan_alone_decides_where_too_few_calls_are_known() -> None:
    assert is_spike(D("0.40"), [], planned=D("0.10"))
    assert not is_spike(D("0.40"), [], planned=D("0.20"))
    assert not is_spike(D("0.40"), [])


def test_what_costs_less_than_a_cent_is_no_spike() -> None:
    assert not is_spike(D("0.0099"), [D("0.0001")] * 5, planned=D("0.0001"))


costs = st.decimals(min_value=0, max_value=100, places=6)


@given(cost=costs, usual=costs)
def test_what_costs_what_such_calls_cost_is_never_a_spike(cost: Decimal, usual: Decimal) -> None:
    assert not is_spike(cost, [cost] * 5, planned=usual)
    assert not is_spike(cost, [usual] * 5, planned=cost)


def test_a_price_has_risen_only_where_all_last_calls_say_so() -> None:
    assert price_rise([(D(1), D(2)), (D(3), D(6))]) == 2
    assert price_rise([(D(1), D(2)), (D(3), D(3))]) is None
    assert price_rise([(D(1), D("1.1"))]) is None
    assert price_rise([(D(0), D(2))]) is None
    assert price_rise([]) is None


def test_an_hour_is_unusual_beside_the_dearest_one_or_beside_the_days_cap() -> None:
    assert rate_limit(5, D("0.5"), D(5)) == D("1.5")
    assert rate_limit(5, D("0.1"), D(5)) == D("0.5")
    assert rate_limit(4, D("0.5"), D(5)) == D("2.5")
    assert rate_limit(4, D("0.5"), None) is None
    assert rate_limit(50, D("0.5"), None) == D("1.5")


def test_spending_goes_on_while_no_cap_is_near() -> None:
    found = standing(LIMITS, {"day": D(3), "month": D(30)}, NOW)
    assert (found.state, found.words) == ("spending", "")


def test_a_cap_that_is_near_warns_and_one_that_is_reached_stops() -> None:
    near = standing(LIMITS, {"day": D("3.5"), "month": D(3)}, NOW)
    assert (near.state, near.cause, near.cap) == ("warned", "cap_near", "day")
    assert near.words == (
        "$3.50 of the cap of $5.00 per day is used. It lasts until midnight, when Monday begins. "
        "Calls go on up to the cap; raise max_cost_per_day in your config.toml if you want more."
    )
    reached = standing(LIMITS, {"day": D(5), "month": D(40)}, NOW)
    assert (reached.state, reached.cap) == ("stopped", "day")
    assert reached.why == "Spending has stopped: $5.00 of the cap of $5.00 per day is used."


def test_of_several_caps_the_one_that_holds_longest_is_told() -> None:
    found = standing(LIMITS, {"day": D(5), "month": D(50)}, NOW)
    assert (found.cap, found.until) == ("month", "It lasts until the month ends, on 2026-12-01.")
    december = standing(LIMITS, {"month": D(50)}, datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert december.until == "It lasts until the month ends, on 2027-01-01."


def test_a_cap_of_zero_stops_and_a_cap_that_was_not_asked_about_says_nothing() -> None:
    assert standing(Caps(day=D(0)), {"day": D(0)}, NOW).state == "stopped"
    assert standing(Caps(repository=D(1)), {"day": D(9)}, NOW).state == "spending"


@pytest.mark.parametrize("cap", ["call", "review", "hour", "day", "month", "repository"])
def test_a_cap_of_nothing_was_not_told_or_was_said_to_end_at_midnight(cap: str) -> None:
    found = standing(caps_of(widen(Settings(), {CAP_SETTINGS[cap]: 0}, "config.toml")[0]), {}, NOW)
    assert (found.state, found.cause, found.cap) == ("stopped", "cap_reached", cap)
    assert found.until == "It lasts until the cap is raised."
    assert "Wait" not in found.words


def test_an_unusual_rate_is_told_after_a_cap_that_is_near() -> None:
    rate = RateWarning(D(2), D("1.5"))
    assert standing(LIMITS, {"day": D(2)}, NOW, rate=rate).cause == "rate"
    assert standing(LIMITS, {"day": D(4)}, NOW, rate=rate).cause == "cap_near"


def test_the_end_of_a_day_is_told_by_the_calendar_of_where_the_user_is() -> None:
    kiribati = datetime(2026, 12, 31, 0, 30, tzinfo=timezone(timedelta(hours=14)))
    baker = kiribati.astimezone(timezone(timedelta(hours=-12)))
    assert "Friday" in standing(LIMITS, {"day": D(5)}, kiribati).until
    assert "Wednesday" in standing(LIMITS, {"day": D(5)}, baker).until


@pytest.mark.parametrize(
    ("warning", "says"),
    [
        (CapWarning("day", D(5), D("3.5")), "€3.22 of the cap of €4.60 ($5.00) per day is used."),
        (SpikeWarning(KEY, D("0.4"), D("0.1")), "€0.092"),
        (PriceWarning("claude-sonnet-5-5", D("2.04")), "2.0 times"),
        (RateWarning(D(2), D(1)), "€1.84"),
        (OverrunWarning(KEY, D("0.1"), D("0.2")), "€0.184"),
    ],
)
def test_a_warning_is_one_sentence_in_the_users_currency(warning: BudgetWarning, says: str) -> None:
    text = message(warning, Money("EUR", D("0.92")))
    assert says in text
    assert ". " not in text


@given(spent=costs, limit=costs)
def test_what_is_reached_is_near(spent: Decimal, limit: Decimal) -> None:
    if spent and spent >= limit:
        assert is_near(spent, limit)


def test_every_cause_has_one_rule_and_every_cap_a_name() -> None:
    assert len({one.cause for one in RULES}) == len(RULES)
    assert rule("cap_reached").state == "stopped"
    assert "hour" in CAP_SETTINGS


@pytest.mark.parametrize("used", [Decimal(4), Decimal(5)])
def test_the_file_that_set_the_cap_is_named_not_always_the_users_own(used: Decimal) -> None:
    caps = Caps(day=Decimal(5), places={"day": "max_cost_per_day in the repository's .rebuttal.toml"})
    told = standing(caps, {"day": used}, datetime(2026, 11, 23, tzinfo=UTC)).resume
    assert "raise max_cost_per_day in the repository's .rebuttal.toml" in told
    assert "config.toml" not in told
