"""How good a simulated speaker is: figures with their sources, and the draws that are made by them.

What is simulated here says nothing about any real model. It shows what a protocol makes of speakers who are as good,
and as much alike in their mistakes, as the figures say.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any

from attrs import evolve, field, fields, frozen

from rebuttal.debate.model import Tier
from rebuttal.review.request import UsageError

_NORMAL = NormalDist()


@frozen
class Pace:
    """How fast a tier speaks."""

    first_token: float
    """Seconds until the answer begins, median; the 95th percentile is three times that."""
    tokens_per_second: float


PACES: Mapping[Tier, Pace] = {"haiku": Pace(0.6, 150.0), "sonnet": Pace(1.8, 82.0), "opus": Pace(2.7, 58.0)}
"""Measured for the line of 4.5 (Artificial Analysis, 2025: Sonnet 4.5 63 tokens a second, 1.8 s to the first; Opus 4.1
45 and 2.7 s; published for Haiku 4.5: some 150 and 0.2 to 0.6 s), times the 30 % by which Sonnet 5.5 and Opus 5.5 are
announced to be faster than their predecessors (Anthropic, September 2026). No independent figures of 5.5 were found."""

TAIL = 0.67
"""Standard deviation of the logarithm of the time to the first token: published medians and 95th percentiles of three
models lie apart by a factor of three."""


@frozen
class Skill:
    """What a speaker can do. Probabilities are of one seat of tier sonnet, unless something else is said."""

    hits: float = 0.37
    """Of finding a defect in an opening. 37 %: the average of 12 review tools on 50 pull requests with 137 issues."""
    alarms: float = 0.35
    """False claims that an opening makes on average. Half of what a single pass says was found invalid (30 to 60 %)."""
    lure_weight: float = 5.0
    """How many times likelier a lure is to be claimed than any other changed line. Assumed."""
    on_lens: float = 1.15
    off_lens: float = 0.85
    """Times `hits`, for a defect that the seat's lens is about, and for another. Assumed."""
    tiers: Mapping[Tier, float] = field(factory=lambda: {"haiku": 0.9, "sonnet": 1.0, "opus": 1.1})
    """Times `hits`. Assumed: of haiku and sonnet 4.5 and 4.6 nearly the same F1 was measured on reviews."""
    severities: Mapping[str, float] = field(factory=dict)
    """Times `hits`, by the defect's severity; 1 where nothing is said."""
    same_tier: float = 0.6
    """How alike two seats of one tier are in what they find and get wrong: the correlation of the normal variables that
    decide it. With 0.6 and 37 % hits the second misses 78 % of what the first does: found of repeats of one model."""
    across: float = 0.36
    """The same between tiers. With it 2, 3, 4 and 5 of them find 55, 65, 72 and 77 % together; those 12 tools found
    55, 65, 71 and 75 %. 0 for models of different families, who share a third of their mistakes, which is chance."""
    confirms_true: float = 0.9
    """Of an examiner confirming a claim that is true."""
    confirms_false: float = 0.21
    """Of an examiner confirming one that is not. An adversarial check killed 79 % of 171 candidates."""
    unsure: float = 0.1
    """Of an examiner not ruling either way. Assumed."""
    shared_blindness: float = 0.0
    """How much of what seats have in common when they read a change they have in common when they rule on a claim.
    0: the rates above hold of every claim, as the published ones do, which were measured on what finders had claimed.
    1: an examiner is as much like the finder as another finder, and confirms its mistakes more than the rates say."""
    conformity: float = 0.5
    """Of taking the side that most positions shown take, whatever one thought. Up to 0.85 among peers was measured."""
    void: float = 0.02
    """Of a ruling that quotes what is not in the code. Assumed."""
    leaves_out: float = 0.7
    """Of leaving out, in triage, a seat in doubt whose lens is about nothing that is wrong with the change. Assumed."""
    possible: float = 0.2
    """Of a claim being called no more than possible, true or not. Assumed: what models say of their certainty is taken
    to tell nothing."""
    paces: Mapping[Tier, Pace] = PACES
    lengths: Mapping[Tier, float] = field(factory=dict)
    """Times `length`, by tier; 1 where nothing is said."""
    length: float = 1.0
    """Times the lengths of answers that estimates assume (`debate/planning.py`), which are on the high side."""


PRESETS: Mapping[str, Skill] = {
    "average": Skill(),
    "weak": Skill(hits=0.14, alarms=0.7, confirms_true=0.95, confirms_false=0.58),
    "strong": Skill(hits=0.64, alarms=0.5, confirms_true=0.98, confirms_false=0.09),
    "perfect": Skill(
        hits=1.0,
        alarms=0.0,
        on_lens=1.0,
        off_lens=1.0,
        tiers={"haiku": 1.0, "sonnet": 1.0, "opus": 1.0},
        confirms_true=1.0,
        confirms_false=0.0,
        unsure=0.0,
        void=0.0,
        possible=0.0,
    ),
}
"""By name. weak: a single pass of SWR-Bench (recall 14 %, precision 17 %) and the verifier of arXiv 2609.15887
(precision 35 to 47 %). strong: the best single model of Zenodo 20519585 (64 %), and a check with counter-evidence that
brought 30 to 60 % of invalid findings down to 7 %. perfect: finds and confirms what is there, for trying a corpus or a
protocol."""


def skill_named(name: str) -> Skill:
    """A preset, or a TOML file with fields of Skill; the others are those of the preset that `like` names.

    Raises UsageError.
    """
    if name in PRESETS:
        return PRESETS[name]
    path = Path(name)
    if not path.is_file():
        known = ", ".join(PRESETS)
        raise UsageError(f"there is no skill {name!r}: name one of {known}, or a TOML file with the fields of one")
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    like = table.pop("like", "average")
    if like not in PRESETS:
        raise UsageError(f"{path}: like is {like!r}, which is none of {', '.join(PRESETS)}")
    return _changed(PRESETS[like], table, path)


def _changed(skill: Skill, table: Mapping[str, Any], path: Path) -> Skill:
    numbers = {one.name for one in fields(Skill)} - {"tiers", "severities", "paces", "lengths"}
    for key, value in table.items():
        if key not in numbers:
            raise UsageError(f"{path}: {key} is none of {', '.join(sorted(numbers))}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise UsageError(f"{path}: {key} must be a number of 0 or more")
    given: dict[str, Any] = {key: float(value) for key, value in table.items()}
    return evolve(skill, **given)


def draw(*parts: object) -> float:
    """A number from 0 to 1 that only these parts decide: the same on every machine and in every order."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**64


def normal(*parts: object) -> float:
    """The same, of the standard normal distribution."""
    return _NORMAL.inv_cdf(min(max(draw(*parts), 1e-12), 1 - 1e-12))


def luck(skill: Skill, seed: int, thing: str, tier: Tier, who: str, share: float = 1.0) -> float:
    """Of one seat with one thing: standard normal, low is lucky. Seats have a part of it in common, all of them and
    those of a tier; `share` of that part counts, the rest is the speaker's own."""
    across = min(skill.across, skill.same_tier) * share
    tier_only = skill.same_tier * share - across
    return (
        sqrt(across) * normal(seed, "all", thing)
        + sqrt(tier_only) * normal(seed, "tier", tier, thing)
        + sqrt(max(1 - across - tier_only, 0.0)) * normal(seed, "own", who, thing)
    )


def happens(its_luck: float, probability: float) -> bool:
    """Whether something of that probability comes about with that luck."""
    if probability <= 0:
        return False
    return probability >= 1 or its_luck < _NORMAL.inv_cdf(probability)
