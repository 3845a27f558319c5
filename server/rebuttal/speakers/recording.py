"""Whole debates written to a file and played again: for bug reports and regression tests.

A line of JSON for each turn: what was asked, what was heard while it was spoken, the reply. What is asked has been
redacted before it gets here, and no key, header or address is ever part of it.

Seats speak at the same time, and which claim came first decides what is asked next. So everything that was heard has a
number in the order of the whole debate, and is played again in that order.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field, frozen

from rebuttal.debate.model import Claim, Failure, Listener, Prompt, Reply, Speaker, Turn
from rebuttal.settings import SettingsError
from rebuttal.store.model import NO_TOKENS, ZERO

if TYPE_CHECKING:
    from cattrs import Converter

SCHEMA = 1
PATIENCE = 2.0
"""Seconds that a replay waits for a turn that was asked here in the recording."""
LOOPS = 50
"""Rounds of the event loop after which whoever heard something has acted on it."""
_FENCE = re.compile(r'<pasted_content id="([^"]+)"')


class RecordingError(SettingsError):
    """The file of a recording cannot be used; the message is one sentence that says what to do."""


@frozen
class _Entry:
    """One line of a recording."""

    schema: int
    turn: str
    seat: str
    phase: str
    tier: str
    max_tokens: int
    prompt: Prompt
    asked: int
    started: int | None
    heard: tuple[tuple[int, Claim], ...]
    finished: int
    reply: Reply
    again: tuple[int, ...] = ()
    """When the answer was begun anew."""


def turn_key(turn: Turn) -> str:
    """Names a turn by all that the answer may depend on. The fence's id, which differs between installations, is not
    part of it, so that a recording can be played on another machine."""
    prompt = turn.prompt
    texts = [turn.seat, turn.phase, turn.tier, prompt.system, prompt.shared, prompt.ask]
    if turn.schema is not None:
        texts.append(json.dumps(turn.schema, sort_keys=True))
    fence = _FENCE.search(prompt.shared) or _FENCE.search(prompt.ask)
    if fence is not None:
        texts = [text.replace(fence[1], "fence") for text in texts]
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:24]


class RecordingSpeaker:
    """Passes every turn on to another speaker and writes down what came of it. A cancelled turn is not recorded."""

    def __init__(self, speaker: Speaker, file: Path) -> None:
        self._speaker = speaker
        self._file = file
        self._converter = _converter()
        self._numbers = count()
        self.problem: str | None = None
        """Why the recording is not whole, in one sentence."""
        try:
            file.write_text("", "utf-8")
        except OSError as error:
            raise RecordingError(_unusable(file, "written", error)) from None

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The other speaker's reply. It has been paid for, so it is not lost where the file cannot be written."""
        asked = next(self._numbers)
        both = _Overhearing(listener, self._numbers)
        reply = await self._speaker.speak(turn, both)
        entry = _Entry(
            *(SCHEMA, turn_key(turn), turn.seat, turn.phase, turn.tier, turn.max_tokens, turn.prompt),
            *(asked, both.began, tuple(both.claims), next(self._numbers), reply, tuple(both.anew)),
        )
        line = json.dumps(self._converter.unstructure(entry), ensure_ascii=False)
        try:
            # Opened each time: what has been recorded survives whatever happens next.
            with self._file.open("a", encoding="utf-8", errors="replace", newline="\n") as stream:
                stream.write(line + "\n")
        except OSError as error:
            self.problem = _unusable(self._file, "written", error)
        return reply


class ReplaySpeaker:
    """Answers from a recording. Nothing is sent and nothing is spent, whatever the recording cost."""

    def __init__(self, file: Path) -> None:
        self._file = file
        entries = sorted(_read(file), key=lambda entry: entry.asked)
        self._waiting: defaultdict[str, deque[_Entry]] = defaultdict(deque)
        for entry in entries:
            self._waiting[entry.turn].append(entry)
        self._score = _Score(entries)

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The recorded reply; a Failure for a turn that was not recorded."""
        entries = self._waiting.get(turn_key(turn))
        if not entries:
            message = (
                f"{self._file} has no answer for {turn.seat} in {turn.phase}: the change, the settings or the prompts "
                "differ from those that were recorded, so record anew."
            )
            return Reply(None, turn.tier, Failure("not_found", message), calls=0)
        # The same question asked again in one debate has an answer of its own.
        entry = entries.popleft()
        await self._score.play(entry, listener)
        reply = entry.reply
        return evolve(reply, tokens=NO_TOKENS, spent=ZERO, assumed=ZERO, calls=0, recorded=reply.price)


class _Score:
    """What happened in a debate, in its order. A turn plays its part when all before it has been played."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self._owners = {number: entry.asked for entry in entries for number in _numbers(entry)}
        self._order = deque(sorted(self._owners))
        self._parts: dict[int, Callable[[], None]] = {}
        """What the turns that are there have yet to say."""
        self._conductor: asyncio.Task[None] | None = None

    async def play(self, entry: _Entry, listener: Listener) -> None:
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
                for _ in range(LOOPS):
                    await asyncio.sleep(0)

    def _give_up_on_who_is_missing(self) -> None:
        """The debate takes another course than the recorded one: a turn that it does not ask must not hold it up."""
        missing = self._owners.get(self._order[0]) if self._order else None
        if missing is not None and self._order[0] not in self._parts:
            self._owners = {number: owner for number, owner in self._owners.items() if owner != missing}
            self._order = deque(sorted(self._owners))


def _parts(entry: _Entry, listener: Listener, done: asyncio.Future[None]) -> dict[int, Callable[[], None]]:
    parts: dict[int, Callable[[], None]] = {entry.asked: _nothing}
    if entry.started is not None:
        parts[entry.started] = listener.started
    parts |= {number: partial(listener.claim, claim) for number, claim in entry.heard}
    parts |= dict.fromkeys(entry.again, listener.again)
    parts[entry.finished] = lambda: None if done.done() else done.set_result(None)
    return parts


def _nothing() -> None:
    """Happens without being heard."""


@define
class _Overhearing:
    listener: Listener
    numbers: Iterator[int]
    began: int | None = None
    claims: list[tuple[int, Claim]] = field(factory=list)
    anew: list[int] = field(factory=list)

    def started(self) -> None:
        self.began = next(self.numbers)
        self.listener.started()

    def claim(self, claim: Claim) -> None:
        self.claims.append((next(self.numbers), claim))
        self.listener.claim(claim)

    def again(self) -> None:
        self.anew.append(next(self.numbers))
        self.listener.again()


def _numbers(entry: _Entry) -> Iterator[int]:
    yield entry.asked
    if entry.started is not None:
        yield entry.started
    yield from (number for number, _ in entry.heard)
    yield from entry.again
    yield entry.finished


def _read(file: Path) -> list[_Entry]:
    converter = _converter()
    try:
        lines = file.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(_unusable(file, "read", error)) from None
    return [_entry(file, number, line, converter) for number, line in enumerate(lines, 1) if line]


def _entry(file: Path, number: int, line: str, converter: Converter) -> _Entry:
    try:
        raw: Any = json.loads(line)
        if raw["schema"] != SCHEMA:
            raise ValueError(f"its schema is {raw['schema']}, not {SCHEMA}")
        return converter.structure(raw, _Entry)
    except Exception as error:  # whatever a file may hold
        reason = str(error).split("\n", 1)[0]
        raise RecordingError(
            f"line {number} of {file} is no recording of this version ({reason}): record anew"
        ) from None


def _unusable(file: Path, what: str, error: Exception) -> str:
    return f"the recording {file} cannot be {what} ({error}): name another file"


def _converter() -> Converter:
    from cattrs import Converter

    converter = Converter()
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
    return converter
