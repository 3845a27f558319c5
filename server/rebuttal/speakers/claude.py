"""Claude answers for a seat, over the SDK.

A turn becomes a call (calls.py), which is attempted (attempt.py) until it is answered or no attempt is left, of one
model after another where that can help (fallback.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import define, evolve, field

from rebuttal.debate.model import Failure, Listener, Reply, Statement, Turn
from rebuttal.settings import Settings
from rebuttal.speakers.attempt import Answer, Call, Caller, Once, Purse, Tally, Unheard, Usage
from rebuttal.speakers.calls import Calls, Prices
from rebuttal.speakers.catalogue import MODELS, UnknownModel
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.fallback import ANSWERED, BUSY, CANNOT, Link, chain, note, told, way
from rebuttal.speakers.faults import Fault, late
from rebuttal.speakers.patience import Allowance
from rebuttal.speakers.roster import Roster
from rebuttal.speakers.traffic import Slot
from rebuttal.store.model import CapReached, StoreError

STREAK = 2
"""Times its limit of attempts that a model may be too busy in a row, for all seats together: who has not asked it yet
need not find out."""
MORE_ROOM = 2
"""Times the length limit of an answer that was cut at it."""


class BookedPurse(Purse, Protocol):
    """A purse that knows its prices."""

    @property
    def book(self) -> Prices: ...


@define
class _Asked:
    """One turn while it is being answered."""

    turn: Turn
    links: Sequence[Link]
    listener: Once
    tally: Tally
    allowance: Allowance
    failed: list[tuple[Link, Failure]] = field(factory=list)
    """The models that were asked in vain, or passed over, and why."""

    @property
    def failures(self) -> list[Failure]:
        return [failure for _, failure in self.failed]


@define
class _Stop:
    """Nothing more is tried."""

    failure: Failure


class ClaudeSpeaker:
    """Speaks for all seats of one review. `review` and `repository` name its calls in the ledger."""

    def __init__(
        self,
        *,
        settings: Settings,
        connection: Connection,
        purse: Purse,
        prices: Prices,
        review: str,
        repository: str,
        usage: Usage | None = None,
    ) -> None:
        self._roster = Roster.of(settings)
        self._fallback = settings.fallback
        self._connection = connection
        self._caller = Caller(connection, purse, usage or Unheard())
        self._calls = Calls(connection, prices, review, repository)
        self._repository = repository
        self._dead: dict[str, Failure] = {}
        """Models that the service does not have, or not for this key: found out once in a review."""

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The answer to a turn, or why there is none. Raises nothing but CancelledError; what a cancelled call cost is
        recorded."""
        patience = self._connection.patience
        tally = Tally(self._roster.id(turn.tier))
        setting = f"model_{turn.tier}"
        try:
            # What the debate can do without (a schema of its own) is worth no other model, a dearer one least.
            fallback = self._fallback and turn.schema is None
            links = chain(turn.tier, self._roster, patience.attempts, fallback=fallback)
            named = {"seat": turn.seat, "phase": turn.phase, "tier": turn.tier}
            with self._connection.tracing.turn(named):
                return await self._answer(_Asked(turn, links, Once(listener), tally, Allowance(patience.total)))
        except UnknownModel as error:
            return tally.reply(None, Failure("not_found", f"{error}: it is the setting {setting}."))
        except TimeoutError:
            return tally.reply(None, late(self._connection.target(tally.model, setting), patience.total))
        except StoreError as error:
            # What cannot be recorded is not spent. The kind is the nearest that stops the debate.
            return tally.reply(None, Failure("billing", str(error)))

    async def _answer(self, asked: _Asked) -> Reply:
        """Ask one model after another."""
        for link in asked.links:
            if not link.takes(asked.failures):
                continue
            passed = self._passed_over(asked, link)
            said = passed if passed is not None else await self._ask(asked, link)
            if isinstance(said, _Stop):
                return asked.tally.reply(None, said.failure)
            if not isinstance(said, Failure):
                self._note_model(asked, link)
                return asked.tally.reply(said, None)
            asked.failed.append((link, said))
        return asked.tally.reply(None, told(asked.failures))

    def _passed_over(self, asked: _Asked, link: Link) -> Failure | None:
        """Why a model is not asked at all. Where there is no other, it is asked though it was busy a moment ago."""
        if (dead := self._dead.get(link.model.id)) is not None:
            return dead
        busy = self._connection.circuits.open(link.model.id)
        return busy if busy is not None and self._goes_on(asked, link, busy) else None

    def _goes_on(self, asked: _Asked, link: Link, failure: Failure) -> bool:
        """Whether another model would be asked if this one failed so."""
        failures = [*asked.failures, failure]
        later = asked.links[asked.links.index(link) + 1 :]
        return any(one.takes(failures) and one.model.id not in self._dead for one in later)

    async def _ask(self, asked: _Asked, link: Link) -> Statement | Answer | Failure | _Stop:
        """Ask one model until it answers, or nothing more can be got from it: then the failure it had in the end."""
        async with asked.allowance.spend():
            call = await self._calls.prepare(asked.turn, link.model, link.setting)
        if isinstance(call, Failure):
            # A model that only stands in for another can be done without.
            return call if asked.failed else _Stop(call)
        with self._connection.circuits.asking(link.model.id) as finds_out:
            try:
                return await self._persist(asked, link, call, finds_out=finds_out)
            except CapReached as error:
                failure = Failure("cap", str(error))
                # Where earlier attempts failed and used the cap up, the cap is not what is to be mended.
                return failure if asked.failed else _Stop(failure)

    async def _persist(
        self, asked: _Asked, link: Link, call: Call, *, finds_out: bool
    ) -> Statement | Answer | Failure | _Stop:
        patience, model = self._connection.patience, link.model.id
        attempts = 1 if self._connection.circuits.doubted(model) else None
        made, is_larger, note = 0, False, ""
        failure: Failure | None = None
        while True:
            try:
                result = await self._attempt(asked, link, call, finds_out=finds_out)
            except CapReached:
                if failure is None:
                    raise
                return _Stop(failure) if is_larger else failure
            if note and not isinstance(result, Failure):
                asked.tally.notes.append(note)
                note = ""
            if not isinstance(result, Fault):
                return result
            made += 1
            failure = result.failure
            if failure.kind in BUSY and self._connection.circuits.streak(model) >= STREAK * link.attempts:
                attempts = made
            pause = patience.pause(result, made, is_last=not self._goes_on(asked, link, failure))
            match way(result, made, link, attempts=attempts, is_larger=is_larger):
                case "stop":
                    return _Stop(failure)
                case "larger":
                    larger = await self._enlarged(asked, link, call)
                    if larger is None:
                        return _Stop(failure)
                    limit, room = call.request["max_tokens"], larger.request["max_tokens"]
                    note = f"{model} was asked again with room for {room} tokens: its answer was cut at {limit}."
                    call, is_larger = larger, True
                case "again" if pause is not None and pause < asked.allowance.left:
                    async with asked.allowance.spend():
                        await patience.sleep(pause)
                case _:
                    self._remember(model, result)
                    return failure if result.elsewhere else _Stop(failure)

    async def _attempt(
        self, asked: _Asked, link: Link, call: Call, *, finds_out: bool
    ) -> Statement | Answer | Fault | Failure:
        """One attempt, in a slot. Money is set aside within it, so whoever waits for money waits for nobody's slot.

        A failure is why there was none: others have found out meanwhile that it is not worth it.
        """
        await self._caller.ready(call)
        async with self._connection.traffic.slot(self._repository) as slot:
            if not finds_out and (passed := self._passed_over(asked, link)) is not None:
                return passed
            streak = self._connection.circuits.streak(link.model.id)
            result = await self._caller.attempt(call, asked.listener, asked.tally, asked.allowance)
            self._learn(slot, link, result, streak)
        return result

    def _learn(self, slot: Slot, link: Link, result: Statement | Answer | Fault, streak: int) -> None:
        """What an attempt says of the service and of the model. `streak`: the model's when it began."""
        circuits = self._connection.circuits
        if not isinstance(result, Fault) or result.failure.kind in ANSWERED:
            slot.succeeded()
            circuits.answers(link.model.id)
            return
        if result.failure.kind in BUSY and result.elsewhere:
            # Where no other model could help it is the network, which says nothing of this one.
            circuits.stumbled(link.model.id, streak)
        if result.failure.kind in ("rate_limit", "overloaded"):
            # A time that is not waited for here is held against the model, not against everybody.
            wait = result.wait or 0.0
            slot.refused(wait if wait <= self._connection.patience.longest_wait else None)

    async def _enlarged(self, asked: _Asked, link: Link, call: Call) -> Call | None:
        """The call with more room for its answer; None where the model gives no more."""
        limit: int = call.request["max_tokens"]
        room = min(limit * MORE_ROOM, link.model.max_output)
        if room <= limit:
            return None
        async with asked.allowance.spend():
            larger = await self._calls.prepare(evolve(asked.turn, max_tokens=room), link.model, link.setting)
        return None if isinstance(larger, Failure) else larger

    def _remember(self, model: str, fault: Fault) -> None:
        """So that the other seats need not find it out for themselves."""
        if fault.failure.kind in CANNOT - {"refusal"} and fault.elsewhere:
            self._dead[model] = fault.failure
        elif fault.failure.kind in BUSY:
            self._connection.circuits.too_busy(model, fault.failure, fault.wait)

    def _note_model(self, asked: _Asked, link: Link) -> None:
        """Say it where another model answered than was asked for."""
        if asked.failed:
            asked.tally.notes.append(note(link.model.id, asked.failed))
        if {asked.tally.model, link.model.id} <= set(MODELS) and asked.tally.model != link.model.id:
            # Of ids that are not in the catalogue nobody knows which model they mean.
            asked.tally.notes.append(f"{asked.tally.model} answered, though {link.model.id} was asked.")


def open_claude(
    connection: Connection,
    settings: Settings,
    purse: BookedPurse,
    review: str,
    repository: str,
    usage: Usage | None = None,
) -> ClaudeSpeaker:
    """A speaker for one review that spends out of `purse` at the purse's own prices."""
    return ClaudeSpeaker(
        settings=settings,
        connection=connection,
        purse=purse,
        prices=purse.book,
        review=review,
        repository=repository,
        usage=usage,
    )
