"""A speaker whose turns go through the Message Batches API: half the price, within a day, mostly within the hour."""

from __future__ import annotations

from functools import partial

from attrs import evolve

from rebuttal.debate.model import Failure, Listener, Reply, Turn
from rebuttal.speakers.attempt import Call
from rebuttal.speakers.batch_desk import BatchDesk
from rebuttal.speakers.calls import Calls
from rebuttal.speakers.catalogue import UnknownModel
from rebuttal.speakers.faults import Target
from rebuttal.speakers.roster import Roster
from rebuttal.speakers.tape import turn_key
from rebuttal.store.model import Caps


class BatchSpeaker:
    """Speaks for all seats of one change of a sweep. The desk must expect the change."""

    def __init__(self, desk: BatchDesk, change: str, roster: Roster, calls: Calls, caps: Caps) -> None:
        self._desk = desk
        self._change = change
        self._roster = roster
        self._calls = calls
        self._caps = caps

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The answer to a turn when its batch has ended, or why there is none. Raises nothing but CancelledError: what
        was handed over goes on at the service, and is accounted when it comes."""
        # Nobody need wait until the shared part is in the cache: all turns of a batch are worked on at the same time.
        listener.started()
        model = self._roster.id(turn.tier)
        target = Target(self._desk.host, model, f"model_{turn.tier}")
        prepare = partial(self._prepare, turn, target)
        key = f"{turn_key(turn)}/{model}"
        reply = await self._desk.ask(self._change, turn, key, target, prepare, self._caps)
        for claim in reply.statement.claims if reply.statement is not None else ():
            listener.claim(claim)
        return reply

    async def _prepare(self, turn: Turn, target: Target, room: int) -> Call | Failure:
        try:
            model = self._roster.model(turn.tier)
        except UnknownModel as error:
            return Failure("not_found", f"{error}: it is the setting {target.setting}.")
        longer = evolve(turn, max_tokens=turn.max_tokens * room)
        return await self._calls.prepare(longer, model, target.setting)
