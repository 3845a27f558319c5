"""Whole debates by speakers of set skill: what comes of them follows from the skill and from nothing else."""

from __future__ import annotations

import asyncio
import os

import pytest
from attrs import evolve

from rebuttal.debate.model import Outcome
from rebuttal.debate.protocol import protocol_names
from rebuttal.evaluation.corpus import load_corpus
from rebuttal.evaluation.run import Prepared, prepare, simulate
from rebuttal.evaluation.score import CaseScore, Score
from rebuttal.evaluation.skill import PRESETS, Skill
from rebuttal.evaluation.skilled import Till, shown_claims
from rebuttal.settings import Settings
from rebuttal.text.tokens import TokenCounter
from tests.evaluation.conftest import written

CAREFUL = evolve(PRESETS["perfect"], conformity=0.0)


TILL = Till(Settings(), TokenCounter())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Prepared, ...]:
    cases = load_corpus(written(tmp_path_factory.mktemp("corpus")))
    return asyncio.run(prepare(cases, Settings(panel="small"), dict(os.environ)))


def held(prepared: Prepared, skill: Skill, seed: int = 1, protocol: str = "crossfire") -> tuple[CaseScore, Outcome]:
    asked = evolve(prepared, brief=evolve(prepared.brief, protocol=protocol))
    return simulate(asked, skill, seed, TILL)


def rows(outcome: Outcome) -> list[str]:
    return [one.settled.row for one in outcome.contentions if one.settled is not None]


@pytest.mark.parametrize("protocol", protocol_names())
def test_perfect_speakers_tell_every_defect_and_nothing_else(prepared: tuple[Prepared, ...], protocol: str) -> None:
    score = Score(tuple(held(one, CAREFUL, protocol=protocol)[0] for one in prepared))
    figures = score.figures()
    assert (figures.planted, figures.found, figures.true, figures.false) == (1, 1, 1, 0)
    assert (figures.precision, figures.recall, figures.f1) == (1.0, 1.0, 1.0)
    assert not [one for case in score.cases for one in case.degraded]


def test_the_same_seed_gives_the_same_debate_and_another_seed_another(prepared: tuple[Prepared, ...]) -> None:
    eager = evolve(Skill(), hits=0.5, alarms=3.0)

    def told(seed: int) -> list[tuple[str, float]]:
        outcomes = [held(one, eager, seed)[1] for one in prepared]
        return [(exchange.turn.seat, exchange.ended) for outcome in outcomes for exchange in outcome.exchanges]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_an_examiner_who_confirms_nothing_false_lets_no_alarm_through(prepared: tuple[Prepared, ...]) -> None:
    alarmed = evolve(CAREFUL, hits=0.0, alarms=4.0)
    credulous = evolve(alarmed, confirms_false=1.0)
    for one in prepared:
        score, outcome = held(one, alarmed)
        assert outcome.contentions
        assert not score.told
        assert len(held(one, credulous)[0].false) == len(outcome.contentions)


def test_who_conforms_confirms_what_most_positions_hold(prepared: tuple[Prepared, ...]) -> None:
    alarmed = evolve(CAREFUL, hits=0.0, alarms=4.0, unsure=1.0)
    strong = held(prepared[0], evolve(alarmed, conformity=0.0))[1]
    weak = held(prepared[0], evolve(alarmed, conformity=1.0))[1]
    assert set(rows(strong)) == {"moderator unsure"}
    assert set(rows(weak)) == {"moderator confirmed"}


def test_invented_quotes_count_for_nothing(prepared: tuple[Prepared, ...]) -> None:
    _, outcome = held(prepared[0], evolve(CAREFUL, void=1.0))
    rulings = [ruled for one in outcome.contentions for ruled in one.rulings]
    assert rulings
    assert not any(ruled.valid for ruled in rulings)


def test_what_the_panel_is_not_shown_settles_nothing(prepared: tuple[Prepared, ...]) -> None:
    one = prepared[0]
    hidden = evolve(one.case.defects[0], settled_file="docs/rates.md")
    blind = evolve(one, case=evolve(one.case, defects=(hidden,)))
    score, outcome = held(blind, CAREFUL)
    assert blind.unseen == (hidden.id,)
    assert score.unseen == (hidden.id,)
    assert not score.told
    assert {ruled.ruling.verdict for each in outcome.contentions for ruled in each.rulings} == {"unsure"}


def test_the_second_seat_reads_what_the_first_has_written_to_the_cache(prepared: tuple[Prepared, ...]) -> None:
    _, outcome = held(prepared[0], CAREFUL)
    openings = [one.reply.tokens for one in outcome.exchanges if one.turn.phase == "opening"]
    sonnet = [
        one.reply.tokens for one in outcome.exchanges if one.turn.phase == "opening" and one.turn.tier == "sonnet"
    ]
    assert len(openings) == len(prepared[0].brief.seats)
    assert (sonnet[0].cache_read, sonnet[0].cache_write > 0) == (0, True)
    assert all(one.cache_read == sonnet[0].cache_write for one in sonnet[1:])


def test_time_passes_as_the_tiers_speak(prepared: tuple[Prepared, ...]) -> None:
    usual, _ = held(prepared[0], CAREFUL)
    short, _ = held(prepared[0], evolve(CAREFUL, length=0.5))
    assert usual.first_s is not None
    assert short.first_s is not None
    assert 0 < short.first_s < usual.first_s <= usual.seconds
    assert short.cost.spent < usual.cost.spent


def test_seats_are_credited_with_what_they_raised_and_ruled(prepared: tuple[Prepared, ...]) -> None:
    score, outcome = held(prepared[0], CAREFUL)
    raisers = outcome.contentions[0].raisers
    assert {seat for seat, one in score.seats.items() if one.true} == set(raisers)
    assert sum(one.ruled_right for one in score.seats.values()) >= 1
    assert not any(one.ruled_wrong for one in score.seats.values())
    assert sum(one.cost.spent for one in score.seats.values()) == score.cost.spent
    assert sum(one.unique for one in score.seats.values()) == (len(raisers) == 1)


def test_claims_in_a_prompt_are_read_with_the_positions_that_follow_them() -> None:
    ask = "\n".join(
        f'<pasted_content id="f" source="{source}">\n{text}\n</pasted_content id="f">'
        for source, text in (
            ("author", '{"claim": "no"}'),
            ("claim", '{"claim": "c-1", "title": "One", "file": "a.py", "quote": "x"}'),
            ("position", '{"holds": "confirmed"}'),
            ("position", '{"holds": "refuted"}'),
            ("claim", '{"claim": "c-2", "title": "Two", "file": "b.py", "quote": "y"}'),
            ("position", '{"holds": "refuted"}'),
        )
    )
    first, second = shown_claims(ask)
    assert (first.id, first.title, first.leaning) == ("c-1", "One", None)
    assert (second.id, second.file, second.leaning) == ("c-2", "b.py", "refuted")
