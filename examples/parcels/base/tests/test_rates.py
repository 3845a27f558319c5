from decimal import Decimal

from parcels.rates import quote


def test_heavy_parcels_cost_more():
    assert quote(12, "europe") == Decimal("19.00")
