"""A debate that was cut short, as its review is told of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from rebuttal.settings import Settings
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.store.model import ZERO, Cost

if TYPE_CHECKING:
    from rebuttal.debate.model import Brief
    from rebuttal.debate.resumption import Record


@frozen
class TakenUp:
    """A debate that was cut short, and when."""

    at: datetime
    record: Record
    reviews: tuple[str, ...] = ()
    """Under which it has been held so far, as the ledger names them."""
    recorded: Cost = field(factory=Cost)
    """What the ledger has of them: calls that were cut off are in no exchange, but may have cost their worst case."""

    @property
    def spent(self) -> Decimal:
        """What it has taken of the cap, in dollars: settled, and assumed where that is not known."""
        heard = sum((one.reply.spent + one.reply.assumed for one in self.record.exchanges), ZERO)
        return max(heard, self.recorded.spent + self.recorded.assumed)

    def left_of(self, settings: Settings) -> Settings:
        """The settings with what it leaves of the cap of a review: however often it is taken up, it is one review."""
        return evolve(settings, max_cost=max(settings.max_cost - self.spent, ZERO))

    def note(self, brief: Brief, money: Money = DOLLARS) -> str:
        """What is not asked again, in one sentence for the user."""
        from rebuttal.debate.panel.triage import taken_up
        from rebuttal.debate.resumption import opened

        spoken = opened(self.record.exchanges)
        left = [seat.name for seat in taken_up(brief, self.record.exchanges).seats if seat.id not in spoken]
        again = (
            f"only {_listed(left)} {'is' if len(left) == 1 else 'are'} asked again"
            if left
            else "every seat has spoken, and only what is open is argued"
        )
        assumed = self.recorded.assumed
        of_it = f", of which {money(assumed)} is assumed," if assumed else ""
        cost = f"; the {money(self.spent)} that it has cost{of_it} count for the cap of a review" if self.spent else ""
        return f"The debate of {self.at.astimezone():%Y-%m-%d %H:%M} was cut short and is taken up: {again}{cost}."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
