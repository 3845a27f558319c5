"""Signals, closed streams and places that cannot be written, on the real process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.emulator.script import Rule
from tests.emulator.server import Emulator

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
REVIEW = (sys.executable, "-m", "rebuttal", "review", "--format", "json", "--yes", "--fail-on", "never")


def until(process: subprocess.Popen[bytes], done: Callable[[bytes], bool]) -> None:
    """Read stderr until it says so; the time limit of what follows bounds a process that never does."""
    said = b""
    assert process.stderr is not None
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    while not done(said) and (part := os.read(process.stderr.fileno(), 4096)):
        said += part
    watchdog.cancel()
    assert done(said), said


def until_written(process: subprocess.Popen[bytes], file: Path, what: bytes) -> None:
    """Wait until a file holds it; nothing else tells of what a process writes there."""
    end = time.monotonic() + 60
    while not (file.exists() and what in file.read_bytes()):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.02)


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [*REVIEW, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_debate_loses_no_finding_and_no_money(
    parcels: Path, panel: Emulator, home: Path, number: signal.Signals
) -> None:
    # The Code Reviewer speaks and is heard; its neighbours never answer.
    panel.script.add(Rule(seat="code-reviewer", phase="opening"), Rule(first_byte=3600.0))
    process = start("--repo", parcels, "--panel", "medium")
    until(process, lambda said: said.count(b"code-reviewer: ") == 3)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert b"interrupted" in err
    report = json.loads(out)
    assert {one["source"] for one in report["findings"]} == {"static"}
    raised = {one["title"] for one in report["held_back"]}
    assert "A customer's name becomes part of the SQL" in raised
    assert next(one["reason"] for one in report["degraded"]).startswith("the debate was interrupted")
    cost = report["cost"]
    assert Decimal(cost["spent"]) + Decimal(cost["assumed"]) > 0
    command = [sys.executable, "-m", "rebuttal", "ledger", "--format", "json"]
    ledger = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    (row,) = ledger["rows"]["review"]
    assert [row[name] for name in ("calls", "spent", "assumed")] == [
        cost[name] for name in ("calls", "spent", "assumed")
    ]
    assert Decimal(row["reserved"]) == 0


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_was_said_until_a_debate_was_killed_can_be_played(
    parcels: Path, panel: Emulator, tmp_path: Path, number: signal.Signals
) -> None:
    file = tmp_path / "tape.jsonl"
    panel.script.add(Rule(seat="code-reviewer", phase="opening"), Rule(first_byte=3600.0))
    process = start("--repo", parcels, "--panel", "medium", "--record", file)
    until_written(process, file, b'"turn"')
    process.send_signal(number)
    process.communicate(timeout=30)
    with start("--repo", parcels, "--panel", "medium", "--replay", file) as again:
        out, err = again.communicate(timeout=60)
    report = json.loads(out)
    heard = {step["seat"] for one in report["held_back"] for step in one["trace"]}
    assert "code-reviewer" in heard
    assert again.returncode == 3
    assert b"Traceback" not in err
    if number == signal.SIGKILL:
        assert "the recording breaks off before that" in report["degraded"][0]["reason"]


@posix
def test_ctrl_c_at_the_question_ends_at_once_and_prints_what_was_found(parcels: Path, panel: Emulator) -> None:
    import pty

    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "rebuttal", "review", "--repo", str(parcels), "--format", "json"]
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal) as process:
        os.close(terminal)
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        said = b""
        while b"[N]o: " not in said:
            said += os.read(controller, 4096)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        report = json.loads(process.stdout.read())
        assert process.wait(timeout=30) == 130
        watchdog.cancel()
    os.close(controller)
    assert {one["source"] for one in report["findings"]} == {"static"}
    assert panel.records == []


@posix
def test_ctrl_c_while_python_still_loads_is_no_traceback(home: Path, tmp_path: Path) -> None:
    # A shell that runs these tests in the background has the signal ignored.
    heard = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    hook = f"import os, signal; {heard}; os.kill(os.getpid(), signal.SIGINT)"
    (tmp_path / "argparse.py").write_text(hook, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "rebuttal", "review"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"rebuttal: interrupted\n")


@posix
def test_a_reader_that_goes_away_costs_no_exit_code_and_no_traceback(parcels: Path, home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "rebuttal", "review", "--repo", str(parcels)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(timeout=60) == 1
    assert err == b"static panel: 6 findings\n"


@posix
@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_stream_is_no_traceback(parcels: Path, home: Path, closed: int) -> None:
    command = f'"{sys.executable}" -m rebuttal review --repo "{parcels}" --format json {closed}>&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert done.stdout == b"" if closed == 1 else json.loads(done.stdout)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence_and_the_result_goes_to_stdout(parcels: Path, home: Path) -> None:
    done = subprocess.run([*REVIEW, "--repo", str(parcels), "--output", "/dev/full"], capture_output=True, check=False)
    assert done.returncode == 3
    assert len(json.loads(done.stdout)["findings"]) == 6
    assert b"could not be written (No space left on device)" in done.stderr
    assert b"Traceback" not in done.stderr
