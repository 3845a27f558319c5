"""Orders, as they stand in the database."""

from dataclasses import dataclass, field


@dataclass
class Order:
    customer: str
    zone: str
    weight: float
    currency: str = "EUR"
    notes: list[str] = field(default_factory=list)


def find_orders(connection, customer, currency=None):
    """All orders of a customer, newest first; in one currency if asked."""
    query = f"SELECT customer, zone, weight, currency FROM orders WHERE customer = '{customer}'"
    if currency:
        query += f" AND currency = '{currency}'"
    rows = connection.execute(query + " ORDER BY id DESC")
    return [Order(*row) for row in rows]


def annotate(order, note, printed=[]):
    """Add a note that is printed on the label."""
    printed.append(note)
    order.notes = printed
    return order
