"""Which tier speaks where: the design's table in code, and how long an answer may be."""

from __future__ import annotations

from rebuttal.debate.model import Phase, Profile, Seat, Tier
from rebuttal.findings.severity import Severity, at_least

MAX_TOKENS: dict[Phase, int] = {
    "triage": 3_000,
    "opening": 12_000,
    "cross_examination": 8_000,
    "rebuttal": 6_000,
    "consensus": 4_000,
}
"""Of one answer, thinking included. It bounds what is set aside and saves nothing: a cut answer is paid and lost."""


def opening_tier(seat: Seat, profile: Profile) -> Tier:
    """The seat's own, from its front matter."""
    return seat.tiers[profile]


def cross_tier(severity: Severity, profile: Profile) -> Tier:
    """For a claim raised with that severity."""
    high = at_least(severity, "high")
    if profile == "frugal":
        return "sonnet" if high else "haiku"
    return "opus" if profile == "thorough" and high else "sonnet"


def settling_tier(severity: Severity, profile: Profile, *, contested: bool) -> Tier:
    """For rebuttal and Moderator."""
    if profile == "thorough" or (profile == "balanced" and contested and severity == "critical"):
        return "opus"
    return "sonnet"
