"""`rebuttal ledger --release`: what is only assumed is given back where the user says so, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.cli import release
from rebuttal.review.stores import STORE
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, Caps, LedgerEntry, Tokens
from tests.cli.conftest import Rebuttal


@pytest.fixture
def calls(home: Path) -> list[int]:
    """Two assumed calls of one review, one of a process that has ended, and one that is settled."""
    with Database.open(home / STORE) as database:
        ledger = Ledger(database)
        keys = [CallKey(one, "repository", "opening", "architect", "model") for one in ("a", "a", "b", "c")]
        found = [ledger.reserve(key, Decimal("0.10"), Caps()).result().id for key in keys]
        for one in found[:2]:
            ledger.assume(one).result()
        ledger.settle(found[3], Tokens(output=1), Decimal("0.01")).result()
    return found


def states(home: Path) -> Sequence[str]:
    with Database.open(home / STORE) as database:
        return [one.state for one in Ledger(database).entries().result()]


def test_all_that_is_assumed_is_released_once_the_user_agrees(rebuttal: Rebuttal, home: Path, calls: list[int]) -> None:
    ran = rebuttal("ledger", "--release", "all", "--yes")
    assert (ran.code, states(home)) == (0, ["released", "released", "released", "settled"])
    assert "3 calls, $0.30 assumed: released, and counted no more." in ran.out
    again = rebuttal("ledger", "--release", "all", "--yes")
    assert (again.code, again.out) == (0, "No call is assumed: there is nothing to release.\n")


def test_a_review_or_a_single_call_is_released_alone(rebuttal: Rebuttal, home: Path, calls: list[int]) -> None:
    assert rebuttal("ledger", "--release", "b", "--yes").code == 0
    assert states(home) == ["assumed", "assumed", "released", "settled"]
    ran = rebuttal("ledger", "--release", str(calls[1]), "--yes", "--format", "json")
    assert (ran.json["amount"], [one["id"] for one in ran.json["released"]]) == ("0.1", [calls[1]])
    assert states(home) == ["assumed", "released", "released", "settled"]


def test_nothing_is_released_where_nobody_can_be_asked(rebuttal: Rebuttal, home: Path, calls: list[int]) -> None:
    ran = rebuttal("ledger", "--release", "all")
    assert (ran.code, ran.out) == (2, "")
    assert "3 calls, $0.30 assumed\n" in ran.err
    assert "run again with --yes" in ran.err
    assert "released" not in states(home)


@pytest.mark.parametrize(
    ("said", "state", "told"), [("y", "released", ""), ("n", "assumed", "Nothing was released."), ("", "assumed", "")]
)
def test_it_is_asked_first(
    rebuttal: Rebuttal,
    home: Path,
    calls: list[int],
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    state: str,
    told: str,
) -> None:
    asked: list[str] = []

    async def ask(_: object, question: str) -> str:
        asked.append(question)
        return said

    monkeypatch.setattr(release, "someone_is_there", lambda: True)
    monkeypatch.setattr(release, "ask", ask)
    ran = rebuttal("ledger", "--release", "a")
    assert asked == ["Release $0.20? [y]es, [N]o: "]
    assert (ran.code, states(home)[:2]) == (0, [state, state])
    assert told in ran.err


@pytest.mark.parametrize("which", ["c", "4", "99", "--release", ""])
def test_what_was_spent_and_what_is_not_there_is_not_released(
    rebuttal: Rebuttal, home: Path, calls: list[int], which: str
) -> None:
    ran = rebuttal("ledger", f"--release={which}", "--yes")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert "release" in ran.err
    assert states(home)[3] == "settled"
    assert "released" not in states(home)


async def test_a_call_that_was_settled_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    with Database.open(tmp_path / "store.db") as database:
        ledger = Ledger(database)
        key = CallKey("a", "repository", "opening", "architect", "model")
        granted = await ledger.reserve(key, Decimal(1), Caps())
        await ledger.assume(granted.id)
        shown: Sequence[LedgerEntry] = await ledger.entries(state="assumed")
        await ledger.settle(granted.id, Tokens(output=1), Decimal("0.25"))
        assert await ledger.release_assumed([one.id for one in shown]) == ()
        assert (await ledger.totals()).day == Decimal("0.25")


def test_a_cap_that_is_wrong_is_named_where_the_ledger_shows_it_as_nothing(
    rebuttal: Rebuttal, home: Path, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_MAX_COST_PER_DAY", "-5")
    ran = rebuttal("ledger")
    assert ran.code == 0
    assert "of $0.00" in ran.out
    assert "max_cost_per_day = '-5' is no cap: it must be an amount of zero dollars or more" in ran.err
