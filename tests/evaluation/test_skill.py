"""The simulated speakers are as good, and as much alike, as their figures say."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest
from attrs import evolve

from rebuttal.debate.model import Tier
from rebuttal.evaluation.skill import PRESETS, Skill, draw, happens, luck, skill_named
from rebuttal.review.request import UsageError

THINGS = [f"thing {number}" for number in range(6000)]


def finds(skill: Skill, tier: Tier, who: str) -> list[bool]:
    return [happens(luck(skill, 1, thing, tier, who), skill.hits) for thing in THINGS]


def test_a_seat_finds_as_often_as_it_is_set_to() -> None:
    assert fmean(finds(Skill(hits=0.37), "sonnet", "a")) == pytest.approx(0.37, abs=0.02)


def test_seats_of_one_tier_share_their_misses_as_repeats_of_one_model_do() -> None:
    one, other = finds(Skill(), "sonnet", "a"), finds(Skill(), "sonnet", "b")
    missed = [theirs for ours, theirs in zip(one, other, strict=True) if not ours]
    assert 1 - fmean(missed) == pytest.approx(0.78, abs=0.03)


def test_tiers_together_find_what_tools_together_were_found_to_find() -> None:
    """12 tools on the same 50 pull requests: one 37 %, two 55 %, three 65 %."""
    tiers: tuple[Tier, ...] = ("haiku", "sonnet", "opus")
    every = [finds(Skill(), tier, tier) for tier in tiers]
    for count, published in ((1, 0.37), (2, 0.55), (3, 0.65)):
        together = fmean(any(seat[number] for seat in every[:count]) for number in range(len(THINGS)))
        assert together == pytest.approx(published, abs=0.03)


def test_an_examiner_that_shares_nothing_is_right_as_often_whoever_was_wrong_before() -> None:
    skill = evolve(Skill(), shared_blindness=0.0)
    wrong = [thing for thing in THINGS if happens(luck(skill, 1, thing, "sonnet", "finder"), 0.2)]
    apart = fmean(happens(luck(skill, 1, thing, "sonnet", "examiner", 0.0), 0.21) for thing in wrong)
    alike = fmean(happens(luck(skill, 1, thing, "sonnet", "examiner", 1.0), 0.21) for thing in wrong)
    assert apart == pytest.approx(0.21, abs=0.04)
    assert alike > 0.4


def test_a_draw_is_decided_by_its_parts_alone() -> None:
    assert draw(1, "case", "seat") == draw(1, "case", "seat")
    assert draw(1, "case", "seat") != draw(2, "case", "seat")
    assert all(0 < draw(number) < 1 for number in range(1000))


def test_a_skill_is_a_preset_or_a_file_over_one(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('like = "strong"\nhits = 0.5\n', "utf-8")
    assert skill_named("average") == PRESETS["average"]
    assert skill_named(str(file)) == evolve(PRESETS["strong"], hits=0.5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hitz = 0.5", "hitz is none of"),
        ('hits = "much"', "must be a number"),
        ("hits = -1", "must be a number of 0 or more"),
        ('like = "nobody"', "like is 'nobody'"),
        ("hits = ", "cannot be read"),
    ],
)
def test_a_skill_file_that_is_wrong_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="mine") as refused:
        skill_named(str(file))
    assert told in str(refused.value)


def test_a_skill_that_is_nowhere_is_refused() -> None:
    with pytest.raises(UsageError, match="average, weak, strong, perfect"):
        skill_named("genius")
