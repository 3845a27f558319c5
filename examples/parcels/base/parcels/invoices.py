"""Monthly invoices."""

from parcels.orders import find_orders
from parcels.rates import quote


def monthly_total(connection, customer):
    """What a customer owes for all orders."""
    return sum(quote(order.weight, order.zone) for order in find_orders(connection, customer))
