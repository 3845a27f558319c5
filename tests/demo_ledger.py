"""A ledger of plausible spending, always the same, for tests, benchmarks and pictures.

`python -m tests.demo_ledger HOME [--days N] [--until DAY]` makes one in a folder to be named by REBUTTAL_HOME.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from attrs import field, frozen

from rebuttal.budget.prices import PriceBook
from rebuttal.store.database import Connection, Database
from rebuttal.store.debates import DebatePlan, Debates
from rebuttal.store.fates import Fates, Shown
from rebuttal.store.ledger import local_now
from rebuttal.store.model import Tokens
from rebuttal.store.money import nano_change, nano_cost
from rebuttal.store.repositories import Repositories

HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"

REPOSITORIES = {"a1" * 16: "parcels", "b2" * 16: "storefront", "c3" * 16: "billing-api", "d4" * 16: "handbook"}
_OFTEN = (0.42, 0.31, 0.21, 0.06)
_SEATS = {
    # Seat: how often it sits, and which model speaks.
    "code-reviewer": (1.0, SONNET),
    "security-analyst": (0.8, SONNET),
    "architect": (0.55, SONNET),
    "performance-expert": (0.45, SONNET),
    "database": (0.3, SONNET),
    "frontend": (0.25, HAIKU),
    "documentation": (0.2, HAIKU),
}
_CATEGORIES = {
    **{"security-analyst": "security", "performance-expert": "performance", "architect": "architecture"},
    "documentation": "documentation",
}
UNTIL = date(2026, 11, 22)


@frozen
class DemoCall:
    """One call as it is put into the ledger."""

    review: str
    repository: str
    phase: str
    seat: str
    model: str
    day: date
    tokens: Tokens
    cost: Decimal
    reserved: Decimal
    expected_read: int = 0
    saved: Decimal = Decimal(0)
    missed: str = ""
    state: str = "settled"


@frozen
class DemoReview:
    """A review with its calls."""

    id: str
    repository: str
    day: date
    panel: str
    expected: Decimal
    state: str
    calls: tuple[DemoCall, ...] = field(factory=tuple)

    @property
    def cost(self) -> Decimal:
        return sum((call.cost for call in self.calls), Decimal(0))


def fill(
    database: Database,
    *,
    days: int = 365,
    until: date = UNTIL,
    seed: int = 1,
    repositories: Sequence[str] = tuple(REPOSITORIES),
) -> list[DemoReview]:
    """Put reviews of the `days` that end with `until` into the ledger, with what was expected of them."""
    reviews = list(plausible(days, until, seed, repositories))
    insert(database, [call for review in reviews for call in review.calls])
    names = Repositories(database)
    for repository in repositories:
        names.remember(repository, REPOSITORIES.get(repository, "")).result()
    for review in reviews:
        at = datetime.combine(review.day, time(12), UTC)
        debates = Debates(database, partial(_same, at))
        debates.begin(_plan(review))
        debates.end(review.id, review.state, claims=3).result()  # type: ignore[arg-type]  # one of the states
    _findings(database, reviews, random.Random(seed))
    return reviews


def _findings(database: Database, reviews: Sequence[DemoReview], chance: random.Random) -> None:
    """What the reviews have shown, and what became of it. In one repository everything that one seat says of
    documentation is dismissed."""
    for number, review in enumerate(reviews):
        at = datetime.combine(review.day, time(12), UTC)
        fates = Fates(database, partial(_same, at))
        openings = {call.seat: call.model for call in review.calls if call.phase == "opening"}
        asked_after = sorted(call.seat for call in review.calls if call.phase == "cross_examination")
        shown = [
            Shown(f"{number}-{place}", {seat: openings[seat]}, _CATEGORIES.get(seat, "correctness"), "high")
            for place, seat in enumerate(asked_after)
            if chance.random() < 0.6
        ]
        cost = sum((call.cost for call in review.calls if call.phase == "cross_examination"), Decimal(0))
        examined = {
            (seat, openings[seat]): (cost * asked_after.count(seat) / len(asked_after)).quantize(Decimal("1e-9"))
            for seat in set(asked_after)
        }
        fates.record(review.repository, review.id, shown, examined, at)
        accepted = []
        for one in shown:
            (seat,) = one.seats
            fate = chance.random()
            if seat == "documentation" and review.repository == "b2" * 16:
                fates.dismiss(review.repository, one.finding, "not here")
            elif fate < 0.58:
                accepted.append(one.finding)
            elif fate < 0.82:
                fates.dismiss(review.repository, one.finding, "as it should be")
        fates.accept(review.repository, accepted).result()


def _same(at: datetime) -> datetime:
    return at


def plausible(
    days: int, until: date = UNTIL, seed: int = 1, repositories: Sequence[str] = tuple(REPOSITORIES)
) -> Iterator[DemoReview]:
    """Reviews as a small team makes them: on working days, more towards the end, now and then a large one."""
    chance, prices, number = random.Random(seed), PriceBook(), 0
    for back in range(days - 1, -1, -1):
        day = until - timedelta(back)
        busy = 0.15 if day.weekday() > 4 else 0.8 + 1.2 * (1 - back / max(days, 1)) + 0.5 * math.sin(back / 9)
        for _ in range(_poisson(chance, busy)):
            number += 1
            often = _OFTEN[: len(repositories)] if len(repositories) <= len(_OFTEN) else None
            (repository,) = chance.choices(repositories, often)
            yield _review(chance, prices, f"{number:06x}{chance.getrandbits(40):010x}", repository, day)


def _review(chance: random.Random, prices: PriceBook, name: str, repository: str, day: date) -> DemoReview:
    size = chance.lognormvariate(0, 0.75)
    panel = "small" if size < 0.8 else "medium" if size < 2.5 else "large"
    seats = [seat for seat, (often, _) in _SEATS.items() if chance.random() < often * (0.7 if panel == "small" else 1)]
    seats = seats or ["code-reviewer"]
    shared = int(5000 + 7000 * size)
    claims = max(0, round(chance.gauss(1.6 * len(seats) * min(size, 2) ** 0.5, 1.5)))
    turns = [("opening", seat, _SEATS[seat][1]) for seat in seats]
    if size > 1.2:
        turns.insert(0, ("triage", "moderator", HAIKU))
    turns += [("cross_examination", chance.choice(seats), SONNET) for _ in range(claims)]
    turns += [("rebuttal", chance.choice(seats), SONNET) for _ in range(claims // 4)]
    turns += [("consensus", "moderator", OPUS)] if claims > 7 else []
    written: set[str] = set()
    calls = [_call(chance, prices, (name, repository, day), turn, shared, written) for turn in turns]
    if chance.random() < 0.012:
        last = calls[-1]
        calls[-1] = DemoCall(
            *(name, repository, last.phase, last.seat, last.model, day),
            tokens=Tokens(),
            cost=last.reserved,
            reserved=last.reserved,
            state="assumed",
        )
    actual = sum((call.cost for call in calls), Decimal(0))
    spread = Decimal(str(round(math.exp(chance.gauss(0.0, 0.135)), 4)))
    state = "cut" if chance.random() < 0.03 else "whole"
    return DemoReview(name, repository, day, panel, actual * spread, state, tuple(calls))


def _call(
    chance: random.Random,
    prices: PriceBook,
    where: tuple[str, str, date],
    turn: tuple[str, str, str],
    shared: int,
    written: set[str],
) -> DemoCall:
    (name, repository, day), (phase, seat, model) = where, turn
    plain = chance.randint(350, 1400)
    output = int(chance.lognormvariate(6.6, 0.5))
    first = model not in written
    written.add(model)
    missed = not first and chance.random() < 0.03
    write, read = (shared, 0) if first or missed else (0, shared)
    if phase == "triage":
        plain, write, read, output = plain + 900, 0, 0, 160
        written.discard(model)
    tokens = Tokens(input=plain, cache_write=write, cache_read=read, output=output)
    reserved = prices.worst_case(model, 4 * (plain + shared), 8000)
    return DemoCall(
        *(name, repository, phase, seat, model, day),
        tokens=tokens,
        cost=prices.price(model, tokens),
        reserved=reserved,
        expected_read=shared if read or missed else 0,
        saved=prices.saved(model, tokens),
        missed="expired" if missed else "",
    )


def insert(database: Database, calls: Sequence[DemoCall]) -> None:
    """Put calls into the ledger in one transaction: what keeps the sums sees each of them."""
    rows = [_row(call) for call in calls]

    def work(connection: Connection) -> None:
        connection.executemany(
            "INSERT INTO calls (review, repository, phase, seat, model, state, reserved, held, final, input,"
            " cache_write, cache_read, output, cache_expected, cache_saved, cache_missed, started_at, settled_at, day,"
            " month, owner, process) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'demo', 1)",
            rows,
        )

    database.write(work).result()


def _row(call: DemoCall) -> tuple[object, ...]:
    held, at, tokens = nano_cost(call.cost), f"{call.day.isoformat()}T12:00:00.000+00:00", call.tokens
    final = 0 if call.state in ("reserved", "released") else held
    return (
        *(call.review, call.repository, call.phase, call.seat, call.model, call.state),
        *(nano_cost(call.reserved), held, final),
        *(tokens.input, tokens.cache_write, tokens.cache_read, tokens.output),
        *(call.expected_read, nano_change(call.saved), call.missed),
        *(at, at, call.day.isoformat(), f"{call.day:%Y-%m}"),
    )


def _plan(review: DemoReview) -> DebatePlan:
    return DebatePlan(
        *(review.id, review.repository, review.panel, "crossfire", "balanced"),
        seats=len({call.seat for call in review.calls if call.phase == "opening"}),
        rounds=3,
        files=3,
        lines=120,
        shared_tokens=8000,
        expected=review.expected,
        at_most=Decimal(1),
    )


def _poisson(chance: random.Random, mean: float) -> int:
    """Knuth's: the product of uniform numbers until it falls below e^-mean."""
    bound, product, count = math.exp(-max(mean, 0.0)), chance.random(), 0
    while product > bound:
        product, count = product * chance.random(), count + 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--until", type=date.fromisoformat, default=local_now().date())
    chosen = parser.parse_args()
    with Database.open(chosen.home / "rebuttal.sqlite3") as database:
        reviews = fill(database, days=chosen.days, until=chosen.until)
    cost = sum((review.cost for review in reviews), Decimal(0))
    sys.stdout.write(f"{len(reviews)} reviews, {sum(len(review.calls) for review in reviews)} calls, ${cost:.2f}\n")


if __name__ == "__main__":
    main()
