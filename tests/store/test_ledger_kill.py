"""Real processes, really killed: nothing that was spent is missing, and no cap is passed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from rebuttal.store.database import Connection
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import LedgerEntry
from tests.store.place import Store
from tests.store.spender import CAPS

PROCESSES, KILLS = 8, 12
ON_BOTH = True


def _start(store: Store, notes: Path, seed: int, dearest: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.store.spender", store.place, str(notes), str(seed), str(dearest)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2])


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
    rows = connection.execute("SELECT review, day, month, repository, held, final FROM calls")
    for review, day, month, repository, held, final in rows:
        own = ("repository", f"{month} {repository}")
        for key in (("review", review), ("day", day), ("month", month), own):
            sums[key] = (sums[key][0] + held, sums[key][1] + final)
    return dict(sums)


def _check(store: Store, notes: Iterable[Path]) -> dict[int, LedgerEntry]:
    """All that a ledger promises, after everybody who used it is dead."""
    with store.open() as database:
        ledger = Ledger(database)
        ledger.recover().result()
        deadline = time.monotonic() + 20
        while store.is_shared and ledger.entries(state="reserved").result() and time.monotonic() < deadline:
            time.sleep(0.01)  # a server needs a moment to see that somebody has died
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
def test_a_process_killed_at_any_moment_loses_nothing_it_spent(store: Store, tmp_path: Path) -> None:
    notes = []
    for attempt in range(5):
        notes.append(tmp_path / f"notes {attempt}")
        child = _start(store, notes[-1], attempt, dearest=5_000)
        _wait_for_a_call(child, notes[-1])
        time.sleep(random.uniform(0, 0.08))  # any moment will do: that is the point
        child.kill()
        child.communicate()
        _check(store, notes)


@pytest.mark.timeout(120)
def test_eight_processes_killed_at_random_and_started_again_never_pass_a_cap(store: Store, tmp_path: Path) -> None:
    store.open().close()
    notes = [tmp_path / f"notes {number}" for number in range(PROCESSES + KILLS)]
    started = iter(enumerate(notes))
    living = [_start(store, note, number, dearest=60_000) for number, note in islice(started, PROCESSES)]
    killed = []
    _wait_for_a_call(living[0], notes[0])
    for number, note in started:
        time.sleep(random.uniform(0, 0.1))  # any moment will do, also while it starts
        victim = living.pop(random.randrange(len(living)))
        victim.kill()
        killed.append(victim)
        living.append(_start(store, note, number, dearest=60_000))
    for child in (*killed, *living):
        _, errors = child.communicate(timeout=100)
        assert child in killed or child.returncode == 0, errors
    # Those that were killed before they spent anything have nothing to say.
    entries = _check(store, [note for note in notes if note.exists() and note.stat().st_size])
    assert max(entry.at_most for entry in entries.values()) <= (CAPS.call or 0)
    # They went on until the caps stopped them, so the caps were worth testing.
    assert sum(entry.cost for entry in entries.values()) > Decimal("9")
