"""A sweep: what is asked of it, what it asks back, what it tells, and what it comes to."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, field, frozen

from rebuttal.change.listing import Listed
from rebuttal.findings.report import Report
from rebuttal.review.request import UsageError
from rebuttal.settings import Settings, SettingsError
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.store.model import ZERO, Cost, Totals
from rebuttal.store.money import exact
from rebuttal.store.token_usage import UsageSums

if TYPE_CHECKING:
    from rebuttal.speakers.batches.model import DeskEvent, Pace

SCHEMA = 1
PREPARING = 8
"""Changes whose context is built at the same time; those that wait for answers take little."""
DEADLINE_S = 40 * 24 * 3600.0
"""Of a debate's own clock: a sweep waits as long as batches take."""


@frozen
class Job:
    """What a sweep reviews, and how. All of it is kept with the sweep, so that it can be taken up."""

    changes: tuple[Listed, ...]
    panel: str
    profile: str
    protocol: str
    max_cost: Decimal | None = None
    """Hard cap of the whole sweep; each review has its own besides."""
    empty: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    """Names of changes that could not be read, and why."""
    totals: Totals = Totals()
    """What day and month had seen when it began: choices that go by it are made the same when it is taken up."""
    usage: Mapping[str, UsageSums] | None = None
    """How models counted when it began."""
    estimate: tuple[Decimal, Decimal] = (ZERO, ZERO)
    """Expected, and at most."""
    began: datetime | None = None
    """What debates held later teach does not count; None: of a sweep that an earlier Rebuttal began."""

    def settings(self, own: Settings) -> Settings:
        """The user's settings with what was chosen for the sweep."""
        return evolve(own, panel=self.panel, profile=self.profile, protocol=self.protocol)


@frozen
class Offer:
    """May all this be sent, at this price? Asked once, before the first byte leaves the machine."""

    repository: str
    host: str
    changes: int
    files: int
    redactions: int
    expected: Decimal
    at_most: Decimal
    money: Money = DOLLARS
    """How amounts are written for people."""


@frozen
class Asking:
    """Where a sweep is held, and what the user has said."""

    where: Path
    settings: Settings
    environment: Mapping[str, str]
    agreed: bool = False
    """The user has agreed to sending and to the estimate (`--yes`)."""
    unattended: bool = False
    """Nobody is there to be asked: only `agreed` counts, not what was agreed to for good."""
    pace: Pace | None = None


@frozen
class Began:
    """It was agreed to, and can be taken up from here on."""

    sweep: str


@frozen
class Estimated:
    """What all debates together are expected to cost, at the price of batches."""

    changes: int
    expected: Decimal
    at_most: Decimal
    without: int
    """Changes for which no model is asked."""
    money: Money = DOLLARS
    """How amounts are written for people."""


@frozen
class Done:
    """One change has been reviewed."""

    change: Listed
    report: Report
    number: int
    """How many are through."""
    of: int


@frozen
class NotDone:
    """One change could not be reviewed."""

    change: Listed
    reason: str
    number: int
    of: int


@frozen
class Noted:
    """One sentence for the user."""

    message: str


if TYPE_CHECKING:
    SweepEvent = Began | Estimated | Done | NotDone | Noted | DeskEvent

Agree = Callable[[Offer], Awaitable[bool]]


@frozen
class Swept:
    """What a sweep comes to."""

    sweep: str | None
    """None: no model was asked."""
    root: Path
    reviewed: tuple[tuple[Listed, Report], ...]
    failed: tuple[tuple[str, str], ...] = ()
    empty: tuple[str, ...] = ()
    estimate: tuple[Decimal, Decimal] = (ZERO, ZERO)
    cost: Cost = field(factory=Cost)
    """Of all reviews, finished or not."""
    unfinished: tuple[str, ...] = ()
    """Names of changes whose review did not end."""
    under_way: int = 0
    """Turns that the service still has."""

    @property
    def interrupted(self) -> bool:
        return bool(self.unfinished)


@frozen
class Kept:
    """A sweep as the store has it."""

    id: str
    made_at: datetime
    state: str
    job: Job
    host: str
    spent: Decimal
    turns: int
    answered: int
    under_way: int


def to_text(job: Job) -> str:
    """For the store."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "changes": [asdict(one) for one in job.changes],
            "panel": job.panel,
            "profile": job.profile,
            "protocol": job.protocol,
            "max_cost": None if job.max_cost is None else exact(job.max_cost),
            "empty": job.empty,
            "failed": job.failed,
            "totals": [exact(job.totals.day), exact(job.totals.month), exact(job.totals.repository)],
            "usage": {model: asdict(sums) for model, sums in (job.usage or {}).items()},
            "estimate": [exact(one) for one in job.estimate],
            "began": None if job.began is None else job.began.isoformat(),
        },
        ensure_ascii=False,
    )


def from_text(text: str) -> Job:
    """What `to_text` wrote. Raises UsageError for what another version wrote."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']}")
        expected, at_most = map(Decimal, data["estimate"])
        day, month, repository = (*map(Decimal, data["totals"]), ZERO)[:3]
        return Job(
            changes=tuple(Listed(**{**one, "others": tuple(one["others"])}) for one in data["changes"]),
            panel=data["panel"],
            profile=data["profile"],
            protocol=data["protocol"],
            max_cost=None if data["max_cost"] is None else Decimal(data["max_cost"]),
            empty=tuple(data["empty"]),
            failed=tuple((name, reason) for name, reason in data["failed"]),
            totals=Totals(day, month, repository),
            usage={model: UsageSums(**sums) for model, sums in data["usage"].items()},
            estimate=(expected, at_most),
            began=datetime.fromisoformat(began) if (began := data.get("began")) else None,
        )
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise UsageError(
            f"the sweep was begun by another version of Rebuttal ({type(error).__name__}): begin a new one"
        ) from None


def check_endpoint(settings: Settings) -> None:
    """Raises SettingsError where the endpoint is none that has message batches."""
    if settings.endpoint != "anthropic":
        raise SettingsError(
            f"the endpoint {settings.endpoint} has no message batches: set endpoint to anthropic, or review each "
            "change with rebuttal review"
        )
