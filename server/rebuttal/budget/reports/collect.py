"""Reads what a report is made of: the store's sums, the debates, the names, the age of the prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from rebuttal.budget.currency import money_of
from rebuttal.budget.model import UnknownPrice
from rebuttal.budget.prices import PricesAge, prices_age
from rebuttal.budget.purse import caps_of
from rebuttal.budget.reports.model import COSTLY, CostReport, Period, Sources, report_of
from rebuttal.budget.returns import returns
from rebuttal.budget.standing import standing_of
from rebuttal.settings import Settings
from rebuttal.store.database import Database
from rebuttal.store.debates import Debates, PastDebate
from rebuttal.store.fates import Fates
from rebuttal.store.ledger import Ledger, local_now
from rebuttal.store.model import LedgerKey
from rebuttal.store.pace import Pace
from rebuttal.store.repositories import Repositories
from rebuttal.store.spending import Spending

SHOWN: tuple[LedgerKey, ...] = ("phase", "seat", "model", "repository", "day")
"""The groups that cost the same to read however long the ledger is."""
WHOLE = Period()
_FIRST, _LAST = date(2000, 1, 1), date(9000, 1, 1)
DEBATES = 1000
"""The newest debates whose estimates are looked at."""


async def cost_report(
    database: Database,
    settings: Settings,
    *,
    period: Period = WHOLE,
    repository: str | None = None,
    groups: Sequence[LedgerKey] = SHOWN,
    now: datetime | None = None,
) -> CostReport:
    """The report. `repository`: the hash of the only one; `groups`: which rows are read beside the sums; `now`: where
    the user lives. Raises StoreError."""
    moment = now or local_now()
    ledger, spending = Ledger(database, lambda: moment), Spending(database)
    since, until = period.since, period.until
    totals = await ledger.totals()
    # Who spent it is told where several users share the store.
    users: tuple[LedgerKey, ...] = ("user",) if database.who else ()
    wanted: tuple[LedgerKey, ...] = tuple(dict.fromkeys(("model", *groups, *users)))
    return report_of(
        Sources(
            now=moment,
            limits=caps_of(settings),
            period=period,
            repository=repository,
            held_day=totals.day,
            held_month=totals.month,
            under_way=totals.under_way,
            held_repositories=await spending.held_by_repository(f"{moment:%Y-%m}"),
            rows={by: await ledger.rows(by, since, until, repository=repository) for by in wanted},
            days=await spending.days(since, until, repository),
            reviews=await spending.reviews(since, until, repository),
            costly=await ledger.most_expensive(COSTLY, since, until, repository=repository),
            debates=await _debates(database, period, repository, moment),
            assumed=tuple(
                entry for entry in await ledger.entries(state="assumed") if repository in (None, entry.key.repository)
            ),
            names=await Repositories(database).names(),
            prices=_age(settings, moment.date()),
            standing=standing_of(settings, totals, await Pace(database, lambda: moment).hours(), moment),
            returns=returns(await Fates(database).outlay(since, until, repository), settings),
            money=money_of(settings),
        )
    )


def _age(settings: Settings, today: date) -> PricesAge | None:
    """None where prices that were fetched are damaged: the report does not need them, and whoever spends is told."""
    try:
        return prices_age(today, settings.price_list)
    except UnknownPrice:
        return None


async def _debates(database: Database, period: Period, repository: str | None, now: datetime) -> tuple[PastDebate, ...]:
    debates = Debates(database)
    if period == WHOLE:
        found = await debates.history(DEBATES)
    else:
        since, until = _midnight(period.since or _FIRST), _midnight((period.until or now.date()), 1)
        found = await debates.between(since, until, DEBATES)
    return tuple(one for one in found if repository in (None, one.plan.repository))


def _midnight(day: date, days_after: int = 0) -> datetime:
    """The beginning of a day where the user lives, summer time or not."""
    sensible = min(max(day, _FIRST), _LAST) + timedelta(days_after)
    return datetime.combine(sensible, time.min).astimezone()
