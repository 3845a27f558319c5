"""Real processes, really killed: nothing that was spent is missing, and no cap is passed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.store.database import Connection, Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import LedgerEntry
from tests.store.spender import CAPS

SPENDER = Path(__file__).with_name("spender.py")


def _start(path: Path, notes: Path, seed: int, dearest: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(SPENDER), str(path), str(notes), str(seed), str(dearest)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, cwd=path.parent)


def _wait_for_a_call(child: subprocess.Popen[bytes], notes: Path) -> None:
    deadline = time.monotonic() + 60
    while not (notes.exists() and notes.stat().st_size):
        assert child.poll() is None, child.stderr and child.stderr.read()
        assert time.monotonic() < deadline, "the child never spent anything"
        time.sleep(0.005)


def _balances(connection: Connection) -> dict[tuple[str, str], tuple[int, int]]:
    rows = connection.execute("SELECT scope, name, held, final FROM balances")
    return {(scope, name): (held, final) for scope, name, held, final in rows}


def _sums(connection: Connection) -> dict[tuple[str, str], tuple[int, int]]:
    sums: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for review, day, month, held, final in connection.execute("SELECT review, day, month, held, final FROM calls"):
        for key in (("review", review), ("day", day), ("month", month)):
            sums[key] = (sums[key][0] + held, sums[key][1] + final)
    return dict(sums)


def _check(path: Path, notes: Iterable[Path]) -> dict[int, LedgerEntry]:
    """All that a ledger promises, after everybody who used it is dead."""
    with Database.open(path) as database:
        ledger = Ledger(database)
        ledger.recover().result()
        entries = {entry.id: entry for entry in ledger.entries().result()}
        assert database.read(_balances).result() == database.read(_sums).result()
        for (scope, name), (held, _) in database.read(_balances).result().items():
            cap = getattr(CAPS, scope)
            assert Decimal(held) / 10**9 <= cap, (scope, name)
        assert ledger.recover().result().calls == 0
    assert "reserved" not in {entry.state for entry in entries.values()}
    for note in notes:
        _check_notes(note.read_text().splitlines(), entries)
    return entries


def _check_notes(lines: list[str], entries: dict[int, LedgerEntry]) -> None:
    said: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for line in lines:
        word, call, amount = line.split()
        said[int(call)][word] = Decimal(amount)
    assert said
    for number, words in said.items():
        entry = entries[number]  # a call that was made is never missing
        assert entry.at_most == words["made"]
        if "settled" in words:
            assert (entry.state, entry.cost) == ("settled", words["settled"])
        elif "releasing" in words:
            assert entry.state in {"released", "assumed"}
        else:
            # Settled, and killed before it could be noted; or the worst case stands.
            assert entry.state == "settled" or (entry.state, entry.cost) == ("assumed", entry.at_most)


@pytest.mark.timeout(60)
def test_a_process_killed_at_any_moment_loses_nothing_it_spent(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    notes = []
    for attempt in range(5):
        notes.append(tmp_path / f"notes {attempt}")
        child = _start(path, notes[-1], attempt, dearest=5_000)
        _wait_for_a_call(child, notes[-1])
        time.sleep(random.uniform(0, 0.08))  # any moment will do: that is the point
        child.kill()
        child.communicate()
        _check(path, notes)


@pytest.mark.timeout(60)
def test_processes_that_spend_at_once_and_die_at_random_never_pass_a_cap(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Database.open(path).close()
    notes = [tmp_path / f"notes {number}" for number in range(6)]
    children = [_start(path, note, number, dearest=60_000) for number, note in enumerate(notes[:4])]
    for child, note in zip(children[:2], notes[:2], strict=True):
        _wait_for_a_call(child, note)
        time.sleep(random.uniform(0, 0.1))
        child.kill()
    children += [_start(path, note, number + 4, dearest=60_000) for number, note in enumerate(notes[4:])]
    for child in children:
        _, errors = child.communicate(timeout=50)
        assert child in children[:2] or child.returncode == 0, errors
    entries = _check(path, notes)
    # They went on until the caps stopped them, so the caps were worth testing.
    assert sum(entry.cost for entry in entries.values()) > Decimal("9")
