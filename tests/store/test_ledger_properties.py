"""Random histories of several processes: the sums are exact, and no hard cap is ever passed."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import define
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CapReached, Caps, Tokens
from tests.store.conftest import Clock, call_key

CAPS = Caps(call=Decimal("0.9"), review=Decimal(1), day=Decimal("1.5"), month=Decimal("2.5"))
START = datetime(2026, 11, 29, 23, tzinfo=timezone(timedelta(hours=-5)))
PROCESSES = st.integers(0, 2)


@define
class Call:
    """What the ledger should know of a call."""

    review: str
    day: str
    month: str
    process: int
    at_most: Decimal
    held: Decimal
    state: str = "reserved"


class Spending(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock(START)
        self.databases = [self.open() for _ in range(3)]
        self.calls: dict[int, Call] = {}

    def open(self) -> Database:
        return Database.open(self.folder / "store.db")

    def ledger(self, process: int) -> Ledger:
        return Ledger(self.databases[process], self.clock)

    def held(self, scope: str, name: str) -> Decimal:
        return sum((call.held for call in self.calls.values() if getattr(call, scope) == name), Decimal(0))

    def pick(self, number: int) -> int:
        return list(self.calls)[number % len(self.calls)]

    @rule(
        process=PROCESSES,
        review=st.sampled_from(["a", "b", "c"]),
        amount=st.one_of(
            st.decimals(0, 1, allow_nan=False, places=9),
            st.sampled_from([Decimal("0.5"), Decimal("0.9"), Decimal("0.000000001")]),
        ),
    )
    def reserve(self, process: int, review: str, amount: Decimal) -> None:
        now = self.clock.now
        call = Call(review, f"{now:%Y-%m-%d}", f"{now:%Y-%m}", process, amount, amount)
        limits = {"review": CAPS.review, "day": CAPS.day, "month": CAPS.month}
        refused = amount > Decimal("0.9") or any(
            self.held(scope, getattr(call, scope)) + amount > limit for scope, limit in limits.items() if limit
        )
        self.recovered()  # a new ledger recovers before its first reservation
        job = self.ledger(process).reserve(call_key(review), amount, CAPS)
        if refused:
            with pytest.raises(CapReached):
                job.result()
        else:
            self.calls[job.result().id] = call

    @precondition(lambda self: self.calls)
    @rule(process=PROCESSES, number=st.integers(0), share=st.integers(0, 100))
    def settle(self, process: int, number: int, share: int) -> None:
        name = self.pick(number)
        call = self.calls[name]
        if call.state == "released":
            return  # a release that was wrong is recorded as what it was, above a cap if need be: test_ledger.py
        cost = call.at_most * share / 100
        job = self.ledger(process).settle(name, Tokens(1, 2, 3, 4), cost)
        if call.state == "settled":
            with pytest.raises(ValueError, match="settled already"):
                job.result()
        else:
            assert not job.result().over
            call.state, call.held = "settled", job.result().cost
            assert cost <= call.held < cost + Decimal("1e-9")

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
        if call.state == "settled":
            with pytest.raises(ValueError, match="cannot be released"):
                job.result()
        else:
            job.result()
            call.state, call.held = "released", Decimal(0)

    @rule(process=PROCESSES)
    def crash(self, process: int) -> None:
        self.databases[process].close()
        self.databases[process] = self.open()
        for call in self.calls.values():
            if call.process == process and call.state == "reserved":
                call.state = "lost"

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

    @rule(hours=st.integers(-30, 60))
    def time_passes_or_the_clock_is_set(self, hours: int) -> None:
        self.clock.now += timedelta(hours=hours)

    @invariant()
    def the_ledger_knows_every_call(self) -> None:
        entries = {entry.id: entry for entry in self.ledger(0).entries().result()}
        assert entries.keys() == self.calls.keys()
        for name, call in self.calls.items():
            state = "reserved" if call.state == "lost" else call.state
            assert (entries[name].state, entries[name].cost) == (state, call.held)

    @invariant()
    def sums_are_exact_and_no_cap_is_passed(self) -> None:
        for scope in ("review", "day", "month"):
            for row in self.ledger(1).rows(scope).result():
                total = row.spent + row.assumed + row.reserved
                assert total == self.held(scope, row.name)
                assert total <= getattr(CAPS, scope)
        now = self.clock.now
        totals = self.ledger(2).totals().result()
        assert totals.day == self.held("day", f"{now:%Y-%m-%d}")
        assert totals.month == self.held("month", f"{now:%Y-%m}")

    def teardown(self) -> None:
        for database in self.databases:
            database.close()
        shutil.rmtree(self.folder, ignore_errors=True)


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=30, stateful_step_count=30)
