"""Debates as they were expected to go and as they went, to expect the next ones by.

What a debate really took is told by `calls`; here stands what was planned of it, how it ended, and what each round of
argument settled. A debate that is played from a recording, or takes up what an earlier one paid for, is not begun
here: neither tells what a debate takes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from attrs import frozen

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job
from rebuttal.store.model import NO_TOKENS, ZERO, Tokens
from rebuttal.store.money import from_nano, nano_cost
from rebuttal.store.sweeps import is_of_sweep

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any debate."""
HISTORY = 200
"""Debates that are read to learn from, the newest of all repositories: what is older says little of today's prompts."""

DebateState = Literal["open", "whole", "cut", "failed"]
"""open: under way, or its process died; whole: it went its course; cut: by a cap, the clock or the user; failed."""


@frozen
class PlannedShare:
    """What was planned for one seat in one phase with one model: of all its calls together."""

    phase: str
    seat: str
    model: str
    calls: float
    """Expected: need not be whole."""
    prompt: int
    output: int
    expected: Decimal
    assumed_calls: float
    """By the documented assumptions alone, as are the next: what learning measures against."""
    assumed: Tokens


@frozen
class DebatePlan:
    """A debate that is about to be held, as it is expected to go."""

    review: str
    repository: str
    panel: str
    protocol: str
    profile: str
    seats: int
    rounds: int
    """That the panel has at most."""
    files: int
    lines: int
    """Of the changed hunks, both sides."""
    shared_tokens: int
    """Base tokens of the shared part."""
    expected: Decimal
    at_most: Decimal | None
    """None: no cap."""
    calls: tuple[PlannedShare, ...] = ()


@frozen
class Round:
    """A round of argument that was held."""

    round: int
    before: float
    """Dissent, from 0 to 1 (debate/worth.py)."""
    after: float
    so_far: Decimal
    """What the debate had cost before it."""
    cost: Decimal


@frozen
class ActualShare:
    """What one seat took in one phase with one model."""

    phase: str
    seat: str
    model: str
    calls: int
    tokens: Tokens = NO_TOKENS
    spent: Decimal = ZERO
    assumed: Decimal = ZERO
    """The worst case of calls whose usage will never be known."""
    cache_expected: int = 0
    """Tokens that should have been read from the cache."""
    cache_hit: int = 0
    """How many of them were."""


@frozen
class PastDebate:
    """A debate as it was planned, and as it went."""

    plan: DebatePlan
    at: datetime
    state: DebateState
    claims: int
    """Distinct ones that were argued about."""
    actual: tuple[ActualShare, ...] = ()
    rounds: tuple[Round, ...] = ()

    @property
    def spent(self) -> Decimal:
        """What it cost: settled calls."""
        return sum((one.spent for one in self.actual), ZERO)

    @property
    def assumed(self) -> Decimal:
        """The worst case of its calls whose usage is not known."""
        return sum((one.assumed for one in self.actual), ZERO)

    @property
    def in_batches(self) -> bool:
        """Whether it was held in a sweep: at half the price, and with another use of the cache."""
        return is_of_sweep(self.plan.review)

    @property
    def is_learnable(self) -> bool:
        """Whether what it took is known: it has ended, and no call's usage was lost."""
        return self.state in ("whole", "cut") and bool(self.actual) and not self.assumed


@frozen
class PastRound:
    """A round of some debate, with what kind of debate it was."""

    round: Round
    protocol: str
    profile: str
    panel: str
    seats: int
    at: datetime


_Which = tuple[str, str, str, int]
"""Which debates are read: not in this state, begun from here, before there, at most so many."""


class Debates:
    """The tables, shared by all processes. No text of a change is kept, only sizes and counts."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def begin(self, plan: DebatePlan) -> Job[None]:
        """Write down a debate before it is held; one of the same review is replaced."""
        at = _text(self._clock())

        def work(connection: Connection) -> None:
            connection.execute("DELETE FROM debates WHERE review = ?", (plan.review,))
            connection.execute(
                "INSERT INTO debates (review, repository, at, panel, protocol, profile, seats, rounds, files, lines,"
                " shared_tokens, expected, at_most, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')",
                (
                    *(plan.review, plan.repository, at, plan.panel, plan.protocol, plan.profile),
                    *(plan.seats, plan.rounds, plan.files, plan.lines, plan.shared_tokens),
                    *(nano_cost(plan.expected), None if plan.at_most is None else nano_cost(plan.at_most)),
                ),
            )
            connection.executemany(
                "INSERT INTO planned_calls (review, phase, seat, model, calls, prompt, output, expected, assumed_calls,"
                " assumed_input, assumed_write, assumed_read, assumed_output)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_planned(plan.review, share) for share in plan.calls],
            )

        # What a power cut loses of it is a debate that nothing is learned from.
        return self._database.write(work, lasting=False)

    def end(self, review: str, state: DebateState, claims: int = 0, rounds: Sequence[Round] = ()) -> Job[None]:
        """How a debate that was begun has ended, and its rounds; nothing for one that was not begun."""

        def work(connection: Connection) -> None:
            connection.execute("UPDATE debates SET state = ?, claims = ? WHERE review = ?", (state, claims, review))
            known = connection.execute("SELECT 1 FROM debates WHERE review = ?", (review,)).fetchone()
            if known is None:
                return
            connection.execute("DELETE FROM debate_rounds WHERE review = ?", (review,))
            connection.executemany(
                "INSERT INTO debate_rounds (review, round, before, after, so_far, cost) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (review, one.round, one.before, one.after, nano_cost(one.so_far), nano_cost(one.cost))
                    for one in rounds
                ],
            )

        return self._database.write(work, lasting=False)

    def history(self, limit: int = HISTORY) -> Job[tuple[PastDebate, ...]]:
        """The newest debates of all repositories, the newest first; those under way or abandoned are left out."""
        return self._read(("open", "", "~", limit))

    def between(self, since: datetime, until: datetime, limit: int = 10_000) -> Job[tuple[PastDebate, ...]]:
        """Debates begun from `since` up to but not including `until`, whatever became of them, the newest first."""
        return self._read(("", _text(since), _text(until), limit))

    def rounds(self, limit: int = 1000) -> Job[tuple[PastRound, ...]]:
        """The newest rounds of argument of all debates, the newest debate's first."""

        def work(connection: Connection) -> tuple[PastRound, ...]:
            rows = connection.execute(
                "SELECT r.round, r.before, r.after, r.so_far, r.cost, d.protocol, d.profile, d.panel, d.seats, d.at"
                " FROM debate_rounds r JOIN debates d ON d.review = r.review"
                " ORDER BY d.at DESC, d.review, r.round LIMIT ?",
                (limit,),
            ).fetchall()
            return tuple(
                PastRound(_round(*amounts), protocol, profile, panel, seats, datetime.fromisoformat(at))
                for *amounts, protocol, profile, panel, seats, at in rows
            )

        return self._database.read(work)

    def _read(self, which: _Which) -> Job[tuple[PastDebate, ...]]:
        def work(connection: Connection) -> tuple[PastDebate, ...]:
            rows = connection.execute(
                "SELECT review, repository, at, panel, protocol, profile, seats, rounds, files, lines, shared_tokens,"
                " expected, at_most, state, claims FROM debates"
                " WHERE state <> ? AND at >= ? AND at < ? ORDER BY at DESC, review LIMIT ?",
                which,
            ).fetchall()
            # One question for all of them: a list of names could be longer than what a statement may hold.
            planned, actual, held = _plans(connection, which), _actuals(connection, which), _rounds(connection, which)
            return tuple(_past(row, planned, actual, held) for row in rows)

        return self._database.read(work)


def _planned(review: str, share: PlannedShare) -> tuple[object, ...]:
    assumed = share.assumed
    return (
        *(review, share.phase, share.seat, share.model, share.calls, share.prompt, share.output),
        *(nano_cost(share.expected), share.assumed_calls),
        *(assumed.input, assumed.cache_write, assumed.cache_read, assumed.output),
    )


def _past(
    row: Sequence[Any],
    planned: Mapping[str, Iterable[PlannedShare]],
    actual: Mapping[str, Iterable[ActualShare]],
    held: Mapping[str, Iterable[Round]],
) -> PastDebate:
    review, repository, at, panel, protocol, profile, *sizes, expected, at_most, state, claims = row
    seats, rounds_, files, lines, shared = sizes
    limit = None if at_most is None else from_nano(at_most)
    calls = tuple(planned.get(review, ()))
    named = (review, repository, panel, protocol, profile)
    plan = DebatePlan(*named, seats, rounds_, files, lines, shared, from_nano(expected), limit, calls)
    shares, rounds = tuple(actual.get(review, ())), tuple(held.get(review, ()))
    return PastDebate(plan, datetime.fromisoformat(at), state, claims, shares, rounds)


def _plans(connection: Connection, which: _Which) -> Mapping[str, list[PlannedShare]]:
    plans: dict[str, list[PlannedShare]] = defaultdict(list)
    rows = connection.execute(
        "SELECT review, phase, seat, model, calls, prompt, output, expected, assumed_calls, assumed_input,"
        " assumed_write, assumed_read, assumed_output FROM planned_calls WHERE review IN"
        " (SELECT review FROM debates WHERE state <> ? AND at >= ? AND at < ? ORDER BY at DESC, review LIMIT ?)"
        " ORDER BY review, phase, seat, model",
        which,
    )
    for review, phase, seat, model, calls, prompt, output, expected, assumed_calls, *tokens in rows:
        sent, written, read, said = tokens
        assumed = Tokens(input=sent, cache_write=written, cache_read=read, output=said)
        share = PlannedShare(phase, seat, model, calls, prompt, output, from_nano(expected), assumed_calls, assumed)
        plans[review].append(share)
    return plans


def _actuals(connection: Connection, which: _Which) -> Mapping[str, list[ActualShare]]:
    shares: dict[str, list[ActualShare]] = defaultdict(list)
    rows = connection.execute(
        "SELECT review, phase, seat, model, count(*), sum(input), sum(cache_write), sum(cache_read), sum(output),"
        " sum(cache_write_1h), sum(CASE state WHEN 'settled' THEN held ELSE 0 END),"
        " sum(CASE state WHEN 'assumed' THEN held ELSE 0 END), sum(cache_expected),"
        " sum(CASE WHEN cache_read < cache_expected THEN cache_read ELSE cache_expected END)"
        " FROM calls WHERE state IN ('settled', 'assumed') AND review IN"
        " (SELECT review FROM debates WHERE state <> ? AND at >= ? AND at < ? ORDER BY at DESC, review LIMIT ?)"
        " GROUP BY review, phase, seat, model ORDER BY review, phase, seat, model",
        which,
    )
    for review, phase, seat, model, calls, *tokens, spent, assumed, expected, hit in rows:
        amounts = (from_nano(spent), from_nano(assumed))
        shares[review].append(ActualShare(phase, seat, model, calls, Tokens(*tokens), *amounts, expected, hit))
    return shares


def _rounds(connection: Connection, which: _Which) -> Mapping[str, list[Round]]:
    rounds: dict[str, list[Round]] = defaultdict(list)
    rows = connection.execute(
        "SELECT review, round, before, after, so_far, cost FROM debate_rounds WHERE review IN"
        " (SELECT review FROM debates WHERE state <> ? AND at >= ? AND at < ? ORDER BY at DESC, review LIMIT ?)"
        " ORDER BY review, round",
        which,
    )
    for review, *amounts in rows:
        rounds[review].append(_round(*amounts))
    return rounds


def _round(number: int, before: float, after: float, so_far: int, cost: int) -> Round:
    return Round(number, before, after, from_nano(so_far), from_nano(cost))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
