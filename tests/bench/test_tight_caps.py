"""The benchmark of small caps measures what it says."""

from __future__ import annotations

from decimal import Decimal

from bench.debate_time import larger
from bench.protocol_map import CORPUS
from bench.tight_caps import held, known, row
from rebuttal.evaluation.corpus import load_corpus
from rebuttal.evaluation.skill import PRESETS
from rebuttal.evaluation.skilled import Till
from rebuttal.settings import Settings
from rebuttal.text.tokens import TokenCounter


def test_a_small_cap_ended_a_debate_before_anything_was_examined() -> None:
    """At three tenths of what it was expected to cost, a debate confirmed next to nothing."""
    settings = Settings(panel="medium")
    change = next(larger([case for case in load_corpus(CORPUS) if not case.clean]))
    (one,) = known([change], settings)
    till = Till(settings, TokenCounter())
    debates = []
    for share in (100, 30):
        cap = (one.expected * share / 100).quantize(Decimal("0.0001"))
        figures, outcome = held(one, settings, cap, PRESETS["perfect"], 1, till)
        assert figures.spent <= figures.cap == cap
        assert outcome.stopped_by is None
        assert figures.examined == figures.raised
        assert len(figures.found) == figures.planted
        debates.append(figures)
    assert debates[1].spent < debates[0].spent
    assert row("30", debates)[0] == "30"
