"""The door of the debate: one call from a brief to an outcome, whichever the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rebuttal.debate.events import DebateEvent
from rebuttal.debate.model import Brief, Outcome, Speaker
from rebuttal.debate.outcome import outcome_of
from rebuttal.debate.panel.triage import triage
from rebuttal.debate.prompts import load_prompts
from rebuttal.debate.protocol import protocol
from rebuttal.debate.resumption import Record
from rebuttal.debate.sitting import Sitting
from rebuttal.debate.stopping import Stopped, unless_stopped
from rebuttal.text.parsing import Parser


async def debate(
    brief: Brief,
    speaker: Speaker,
    listen: Callable[[DebateEvent], None],
    clock: Callable[[], float],
    stop: asyncio.Event | None = None,
    record: Record | None = None,
    parser: Parser | None = None,
    begun: Callable[[Callable[[str], Record | None]], None] = lambda so_far: None,
) -> Outcome:
    """Let the panel argue about the change.

    `listen` is called at once with each event and must not raise. `clock` gives seconds that never go back.
    `record` is of an earlier debate about the same brief that was cut short: only what is missing is asked.
    `parser`, where it remembers what was found in the change's texts, spares the engine most of its own time.
    `begun` is given, before anything is asked, a function that tells what could be taken up if the debate ended then,
    under the key that it is given; to be called on the event loop, outside of `listen`.
    Once `stop` is set, every turn under way is cancelled, and the outcome is what came of what was said until then.
    What a speaker fails at is in the outcome (`degraded`, `stopped_by`), never an exception. Cancelling the
    task cancels every turn under way. Raises ProtocolUnavailable before anything is asked.
    """
    chosen = protocol(brief.protocol)
    sitting = Sitting(brief, speaker, listen, clock, load_prompts(), examines=chosen.examines, parser=parser)
    if record is not None:
        sitting.take_up(record)
    begun(sitting.so_far)

    async def held() -> None:
        if chosen.whole_panel:
            await triage(sitting)
        await chosen.run(sitting)

    try:
        await unless_stopped(stop, held())
    except Stopped:
        sitting.interrupt()
    return outcome_of(sitting)
