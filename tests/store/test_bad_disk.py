"""Disks and file systems that fail: one sentence, nothing spent that is not recorded, nothing recorded lost."""

from __future__ import annotations

import errno
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.store import owner
from rebuttal.store.database import Connection, Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import StoreError, Tokens
from tests.store.conftest import WIDE, call_key

TOKENS = Tokens(input=10, output=20)

_WITHOUT_ROOM = """
import json, resource, sys
from decimal import Decimal
from pathlib import Path
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, Caps, StoreError, Tokens

path, said = Path(sys.argv[1]), []
key = CallKey("review", "repository", "opening", "architect", "model")


def attempt(act):
    try:
        said.append(["done", str(act().result())])
    except StoreError as error:
        said.append(["refused", str(error)])


with Database.open(path) as database:
    ledger = Ledger(database)
    granted = ledger.reserve(key, Decimal(1), Caps()).result()
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    size = path.with_name(path.name + "-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    attempt(lambda: ledger.settle(granted.id, Tokens(output=1), Decimal("0.25")))
    attempt(lambda: ledger.reserve(key, Decimal(1), Caps()))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    attempt(lambda: ledger.totals())
    attempt(lambda: ledger.settle(granted.id, Tokens(output=1), Decimal("0.25")))
    attempt(lambda: ledger.reserve(key, Decimal(1), Caps()))
print(json.dumps(said))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
def test_where_there_is_no_room_nothing_is_spent_and_the_worst_case_stands(path: Path) -> None:
    child = [sys.executable, "-c", _WITHOUT_ROOM, str(path)]
    done = subprocess.run(child, capture_output=True, text=True, check=True)
    settled, reserved, known, later, again = json.loads(done.stdout)
    for what, said in (settled, reserved):
        assert what == "refused"
        assert "make room" in said
        assert "\n" not in said
    assert known[0] == "done"
    assert "day=Decimal('1')" in known[1]  # the worst case
    assert later[0] == again[0] == "done"
    with Database.open(path) as database:
        entries = Ledger(database).entries().result()
    assert [(one.state, one.cost) for one in entries] == [("settled", Decimal("0.25")), ("reserved", Decimal(1))]


def _overwrite(path: Path, table: str) -> None:
    """Damage every page of a table and of its indexes behind the back of whoever has the store open."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = ? AND rootpage > 0", (table,))
        pages = [root for (root,) in roots]
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)


def test_a_store_that_is_damaged_while_it_is_open_stops_spending(path: Path) -> None:
    with Database.open(path) as database:
        ledger = Ledger(database)
        ledger.reserve(call_key(), Decimal(1), WIDE).result()
        _overwrite(path, "balances")
        # Another connection sees the file as it is; this one may still hold pages of it.
        with Database.open(path) as other:
            damaged = Ledger(other)
            for work in (
                lambda: damaged.reserve(call_key(), Decimal(1), WIDE),
                damaged.totals,
                lambda: damaged.settle(1, TOKENS, Decimal("0.5")),
            ):
                job = work()
                with pytest.raises(StoreError, match="is damaged: move it away to start a new one, and keep it"):
                    job.result()
            # What is whole can still be read.
            assert [one.cost for one in damaged.entries().result()] == [Decimal(1)]


def test_a_store_that_was_deleted_while_it_was_open_is_not_one_that_spends_unseen(path: Path) -> None:
    """A process that goes on with the deleted file, and one with a new file, would each have the whole cap."""
    with Database.open(path) as database:
        ledger = Ledger(database)
        ledger.reserve(call_key(), Decimal(1), WIDE).result()
        if sys.platform == "win32":
            with pytest.raises(OSError, match="used by another process"):
                path.unlink()
            return
        for one in (path, *path.parent.glob("store.db-[ws]*")):
            one.unlink()
        with pytest.raises(StoreError, match="was moved or deleted while it was open: start again"):
            ledger.reserve(call_key(), Decimal(1), WIDE).result()


class Without:
    """A module of the system's locks on a drive that has none."""

    LOCK_EX, LOCK_NB, LK_NBLCK = 2, 4, 2

    def flock(self, descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    def locking(self, descriptor: int, how: int, count: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")


def test_a_file_system_without_locks_says_what_to_do(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "msvcrt" if sys.platform == "win32" else "fcntl", Without())
    with pytest.raises(StoreError, match="is on a file system without locks, such as a network drive: set REBUTTAL"):
        Ledger(database).reserve(call_key(), Decimal(1), WIDE).result()
    assert list(path.with_name("store.db-owners").iterdir()) == []
    assert Ledger(database).entries().result() == ()


def test_a_file_system_without_shared_memory_says_what_to_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(sqlite3.Connection):
        def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
            return super().execute("SELECT 'delete'" if "journal_mode" in sql else sql, parameters)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **named: connect(*given, **{**named, "factory": Refusing}))
    with pytest.raises(StoreError, match="without shared memory, such as a network drive: set REBUTTAL_HOME"):
        Database.open(path)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_IOERR, "the disk failed or gave no room"),
        (sqlite3.SQLITE_IOERR_WRITE, "the disk failed or gave no room"),
        (sqlite3.SQLITE_FULL, "the disk is full: make room"),
        (sqlite3.SQLITE_PROTOCOL, "without locks"),
        (sqlite3.SQLITE_CORRUPT, "is damaged: move it away"),
        (sqlite3.SQLITE_READONLY, "is read-only"),
        (sqlite3.SQLITE_BUSY, "is locked by another program"),
    ],
)
def test_each_failure_of_the_database_is_one_sentence_and_leaves_what_is_recorded(
    database: Database, code: int, said: str
) -> None:
    ledger = Ledger(database)
    granted = ledger.reserve(call_key(), Decimal(1), WIDE).result()

    def fail(connection: Connection) -> None:
        connection.execute("UPDATE calls SET state = 'settled', held = 0, final = 0 WHERE id = ?", (granted.id,))
        error = sqlite3.OperationalError("on purpose")
        error.sqlite_errorcode = code
        raise error

    with pytest.raises(StoreError, match=said) as failed:
        database.write(fail).result()
    assert str(failed.value).startswith(database.name)
    assert "\n" not in str(failed.value)
    (entry,) = ledger.entries().result()
    assert (entry.state, entry.cost) == ("reserved", Decimal(1))


@pytest.mark.parametrize("act", ["release", "assume"])
def test_a_read_only_store_gives_back_nothing(database: Database, act: str) -> None:
    ledger = Ledger(database)
    granted = ledger.reserve(call_key(), Decimal(1), WIDE).result()
    database.read(lambda connection: connection.execute("PRAGMA query_only = ON").fetchone()).result()
    work: Callable[[int], object] = getattr(ledger, act)
    with pytest.raises(StoreError, match="is read-only"):
        work(granted.id).result()  # type: ignore[attr-defined]
    assert ledger.totals().result().day == Decimal(1)
