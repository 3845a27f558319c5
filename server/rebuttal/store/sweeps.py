"""Sweeps: what was handed to the service in batches, and what came back, so that a crash pays for nothing twice.

A turn is written down before its batch is made, and the batch's id after. Answers hold code, redacted as it was sent:
they are kept for as long as the service keeps its results, and for a day once the sweep is done.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import uuid4

from attrs import frozen

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.model import CallKey, CallState, StoreError
from rebuttal.store.money import from_nano

KEPT = timedelta(days=29)
"""As long as the service keeps the results of a batch (platform.claude.com, Message Batches)."""
KEPT_WHEN_DONE = timedelta(days=1)
_OF_SWEEP = re.compile(r"sweep[0-9a-f]{8}-")

SweepState = Literal["open", "done", "canceled"]
BatchStage = Literal["intended", "sent", "ended", "void"]
"""intended: perhaps made, its id is not known; sent: the service has it; ended: its results are in; void: it was never
made, or is lost."""
TurnStage = Literal["sent", "answered", "unbilled", "lost"]
"""sent: on its way, or about to be; answered: paid for, and kept; unbilled: it failed and cost nothing; lost: what it
cost will never be known."""


class SweepBusy(StoreError):
    """Another process runs this sweep."""


@frozen
class StoredSweep:
    """One sweep. `job` is what `begin` was given."""

    id: str
    repository: str
    host: str
    made_at: datetime
    state: SweepState
    job: str
    spent: Decimal
    """What counts against the caps: settled, set aside and assumed."""
    turns: int
    answered: int
    under_way: int
    """Batches that have not ended, as far as is known here."""


@frozen
class StoredBatch:
    """One batch. `batch` is the service's id, "" while it is not known."""

    number: int
    batch: str
    newest: str
    """The newest batch that the service had before this one; "" for none."""
    stage: BatchStage
    turns: int


@frozen
class StoredTurn:
    """One request of a batch, with its call in the ledger."""

    custom_id: str
    number: int
    """Of the batch."""
    change: str
    turn: str
    stage: TurnStage
    call: int
    key: CallKey
    at_most: Decimal
    call_state: CallState
    held: Decimal


class Sweeps:
    """The tables of sweeps. Every method hands its work to the store's thread."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def begin(self, sweep: str, repository: str, host: str, job: str) -> Job[None]:
        """A new sweep, run by this process. What is too old is forgotten."""
        now = self._clock().astimezone(UTC)

        def work(connection: Connection) -> None:
            _forget(connection, now)
            connection.execute(
                "INSERT INTO sweeps (id, repository, host, made_at, state, job, owner, who)"
                " VALUES (?, ?, ?, ?, 'open', ?, ?, ?)",
                (sweep, repository, host, _text(now), job, self._database.owner(), self._database.who),
            )

        return self._database.write(work)

    def take(self, sweep: str) -> Job[None]:
        """This process goes on with it; one that was done is open again, for it may ask anew. Raises SweepBusy where
        another process that lives runs it."""

        def work(connection: Connection) -> None:
            own = self._database.owner()
            (owner,) = connection.execute("SELECT owner FROM sweeps WHERE id = ?", (sweep,)).fetchone()
            if owner != own and self._database.is_alive(owner):
                raise SweepBusy(f"the sweep {sweep} is being run by another process: wait for it, or end it first")
            connection.execute(
                "UPDATE sweeps SET owner = ?, state = CASE state WHEN 'done' THEN 'open' ELSE state END WHERE id = ?",
                (own, sweep),
            )

        return self._database.write(work)

    def listed(self, repository: str) -> Job[tuple[StoredSweep, ...]]:
        """Those of a repository (the hash that CallKey names), the newest first. In a shared store this user's only:
        with another's key the service may not show their batches."""

        def work(connection: Connection) -> tuple[StoredSweep, ...]:
            rows = connection.execute(
                "SELECT id, repository, host, made_at, state, job FROM sweeps WHERE repository = ? AND who = ?"
                " ORDER BY made_at DESC, id",
                (repository, self._database.who),
            ).fetchall()
            return tuple(_sweep(connection, *row) for row in rows)

        return self._database.read(work)

    def held(self, sweep: str) -> Job[Decimal]:
        """What the sweep has set aside and spent so far."""
        return self._database.read(lambda connection: _held(connection, sweep))

    def end(self, sweep: str, state: SweepState) -> Job[None]:
        """It is done, cancelled, or open again. Answers of one that is done are kept for a day."""
        now = self._clock().astimezone(UTC)

        def work(connection: Connection) -> None:
            ended = None if state == "open" else _text(now)
            connection.execute("UPDATE sweeps SET state = ?, ended_at = ? WHERE id = ?", (state, ended, sweep))

        return self._database.write(work)

    def intend(
        self, sweep: str, newest: str, turns: Sequence[tuple[str, str, int]]
    ) -> Job[tuple[int, tuple[str, ...]]]:
        """A batch is about to be made of these turns (change, turn, call in the ledger). Gives its number and the
        custom ids, in the same order. Raises SweepBusy where another process has taken the sweep meanwhile: this one
        had lost its connection to a shared store, and counted as dead."""
        now = _text(self._clock().astimezone(UTC))

        def work(connection: Connection) -> tuple[int, tuple[str, ...]]:
            (owner,) = connection.execute("SELECT owner FROM sweeps WHERE id = ?", (sweep,)).fetchone()
            if owner != self._database.owner():
                raise SweepBusy(f"the sweep {sweep} is being run by another process: wait for it, or end it first")
            (number,) = connection.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM sweep_batches WHERE sweep = ?", (sweep,)
            ).fetchone()
            connection.execute(
                "INSERT INTO sweep_batches (sweep, number, newest, stage, at) VALUES (?, ?, ?, 'intended', ?)",
                (sweep, number, newest, now),
            )
            ids = tuple(f"{prefix(sweep, number)}{index}" for index in range(len(turns)))
            connection.executemany(
                "INSERT INTO sweep_turns (custom_id, sweep, number, change, turn, call, stage)"
                " VALUES (?, ?, ?, ?, ?, ?, 'sent')",
                [(id_, sweep, number, *turn) for id_, turn in zip(ids, turns, strict=True)],
            )
            return number, ids

        return self._database.write(work)

    def sent(self, sweep: str, number: int, batch: str) -> Job[None]:
        """The service has it, under that id."""
        return self._stage(sweep, number, "sent", batch)

    def ended(self, sweep: str, number: int) -> Job[None]:
        """All its results are in."""
        return self._stage(sweep, number, "ended")

    def void(self, sweep: str, number: int) -> Job[None]:
        """It was never made, or the service knows nothing of it any more."""
        return self._stage(sweep, number, "void")

    def _stage(self, sweep: str, number: int, stage: BatchStage, batch: str | None = None) -> Job[None]:
        def work(connection: Connection) -> None:
            connection.execute(
                "UPDATE sweep_batches SET stage = ?, batch = coalesce(?, batch) WHERE sweep = ? AND number = ?",
                (stage, batch, sweep, number),
            )

        return self._database.write(work)

    def answered(self, custom_id: str, text: str) -> Job[None]:
        """Keep an answer."""
        body = zlib.compress(text.encode("utf-8", "surrogatepass"))
        return self._turn(custom_id, "answered", body)

    def unbilled(self, custom_id: str) -> Job[None]:
        """It failed, was cancelled or expired, or was never sent: nothing is paid for it."""
        return self._turn(custom_id, "unbilled", None)

    def lost(self, custom_id: str) -> Job[None]:
        """Its result will never be known."""
        return self._turn(custom_id, "lost", None)

    def _turn(self, custom_id: str, stage: TurnStage, body: bytes | None) -> Job[None]:
        def work(connection: Connection) -> None:
            connection.execute(
                "UPDATE sweep_turns SET stage = ?, body = ? WHERE custom_id = ?", (stage, body, custom_id)
            )

        return self._database.write(work)

    def answer(self, custom_id: str) -> Job[str | None]:
        """What `answered` was given; None where it is gone or damaged."""

        def work(connection: Connection) -> str | None:
            row = connection.execute("SELECT body FROM sweep_turns WHERE custom_id = ?", (custom_id,)).fetchone()
            try:
                return zlib.decompress(row[0]).decode("utf-8", "surrogatepass") if row and row[0] else None
            except (zlib.error, ValueError):
                return None

        return self._database.read(work)

    def batches(self, sweep: str) -> Job[tuple[StoredBatch, ...]]:
        """In the order in which they were made."""

        def work(connection: Connection) -> tuple[StoredBatch, ...]:
            rows = connection.execute(
                "SELECT number, coalesce(batch, ''), newest, stage, (SELECT count(*) FROM sweep_turns t"
                " WHERE t.sweep = b.sweep AND t.number = b.number)"
                " FROM sweep_batches b WHERE sweep = ? ORDER BY number",
                (sweep,),
            )
            return tuple(StoredBatch(*row) for row in rows)

        return self._database.read(work)

    def turns(self, sweep: str) -> Job[tuple[StoredTurn, ...]]:
        """In the order in which they were handed over, without their answers."""

        def work(connection: Connection) -> tuple[StoredTurn, ...]:
            rows = connection.execute(
                "SELECT t.custom_id, t.number, t.change, t.turn, t.stage, c.id, c.review, c.repository, c.phase,"
                " c.seat, c.model, c.reserved, c.state, c.held FROM sweep_turns t JOIN calls c ON c.id = t.call"
                " WHERE t.sweep = ? ORDER BY t.rowid",
                (sweep,),
            )
            return tuple(_stored_turn(*row) for row in rows)

        return self._database.read(work)

    def strays(self, sweep: str) -> Job[tuple[int, ...]]:
        """Calls that were set aside for the sweep by a process that ended before it wrote down what they were for: they
        were never made. Only for who has taken the sweep."""

        def work(connection: Connection) -> tuple[int, ...]:
            rows = connection.execute(
                "SELECT id FROM calls WHERE review >= ? AND review < ? AND state IN ('reserved', 'assumed')"
                " AND id NOT IN (SELECT call FROM sweep_turns WHERE sweep = ?)",
                (*_between(sweep), sweep),
            )
            return tuple(row[0] for row in rows)

        return self._database.read(work)


def review_id(sweep: str, change: str) -> str:
    """What the ledger calls the review of one change of a sweep: the same when the sweep is taken up."""
    return f"{sweep}-{change}"


def new_id() -> str:
    """Of a sweep that begins."""
    return f"sweep{uuid4().hex[:8]}"


def is_of_sweep(review: str) -> bool:
    """Whether the ledger's name of a review is that of one change of a sweep."""
    return _OF_SWEEP.match(review) is not None


def prefix(sweep: str, number: int) -> str:
    """How the custom ids of a batch begin: by it a batch is known again."""
    return f"{sweep}-{number}-"


def _between(sweep: str) -> tuple[str, str]:
    """The names of a sweep's reviews lie between these two."""
    return f"{sweep}-", f"{sweep}."


def _held(connection: Connection, sweep: str) -> Decimal:
    (held,) = connection.execute(
        "SELECT coalesce(sum(held), 0) FROM balances WHERE scope = 'review' AND name >= ? AND name < ?", _between(sweep)
    ).fetchone()
    return from_nano(held)


def _sweep(connection: Connection, *row: Any) -> StoredSweep:
    sweep, repository, host, made_at, state, job = row
    turns, answered = connection.execute(
        "SELECT count(*), coalesce(sum(CASE stage WHEN 'answered' THEN 1 ELSE 0 END), 0) FROM sweep_turns"
        " WHERE sweep = ?",
        (sweep,),
    ).fetchone()
    (under_way,) = connection.execute(
        "SELECT count(*) FROM sweep_batches WHERE sweep = ? AND stage IN ('intended', 'sent')", (sweep,)
    ).fetchone()
    at, held = datetime.fromisoformat(made_at), _held(connection, sweep)
    return StoredSweep(sweep, repository, host, at, state, job, held, turns, answered, under_way)


def _stored_turn(*row: Any) -> StoredTurn:
    custom_id, number, change, turn, stage, call, *key, reserved, state, held = row
    return StoredTurn(
        custom_id, number, change, turn, stage, call, CallKey(*key), from_nano(reserved), state, from_nano(held)
    )


def _forget(connection: Connection, now: datetime) -> None:
    connection.execute(
        "DELETE FROM sweeps WHERE made_at <= ? OR (state != 'open' AND ended_at <= ?)",
        (_text(now - KEPT), _text(now - KEPT_WHEN_DONE)),
    )


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
