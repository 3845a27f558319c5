"""What it costs to send a parcel."""

from decimal import Decimal

ZONES = {"domestic": Decimal("4.90"), "europe": Decimal("11.50"), "world": Decimal("24.00")}
RATES = {"EUR": Decimal("1"), "USD": Decimal("1.09"), "GBP": Decimal("0.86")}
HEAVY = Decimal("10")
HEAVY_SURCHARGE = Decimal("7.50")


def quote(weight, zone, currency):
    """The price of a parcel of `weight` kilograms to `zone`, in `currency`."""
    if weight <= 0:
        raise ValueError("a parcel weighs something")
    price = ZONES[zone]
    if weight > HEAVY:
        price += HEAVY_SURCHARGE
    return price * RATES[currency]


def discount(price, customer):
    """Loyal customers pay ten percent less."""
    if customer.orders_this_year >= 20:
        return price * Decimal("0.9")
    return price
