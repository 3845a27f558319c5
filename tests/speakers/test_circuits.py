"""Which models are passed over because they were too busy a moment ago."""

from __future__ import annotations

import pytest

from rebuttal.debate.model import Failure
from rebuttal.speakers.circuits import LONGEST, PAUSE, Circuits
from tests.speakers.conftest import FakeTime

BUSY = Failure("overloaded", "It is overloaded.")


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def circuits(time: FakeTime) -> Circuits:
    return Circuits(time.clock)


def test_a_model_that_was_too_busy_is_passed_over_for_a_while_and_others_are_not(
    circuits: Circuits, time: FakeTime
) -> None:
    circuits.too_busy("opus", BUSY, None)
    assert circuits.open("opus") is BUSY
    assert circuits.open("sonnet") is None
    time.passed = PAUSE
    assert circuits.open("opus") is None
    assert circuits.doubted("opus")


def test_after_the_pause_one_call_finds_out_and_the_others_wait_for_it(circuits: Circuits, time: FakeTime) -> None:
    circuits.too_busy("opus", BUSY, None)
    time.passed = PAUSE
    with circuits.asking("opus"):
        assert circuits.open("opus") is BUSY
        circuits.answers("opus")
        assert circuits.open("opus") is None
    assert not circuits.doubted("opus")


def test_a_call_that_is_cancelled_while_it_finds_out_leaves_it_to_the_next(circuits: Circuits, time: FakeTime) -> None:
    circuits.too_busy("opus", BUSY, None)
    time.passed = PAUSE
    with pytest.raises(KeyboardInterrupt), circuits.asking("opus"):
        raise KeyboardInterrupt
    assert circuits.open("opus") is None


def test_each_time_that_it_is_still_too_busy_the_pause_doubles(circuits: Circuits, time: FakeTime) -> None:
    circuits.too_busy("opus", BUSY, None)
    for pause in (2 * PAUSE, 4 * PAUSE, 8 * PAUSE, LONGEST, LONGEST):
        while circuits.open("opus"):
            time.passed += 1
        circuits.too_busy("opus", BUSY, None)
        begin = time.passed
        while circuits.open("opus"):
            time.passed += 1
        assert time.passed - begin == pause


def test_many_calls_that_fail_together_do_not_lengthen_the_pause(circuits: Circuits, time: FakeTime) -> None:
    for _ in range(7):
        circuits.too_busy("opus", BUSY, None)
    time.passed = PAUSE
    assert circuits.open("opus") is None


def test_a_time_that_the_service_named_is_believed(circuits: Circuits, time: FakeTime) -> None:
    circuits.too_busy("opus", BUSY, 3600.0)
    time.passed = 3599.0
    assert circuits.open("opus") is BUSY
    time.passed = 3600.0
    assert circuits.open("opus") is None
