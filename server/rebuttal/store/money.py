"""Decimal dollars outside, integer nano-dollars in SQL: sums are exact, and rounding never makes a cost smaller.

And how an amount is written: `exact` for programs, `dollars` for people.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cattrs import Converter

NANO = 10**9
_LARGEST = 10**6 * NANO
"""One million dollars: far above any call, far below what a sum of 64-bit integers can hold."""
_UP, _DOWN = Context(prec=60, rounding=ROUND_CEILING), Context(prec=60, rounding=ROUND_FLOOR)
"""The product is rounded the same way as the result: the usual 28 digits, rounded to the nearest, lifted caps."""


def nano_cost(amount: Decimal) -> int:
    """A cost or a reservation in nano-dollars, rounded up. ValueError: negative, not finite, or above $1,000,000."""
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{amount} is no amount of money: a cost is zero dollars or more")
    if amount * NANO > _LARGEST:
        raise ValueError(f"${amount} is more than the ledger keeps for one call")
    return int(_UP.multiply(amount, Decimal(NANO)).to_integral_value(context=_UP))


def nano_change(amount: Decimal) -> int:
    """A saving, or a loss where it is negative, in nano-dollars, rounded down. ValueError: not finite, or too large."""
    if not amount.is_finite() or abs(amount) * NANO > _LARGEST:
        raise ValueError(f"{amount} is no amount that the ledger keeps")
    return int(_DOWN.multiply(amount, Decimal(NANO)).to_integral_value(context=_DOWN))


def nano_cap(cap: Decimal) -> int:
    """A cap in nano-dollars, rounded down, so that what fits under it fits under the cap itself."""
    if cap.is_infinite() and cap > 0:
        return _LARGEST * NANO
    if not cap.is_finite() or cap < 0:
        raise ValueError(f"{cap} is no cap: give an amount of zero dollars or more")
    bounded = min(cap, Decimal(_LARGEST))
    return int(_DOWN.multiply(bounded, Decimal(NANO)).to_integral_value(context=_DOWN))


def from_nano(nano: int) -> Decimal:
    """Nano-dollars as Decimal dollars, exact, without idle zeros: 0.5 and 20, not 0.500000000 and 2E+1.

    Below a millionth `str` would still write an exponent; `f"{amount:f}"` writes none.
    """
    if nano < 0:
        return -from_nano(-nano)
    whole, rest = divmod(nano, NANO)
    if not rest:
        return Decimal(whole)
    return Decimal(f"{whole}.{rest:09d}".rstrip("0"))


def amount_of(value: object) -> Decimal:
    """From a file. Raises ValueError and ArithmeticError for what is no amount."""
    amount = Decimal(str(value))
    if not amount.is_finite():
        raise ValueError("it holds an amount that is none")
    return amount


def money_converter(*, omit_if_default: bool = False) -> Converter:
    """Frozen data to JSON and back, with money as decimal strings."""
    from cattrs import Converter

    converter = Converter(omit_if_default=omit_if_default)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda value, _: amount_of(value))
    return converter


def exact(amount: Decimal) -> str:
    """As the contract writes it: plain digits, no exponent, no idle zeros ("0.0312", "0", "1.5")."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def dollars(amount: Decimal, *, is_saving: bool = False) -> str:
    """For people: two to four places ("$0.0312", "$1.00"), rounded up, so that nothing looks cheaper than it is; a
    saving is rounded down."""
    rounding = ROUND_FLOOR if is_saving else ROUND_CEILING
    whole, _, part = format(amount.quantize(Decimal("0.0001"), rounding), "f").partition(".")
    return f"${whole}.{part.rstrip('0').ljust(2, '0')}"
