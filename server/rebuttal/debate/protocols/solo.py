"""One seat, one pass, nobody to object: the cheapest protocol, and what the others are measured against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rebuttal.debate.model import Claim
from rebuttal.debate.planning import PlannedTurn, Planning
from rebuttal.debate.protocol import DebateProtocol
from rebuttal.debate.sitting import Sitting


class Solo:
    """One run of the protocol on one sitting."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting

    async def run(self) -> None:
        sitting = self._sitting
        if not sitting.brief.seats or sitting.has_opened(sitting.brief.seats[0]) or not sitting.may_speak():
            return
        seat = sitting.brief.seats[0]

        def heard(claims: Sequence[Claim], turn: int) -> None:
            for claim in claims:
                contention = sitting.hear(claim, seat.id, turn)
                if contention is not None:
                    sitting.settle(contention.id)

        sitting.begin("opening", 1)
        choice = sitting.selection.opening((seat,))[seat.id]
        await sitting.ask(seat, "opening", choice, sitting.assembler.opening(seat, choice.tier), heard=heard)


def _plan(planning: Planning) -> Iterator[PlannedTurn]:
    yield from planning.opening(planning.choice.seats[:1])


PROTOCOL = DebateProtocol(
    "One seat reads the change once; nobody is asked to refute what it claims.",
    run=lambda sitting: Solo(sitting).run(),
    plan=_plan,
    examines=False,
    whole_panel=False,
)
