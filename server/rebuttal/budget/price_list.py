"""Prices that the user fetched after the list that genai-prices came with: read, checked, written, taken back.

Only Claude's are kept. They are used as long as genai-prices is the one they were fetched beside: a newer one brings a
newer list itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from rebuttal.settings import plain_model
from rebuttal.store.model import Tokens
from rebuttal.store.money import exact

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot

PROVIDER = "anthropic"
MOST_BYTES = 20_000_000
"""Of a list that is fetched: some ten times what it has today."""
_KEPT_BYTES = 2_000_000
FALLS, RISES = Decimal("0.5"), Decimal(10)
"""Times the price until now: what falls below the one or rises above the other is more likely wrong than true."""
_DEAREST = Decimal(100_000)
"""Dollars per million tokens that no model costs."""


class BadPrices(Exception):
    """A list of prices cannot be used; the message is one sentence that says what to do."""


@frozen
class PriceList:
    """Prices that were fetched."""

    fetched_at: datetime
    beside: str
    """The version of genai-prices that was installed then."""
    provider: Mapping[str, Any]
    """As genai-prices publishes it."""

    @property
    def is_current(self) -> bool:
        """Whether it is newer than what genai-prices comes with."""
        from genai_prices import __version__

        return self.beside == __version__

    def snapshot(self) -> DataSnapshot:
        """To reckon with. Raises BadPrices."""
        return _snapshot(self.provider)


@frozen
class Moved:
    """A price that is another one now: dollars per million tokens."""

    model: str
    unit: str
    """input, output, cache_write, cache_read."""
    before: Decimal
    now: Decimal

    @property
    def is_doubtful(self) -> bool:
        """Whether it is more likely wrong than true."""
        return self.now < self.before * FALLS or self.now > self.before * RISES

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.model} {self.unit.replace('_', ' ')} ${exact(self.before)} -> ${exact(self.now)}"


def read(path: Path) -> PriceList | None:
    """The list that was fetched; None where none was. Raises BadPrices for one that is damaged."""
    try:
        with path.open("rb") as file:
            raw = file.read(_KEPT_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BadPrices(_damaged(path, error)) from None
    try:
        kept = json.loads(raw)
        fetched_at = datetime.fromisoformat(kept["fetched_at"])
        if kept["schema"] != 1 or fetched_at.tzinfo is None or len(raw) > _KEPT_BYTES:
            raise ValueError("not as written")
        return PriceList(fetched_at, str(kept["beside"]), dict(kept["provider"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadPrices(_damaged(path, error)) from None


def parse(raw: bytes, now: datetime) -> PriceList:
    """What was fetched, as far as it is of use here. Raises BadPrices."""
    from genai_prices import __version__

    if len(raw) > MOST_BYTES:
        raise BadPrices("the list of prices is far larger than it should be, so it was not used")
    try:
        providers = json.loads(raw)
        (provider,) = [one for one in providers if isinstance(one, Mapping) and one.get("id") == PROVIDER]
    except (ValueError, TypeError, RecursionError):
        raise BadPrices("what was fetched is no list of prices with Claude's in it, so it was not used") from None
    found = PriceList(now.astimezone(UTC), __version__, _trimmed(provider))
    if len(_text(found)) > _KEPT_BYTES:
        raise BadPrices("Claude's list of prices is far larger than it should be, so it was not used")
    snapshot = found.snapshot()
    for model, units in rates(snapshot, names(snapshot)).items():
        if not all(0 <= rate <= _DEAREST for rate in units.values()) or not units["input"] or not units["output"]:
            raise BadPrices(f"the list has a price of {model} that cannot be, so it was not used")
    return found


def moved(before: Mapping[str, Mapping[str, Decimal]], now: Mapping[str, Mapping[str, Decimal]]) -> tuple[Moved, ...]:
    """The prices of models that both know and that are not the same (`rates`)."""
    return tuple(
        Moved(model, unit, rate, _of(now[model], unit))
        for model, units in before.items()
        if model in now
        for unit in dict.fromkeys((*units, *now[model]))
        if _of(now[model], unit) != (rate := _of(units, unit))
    )


def _of(units: Mapping[str, Decimal], unit: str) -> Decimal:
    """The price of a unit; of a long prompt that of any where no other is given."""
    return units[unit] if unit in units else units[unit.removesuffix(_OF_LONG)]


def snapshot_price(snapshot: DataSnapshot, model: str, tokens: Tokens) -> Decimal:
    """What the tokens of one call of a Claude model cost by a snapshot. Raises LookupError for one that it does not
    know."""
    from genai_prices import Usage

    # `input_tokens` is the whole prompt here, and `cache_write_tokens` has the hour's part in it.
    usage = Usage(
        input_tokens=tokens.prompt,
        cache_write_tokens=tokens.cache_write,
        cache_write_1h_tokens=tokens.cache_write_1h,
        cache_read_tokens=tokens.cache_read,
        output_tokens=tokens.output,
    )
    # A gateway has names of its own, such as anthropic/claude-sonnet-5-5: it costs what Claude costs.
    return snapshot.calc(usage, plain_model(model) or model, PROVIDER, None, None).total_price


def names(snapshot: DataSnapshot) -> tuple[str, ...]:
    """The models that a snapshot knows, by their ids."""
    return tuple(model.id for one in snapshot.providers if one.id == PROVIDER for model in one.models)


def rates(snapshot: DataSnapshot, models: Iterable[str]) -> dict[str, dict[str, Decimal]]:
    """Dollars per million tokens by model and unit, of a short prompt and of a long one, as far as the models are
    known. Raises BadPrices where one cannot be reckoned."""
    found = ((model, _rates(snapshot, model)) for model in models)
    return {model: units for model, units in found if units is not None}


def _rates(snapshot: DataSnapshot, model: str) -> dict[str, Decimal] | None:
    units: dict[str, Decimal] = {}
    try:
        for unit in _UNITS:
            short = snapshot_price(snapshot, model, Tokens(**{unit: 1000})) * 1000
            prompt = {"input": _LONG} if unit == "output" else {}
            whole = snapshot_price(snapshot, model, Tokens(**{**prompt, unit: _LONG}))
            long = whole - snapshot_price(snapshot, model, Tokens(**prompt))
            units[unit] = short
            # Where no price step lies in between there is nothing more to tell.
            if long != short:
                units[f"{unit}{_OF_LONG}"] = long
    except LookupError:
        return None
    except (ValueError, ArithmeticError, TypeError, AttributeError, re.error) as error:
        raise BadPrices(f"the price of {model} cannot be reckoned ({error}), so it was not used") from None
    return units


_UNITS = ("input", "output", "cache_write", "cache_read")
_LONG = 1_000_000
_OF_LONG = " of a long prompt"


def write(path: Path, prices: PriceList) -> None:
    """In one piece: whoever reads meanwhile has the old list or the new one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_text(prices))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def reset(path: Path) -> bool:
    """Go back to the prices that genai-prices came with; False where they are in use already. Raises OSError."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _text(prices: PriceList) -> str:
    kept = {
        "schema": 1,
        "fetched_at": prices.fetched_at.isoformat(timespec="seconds"),
        "beside": prices.beside,
        "provider": dict(prices.provider),
    }
    return json.dumps(kept, indent=1)


def _trimmed(provider: Mapping[str, Any]) -> dict[str, Any]:
    """Without what nothing is reckoned with."""
    models = provider.get("models")
    named = ("id", "name", "api_pattern", "pricing_urls")
    kept = {key: provider[key] for key in named if key in provider}
    return {**kept, "models": list(_models(models if isinstance(models, list) else []))}


def _models(models: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for model in models:
        if isinstance(model, Mapping):
            yield {key: model[key] for key in ("id", "name", "match", "prices", "price_variants") if key in model}


def _snapshot(provider: Mapping[str, Any]) -> DataSnapshot:
    from genai_prices import types
    from genai_prices.data_snapshot import DataSnapshot

    try:
        # The way in which genai-prices itself reads what it publishes; it has no public name for it.
        providers = types._providers_from_raw([dict(provider)])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadPrices(f"the list of prices is not as genai-prices publishes it ({type(error).__name__})") from None
    return DataSnapshot(providers=providers, from_auto_update=False)


def _damaged(path: Path, error: Exception) -> str:
    return (
        f"{path} holds prices that were fetched and cannot be read ({type(error).__name__}), so nothing is spent: run "
        "rebuttal prices --update, or rebuttal prices --reset"
    )
