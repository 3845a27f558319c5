"""Every call that was paid for, or may have been: reserved before it is made, settled after, never forgotten.

The invariant: settled + reserved + assumed <= cap, for the review, the day and the month, over all processes that
share the store, whatever crashes. It holds because a reservation reads the sums and writes its row in one immediate
transaction, and because a row leaves `reserved` only for a cost that is known or for its worst case.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.model import (
    NO_CACHE_SUM,
    NO_CACHE_USE,
    NO_TOKENS,
    CacheSum,
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
    Settlement,
    Spent,
    StoreError,
    Tokens,
    Totals,
)
from rebuttal.store.money import from_nano, nano_cap, nano_change, nano_cost

Clock = Callable[[], datetime]

_REPORT_KEYS = frozenset({"day", "month", "review", "repository", "phase", "seat", "model"})


def local_now() -> datetime:
    """Now, where the user lives: days and months end at their midnight."""
    return datetime.now().astimezone()


@frozen
class _Moment:
    utc: str
    day: str
    month: str


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
        amount = nano_cost(at_most)
        limits = {name: nano_cap(cap) for name in _CAP_NAMES if (cap := getattr(caps, name)) is not None}
        moment = _moment(self._clock())

        if not self._recovered:
            # A transaction of its own: it must stand even where this reservation is refused.
            self._recovered = True
            self.recover()

        def work(connection: Connection) -> Granted:
            _check(connection, key, amount, limits, moment)
            return Granted(_insert(connection, key, amount, moment, self._database.owner()), from_nano(amount))

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

        # What a power cut loses of it leaves the reservation, which then counts at its worst case.
        return self._database.write(work, lasting=False)

    def assume(self, call: int) -> Job[Decimal]:
        """The call's usage will never be known: its worst case stands. Returns what counts against the caps now."""
        moment = _moment(self._clock())

        def work(connection: Connection) -> Decimal:
            _call(connection, call)
            connection.execute(
                "UPDATE calls SET state = 'assumed', final = held, settled_at = ? WHERE id = ? AND state = 'reserved'",
                (moment.utc, call),
            )
            return _held(connection, call)

        return self._database.write(work)

    def release(self, call: int) -> Job[None]:
        """The call cost nothing: it was refused or never made, or the user says so of an assumed one.

        Raises ValueError for a settled call: money that was spent is not given back.
        """
        moment = _moment(self._clock())
        return self._database.write(lambda connection: _release(connection, call, moment))

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

    def totals(self, now: datetime | None = None) -> Job[Totals]:
        """What counts against the caps of the day and the month of `now` (the clock's, by default)."""
        moment = _moment(now or self._clock())
        return self._database.read(
            lambda connection: Totals(
                from_nano(_balance(connection, "day", moment.day)),
                from_nano(_balance(connection, "month", moment.month)),
            )
        )

    def cost_of(self, review: str) -> Job[Cost]:
        """What a review has cost so far; calls under way are not in it. Zero for a review that made no call."""
        return self._database.read(lambda connection: _cost(connection, review))

    def rows(self, by: LedgerKey, since: date | None = None, until: date | None = None) -> Job[tuple[LedgerRow, ...]]:
        """The ledger's report over the user's days `since` to `until`, inclusive, in the order of the names."""
        if by not in _REPORT_KEYS:
            raise ValueError(f"the ledger has no rows by {by!r}")
        days = (since.isoformat() if since else "", until.isoformat() if until else "~")
        return self._database.read(lambda connection: _rows(connection, by, days))

    def entries(self, review: str | None = None, state: CallState | None = None) -> Job[tuple[LedgerEntry, ...]]:
        """Single calls, oldest first: of one review, in one state (the assumed ones a user may release), or all."""
        return self._database.read(lambda connection: _entries(connection, review, state))


_CAP_NAMES = ("call", "review", "day", "month")


def _moment(now: datetime) -> _Moment:
    if now.tzinfo is None:
        raise ValueError("the ledger's clock must say where it is: give an aware datetime")
    return _Moment(now.astimezone(UTC).isoformat(timespec="milliseconds"), f"{now:%Y-%m-%d}", f"{now:%Y-%m}")


def _check(connection: Connection, key: CallKey, amount: int, limits: dict[str, int], moment: _Moment) -> None:
    names = {"review": key.review, "day": moment.day, "month": moment.month}
    for cap, limit in limits.items():
        already = 0 if cap == "call" else _balance(connection, cap, names[cap])
        if already + amount > limit:
            raise CapReached(cap, from_nano(limit), from_nano(already), from_nano(amount))


def _insert(connection: Connection, key: CallKey, amount: int, moment: _Moment, owner: str) -> int:
    return connection.insert(
        "INSERT INTO calls (review, repository, phase, seat, model, state, reserved, held, final, started_at, day,"
        " month, owner, process) VALUES (?, ?, ?, ?, ?, 'reserved', ?, ?, 0, ?, ?, ?, ?, ?)",
        (
            *(key.review, key.repository, key.phase, key.seat, key.model, amount, amount),
            *(moment.utc, moment.day, moment.month, owner, os.getpid()),
        ),
    )


def _balance(connection: Connection, scope: str, name: str) -> int:
    row = connection.execute("SELECT held FROM balances WHERE scope = ? AND name = ?", (scope, name)).fetchone()
    return int(row[0]) if row else 0


def _final(connection: Connection, call: int) -> tuple[Decimal, Decimal, Decimal]:
    """What is settled and assumed in the call's review, day and month."""
    review, day, month = connection.execute(
        "SELECT r.final, d.final, m.final FROM calls"
        " JOIN balances r ON r.scope = 'review' AND r.name = calls.review"
        " JOIN balances d ON d.scope = 'day' AND d.name = calls.day"
        " JOIN balances m ON m.scope = 'month' AND m.name = calls.month WHERE calls.id = ?",
        (call,),
    ).fetchone()
    return from_nano(review), from_nano(day), from_nano(month)


def _call(connection: Connection, call: int) -> tuple[int, CallState]:
    row = connection.execute("SELECT reserved, state FROM calls WHERE id = ?", (call,)).fetchone()
    if row is None:
        raise StoreError(f"call {call} is not in the ledger: it was reserved in another store")
    return row[0], row[1]


def _held(connection: Connection, call: int) -> Decimal:
    (held,) = connection.execute("SELECT held FROM calls WHERE id = ?", (call,)).fetchone()
    return from_nano(held)


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


def _cost(connection: Connection, review: str) -> Cost:
    rows = connection.execute(
        "SELECT phase, seat, model, state, sum(held), count(*), cache_missed, sum(cache_expected),"
        " sum(min(cache_read, cache_expected)), sum(cache_saved), sum(input), sum(cache_write),"
        " sum(cache_read), sum(output), sum(cache_write_1h) FROM calls"
        " WHERE review = ? AND state IN ('settled', 'assumed') GROUP BY phase, seat, model, state, cache_missed",
        (review,),
    )
    total, assumed, cache = Spent(), 0, NO_CACHE_SUM
    by_phase: dict[str, Spent] = {}
    by_seat: dict[str, Spent] = {}
    by_model: dict[str, Spent] = {}
    for phase, seat, model, state, held, calls, missed, expected, read, saved, *tokens in rows:
        settled = held if state == "settled" else 0
        assumed += held - settled
        share = Spent(from_nano(settled), calls, Tokens(*tokens))
        total += share
        cache += _cache_sum(missed, calls, expected, read, saved)
        for group, name in ((by_phase, phase), (by_seat, seat), (by_model, model)):
            group[name] = group.get(name, Spent()) + share
    return Cost(total.spent, from_nano(assumed), total.tokens, total.calls, by_phase, by_seat, by_model, cache)


def _cache_sum(missed: str, calls: int, expected: int, read: int, saved: int) -> CacheSum:
    return CacheSum(expected, read, from_nano(saved), {missed: calls} if missed else {})


def _rows(connection: Connection, by: LedgerKey, days: tuple[str, str]) -> tuple[LedgerRow, ...]:
    found: Iterable[tuple[Any, ...]] = connection.execute(
        "SELECT CASE ? WHEN 'day' THEN day WHEN 'month' THEN month WHEN 'review' THEN review"
        " WHEN 'repository' THEN repository WHEN 'phase' THEN phase WHEN 'seat' THEN seat ELSE model END AS name,"
        " sum(CASE state WHEN 'settled' THEN held ELSE 0 END),"
        " sum(CASE state WHEN 'assumed' THEN held ELSE 0 END),"
        " sum(CASE state WHEN 'reserved' THEN held ELSE 0 END),"
        " sum(state IN ('settled', 'assumed')), sum(held > reserved),"
        " cache_missed, sum(cache_expected), sum(min(cache_read, cache_expected)), sum(cache_saved),"
        " sum(input), sum(cache_write), sum(cache_read), sum(output), sum(cache_write_1h)"
        " FROM calls WHERE day BETWEEN ? AND ? GROUP BY name, cache_missed ORDER BY name",
        (by, *days),
    )
    rows: dict[str, LedgerRow] = {}
    for name, spent, assumed, reserved, calls, over, missed, expected, read, saved, *tokens in found:
        cache = _cache_sum(missed, calls, expected, read, saved)
        amounts = (from_nano(spent), from_nano(assumed), from_nano(reserved))
        row = LedgerRow(name, *amounts, calls, over, Tokens(*tokens), cache)
        rows[name] = _both(rows[name], row) if name in rows else row
    return tuple(rows.values())


def _both(one: LedgerRow, other: LedgerRow) -> LedgerRow:
    return LedgerRow(
        one.name,
        one.spent + other.spent,
        one.assumed + other.assumed,
        one.reserved + other.reserved,
        one.calls + other.calls,
        one.over + other.over,
        one.tokens + other.tokens,
        one.cache + other.cache,
    )


def _entries(connection: Connection, review: str | None, state: CallState | None) -> tuple[LedgerEntry, ...]:
    rows = connection.execute(
        "SELECT id, review, repository, phase, seat, model, state, reserved, held, started_at, settled_at, day,"
        " cache_expected, cache_saved, cache_missed, input, cache_write, cache_read, output, cache_write_1h FROM calls"
        " WHERE (:review IS NULL OR review = :review) AND (:state IS NULL OR state = :state) ORDER BY id",
        {"review": review, "state": state},
    )
    return tuple(_entry(*row) for row in rows)


def _entry(*row: Any) -> LedgerEntry:
    number, review, repository, phase, seat, model, state, reserved, held, started, settled, day, *rest = row
    expected, saved, missed, *tokens = rest
    return LedgerEntry(
        id=number,
        key=CallKey(review, repository, phase, seat, model),
        state=state,
        at_most=from_nano(reserved),
        cost=from_nano(held),
        tokens=Tokens(*tokens) if any(tokens) else NO_TOKENS,
        started_at=started,
        settled_at=settled,
        day=day,
        cache=CacheUse(expected, from_nano(saved), missed),
    )
