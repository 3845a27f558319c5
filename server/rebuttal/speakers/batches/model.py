"""What a sweep's desk knows of turns, debates and batches, and what it tells while it works."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

from attrs import define, field, frozen

from rebuttal.budget.model import Reservation
from rebuttal.debate.model import Failure, Reply, Turn
from rebuttal.speakers.attempt import Call, Tally
from rebuttal.speakers.faults import Fault, Target
from rebuttal.store.model import Caps
from rebuttal.store.sweeps import TurnStage

TRIES = 2
"""How often a turn is handed over whose answer could not be used, or did not come."""
MORE_ROOM = 2
"""How much longer an answer may be that was cut at its length limit, when it is asked for once more."""
LONGEST_WAIT = 600.0
"""Seconds; a service that asks for a longer wait is asked again all the same."""

Prepare = Callable[[int], Awaitable[Call | Failure]]
"""Makes the call of a turn; its answer may be so many times as long as the turn says."""


@frozen
class Pace:
    """When to look again, in seconds."""

    first: float = 5.0
    growth: float = 1.5
    longest: float = 60.0
    gather: float = 30.0
    """A batch is made at the latest so long after the first turn that waits for it."""
    doubt: tuple[float, ...] = (2.0, 10.0, 30.0)
    """When to look for a batch that may have been made although the service did not say so."""
    failures: int = 12
    """How often in a row the making of a batch may fail, if it may succeed later."""
    silences: int = 240
    """How often in a row looking after a batch may fail."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def pause(self, number: int) -> float:
        """After look number `number`, from 0."""
        return float(min(self.first * self.growth ** min(number, 50), self.longest))

    def after(self, fault: Fault, attempt: int) -> float:
        """After failure number `attempt`, from 0."""
        return max(self.pause(attempt), min(fault.wait or 0.0, LONGEST_WAIT))


@frozen
class Submitted:
    """A batch was made."""

    batch: str
    turns: int
    changes: int


@frozen
class Waiting:
    """A batch is not through yet."""

    batch: str
    turns: int
    seconds: float
    """Until the next look."""


@frozen
class Ended:
    """The results of a batch are in."""

    batch: str
    turns: int
    failed: int


@frozen
class Short:
    """Turns wait until others give back what was set aside for them."""

    turns: int
    why: str


@frozen
class Trouble:
    """Something failed and is tried again. One sentence."""

    message: str


DeskEvent = Submitted | Waiting | Ended | Short | Trouble


@define(eq=False)
class Row:
    """A turn that was handed over once, as the store has it."""

    custom_id: str
    number: int
    """Of the batch."""
    reservation: Reservation
    stage: TurnStage
    settled: bool
    """Its price is in the ledger."""
    cost: Decimal
    """What counts for it."""
    asked: Asked | None = None
    """Who waits for it."""
    failed: Failure | None = None
    """Why nobody looks after its batch any more."""


@define(eq=False)
class Asked:
    """A turn that waits for its answer."""

    debate: Debate
    turn: Turn
    name: str
    """Of the turn within its debate: the same when the debate is held again."""
    target: Target
    prepare: Prepare
    reply: asyncio.Future[Reply]
    tally: Tally
    caps: Caps
    room: int = 1
    """How many times the turn's length its answer may have."""
    call: Call | None = None
    reservation: Reservation | None = None
    tries: int = 0
    answer: Reply | None = None
    answered: asyncio.Event = field(factory=asyncio.Event)

    def give(self, answer: Reply) -> None:
        self.answer = answer
        self.answered.set()

    def fail(self, failure: Failure) -> None:
        if not self.answered.is_set():
            self.give(self.tally.reply(None, failure))

    @property
    def is_statement(self) -> bool:
        return self.turn.schema is None

    @property
    def given_up(self) -> bool:
        return self.reply.cancelled()


@define(eq=False)
class Debate:
    """One change's debate, as the desk knows it."""

    change: str
    busy: bool = True
    """It may ask something without hearing an answer first."""
    waiting: list[Asked] = field(factory=list)
    names: dict[str, int] = field(factory=dict)
    stirred: asyncio.Event = field(factory=asyncio.Event)
    conductor: asyncio.Task[None] | None = None
