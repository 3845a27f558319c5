"""What is kept of sweeps: batches and turns, who runs them, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.store import schema
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import NO_TOKENS, CallKey, Caps
from rebuttal.store.sweeps import KEPT, KEPT_WHEN_DONE, SweepBusy, Sweeps, review_id
from tests.store.place import Store

ON_BOTH = True

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SWEEP = "sweep0000abcd"


def sweeps_at(database: Database, moment: datetime = NOW) -> Sweeps:
    return Sweeps(database, lambda: moment)


def call(database: Database, amount: str = "0.25", change: str = "change1", sweep: str = SWEEP) -> int:
    key = CallKey(review_id(sweep, change), "repository", "opening", "architect", "claude-opus-5-5")
    return Ledger(database).reserve(key, Decimal(amount), Caps()).result().id


def begin(database: Database, sweep: str = SWEEP, moment: datetime = NOW) -> Sweeps:
    sweeps = sweeps_at(database, moment)
    sweeps.begin(sweep, "repository", "api.example", "{}").result()
    return sweeps


def test_a_turn_is_on_its_way_before_its_batch_has_a_name(database: Database) -> None:
    sweeps = begin(database)
    first, second = call(database), call(database, change="change2")
    number, ids = sweeps.intend(SWEEP, "msgbatch_before", [("change1", "a", first), ("change2", "b", second)]).result()
    (batch,) = sweeps.batches(SWEEP).result()
    assert (batch.number, batch.batch, batch.newest, batch.stage, batch.turns) == (
        number,
        "",
        "msgbatch_before",
        "intended",
        2,
    )
    assert [(one.custom_id, one.change, one.turn, one.stage, one.call) for one in sweeps.turns(SWEEP).result()] == [
        (ids[0], "change1", "a", "sent", first),
        (ids[1], "change2", "b", "sent", second),
    ]
    sweeps.sent(SWEEP, number, "msgbatch_1").result()
    sweeps.ended(SWEEP, number).result()
    (batch,) = sweeps.batches(SWEEP).result()
    assert (batch.batch, batch.stage) == ("msgbatch_1", "ended")


def test_custom_ids_are_what_the_service_takes_and_of_one_batch_only(database: Database) -> None:
    import re

    sweeps = begin(database)
    given = [sweeps.intend(SWEEP, "", [("c", "t", call(database))] * 3).result()[1] for _ in range(2)]
    ids = [one for batch in given for one in batch]
    assert len(set(ids)) == 6
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)


def test_an_answer_comes_back_as_it_was_kept(database: Database) -> None:
    sweeps = begin(database)
    _, (first, second) = sweeps.intend(SWEEP, "", [("c", "a", call(database)), ("c", "b", call(database))]).result()
    text = '{"content": "späße \\ud83d"}' + "\ud83d"
    sweeps.answered(first, text).result()
    assert sweeps.answer(first).result() == text
    assert sweeps.answer(second).result() is None
    assert [one.stage for one in sweeps.turns(SWEEP).result()] == ["answered", "sent"]


def test_what_a_sweep_holds_is_settled_set_aside_and_assumed_and_of_no_other(database: Database) -> None:
    sweeps = begin(database)
    ledger = Ledger(database)
    settled, assumed = call(database), call(database, "0.50", "change2")
    call(database, "1.00", "change3")
    call(database, "9.00", sweep="sweep0000abce")
    ledger.settle(settled, NO_TOKENS, Decimal("0.10")).result()
    ledger.assume(assumed).result()
    assert sweeps.held(SWEEP).result() == Decimal("1.60")
    (listed,) = sweeps.listed("repository").result()
    assert listed.spent == Decimal("1.60")
    assert sweeps.listed("another").result() == ()


def test_calls_that_were_set_aside_for_nothing_are_strays(database: Database) -> None:
    sweeps = begin(database)
    written, stray, released = (call(database) for _ in range(3))
    sweeps.intend(SWEEP, "", [("change1", "a", written)]).result()
    Ledger(database).release(released).result()
    call(database, sweep="sweep0000abce")
    assert sweeps.strays(SWEEP).result() == (stray,)


def test_a_sweep_is_run_by_one_living_process(store: Store) -> None:
    first = store.open()
    begin(first)
    with store.open() as second:
        with pytest.raises(SweepBusy, match="another process"):
            sweeps_at(second).take(SWEEP).result()
        first.close()
        sweeps_at(second).take(SWEEP).result()


def test_open_sweeps_are_kept_as_long_as_the_service_keeps_results_and_done_ones_for_a_day(database: Database) -> None:
    begin(database, "sweepolder", NOW - KEPT)
    begin(database, "sweepopen", NOW - KEPT + timedelta(hours=1))
    begin(database, "sweepdone", NOW - timedelta(days=2))
    begin(database, "sweepfresh", NOW - timedelta(days=2))
    sweeps_at(database, NOW - KEPT_WHEN_DONE).end("sweepdone", "done").result()
    sweeps_at(database, NOW - KEPT_WHEN_DONE + timedelta(hours=1)).end("sweepfresh", "done").result()
    sweeps_at(database).intend("sweepdone", "", [("c", "t", call(database))]).result()
    begin(database)
    listed = {one.id: one.state for one in sweeps_at(database).listed("repository").result()}
    assert listed == {"sweepopen": "open", "sweepfresh": "done", SWEEP: "open"}
    assert sweeps_at(database).turns("sweepdone").result() == ()


def test_a_done_sweep_that_is_taken_up_is_not_forgotten_while_it_runs(database: Database) -> None:
    begin(database, moment=NOW - timedelta(days=3))
    sweeps_at(database, NOW - timedelta(days=2)).end(SWEEP, "done").result()
    sweeps_at(database).take(SWEEP).result()
    begin(database, "sweepother")
    states = {one.id: one.state for one in sweeps_at(database).listed("repository").result()}
    assert states == {SWEEP: "open", "sweepother": "open"}
    sweeps_at(database).end(SWEEP, "canceled").result()
    sweeps_at(database).take(SWEEP).result()
    assert sweeps_at(database).listed("repository").result()[1].state == "canceled"


def test_a_store_of_an_earlier_version_takes_sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.sqlite3"
    number = next(
        index for index, one in enumerate(schema.MIGRATIONS) if any("CREATE TABLE sweeps" in sql for sql in one)
    )
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:number])
        before.setattr(schema, "VERSION", number)
        Database.open(path).close()
    with Database.open(path) as database:
        begin(database)
        assert len(sweeps_at(database).listed("repository").result()) == 1
