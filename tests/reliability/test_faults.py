"""Every fault of the table, in every phase of a debate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.reliability.checks import check, failed
from tests.reliability.page import MADE_IN, PAGE, row
from tests.reliability.stage import CAP, CLAIMS, PHASES
from tests.reliability.storms import cap_for, meet
from tests.reliability.table import TROUBLES, Trouble

LANES = 3
"""Calls of one phase that may have been under way when the first of them failed."""
CHEAP = 5
"""Calls of one question to the cheapest model, after which no dearer one is asked."""
ALONE: tuple[tuple[str, ...], ...] = tuple((phase,) for phase in PHASES)
APART: tuple[tuple[str, ...], ...] = (("opening",), ("cross_examination",), ("triage", "rebuttal", "consensus"))
"""A failure in each of the last three takes nothing from the others, so one debate has room for all of them."""
STAYING = [
    pytest.param(one, phases, id=f"{one.id}-{'+'.join(phases)}")
    for one in TROUBLES
    for phases in (ALONE if one.spreads or one.way == "debate ends" else APART[:1] if one.is_slow else APART)
]


@pytest.mark.parametrize(("trouble", "phases"), STAYING)
async def test_a_fault_that_stays(
    emulator: Emulator, tmp_path: Path, trouble: Trouble, phases: tuple[str, ...]
) -> None:
    run = await meet(trouble, emulator, tmp_path, phases=phases)
    check(run, cap=cap_for(trouble) or CAP, lossy=trouble.loses)
    for phase in phases:
        replies = [reply for turn, reply in run.replies if turn.phase == phase]
        assert replies, f"{phase} was not reached"
        kinds = {reply.failure.kind if reply.failure else None for reply in replies}
        # An answer may be shorter than where the fault would come, and triage takes any object.
        assert trouble.kind in kinds or (phase, trouble.id) == ("triage", "invalid")
        assert kinds <= {trouble.kind, None}
        most = CHEAP if phase == "triage" and trouble.way == "again" else trouble.most
        assert max(reply.calls for reply in replies) <= most
    if trouble.way == "debate ends" and phases != ("triage",):
        assert run.outcome.stopped_by is not None
        assert len(run.of(phases[0])) <= LANES

    if phases == MADE_IN:
        assert row(trouble, run) in PAGE.read_text("utf-8").splitlines(), "run python -m tests.reliability"


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: one.id)
async def test_a_fault_that_happens_once_in_every_phase(emulator: Emulator, tmp_path: Path, trouble: Trouble) -> None:
    phases = ("opening",) if trouble.spreads or trouble.drips else PHASES
    run = await meet(trouble, emulator, tmp_path, phases=phases, once=True)
    check(run, cap=cap_for(trouble) or CAP, lossy=trouble.loses)
    assert failed(run) is not trouble.recovers
    if trouble.recovers:
        assert len(run.outcome.contentions) == sum(map(len, CLAIMS.values()))
        assert {turn.phase for turn, _ in run.replies} == set(PHASES)
        assert run.attempts <= 2


ELSEWHERE = {(one.kind, one.way, one.money, one.group): one for one in TROUBLES if one.elsewhere}
"""One of each kind: which model is asked next does not depend on more."""


@pytest.mark.parametrize("trouble", ELSEWHERE.values(), ids=lambda one: one.id)
async def test_a_fault_of_one_model_alone_is_made_good_by_another(
    emulator: Emulator, tmp_path: Path, trouble: Trouble
) -> None:
    run = await meet(trouble, emulator, tmp_path, model="sonnet")
    check(run, lossy=trouble.loses)
    assert not failed(run)
    assert any("answered instead of" in note for _, reply in run.replies for note in reply.notes)
