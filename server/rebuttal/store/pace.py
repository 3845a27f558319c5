"""How fast money goes, and what calls usually cost: what the circuit breaker reads of all processes' calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from attrs import frozen

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.model import Tokens
from rebuttal.store.money import from_nano

HOUR = timedelta(minutes=60)
PAST = timedelta(days=30)
"""How far back an hour still says what is usual."""
_NEWEST = 5000
"""Calls that are looked through at most: what is usual is told by the newest."""
_ANY = "~"
"""After every phase's name."""
_SWEEP = "sweep%"
"""Reviews of a sweep (sweeps.py): its calls cost half, so they say nothing of the others."""


@frozen
class PastCall:
    """A call that was settled."""

    cost: Decimal
    tokens: Tokens


@frozen
class Hours:
    """What was spent and assumed, by the time at which calls began."""

    last: Decimal
    """In the last sixty minutes."""
    known: int
    """Hours before that in which anything was, of the last thirty days."""
    dearest: Decimal
    """What the dearest of those cost."""


class Pace:
    """Reads the table of calls; it writes nothing."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def last_hour(self) -> Job[Decimal]:
        """What the last sixty minutes cost: settled and assumed."""
        since = _text(self._clock() - HOUR)
        return self._database.read(lambda connection: from_nano(since_then(connection, since)[1]))

    def hours(self) -> Job[Hours]:
        """The last hour, and those before it."""
        now = self._clock()
        recent, old = _text(now - HOUR), _text(now - PAST)

        def work(connection: Connection) -> Hours:
            (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM calls").fetchone()
            rows = connection.execute(
                "SELECT substr(started_at, 1, 13) AS hour, sum(final) FROM calls"
                " WHERE id > ? AND started_at > ? AND started_at <= ? GROUP BY hour HAVING sum(final) > 0",
                (newest - _NEWEST, old, recent),
            ).fetchall()
            dearest = max((int(final) for _, final in rows), default=0)
            return Hours(from_nano(since_then(connection, recent)[1]), len(rows), from_nano(dearest))

        return self._database.read(work)

    def last_calls(
        self, model: str, count: int, *, phase: str | None = None, before: int | None = None
    ) -> Job[tuple[PastCall, ...]]:
        """The last settled calls of a model, the newest first; in one phase, and from before a call of that id."""

        def work(connection: Connection) -> tuple[PastCall, ...]:
            (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM calls").fetchone()
            end = newest + 1 if before is None else before
            rows = connection.execute(
                "SELECT held, input, cache_write, cache_read, output, cache_write_1h FROM calls"
                " WHERE id > ? AND id < ? AND model = ? AND phase BETWEEN ? AND ? AND state = 'settled'"
                " AND review NOT LIKE ? ORDER BY id DESC LIMIT ?",
                (end - _NEWEST, end, model, phase or "", phase or _ANY, _SWEEP, count),
            ).fetchall()
            return tuple(PastCall(from_nano(held), Tokens(*tokens)) for held, *tokens in rows)

        return self._database.read(work)


def since_then(connection: Connection, utc: str) -> tuple[int, int]:
    """Nano-dollars of calls that began after a moment (UTC, as `calls` has it): all that count, and those of them that
    are settled or assumed."""
    held, final = connection.execute(
        "SELECT coalesce(sum(held), 0), coalesce(sum(final), 0) FROM calls WHERE started_at > ?", (utc,)
    ).fetchone()
    return int(held), int(final)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
