"""The service's HTTP handlers, framework left out."""

from parcels.rates import discount, quote


def quote_handler(request, customer):
    """GET /quote?weight=&zone="""
    price = quote(request["weight"], request["zone"])
    return {"price": str(discount(price, customer))}
