"""What a recording says of its review, where it may not be what it says it is."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebuttal.debate.model import Means, TierPrice
from rebuttal.review.means import means_from_json, means_to_json
from rebuttal.review.recorded import compared
from rebuttal.review.run import review
from rebuttal.settings import Settings
from tests.emulator.server import Emulator
from tests.review.conftest import Door, Open, request_for

NOW: dict[str, Any] = {"findings": [], "held_back": [], "degraded": []}
PRICE = TierPrice(*[Decimal(1)] * 4)


async def test_a_review_without_a_debate_overwrote_the_outcome_of_the_recording_before_it(
    parcels: Path, panel: Emulator, open_services: Open, tmp_path: Path
) -> None:
    """Case after case of an evaluation is reviewed with the same services."""
    file = tmp_path / "tape.jsonl"
    services = open_services(panel.environment())
    live = await review(request_for(parcels, agreed=True, record=file), services, Door())
    assert any(one.source == "debate" for one in live.report.findings)
    kept = file.read_bytes()
    static = request_for(parcels, settings=Settings(panel="static"), record=tmp_path / "none.jsonl")
    await review(static, services, Door())
    assert file.read_bytes() == kept


@pytest.mark.parametrize(
    "recorded",
    [{"findings": [1]}, {"findings": "abc"}, {"findings": 5}, {"held_back": {"a": 1}}, {"findings": [{"title": []}]}],
)
def test_an_outcome_that_was_tampered_with_is_no_reason_to_crash(recorded: dict[str, Any]) -> None:
    assert compared(recorded, NOW).startswith("the replay ")


def test_of_a_debate_that_was_interrupted_no_replay_can_come_to_the_same() -> None:
    assert "breaks off" in compared({**NOW, "stopped_by": "interrupted", "degraded": [{"seat": "panel"}]}, NOW)
    assert "came to what was recorded" in compared({**NOW, "stopped_by": None}, NOW)


@pytest.mark.parametrize(
    "means",
    [Means(cap=Decimal("NaN")), Means(cap=Decimal(1), budget=Decimal("Infinity")), Means(prices={"haiku": PRICE})],
)
def test_means_that_no_recording_holds_are_none(means: Means) -> None:
    assert means_from_json(means_to_json(means)) is None


async def test_a_recording_that_was_tampered_with_is_played_or_refused_and_spends_nothing(
    parcels: Path, panel: Emulator, open_services: Open, tmp_path: Path
) -> None:
    file = tmp_path / "tape.jsonl"
    await review(request_for(parcels, agreed=True, record=file), open_services(panel.environment()), Door())
    sent = len(panel.records)
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    lines[0]["recording"]["means"] = {"cap": "NaN", "slices": {"haiku": -3}, "prices": {"haiku": 5}}
    lines[-1]["outcome"] = {"findings": [None], "stopped_by": 7}
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    played = await review(request_for(parcels, replay=file), open_services(panel.environment()), Door())
    assert len(panel.records) == sent
    assert played.report.cost.spent == 0
    assert played.outcome is not None
