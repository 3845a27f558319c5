"""Whole debates written to a file and played again: for bug reports and regression tests.

A line of JSON for each turn: what was asked, what was heard while it was spoken, the reply. What is asked has been
redacted before it gets here, and no key, header or address is ever part of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict, deque
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field, frozen

from rebuttal.debate.model import Claim, Failure, Listener, Prompt, Reply, Speaker, Turn
from rebuttal.settings import SettingsError
from rebuttal.store.model import NO_TOKENS, ZERO

if TYPE_CHECKING:
    from cattrs import Converter

SCHEMA = 1
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
    heard: tuple[Claim, ...]
    reply: Reply


def turn_key(turn: Turn) -> str:
    """Names a turn by all that the answer may depend on. The fence's id, which differs between installations, is not
    part of it, so that a recording can be played on another machine."""
    prompt = turn.prompt
    texts = [turn.seat, turn.phase, turn.tier, prompt.system, prompt.shared, prompt.ask]
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
        try:
            file.write_text("", "utf-8")
        except OSError as error:
            raise RecordingError(_unusable(file, "written", error)) from None

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The other speaker's reply. Raises RecordingError where the file cannot be written."""
        both = _Overhearing(listener)
        reply = await self._speaker.speak(turn, both)
        entry = _Entry(
            *(SCHEMA, turn_key(turn), turn.seat, turn.phase, turn.tier, turn.max_tokens),
            prompt=turn.prompt,
            heard=tuple(both.claims),
            reply=reply,
        )
        line = json.dumps(self._converter.unstructure(entry), ensure_ascii=False)
        try:
            # Opened each time: what has been recorded survives whatever happens next.
            with self._file.open("a", encoding="utf-8", errors="replace", newline="\n") as stream:
                stream.write(line + "\n")
        except OSError as error:
            raise RecordingError(_unusable(self._file, "written", error)) from None
        return reply


class ReplaySpeaker:
    """Answers from a recording. Nothing is sent and nothing is spent, whatever the recording cost."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._entries: defaultdict[str, deque[_Entry]] = defaultdict(deque)
        for entry in _read(file):
            self._entries[entry.turn].append(entry)

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The recorded reply; a Failure for a turn that was not recorded."""
        entries = self._entries.get(turn_key(turn))
        if not entries:
            message = (
                f"{self._file} has no answer for {turn.seat} in {turn.phase}: the change, the settings or the prompts "
                "differ from those that were recorded, so record anew."
            )
            return Reply(None, turn.tier, Failure("not_found", message), calls=0)
        # The same question asked again in one debate has its own answer; played more often, the last one stands.
        entry = entries.popleft() if len(entries) > 1 else entries[0]
        listener.started()
        for claim in entry.heard:
            listener.claim(claim)
        return evolve(entry.reply, tokens=NO_TOKENS, spent=ZERO, assumed=ZERO, calls=0)


@define
class _Overhearing:
    listener: Listener
    claims: list[Claim] = field(factory=list)

    def started(self) -> None:
        self.listener.started()

    def claim(self, claim: Claim) -> None:
        self.claims.append(claim)
        self.listener.claim(claim)


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
