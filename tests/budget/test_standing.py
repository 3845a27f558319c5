from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from rebuttal.budget.model import Estimate
from rebuttal.budget.standing import standing_of
from rebuttal.settings import Settings
from rebuttal.store.model import Totals, UnderWay
from rebuttal.store.pace import Hours

D = Decimal
NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


def test_every_cap_of_the_settings_counts() -> None:
    settings = Settings(max_cost_per_hour=D(1), max_cost_per_repository=D(2))
    totals = Totals(day=D("4.9"), month=D("4.9"), repository=D(2), hour=D("0.8"))
    assert standing_of(settings, totals, now=NOW).cap == "day"
    known = standing_of(settings, totals, now=NOW, repository=True)
    assert (known.state, known.cap) == ("stopped", "repository")
    hour = standing_of(settings, Totals(hour=D(1)), now=NOW)
    assert (hour.state, hour.until) == ("stopped", "It lasts until what was spent is more than sixty minutes ago.")
    assert "max_cost_per_hour" in hour.resume


def test_money_that_was_only_set_aside_was_told_as_used_until_midnight() -> None:
    whole = UnderWay(*([D("4.5")] * 4))
    settings = Settings(max_cost_per_hour=D(5), max_cost_per_repository=D(5), max_cost_per_month=D(5))
    totals = Totals(D(5), D(5), D(5), D(5), whole)
    assert standing_of(settings, totals, now=NOW, repository=True).state == "spending"


def test_a_rate_is_unusual_beside_what_the_ledger_knows() -> None:
    totals = Totals(day=D(2), month=D(2), hour=D(2))
    assert standing_of(Settings(), totals, Hours(D(2), 9, D("0.5")), NOW).cause == "rate"
    assert standing_of(Settings(), totals, Hours(D(2), 9, D("0.7")), NOW).cause == "usual"
    assert standing_of(Settings(), totals, Hours(D(2), 2, D("0.1")), NOW).cause == "usual"
    assert standing_of(Settings(), totals, now=NOW).cause == "usual"


def test_amounts_are_told_in_the_users_currency_with_the_dollars_of_the_cap() -> None:
    settings = Settings(currency="EUR", exchange_rate=D("0.92"))
    assert "€3.68 of the cap of €4.60 ($5.00) per day" in standing_of(settings, Totals(day=D(4)), now=NOW).why


def test_a_cap_of_nothing_was_said_to_cut_a_debate_short() -> None:
    nothing = Estimate(D("0.01"), D(0), shortened=("2 of 5 seats",))
    assert nothing.words == "expected $0.01, but your caps leave nothing, so nothing will be sent"
    assert Estimate(D(0), D(0)).words == "expected $0.00, at most $0.00"
