"""How well the prompt cache served the last days, for `rebuttal doctor`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from rebuttal.store.model import NO_CACHE_SUM, CacheSum
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.review.services import Services

DAYS = 7
LOW = 0.9
"""Share of what was expected below which the cache is worth a warning: a tenth of the shared context sent again costs
about as much as reading all of it."""


async def cache_of_last_days(services: Services) -> tuple[bool, str]:
    """Whether the cache did what was expected of it, and what it did, in words for the user."""
    from rebuttal.store.ledger import Ledger, local_now

    since = local_now().date() - timedelta(days=DAYS - 1)
    rows = await Ledger(await services.database()).rows("day", since=since)
    return judged(sum((row.cache for row in rows), NO_CACHE_SUM))


def judged(cache: CacheSum) -> tuple[bool, str]:
    """The same of a sum. A drop is told with the reason that most calls had, and what to do about it."""
    from rebuttal.speakers.caching import REMEDIES

    told = f"last {DAYS} days: {cache.words or 'nothing was expected of it'}"
    if cache.rate is None or cache.rate >= LOW:
        return True, told
    if not cache.missed:
        return False, told
    reason = max(cache.missed, key=lambda name: cache.missed[name])
    calls = counted(cache.missed[reason], "call")
    return False, f"{told}; {calls} missed it ({reason}): {REMEDIES.get(reason, 'see docs/caching.md')}"
