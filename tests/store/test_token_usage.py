"""Sums of token counts by model: shared by processes, newer calls weighing more, one strange reply moving little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rebuttal.store import schema
from rebuttal.store.database import Database
from rebuttal.store.token_usage import TokenUsage, UsageSums

_ADDS = """
import sys
from pathlib import Path
from rebuttal.store.database import Database
from rebuttal.store.token_usage import TokenUsage
with Database.open(Path(sys.argv[1])) as database:
    for _ in range(25):
        TokenUsage(database).add("claude-sonnet-5-5", 2000, 3000).result()
"""


async def test_the_sums_are_those_of_the_calls(database: Database) -> None:
    usage = TokenUsage(database)
    assert await usage.sums() == {}
    await usage.add("one", 1000, 1500)
    await usage.add("one", 500, 1000)
    await usage.add("two", 100, 100)
    sums = await usage.sums()
    assert sums["two"] == UsageSums(1, 1.0, 10.0, 100.0, 1.0, 10.0)
    assert sums["one"].calls == 2
    assert sums["one"].weight == pytest.approx(2, rel=0.01)
    assert sums["one"].inverse == pytest.approx(3, rel=0.01)
    assert sums["one"].ratio == pytest.approx(3.5, rel=0.01)
    assert sums["one"].ratio_inverse == pytest.approx(1.5 + 4, rel=0.01)


def test_processes_that_add_at_the_same_time_lose_no_call(path: Path) -> None:
    with Database.open(path):
        pass
    command = [sys.executable, "-c", _ADDS, str(path)]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    with Database.open(path) as database:
        [sums] = TokenUsage(database).sums().result().values()
    assert sums.calls == 75
    assert sums.ratio / sums.weight == pytest.approx(1.5)


async def test_one_strange_reply_moves_the_mean_little(database: Database) -> None:
    usage = TokenUsage(database)
    for _ in range(20):
        await usage.add("model", 4000, 6000)
    await usage.add("model", 4000, 400_000)
    sums = (await usage.sums())["model"]
    assert 1.5 < sums.ratio / sums.weight < 1.6
    # The line stays a line: what was cut is cut in both sums.
    assert sums.ratio_inverse == pytest.approx(sums.ratio * 0.25)


async def test_a_new_tokenizer_is_learned_though_the_old_one_was_sure(database: Database) -> None:
    usage = TokenUsage(database)
    for _ in range(300):
        usage.add("model", 4000, 4800)
    for _ in range(600):
        usage.add("model", 4000, 6400)
    sums = (await usage.sums())["model"]
    assert sums.ratio / sums.weight == pytest.approx(1.6, rel=0.02)


@pytest.mark.parametrize(("base", "counted"), [(0, 5), (5, 0), (-1, 5)])
def test_a_count_of_nothing_is_refused(database: Database, base: int, counted: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        TokenUsage(database).add("model", base, counted)


def test_a_store_of_the_version_before_takes_calls(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
        before.setattr(schema, "VERSION", 2)
        Database.open(path).close()
    with Database.open(path) as database:
        TokenUsage(database).add("model", 10, 15).result()
        assert TokenUsage(database).sums().result()["model"].calls == 1
