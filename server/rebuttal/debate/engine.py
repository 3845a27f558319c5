"""The door of the debate: one call from a brief to an outcome, whichever the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from rebuttal.debate.crossfire import Crossfire
from rebuttal.debate.events import DebateEvent
from rebuttal.debate.model import Brief, Outcome, ProtocolName, Speaker
from rebuttal.debate.outcome import outcome_of
from rebuttal.debate.prompts import load_prompts
from rebuttal.debate.sitting import Sitting
from rebuttal.debate.solo import Solo
from rebuttal.debate.stopping import Stopped, unless_stopped


class ProtocolUnavailable(Exception):
    """The protocol is not part of this version; the message is one sentence that names those that are."""


class Run(Protocol):
    """One run of a protocol on one sitting. It leaves its record there; it raises nothing but cancellation."""

    async def run(self) -> None: ...


PROTOCOLS: Mapping[ProtocolName, Callable[[Sitting], Run]] = {"crossfire": Crossfire, "solo": Solo}


def protocol(name: str) -> Callable[[Sitting], Run]:
    """The protocol of that name. Raises ProtocolUnavailable."""
    for known, begin in PROTOCOLS.items():
        if known == name:
            return begin
    raise ProtocolUnavailable(f"the protocol {name} is not part of this version: choose {' or '.join(PROTOCOLS)}")


async def debate(
    brief: Brief,
    speaker: Speaker,
    listen: Callable[[DebateEvent], None],
    clock: Callable[[], float],
    stop: asyncio.Event | None = None,
) -> Outcome:
    """Let the panel argue about the change.

    `listen` is called at once with each event and must not raise. `clock` gives seconds that never go back.
    Once `stop` is set, every turn under way is cancelled, and the outcome is what came of what was said until then.
    What a speaker fails at is in the outcome (`degraded`, `stopped_by`), never an exception. Cancelling the
    task cancels every turn under way. Raises ProtocolUnavailable before anything is asked.
    """
    begin = protocol(brief.protocol)
    sitting = Sitting(brief, speaker, listen, clock, load_prompts())
    try:
        await unless_stopped(stop, begin(sitting).run())
    except Stopped:
        sitting.interrupt()
    return outcome_of(sitting)
