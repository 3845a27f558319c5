"""The random histories of test_ledger_properties.py on a server, over a way that is cut at random messages.

Each process is a session of its own. Where the way is cut, the ledger must tell what happened all the same: nothing is
lost, nothing is done twice.
"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from rebuttal.store.database import Database
from tests.postgres import PostgresServer
from tests.store.proxy import Proxy
from tests.store.test_ledger_properties import Spending

MESSAGES = 12
"""More than the longest transaction of these sends."""


@pytest.mark.timeout(300)
def test_random_histories_of_processes_that_share_a_server(postgres: PostgresServer, postgres_store: str) -> None:
    class Shared(Spending):
        def __init__(self) -> None:
            postgres.empty(postgres_store)
            self.proxy = Proxy(postgres.port)
            self.url = re.sub(r":\d+/", f":{self.proxy.port}/", postgres.url(postgres_store))
            super().__init__()

        def open(self) -> Database:
            return Database.connect(self.url)

        def interrupt(self, process: int, steps: int) -> None:
            self.proxy.cut("before" if steps % 2 else "after", 1 + steps // 2 % MESSAGES)

        def crash(self, process: int) -> None:
            self.proxy.cut(None)
            self.databases[process].close()
            ours = f"datname = '{postgres_store}' AND application_name = 'rebuttal'"
            sessions = f"SELECT count(*) FROM pg_stat_activity WHERE {ours}"
            deadline = time.monotonic() + 20
            while postgres.run(sessions) != [(2,)] and time.monotonic() < deadline:
                time.sleep(0.005)  # the server needs a moment to see that somebody has gone
            super().crash(process)

        def teardown(self) -> None:
            super().teardown()
            self.proxy.close()

    machine: Any = Shared
    run_state_machine_as_test(machine, settings=settings(max_examples=10, stateful_step_count=30))
