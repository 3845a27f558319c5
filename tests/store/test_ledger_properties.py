"""Random histories of several processes: the sums are exact, and no hard cap is ever passed."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from attrs import define
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rebuttal.store.database import Connection, Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CapReached, Caps, LedgerKey, StoreError, Tokens
from tests.store.conftest import Clock, call_key

CAPS = Caps(
    call=Decimal("0.9"),
    review=Decimal(1),
    hour=Decimal("1.4"),
    day=Decimal("1.5"),
    month=Decimal("2.5"),
    repository=Decimal("1.1"),
)
START = datetime(2026, 11, 29, 23, tzinfo=timezone(timedelta(hours=-5)))
PROCESSES = st.integers(0, 2)
REVIEWS: Mapping[str, str] = {"a": "one", "b": "one", "c": "two"}
"""With the repository of each."""
STEPS = st.integers(10, 400)  # the first few end what prepares the cut
"""Instructions of SQLite's machine, of the few hundred that a reservation or a settlement takes."""
AMOUNTS = st.one_of(
    st.decimals(0, 1, allow_nan=False, places=9),
    st.sampled_from([Decimal("0.3"), Decimal("0.5"), Decimal("0.9"), Decimal("0.000000001")]),
)


@define
class Call:
    """What the ledger should know of a call."""

    review: str
    started: datetime
    process: int
    at_most: Decimal
    held: Decimal
    state: str = "reserved"

    @property
    def day(self) -> str:
        return f"{self.started:%Y-%m-%d}"

    @property
    def month(self) -> str:
        return f"{self.started:%Y-%m}"

    @property
    def repository(self) -> str:
        return f"{self.month} {REVIEWS[self.review]}"

    @property
    def counted(self) -> Decimal:
        """What no cap may be passed by: a call that cost more than was set aside is recorded as it is."""
        return min(self.held, self.at_most) if self.state != "late" else Decimal(0)


def interrupted(database: Database, steps: int) -> None:
    """The next work on the store is cut off after so many instructions, if it takes that many."""

    def prepare(connection: Connection) -> None:
        left = steps

        def step() -> int:
            nonlocal left
            left -= 1
            return left == 0

        cast("sqlite3.Connection", connection).set_progress_handler(step, 1)

    database.read(prepare).result()


class Spending(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock(START)
        self.databases = [self.open() for _ in range(3)]
        self.calls: dict[int, Call] = {}

    def open(self) -> Database:
        return Database.open(self.folder / "store.db")

    def interrupt(self, process: int, steps: int) -> None:
        interrupted(self.databases[process], steps)

    def ledger(self, process: int) -> Ledger:
        return Ledger(self.databases[process], self.clock)

    def held(self, of: Callable[[Call], bool]) -> Decimal:
        return sum((call.held for call in self.calls.values() if of(call)), Decimal(0))

    def pick(self, number: int) -> int:
        return list(self.calls)[number % len(self.calls)]

    def fits(self, call: Call) -> bool:
        """Whether a new call passes no cap."""
        assert CAPS.call is not None
        hour_ago = call.started - timedelta(hours=1)
        sums = {
            "review": self.held(lambda other: other.review == call.review),
            "hour": self.held(lambda other: other.started > hour_ago),
            "day": self.held(lambda other: other.day == call.day),
            "month": self.held(lambda other: other.month == call.month),
            "repository": self.held(lambda other: other.repository == call.repository),
        }
        return call.at_most <= CAPS.call and all(
            already + call.at_most <= getattr(CAPS, cap) for cap, already in sums.items()
        )

    @rule(process=PROCESSES, review=st.sampled_from(sorted(REVIEWS)), amount=AMOUNTS)
    def reserve(self, process: int, review: str, amount: Decimal) -> None:
        self.reserved(process, review, amount)

    def reserved(self, process: int, review: str, amount: Decimal) -> int | None:
        call = Call(review, self.clock.now, process, amount, amount)
        fits = self.fits(call)
        self.recovered()  # a new ledger recovers before its first reservation
        job = self.ledger(process).reserve(call_key(review, repository=REVIEWS[review]), amount, CAPS)
        if fits:
            number = job.result().id
            self.calls[number] = call
            return number
        with pytest.raises(CapReached):
            job.result()
        return None

    @rule(process=PROCESSES, review=st.sampled_from(sorted(REVIEWS)), fates=st.lists(st.booleans(), max_size=3))
    def an_attempt_is_made_again_and_again(self, process: int, review: str, fates: list[bool]) -> None:
        """As retries and fallbacks do: what failed is released or assumed before the next one is set aside."""
        for was_sent in fates:
            number = self.reserved(process, review, Decimal("0.2"))
            if number is None:
                return
            call = self.calls[number]
            if was_sent:
                self.ledger(process).assume(number).result()
                call.state = "assumed"
            else:
                self.ledger(process).release(number).result()
                call.state, call.held = "released", Decimal(0)

    @precondition(lambda self: self.calls)
    @rule(process=PROCESSES, number=st.integers(0), share=st.one_of(st.integers(0, 100), st.integers(101, 150)))
    def settle(self, process: int, number: int, share: int) -> None:
        name = self.pick(number)
        call = self.calls[name]
        cost = call.at_most * share / 100
        job = self.ledger(process).settle(name, Tokens(1, 2, 3, 4), cost)
        if call.state in {"settled", "late"}:
            with pytest.raises(ValueError, match="settled already"):
                job.result()
            return
        done = job.result()
        assert cost <= done.cost < cost + Decimal("1e-9")
        assert done.over == (done.cost > call.at_most)
        # A release that was wrong is recorded as what it was, above a cap if need be.
        call.state, call.held = "late" if call.state == "released" else "settled", done.cost

    @precondition(lambda self: self.calls)
    @rule(process=PROCESSES, number=st.integers(0))
    def assume(self, process: int, number: int) -> None:
        name = self.pick(number)
        call = self.calls[name]
        if call.state in {"reserved", "lost"}:
            call.state = "assumed"
        assert self.ledger(process).assume(name).result() == call.held

    @precondition(lambda self: self.calls)
    @rule(process=PROCESSES, number=st.integers(0))
    def release(self, process: int, number: int) -> None:
        name = self.pick(number)
        call = self.calls[name]
        job = self.ledger(process).release(name)
        if call.state in {"settled", "late"}:
            with pytest.raises(ValueError, match="cannot be released"):
                job.result()
        else:
            job.result()
            call.state, call.held = "released", Decimal(0)

    @rule(process=PROCESSES)
    def the_user_releases_what_is_assumed(self, process: int) -> None:
        assumed = [name for name, call in self.calls.items() if call.state == "assumed"]
        assert self.ledger(process).release_assumed(list(self.calls)).result() == tuple(assumed)
        for name in assumed:
            self.calls[name].state, self.calls[name].held = "released", Decimal(0)

    @rule(process=PROCESSES)
    def crash(self, process: int) -> None:
        self.databases[process].close()
        self.databases[process] = self.open()
        for call in self.calls.values():
            if call.process == process and call.state == "reserved":
                call.state = "lost"

    @rule(process=PROCESSES, review=st.sampled_from(sorted(REVIEWS)), steps=STEPS)
    def crash_while_it_reserves(self, process: int, review: str, steps: int) -> None:
        """Whatever instruction it was cut off at: the call is in the ledger as a whole, or not at all."""
        self.ledger(process).recover().result()
        self.recovered()
        call = Call(review, self.clock.now, process, Decimal("0.1"), Decimal("0.1"))
        fits = self.fits(call)
        ledger = self.ledger(process)
        ledger.recover().result()
        self.interrupt(process, steps)
        with suppress(StoreError, CapReached):
            # Its own recovery may be what is cut off.
            number = ledger.reserve(call_key(review, repository=REVIEWS[review]), Decimal("0.1"), CAPS).result().id
            assert fits
            self.calls[number] = call
        self.crash(process)

    @precondition(lambda self: self.calls)
    @rule(process=PROCESSES, number=st.integers(0), steps=STEPS, share=st.integers(0, 150))
    def crash_while_it_settles(self, process: int, number: int, steps: int, share: int) -> None:
        name = self.pick(number)
        call = self.calls[name]
        self.interrupt(process, steps)
        with suppress(StoreError, ValueError):
            done = self.ledger(process).settle(name, Tokens(1, 2, 3, 4), call.at_most * share / 100).result()
            call.state, call.held = "late" if call.state == "released" else "settled", done.cost
        self.crash(process)

    @rule(process=PROCESSES)
    def recover(self, process: int) -> None:
        lost = [call for call in self.calls.values() if call.state == "lost"]
        recovered = self.ledger(process).recover().result()
        assert recovered.calls == len(lost)
        assert recovered.assumed == sum(call.held for call in lost)
        self.recovered()

    def recovered(self) -> None:
        for call in self.calls.values():
            if call.state == "lost":
                call.state = "assumed"

    @rule(minutes=st.one_of(st.integers(-1800, 3600), st.integers(-90, 90)))
    def time_passes_or_the_clock_is_set(self, minutes: int) -> None:
        self.clock.now += timedelta(minutes=minutes)

    @rule(hours=st.integers(-12, 14))
    def the_user_travels_or_the_clocks_change(self, hours: int) -> None:
        self.clock.now = self.clock.now.astimezone(timezone(timedelta(hours=hours)))

    @invariant()
    def the_ledger_knows_every_call(self) -> None:
        entries = {entry.id: entry for entry in self.ledger(0).entries().result()}
        assert entries.keys() == self.calls.keys()
        for name, call in self.calls.items():
            state = {"lost": "reserved", "late": "settled"}.get(call.state, call.state)
            assert (entries[name].state, entries[name].cost) == (state, call.held)
            assert datetime.fromisoformat(entries[name].started_at) == call.started.astimezone(UTC)

    @invariant()
    def sums_are_exact_and_no_cap_is_passed(self) -> None:
        names: Mapping[LedgerKey, Callable[[Call], str]] = {
            "review": lambda call: call.review,
            "day": lambda call: call.day,
            "month": lambda call: call.month,
        }
        for scope, name in names.items():
            self.check_rows(scope, name)
            for one in {name(call) for call in self.calls.values()}:
                counted = sum(call.counted for call in self.calls.values() if name(call) == one)
                assert counted <= getattr(CAPS, scope)
        self.check_rows("repository", lambda call: REVIEWS[call.review])
        for one in {call.repository for call in self.calls.values()}:
            counted = sum(call.counted for call in self.calls.values() if call.repository == one)
            assert counted <= (CAPS.repository or 0)
        now = self.clock.now
        totals = self.ledger(2).totals(repository="one").result()
        assert totals.day == self.held(lambda call: call.day == f"{now:%Y-%m-%d}")
        assert totals.month == self.held(lambda call: call.month == f"{now:%Y-%m}")
        assert totals.repository == self.held(lambda call: call.repository == f"{now:%Y-%m} one")

    def check_rows(self, scope: LedgerKey, name: Callable[[Call], str]) -> None:
        """What triggers have summed is what summing the calls gives."""
        rows = {row.name: row for row in self.ledger(1).rows(scope).result()}
        assert rows.keys() == {name(call) for call in self.calls.values() if call.state != "released"}
        for row in rows.values():
            calls = [call for call in self.calls.values() if name(call) == row.name]
            settled = [call for call in calls if call.state in {"settled", "late"}]
            assumed = [call for call in calls if call.state == "assumed"]
            assert row.spent == sum(call.held for call in settled)
            assert row.assumed == sum(call.held for call in assumed)
            assert row.reserved == sum(call.held for call in calls if call.state in {"reserved", "lost"})
            assert row.calls == len(settled) + len(assumed)
            assert row.over == sum(call.held > call.at_most for call in settled)
            assert row.tokens.output == 4 * len(settled)

    def teardown(self) -> None:
        for database in self.databases:
            database.close()
        shutil.rmtree(self.folder, ignore_errors=True)


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=30, stateful_step_count=30)
