"""The same as ledger_speed.py where a team shares the store: a PostgreSQL server on this machine, over loopback."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import get_args

from bench.ledger_speed import EVERY, KINDS, LAST_MS, MANY, MEDIAN_MS, PAIRS, REPORT_S, ROWS, WRITERS, ours, timed
from bench.paced import Times, side_by_side, take_turns
from bench.table import median, percentile, table
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import LedgerKey
from tests.postgres import PostgresServer

PEERS = ("bare", "asked")
EXPLAINED = (
    f"`python -m bench.ledger_postgres`; milliseconds, wall time: {WRITERS} processes, {PAIRS} calls each, one every"
    f" {EVERY} seconds on average, in a ledger of {ROWS:,} calls on PostgreSQL 18 on this machine, which waits for its"
    " disk. A reservation is five messages there and back, alone among the writers; over a longer way each costs its"
    " time. The peers, in turn with ours: one INSERT into a table of its own, committed with the same durability by as"
    " many writers, and one `SELECT 1`.\n"
)

# As in ledger_speed.py: 20 calls a review, over a year.
_FILL = """
ALTER TABLE rebuttal.calls DISABLE TRIGGER USER;
INSERT INTO rebuttal.calls (review, repository, phase, seat, model, state, reserved, held, final, input, cache_write,
    cache_read, output, cache_expected, cache_saved, cache_missed, started_at, settled_at, day, month, owner, process)
SELECT lpad(to_hex(n / 20 * 7919), 32, '0'), lpad(to_hex(n / 20 % 12), 32, '0'),
    CASE n % 20 / 6 WHEN 0 THEN 'opening' WHEN 1 THEN 'cross_examination' WHEN 2 THEN 'rebuttal' ELSE 'synthesis' END,
    'seat-' || n % 6, 'claude-model-' || n % 3, CASE n % 200 WHEN 7 THEN 'assumed' ELSE 'settled' END, 40000000,
    n % 97 * 100000, n % 97 * 100000, 500, n % 7 * 1000, n % 11 * 900, n % 13 * 100, n % 11 * 1000, n % 5 * 1000,
    CASE n % 50 WHEN 0 THEN 'lost' ELSE '' END, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.000+00:00'), NULL,
    to_char(at, 'YYYY-MM-DD'), to_char(at, 'YYYY-MM'), '', 1
FROM (SELECT n, timestamp '2025-11-01' + interval '1 second' * (n * 31536000.0 / {rows}) AS at
    FROM generate_series(0, {rows} - 1) n) numbers;
ALTER TABLE rebuttal.calls ENABLE TRIGGER USER;
SET search_path = rebuttal;
{sums};
ANALYZE
"""


def filled(server: PostgresServer, rows: int) -> str:
    """The address of a store of so many calls."""
    from rebuttal.store.schema_sums import SUMS

    name = server.new_database()
    Database.connect(server.url(name)).close()
    sums = ";".join(one for one in SUMS if one.lstrip().startswith("INSERT"))
    server.run(_FILL.format(rows=rows, sums=sums), name)
    server.run("CREATE TABLE notes (id BIGINT GENERATED ALWAYS AS IDENTITY, text TEXT)", name)
    return server.url(name)


async def writer(url: str, seed: int) -> Times:
    """One process: calls at its own pace; milliseconds of each kind."""
    import psycopg

    chance = random.Random(seed)
    times: Times = {kind: [] for kind in (*KINDS, *PEERS)}
    with Database.connect(url) as database, psycopg.connect(url, autocommit=True) as connection:
        ledger = Ledger(database)
        await ledger.recover()

        async def peer(kind: str, sql: str) -> None:
            begun = time.perf_counter()
            await asyncio.to_thread(connection.execute, sql)
            times[kind].append((time.perf_counter() - begun) * 1_000)

        acts: list[Callable[[], Awaitable[None]]] = [
            lambda: ours(ledger, chance, times),
            lambda: peer("bare", f"INSERT INTO public.notes (text) VALUES ('{'x' * 200}')"),
            lambda: peer("asked", "SELECT 1"),
        ]
        await take_turns(acts, chance, rounds=PAIRS, every=EVERY)
    return times


def paced(url: str) -> Times:
    """What all writers measured."""
    return side_by_side("bench.ledger_postgres", url, WRITERS, (*KINDS, *PEERS))


def reported(url: str) -> dict[str, float]:
    """Seconds of each part of a report over many calls."""
    parts: dict[str, float] = {}
    with Database.connect(url) as database:
        ledger = Ledger(database)
        with timed(parts, "totals"):
            ledger.totals(repository="0" * 32).result()
        for group in get_args(LedgerKey):
            if group != "review":
                with timed(parts, f"by {group}"):
                    ledger.rows(group).result()
        with timed(parts, "20 most expensive reviews"):
            assert len(ledger.most_expensive(20).result()) == 20
        with timed(parts, "assumed calls"):
            ledger.entries(state="assumed").result()
    return parts


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    server = PostgresServer(durable=True)
    try:
        times = paced(filled(server, ROWS))
        parts = reported(filled(server, MANY))
    finally:
        server.stop()
    goals = {"set aside": f"{MEDIAN_MS} / {LAST_MS}", "settled": f"{MEDIAN_MS} / {LAST_MS}"}
    words = {
        "set aside": "worst case set aside, durable",
        "settled": "cost settled",
        "bare": "peer: a bare INSERT, durable",
        "asked": "peer: a question and its answer",
    }
    rows = [
        [
            said,
            len(times[kind]),
            f"{median(times[kind]):.2f}",
            f"{percentile(times[kind], 0.99):.1f}",
            goals.get(kind, ""),
        ]
        for kind, said in words.items()
    ]
    total, longest = sum(parts.values()), max(parts, key=lambda name: parts[name])
    told = (
        f"A report over {MANY:,} calls took {total:.2f} seconds in all (goal: under {REPORT_S}), most of it"
        f" {longest} ({1_000 * parts[longest]:.0f} ms).\n"
    )
    lines = ["## Speed of a team's ledger\n", EXPLAINED]
    return "\n".join([*lines, table(["what", "n", "median", "99th percentile", "goal"], rows), "", told])


def main() -> int:
    if len(sys.argv) == 3:
        json.dump(asyncio.run(writer(sys.argv[1], int(sys.argv[2]))), sys.stdout)
    else:
        print(section())
    return 0


if __name__ == "__main__":
    sys.exit(main())
