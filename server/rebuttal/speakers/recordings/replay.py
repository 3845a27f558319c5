"""A recorded debate played again. Nothing is sent and nothing is spent.

Seats speak at the same time, and which claim came first decides what is asked next. So everything that was heard has a
number in the order of the whole debate, and is played again in that order.
"""

from __future__ import annotations

import asyncio
import difflib
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from attrs import evolve

from rebuttal.debate.model import Failure, Listener, Prompt, Reply, Turn
from rebuttal.speakers.recordings.lockstep import settled
from rebuttal.speakers.recordings.tape import FENCE, Cover, Entry, fence_of, read_tape, turn_key, uncovered
from rebuttal.store.model import NO_TOKENS, ZERO

PATIENCE = 2.0
"""Seconds that a replay waits for a turn that was asked here in the recording."""
TOLD_LINES = 12
"""Of a difference."""
LONGEST_LINE = 160
_PARTS = {
    "system": "the system prompt",
    "shared": "the shared context (the change and what belongs to it)",
    "ask": "the task",
}
"""What a prompt consists of, in words for the user."""


class ReplaySpeaker:
    """Answers from a recording. `cover` is what this machine's recordings are covered with, `uncover` its opposite.

    Raises RecordingError for a file that is no recording.
    """

    def __init__(self, file: Path, cover: Cover = str, uncover: Cover = str) -> None:
        self._file = file
        self._cover = cover
        self._uncover = uncover
        self._tape = read_tape(file)
        self._waiting: defaultdict[str, deque[Entry]] = defaultdict(deque)
        for entry in self._tape.entries:
            self._waiting[entry.key].append(entry)
        self._score = _Score(self._tape.entries)
        self._originals: dict[int, tuple[Reply, Reply]] = {}
        self.difference = ""
        """Where the debate first departed from the recording: a short unified diff; empty where it did not, or where
        what differs is said in the reply's failure."""

    @property
    def outcome(self) -> Mapping[str, Any] | None:
        """What the recorded review came to; None where the recording does not say."""
        return self._tape.outcome

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The recorded reply; a Failure for a turn that was not recorded, which says what is different."""
        entries = self._waiting.get(turn_key(turn))
        if not entries:
            return Reply(None, turn.tier, self._missing(turn), calls=0)
        # The same question asked again in one debate has an answer of its own.
        entry = uncovered(entries.popleft(), fence_of(turn.prompt), self._uncover)
        await self._score.play(entry, listener)
        reply = entry.reply
        played = evolve(reply, tokens=NO_TOKENS, spent=ZERO, assumed=ZERO, calls=0, recorded=reply.price)
        self._originals[id(played)] = (played, reply)
        return played

    def original(self, played: Reply) -> Reply:
        """A reply as it was recorded, with what it cost then."""
        return self._originals.get(id(played), (played, played))[1]

    def _missing(self, turn: Turn) -> Failure:
        """Why there is no answer, in one sentence."""
        head = f"{self._file} has no answer for {turn.seat} in {turn.phase}"
        left = [one for some in self._waiting.values() for one in some]
        alike = [one for one in left if (one.seat, one.phase) == (turn.seat, turn.phase)]
        if self._breaks_off and not (alike and turn.phase in ("triage", "opening")):
            # What was under way when it was cut short is not in it, nor what it led to; what is, can be played on.
            return Failure("interrupted", f"{head}: the recording breaks off before that, so record anew.")
        return Failure("not_found", self._departure(turn, head, alike))

    @property
    def _breaks_off(self) -> bool:
        # A file of schema 1 never says what it came to.
        return bool(self._tape.about) and breaks_off(self._tape.outcome)

    def _departure(self, turn: Turn, head: str, alike: list[Entry]) -> str:
        """Where the debate departs from the recording."""
        if not alike:
            return f"{head}: that turn was not asked when it was recorded, so review what was recorded, or record anew."
        prompt = self._covered(turn.prompt)
        entry = min(alike, key=lambda one: (sum(_differs(one, turn, prompt).values()), one.asked))
        part = next((name for name, differs in _differs(entry, turn, prompt).items() if differs), None)
        where = f"turn {entry.asked} of the recording"
        if part == "tier":
            return f"{head}: {where} was asked of {entry.tier}, not {turn.tier}, so use its settings, or record anew."
        if part is None:
            return f"{head}: {where} was to be answered in another form, so record anew."
        then, now = getattr(entry.prompt, part), getattr(prompt, part)
        told = _diff(then, now)
        self.difference = self.difference or told
        return (
            f"{head}: {_PARTS[part]} differs from {where}{_first(told)}, so review what was recorded, or record anew."
        )

    def _covered(self, prompt: Prompt) -> Prompt:
        fence = fence_of(prompt)

        def text(of: str) -> str:
            return self._cover(of.replace(fence, FENCE) if fence is not None else of)

        return Prompt(text(prompt.system), text(prompt.shared), text(prompt.ask))


def _differs(entry: Entry, turn: Turn, prompt: Prompt) -> dict[str, bool]:
    """What of a turn is not as it was recorded, in the order in which it is told."""
    then = entry.prompt
    fence = fence_of(then) or FENCE
    texts = {name: getattr(then, name).replace(fence, FENCE) != getattr(prompt, name) for name in _PARTS}
    return {"tier": entry.tier != turn.tier, **texts}


def _diff(then: str, now: str) -> str:
    lines = list(difflib.unified_diff(then.splitlines(), now.splitlines(), "recorded", "now", n=1, lineterm=""))
    cut = [line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…" for line in lines[:TOLD_LINES]]
    return "\n".join([*cut, *(["…"] if len(lines) > TOLD_LINES else [])])


def _first(diff: str) -> str:
    """The first line that differs, for a sentence."""
    changed = [line for line in diff.split("\n")[2:] if line[:1] in ("-", "+") and line[1:].strip()]
    return f" (first in “{changed[0][1:].strip()[:80]}”)" if changed else ""


def breaks_off(outcome: Mapping[str, Any] | None) -> bool:
    """Whether a recording with that outcome is of a debate that did not come to its end: killed, or Ctrl-C."""
    return outcome is None or outcome.get("stopped_by") == "interrupted"


class _Score:
    """What happened in a debate, in its order. A turn plays its part when all before it has been played."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._owners = {number: entry.asked for entry in entries for number in entry.numbers}
        self._order = deque(sorted(self._owners))
        self._parts: dict[int, Callable[[], None]] = {}
        """What the turns that are there have yet to say."""
        self._conductor: asyncio.Task[None] | None = None

    async def play(self, entry: Entry, listener: Listener) -> None:
        """Say what the turn said, each part when all before it has been played."""
        done = asyncio.get_running_loop().create_future()
        parts = _parts(entry, listener, done)
        if entry.asked not in self._owners:
            # It was given up, so nobody waits for it: it speaks as soon as it is there.
            for number in sorted(parts):
                parts[number]()
            return
        self._parts |= parts
        try:
            while not done.done():
                self._go_on()
                _, waiting = await asyncio.wait([done], timeout=PATIENCE)
                if waiting:
                    self._give_up_on_who_is_missing()
        finally:
            # Of a cancelled turn nobody hears the rest, but others must not wait for it.
            self._parts |= {number: _nothing for number in parts if number in self._parts}

    def _go_on(self) -> None:
        if self._conductor is None or self._conductor.done():
            self._conductor = asyncio.create_task(self._conduct())

    async def _conduct(self) -> None:
        while self._order and self._order[0] in self._parts:
            number = self._order.popleft()
            owner = self._owners.pop(number)
            self._parts.pop(number)()
            if not self._order or self._owners[self._order[0]] != owner:
                # Whoever heard it asks what it has to ask; claims of one turn in a row may have come in one piece.
                await settled()

    def _give_up_on_who_is_missing(self) -> None:
        """The debate takes another course than the recorded one: a turn that it does not ask must not hold it up."""
        missing = self._owners.get(self._order[0]) if self._order else None
        if missing is not None and self._order[0] not in self._parts:
            self._owners = {number: owner for number, owner in self._owners.items() if owner != missing}
            self._order = deque(sorted(self._owners))


def _parts(entry: Entry, listener: Listener, done: asyncio.Future[None]) -> dict[int, Callable[[], None]]:
    parts: dict[int, Callable[[], None]] = {entry.asked: _nothing}
    if entry.started is not None:
        parts[entry.started] = listener.started
    parts |= {number: partial(listener.claim, claim) for number, claim in entry.heard}
    parts |= dict.fromkeys(entry.again, listener.again)
    parts[entry.finished] = lambda: None if done.done() else done.set_result(None)
    return parts


def _nothing() -> None:
    """Happens without being heard."""
