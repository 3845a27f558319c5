"""What debates have shown the user, by the seats that raised it, and what became of it.

A finding is a row for each seat that raised it, however often reviews show it again. Of code there are digests only
(`findings/marks.py`), of paths as well. `accepted` means acted upon: its fix stands in the text, or the lines that it
quotes were edited. Nothing else counts as that, least of all that a later review did not say it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args

from attrs import field, frozen

from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.ledger import local_now
from rebuttal.store.model import PATIENCE
from rebuttal.store.money import from_nano, nano_cost

Fate = Literal["open", "accepted", "dismissed"]
LATER = "later"
"""A dismissal for this reason says nothing against the finding."""
LOOKED_FOR = timedelta(days=30)
LOOKED_AT = 200
FATES: tuple[Fate, ...] = get_args(Fate)


@frozen
class Shown:
    """A finding that a review has shown."""

    finding: str
    seats: Mapping[str, str]
    """Those that raised it, and the model that each spoke with ("" where it is not known)."""
    category: str
    severity: str
    scope: str = ""
    """A digest; only a review of the same one tells later what became of it."""
    file: str = ""
    """A digest of its path."""
    marks: str = ""
    """What tells later whether it was acted upon; "": nothing does."""


@frozen
class Raised:
    """A finding by one seat, and what became of it."""

    repository: str
    finding: str
    seat: str
    model: str
    category: str
    severity: str
    day: str
    """On which it was first shown, where the user lives: 2026-11-22."""
    fate: Fate = "open"
    reason: str = ""
    """Of a dismissal, in the user's words."""


@frozen
class Pending:
    """A finding of which it may be told by the text whether it was acted upon."""

    finding: str
    file: str
    marks: str
    accepted: bool
    """It was; the text may say now that this was taken back."""


@frozen
class SpentOn:
    """What was spent under one seat's name with one model, in one month: settled and assumed."""

    repository: str
    month: str
    phase: str
    seat: str
    model: str
    amount: Decimal


@frozen
class Examined:
    """What was paid for the examination of a seat's claims in one month."""

    repository: str
    month: str
    seat: str
    model: str
    amount: Decimal


@frozen
class Counts:
    """Findings, each once, whoever raised it."""

    open: int = 0
    accepted: int = 0
    dismissed: int = 0

    @property
    def shown(self) -> int:
        return self.open + self.accepted + self.dismissed


@frozen
class SeatRecord:
    """All that a seat ever found in a repository, and what became of it. Deferred ones (LATER) are not counted."""

    repository: str
    seat: str
    accepted: int
    dismissed: int
    last: str
    """The day on which it was last the first to show something: 2026-11-22."""
    cost: Decimal
    """Its openings, and the examination of what it claimed."""


@frozen
class Outlay:
    """What was spent in a time, and what was first shown in it: what `budget.returns` works with."""

    spent: tuple[SpentOn, ...] = ()
    examined: tuple[Examined, ...] = ()
    raised: tuple[Raised, ...] = ()
    seats: tuple[SeatRecord, ...] = ()
    """Of all time: what is said of a seat must not depend on the days that are looked at."""
    names: Mapping[str, str] = field(factory=dict)
    """Of repositories, by hash."""


class Fates:
    """Findings by repository (the hash that CallKey names). `clock`: the user's, as the ledger's. `patience`: seconds
    to wait for another process."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = local_now, *, patience: float = PATIENCE
    ) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience

    def record(
        self,
        repository: str,
        review: str,
        shown: Iterable[Shown],
        examined: Mapping[tuple[str, str], Decimal],
        begun: datetime,
    ) -> Job[None]:
        """A review that was begun at `begun` has shown these findings. One that was shown before stays what it was,
        and is open again unless something became of it since then. `examined`: dollars by seat and model.

        Raises StoreError, and ValueError for an amount that is no money.
        """
        now = self._clock()
        at, day, since = _text(now), f"{now:%Y-%m-%d}", _text(begun)
        rows = [
            (
                *(repository, one.finding, seat, review, model, one.category, one.severity, at, day),
                *(one.scope, one.file, one.marks),
            )
            for one in shown
            for seat, model in one.seats.items()
        ]
        marks = [(*row[9:], repository, row[1]) for row in rows]
        reopened = [(repository, finding, since) for finding in dict.fromkeys(row[1] for row in rows)]
        amounts = [(review, *key, repository, day, nano_cost(amount)) for key, amount in examined.items()]

        def work(connection: Connection) -> None:
            connection.executemany(
                "INSERT INTO raised (repository, finding, seat, review, model, category, severity, at, day, scope,"
                " file, marks, fate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')"
                " ON CONFLICT (repository, finding, seat) DO NOTHING",
                rows,
            )
            # Of all its seats: the text is as this review saw it.
            connection.executemany(
                "UPDATE raised SET scope = ?, file = ?, marks = ? WHERE repository = ? AND finding = ?", marks
            )
            connection.executemany(
                "UPDATE raised SET fate = 'open', fate_at = NULL, reason = ''"
                " WHERE repository = ? AND finding = ? AND fate <> 'open' AND fate_at < ?",
                reopened,
            )
            connection.executemany(
                "INSERT INTO examined (review, seat, model, repository, day, amount) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (review, seat, model) DO UPDATE SET amount = excluded.amount",
                amounts,
            )

        return self._database.write(work, patience=self._patience)

    def dismiss(self, repository: str, finding: str, reason: str) -> Job[bool]:
        """The user does not want to see it. False: no debate has shown it."""
        return self._become(repository, (finding,), "dismissed", reason)

    def silence(self, repository: str, findings: Iterable[str], reason: str) -> Job[bool]:
        """What was open is dismissed by something else than the user's command: a comment in the code."""
        return self._become(repository, findings, "dismissed", reason, "open")

    def restore(self, repository: str, finding: str) -> Job[bool]:
        """The user wants to see it again. False: it was not dismissed."""
        return self._become(repository, (finding,), "open", "", "dismissed")

    def accept(self, repository: str, findings: Iterable[str]) -> Job[bool]:
        """They were acted upon. One that is dismissed stays so."""
        return self._become(repository, findings, "accepted", "", "open")

    def reopen(self, repository: str, findings: Iterable[str]) -> Job[bool]:
        """What was done about them was taken back."""
        return self._become(repository, findings, "open", "", "accepted")

    def _become(self, repository: str, findings: Iterable[str], fate: Fate, reason: str, only: str = "") -> Job[bool]:
        """`only`: those of which that has become; "": all."""
        at = None if fate == "open" else _text(self._clock())
        rows = [(fate, at, reason, repository, finding, only, only) for finding in findings]

        def work(connection: Connection) -> bool:
            changed = 0
            for row in rows:
                cursor = connection.execute(
                    "UPDATE raised SET fate = ?, fate_at = ?, reason = ?"
                    " WHERE repository = ? AND finding = ? AND (? = '' OR fate = ?)",
                    row,
                )
                changed += cursor.rowcount
            return changed > 0

        return self._database.write(work, patience=self._patience)

    def pending(self, repository: str, scope: str) -> Job[tuple[Pending, ...]]:
        """Findings of a scope that are not dismissed and of which the text may tell more: the newest LOOKED_AT of those
        that were first shown in the last LOOKED_FOR. Every review looks at them, so they must not grow for ever."""
        since = _text(self._clock() - LOOKED_FOR)

        def work(connection: Connection) -> tuple[Pending, ...]:
            # What is asked of a finding is the same for all its seats.
            rows = connection.execute(
                "SELECT finding, max(file), max(marks), max(fate) FROM raised WHERE repository = ? AND scope = ?"
                " AND at >= ? AND marks <> '' AND fate IN ('open', 'accepted')"
                " GROUP BY finding ORDER BY max(at) DESC, finding LIMIT ?",
                (repository, scope, since, LOOKED_AT),
            )
            return tuple(map(_pending, rows))

        return self._database.read(work, patience=self._patience)

    def pending_of(self, repository: str, findings: Iterable[str]) -> Job[tuple[Pending, ...]]:
        """The same of single findings, whatever scope they were found in."""
        keys = [(repository, finding) for finding in findings]

        def work(connection: Connection) -> tuple[Pending, ...]:
            query = (
                "SELECT DISTINCT finding, file, marks, fate FROM raised WHERE repository = ? AND finding = ?"
                " AND marks <> '' AND fate IN ('open', 'accepted')"
            )
            return tuple(_pending(row) for key in keys for row in connection.execute(query, key).fetchall())

        return self._database.read(work, patience=self._patience)

    def accepted(self, repository: str) -> Job[frozenset[str]]:
        """The findings of a repository that were acted upon."""

        def work(connection: Connection) -> frozenset[str]:
            rows = connection.execute(
                "SELECT DISTINCT finding FROM raised WHERE repository = ? AND fate = 'accepted'", (repository,)
            )
            return frozenset(finding for (finding,) in rows)

        return self._database.read(work, patience=self._patience)

    def dismissed_for(self, repository: str, reason: str) -> Job[frozenset[str]]:
        """The findings of a repository that are dismissed for exactly that reason."""

        def work(connection: Connection) -> frozenset[str]:
            rows = connection.execute(
                "SELECT DISTINCT finding FROM raised WHERE repository = ? AND fate = 'dismissed' AND reason = ?",
                (repository, reason),
            )
            return frozenset(finding for (finding,) in rows)

        return self._database.read(work, patience=self._patience)

    def counts(
        self, since: date | None = None, until: date | None = None, repository: str | None = None
    ) -> Job[Counts]:
        """How many findings were first shown on the days `since` to `until`, inclusive, by what became of them."""
        values = _within(since, until, repository)

        def work(connection: Connection) -> Counts:
            rows = connection.execute(
                "SELECT fate, count(*) FROM (SELECT DISTINCT repository, finding, fate FROM raised"
                " WHERE day BETWEEN ? AND ? AND (? = '' OR repository = ?)) AS found GROUP BY fate",
                values,
            )
            return Counts(**{str(fate): int(count) for fate, count in rows})

        return self._database.read(work, patience=self._patience)

    def outlay(
        self, since: date | None = None, until: date | None = None, repository: str | None = None
    ) -> Job[Outlay]:
        """What was spent, and what was first shown, on the days `since` to `until`, inclusive; of all repositories or
        of one: from one state of the store."""
        values = _within(since, until, repository)
        return self._database.read(lambda connection: _outlay(connection, values), patience=self._patience)


def _within(since: date | None, until: date | None, repository: str | None) -> tuple[str, str, str, str]:
    only = repository or ""
    return since.isoformat() if since else "", until.isoformat() if until else "~", only, only


def _pending(row: Sequence[Any]) -> Pending:
    finding, file, marks, fate = row
    return Pending(finding, file, marks, fate == "accepted")


def _outlay(connection: Connection, values: tuple[str, str, str, str]) -> Outlay:
    spent = connection.execute(
        "SELECT repository, substr(day, 1, 7), phase, seat, model, sum(settled + assumed) FROM spending"
        " WHERE day BETWEEN ? AND ? AND (? = '' OR repository = ?)"
        " GROUP BY repository, substr(day, 1, 7), phase, seat, model ORDER BY 1, 2, 3, 4, 5",
        values,
    ).fetchall()
    examined = connection.execute(
        "SELECT repository, substr(day, 1, 7), seat, model, sum(amount) FROM examined"
        " WHERE day BETWEEN ? AND ? AND (? = '' OR repository = ?)"
        " GROUP BY repository, substr(day, 1, 7), seat, model ORDER BY 1, 2, 3, 4",
        values,
    ).fetchall()
    raised = connection.execute(
        "SELECT repository, finding, seat, model, category, severity, day, fate, reason FROM raised"
        " WHERE day BETWEEN ? AND ? AND (? = '' OR repository = ?) ORDER BY repository, finding, seat",
        values,
    ).fetchall()
    names = connection.execute("SELECT repository, name FROM repositories").fetchall()
    return Outlay(
        tuple(
            SpentOn(where, month, phase, seat, model, _money(nano)) for where, month, phase, seat, model, nano in spent
        ),
        tuple(Examined(where, month, seat, model, _money(nano)) for where, month, seat, model, nano in examined),
        tuple(Raised(*row) for row in raised),
        _records(connection, values[2]),
        dict(names),
    )


def _records(connection: Connection, repository: str) -> tuple[SeatRecord, ...]:
    found = connection.execute(
        "SELECT repository, seat, sum(CASE fate WHEN 'accepted' THEN 1 ELSE 0 END),"
        " sum(CASE WHEN fate = 'dismissed' AND reason <> ? THEN 1 ELSE 0 END), max(day) FROM raised"
        " WHERE ? = '' OR repository = ? GROUP BY repository, seat ORDER BY repository, seat",
        (LATER, repository, repository),
    ).fetchall()
    paid: dict[tuple[str, str], int] = defaultdict(int)
    for where, seat, nano in connection.execute(
        "SELECT repository, seat, sum(settled + assumed) FROM spending"
        " WHERE phase = 'opening' AND (? = '' OR repository = ?) GROUP BY repository, seat"
        " UNION ALL SELECT repository, seat, sum(amount) FROM examined"
        " WHERE ? = '' OR repository = ? GROUP BY repository, seat",
        (repository,) * 4,
    ).fetchall():
        paid[where, seat] += int(nano)
    return tuple(
        SeatRecord(where, seat, int(accepted), int(dismissed), last, from_nano(paid[where, seat]))
        for where, seat, accepted, dismissed, last in found
    )


def _money(nano: Any) -> Decimal:
    # Of a sum PostgreSQL makes a number of its own kind.
    return from_nano(int(nano))


def _text(moment: datetime) -> str:
    """UTC with a fixed width, so that text sorts as time does."""
    if moment.tzinfo is None:
        raise ValueError("the clock of what became of findings must say where it is: give an aware datetime")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
