"""Every call that was paid for, or may have been: reserved before it is made, settled after, never forgotten.

The invariant: settled + reserved + assumed <= cap, for the call, the review, sixty minutes, the day, the month and the
repository, over all processes that share the store, whatever crashes. It holds because a reservation reads the sums and
writes its row in one immediate transaction, and because a row leaves `reserved` only for a cost that is known or for
its worst case. What the ledger tells of it is in ledger_reports.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from attrs import frozen

from rebuttal.store import ledger_reports
from rebuttal.store.clock import local_now
from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.model import (
    CAP_SETTINGS,
    NO_CACHE_USE,
    CacheUse,
    CallKey,
    CallState,
    CapReached,
    Caps,
    Cost,
    Granted,
    LedgerEntry,
    LedgerKey,
    LedgerRow,
    Recovered,
    ReviewCost,
    Settlement,
    StoreError,
    Tokens,
    Totals,
    UnderWay,
    UnknownCall,
)
from rebuttal.store.money import from_nano, nano_cap, nano_change, nano_cost
from rebuttal.store.pace import HOUR, since_then

__all__ = ["Clock", "Ledger", "local_now"]

Clock = Callable[[], datetime]

_REPORT_KEYS = frozenset({"day", "month", "review", "repository", "phase", "seat", "model", "user"})


@frozen
class _Moment:
    utc: str
    day: str
    month: str
    hour_ago: str
    """UTC."""


class Ledger:
    """The table of calls. Every method hands its work to the store's thread and returns a Job."""

    def __init__(self, database: Database, clock: Clock = local_now) -> None:
        self._database = database
        self._clock = clock
        self._recovered = False

    def reserve(self, key: CallKey, at_most: Decimal, caps: Caps) -> Job[Granted]:
        """Set aside what a call may cost. Only then may it be made.

        Raises CapReached (nothing is written), StoreError, and ValueError for an amount that is no money.
        """
        amount, limits = nano_cost(at_most), _limits(caps)
        moment = _moment(self._clock())

        if not self._recovered:
            # A transaction of its own: it must stand even where this reservation is refused.
            self._recovered = True
            self.recover()

        def work(connection: Connection) -> Granted:
            _check(connection, key, amount, limits, moment)
            return Granted(_insert(connection, key, amount, moment, self._database), from_nano(amount))

        return self._database.write(work)

    def settle(self, call: int, tokens: Tokens, cost: Decimal, cache: CacheUse = NO_CACHE_USE) -> Job[Settlement]:
        """Record what the call really used, and what the cache did for it. Also after `assume` or `release`: what is
        known replaces what was not.

        Raises StoreError for a call that is not in the ledger, ValueError for one that is settled already.
        """
        amount = nano_cost(cost)
        cached = (cache.expected, nano_change(cache.saved), cache.missed)
        moment = _moment(self._clock())

        def work(connection: Connection) -> Settlement:
            reserved, state = _call(connection, call)
            if state == "settled":
                raise ValueError(f"call {call} is settled already")
            connection.execute(
                "UPDATE calls SET state = 'settled', held = ?, final = ?, input = ?, cache_write = ?, cache_read = ?,"
                " output = ?, cache_write_1h = ?, cache_expected = ?, cache_saved = ?, cache_missed = ?,"
                " settled_at = ? WHERE id = ?",
                (amount, amount, *_columns(tokens), *cached, moment.utc, call),
            )
            return Settlement(from_nano(amount), amount > reserved, *_final(connection, call))

        # What a power cut loses of it leaves the reservation, which then counts at its worst case. Where that is less
        # than the cost, the cost must not be lost.
        return self._database.write(work, lasting=lambda connection: amount > _held(connection, call))

    def assume(self, call: int) -> Job[Decimal]:
        """The call's usage will never be known: its worst case stands. Returns what counts against the caps now."""
        moment = _moment(self._clock())

        def work(connection: Connection) -> Decimal:
            _call(connection, call)
            connection.execute(
                "UPDATE calls SET state = 'assumed', final = held, settled_at = ? WHERE id = ? AND state = 'reserved'",
                (moment.utc, call),
            )
            return from_nano(_held(connection, call))

        return self._database.write(work)

    def release(self, call: int) -> Job[None]:
        """The call cost nothing: it was refused or never made, or the user says so of an assumed one.

        Raises ValueError for a settled call: money that was spent is not given back.
        """
        moment = _moment(self._clock())
        return self._database.write(lambda connection: _release(connection, call, moment))

    def release_assumed(self, calls: Sequence[int]) -> Job[tuple[int, ...]]:
        """The user says that these calls cost nothing. Only those that are assumed are released; returns which."""
        moment = _moment(self._clock())

        def work(connection: Connection) -> tuple[int, ...]:
            found = [call for call in calls if _call(connection, call)[1] == "assumed"]
            for call in found:
                _release(connection, call, moment)
            return tuple(found)

        return self._database.write(work)

    def give_back(self, reserving: Job[Granted]) -> Job[None]:
        """Release what a `reserve` whose caller has gone away has written, or will have written: no call was made."""
        moment = _moment(self._clock())

        def work(connection: Connection) -> None:
            try:
                # The store works in order, so the reservation is decided by now.
                granted = reserving.result(0)
            except (CapReached, StoreError, ValueError):
                return
            _release(connection, granted.id, moment)

        return self._database.write(work)

    def recover(self) -> Job[Recovered]:
        """Reservations of processes that have ended become assumed; those of living ones stay.

        Done by itself before this ledger's first reservation.
        """
        moment = _moment(self._clock())
        return self._database.write(lambda connection: _recover(connection, self._database, moment))

    def totals(self, now: datetime | None = None, repository: str | None = None) -> Job[Totals]:
        """What counts against the caps of the day and the month of `now` (the clock's, by default), of the sixty
        minutes before it, and of a repository in that month."""
        moment = _moment(now or self._clock())

        def work(connection: Connection) -> Totals:
            own = {"repository": f"{moment.month} {repository}"} if repository else {}
            sums = _balances(connection, {"day": moment.day, "month": moment.month, **own})
            found = [sums.get(one, _NOTHING) for one in ("day", "month", "repository")]
            found.append(since_then(connection, moment.hour_ago))
            under_way = UnderWay(*(from_nano(held - final) for held, final in found))
            day, month, mine, hour = (from_nano(held) for held, _ in found)
            return Totals(day, month, mine, hour, under_way)

        return self._database.read(work)

    def cost_of(self, review: str) -> Job[Cost]:
        """What a review has cost so far; calls under way are not in it. Zero for a review that made no call."""
        return self._database.read(lambda connection: ledger_reports.cost_of(connection, review))

    def rows(
        self,
        by: LedgerKey,
        since: date | None = None,
        until: date | None = None,
        *,
        repository: str | None = None,
    ) -> Job[tuple[LedgerRow, ...]]:
        """The ledger's report over the user's days `since` to `until`, inclusive, in the order of the names; of one
        repository, or of all. Names of which nothing counts (all released) are left out.

        By review it reads every call of these days; by anything else, sums that are kept. Users have names where they
        share the store; in a user's own there is one, "".
        """
        if by not in _REPORT_KEYS:
            raise ValueError(f"the ledger has no rows by {by!r}")
        days = _days(since, until)
        return self._database.read(lambda connection: ledger_reports.rows_by(connection, by, days, repository))

    def most_expensive(
        self,
        count: int,
        since: date | None = None,
        until: date | None = None,
        *,
        repository: str | None = None,
    ) -> Job[tuple[ReviewCost, ...]]:
        """The reviews that cost most, the dearest first, of those that began on the user's days `since` to `until`."""
        days = _days(since, until)
        return self._database.read(
            lambda connection: ledger_reports.most_expensive(connection, max(count, 0), days, repository)
        )

    def entries(self, review: str | None = None, state: CallState | None = None) -> Job[tuple[LedgerEntry, ...]]:
        """Single calls, oldest first: of one review, in one state (the assumed ones a user may release), or all."""
        return self._database.read(lambda connection: ledger_reports.entries_of(connection, review, state))


def _days(since: date | None, until: date | None) -> ledger_reports.Days:
    return (
        since.isoformat() if since else ledger_reports.ALWAYS[0],
        until.isoformat() if until else ledger_reports.ALWAYS[1],
    )


def _moment(now: datetime) -> _Moment:
    if now.tzinfo is None:
        raise ValueError("the ledger's clock must say where it is: give an aware datetime")
    utc = now.astimezone(UTC)
    texts = (one.isoformat(timespec="milliseconds") for one in (utc, utc - HOUR))
    return _Moment(next(texts), f"{now:%Y-%m-%d}", f"{now:%Y-%m}", next(texts))


_Limits = Mapping[str, tuple[int, str]]
"""By the name of a cap, its nano-dollars and where it is set."""


def _limits(caps: Caps) -> _Limits:
    given = ((name, getattr(caps, name)) for name in CAP_SETTINGS)
    return {name: (nano_cap(cap), caps.place(name)) for name, cap in given if cap is not None}


def _check(connection: Connection, key: CallKey, amount: int, limits: _Limits, moment: _Moment) -> None:
    names = {
        "review": key.review,
        "day": moment.day,
        "month": moment.month,
        "repository": f"{moment.month} {key.repository}",
    }
    sums = _balances(connection, {cap: names[cap] for cap in limits if cap in names})
    for cap, (limit, place) in limits.items():
        if cap == "hour":
            already, final = since_then(connection, moment.hour_ago)
        else:
            already, final = sums.get(cap, _NOTHING)
        if already + amount > limit:
            most, held, wanted, aside = (from_nano(one) for one in (limit, already, amount, already - final))
            raise CapReached(cap, most, held, wanted, aside, place)


def _insert(connection: Connection, key: CallKey, amount: int, moment: _Moment, database: Database) -> int:
    return connection.insert(
        "INSERT INTO calls (review, repository, phase, seat, model, state, reserved, held, final, started_at, day,"
        " month, owner, process, who) VALUES (?, ?, ?, ?, ?, 'reserved', ?, ?, 0, ?, ?, ?, ?, ?, ?)",
        (
            *(key.review, key.repository, key.phase, key.seat, key.model, amount, amount),
            *(moment.utc, moment.day, moment.month, database.owner(), os.getpid(), database.who),
        ),
    )


_NOTHING = (0, 0)


def _balances(connection: Connection, names: Mapping[str, str]) -> Mapping[str, tuple[int, int]]:
    """By scope, nano-dollars that count, and those of them that stand: settled or assumed. One question for all, for
    each to a server costs its way there and back; scopes of which nothing is known are left out."""
    if not names:
        return {}
    where = " OR ".join("(scope = ? AND name = ?)" for _ in names)
    found = connection.execute(
        f"SELECT scope, held, final FROM balances WHERE {where}",  # noqa: S608 - our own words
        [part for pair in names.items() for part in pair],
    )
    return {scope: (held, final) for scope, held, final in found}


def _final(connection: Connection, call: int) -> tuple[Decimal, ...]:
    """What is settled and assumed in the call's review, day and month, and of its repository in that month."""
    review, day, month, repository = connection.execute(
        "SELECT review, day, month, repository FROM calls WHERE id = ?", (call,)
    ).fetchone()
    scopes = {"review": review, "day": day, "month": month, "repository": f"{month} {repository}"}
    sums = _balances(connection, scopes)
    return tuple(from_nano(sums[scope][1]) for scope in scopes)


def _call(connection: Connection, call: int) -> tuple[int, CallState]:
    row = connection.execute("SELECT reserved, state FROM calls WHERE id = ?", (call,)).fetchone()
    if row is None:
        raise UnknownCall(f"call {call} is not in the ledger: it was reserved in another store")
    return row[0], row[1]


def _held(connection: Connection, call: int) -> int:
    """Nano-dollars that the call counts now; zero for one that is not in the ledger."""
    row = connection.execute("SELECT held FROM calls WHERE id = ?", (call,)).fetchone()
    return int(row[0]) if row else 0


def _release(connection: Connection, call: int, moment: _Moment) -> None:
    _, state = _call(connection, call)
    if state == "settled":
        raise ValueError(f"call {call} is settled: what was spent cannot be released")
    connection.execute(
        "UPDATE calls SET state = 'released', held = 0, final = 0, settled_at = ? WHERE id = ?", (moment.utc, call)
    )


def _recover(connection: Connection, database: Database, moment: _Moment) -> Recovered:
    owners = [row[0] for row in connection.execute("SELECT DISTINCT owner FROM calls WHERE state = 'reserved'")]
    calls = amount = 0
    for owner in owners:
        if database.is_alive(owner):
            continue
        (held,) = connection.execute(
            "SELECT sum(held) FROM calls WHERE owner = ? AND state = 'reserved'", (owner,)
        ).fetchone()
        cursor = connection.execute(
            "UPDATE calls SET state = 'assumed', final = held, settled_at = ? WHERE owner = ? AND state = 'reserved'",
            (moment.utc, owner),
        )
        calls, amount = calls + cursor.rowcount, amount + held
    database.tidy()
    return Recovered(calls, from_nano(amount))


def _columns(tokens: Tokens) -> tuple[int, int, int, int, int]:
    counts = (tokens.input, tokens.cache_write, tokens.cache_read, tokens.output, tokens.cache_write_1h)
    if min(counts) < 0:
        raise ValueError(f"{tokens} counts less than nothing")
    return counts
