"""A speaker whose turns go through the Message Batches API: half the price, within a day, mostly within the hour."""

from __future__ import annotations

from functools import partial

from attrs import evolve

from rebuttal.debate.model import Failure, Listener, Reply, Turn
from rebuttal.speakers.attempt import Call
from rebuttal.speakers.batches.desk import BatchDesk
from rebuttal.speakers.calls import Calls
from rebuttal.speakers.catalogue import UnknownModel
from rebuttal.speakers.fallback import ATTEMPTS, BUSY, CANNOT, Link, chain, note, told
from rebuttal.speakers.faults import Target
from rebuttal.speakers.recordings.tape import turn_key
from rebuttal.speakers.roster import Roster
from rebuttal.store.model import Caps

ELSEWHERE = CANNOT | BUSY | {"invalid_reply"}
"""Failures of a turn that another model may not have."""


class BatchSpeaker:
    """Speaks for all seats of one change of a sweep. The desk must expect the change."""

    def __init__(
        self, desk: BatchDesk, change: str, roster: Roster, calls: Calls, caps: Caps, *, fallback: bool = True
    ) -> None:
        """`fallback`: whether another tier's model is asked where one cannot answer."""
        self._desk = desk
        self._change = change
        self._roster = roster
        self._calls = calls
        self._caps = caps
        self._fallback = fallback

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The answer to a turn when its batch has ended, or why there is none. Raises nothing but CancelledError: what
        was handed over goes on at the service, and is accounted when it comes."""
        # Nobody need wait until the shared part is in the cache: all turns of a batch are worked on at the same time.
        listener.started()
        try:
            links = chain(turn.tier, self._roster, ATTEMPTS, fallback=self._fallback and turn.schema is None)
        except UnknownModel as error:
            message = f"{error}: it is the setting model_{turn.tier}."
            return Reply(None, self._roster.id(turn.tier), Failure("not_found", message), calls=0)
        reply = await self._answered(turn, links)
        for claim in reply.statement.claims if reply.statement is not None else ():
            listener.claim(claim)
        return reply

    async def _answered(self, turn: Turn, links: tuple[Link, ...]) -> Reply:
        """Ask one model after another."""
        failed: list[tuple[Link, Failure]] = []
        whole: Reply | None = None
        for link in links:
            if not link.takes([failure for _, failure in failed]):
                continue
            reply = await self._ask(turn, link)
            whole = reply if whole is None else _with(whole, reply)
            if reply.failure is None:
                notes = (note(link.model.id, failed),) if failed else ()
                return evolve(whole, notes=(*whole.notes, *notes))
            if reply.failure.kind not in ELSEWHERE:
                break
            failed.append((link, reply.failure))
        assert whole is not None
        failures = [failure for _, failure in failed]
        return evolve(whole, failure=told(failures)) if failures else whole

    async def _ask(self, turn: Turn, link: Link) -> Reply:
        target = Target(self._desk.host, link.model.id, link.setting)
        key = f"{turn_key(turn)}/{link.model.id}"
        return await self._desk.ask(self._change, turn, key, target, partial(self._prepare, turn, link), self._caps)

    async def _prepare(self, turn: Turn, link: Link, room: int) -> Call | Failure:
        longer = evolve(turn, max_tokens=turn.max_tokens * room)
        return await self._calls.prepare(longer, link.model, link.setting)


def _with(earlier: Reply, later: Reply) -> Reply:
    """The later reply, and what both cost."""
    return evolve(
        later,
        tokens=earlier.tokens + later.tokens,
        spent=earlier.spent + later.spent,
        assumed=earlier.assumed + later.assumed,
        calls=earlier.calls + later.calls,
        notes=(*earlier.notes, *later.notes),
    )
