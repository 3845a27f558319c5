"""The calls that a panel will probably make, so that they can be priced before anything is sent.

Assumptions, to be corrected by what the ledger has seen (`budget/forecast.py`); numbers of calls are expectations and
need not be whole:

- A seat raises one claim for about 40 changed lines, at least one and at most twelve (large changes hide more
  defects than reviewers report: 150 lines and more are reviewed with single-digit recall).
- Two of three claims are distinct after merging (shared findings of different models are the minority).
- The first claim is cross-examined alone, as it is heard; the others go three to a call, for the last calls are not
  full. Whose turn it is depends on who raised what, so the seats are taken to share the turns evenly.
- One claim in five is unsure or contested. Every second time a round of rebuttal is worth its price and settles half
  of them, in each round that the panel has; the Moderator rules on what is left, if there is any.
- An answer is mostly thinking: about 1,500 tokens for reading the change (more for a larger one) and 250 for each
  claim with its fixes; 600 and 200 for each claim in cross-examination; 900 in rebuttal and consensus.
- High severity is claimed by one seat in two, which is what moves a cross-examination to the dearer tier.
- Nobody is left out by triage.

The shared part is not counted here: budget/ adds it to each call, written to the cache once for a tier and read
from it afterwards. A tier that opens nothing has no cache to read from: it is sent the diffs in dispute instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp

from attrs import frozen

from rebuttal.change.model import Change
from rebuttal.debate.assemble import DOSSIER_LINES
from rebuttal.debate.floor import MODERATED
from rebuttal.debate.model import Kind, Phase, Profile, Seat, Tier
from rebuttal.debate.panel.choice import PanelChoice
from rebuttal.debate.panel.triage import MOST_FILES, TIER, pays
from rebuttal.debate.prompts import EXAMINER, MODERATOR, Prompts, judging, load_prompts
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
LINE_TOKENS, AROUND = 12, 20
"""A line of code, and how many of them stand around the hunks of a file in dispute."""


@frozen
class PlannedTurn:
    """A call that will probably be made. Tokens without the shared part, which begins with the system prompt."""

    phase: Phase
    seat: str
    tier: Tier
    max_tokens: int
    """What is set aside for the answer, thinking included."""
    ask_tokens: int
    """Expected, of lens, task and claims; where it has no shared part, of all that is sent."""
    output_tokens: int
    """Expected, thinking included."""
    has_shared: bool = True
    """Whether system prompt and shared part stand in front of it."""
    count: float = 1.0
    """How many such calls are expected."""


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


def planned_claims(choice: PanelChoice, profile: Profile, change: Change) -> float:
    """How many distinct claims are planned for."""
    return Planning(choice, profile, change, load_prompts()).claims


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
        self.per_seat = min(max(lines / LINES_PER_CLAIM, 1.0), float(MOST_CLAIMS))
        """Claims of one seat."""
        self.claims = max(self.per_seat * len(choice.seats) * 2 / 3, 1.0)
        """Distinct claims of all seats."""
        self._dossier = round(min(lines / max(self.files, 1) + AROUND, DOSSIER_LINES) * LINE_TOKENS)
        self._warm: set[Tier] = set()

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
        self._warm = {chosen[seat.id].tier for seat in seats}
        for seat in seats:
            yield self.turn("opening", seat, chosen[seat.id].tier, 0, self.reading + round(250 * self.per_seat))

    def turn(
        self, phase: Phase, seat: Seat, tier: Tier, claims: float, output: float, count: float = 1.0
    ) -> PlannedTurn:
        """A call that shows `claims` claims and is answered with `output` tokens, `count` times."""
        lens = seat.lens if phase == "opening" else judging(seat.lens)
        ours = len(self.prompts.tasks[phase]) + len(lens)
        ours += sum(len(kind.section(phase)) for kind in self.kinds)
        is_warm = tier in self._warm
        if not is_warm:
            ours += len(self.prompts.system)
        ask = round(ours / CHARACTERS_PER_TOKEN + CLAIM_TOKENS * claims) + (0 if is_warm else self._dossier)
        output = round(output * relative_length(EFFORTS[self.profile].get(tier), tier))
        limit = MAX_TOKENS[phase]
        return PlannedTurn(phase, seat.id, tier, limit, ask, min(output, limit), is_warm, count)

    def by_seats(self, phase: Phase, tier: Tier, claims: float, output: float, count: float) -> Iterator[PlannedTurn]:
        """Calls that the seats share, for whoever raised a claim does not rule on it."""
        seats = self.choice.seats
        for seat in seats if len(seats) > 1 else (self.prompts.seats[EXAMINER],):
            yield self.turn(phase, seat, tier, claims, output, count / len(seats))

    def moderated(self, still_open: float) -> Iterator[PlannedTurn]:
        """The Moderator's last word, where that many claims are expected to be open in the end."""
        if still_open <= 0:
            return
        tier = self.selection.settling("high", contested=True).tier
        moderator, calls = self.prompts.seats[MODERATOR], calls_for(still_open, MODERATED)
        yield self.turn("consensus", moderator, tier, still_open / calls, 900, calls)


def calls_for(claims: float, most: int) -> float:
    """How many calls so many claims are expected to take, at most so many to a call: seldom one where one claim in ten
    is expected, as claims come by chance (Poisson)."""
    return max(1 - exp(-claims), claims / most)
