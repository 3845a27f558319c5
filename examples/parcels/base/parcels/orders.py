"""Orders, as they stand in the database."""

from dataclasses import dataclass, field


@dataclass
class Order:
    customer: str
    zone: str
    weight: float
    notes: list[str] = field(default_factory=list)


def find_orders(connection, customer):
    """All orders of a customer, newest first."""
    rows = connection.execute(
        "SELECT customer, zone, weight FROM orders WHERE customer = ? ORDER BY id DESC", (customer,)
    )
    return [Order(*row) for row in rows]


def annotate(order, note):
    """Add a note that is printed on the label."""
    order.notes.append(note)
    return order
