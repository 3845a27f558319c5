"""The debate that everybody reads in full: what it makes of the same voices, and that it pays for all that it reads."""

from __future__ import annotations

import pytest
from attrs import evolve

from bench.naive import Naive, argue
from bench.protocol_map import prepared_corpus
from rebuttal.debate.model import Outcome
from rebuttal.evaluation.run import Prepared, simulate
from rebuttal.evaluation.skill import Skill
from rebuttal.evaluation.skilled import Till
from rebuttal.evaluation.truth import Said, judge
from rebuttal.settings import Settings
from rebuttal.text.tokens import TokenCounter

LIARS = Skill(hits=1.0, alarms=3.0, confirms_true=1.0, confirms_false=0.0, unsure=0.0, conformity=0.0)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    every = prepared_corpus("small", "c-*")
    return next(one for one in every if one.brief.seats and one.case.defects)


def held(prepared: Prepared, skill: Skill, rounds: int = 2) -> tuple[Outcome, Naive]:
    till = Till(Settings(), TokenCounter())
    prepared = evolve(prepared, brief=evolve(prepared.brief, rounds=rounds))
    _, opened = simulate(prepared, skill, 1, till)
    return opened, argue(prepared, opened, skill, 1, till)


def test_judges_who_err_never_and_follow_nobody_keep_what_is_true(prepared: Prepared) -> None:
    opened, naive = held(prepared, LIARS)
    told = judge(prepared.case, [Said.of_contention(one) for one in opened.contentions])
    assert "false" in {one.judgement for one in told}
    kept = judge(prepared.case, [Said.of_contention(one) for one in naive.kept])
    assert kept
    assert "false" not in {one.judgement for one in kept}


def test_who_follow_the_others_keep_whatever_was_claimed(prepared: Prepared) -> None:
    opened, naive = held(prepared, evolve(LIARS, conformity=1.0))
    assert naive.kept == opened.contentions


def test_each_round_is_read_by_every_seat_and_is_longer_than_the_last(prepared: Prepared) -> None:
    _, naive = held(prepared, LIARS, rounds=3)
    seats = len(prepared.brief.seats)
    read = [one.tokens.prompt for one in naive.replies]
    assert len(read) == 3 * seats
    for first, second, third in zip(read[:seats], read[seats : 2 * seats], read[2 * seats :], strict=True):
        assert first < second < third
    assert all(one.spent > 0 for one in naive.replies)


def test_where_nobody_claims_anything_no_round_is_held(prepared: Prepared) -> None:
    _, naive = held(prepared, evolve(LIARS, hits=0.0, alarms=0.0))
    assert naive == Naive((), (), 0.0)
