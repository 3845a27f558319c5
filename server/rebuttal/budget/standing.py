"""Where spending stands now: what the breaker says of what the ledger has."""

from __future__ import annotations

from datetime import datetime

from rebuttal.budget.breaker import Standing, rate_limit, standing
from rebuttal.budget.currency import money_of
from rebuttal.budget.model import RateWarning
from rebuttal.budget.purse import caps_of
from rebuttal.settings import Settings
from rebuttal.store.ledger import local_now
from rebuttal.store.model import Totals
from rebuttal.store.pace import Hours


def standing_of(
    settings: Settings,
    totals: Totals,
    hours: Hours | None = None,
    now: datetime | None = None,
    *,
    repository: bool = False,
) -> Standing:
    """By the ledger's sums: what is spent and assumed. What is only set aside stops nothing until midnight: calls give
    most of it back. `hours`: where the rate is to be judged too; `now`: where the user lives; `repository`:
    whether the totals are of one."""
    caps = caps_of(settings)
    aside = totals.under_way
    used = {"hour": totals.hour - aside.hour, "day": totals.day - aside.day, "month": totals.month - aside.month}
    if repository:
        used["repository"] = totals.repository - aside.repository
    limit = rate_limit(hours.known, hours.dearest, caps.day) if hours is not None else None
    fast = RateWarning(hours.last, limit) if hours is not None and limit is not None and hours.last > limit else None
    return standing(caps, used, now or local_now(), money_of(settings), fast)
