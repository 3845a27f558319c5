"""The service's HTTP handlers, framework left out."""

from parcels.rates import discount, quote


def quote_handler(request, customer):
    """GET /quote?weight=&zone=&currency="""
    currency = request.get("currency", "EUR")
    price = quote(request["weight"], request["zone"], currency)
    return {"price": str(discount(price, customer)), "currency": currency}
