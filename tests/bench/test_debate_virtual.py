"""What is counted and what a debate over real HTTP takes are the same, as the results claim."""

from __future__ import annotations

import asyncio
import os
from decimal import Decimal

import pytest

from bench.debate_virtual import AS_SKILLED, SEED, held
from bench.protocol_map import CORPUS
from rebuttal.evaluation.corpus import load_corpus
from rebuttal.evaluation.run import prepare, simulate
from rebuttal.evaluation.skill import PRESETS
from rebuttal.evaluation.skilled import Knowledge, Skilled, Till
from rebuttal.settings import Settings
from rebuttal.speakers.traffic import MOST
from rebuttal.text.tokens import TokenCounter
from tests.emulator.knowing import Knowing


def test_a_debate_over_http_takes_the_time_that_is_counted() -> None:
    case = next(one for one in load_corpus(CORPUS) if one.name == "go-basket-reservation")
    settings, skill = Settings(panel="medium", max_cost=Decimal(100)), PRESETS["average"]
    till = Till(settings, TokenCounter())
    (one,) = asyncio.run(prepare([case], settings, dict(os.environ)))
    score, outcome = simulate(one, skill, SEED, till)
    knowing = Knowing(Skilled(Knowledge(case, one.brief.change, one.shown, skill), skill, SEED, till.fresh()))
    first, again = (held(one.brief, knowing, AS_SKILLED, settings, MOST) for _ in range(2))
    assert outcome.contentions
    assert first.virtual_s == pytest.approx(score.seconds, rel=0.001)
    assert [finding.title for finding in first.outcome.findings] == [finding.title for finding in outcome.findings]
    assert again.virtual_s == first.virtual_s
