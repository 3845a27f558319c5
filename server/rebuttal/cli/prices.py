"""`rebuttal prices`: what the models in use cost, where that is known from, and newer prices where the user asks."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen

from rebuttal.budget import price_list
from rebuttal.budget.currency import money_of
from rebuttal.budget.model import UnknownPrice
from rebuttal.budget.price_list import BadPrices, Moved, PriceList, snapshot_price
from rebuttal.budget.prices import BatchBook, PriceBook, PricesAge, prices_age
from rebuttal.cli.output import write
from rebuttal.cli.price_fetch import NotFetched, fetch
from rebuttal.settings import Settings, user_settings
from rebuttal.store.currency import Money
from rebuttal.store.model import Tokens
from rebuttal.store.money import exact
from rebuttal.text.words import counted

DEGRADED, NOT_AGREED = 3, 4
UNITS = ("input", "cache_write", "cache_write_1h", "cache_read", "output")
_HEADS = {"input": "input", "cache_write": "write", "cache_write_1h": "write 1h", "cache_read": "read"}
_SHOWN = 12
"""Changes of prices that are told one by one."""
_LONG = 1_000_000
"""Tokens of a prompt that no price step lies beyond."""


@frozen
class Price:
    """What one model costs, in dollars per million tokens of a short prompt."""

    model: str
    source: str
    rates: Mapping[str, Decimal]
    batch: Mapping[str, Decimal]
    long: Decimal
    """Times that for the longest prompt."""


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Print the prices, or fetch newer ones, or go back to those that came with Rebuttal."""
    settings, _ = user_settings(environment)
    try:
        if chosen.reset:
            return _reset(settings)
        if chosen.update:
            return _update(settings, accepts=chosen.yes)
        prices, unknown = prices_of(settings)
        age = prices_age(fetched=settings.price_list)
    except (UnknownPrice, BadPrices, NotFetched) as error:
        print(f"rebuttal: {error}", file=sys.stderr)
        return DEGRADED
    if chosen.format == "json":
        write(json.dumps(to_json(prices, unknown, age), indent=2) + "\n")
    else:
        write(to_text(prices, unknown, age, money_of(settings)))
    return DEGRADED if unknown else 0


def prices_of(settings: Settings) -> tuple[tuple[Price, ...], tuple[str, ...]]:
    """The prices of the models in use, and the models that have none. Raises UnknownPrice where none can be read."""
    book, batches = PriceBook.of(settings), BatchBook.of(settings)
    book.check()
    prices: list[Price] = []
    unknown: list[str] = []
    for model in models_of(settings):
        if not book.knows(model):
            unknown.append(model)
            continue
        rates, batch = ({unit: _rate(one, model, unit) for unit in UNITS} for one in (book, batches))
        dearest = book.price(model, Tokens(input=_LONG))
        long = dearest / rates["input"] if rates["input"] else Decimal(1)
        prices.append(Price(model, book.source(model), rates, batch, long))
    return tuple(prices), tuple(unknown)


def models_of(settings: Settings) -> tuple[str, ...]:
    """The models that the settings name, each once."""
    from rebuttal.speakers.roster import Roster

    return tuple(dict.fromkeys(model.id for model in Roster.of(settings).known()))


def to_json(prices: Sequence[Price], unknown: Sequence[str], age: PricesAge) -> dict[str, Any]:
    """Dollars per million tokens, as strings."""
    return {
        "currency": "USD",
        "per_tokens": 1_000_000,
        "genai_prices": age.version,
        "newest": age.newest.isoformat(),
        "days": age.days,
        "fetched": age.fetched,
        "models": [
            {
                "model": one.model,
                "source": one.source,
                "rates": {unit: exact(rate) for unit, rate in one.rates.items()},
                "batch": {unit: exact(rate) for unit, rate in one.batch.items()},
                "long_prompt_times": exact(one.long),
            }
            for one in prices
        ],
        "unknown": list(unknown),
    }


def to_text(prices: Sequence[Price], unknown: Sequence[str], age: PricesAge, money: Money) -> str:
    """A small table for a person."""
    width = max((len(one.model) for one in prices), default=5)
    heads = [_HEADS.get(unit, unit) for unit in UNITS]
    lines = ["per million tokens; in a batch half of it", ""]
    lines.append(f"{'model':<{width}}  " + "  ".join(f"{head:>10}" for head in heads) + "  source")
    for one in prices:
        amounts = "  ".join(f"{money(one.rates[unit]):>10}" for unit in UNITS)
        lines.append(f"{one.model:<{width}}  {amounts}  {one.source}")
    lines.append("")
    for one in prices:
        if one.long > 1:
            lines.append(f"{one.model}: long prompts cost up to {one.long:.3g} times as much")
    for model in unknown:
        todo = f'give one as [prices."{model}"] in your config.toml'
        lines.append(f"{model}: no price is known, so nothing is sent to it: {todo}")
    lines.append(f"prices: {age.words}")
    if age.outdated is not None:
        lines.append(f"what was fetched on {age.outdated} is not used any more: genai-prices has been upgraded since")
    return "\n".join(lines) + "\n"


def _rate(book: PriceBook, model: str, unit: str) -> Decimal:
    if unit == "cache_write_1h":
        return book.price(model, Tokens(cache_write=1000, cache_write_1h=1000)) * 1000
    return book.price(model, Tokens(**{unit: 1000})) * 1000


def _reset(settings: Settings) -> int:
    was_there = price_list.reset(_where(settings))
    write("prices are those that came with Rebuttal" + (" again\n" if was_there else " already\n"))
    return 0


def _update(settings: Settings, *, accepts: bool, get: Callable[[str], bytes] = fetch) -> int:
    from genai_prices import update_prices

    found = price_list.parse(get(update_prices.DEFAULT_UPDATE_URL), datetime.now(UTC))
    after = found.snapshot()
    lacking = [model for model in models_of(settings) if not _is_known(settings, found, model)]
    if lacking:
        raise BadPrices(f"the list that was fetched has no price of {', '.join(lacking)}, so it was not used")
    before = _before(settings)
    names = tuple(dict.fromkeys((*price_list.names(before), *models_of(settings))))
    changes = price_list.moved(price_list.rates(before, names), price_list.rates(after, names))
    doubtful = [one for one in changes if one.is_doubtful]
    if doubtful and not accepts:
        told = f"not used, for these prices are more likely wrong than true: {_told(doubtful)}; add --yes to use them"
        print(f"rebuttal: {told}", file=sys.stderr)
        return NOT_AGREED
    try:
        price_list.write(_where(settings), found)
    except OSError as error:
        raise BadPrices(f"{_where(settings)} cannot be written ({error.strerror}), so nothing has changed") from None
    write(f"prices updated: {_told(changes) if changes else 'none has changed'}\n")
    return 0


def _is_known(settings: Settings, found: PriceList, model: str) -> bool:
    """Whether the model still has a price, where it had one."""
    if model in settings.prices or not PriceBook.of(settings).knows(model):
        return True
    try:
        return snapshot_price(found.snapshot(), model, Tokens(input=1)) >= 0
    except LookupError:
        return PriceBook.of(settings).source(model) == "free"


def _before(settings: Settings) -> Any:
    """The prices that count until now; those that came with Rebuttal where fetched ones are damaged."""
    try:
        kept = price_list.read(_where(settings))
        if kept is not None and kept.is_current:
            return kept.snapshot()
    except BadPrices:
        pass
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


def _told(changes: Sequence[Moved]) -> str:
    told = "; ".join(one.words for one in changes[:_SHOWN])
    more = len(changes) - _SHOWN
    return told + (f"; and {counted(more, 'other')}" if more > 0 else "")


def _where(settings: Settings) -> Path:
    assert settings.price_list is not None  # the user's own settings name it
    return settings.price_list
