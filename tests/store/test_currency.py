from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.store.currency import DOLLARS, Money
from rebuttal.store.money import dollars

EURO = Money("EUR", Decimal("0.92"))


@pytest.mark.parametrize(
    ("money", "amount", "shown"),
    [
        (EURO, "1", "€0.92"),
        (EURO, "0.0312", "€0.0288"),
        (EURO, "0", "€0.00"),
        (EURO, "-0.5", "-€0.46"),
        (EURO, "-0.00001", "€0.00"),
        (Money("JPY", Decimal("151.3")), "0.0312", "¥5"),
        (Money("JPY", Decimal("151.3")), "10", "¥1513"),
        (Money("KWD", Decimal("0.3071")), "1", "KWD 0.3071"),
        (Money("KWD", Decimal("0.3")), "1", "KWD 0.300"),
        (Money("CHF", Decimal("0.8")), "-1", "-CHF 0.80"),
        (Money("HUF", Decimal("362.4")), "0.0312", "HUF 11.31"),
        (Money("CNY", Decimal("7.1")), "0.01", "CNY 0.071"),
    ],
)
def test_an_amount_has_the_places_of_its_currency_and_no_sign_that_another_has(
    money: Money, amount: str, shown: str
) -> None:
    assert money(Decimal(amount)) == shown


def test_without_a_rate_only_dollars_are_shown() -> None:
    for money in (DOLLARS, Money("EUR"), Money("USD", Decimal("0.5"))):
        assert money(Decimal("0.0312")) == "$0.0312"
        assert money.deciding(Decimal(5)) == "$5.00"


def test_a_cap_is_shown_with_the_dollars_in_which_it_counts() -> None:
    assert EURO.deciding(Decimal(5)) == "€4.60 ($5.00)"


def test_a_saving_is_rounded_down_and_a_cost_up() -> None:
    yen = Money("JPY", Decimal(150))
    assert (yen(Decimal("0.011")), yen(Decimal("0.011"), is_saving=True)) == ("¥2", "¥1")


rates = st.decimals(min_value="0.000001", max_value=1_000_000, allow_nan=False)
amounts = st.decimals(min_value=0, max_value=1_000_000, places=9)


@given(amount=amounts, rate=rates, currency=st.sampled_from(["EUR", "JPY", "BHD", "IDR"]))
def test_nothing_looks_cheaper_than_it_is(amount: Decimal, rate: Decimal, currency: str) -> None:
    shown = Money(currency, rate)(amount)
    digits = Decimal("".join(char for char in shown if char.isdigit() or char == "."))
    assert digits >= amount * rate - Decimal("1e-15")
    assert digits - amount * rate <= 1


@given(amount=amounts)
def test_dollars_are_written_as_everywhere(amount: Decimal) -> None:
    assert DOLLARS(amount) == dollars(amount)
