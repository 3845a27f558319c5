"""What the money brought: findings, and what became of them, against what they cost.

Whose money is whose. A seat's **own** calls are its openings. What is asked after them (cross-examination, rebuttal,
the Moderator's ruling) is asked about claims: what a call cost is shared out equally over the claims that it was about,
and each claim's share over the seats that raised it (`store.fates.Examined`). What was asked about no claim (triage),
or in a review that broke off before it could be shared out, is nobody's: `Returns.unshared`. Seats and the rest add up
to what the ledger has, to the billionth of a dollar.

A category's cost is that of the seats, each shared out equally over what it found in the repository and month; what was
paid to seats that found nothing there is `Returns.barren`.

`accepted` means acted upon (store/fates.py). A finding that several seats raised counts for each of them, and once in
every total. What a prevented defect is worth only the user can say: there is no default, and no return without it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from attrs import define, field, frozen

from rebuttal.settings import Settings
from rebuttal.store.fates import FATES, Fate, Outlay, Raised, SeatRecord
from rebuttal.store.model import ZERO
from rebuttal.store.money import dollars, from_nano

OWN_PHASE = "opening"
LEAST_DECIDED = 8
"""Dismissals, with nothing acted upon, from which on a seat is named. With 0 of 8 the share that is ever acted upon is
below 32 %, with 95 % certainty (Clopper and Pearson, Biometrika 1934: 1 - 0.05^(1/n)); two or three say nothing."""
FEW = 10
"""Of fewer findings that were decided no share is told: it would look more certain than it is."""
RECENT = timedelta(days=30)
HOW_TO_SET_WORTH = (
    "Only you can say what a prevented defect is worth: set defect_worth (in dollars) in your config.toml, or amounts "
    "by category under [worth], and the return on what was spent is told."
)

_FAMILY = re.compile(r"(?<![a-z])(haiku|sonnet|opus|fable)(?![a-z])")


@frozen
class Worth:
    """What a prevented defect is worth to the user, in dollars."""

    default: Decimal | None = None
    by_category: Mapping[str, Decimal] = field(factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Worth:
        return cls(settings.defect_worth, settings.worth)

    def of_one(self, category: str) -> Decimal | None:
        """None: the user has not said."""
        return self.by_category.get(category, self.default)

    def __bool__(self) -> bool:
        return self.default is not None or bool(self.by_category)


@frozen
class Return:
    """What one seat, tier, category, repository or month cost and brought. Money in dollars."""

    key: str
    name: str
    """For people; the key, but for repositories."""
    own: Decimal = ZERO
    """Of seats and tiers: their openings. Else everything."""
    examined: Decimal = ZERO
    """Of seats and tiers: the examination of what they claimed."""
    open: int = 0
    accepted: int = 0
    dismissed: int = 0
    worth: Decimal | None = None
    """Of what was acted upon; None where the user has not said what all of it is worth."""

    @property
    def cost(self) -> Decimal:
        return self.own + self.examined

    @property
    def shown(self) -> int:
        return self.open + self.accepted + self.dismissed

    @property
    def per_finding(self) -> Decimal | None:
        """The seed's cost per insight. None: there is none to share it."""
        return _each(self.cost, self.shown)

    @property
    def per_accepted(self) -> Decimal | None:
        return _each(self.cost, self.accepted)

    @property
    def per_dismissed(self) -> Decimal | None:
        return _each(self.cost, self.dismissed)

    @property
    def per_dollar(self) -> Decimal | None:
        """Findings that were shown for a dollar: the seed's efficiency. None: nothing was spent."""
        return self.shown / self.cost if self.cost else None

    @property
    def accepted_per_dollar(self) -> Decimal | None:
        return self.accepted / self.cost if self.cost else None

    @property
    def accepted_share(self) -> float | None:
        """Of what was decided, what was acted upon, 0 to 1. None of fewer than FEW."""
        decided = self.accepted + self.dismissed
        return self.accepted / decided if decided >= FEW else None

    @property
    def return_on_spend(self) -> Decimal | None:
        """(worth - cost) / cost: 0 is even, 2 brought three times what it cost. None: nothing was spent, or the user
        has not said what a defect is worth."""
        return (self.worth - self.cost) / self.cost if self.worth is not None and self.cost else None


@frozen
class Silent:
    """A seat of which nothing was ever acted upon in a repository."""

    repository: str
    name: str
    """Of the repository."""
    seat: str
    dismissed: int
    cost: Decimal

    @property
    def at_most(self) -> float:
        """The share of its findings that is ever acted upon is, with 95 % certainty, not above this."""
        return float(1 - 0.05 ** (1 / self.dismissed))

    @property
    def words(self) -> str:
        return (
            f"{self.name}: you have dismissed {self.dismissed} findings of {self.seat} and acted on none, for "
            f'{dollars(self.cost)}; to switch it off, add seats_off = ["{self.seat}"] to .rebuttal.toml in that '
            "repository, or to your config.toml for all."
        )


@frozen
class Returns:
    """What was spent on days of the ledger, and what was first shown on them."""

    total: Return
    by_seat: tuple[Return, ...] = ()
    by_tier: tuple[Return, ...] = ()
    """By the model's family (`tier_of`)."""
    by_category: tuple[Return, ...] = ()
    by_repository: tuple[Return, ...] = ()
    by_month: tuple[Return, ...] = ()
    unshared: Decimal = ZERO
    """Part of no seat, tier or category: triage, and what reviews that broke off had examined."""
    barren: Decimal = ZERO
    """Part of no category: paid to seats that found nothing in that repository and month."""
    silent: tuple[Silent, ...] = ()
    """Seats that the user might switch off."""
    advice: str | None = None
    """What to set, where the return cannot be told; None where it can, and where nothing was found."""

    @property
    def words(self) -> tuple[str, ...]:
        """Sentences for people that go with the figures: which seat to switch off, what to set."""
        return (*(one.words for one in self.silent), *((self.advice,) if self.advice else ()))


def returns(outlay: Outlay, settings: Settings) -> Returns:
    """What was spent against what was shown. The most expensive first; months in their order."""
    worth, tiers = Worth.of(settings), _Tiers(settings)
    shares, unshared = _shares(outlay)
    found = _counted(outlay.raised, tiers)
    total = _Row(own=sum((one.amount for one in outlay.spent), ZERO))
    by_seat, by_tier, by_repository, by_month = _table(), _table(), _table(), _table()
    for (_, _, seat, model), (own, examined) in shares.items():
        for row in (by_seat[seat], by_tier[tiers[model]]):
            row.own += own
            row.examined += examined
    for spent in outlay.spent:
        by_repository[spent.repository].own += spent.amount
        by_month[spent.month].own += spent.amount
    by_category, barren = _by_category(shares, found)
    for table, counts in ((by_seat, found.by_seat), (by_tier, found.by_tier)):
        for (key, category, fate), count in counts.items():
            table[key].add(category, fate, count)
    for (repository, month, category, fate), count in found.once.items():
        for row in (total, by_repository[repository], by_month[month], by_category[category]):
            row.add(category, fate, count)
    return Returns(
        total=total.made("total", worth),
        by_seat=_dearest(by_seat, worth),
        by_tier=_dearest(by_tier, worth),
        by_category=_dearest(by_category, worth),
        by_repository=_dearest(by_repository, worth, outlay.names),
        by_month=tuple(sorted(_dearest(by_month, worth), key=lambda row: row.key)),
        unshared=unshared,
        barren=barren,
        silent=tuple(one for one in silent_seats(outlay) if one.seat not in settings.seats_off),
        advice=None if worth or not found.once else HOW_TO_SET_WORTH,
    )


def tier_of(model: str, settings: Settings) -> str:
    """The family that a model's name tells; else the tier that the user gave it; else its own name."""
    if (named := _FAMILY.search(model.lower())) is not None:
        return named.group()
    given = {settings.model_haiku: "haiku", settings.model_sonnet: "sonnet", settings.model_opus: "opus"}
    return given.get(model, model) or "unknown"


def shared_out(amount: Decimal, weights: Sequence[Decimal | int]) -> tuple[Decimal, ...]:
    """`amount` in parts as large as the weights say, to the billionth; they add up to it exactly. Equal parts where
    all weigh nothing. Raises ValueError where there is nobody to share it."""
    if not weights:
        raise ValueError("there is nobody to share it")
    units, scaled = _nano(amount), [_nano(Decimal(one)) for one in weights]
    if not any(scaled):
        scaled = [1] * len(scaled)
    reached = [units * so_far // sum(scaled) for so_far in accumulate(scaled)]
    return tuple(from_nano(here - before) for before, here in zip([0, *reached], reached, strict=False))


Cell = tuple[str, str, str, str]
"""Repository, month, seat, model."""


class _Tiers(dict[str, str]):
    """The tier of each model, told once."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def __missing__(self, model: str) -> str:
        self[model] = tier = tier_of(model, self._settings)
        return tier


@define
class _Row:
    own: Decimal = ZERO
    examined: Decimal = ZERO
    found: Counter[tuple[str, Fate]] = field(factory=Counter)
    """By category and fate."""

    def add(self, category: str, fate: Fate, count: int) -> None:
        self.found[category, fate] += count

    def made(self, key: str, worth: Worth, name: str | None = None) -> Return:
        counts = dict.fromkeys(FATES, 0)
        for (_, fate), count in self.found.items():
            counts[fate] += count
        accepted = [
            (worth.of_one(category), count) for (category, fate), count in self.found.items() if fate == "accepted"
        ]
        known = [value * count for value, count in accepted if value is not None]
        brought = sum(known, ZERO) if worth and len(known) == len(accepted) else None
        return Return(key, name or key, self.own, self.examined, **counts, worth=brought)


@frozen
class _Counted:
    """Findings by what they are alike in: a ledger of years has a hundred thousand of them."""

    once: Counter[tuple[str, str, str, Fate]] = field(factory=Counter)
    """Each once: by repository, month, category, fate, as whoever raised it first has them."""
    by_seat: Counter[tuple[str, str, Fate]] = field(factory=Counter)
    """Each once for each of its seats: by seat, category, fate."""
    by_tier: Counter[tuple[str, str, Fate]] = field(factory=Counter)
    by_cell: dict[tuple[str, str, str], Counter[str]] = field(factory=lambda: defaultdict(Counter))
    """By repository, month and seat: by category. Not by model, which a ledger may name otherwise than its answer."""


def _counted(raised: Iterable[Raised], tiers: _Tiers) -> _Counted:
    findings: dict[tuple[str, str], list[Raised]] = defaultdict(list)
    for one in raised:
        findings[one.repository, one.finding].append(one)
    made = _Counted()
    for rows in findings.values():
        first = min(rows, key=lambda one: (one.day, one.seat)) if len(rows) > 1 else rows[0]
        category, fate = first.category, first.fate
        made.once[first.repository, first.day[:7], category, fate] += 1
        for one in rows:
            made.by_seat[one.seat, category, fate] += 1
            made.by_cell[one.repository, one.day[:7], one.seat][category] += 1
        for tier in {tiers[one.model] for one in rows}:
            made.by_tier[tier, category, fate] += 1
    return made


def _shares(outlay: Outlay) -> tuple[dict[Cell, tuple[Decimal, Decimal]], Decimal]:
    """By cell: openings, and examination. And what is nobody's."""
    own: dict[Cell, Decimal] = defaultdict(Decimal)
    pools: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for spent in outlay.spent:
        if spent.phase == OWN_PHASE:
            own[spent.repository, spent.month, spent.seat, spent.model] += spent.amount
        else:
            pools[spent.repository, spent.month] += spent.amount
    told: dict[tuple[str, str], list[tuple[Cell, Decimal]]] = defaultdict(list)
    for one in outlay.examined:
        told[one.repository, one.month].append(((one.repository, one.month, one.seat, one.model), one.amount))
    examined: dict[Cell, Decimal] = {}
    for place, shares in told.items():
        amounts = tuple(amount for _, amount in shares)
        # The ledger may know better by now: an assumed call was released, or a review ended after midnight.
        if sum(amounts, ZERO) > pools[place]:
            amounts = shared_out(pools[place], amounts)
        examined |= {cell: amount for (cell, _), amount in zip(shares, amounts, strict=True)}
    unshared = sum(pools.values(), ZERO) - sum(examined.values(), ZERO)
    cells = dict.fromkeys((*own, *examined))
    return {cell: (own.get(cell, ZERO), examined.get(cell, ZERO)) for cell in cells}, unshared


def _by_category(shares: Mapping[Cell, tuple[Decimal, Decimal]], found: _Counted) -> tuple[dict[str, _Row], Decimal]:
    """Their costs; and what was paid to seats that found nothing."""
    rows, barren = _table(), ZERO
    paid: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for (repository, month, seat, _), amounts in shares.items():
        paid[repository, month, seat] += sum(amounts, ZERO)
    for cell, amount in paid.items():
        if cell not in found.by_cell:
            barren += amount
            continue
        counts = sorted(found.by_cell[cell].items())
        for (category, _), share in zip(counts, shared_out(amount, [count for _, count in counts]), strict=True):
            rows[category].own += share
    return rows, barren


def silent_seats(outlay: Outlay) -> tuple[Silent, ...]:
    """Seats whose findings were dismissed LEAST_DECIDED times or more in a repository, and never acted upon. One that
    has found nothing for long while others have is not asked any more, and not named."""
    newest: dict[str, str] = {}
    for one in outlay.seats:
        newest[one.repository] = max(one.last, newest.get(one.repository, ""))

    def is_asked(one: SeatRecord) -> bool:
        return date.fromisoformat(newest[one.repository]) - date.fromisoformat(one.last) <= RECENT

    return tuple(
        Silent(one.repository, _name(outlay.names, one.repository), one.seat, one.dismissed, one.cost)
        for one in outlay.seats
        if one.dismissed >= LEAST_DECIDED and not one.accepted and is_asked(one)
    )


def _dearest(rows: Mapping[str, _Row], worth: Worth, names: Mapping[str, str] | None = None) -> tuple[Return, ...]:
    made = [row.made(key, worth, _name(names, key) if names is not None else None) for key, row in rows.items()]
    return tuple(sorted(made, key=lambda one: (-one.cost, one.key)))


def _table() -> dict[str, _Row]:
    return defaultdict(_Row)


def _name(names: Mapping[str, str], repository: str) -> str:
    return names.get(repository) or repository[:8]


def _nano(amount: Decimal) -> int:
    """A sum may be larger than what the ledger takes for one call."""
    return int(amount.scaleb(9))


def _each(amount: Decimal, count: int) -> Decimal | None:
    return amount / count if count else None
