"""Whole debates written to a file, to be played again (replay.py): for bug reports and regression tests.

What is asked has been redacted before it gets here, and no key, header or address is ever part of it; what could still
tell whose machine it was recorded on is covered.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from attrs import define, field

from rebuttal.debate.model import Claim, Listener, Reply, Speaker, Turn
from rebuttal.speakers.recordings.lockstep import Lockstep, Part
from rebuttal.speakers.recordings.replay import ReplaySpeaker
from rebuttal.speakers.recordings.tape import Cover, Entry, RecordingError, Writer, covered, turn_key, unusable
from rebuttal.store.model import NO_TOKENS, ZERO


class RecordingSpeaker:
    """Passes every turn on to another speaker and writes down what came of it. A cancelled turn is not recorded.

    What seats say at the same time is heard in a fixed order (lockstep.py), so that the same answers give the same
    recording; a replay has its order already. `about`: what is reviewed and how, for whoever reads the file.
    """

    def __init__(
        self, speaker: Speaker, file: Path, about: Mapping[str, Any] | None = None, cover: Cover = str
    ) -> None:
        self._speaker = speaker
        # What a link leads to is replaced, not the link.
        self._file = Path(os.path.realpath(file))
        self._cover = cover
        self._order = None if isinstance(speaker, ReplaySpeaker) else Lockstep()
        self._numbers = count()
        self._entries: list[Entry] = []
        self._writer = Writer()
        self._about = {name: _covered(value, cover) for name, value in (about or {}).items()}
        self.problem: str | None = None
        """Why the recording is not whole, in one sentence."""
        try:
            self._file.write_text(self._writer.head(self._about), "utf-8", newline="\n")
        except OSError as error:
            raise RecordingError(unusable(file, "written", error)) from None

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The other speaker's reply. It has been paid for, so it is not lost where the file cannot be written."""
        ear = _Ear(listener, self._numbers, self._order)
        try:
            reply = await self._speaker.speak(turn, ear)
            await ear.finish()
        finally:
            ear.close()
        kept = self._speaker.original(reply) if isinstance(self._speaker, ReplaySpeaker) else reply
        entry = Entry(
            *(turn_key(turn), turn.seat, turn.phase, turn.tier, turn.max_tokens, turn.prompt),
            *(ear.asked, ear.began, tuple(ear.claims), ear.finished, kept, tuple(ear.anew)),
        )
        self._keep(covered(entry, self._cover))
        return reply

    def _keep(self, entry: Entry) -> None:
        self._entries.append(entry)
        try:
            # Opened each time: what has been recorded survives whatever happens next.
            with self._file.open("a", encoding="utf-8", newline="\n") as stream:
                stream.write(self._writer.turn(entry))
        except OSError as error:
            self.problem = unusable(self._file, "written", error)

    def finish(self, outcome: Mapping[str, Any]) -> None:
        """Put the whole recording, in the order in which the turns were asked, in the place of what has grown. Not for
        an event loop. `outcome`: what the review came to."""
        writer = Writer()
        turns = [writer.turn(entry) for entry in sorted(self._entries, key=lambda one: one.asked)]
        said = {name: _covered(value, self._cover) for name, value in outcome.items()}
        text = "".join([writer.head(self._about), *turns, writer.foot(said | {"cost": self._cost()})])
        try:
            _replace(self._file, text)
        except OSError as error:
            self.problem = unusable(self._file, "written", error)

    def _cost(self) -> dict[str, Any]:
        """What was paid for the answers when they were given."""
        replies = [entry.reply for entry in self._entries]
        tokens = sum((one.tokens for one in replies), NO_TOKENS)
        return {
            "spent": _amount(sum((one.spent for one in replies), ZERO)),
            "assumed": _amount(sum((one.assumed for one in replies), ZERO)),
            "calls": sum(one.calls for one in replies),
            "tokens": {"prompt": tokens.prompt, "output": tokens.output},
        }


@define
class _Ear:
    """Hears one turn, and numbers what happens in it."""

    listener: Listener
    numbers: count[int]
    order: Lockstep | None
    asked: int = field(init=False)
    began: int | None = field(default=None, init=False)
    claims: list[tuple[int, Claim]] = field(factory=list, init=False)
    anew: list[int] = field(factory=list, init=False)
    finished: int = field(default=-1, init=False)
    _part: Part | None = field(default=None, init=False)
    _broken: Exception | None = field(default=None, init=False)
    """What the listener raised: a bug, which must end this turn and no other."""

    def __attrs_post_init__(self) -> None:
        self.asked = next(self.numbers)
        if self.order is not None:
            self._part = self.order.enter()

    def started(self) -> None:
        def heard() -> None:
            self.began = next(self.numbers)
            self.listener.started()

        self._say(heard)

    def claim(self, claim: Claim) -> None:
        def heard() -> None:
            self.claims.append((next(self.numbers), claim))
            self.listener.claim(claim)

        self._say(heard)

    def again(self) -> None:
        def heard() -> None:
            self.anew.append(next(self.numbers))
            self.listener.again()

        self._say(heard)

    async def finish(self) -> None:
        """Wait until all that was said before has been heard."""
        done = asyncio.get_running_loop().create_future()

        def heard() -> None:
            self.finished = next(self.numbers)
            self.close()
            if not done.done():
                done.set_result(None)

        self._say(heard)
        await done
        if self._broken is not None:
            raise self._broken

    def close(self) -> None:
        if self.order is not None and self._part is not None:
            self.order.leave(self._part)
            self._part = None

    def _say(self, heard: Callable[[], None]) -> None:
        if self.order is None or self._part is None:
            heard()
        else:
            self.order.say(self._part, partial(self._hear, heard))

    def _hear(self, heard: Callable[[], None]) -> None:
        try:
            heard()
        except Exception as error:
            self._broken = self._broken or error


def _replace(file: Path, text: str) -> None:
    """At once, so that there is always a whole file; a device cannot be replaced."""
    if not file.is_file():
        file.write_text(text, "utf-8", newline="\n")
        return
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, "utf-8", newline="\n")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _covered(value: Any, cover: Cover) -> Any:
    if isinstance(value, str):
        return cover(value)
    if isinstance(value, Mapping):
        return {name: _covered(one, cover) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_covered(one, cover) for one in value]
    return _amount(value) if isinstance(value, Decimal) else value


def _amount(value: Decimal) -> str:
    return f"{value.normalize():f}"
