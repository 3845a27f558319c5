from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rebuttal.store.money import dollars, from_nano, nano_cap, nano_change, nano_cost

amounts = st.decimals(min_value=0, max_value=1_000_000, allow_nan=False, allow_infinity=False)


@given(amounts)
@example(Decimal("30.517578124999999999999999995000000028913764186258632472011037629389186"))
def test_a_cost_is_rounded_up_and_a_cap_down(amount: Decimal) -> None:
    assert from_nano(nano_cap(amount)) <= amount <= from_nano(nano_cost(amount))
    assert nano_cost(amount) - nano_cap(amount) in {0, 1}


@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_what_the_ledger_keeps_comes_back_exactly(nano: int) -> None:
    shown = from_nano(nano)
    assert shown * 10**9 == nano
    assert abs(shown) < Decimal("0.000001") or "E" not in str(shown)


@given(st.decimals(min_value=-1_000_000, max_value=1_000_000, allow_nan=False, allow_infinity=False))
def test_a_saving_never_looks_larger_than_it_is(amount: Decimal) -> None:
    kept = from_nano(nano_change(amount))
    assert amount - Decimal("1e-9") < kept <= amount


@pytest.mark.parametrize("amount", ["NaN", "-Infinity", "-1000000.01"])
def test_what_is_no_saving_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="keeps"):
        nano_change(Decimal(amount))


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity", "1000000.01"])
def test_what_is_no_cost_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=r"\$|amount"):
        nano_cost(Decimal(amount))


@pytest.mark.parametrize("cap", ["-1", "NaN", "-Infinity"])
def test_what_is_no_cap_is_refused_rather_than_taken_as_none(cap: str) -> None:
    with pytest.raises(ValueError, match="no cap"):
        nano_cap(Decimal(cap))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0.00"),
        ("0.5", "$0.50"),
        ("1", "$1.00"),
        ("0.0312", "$0.0312"),
        ("0.03121", "$0.0313"),
        ("0.000000001", "$0.0001"),
    ],
)
def test_money_for_the_eye_is_never_shown_smaller_than_it_is(amount: str, shown: str) -> None:
    assert dollars(Decimal(amount)) == shown
