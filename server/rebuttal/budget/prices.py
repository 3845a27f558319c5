"""What tokens cost: the offline snapshot of `genai-prices`, and the user's own prices before it. Never the network:
what was fetched (price_list.py) was so by the user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from rebuttal.budget import price_list
from rebuttal.budget.model import UnknownPrice
from rebuttal.settings import ModelPrice, Settings, is_local
from rebuttal.store.model import Tokens
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot

_MILLION = Decimal(1_000_000)

PROMPT_MARGIN = 512
"""Tokens that the API adds to a prompt for its own framing and for a structured answer (it publishes no figure)."""

REGIONAL = Decimal("1.1")
"""Times the price of the Claude API: Bedrock's endpoints of a region, and Vertex's but for the global one. It is the
ratio of genai-prices' `regional.anthropic.*` to its `global.anthropic.*`, of every model (0.2.3)."""

_CACHE_MINIMUM = {
    # platform.claude.com, prompt caching, October 2026; all other current models: 512.
    "claude-haiku-4-5": 4096,
    "claude-opus-4-5": 4096,
    "claude-opus-4-6": 4096,
    "claude-opus-4-7": 2048,
    "claude-opus-4-8": 1024,
    "claude-sonnet-4-6": 1024,
    "claude-sonnet-5": 1024,
}


_CLOSED = ("openai", "google", "x-ai")
"""Makers, by genai-prices' ids, of models that run nowhere else."""
_OPEN = re.compile(r"gemma|oss\b|whisper")
"""Models of theirs that anybody may run."""


def cache_minimum(model: str) -> int:
    """Tokens that a prefix must have to be cached at all; a shorter one is billed as plain input."""
    plain, _, stamp = model.rpartition("-")
    return _CACHE_MINIMUM.get(plain if len(stamp) == 8 and stamp.isdigit() else model, 512)


Source = Literal["snapshot", "updated", "yours", "free"]
"""Where a price comes from: the list that genai-prices came with, one that was fetched later, the user's config.toml;
free: a model that runs here."""


@frozen
class PricesAge:
    """How old the prices are."""

    version: str
    """Of genai-prices."""
    newest: date
    """The day on which they were fetched, or the newest change of a price that the snapshot knows: it is at least as
    new as that."""
    days: int
    fetched: bool = False
    """Whether the user fetched them after what genai-prices came with."""
    outdated: date | None = None
    """When others were fetched that are not used any more, for genai-prices has been upgraded."""

    @property
    def words(self) -> str:
        """For people."""
        if self.fetched:
            return f"fetched {'today' if not self.days else counted(self.days, 'day') + ' ago'}"
        return f"genai-prices {self.version}, newest price {self.days} days old"


class PriceBook:
    """Prices by model, in US dollars. `overrides` (from the user's own config.toml) win over the snapshot, which is
    multiplied by `factor`. `free`: a model that the snapshot does not know costs nothing, for it runs here, unless it
    is one that is only sold. `fetched`: where a newer list may lie, which then is the snapshot."""

    def __init__(
        self,
        overrides: Mapping[str, ModelPrice] | None = None,
        factor: Decimal = Decimal(1),
        *,
        free: bool = False,
        fetched: Path | None = None,
    ) -> None:
        self._overrides = dict(overrides or {})
        self._factor = factor
        self._free = free
        self._fetched = fetched
        self._snapshot: DataSnapshot | None = None
        self._is_updated = False

    @classmethod
    def of(cls, settings: Settings) -> PriceBook:
        """At the endpoint of the settings."""
        regional = settings.endpoint == "bedrock" or (settings.endpoint == "vertex" and settings.region != "global")
        factor = REGIONAL if regional else Decimal(1)
        return cls(settings.prices, factor, free=is_local(settings), fetched=settings.price_list)

    def price(self, model: str, tokens: Tokens) -> Decimal:
        """What these tokens of ONE call cost: price steps go by the length of that call's prompt.

        Raises UnknownPrice.
        """
        own = self._overrides.get(model)
        if own:
            return _own_price(own, tokens)
        snapshot = self._current()
        try:
            return price_list.snapshot_price(snapshot, model, tokens) * self._factor
        except LookupError:
            if self._free and not _is_only_sold(model):
                return Decimal(0)
        raise UnknownPrice(
            f"no price is known for {model!r}, so nothing was sent to it: give its dollars per million tokens as "
            f'[prices."{model}"] with input and output in your config.toml, or choose another model'
        )

    def source(self, model: str) -> Source:
        """Where the model's price comes from. Raises UnknownPrice."""
        if model in self._overrides:
            return "yours"
        self.price(model, Tokens(input=1))
        try:
            price_list.snapshot_price(self._current(), model, Tokens(input=1))
        except LookupError:
            return "free"
        return "updated" if self._is_updated else "snapshot"

    def check(self) -> None:
        """Raises UnknownPrice where prices were fetched and are damaged, so that none is known."""
        self._current()

    def _current(self) -> DataSnapshot:
        """The prices that count. Raises UnknownPrice where fetched ones are damaged: older ones would be a guess."""
        if self._snapshot is None:
            try:
                found = price_list.read(self._fetched) if self._fetched is not None else None
                self._is_updated = found is not None and found.is_current
                self._snapshot = found.snapshot() if found is not None and found.is_current else _bundled()
            except price_list.BadPrices as error:
                raise UnknownPrice(str(error)) from None
        return self._snapshot

    def worst_case(self, model: str, prompt_bytes: int, max_tokens: int, *, for_an_hour: bool = False) -> Decimal:
        """What a call may cost at most: what is reserved for it.

        `prompt_bytes`: UTF-8 bytes of all that is sent (system, messages, tools, output schema), or any other bound
        on its tokens that holds; a token is at least one byte of text. `max_tokens`: of the answer, thinking included.
        The prompt is priced as dearly as it can be billed, past every price step that the bound passes: as a rule all
        of it written to the cache (`for_an_hour`: with the long lifetime). Raises UnknownPrice.
        """
        bound = prompt_bytes + PROMPT_MARGIN
        ways = (
            Tokens(cache_write=bound, cache_write_1h=bound if for_an_hour else 0, output=max_tokens),
            Tokens(input=bound, output=max_tokens),
            Tokens(cache_read=bound, output=max_tokens),
        )
        return max(self.price(model, tokens) for tokens in ways)

    def saved(self, model: str, tokens: Tokens) -> Decimal:
        """Dollars by which the prompt cache made ONE call cheaper: less than zero where it only wrote. UnknownPrice."""
        return self.price(model, Tokens(input=tokens.prompt, output=tokens.output)) - self.price(model, tokens)

    def knows(self, model: str) -> bool:
        """Whether there is a price, so that money may be spent on the model."""
        try:
            self.price(model, Tokens(input=1))
        except UnknownPrice:
            return False
        return True


class BatchBook(PriceBook):
    """Prices of calls in a message batch: half of everything, the multiples of the cache included
    (platform.claude.com, Message Batches). What the cache keeps for a batch it keeps for an hour."""

    def price(self, model: str, tokens: Tokens) -> Decimal:
        """As `PriceBook.price`."""
        return super().price(model, tokens) / 2

    def worst_case(self, model: str, prompt_bytes: int, max_tokens: int, *, for_an_hour: bool = True) -> Decimal:
        """As `PriceBook.worst_case`."""
        return super().worst_case(model, prompt_bytes, max_tokens, for_an_hour=for_an_hour)


def _own_price(own: ModelPrice, tokens: Tokens) -> Decimal:
    short = tokens.cache_write - tokens.cache_write_1h
    total = (
        own.input * tokens.input
        + own.cache_write * short
        + own.cache_write_1h * tokens.cache_write_1h
        + own.cache_read * tokens.cache_read
        + own.output * tokens.output
    )
    return total / _MILLION


def _bundled() -> DataSnapshot:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


def _is_only_sold(model: str) -> bool:
    """Whether the name is one of a model that runs with its maker alone: what listens here passes it on."""
    from genai_prices.data_snapshot import get_snapshot

    name = model.rpartition("/")[2].lower()
    if _OPEN.search(name):
        return False
    makers = (one for one in get_snapshot().providers if one.id in _CLOSED)
    return any(maker.find_model(name) is not None for maker in makers)


def prices_age(today: date | None = None, fetched: Path | None = None) -> PricesAge:
    """How old the prices are, for people. The snapshot carries no date of its own, its price changes do; what was
    fetched (`fetched`: where it would lie) has the day. Raises UnknownPrice where that is damaged."""
    from genai_prices import __version__
    from genai_prices.types import StartDateConstraint

    day = today or datetime.now(UTC).date()
    try:
        newer = price_list.read(fetched) if fetched is not None else None
    except price_list.BadPrices as error:
        raise UnknownPrice(str(error)) from None
    if newer is not None and newer.is_current:
        then = newer.fetched_at.astimezone(UTC).date()
        return PricesAge(__version__, then, max((day - then).days, 0), fetched=True)
    conditions = (
        entry.constraint
        for provider in _bundled().providers
        for model in provider.models
        for entry in (*(model.prices if isinstance(model.prices, list) else ()), *(model.price_variants or ()))
    )
    changes = (c.start_date for c in conditions if isinstance(c, StartDateConstraint))
    newest = max((change for change in changes if change <= day), default=date.min)
    outdated = newer.fetched_at.astimezone(UTC).date() if newer is not None else None
    return PricesAge(__version__, newest, (day - newest).days, outdated=outdated)
