"""Amounts as people read them: in US dollars, or in the user's own currency at the rate that the user gave.

Only the writing changes: what is counted, capped, stored and given to programs stays US dollars.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from attrs import frozen

from rebuttal.store.money import dollars

_UP, _DOWN = Context(prec=60, rounding=ROUND_CEILING), Context(prec=60, rounding=ROUND_FLOOR)
_SIGNS = {
    # Only signs that one currency has for itself.
    **{"EUR": "€", "GBP": "£", "INR": "₹", "ILS": "₪", "KRW": "₩", "NGN": "₦", "PHP": "₱", "TRY": "₺", "UAH": "₴"},
    **{"VND": "₫", "JPY": "¥", "USD": "$"},
}
_NO_PLACES = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_PLACES = "BHD IQD JOD KWD LYD OMR TND"
_LIKE_A_DOLLAR = Decimal(10)
"""Units for one dollar below which a call's cost shows only beyond the currency's own places."""


@frozen
class Money:
    """Writes amounts of US dollars for people."""

    currency: str = "USD"
    """An ISO 4217 code."""
    rate: Decimal | None = None
    """Units of the currency for one dollar, as the user says; without one only dollars are shown."""

    @property
    def is_converted(self) -> bool:
        """Whether amounts are written in another currency than US dollars."""
        return self.currency != "USD" and self.rate is not None

    def __call__(self, amount: Decimal, *, is_saving: bool = False) -> str:
        """`amount` US dollars, rounded up so that nothing looks cheaper than it is; a saving is rounded down."""
        if self.rate is None or self.currency == "USD":
            return dollars(amount, is_saving=is_saving)
        least = self.places
        most = least + 2 if least and self.rate < _LIKE_A_DOLLAR else least
        context = _DOWN if is_saving else _UP
        converted = context.multiply(amount, self.rate)
        text = format(converted.quantize(Decimal(1).scaleb(-most), context=context), "f")
        if most > least:
            whole, _, part = text.partition(".")
            text = f"{whole}.{part.rstrip('0').ljust(least, '0')}"
        if not text.strip("-0."):
            text = text.lstrip("-")
        return self._signed(text)

    def deciding(self, amount: Decimal) -> str:
        """As above, with the dollars beside it where it is converted: for a cap, which counts in dollars."""
        return f"{self(amount)} ({dollars(amount)})" if self.is_converted else dollars(amount)

    @property
    def places(self) -> int:
        """Decimal places that the currency has (ISO 4217)."""
        return 0 if self.currency in _NO_PLACES.split() else 3 if self.currency in _THREE_PLACES.split() else 2

    def _signed(self, text: str) -> str:
        sign = _SIGNS.get(self.currency)
        minus, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
        return f"{minus}{sign}{digits}" if sign else f"{minus}{self.currency} {digits}"


DOLLARS = Money()
