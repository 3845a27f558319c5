"""The frozen data of a report. Every number that a report shows is worked out here, once, from what the store gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from attrs import field, frozen

from rebuttal.budget.breaker import Standing
from rebuttal.budget.prices import PricesAge
from rebuttal.budget.reports.accuracy import Accuracy, accuracy_of
from rebuttal.budget.reports.course import Course, course_of
from rebuttal.budget.returns import Return, Returns
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.store.debates import PastDebate
from rebuttal.store.model import (
    NO_CACHE_SUM,
    NO_TOKENS,
    ZERO,
    CacheSum,
    Caps,
    LedgerEntry,
    LedgerKey,
    LedgerRow,
    ReviewCost,
    Tokens,
    UnderWay,
)
from rebuttal.store.spending import DaySpending

GROUPS: tuple[LedgerKey, ...] = ("day", "month", "review", "repository", "phase", "seat", "model")
BY_TIME: tuple[LedgerKey, ...] = ("day", "month")
"""Groups that are read in their own order; of the others what cost most stands first."""

NEAR = Decimal("0.7")
"""The share of a cap from which it is called nearly used up, as everywhere else (docs/budget.md)."""
COSTLY = 10
"""The reviews that are named as the most expensive ones."""

Namer = Callable[[str], str]


@frozen
class Period:
    """Days where the user lives, both inclusive; None: from the first call, to the last."""

    since: date | None = None
    until: date | None = None


@frozen
class Budget:
    """A cap, and how much of it is used up now by what is settled, assumed and under way."""

    kind: Literal["day", "month", "repository"]
    name: str
    """The day, the month, or what the repository is called."""
    key: str
    """As the ledger names it."""
    used: Decimal
    cap: Decimal | None
    under_way: Decimal = ZERO
    """What of `used` is only set aside, where that is known: calls give most of it back."""

    @property
    def left(self) -> Decimal | None:
        """Never less than nothing; None without a cap."""
        return None if self.cap is None else max(self.cap - self.used, ZERO)

    @property
    def share(self) -> float:
        """Of the cap that is used, from 0 to 1; 1 of a cap of nothing."""
        if self.cap is None:
            return 0.0
        return float(min(self.used / self.cap, Decimal(1))) if self.cap else 1.0

    @property
    def state(self) -> Literal["open", "near", "reached"]:
        if self.cap is None:
            return "open"
        spent = self.used - self.under_way
        return "reached" if spent >= self.cap else "near" if spent >= self.cap * NEAR else "open"


@frozen
class Line:
    """One row of a group, with what share it has of the whole."""

    row: LedgerRow
    title: str
    """What people call it."""
    of_money: float
    of_calls: float
    of_tokens: float

    @property
    def cost(self) -> Decimal:
        """Spent and assumed: what counts."""
        return self.row.spent + self.row.assumed

    @property
    def read(self) -> float | None:
        """The share of all prompt tokens that the cache gave; None without a prompt."""
        prompt = self.row.tokens.prompt
        return self.row.tokens.cache_read / prompt if prompt else None


@frozen
class Summary:
    """All calls of the period together."""

    spent: Decimal = ZERO
    assumed: Decimal = ZERO
    reserved: Decimal = ZERO
    """Under way."""
    calls: int = 0
    over: int = 0
    """Calls that cost more than was set aside for them."""
    reviews: int = 0
    days: int = 0
    """On which anything was spent."""
    tokens: Tokens = NO_TOKENS
    cache: CacheSum = NO_CACHE_SUM

    @property
    def cost(self) -> Decimal:
        return self.spent + self.assumed

    @property
    def per_review(self) -> Decimal | None:
        return self.cost / self.reviews if self.reviews else None

    @property
    def read(self) -> float | None:
        """The share of all prompt tokens that came from the cache."""
        return self.tokens.cache_read / self.tokens.prompt if self.tokens.prompt else None


@frozen
class Sources:
    """What a report is made of, as the store and the settings have it."""

    now: datetime
    """Where the user lives."""
    limits: Caps = field(factory=Caps)
    period: Period = Period()
    repository: str | None = None
    """The only one that is reported about."""
    held_day: Decimal = ZERO
    """What counts against the caps of today, of this month, and of repositories in this month."""
    held_month: Decimal = ZERO
    under_way: UnderWay = field(factory=UnderWay)
    """What of it is only set aside."""
    held_repositories: Mapping[str, Decimal] = field(factory=dict)
    rows: Mapping[LedgerKey, tuple[LedgerRow, ...]] = field(factory=dict)
    days: tuple[DaySpending, ...] = ()
    reviews: int = 0
    costly: tuple[ReviewCost, ...] = ()
    debates: tuple[PastDebate, ...] = ()
    assumed: tuple[LedgerEntry, ...] = ()
    names: Mapping[str, str] = field(factory=dict)
    """Of repositories, by hash."""
    prices: PricesAge | None = None
    returns: Returns | None = None
    standing: Standing | None = None
    """Where spending stands now, whatever the period."""
    money: Money = DOLLARS


@frozen
class Costly:
    """A review that cost much."""

    review: str
    repository: str
    """What it is called."""
    day: date
    spent: Decimal
    assumed: Decimal
    calls: int
    expected: Decimal | None
    """What was expected of it; None where that was not written down."""

    @property
    def cost(self) -> Decimal:
        return self.spent + self.assumed


@frozen
class AssumedCall:
    """A call whose usage will never be known, at its worst case, until the user releases it."""

    id: int
    day: str
    repository: str
    review: str
    seat: str
    model: str
    amount: Decimal


@frozen
class CostReport:
    """All that a report says."""

    made_at: datetime
    period: Period
    repository: str | None
    """What the only repository is called that it is about."""
    money: Money
    limits: Caps
    summary: Summary
    budgets: tuple[Budget, ...]
    groups: Mapping[LedgerKey, tuple[Line, ...]] = field(repr=False)
    """Not in the text of the object: asyncio makes one of what a task returns, and rows may be tens of thousands."""
    course: Course
    accuracy: Accuracy
    costly: tuple[Costly, ...]
    assumed: tuple[AssumedCall, ...] = field(repr=False)
    returns: Returns
    standing: Standing | None = None
    """Where spending stands now, whatever the period."""
    prices: PricesAge | None = None


def report_of(sources: Sources) -> CostReport:
    """The report. Pure: the same sources give the same report."""
    title = namer(sources.names)
    groups = {by: _lines(by, rows, title) for by, rows in sources.rows.items()}
    today = sources.now.date()
    return CostReport(
        made_at=sources.now,
        period=sources.period,
        repository=None if sources.repository is None else title(sources.repository),
        money=sources.money,
        limits=sources.limits,
        summary=_summary(sources),
        budgets=_budgets(sources, title),
        groups=groups,
        course=course_of(sources.days, sources.period.since, sources.period.until, today, sources.limits.day),
        accuracy=accuracy_of(sources.debates, title),
        costly=_costly(sources, title),
        assumed=tuple(_assumed(entry, title) for entry in sources.assumed),
        returns=sources.returns or Returns(Return("total", "total")),
        prices=sources.prices,
        standing=sources.standing,
    )


def namer(names: Mapping[str, str]) -> Namer:
    """What repositories are called: where two have one name, each with the beginning of its hash."""
    often = Counter(names.values())

    def title(key: str) -> str:
        name = names.get(key, "").strip()
        if not name:
            return f"repository {key[:8]}" if key else "unknown repository"
        return name if often[names[key]] == 1 else f"{name} ({key[:6]})"

    return title


def _lines(by: LedgerKey, rows: Sequence[LedgerRow], title: Namer) -> tuple[Line, ...]:
    money = sum((row.spent + row.assumed for row in rows), ZERO)
    calls = sum(row.calls for row in rows)
    tokens = sum(_tokens(row) for row in rows)
    return tuple(
        Line(
            row,
            title(row.name) if by == "repository" else row.name,
            float((row.spent + row.assumed) / money) if money else 0.0,
            row.calls / calls if calls else 0.0,
            _tokens(row) / tokens if tokens else 0.0,
        )
        for row in rows
    )


def _tokens(row: LedgerRow) -> int:
    return row.tokens.prompt + row.tokens.output


def _summary(sources: Sources) -> Summary:
    rows = sources.rows.get("model", ())
    return Summary(
        spent=sum((row.spent for row in rows), ZERO),
        assumed=sum((row.assumed for row in rows), ZERO),
        reserved=sum((row.reserved for row in rows), ZERO),
        calls=sum(row.calls for row in rows),
        over=sum(row.over for row in rows),
        reviews=sources.reviews,
        days=len({one.day for one in sources.days}),
        tokens=sum((row.tokens for row in rows), NO_TOKENS),
        cache=sum((row.cache for row in rows), NO_CACHE_SUM),
    )


def _budgets(sources: Sources, title: Namer) -> tuple[Budget, ...]:
    now, limits = sources.now, sources.limits
    day, month = f"{now:%Y-%m-%d}", f"{now:%Y-%m}"
    budgets = [
        Budget("day", day, day, sources.held_day, limits.day, sources.under_way.day),
        Budget("month", month, month, sources.held_month, limits.month, sources.under_way.month),
    ]
    if limits.repository is not None:
        held = dict(sources.held_repositories)
        if sources.repository is not None:
            held = {sources.repository: held.get(sources.repository, ZERO)}
        fullest = sorted(held.items(), key=lambda one: (-one[1], one[0]))
        budgets += [Budget("repository", title(key), key, used, limits.repository) for key, used in fullest]
    return tuple(budgets)


def _costly(sources: Sources, title: Namer) -> tuple[Costly, ...]:
    expected = {one.plan.review: one.plan.expected for one in sources.debates}
    return tuple(
        Costly(
            review=one.review,
            repository=title(one.repository),
            day=date.fromisoformat(one.day),
            spent=one.spent,
            assumed=one.assumed,
            calls=one.calls,
            expected=expected.get(one.review),
        )
        for one in sources.costly
    )


def _assumed(entry: LedgerEntry, title: Namer) -> AssumedCall:
    key = entry.key
    return AssumedCall(entry.id, entry.day, title(key.repository), key.review, key.seat, key.model, entry.cost)


def as_read(by: LedgerKey, lines: Sequence[Line]) -> tuple[Line, ...]:
    """In the order in which people look at them."""
    return tuple(lines) if by in BY_TIME else largest_first(lines)


def largest_first(lines: Iterable[Line]) -> tuple[Line, ...]:
    """As people look at them: what cost most stands first."""
    return tuple(sorted(lines, key=lambda line: (-line.cost, -line.row.calls, line.title)))
