"""A store on PostgreSQL: who may use it, what is said when that fails, and lost connections."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from attrs import evolve

from rebuttal.store import schema
from rebuttal.store.database import Connection, Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CapReached, Caps, StoreError, Tokens
from rebuttal.store.postgres.address import Address, is_local
from rebuttal.store.postgres.schema import PERSONAL
from rebuttal.store.postgres.server import PostgresServer
from rebuttal.store.postgres.sql import translated
from tests.postgres import PASSWORD
from tests.postgres import PostgresServer as Server
from tests.store.conftest import WIDE, Clock, call_key
from tests.store.proxy import Cut, Proxy


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    with Database.connect(store_url) as opened:
        yield opened


@pytest.fixture
def proxy(postgres: Server) -> Iterator[Proxy]:
    made = Proxy(postgres.port)
    yield made
    made.close()


@pytest.fixture
def proxied(proxy: Proxy, store_url: str) -> Iterator[Database]:
    with Database.connect(re.sub(r":\d+/", f":{proxy.port}/", store_url)) as opened:
        yield opened


def _process(connection: Connection) -> int:
    return int(connection.execute("SELECT pg_backend_pid()").fetchone()[0])


def _end(postgres: Server, database: Database) -> None:
    """The server ends the session, as when it is started anew."""
    process = database.read(_process).result()
    postgres.run(f"SELECT pg_terminate_backend({process}, 10000)")


# What is said


def _refusal(url: str) -> str:
    with pytest.raises(StoreError) as refused:
        Database.connect(url)
    said = str(refused.value)
    assert "\n" not in said
    for part in ("p@ss", "quoted", quote(PASSWORD, safe=""), "ss/word"):
        assert part not in said
        assert part not in repr(refused.value.__cause__)
    return said


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///home/store.db",
        "host=localhost password=p@ss",
        "postgresql+psycopg://ada:p@ss@localhost/team",
        "postgresql://ada:p@ss@localhost/team",  # the host is read as ss@localhost
        "postgresql://ada:p/ss/word@localhost/team",
        "postgresql://ada:p?ss/word@localhost/team",
        "postgresql://ada:p%ss@localhost/team",
    ],
)
def test_what_is_no_address_is_said_without_showing_a_password(url: str) -> None:
    assert "give REBUTTAL_STORE_URL as postgresql://user:password@host/database" in _refusal(url)


def test_a_wrong_password_or_user_is_refused_in_one_sentence(postgres: Server) -> None:
    assert "refuses the user or the password" in _refusal(postgres.url(password="p@ss wrong"))
    assert "refuses the user or the password" in _refusal(postgres.url(user="nobody"))
    assert "has no such database" in _refusal(postgres.url("nowhere"))


def test_a_server_that_is_away_stops_spending(postgres: Server) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = postgres.url().replace(f":{postgres.port}/", f":{unheard.getsockname()[1]}/")
        assert "cannot be reached: see that it runs" in _refusal(url)
    unknown = postgres.url().replace("127.0.0.1", "no-such-host.invalid")
    assert "has a name that is not known here" in _refusal(unknown)


def test_what_speaks_to_servers_may_be_missing(monkeypatch: pytest.MonkeyPatch, postgres: Server) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'rebuttal[postgres]'" in _refusal(postgres.url())


def test_encryption_that_a_server_does_not_have_is_not_done_without(postgres: Server) -> None:
    assert "agree on no encryption" in _refusal(postgres.url() + "?sslmode=require")


def test_a_store_of_a_newer_version_is_not_touched(store_url: str) -> None:
    with Database.connect(store_url) as database:
        database.write(lambda connection: connection.execute("UPDATE store SET version = 999").rowcount).result()
    assert "is used by a newer Rebuttal: install the newest one" in _refusal(store_url)


def test_a_role_without_rights_is_told_so(postgres: Server) -> None:
    name = postgres.new_database()
    postgres.run("DROP ROLE IF EXISTS guest")
    postgres.run("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    assert "does not give this role the rights it needs" in _refusal(postgres.url(name, "guest", "guest"))


def test_many_processes_may_open_a_new_store_at_the_same_time(postgres: Server) -> None:
    script = (
        "import sys; from rebuttal.store.database import Database;"
        "sys.stdin.readline(); Database.connect(sys.argv[1]).close()"
    )
    command = [sys.executable, "-c", script, postgres.url(postgres.new_database())]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    errors = [child.communicate("go\n", timeout=60)[1] for child in children]
    assert [child.returncode for child in children] == [0] * 4, errors


def test_a_writer_that_does_not_end_is_waited_for_and_then_told(store_url: str, database: Database) -> None:
    begun, go = threading.Event(), threading.Event()
    with Database.connect(store_url) as other:

        def hold(_: Connection) -> None:
            begun.set()
            go.wait(30)

        holding = other.write(hold)
        assert begun.wait(30)
        with pytest.raises(StoreError, match="is being written by others for too long: try again"):
            database.write(_process, patience=0.05).result()
        go.set()
        holding.result()
        assert database.write(_process).result()


def test_a_pooler_that_changes_sessions_between_transactions_is_not_spent_over(
    database: Database, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Database.connect(store_url) as other:
        server = database._backend
        assert isinstance(server, PostgresServer)
        # As a pooler does: what was begun with the one session goes on with another.
        swapped = other.read(_process).result()
        monkeypatch.setattr(server, "_met", evolve(server._met, process=swapped))
        with pytest.raises(StoreError, match="pooler that changes sessions between transactions"):
            Ledger(database).reserve(call_key(), Decimal(1), WIDE).result()


# Whose it is


def test_no_message_shows_more_than_the_place(postgres: Server, store_url: str, database: Database) -> None:
    assert database.name == f"the store at 127.0.0.1:{postgres.port}/{store_url.rpartition('/')[2]}"
    assert PASSWORD not in repr(Address.of(store_url))
    assert quote(PASSWORD, safe="") not in repr(Address.of(store_url))


@pytest.mark.parametrize(
    ("host", "local"),
    [
        *(("", True), ("/run/postgresql", True), ("localhost", True), ("127.0.0.1", True), ("::1", True)),
        *(("10.0.0.1", False), ("db.example.org", False)),
    ],
)
def test_what_lies_on_the_way_is_known(host: str, local: bool) -> None:
    assert is_local(host) is local


def test_a_team_is_set_up_as_the_docs_say(postgres: Server) -> None:
    page = Path(__file__).parents[2] / "docs" / "team.md"
    (script,) = re.findall(r"```sql\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    for statement in script.split(";"):
        if statement.strip():
            postgres.run(statement)
    with (
        Database.connect(postgres.url("rebuttal", "ada", "ada's password")) as hers,
        Database.connect(postgres.url("rebuttal", "grace", "grace's password")) as others,
    ):
        assert (hers.who, others.who) == ("ada", "grace")
        caps = Caps(day=Decimal(1))
        one = Ledger(hers).reserve(call_key(), Decimal("0.6"), caps).result()
        # One budget: what the one has set aside, the other cannot spend.
        with pytest.raises(CapReached):
            Ledger(others).reserve(call_key(), Decimal("0.6"), caps).result()
        Ledger(hers).settle(one.id, Tokens(), Decimal("0.1")).result()
        Ledger(others).reserve(call_key(), Decimal("0.6"), caps).result()
        spent = {row.name: (row.spent, row.reserved) for row in Ledger(others).rows("user").result()}
        assert spent == {"ada": (Decimal("0.1"), Decimal(0)), "grace": (Decimal(0), Decimal("0.6"))}


def test_what_is_personal_is_not_on_the_server_and_text_is_ordered_as_in_sqlite(database: Database) -> None:
    def look(connection: Connection) -> tuple[set[str], set[str]]:
        rows = connection.execute(
            "SELECT table_name, coalesce(collation_name, data_type) FROM information_schema.columns"
            " WHERE table_schema = 'rebuttal'"
        ).fetchall()
        return {table for table, _ in rows}, {kind for _, kind in rows}

    tables, kinds = database.read(look).result()
    assert not tables & PERSONAL
    assert {"calls", "balances", "spending", "dismissals", "sweeps", "debates"} <= tables
    assert kinds == {"C", "bigint", "integer", "double precision", "bytea"}


def test_every_table_is_personal_or_on_the_server(database: Database, path: Path) -> None:
    def names(connection: Connection) -> set[str]:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def shared(connection: Connection) -> set[str]:
        rows = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'rebuttal'")
        return {name for (name,) in rows}

    with Database.open(path) as own:
        ours = own.read(names).result() - {"sqlite_sequence"}
    assert database.read(shared).result() == ours - PERSONAL | {"store"}


def test_a_server_of_an_earlier_version_is_brought_up(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.url(postgres.new_database())
    with monkeypatch.context() as before:
        before.setattr("rebuttal.store.postgres.schema.VERSION", schema.VERSION - 1)
        Database.connect(url).close()
    with Database.connect(url) as database:
        granted = Ledger(database).reserve(call_key(), Decimal(1), WIDE).result()
        assert granted.at_most == 1


# SQL


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SELECT ? FROM t WHERE a = ?", "SELECT %s FROM t WHERE a = %s"),
        ("SELECT :a, :b_1 WHERE :a IS NULL", "SELECT %(a)s, %(b_1)s WHERE %(a)s IS NULL"),
        ("SELECT 'why? :a 100%', x::text", "SELECT 'why? :a 100%%', x::text"),
        ("SELECT a % 2 WHERE b LIKE 'it''s ?%'", "SELECT a %% 2 WHERE b LIKE 'it''s ?%%'"),
    ],
)
def test_placeholders_are_written_as_the_driver_wants_them(ours: str, theirs: str) -> None:
    assert translated(ours) == theirs


def test_what_need_not_last_does_not_wait_for_the_disk_and_what_follows_does(database: Database) -> None:
    def level(connection: Connection) -> str:
        return str(connection.execute("SHOW synchronous_commit").fetchone()[0])

    assert database.write(level, lasting=False).result() == "off"
    assert database.write(level).result() == "on"


def test_text_is_a_value_whatever_it_holds(database: Database) -> None:
    evil = "'; DROP TABLE calls; -- %s ? :a \\"
    Ledger(database).reserve(call_key(review=evil), Decimal(1), WIDE).result()
    assert [entry.key.review for entry in Ledger(database).entries(evil).result()] == [evil]


# Lost connections


def _add(connection: Connection) -> int:
    """Not the same when it is done twice."""
    return connection.execute(
        "INSERT INTO repositories VALUES ('r' || (SELECT count(*) FROM repositories), '')"
    ).rowcount


def _count(connection: Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM repositories").fetchone()[0])


def _begun(database: Database) -> Ledger:
    """A ledger that has looked for what the dead left, as it does before its first reservation."""
    ledger = Ledger(database)
    ledger.release(ledger.reserve(call_key("begun"), Decimal(1), WIDE).result().id).result()
    return ledger


def test_a_session_that_the_server_ended_is_made_anew(postgres: Server, database: Database) -> None:
    _end(postgres, database)
    assert database.write(_add).result() == 1
    _end(postgres, database)
    assert database.read(_count).result() == 1


def test_what_was_not_committed_is_done_once_more_and_only_once(postgres: Server, database: Database) -> None:
    processes = []

    def work(connection: Connection) -> None:
        _add(connection)
        processes.append(_process(connection))
        if len(processes) == 1:
            postgres.run(f"SELECT pg_terminate_backend({processes[0]}, 10000)")
        _count(connection)

    database.write(work).result()
    assert len(processes) == 2
    assert database.read(_count).result() == 1


def test_a_server_that_ends_every_session_is_not_asked_for_ever(postgres: Server, database: Database) -> None:
    def work(connection: Connection) -> None:
        postgres.run(f"SELECT pg_terminate_backend({_process(connection)}, 10000)")
        _count(connection)

    with pytest.raises(StoreError, match="was lost: try again"):
        database.write(work).result()
    assert database.write(_add).result() == 1


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_commit_whose_answer_was_lost_is_neither_lost_nor_done_twice(
    proxied: Database, proxy: Proxy, cut: Cut
) -> None:
    proxy.cut(cut)
    assert proxied.write(_add).result() == 1
    assert proxied.read(_count).result() == 1
    ledger = _begun(proxied)
    proxy.cut(cut)
    granted = ledger.reserve(call_key(), Decimal(1), WIDE).result()
    proxy.cut(cut)
    ledger.settle(granted.id, Tokens(), Decimal("0.5")).result()
    found = ledger.entries(call_key().review).result()
    assert [(entry.state, entry.cost) for entry in found] == [("settled", Decimal("0.5"))]


@pytest.mark.usefixtures("postgres")  # says why, where there is none
def test_where_nobody_knows_what_became_of_a_commit_that_is_said_and_the_reservation_stands() -> None:
    own = Server()
    proxy = Proxy(own.port)
    try:
        url = own.url().replace(f":{own.port}/", f":{proxy.port}/")
        with Database.connect(url) as database:
            ledger = _begun(database)
            proxy.on_cut = own.crash
            proxy.cut("after")
            with pytest.raises(StoreError, match="whether the last entry was kept is not known"):
                ledger.reserve(call_key(), Decimal(1), WIDE).result()
            with pytest.raises(StoreError, match="cannot be reached"):
                ledger.reserve(call_key(), Decimal(1), WIDE).result()
            proxy.on_cut = lambda: None
            own.start()
            assert [entry.state for entry in ledger.entries(call_key().review).result()] == ["reserved"]
            ledger.reserve(call_key(), Decimal(1), WIDE).result()
        with Database.connect(own.url()) as later:
            assert Ledger(later).recover().result().calls == 2
    finally:
        proxy.close()
        own.stop()


@pytest.mark.usefixtures("postgres")
def test_a_server_that_was_started_anew_is_found_again() -> None:
    own = Server()
    try:
        with Database.connect(own.url()) as database:
            ledger = Ledger(database)
            granted = ledger.reserve(call_key(), Decimal(1), WIDE).result()
            own.crash()
            with pytest.raises(StoreError, match="cannot be reached"):
                ledger.settle(granted.id, Tokens(), Decimal("0.5")).result()
            own.start()
            assert ledger.settle(granted.id, Tokens(), Decimal("0.5")).result().cost == Decimal("0.5")
    finally:
        own.stop()


# Who lives


def _is_alive(database: Database, token: str, _: Connection) -> bool:
    return database.is_alive(token)


def _owner(database: Database, _: Connection) -> str:
    return database.owner()


def test_a_process_is_alive_until_its_session_ends(store_url: str, database: Database) -> None:
    def alive(token: str) -> bool:
        return database.read(partial(_is_alive, database, token)).result()

    with Database.connect(store_url) as first, Database.connect(store_url) as second:
        tokens = [one.write(partial(_owner, one)).result() for one in (first, second)]
        assert [alive(token) for token in tokens] == [True, True]
        first.close()
        assert [alive(token) for token in tokens] == [False, True]
    assert not alive("of nobody ever")


def test_who_asks_does_not_make_the_dead_look_alive(store_url: str, database: Database) -> None:
    with Database.connect(store_url) as other:
        asked = [one.read(partial(_is_alive, one, "dead")).result() for one in (database, other) * 3]
    assert not any(asked)


def test_a_process_that_lost_its_connection_keeps_its_name_and_settles_what_was_assumed_meanwhile(
    postgres: Server, store_url: str, database: Database, clock: Clock
) -> None:
    caps = Caps(day=Decimal(2))
    with Database.connect(store_url) as lost:
        ledger, others = Ledger(lost, clock), Ledger(database, clock)
        granted = ledger.reserve(call_key(), Decimal(1), caps).result()
        _end(postgres, lost)
        assert others.recover().result().calls == 1
        with pytest.raises(CapReached):
            others.reserve(call_key(), Decimal("1.1"), caps).result()  # the worst case stands
        ledger.settle(granted.id, Tokens(), Decimal("0.2")).result()
        assert [(entry.state, entry.cost) for entry in others.entries().result()] == [("settled", Decimal("0.2"))]
        second = ledger.reserve(call_key(), Decimal(1), caps).result()
        assert others.recover().result().calls == 0  # it lives again, under the same name
        assert {entry.state for entry in others.entries().result() if entry.id == second.id} == {"reserved"}


def test_a_session_that_the_server_takes_for_living_does_not_keep_its_process_out(
    proxied: Database, proxy: Proxy, database: Database
) -> None:
    """Where the network went, the server holds the old session and its lock until it looks whether anybody is there."""
    ledger = Ledger(proxied)
    ledger.reserve(call_key(), Decimal(1), WIDE).result()
    proxy.cut("half-open")
    ledger.reserve(call_key(), Decimal(1), WIDE).result()
    assert Ledger(database).recover().result().calls == 0
    assert len(ledger.entries().result()) == 2
