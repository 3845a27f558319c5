from __future__ import annotations

import asyncio
import gc
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.store import schema
from rebuttal.store.database import Connection, Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import StoreError
from tests.store.conftest import WIDE, call_key


def _one(connection: Connection) -> int:
    (value,) = connection.execute("SELECT 1").fetchone()
    return int(value)


def _version(connection: Connection) -> int:
    (value,) = connection.execute("PRAGMA user_version").fetchone()
    return int(value)


async def test_the_same_call_serves_a_coroutine_and_plain_code(database: Database) -> None:
    assert await database.read(_one) == 1
    assert database.read(_one).result() == 1


def test_work_runs_on_one_thread_of_its_own_in_order(database: Database) -> None:
    seen: list[tuple[int, int]] = []

    def note(number: int) -> Callable[[Connection], None]:
        return lambda connection: seen.append((number, threading.get_ident()))

    jobs = [database.read(note(number)) for number in range(20)]
    for job in jobs:
        job.result()
    assert [n for n, _ in seen] == list(range(20))
    assert len({thread for _, thread in seen}) == 1
    assert seen[0][1] != threading.get_ident()


def test_what_need_not_last_does_not_wait_for_the_disk_and_what_follows_does(database: Database) -> None:
    def level(connection: Connection) -> int:
        return int(connection.execute("PRAGMA synchronous").fetchone()[0])

    assert database.write(level, lasting=False).result() == 1
    assert database.write(level).result() == 2


def test_it_is_durable_against_power_loss(database: Database) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert database.read(pragmas).result() == ["wal", 2, 1]


async def test_a_failure_that_nobody_waits_for_any_more_is_no_noise_on_stderr(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    go = threading.Event()

    def fail(_: Connection) -> None:
        go.wait(10)
        raise RuntimeError("refused")

    async def wait() -> None:
        await database.write(fail)

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    go.set()
    assert await database.read(_one) == 1
    gc.collect()
    assert caplog.records == []


async def test_work_that_was_handed_over_is_done_though_the_waiter_was_cancelled(database: Database) -> None:
    gate = threading.Event()
    database.read(lambda _: gate.wait(10))
    insert = "INSERT INTO consents (repository, host, given_at) VALUES ('r', 'h', 't')"
    job = database.write(lambda connection: connection.execute(insert).rowcount)

    async def wait() -> int:
        return await job

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()
    rows = await database.read(lambda connection: connection.execute("SELECT count(*) FROM consents").fetchone()[0])
    assert rows == 1


def test_a_failed_write_leaves_nothing_behind(database: Database) -> None:
    def work(connection: Connection) -> None:
        connection.execute("INSERT INTO consents (repository, host, given_at) VALUES ('r', 'h', 't')")
        raise LookupError("on purpose")

    with pytest.raises(LookupError):
        database.write(work).result()
    rows = database.read(lambda connection: connection.execute("SELECT count(*) FROM consents").fetchone()[0])
    assert rows.result() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes; the user's folder is private there")
def test_only_its_owner_can_read_it(database: Database, path: Path) -> None:
    database.write(lambda connection: connection.execute("DELETE FROM consents").rowcount).result()
    names = [path, *path.parent.glob("store.db-wal"), *path.parent.glob("store.db-shm")]
    assert len(names) == 3
    assert {stat.S_IMODE(name.stat().st_mode) for name in names} == {0o600}


def test_a_closed_store_says_so(path: Path) -> None:
    database = Database.open(path)
    database.close()
    database.close()
    with pytest.raises(StoreError, match="open the store again"):
        database.read(_one)


def test_it_opens_what_it_wrote(path: Path) -> None:
    with Database.open(path) as database:
        assert database.read(_version).result() == schema.VERSION
    with Database.open(path) as database:
        assert database.read(_version).result() == schema.VERSION


def test_many_processes_may_open_a_new_store_at_the_same_time(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from rebuttal.store.database import Database;"
        "sys.stdin.readline(); Database.open(Path(sys.argv[1])).close()"
    )
    command = [sys.executable, "-c", script, str(path)]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
        for _ in range(6)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    errors = [child.communicate(timeout=60)[1] for child in children]
    assert [child.returncode for child in children] == [0] * 6, errors


def test_a_store_locked_by_another_says_what_to_do(path: Path) -> None:
    Database.open(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Database.open(path, patience=0.05) as database:
        job = database.write(_one)
        with pytest.raises(StoreError, match="locked by another program: close it"):
            job.result()
        other.execute("ROLLBACK")
        other.close()
        assert database.write(_one).result() == 1


def test_a_full_disk_stops_spending_and_keeps_what_is_recorded(database: Database) -> None:
    ledger = Ledger(database)
    first = ledger.reserve(call_key(), Decimal(1), WIDE).result()
    limit = "PRAGMA max_page_count = 1"  # SQLite takes the present size: not one page more
    database.read(lambda connection: connection.execute(limit).fetchone()).result()
    big = call_key(review="r" * 100_000)
    with pytest.raises(StoreError, match="disk is full: make room"):
        ledger.reserve(big, Decimal(1), WIDE).result()
    assert [entry.id for entry in ledger.entries().result()] == [first.id]


def test_a_read_only_store_says_what_to_do(database: Database) -> None:
    database.read(lambda connection: connection.execute("PRAGMA query_only = ON").fetchone()).result()
    delete = database.write(lambda connection: connection.execute("DELETE FROM consents").rowcount)
    with pytest.raises(StoreError, match="read-only: make the file and its folder writable"):
        delete.result()


_WITHOUT_PERMISSION = """
import os, sys, tempfile
from pathlib import Path
from rebuttal.store.database import Database
from rebuttal.store.model import StoreError

if os.geteuid() == 0:  # permissions do not bind root
    os.setgid(65534)
    os.setuid(65534)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "home" / "store.db"
    Database.open(path).close()
    {taken}
    try:
        with Database.open(path) as database:
            database.write(lambda connection: connection.execute("DELETE FROM consents").rowcount).result()
    except StoreError as error:
        print(error)
    path.parent.chmod(0o700)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ("path.chmod(0o400)", "is read-only: make the file and its folder writable"),
        ("path.parent.chmod(0o500)", "is read-only: make the file and its folder writable"),
        ("path.unlink(); path.parent.chmod(0o500)", "cannot be opened"),
        ("path.parent.chmod(0)", "cannot be opened"),
    ],
)
def test_a_store_without_permission_says_what_to_do(taken: str, said: str) -> None:
    script = _WITHOUT_PERMISSION.replace("{taken}", taken)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said in done.stdout
    assert "set REBUTTAL_HOME to" in done.stdout


def test_a_folder_that_is_a_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreError, match="set REBUTTAL_HOME"):
        Database.open(tmp_path / "home" / "store.db")


def test_a_store_that_is_a_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="set REBUTTAL_HOME"):
        Database.open(tmp_path)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"these are my notes, not a database\n" * 100)
    with pytest.raises(StoreError, match="is no database: move it away"):
        Database.open(path)
    assert path.read_bytes().startswith(b"these are my notes")


def test_a_damaged_store_says_what_to_do(path: Path) -> None:
    with Database.open(path) as database:
        insert = "INSERT INTO consents (repository, host, given_at) VALUES (?, 'h', 't')"
        names = [(f"repository {n}" * 20,) for n in range(500)]
        database.write(lambda connection: connection.executemany(insert, names).rowcount).result()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with pytest.raises(StoreError, match="is damaged: move it away"), Database.open(path) as database:
        database.read(lambda connection: connection.execute("SELECT * FROM consents").fetchall()).result()


def test_a_store_of_a_newer_version_is_not_touched(path: Path) -> None:
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer Rebuttal"):
        Database.open(path)


def test_a_database_of_another_program_is_not_touched(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="belongs to another program"):
        Database.open(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]
    connection.close()
