"""What the ledger tells of what was spent: the cost of a review, rows of a report, single calls. Reads only.

Rows by anything but the review come from `spending`, which triggers keep (schema_sums.py): they cost the same for a
hundred calls as for a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rebuttal.store.database import Connection
from rebuttal.store.model import (
    NO_CACHE_SUM,
    NO_TOKENS,
    CacheSum,
    CacheUse,
    CallKey,
    CallState,
    Cost,
    LedgerEntry,
    LedgerKey,
    LedgerRow,
    ReviewCost,
    Spent,
    Tokens,
)
from rebuttal.store.money import from_nano

Days = tuple[str, str]
"""The first and the last day, as the ledger writes them."""

ALWAYS: Days = ("", "~")


def cost_of(connection: Connection, review: str) -> Cost:
    """What one review has cost: calls that are settled or assumed."""
    rows = connection.execute(
        "SELECT phase, seat, model, state, sum(held), count(*), cache_missed, sum(cache_expected),"
        " sum(CASE WHEN cache_read < cache_expected THEN cache_read ELSE cache_expected END), sum(cache_saved),"
        " sum(input), sum(cache_write),"
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


def rows_by(connection: Connection, by: LedgerKey, days: Days, repository: str | None) -> tuple[LedgerRow, ...]:
    """Sums by one key, in the order of its names; names of which nothing counts are left out."""
    if by == "review":
        return _rows_by_review(connection, days, repository)
    values = (by, *days, repository, repository)
    sums = connection.execute(
        "SELECT CASE ? WHEN 'day' THEN day WHEN 'month' THEN substr(day, 1, 7) WHEN 'repository' THEN repository"
        " WHEN 'phase' THEN phase WHEN 'seat' THEN seat WHEN 'user' THEN who ELSE model END AS name,"
        " sum(settled), sum(assumed), 0, sum(calls), sum(overrun), sum(cache_expected), sum(cache_met),"
        " sum(cache_saved), sum(input), sum(cache_write), sum(cache_read), sum(output), sum(cache_write_1h)"
        " FROM spending WHERE day BETWEEN ? AND ? AND (? IS NULL OR repository = ?)"
        " GROUP BY name HAVING sum(calls) > 0",
        values,
    )
    missed = connection.execute(
        "SELECT CASE ? WHEN 'day' THEN day WHEN 'month' THEN substr(day, 1, 7) WHEN 'repository' THEN repository"
        " WHEN 'phase' THEN phase WHEN 'seat' THEN seat WHEN 'user' THEN who ELSE model END AS name, missed, sum(calls)"
        " FROM spending WHERE day BETWEEN ? AND ? AND (? IS NULL OR repository = ?) AND missed <> ''"
        " GROUP BY name, missed HAVING sum(calls) > 0",
        values,
    )
    # Few, and found by an index of their own: not by that of the days, which the function around `day` rules out.
    under_way = connection.execute(
        "SELECT CASE ? WHEN 'day' THEN day WHEN 'month' THEN month WHEN 'repository' THEN repository"
        " WHEN 'phase' THEN phase WHEN 'seat' THEN seat WHEN 'user' THEN who ELSE model END AS name,"
        " 0, 0, sum(held), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM calls"
        " WHERE state = 'reserved' AND substr(day, 1, 10) BETWEEN ? AND ? AND (? IS NULL OR repository = ?)"
        " GROUP BY name",
        values,
    )
    return _joined([*sums, *under_way], missed)


_SUMS_OF_CALLS = (
    " sum(CASE state WHEN 'settled' THEN held ELSE 0 END), sum(CASE state WHEN 'assumed' THEN held ELSE 0 END),"
    " sum(CASE state WHEN 'reserved' THEN held ELSE 0 END),"
    " sum(CASE WHEN state IN ('settled', 'assumed') THEN 1 ELSE 0 END),"
    " sum(CASE WHEN held > reserved THEN 1 ELSE 0 END), sum(cache_expected),"
    " sum(CASE WHEN cache_read < cache_expected THEN cache_read ELSE cache_expected END), sum(cache_saved),"
    " sum(input), sum(cache_write), sum(cache_read), sum(output), sum(cache_write_1h) FROM calls"
)
_MISSED_OF_CALLS = " cache_missed, count(*) FROM calls"
_MISSED = "AND cache_missed <> ''"
_COUNTED = " WHERE state <> 'released' AND (? IS NULL OR repository = ?)"


def _rows_by_review(connection: Connection, days: Days, repository: str | None) -> tuple[LedgerRow, ...]:
    where, values = _COUNTED, [repository, repository]
    if days != ALWAYS:
        where, values = f"{where} AND day BETWEEN ? AND ?", [*values, *days]
    # By the name alone, the calls are read in the order of its index; what was missed besides would have them sorted.
    sums = connection.execute(f"SELECT review,{_SUMS_OF_CALLS}{where} GROUP BY review", values)
    missed = connection.execute(
        f"SELECT review,{_MISSED_OF_CALLS}{where} {_MISSED} GROUP BY review, cache_missed", values
    )
    return _joined(sums, missed)


def _joined(sums: Iterable[tuple[Any, ...]], missed: Iterable[tuple[str, str, int]]) -> tuple[LedgerRow, ...]:
    """`missed`: by name and reason, how many calls read less from the cache than was expected."""
    reasons: dict[str, dict[str, int]] = {}
    for name, reason, calls in missed:
        reasons.setdefault(name, {})[reason] = calls
    rows: dict[str, LedgerRow] = {}
    for name, spent, assumed, reserved, calls, over, expected, met, saved, *tokens in sums:
        # What was under way may come in a row of its own: the reasons count once.
        cache = CacheSum(expected, met, from_nano(saved), dict(sorted(reasons.pop(name, {}).items())))
        amounts = (from_nano(spent), from_nano(assumed), from_nano(reserved))
        row = LedgerRow(name, *amounts, calls, over, Tokens(*tokens), cache)
        rows[name] = _both(rows[name], row) if name in rows else row
    return tuple(rows[name] for name in sorted(rows))


def most_expensive(connection: Connection, count: int, days: Days, repository: str | None) -> tuple[ReviewCost, ...]:
    """The dearest reviews of those that began on these days, the dearest first."""
    if days == ALWAYS and repository is None:
        found = connection.execute(
            "SELECT name FROM balances WHERE scope = 'review' AND held > 0 ORDER BY held DESC, name LIMIT ?", (count,)
        )
    else:
        # By the review's first call: two look-ups for each review, where reading all of them would take seconds.
        found = connection.execute(
            "SELECT b.name FROM balances b"
            " JOIN calls c ON c.id = (SELECT id FROM calls WHERE review = b.name ORDER BY id LIMIT 1)"
            " WHERE b.scope = 'review' AND b.held > 0 AND c.day BETWEEN ? AND ? AND (? IS NULL OR c.repository = ?)"
            " ORDER BY b.held DESC, b.name LIMIT ?",
            (*days, repository, repository, count),
        )
    return tuple(_review_cost(connection, name) for (name,) in found.fetchall())


def _review_cost(connection: Connection, review: str) -> ReviewCost:
    repository, day, settled, assumed, reserved, calls = connection.execute(
        "SELECT min(repository), min(day), sum(CASE state WHEN 'settled' THEN held ELSE 0 END),"
        " sum(CASE state WHEN 'assumed' THEN held ELSE 0 END), sum(CASE state WHEN 'reserved' THEN held ELSE 0 END),"
        " sum(CASE WHEN state IN ('settled', 'assumed') THEN 1 ELSE 0 END) FROM calls WHERE review = ?",
        (review,),
    ).fetchone()
    return ReviewCost(review, repository, day, from_nano(settled), from_nano(assumed), from_nano(reserved), calls)


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


_ENTRY = (
    "SELECT id, review, repository, phase, seat, model, state, reserved, held, started_at, settled_at, day, who,"
    " cache_expected, cache_saved, cache_missed, input, cache_write, cache_read, output, cache_write_1h FROM calls"
)


_STATES: Mapping[CallState, str] = {
    "reserved": "state = 'reserved'",
    "settled": "state = 'settled'",
    "assumed": "state = 'assumed'",
    "released": "state = 'released'",
}


def entries_of(connection: Connection, review: str | None, state: CallState | None) -> tuple[LedgerEntry, ...]:
    """Single calls, oldest first; None: of any review, in any state."""
    # Each condition in words of its own: with an OR, or a parameter for the state, no index would be used.
    conditions = [] if state is None else [_STATES[state]]
    if review is not None:
        conditions.append("review = ?")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    # Sorted here: to have them in order, SQLite would read all calls instead of an index.
    rows = connection.execute(f"{_ENTRY}{where}", () if review is None else (review,))
    return tuple(sorted((_entry(*row) for row in rows), key=lambda one: one.id))


def _entry(*row: Any) -> LedgerEntry:
    number, review, repository, phase, seat, model, state, reserved, held, started, settled, day, who, *rest = row
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
        who=who,
    )
