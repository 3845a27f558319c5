"""In which currency the user wants to read amounts."""

from __future__ import annotations

from rebuttal.settings import Settings
from rebuttal.store.currency import Money


def money_of(settings: Settings) -> Money:
    """How amounts are written for this user: the rate is theirs, none is ever guessed."""
    return Money(settings.currency, settings.exchange_rate)
