from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rebuttal.store.owner import Owner, is_alive, sweep

CHILD = """
import sys
from pathlib import Path
from rebuttal.store.owner import Owner
owner = Owner(Path(sys.argv[1]))
print(owner.token, flush=True)
sys.stdin.read()
"""


@pytest.mark.timeout(60)
def test_a_process_is_alive_until_it_is_killed(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    token = child.stdout.readline().strip()
    assert is_alive(tmp_path, token)
    sweep(tmp_path)
    assert is_alive(tmp_path, token)
    child.kill()
    child.communicate()
    assert not is_alive(tmp_path, token)
    assert list(tmp_path.iterdir()) == []


def test_two_of_one_process_are_told_apart(tmp_path: Path) -> None:
    first, second = Owner(tmp_path), Owner(tmp_path)
    first.close()
    assert not is_alive(tmp_path, first.token)
    assert is_alive(tmp_path, second.token)
    second.close()


def test_a_token_that_nobody_ever_had_is_dead(tmp_path: Path) -> None:
    assert not is_alive(tmp_path / "none", "token")


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / "left").touch()
    living = Owner(tmp_path)
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [living.token]
    living.close()
    sweep(tmp_path / "none")


def test_sweeping_never_buries_a_process_that_is_just_starting(tmp_path: Path) -> None:
    """A new token that was swept before it was locked would make a living process count as dead."""

    def sweep_often(_: int) -> None:
        for _ in range(300):
            sweep(tmp_path)

    with ThreadPoolExecutor(3) as sweepers:
        sweeping = [sweepers.submit(sweep_often, number) for number in range(3)]
        while not all(job.done() for job in sweeping):
            owner = Owner(tmp_path)
            assert is_alive(tmp_path, owner.token)
            owner.close()
