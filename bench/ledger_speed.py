"""How long money takes: to set it aside and to settle it while eight processes do, and to report on a million calls.

Writers are processes of their own, paced as debates are, and take turns between the ledger and its peers, so that
whatever else the machine does falls on all of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import get_args

from bench.paced import Times, side_by_side, take_turns
from bench.table import median, percentile, table
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CacheUse, CallKey, Caps, LedgerKey, Tokens

ROWS, MANY = 100_000, 1_000_000
WRITERS = 8
PAIRS = 150
"""Calls of each writer that are set aside and settled."""
EVERY = 0.25
"""Seconds from one call of a writer to its next, on average: a debate of five seats makes fewer."""
MEDIAN_MS, LAST_MS, REPORT_S = 5, 100, 2
CAPS = Caps(Decimal(1), Decimal(10), Decimal(100_000), Decimal(100_000), Decimal(100_000))
KINDS = ("handed over", "set aside", "settled", "inserted", "synced")
EXPLAINED = (
    f"`python -m bench.ledger_speed`; milliseconds, wall time. {WRITERS} processes, {PAIRS} calls each, one every"
    f" {EVERY} seconds on average, in a ledger of {ROWS:,} calls. Set aside: `synchronous=FULL`, so the disk has it"
    " before a request leaves. A settlement waits for no disk: what a power cut takes of it leaves the worst case. The"
    " peers, in turn with ours and paced alike: one INSERT into a table of its own with the same durability and as many"
    " writers, and 4 KB written and synced to this disk.\n"
)

# 20 calls a review, over a year; what the calls of real reviews differ in.
_FILL = """
WITH RECURSIVE number (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?)
INSERT INTO calls (review, repository, phase, seat, model, state, reserved, held, final, input, cache_write, cache_read,
    output, cache_expected, cache_saved, cache_missed, started_at, settled_at, day, month, owner, process)
SELECT printf('%032x', n / 20 * 7919), printf('%032x', n / 20 % 12),
    CASE n % 20 / 6 WHEN 0 THEN 'opening' WHEN 1 THEN 'cross_examination' WHEN 2 THEN 'rebuttal' ELSE 'synthesis' END,
    'seat-' || n % 6, 'claude-model-' || n % 3, CASE n % 200 WHEN 7 THEN 'assumed' ELSE 'settled' END, 40000000,
    n % 97 * 100000, n % 97 * 100000, 500, n % 7 * 1000, n % 11 * 900, n % 13 * 100, n % 11 * 1000, n % 5 * 1000,
    CASE n % 50 WHEN 0 THEN 'lost' ELSE '' END,
    strftime('%Y-%m-%dT%H:%M:%S.000+00:00', '2025-11-01', '+' || (n * 31536000 / ?) || ' seconds'), NULL,
    date('2025-11-01', '+' || (n * 365 / ?) || ' days'),
    strftime('%Y-%m', '2025-11-01', '+' || (n * 365 / ?) || ' days'), '', 1
FROM number
"""
_PLAIN = """
SELECT CASE ? WHEN 'day' THEN day WHEN 'month' THEN month WHEN 'repository' THEN repository WHEN 'phase' THEN phase
    WHEN 'seat' THEN seat ELSE model END AS name, cache_missed,
    sum(CASE state WHEN 'settled' THEN held ELSE 0 END), sum(CASE state WHEN 'assumed' THEN held ELSE 0 END),
    sum(CASE state WHEN 'reserved' THEN held ELSE 0 END), count(*), sum(held > reserved), sum(input), sum(cache_write),
    sum(cache_read), sum(output), sum(cache_write_1h), sum(cache_expected), sum(min(cache_read, cache_expected)),
    sum(cache_saved)
FROM calls GROUP BY name, cache_missed
"""


def filled(path: Path, rows: int) -> float:
    """A store of so many calls, as an older Rebuttal would have left it, brought up to date; seconds that took."""
    from rebuttal.store import schema

    migrations, version = schema.MIGRATIONS, schema.VERSION
    try:
        schema.MIGRATIONS, schema.VERSION = migrations[:7], 7
        Database.open(path).close()
    finally:
        schema.MIGRATIONS, schema.VERSION = migrations, version
    with closing(sqlite3.connect(path)) as connection, connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name = 'calls_insert'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(_FILL, (rows,) * 4)
        for _, sql in triggers:
            connection.execute(sql)
    begun = time.perf_counter()
    Database.open(path).close()
    return time.perf_counter() - begun


async def writer(folder: Path, seed: int) -> Times:
    """One process: calls at its own pace; milliseconds of each kind."""
    chance = random.Random(seed)
    times: Times = {kind: [] for kind in KINDS}
    with (
        Database.open(folder / "store.db") as database,
        closing(bare(folder / "bare.db")) as connection,
        (folder / f"raw {seed}").open("wb") as raw,
    ):
        ledger = Ledger(database)
        await ledger.recover()
        acts: list[Callable[[], Awaitable[None]]] = [
            lambda: ours(ledger, chance, times),
            lambda: inserted(connection, times),
            lambda: synced(raw.fileno(), times),
        ]
        await take_turns(acts, chance, rounds=PAIRS, every=EVERY)
    return times


async def ours(ledger: Ledger, chance: random.Random, times: Times) -> None:
    key = CallKey(f"review {chance.randrange(20)}", "repository", "opening", f"seat-{chance.randrange(6)}", "model")
    begun = time.perf_counter()
    job = ledger.reserve(key, Decimal("0.04"), CAPS)
    handed = time.perf_counter()
    granted = await job
    done = time.perf_counter()
    await asyncio.sleep(0.02)  # the call itself
    last = time.perf_counter()
    await ledger.settle(granted.id, Tokens(100, 200, 300, 400), Decimal("0.0123"), CacheUse(300))
    settled = time.perf_counter()
    for kind, took in zip(KINDS, (handed - begun, done - begun, settled - last), strict=False):
        times[kind].append(took * 1_000)


def bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


async def inserted(connection: sqlite3.Connection, times: Times) -> None:
    begun = time.perf_counter()
    await asyncio.to_thread(_insert, connection)
    times["inserted"].append((time.perf_counter() - begun) * 1_000)


def _insert(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 200,))


async def synced(descriptor: int, times: Times) -> None:
    begun = time.perf_counter()
    await asyncio.to_thread(_sync, descriptor)
    times["synced"].append((time.perf_counter() - begun) * 1_000)


def _sync(descriptor: int) -> None:
    os.write(descriptor, b"x" * 4096)
    os.fsync(descriptor)


def paced(folder: Path) -> Times:
    """What all writers measured."""
    filled(folder / "store.db", ROWS)
    with closing(bare(folder / "bare.db")) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
    return side_by_side("bench.ledger_speed", str(folder), WRITERS, KINDS)


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    into[name] = time.perf_counter() - begun


def reported(folder: Path) -> tuple[dict[str, float], float, float]:
    """Seconds of each part of a report over many calls; of the same sums over the calls; of the migration."""
    path = folder / "many.db"
    migrated = filled(path, MANY)
    groups = [one for one in get_args(LedgerKey) if one not in ("review", "user")]
    parts: dict[str, float] = {}
    with Database.open(path) as database:
        ledger = Ledger(database)
        with timed(parts, "totals"):
            ledger.totals(repository="0" * 32).result()
        for group in groups:
            with timed(parts, f"by {group}"):
                rows = ledger.rows(group).result()
            assert sum(row.calls for row in rows) == MANY
        with timed(parts, "20 most expensive reviews"):
            assert len(ledger.most_expensive(20).result()) == 20
        with timed(parts, "assumed calls"):
            ledger.entries(state="assumed").result()
    plain = time.perf_counter()
    with closing(sqlite3.connect(path)) as connection:
        for group in groups:
            connection.execute(_PLAIN, (group,)).fetchall()
    return parts, time.perf_counter() - plain, migrated


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    with tempfile.TemporaryDirectory() as name:
        times = paced(Path(name))
    with tempfile.TemporaryDirectory() as name:
        parts, plain, migrated = reported(Path(name))
    goals = {"set aside": f"{MEDIAN_MS} / {LAST_MS}", "settled": f"{MEDIAN_MS} / {LAST_MS}"}
    words = {
        "handed over": "handed over: all that the event loop waits for",
        "set aside": "worst case set aside, durable",
        "settled": "cost settled",
        "inserted": "peer: a bare INSERT, durable",
        "synced": "peer: 4 KB written and synced",
    }
    rows = [
        [words[kind], len(took), f"{median(took):.2f}", f"{percentile(took, 0.99):.1f}", goals.get(kind, "")]
        for kind, took in times.items()
    ]
    reports = [[name, f"{1_000 * took:.0f}"] for name, took in parts.items()]
    total = sum(parts.values())
    said = (
        f"In all {total:.2f} seconds (goal: under {REPORT_S}); the same sums by plain GROUP BY over the calls took"
        f" {plain:.1f} seconds. To bring a ledger of so many calls up to date, once: {migrated:.1f} seconds.\n"
    )
    return "\n".join(
        [
            "## Speed of the ledger\n",
            EXPLAINED,
            table(["what", "n", "median", "99th percentile", "goal"], rows),
            "",
            f"A report over {MANY:,} calls, milliseconds, from a store that was just opened:\n",
            table(["part", "ms"], reports),
            "",
            said,
        ]
    )


def main() -> int:
    if len(sys.argv) == 3:
        json.dump(asyncio.run(writer(Path(sys.argv[1]), int(sys.argv[2]))), sys.stdout)
    else:
        print(section())
    return 0


if __name__ == "__main__":
    sys.exit(main())
