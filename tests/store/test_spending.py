"""The sums that reports read, in a file and on a server alike."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import Tokens
from rebuttal.store.repositories import Repositories
from rebuttal.store.spending import DaySpending, Spending
from tests.store.conftest import WIDE, Clock, call_key

ON_BOTH = True


def spend(ledger: Ledger, cost: str, **key: str) -> int:
    granted = ledger.reserve(call_key(**key), Decimal(1), WIDE).result()
    ledger.settle(granted.id, Tokens(input=1), Decimal(cost)).result()
    return granted.id


def test_days_are_told_by_model(database: Database, ledger: Ledger, clock: Clock) -> None:
    spend(ledger, "0.1", model="haiku")
    spend(ledger, "0.2", model="haiku", review="other")
    spend(ledger, "0.4", model="opus", repository="other")
    ledger.assume(ledger.reserve(call_key(model="opus"), Decimal("0.5"), WIDE).result().id).result()
    ledger.reserve(call_key(model="sonnet"), Decimal("0.5"), WIDE).result()
    clock.now += timedelta(days=1)
    spend(ledger, "0.8", model="opus")
    days = Spending(database).days().result()
    assert days == (
        DaySpending("2026-11-22", "haiku", Decimal("0.3"), Decimal(0)),
        DaySpending("2026-11-22", "opus", Decimal("0.4"), Decimal("0.5")),
        DaySpending("2026-11-23", "opus", Decimal("0.8"), Decimal(0)),
    )
    assert Spending(database).days(date(2026, 11, 23)).result() == days[2:]
    assert Spending(database).days(until=date(2026, 11, 22)).result() == days[:2]
    assert [one.spent for one in Spending(database).days(repository="other").result()] == [Decimal("0.4")]


def test_reviews_count_on_the_day_on_which_they_began(database: Database, ledger: Ledger, clock: Clock) -> None:
    spend(ledger, "0.1", review="late")
    clock.now += timedelta(days=1)
    spend(ledger, "0.1", review="late")
    spend(ledger, "0.1", review="other", repository="other")
    refused = ledger.reserve(call_key(review="free"), Decimal(1), WIDE).result()
    ledger.release(refused.id).result()
    spending = Spending(database)
    assert spending.reviews().result() == 2
    assert spending.reviews(date(2026, 11, 22), date(2026, 11, 22)).result() == 1
    assert spending.reviews(date(2026, 11, 23), None, "other").result() == 1
    assert spending.reviews(date(2026, 11, 23), None, "repository").result() == 0


def test_what_counts_against_the_cap_of_each_repository_is_of_one_month(
    database: Database, ledger: Ledger, clock: Clock
) -> None:
    spend(ledger, "0.1")
    spend(ledger, "0.2", repository="other")
    ledger.reserve(call_key(repository="other"), Decimal("0.5"), WIDE).result()
    clock.now += timedelta(days=30)
    spend(ledger, "0.4")
    held = Spending(database).held_by_repository
    assert held("2026-11").result() == {"repository": Decimal("0.1"), "other": Decimal("0.7")}
    assert held("2026-12").result() == {"repository": Decimal("0.4")}
    assert held("2027-01").result() == {}


def test_names_are_kept_where_a_team_shares_the_ledger(database: Database) -> None:
    Repositories(database).remember("a", "Zürich").result()
    assert Repositories(database).names().result() == {"a": "Zürich"}
