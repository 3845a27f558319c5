"""How long the service asks to wait, and how much room it says it has, from the headers of its answer. Pure.

Sources: RFC 9110 10.2.3 (retry-after, in seconds or as a date), the SDK (retry-after-ms), platform.claude.com, rate
limits (anthropic-ratelimit-*: remaining and reset, the latter by RFC 3339).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

POOLS = ("requests", "tokens", "input-tokens", "output-tokens")
A_CALL: Mapping[str, int] = {"requests": 1, "input-tokens": 20_000, "output-tokens": 4_000}
"""What a call takes from each pool, generously: an opening reads and answers half as much. What the service says of
tokens of no kind is said of the scarcer kind, which it does not name."""


def wait_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds; None where nothing is said. Times are taken against the answer's own date, so that a clock that is
    wrong here does not matter; `now` where it has none."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _number(headers.get(name, ""))
        if seconds is not None:
            return seconds / unit
    sent = _http_date(headers.get("date", "")) or now
    named = _http_date(headers.get("retry-after", ""))
    if named is not None:
        return max((named - sent).total_seconds(), 0.0)
    resets = [_reset(headers, f"anthropic-ratelimit-{pool}") for pool in POOLS]
    return max((max((reset - sent).total_seconds(), 0.0) for reset in resets if reset is not None), default=None)


def room_of(headers: Mapping[str, str]) -> float | None:
    """How many more calls the service has room for now; None where it does not say."""
    left = {pool: _number(headers.get(f"anthropic-ratelimit-{pool}-remaining", "")) for pool in A_CALL}
    return min((number / A_CALL[pool] for pool, number in left.items() if number is not None), default=None)


def _reset(headers: Mapping[str, str], pool: str) -> datetime | None:
    """When a pool that is used up is full again."""
    if _number(headers.get(f"{pool}-remaining", "")) != 0:
        return None
    try:
        reset = datetime.fromisoformat(headers.get(f"{pool}-reset", ""))
    except ValueError:
        return None
    return reset if reset.tzinfo is not None else reset.replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
