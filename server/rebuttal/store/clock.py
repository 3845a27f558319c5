"""The clocks of this room, where nobody gives another."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

# Windows has none; there the offset is asked of the system each time.
_look_again: Callable[[], None] = getattr(time, "tzset", lambda: None)


def utc_now() -> datetime:
    return datetime.now(UTC)


def local_now() -> datetime:
    """Now, where the user lives: days and months end at their midnight. A language server lives for weeks, in which its
    user may fly: the zone is looked up at each call."""
    _look_again()
    return datetime.now().astimezone()
