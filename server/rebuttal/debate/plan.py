"""The calls that a panel will probably make, so that they can be priced before anything is sent.

Assumptions, each on the high side of what published reviews show, to be learned from the ledger later:

- A seat raises one claim for about 40 changed lines, at least one and at most twelve (large changes hide more
  defects than reviewers report: 150 lines and more are reviewed with single-digit recall).
- Two of three claims are distinct after merging (shared findings of different models are the minority).
- The first claims are cross-examined alone, as they are heard; those that wait for a lane go two to a call.
- One claim in five is unsure or contested and worth a rebuttal in each round that the panel has; in the end one
  call of the Moderator rules on what is left, if there is any.
- An answer is mostly thinking: about 1,500 tokens for reading the change (more for a larger one) and 250 for each
  claim with its fixes; 600 and 200 for each claim in cross-examination; 900 in rebuttal and consensus.
- High severity is claimed by one seat in two, which is what moves a cross-examination to the dearer tier.

The shared part is not counted here: budget/ adds it to each call, written to the cache once for a tier and read
from it afterwards. That is an upper bound for the tiers that get the smaller dossier instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import Change
from rebuttal.debate.crossfire import LANES
from rebuttal.debate.model import Phase, Profile, ProtocolName, Seat, Tier
from rebuttal.debate.panel import PanelChoice
from rebuttal.debate.prompts import EXAMINER, MODERATOR, Prompts, load_prompts
from rebuttal.debate.tiers import MAX_TOKENS, cross_tier, opening_tier, settling_tier
from rebuttal.findings.severity import Severity

LINES_PER_CLAIM = 40
MOST_CLAIMS = 12
"""Of one seat."""
CHARACTERS_PER_TOKEN = 3.0
"""Of our own English prompts, on the low side of what current tokenizers give."""
CLAIM_TOKENS = 700
"""A claim as it is shown to an examiner, with the code around it."""


@frozen
class PlannedTurn:
    """One call that will probably be made. Tokens without the shared part."""

    phase: Phase
    seat: str
    tier: Tier
    max_tokens: int
    """What is set aside for the answer, thinking included."""
    ask_tokens: int
    """Expected, of lens, task and claims; `system` is counted with it."""
    output_tokens: int
    """Expected, thinking included."""


def planned_turns(
    choice: PanelChoice, profile: Profile, change: Change, protocol: ProtocolName = "crossfire"
) -> tuple[PlannedTurn, ...]:
    """The expected calls, in the order in which they are made; none for the static panel. Assumptions: see above."""
    if not choice.seats:
        return ()
    plan = _Plan(choice, profile, change, load_prompts())
    if protocol == "solo":
        return (next(plan.opening()),)
    return (*plan.opening(), *plan.cross_examination(), *plan.rebuttal(), *plan.consensus())


class _Plan:
    def __init__(self, choice: PanelChoice, profile: Profile, change: Change, prompts: Prompts) -> None:
        lines = sum(hunk.old_count + hunk.new_count for diff in change.files for hunk in diff.hunks)
        self._choice = choice
        self._profile = profile
        self._prompts = prompts
        self._examiner = prompts.seats[EXAMINER]
        self._reading = 1500 + min(lines * 4, 3000)
        self._per_seat = min(max(round(lines / LINES_PER_CLAIM), 1), MOST_CLAIMS)
        self._claims = max(round(self._per_seat * len(choice.seats) * 2 / 3), 1)

    def opening(self) -> Iterator[PlannedTurn]:
        for seat in self._choice.seats:
            output = self._reading + 250 * self._per_seat
            yield self._turn("opening", seat, opening_tier(seat, self._profile), 0, output)

    def cross_examination(self) -> Iterator[PlannedTurn]:
        severities: tuple[Severity, ...] = ("high", "medium")
        waiting = max(self._claims - LANES, 0)
        alone = [1] * (self._claims - waiting)
        for number, claims in enumerate(alone + [2] * (waiting // 2) + [1] * (waiting % 2)):
            tier = cross_tier(severities[number % 2], self._profile)
            yield self._turn("cross_examination", self._examiner, tier, claims, 600 + 200 * claims)

    def rebuttal(self) -> Iterator[PlannedTurn]:
        disputed = self._claims // 5
        tier = settling_tier("high", self._profile, contested=True)
        for _ in range(max(self._choice.rounds - 2, 0)):
            yield from (self._turn("rebuttal", self._examiner, tier, 1, 900) for _ in range(disputed))
            disputed //= 2

    def consensus(self) -> Iterator[PlannedTurn]:
        if self._claims >= 5:
            tier = settling_tier("high", self._profile, contested=True)
            yield self._turn("consensus", self._prompts.seats[MODERATOR], tier, 2, 900)

    def _turn(self, phase: Phase, seat: Seat, tier: Tier, claims: int, output: int) -> PlannedTurn:
        ours = len(self._prompts.system) + len(self._prompts.tasks[phase]) + len(seat.lens)
        ask = round(ours / CHARACTERS_PER_TOKEN) + CLAIM_TOKENS * claims
        return PlannedTurn(phase, seat.id, tier, MAX_TOKENS[phase], ask, min(output, MAX_TOKENS[phase]))
