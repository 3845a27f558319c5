"""What happens in a review, as it happens: editors, CLI and transcript share these."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    # The doors know these events; a static review shows without loading the debate's model.
    from rebuttal.debate.model import EndedBy, Phase, RulingVerdict, SettledAs, SettledVerdict
    from rebuttal.findings.severity import Severity


@frozen
class PhaseStarted:
    phase: Phase
    turns: int
    """How many calls the phase will make, as far as is known."""


@frozen
class SeatStarted:
    seat: str
    phase: Phase


@frozen
class SeatFinished:
    seat: str
    phase: Phase
    spent: Decimal
    claims: int
    rulings: int
    failure: str | None


@frozen
class ClaimRaised:
    """A claim has been anchored; a duplicate of an earlier one is not raised again."""

    claim: str
    seat: str
    title: str
    file: str
    line: int
    """From 0."""
    severity: Severity


@frozen
class ClaimRuled:
    claim: str
    seat: str
    verdict: RulingVerdict
    valid: bool
    """Whether its quote was found in the code."""


@frozen
class ClaimSettled:
    """What became of a claim, as things stand: told again if it becomes something else."""

    claim: str
    outcome: SettledAs
    verdict: SettledVerdict
    severity: Severity


@frozen
class ArgumentEnded:
    """No further round is held: by what, after which round, and how many claims are left to the Moderator."""

    by: EndedBy
    round: int
    still_open: int


@frozen
class CostChanged:
    """What the debate has cost so far; what was said before it was taken up is not in it."""

    spent: Decimal
    assumed: Decimal
    """The worst case of calls whose usage will never be known."""
    calls: int


DebateEvent = (
    PhaseStarted | SeatStarted | SeatFinished | ClaimRaised | ClaimRuled | ClaimSettled | ArgumentEnded | CostChanged
)
