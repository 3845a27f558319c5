"""What the money brought."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.budget.returns import FEW, HOW_TO_SET_WORTH, LEAST_DECIDED, Return, Returns, returns, shared_out, tier_of
from rebuttal.settings import Settings
from rebuttal.store.fates import Examined, Fate, Outlay, Raised, SeatRecord, SpentOn
from rebuttal.store.model import ZERO

HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"


def spent(seat: str, amount: str, phase: str = "opening", **changes: str) -> SpentOn:
    made = SpentOn("shop", "2026-11", phase, seat, SONNET, Decimal(amount))
    return evolve(made, **changes)  # type: ignore[arg-type]  # a test's options


def examined(seat: str, amount: str, **changes: str) -> Examined:
    return evolve(Examined("shop", "2026-11", seat, SONNET, Decimal(amount)), **changes)  # type: ignore[arg-type]  # as above


def raised(finding: str, seat: str, fate: Fate = "open", **changes: str) -> Raised:
    made = Raised("shop", finding, seat, SONNET, "security", "high", "2026-11-22", fate)
    return evolve(made, **changes)  # type: ignore[arg-type]  # as above


def row(rows: tuple[Return, ...], key: str) -> Return:
    (found,) = [one for one in rows if one.key == key]
    return found


OUTLAY = Outlay(
    spent=(
        *(spent("architect", "0.10"), spent("database", "0.30", model=HAIKU), spent("triage", "0.01", "triage")),
        *(spent("examiner", "0.20", "cross_examination"), spent("moderator", "0.05", "consensus")),
    ),
    examined=(examined("architect", "0.05"), examined("database", "0.20", model=HAIKU)),
    raised=(
        raised("f1", "architect", "accepted"),
        *(raised("f1", "database", "accepted", model=HAIKU), raised("f2", "database", "dismissed", model=HAIKU)),
        raised("f3", "database", model=HAIKU, category="performance"),
    ),
    names={"shop": "my-shop"},
)


def test_a_seat_costs_its_openings_and_the_examination_of_what_it_claims() -> None:
    made = returns(OUTLAY, Settings())
    architect, database = row(made.by_seat, "architect"), row(made.by_seat, "database")
    assert (architect.own, architect.examined, architect.cost) == (Decimal("0.1"), Decimal("0.05"), Decimal("0.15"))
    assert (architect.shown, architect.accepted, architect.per_accepted) == (1, 1, Decimal("0.15"))
    assert (database.open, database.accepted, database.dismissed) == (1, 1, 1)
    assert database.per_dismissed == Decimal("0.5")
    assert made.unshared == Decimal("0.01")
    assert made.total.cost == Decimal("0.66") == architect.cost + database.cost + made.unshared
    assert [one.key for one in made.by_seat] == ["database", "architect"]


def test_a_finding_of_two_seats_counts_once_in_every_total() -> None:
    made = returns(OUTLAY, Settings())
    assert (made.total.shown, made.total.accepted, made.total.dismissed) == (3, 1, 1)
    assert made.total.per_finding == Decimal("0.22")
    assert row(made.by_category, "security").shown == 2
    (month,) = made.by_month
    (repository,) = made.by_repository
    assert (month.key, month.cost, month.shown) == ("2026-11", Decimal("0.66"), 3)
    assert (repository.key, repository.name, repository.cost) == ("shop", "my-shop", Decimal("0.66"))


def test_tiers_are_told_by_the_model_that_raised_it() -> None:
    made = returns(OUTLAY, Settings())
    haiku, sonnet = row(made.by_tier, "haiku"), row(made.by_tier, "sonnet")
    assert (haiku.cost, haiku.shown) == (Decimal("0.5"), 3)
    assert (sonnet.cost, sonnet.shown) == (Decimal("0.15"), 1)


@pytest.mark.parametrize(
    ("model", "tier"),
    [
        *(("us.anthropic.claude-Opus-4-8-v1:0", "opus"), ("claude-haiku-5-5", "haiku")),
        *(("qwen-coder", "sonnet"), ("magnopus", "magnopus"), ("", "unknown")),
    ],
)
def test_families_of_models(model: str, tier: str) -> None:
    assert tier_of(model, Settings(model_sonnet="qwen-coder", model_haiku="claude-opus-4-8")) == tier


def test_categories_share_what_the_seats_cost_that_found_them() -> None:
    made = returns(evolve(OUTLAY, spent=(*OUTLAY.spent, spent("frontend", "0.07"))), Settings())
    # The database's 0.50 over three findings, the architect's 0.15 on one.
    assert row(made.by_category, "performance").cost + row(made.by_category, "security").cost == Decimal("0.65")
    assert row(made.by_category, "performance").cost == pytest.approx(Decimal("0.5") / 3, abs=Decimal("1e-8"))
    assert made.barren == Decimal("0.07")


def test_no_return_is_told_unless_the_user_has_said_what_a_defect_is_worth() -> None:
    made = returns(OUTLAY, Settings())
    assert made.total.return_on_spend is made.total.worth is None
    assert made.words == (HOW_TO_SET_WORTH,)
    told = returns(OUTLAY, Settings(defect_worth=Decimal("1.32")))
    assert told.total.return_on_spend == Decimal(1)
    assert told.words == ()


def test_a_worth_by_category_comes_before_the_general_one_and_is_enough_where_it_holds() -> None:
    only = returns(OUTLAY, Settings(worth={"security": Decimal(66)}))
    assert only.total.return_on_spend == Decimal(99)
    other = returns(OUTLAY, Settings(worth={"performance": Decimal(66)}))
    assert other.total.return_on_spend is None
    assert row(other.by_category, "performance").return_on_spend == -1
    both = returns(OUTLAY, Settings(defect_worth=Decimal(1), worth={"security": Decimal(2)}))
    assert both.total.worth == 2


def test_nothing_spent_and_nothing_found_is_no_division_by_zero() -> None:
    assert returns(Outlay(), Settings()) == Returns(Return("total", "total"))
    free = returns(Outlay(raised=OUTLAY.raised), Settings(defect_worth=Decimal(5))).total
    assert free.per_dollar is free.return_on_spend is None
    assert free.per_finding == ZERO
    vain = returns(Outlay(spent=OUTLAY.spent), Settings(defect_worth=Decimal(5))).total
    assert vain.per_finding is vain.per_accepted is None
    assert vain.per_dollar == ZERO
    assert vain.return_on_spend == -1


def test_a_share_of_two_is_not_told() -> None:
    few = Return("a", "a", accepted=1, dismissed=1)
    assert few.accepted_share is None
    assert evolve(few, dismissed=FEW - 1).accepted_share == 1 / FEW


def record(seat: str = "database", dismissed: int = LEAST_DECIDED, accepted: int = 0, **changes: str) -> SeatRecord:
    made = SeatRecord("shop", seat, accepted, dismissed, "2026-11-22", Decimal("0.5"))
    return evolve(made, **changes)  # type: ignore[arg-type]  # as above


def test_a_seat_that_is_always_dismissed_is_named_with_the_setting() -> None:
    (silent,) = returns(
        Outlay(seats=(record(), record("architect", 9, 1)), names={"shop": "my-shop"}), Settings()
    ).silent
    assert (silent.seat, silent.dismissed, silent.cost) == ("database", LEAST_DECIDED, Decimal("0.5"))
    assert 'seats_off = ["database"]' in silent.words
    assert silent.words.startswith(f"my-shop: you have dismissed {LEAST_DECIDED} findings of database")
    assert 0.31 < silent.at_most < 0.32


@pytest.mark.parametrize(
    "records",
    [
        (record(dismissed=LEAST_DECIDED - 1),),
        (record(dismissed=50, accepted=1),),
        (record(dismissed=7), record(dismissed=7, repository="another")),
        (record(last="2026-10-01"), record("architect", 0)),
    ],
    ids=["too few", "once acted upon", "two repositories", "not asked any more"],
)
def test_no_seat_is_named_too_early_or_too_late(records: tuple[SeatRecord, ...]) -> None:
    assert returns(Outlay(seats=records), Settings()).silent == ()


def test_a_seat_that_is_off_already_is_not_named() -> None:
    assert returns(Outlay(seats=(record(),)), Settings(seats_off=("database",))).silent == ()


def test_a_share_that_the_ledger_no_longer_has_is_not_told() -> None:
    """An assumed call that the user released had been shared out."""
    outlay = Outlay(
        spent=(spent("examiner", "0.1", "rebuttal"),), examined=(examined("a", "0.2"), examined("b", "0.2"))
    )
    made = returns(outlay, Settings())
    assert [one.examined for one in made.by_seat] == [Decimal("0.05")] * 2
    assert made.unshared == 0


nanos = st.integers(0, 10**12).map(lambda units: Decimal(units).scaleb(-9))


@given(nanos, st.lists(nanos, min_size=1, max_size=9))
def test_parts_add_up_to_the_billionth(amount: Decimal, weights: list[Decimal]) -> None:
    parts = shared_out(amount, weights)
    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        fair = amount * weight / total if total else amount / len(weights)
        assert abs(part - fair) <= Decimal("1e-9")


names = st.sampled_from(["a", "b", "c"])
months = st.sampled_from(["2026-10", "2026-11"])
phases = st.sampled_from(["triage", "opening", "cross_examination", "consensus"])
models = st.sampled_from([HAIKU, SONNET, "local"])
outlays = st.builds(
    Outlay,
    spent=st.lists(st.builds(SpentOn, names, months, phases, names, models, nanos), max_size=12).map(tuple),
    examined=st.lists(st.builds(Examined, names, months, names, models, nanos), max_size=6).map(tuple),
    raised=st.lists(
        st.builds(
            Raised,
            *(names, names, names, models, st.sampled_from(["security", "testing"]), st.just("high")),
            months.map(lambda month: f"{month}-05"),
            st.sampled_from(["open", "accepted", "dismissed"]),
        ),
        max_size=12,
        unique_by=lambda one: (one.repository, one.finding, one.seat),
    ).map(tuple),
)


@given(outlays)
def test_every_way_to_share_the_money_out_adds_up_to_all_of_it(outlay: Outlay) -> None:
    made = returns(outlay, Settings(defect_worth=Decimal(7)))
    total = sum((one.amount for one in outlay.spent), ZERO)
    assert made.total.cost == total

    def cost(rows: tuple[Return, ...]) -> Decimal:
        return sum((one.cost for one in rows), ZERO)

    assert cost(made.by_seat) + made.unshared == total
    assert cost(made.by_tier) + made.unshared == total
    assert cost(made.by_category) + made.barren + made.unshared == total
    assert cost(made.by_repository) == cost(made.by_month) == total
    assert made.unshared >= 0
    found = len({(one.repository, one.finding) for one in outlay.raised})
    for rows in (made.by_category, made.by_repository, made.by_month, (made.total,)):
        assert sum(one.shown for one in rows) == found
    assert all(one.own >= 0 and one.examined >= 0 for one in (*made.by_seat, *made.by_tier, *made.by_category))
