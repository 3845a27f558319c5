"""A fault, and another one when the question is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuttal.store.model import Caps
from tests.emulator import Emulator
from tests.reliability.checks import check, failed
from tests.reliability.stage import CAP, PHASES, SHORT, SILENCE, hold, patience
from tests.reliability.table import BY_ID

PAIRS = (
    ("529", "cut mid"),
    ("cut mid", "529"),
    ("cut mid", "reset mid"),
    ("invalid", "closed"),
    ("429 wait", "stall first"),
    ("500", "max_tokens"),
    ("refusal", "529"),
    ("stall mid", "refusal"),
    ("max_tokens", "cut mid"),
    ("prose", "refusal"),
    ("overloaded mid", "truncated"),
    ("no events", "504"),
)


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_a_second_fault_on_the_retry(emulator: Emulator, tmp_path: Path, first: str, second: str) -> None:
    for phase in PHASES:
        for name in (first, second):
            emulator.script.add(*BY_ID[name].rules(phase, 1))
    wait = patience(silence=SHORT if "stall" in first + second else SILENCE)
    run = await hold(emulator, tmp_path, wait=wait)
    check(run, lossy=BY_ID[first].loses or BY_ID[second].loses)
    assert not failed(run)
    assert run.attempts <= 4


@pytest.mark.parametrize("first", ["529", "closed", "cut mid", "max_tokens"])
@pytest.mark.parametrize("second", ["400", "401", "402", "spend limit"])
async def test_what_cannot_be_mended_ends_the_retries_too(
    emulator: Emulator, tmp_path: Path, first: str, second: str
) -> None:
    emulator.script.add(*BY_ID[first].rules("cross_examination", 1), *BY_ID[second].rules("cross_examination"))
    run = await hold(emulator, tmp_path)
    check(run)
    assert run.outcome.stopped_by is not None
    assert run.outcome.stopped_by.kind == BY_ID[second].kind
    assert run.attempts <= 2
    assert run.of("rebuttal") == run.of("consensus") == ()


async def test_a_cap_that_retries_use_up_is_kept(emulator: Emulator, tmp_path: Path) -> None:
    cap = CAP / 10
    emulator.script.add(*BY_ID["closed"].rules("opening"))
    run = await hold(emulator, tmp_path, caps=Caps(review=cap))
    check(run, cap=cap)
    assert failed(run)
