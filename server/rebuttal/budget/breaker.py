"""The circuit breaker: when spending goes on, when the user is warned, when it stops. Pure.

Nothing about it is stored: it is told anew each time from the caps and the ledger's sums, so that every process of the
user says the same. What stops is a cap, in the transaction that reserves; all else warns (seed 5.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from attrs import frozen

from rebuttal.budget.model import (
    BudgetWarning,
    CapWarning,
    OverrunWarning,
    PriceWarning,
    RateWarning,
    SpikeWarning,
    WaitWarning,
)
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.store.model import ZERO, Caps, per

State = Literal["spending", "warned", "stopped"]
Cause = Literal["usual", "cap_near", "spike", "price", "rate", "overrun", "cap_reached"]

WARN_AT = Decimal("0.7")
"""Share of a cap at which the user is warned (seed 5.4)."""
TIMES = 3
"""So many times what is usual is unusual (seed 5.4)."""
WINDOW = 5
"""So many calls, or hours, say what is usual (seed 5.4)."""
LEAST = Decimal("0.01")
"""Dollars below which no call is worth a warning."""
DEARER = Decimal("1.5")
"""Times the price of a model's last calls from which the user is told."""
_LEAST_RATE, _NEW_RATE = Decimal("0.1"), Decimal("0.5")
"""Shares of the day's cap: what an hour may always cost, and what it may cost where nothing is known of others."""

_LASTING = ("month", "repository", "day", "hour")
"""Those that outlive a review, the one that holds longest first."""
_OF_ONE_REVIEW = ("review", "call")


@frozen
class Rule:
    """A state, with what leads to it; one sentence each (docs/budget.md has the same table)."""

    state: State
    cause: Cause
    why: str
    until: str
    resume: str


RULES = (
    Rule(
        "spending",
        "usual",
        "Less than 70 % of every cap is used and no call was unusual.",
        "It lasts until one of the causes below comes up.",
        "There is nothing to do.",
    ),
    Rule(
        "warned",
        "cap_near",
        "At least 70 % of a cap is used, by what is spent and what is assumed.",
        "It lasts until the period of the cap ends: the review, sixty minutes, the day, the month.",
        "Calls go on up to the cap; raise it where it is set if you want more than it leaves.",
    ),
    Rule(
        "warned",
        "spike",
        "A call cost more than three times what the last five of its phase and model cost, and more than three times "
        "what was planned for it.",
        "It lasts until the review ends.",
        "Calls go on; look at the transcript for what the call was asked, and cancel the review if that is not meant.",
    ),
    Rule(
        "warned",
        "price",
        "A model costs at least one and a half times what it did when it was last called.",
        "It lasts until the model has been called at the new price.",
        "Calls go on at the new price; `rebuttal prices` shows where it comes from.",
    ),
    Rule(
        "warned",
        "rate",
        "The last sixty minutes cost more than three times the dearest earlier hour of the last thirty days, and more "
        "than a tenth of the day's cap; where fewer than five hours are known, more than half of that cap.",
        "It lasts until the last sixty minutes cost less than that.",
        "Calls go on; `rebuttal ledger` shows what was spent, and max_cost_per_hour in your config.toml sets a hard "
        "stop.",
    ),
    Rule(
        "warned",
        "overrun",
        "A call cost more than its worst case, so its price or the count of its tokens is wrong.",
        "It lasts until the review ends.",
        "Calls go on and the full cost is recorded; check the model's price in your config.toml.",
    ),
    Rule(
        "stopped",
        "cap_reached",
        "What is spent, assumed and set aside leaves no room under a cap for the next call.",
        "It lasts until the period of the cap ends: the review, sixty minutes, the day, the month.",
        "Wait until then, raise the cap where it is set, or release what is only assumed.",
    ),
)
"""In the order of the table in docs/budget.md."""


def rule(cause: Cause) -> Rule:
    """What holds for a cause."""
    return next(one for one in RULES if one.cause == cause)


@frozen
class Standing:
    """Where spending stands now, for people: each text one sentence."""

    state: State
    cause: Cause
    why: str
    until: str
    resume: str
    cap: str | None = None
    """The cap that is near or reached, as `Caps` names it."""

    @property
    def words(self) -> str:
        """All of it in one line; "" where there is nothing to tell."""
        return "" if self.state == "spending" else f"{self.why} {self.until} {self.resume}"


def standing(
    caps: Caps,
    used: Mapping[str, Decimal],
    now: datetime,
    money: Money = DOLLARS,
    rate: RateWarning | None = None,
) -> Standing:
    """Where spending stands by the caps that outlive a review. `used`: by the name of the cap, in dollars; `now`:
    where the user lives; `rate`: where it is unusual. What is reached is told before what is near, that before the
    rate, and of several caps the one that holds longest: one of nothing holds until it is raised."""
    for cap in (*_LASTING, *_OF_ONE_REVIEW):
        if getattr(caps, cap) is not None and getattr(caps, cap) <= 0:
            return _of_nothing(cap, caps.place(cap), money)
    near: Standing | None = None
    for cap in _LASTING:
        limit: Decimal | None = getattr(caps, cap, None)
        spent = used.get(cap, ZERO)
        if limit is None or cap not in used:
            continue
        if spent >= limit:
            return _of_cap("cap_reached", cap, limit, spent, now, money, caps.place(cap))
        if near is None and is_near(spent, limit):
            near = _of_cap("cap_near", cap, limit, spent, now, money, caps.place(cap))
    if near is not None:
        return near
    if rate is not None:
        fast = rule("rate")
        return Standing(fast.state, fast.cause, message(rate, money), fast.until, fast.resume)
    usual = rule("usual")
    return Standing(usual.state, usual.cause, usual.why, usual.until, usual.resume)


def is_near(spent: Decimal, limit: Decimal) -> bool:
    """Whether so much of a cap is used that the user wants to know."""
    return bool(spent) and spent >= limit * WARN_AT


def is_spike(cost: Decimal, last: Sequence[Decimal], planned: Decimal | None = None) -> bool:
    """Whether a call cost more than three times what is usual.

    `last`: the costs of the last calls of the same phase and model, this one left out, by all processes: an opening by
    Opus after five rulings by Haiku is no spike. `planned`: what such a call was planned to cost for this change, its
    prompt written to the cache: a large change after small ones is none either. Where one of the two is not known the
    other decides; where neither is, nothing does.
    """
    if not is_above_plan(cost, planned):
        return False
    if len(last) < WINDOW:
        return planned is not None
    return cost > TIMES * mean(last[:WINDOW])


def is_above_plan(cost: Decimal, planned: Decimal | None) -> bool:
    """Whether a call can be a spike, whatever the last calls cost."""
    return cost >= LEAST and (planned is None or cost > TIMES * planned)


def mean(amounts: Sequence[Decimal]) -> Decimal:
    """Of one amount or more."""
    return sum(amounts, ZERO) / len(amounts)


def price_rise(paid: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """How many times dearer a model has become; None where it has not. `paid`: of its last calls, what each cost and
    what its tokens would cost now. All of them must say so: another model may have answered one of them."""
    rises = [now / then for then, now in paid if then > 0]
    return min(rises) if rises and min(rises) >= DEARER else None


def rate_limit(hours: int, dearest: Decimal, day_cap: Decimal | None) -> Decimal | None:
    """Dollars in sixty minutes above which the rate is unusual; None: nothing is known that could say so.

    `hours`: of the last thirty days, so many in which something was spent, the last sixty minutes left out; `dearest`:
    what the dearest of them cost.
    """
    if hours >= WINDOW:
        return max(TIMES * dearest, day_cap * _LEAST_RATE if day_cap is not None else LEAST)
    return day_cap * _NEW_RATE if day_cap else None


def message(warning: BudgetWarning, money: Money = DOLLARS) -> str:
    """One sentence for the user: what happened, and what to do where something is to be done."""
    match warning:
        case CapWarning(cap=cap, limit=limit, spent=spent):
            return f"{money(spent)} of the cap of {money.deciding(limit)} {per(cap)} is used."
        case SpikeWarning(key=key, cost=cost, usual=usual):
            return (
                f"A call of {key.seat} to {key.model} cost {money(cost)}, where such a call usually costs about "
                f"{money(usual)}: see the transcript for what it was asked."
            )
        case PriceWarning(model=model, times=times):
            return (
                f"{model} costs {times:.1f} times what it did when it was last called: `rebuttal prices` shows "
                "where the price comes from."
            )
        case RateWarning(spent=spent, usual=usual):
            return (
                f"The last sixty minutes cost {money(spent)}, where {money(usual)} would be much: `rebuttal ledger` "
                "shows for what, and max_cost_per_hour in your config.toml sets a hard stop."
            )
        case WaitWarning(cap=cap, limit=limit, under_way=under_way, seconds=seconds):
            return (
                f"Calls under way have set aside {money(under_way)} of the cap of {money.deciding(limit)} {per(cap)}: "
                f"waiting up to {seconds:.0f} seconds for what they give back."
            )
        case OverrunWarning(key=key, at_most=at_most, cost=cost):
            return (
                f"A call of {key.seat} to {key.model} cost {money(cost)}, more than the {money(at_most)} set aside for "
                "it: check the model's price in your config.toml."
            )


def cause_of(warning: BudgetWarning) -> Cause:
    """What a warning is about."""
    match warning:
        case CapWarning() | WaitWarning():
            return "cap_near"
        case SpikeWarning():
            return "spike"
        case PriceWarning():
            return "price"
        case RateWarning():
            return "rate"
        case OverrunWarning():
            return "overrun"


def _of_cap(
    cause: Cause, cap: str, limit: Decimal, spent: Decimal, now: datetime, money: Money, place: str
) -> Standing:
    found = rule(cause)
    used = message(CapWarning(cap, limit, spent), money)
    if cause == "cap_reached":
        why = f"Spending has stopped: {used}"
        resume = f"Wait until then, or raise {place}, to go on."
    else:
        why = used
        resume = f"Calls go on up to the cap; raise {place} if you want more."
    return Standing(found.state, cause, why, f"It lasts until {_end(cap, now)}.", resume, cap)


def _of_nothing(cap: str, place: str, money: Money) -> Standing:
    """No period ends it, so there is nothing to wait for."""
    found = rule("cap_reached")
    why = f"Spending has stopped: the cap of {money.deciding(ZERO)} {per(cap)} allows none."
    resume = f"Raise {place} to go on."
    return Standing(found.state, "cap_reached", why, "It lasts until the cap is raised.", resume, cap)


def _end(cap: str, now: datetime) -> str:
    """When a cap's period is over, in the user's own time."""
    if cap == "hour":
        return "what was spent is more than sixty minutes ago"
    if cap == "day":
        # By the calendar, not 24 hours on: days on which the clocks change have 23 or 25.
        return f"midnight, when {now.date() + timedelta(days=1):%A} begins"
    first = (now.date().replace(day=1) + timedelta(days=32)).replace(day=1)
    return f"the month ends, on {first:%Y-%m-%d}"
