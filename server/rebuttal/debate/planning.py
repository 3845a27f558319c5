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

from collections.abc import Iterator, Sequence

from attrs import frozen

from rebuttal.change.model import Change
from rebuttal.debate.model import Kind, Phase, Profile, Seat, Tier
from rebuttal.debate.panel.choice import PanelChoice
from rebuttal.debate.panel.triage import MOST_FILES, TIER, pays
from rebuttal.debate.prompts import MODERATOR, Prompts, judging, load_prompts
from rebuttal.debate.protocol import protocol
from rebuttal.debate.selection import EFFORTS, MAX_TOKENS, TRIAGE_EFFORT, Selection, relative_length

LINES_PER_CLAIM = 40
MOST_CLAIMS = 12
"""Of one seat."""
CHARACTERS_PER_TOKEN = 3.0
"""Of our own English prompts, on the low side of what current tokenizers give."""
FILE_TOKENS, SEAT_TOKENS = 120, 120
"""A file and a seat as triage is shown them."""
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
    has_shared: bool = True
    """Whether the shared part stands in front of it."""


def planned_turns(
    choice: PanelChoice,
    profile: Profile,
    change: Change,
    name: str = "crossfire",
    kinds: Sequence[Kind] = (),
    selection: Selection | None = None,
) -> tuple[PlannedTurn, ...]:
    """The expected calls, in the order in which they are made; none for the static panel. Assumptions: see above.

    `kinds`: of the change; their templates are part of each prompt. `selection`: the debate's own choice of tiers, as
    far as it is made before anything is said; None: the table's. Raises ProtocolUnavailable.
    """
    if not choice.seats:
        return ()
    chosen, planning = protocol(name), Planning(choice, profile, change, load_prompts(), kinds, selection)
    asks = chosen.whole_panel and pays(choice.seats, choice.doubtful, planning.selection)
    return (*((planning.triage(),) if asks else ()), *chosen.plan(planning))


class Planning:
    """What a protocol plans its calls with."""

    def __init__(
        self,
        choice: PanelChoice,
        profile: Profile,
        change: Change,
        prompts: Prompts,
        kinds: Sequence[Kind] = (),
        selection: Selection | None = None,
    ) -> None:
        lines = sum(hunk.old_count + hunk.new_count for diff in change.files for hunk in diff.hunks)
        self.choice = choice
        self.profile = profile
        self.selection = selection or Selection(profile)
        self.prompts = prompts
        self.kinds = kinds
        self.files = len(change.files)
        self.reading = 1500 + min(lines * 4, 3000)
        """Tokens of thought that reading the change takes."""
        self.per_seat = min(max(round(lines / LINES_PER_CLAIM), 1), MOST_CLAIMS)
        """Claims of one seat."""
        self.claims = max(round(self.per_seat * len(choice.seats) * 2 / 3), 1)
        """Distinct claims of all seats."""

    def triage(self) -> PlannedTurn:
        """The question who need not be asked. All seats are planned none the less: it may leave nobody out."""
        ours = round(len(self.prompts.tasks["triage"]) / CHARACTERS_PER_TOKEN)
        ask = ours + FILE_TOKENS * min(self.files, MOST_FILES) + SEAT_TOKENS * len(self.choice.doubtful)
        output = round(600 * relative_length(TRIAGE_EFFORT, TIER))
        return PlannedTurn("triage", MODERATOR, TIER, MAX_TOKENS["triage"], ask, output, has_shared=False)

    def opening(self, seats: Sequence[Seat] | None = None) -> Iterator[PlannedTurn]:
        """Every seat once."""
        seats = self.choice.seats if seats is None else seats
        chosen = self.selection.opening(seats)
        for seat in seats:
            yield self.turn("opening", seat, chosen[seat.id].tier, 0, self.reading + 250 * self.per_seat)

    def turn(self, phase: Phase, seat: Seat, tier: Tier, claims: int, output: int) -> PlannedTurn:
        """One call that shows `claims` claims and is answered with `output` tokens."""
        lens = seat.lens if phase == "opening" else judging(seat.lens)
        ours = len(self.prompts.system) + len(self.prompts.tasks[phase]) + len(lens)
        ours += sum(len(kind.section(phase)) for kind in self.kinds)
        ask = round(ours / CHARACTERS_PER_TOKEN) + CLAIM_TOKENS * claims
        output = round(output * relative_length(EFFORTS[self.profile].get(tier), tier))
        return PlannedTurn(phase, seat.id, tier, MAX_TOKENS[phase], ask, min(output, MAX_TOKENS[phase]))
