"""The file of a recorded debate (docs/recordings.md): what stands in it, and how it is read.

A line of JSON each: first what was reviewed and how, then every turn in the order in which the turns were asked, at
last what it came to. Texts that several turns have in common stand once, in front of the first that has them. The same
debate gives the same bytes, on any machine; a file that breaks off is a recording of what it holds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from rebuttal.debate.model import Claim, Phase, Prompt, Reply, Tier, Turn
from rebuttal.settings import SettingsError
from rebuttal.store.money import money_converter

if TYPE_CHECKING:
    from cattrs import Converter

SCHEMA = 2
OLDEST = 1
"""A file of schema 1 has a line for each turn, with the whole prompt in it, and nothing else."""
FENCE = "«fence»"
"""In place of the fence's id, which differs between installations."""
_FENCE = re.compile(r'<pasted_content id="([^"]+)"')
Cover = Callable[[str], str]
"""A text as it may stand in a recording."""


class RecordingError(SettingsError):
    """The file of a recording cannot be used; the message is one sentence that says what to do."""


@frozen
class Entry:
    """One turn. Whatever happened in the debate has a number in the order of the whole."""

    key: str
    """`turn_key`."""
    seat: str
    phase: Phase
    tier: Tier
    max_tokens: int
    prompt: Prompt
    asked: int
    started: int | None
    heard: tuple[tuple[int, Claim], ...]
    """Each claim as it was heard while the answer was spoken."""
    finished: int
    reply: Reply
    again: tuple[int, ...] = ()
    """When the answer was begun anew."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of all that happened in the turn."""
        begun = () if self.started is None else (self.started,)
        return (self.asked, *begun, *(number for number, _ in self.heard), *self.again, self.finished)


@frozen
class Tape:
    """A recording that was read."""

    entries: tuple[Entry, ...]
    """By `asked`."""
    about: Mapping[str, Any] = field(factory=dict)
    """What was reviewed and how; empty in a file of schema 1."""
    outcome: Mapping[str, Any] | None = None
    """What it came to; None where the recording breaks off."""


def fence_of(prompt: Prompt) -> str | None:
    """The id of the fence around what others wrote, where the prompt has one."""
    fence = _FENCE.search(prompt.shared) or _FENCE.search(prompt.ask)
    return fence[1] if fence is not None else None


def turn_key(turn: Turn) -> str:
    """Names a turn by all that the answer may depend on. The fence's id, which differs between installations, is not
    part of it, so that a recording can be played on another machine."""
    prompt = turn.prompt
    texts = [turn.seat, turn.phase, turn.tier, prompt.system, prompt.shared, prompt.ask]
    if turn.schema is not None:
        texts.append(json.dumps(turn.schema, sort_keys=True))
    fence = fence_of(prompt)
    if fence is not None:
        texts = [text.replace(fence, "fence") for text in texts]
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:24]


def covered(entry: Entry, cover: Cover) -> Entry:
    """The entry as it may be kept: without the fence's id, and without what `cover` takes away."""
    fence = fence_of(entry.prompt)

    def text(of: str) -> str:
        return cover(of.replace(fence, FENCE) if fence is not None else of)

    return _mapped(entry, text)


def uncovered(entry: Entry, fence: str | None, uncover: Cover) -> Entry:
    """The entry as it is played: with the fence of this installation in what was said."""
    return _mapped(entry, lambda text: uncover(text.replace(FENCE, fence) if fence is not None else text))


def _mapped(entry: Entry, text: Cover) -> Entry:
    mapped = _converter().structure(_deep(_converter().unstructure(entry), text), Entry)
    return evolve(mapped, key=entry.key)


_WORDS = re.compile(r".*", re.DOTALL)
_CLOSED = dict.fromkeys(
    ("key", "seat", "phase", "tier", "kind", "side", "category", "severity", "certainty", "verdict"), _WORDS
) | {"claim": re.compile(r"c-[0-9a-f-]+"), "model": re.compile(r"claude-[\w.@-]+")}
"""Fields of known words and of ids: nothing in them says whose they are, and a word in them must stay the same. What
the answer itself put there, or a server that names its models by their files, is a text like any other."""


def _deep(value: Any, text: Cover) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {name: one if _is_closed(name, one) else _deep(one, text) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_deep(one, text) for one in value]
    return value


def _is_closed(name: str, value: object) -> bool:
    return name in _CLOSED and isinstance(value, str) and _CLOSED[name].fullmatch(value) is not None


# --- writing ---


class Writer:
    """Turns what happened into the lines of one file. Texts are written once."""

    def __init__(self) -> None:
        self._written: set[str] = set()

    def head(self, about: Mapping[str, Any]) -> str:
        return _line({"schema": SCHEMA, "recording": about})

    def turn(self, entry: Entry) -> str:
        """The turn, behind the texts that it is the first to have."""
        raw = _converter().unstructure(entry)
        texts = [entry.prompt.system, entry.prompt.shared]
        raw["prompt"] = {"system": _digest(texts[0]), "shared": _digest(texts[1]), "ask": entry.prompt.ask}
        said = entry.reply.statement.claims if entry.reply.statement is not None else ()
        places = {claim: number for number, claim in reversed(list(enumerate(said)))}
        heard = zip(entry.heard, raw["heard"], strict=True) if entry.heard else ()
        raw["heard"] = [[number, places.get(claim, one[1])] for (number, claim), one in heard]
        return "".join([*self._texts(texts), _line({"turn": raw})])

    def foot(self, outcome: Mapping[str, Any]) -> str:
        return _line({"outcome": outcome})

    def _texts(self, texts: Iterable[str]) -> Iterator[str]:
        for text in texts:
            digest = _digest(text)
            if text and digest not in self._written:
                self._written.add(digest)
                yield _line({"text": digest, "is": text})


def _line(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # A lone surrogate has no UTF-8 form.
    return text.encode("utf-8", "replace").decode("utf-8") + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16] if text else ""


# --- reading ---


def about_of(file: Path) -> Mapping[str, Any]:
    """What was reviewed and how, as the first line has it; empty where that does not tell. Whether the file can be
    played is not asked here."""
    try:
        with file.open(encoding="utf-8") as stream:
            head = json.loads(stream.readline())
    except (OSError, ValueError, RecursionError):
        return {}
    match head:
        case {"schema": 2, "recording": dict(about)}:
            return about
    return {}


def read_tape(file: Path) -> Tape:
    """Raises RecordingError for what is no recording. A last line that breaks off is left out; one that only has lost
    its end of line is not."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(unusable(file, "read", error)) from None
    reader = _Reader(file)
    *lines, last = text.split("\n")
    for number, line in enumerate(lines, 1):
        reader.take(number, line)
    if reader.is_empty or _is_whole(last):
        reader.take(len(lines) + 1, last)
    return reader.tape()


def _is_whole(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


class _Reader:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._converter = _converter()
        self._texts = {"": ""}
        self._entries: list[Entry] = []
        self._about: Mapping[str, Any] = {}
        self._outcome: Mapping[str, Any] | None = None
        self.has_head = False

    @property
    def is_empty(self) -> bool:
        return not self.has_head and not self._entries

    def take(self, number: int, line: str) -> None:
        if not line:
            return
        try:
            self._take(json.loads(line))
        except Exception as error:  # whatever a file may hold
            reason = str(error).split("\n", 1)[0]
            raise RecordingError(
                f"line {number} of {self._file} is no recording of this version ({reason}): record anew"
            ) from None

    def _take(self, raw: Any) -> None:
        match raw:
            case {"schema": 2, "recording": about} if not self.has_head:
                self._about, self.has_head = dict(about), True
            case {"text": digest, "is": text} if self.has_head:
                self._texts[str(digest)] = str(text)
            case {"turn": entry} if self.has_head:
                self._entries.append(self._entry(entry))
            case {"outcome": outcome} if self.has_head:
                self._outcome = dict(outcome)
            case {"schema": 1} if not self.has_head:
                self._entries.append(self._converter.structure({**raw, "key": raw["turn"]}, Entry))
            case {"schema": schema}:
                raise ValueError(f"its schema is {schema}, not {OLDEST} to {SCHEMA}")
            case _:
                raise ValueError("it is nothing that a recording holds there")

    def _entry(self, raw: dict[str, Any]) -> Entry:
        prompt, said = raw["prompt"], raw["reply"].get("statement") or {}
        named = {name: self._texts[prompt[name]] for name in ("system", "shared")}
        heard = [(number, said["claims"][one] if isinstance(one, int) else one) for number, one in raw.get("heard", ())]
        return self._converter.structure({**raw, "prompt": {**prompt, **named}, "heard": heard}, Entry)

    def tape(self) -> Tape:
        if self.is_empty:
            raise RecordingError(f"the recording {self._file} is empty: record anew")
        entries = sorted(self._entries, key=lambda entry: entry.asked)
        if not _is_in_order(entries):
            raise RecordingError(f"what happened in {self._file} has lost its order: record anew")
        return Tape(tuple(entries), self._about, self._outcome)


def _is_in_order(entries: Iterable[Entry]) -> bool:
    """Whether everything has a number of its own, and each turn's lie between asking and the end."""
    every = [(one, one.numbers) for one in entries]
    numbers = [number for _, some in every for number in some]
    return len(set(numbers)) == len(numbers) and all(
        (one.asked, one.finished) == (min(some), max(some)) for one, some in every
    )


def unusable(file: Path, what: str, error: Exception) -> str:
    """One sentence for a file that cannot be read or written."""
    return f"the recording {file} cannot be {what} ({error}): name another file"


@cache
def _converter() -> Converter:
    # What has its usual value is left out: a field that is new changes no recording that knows nothing of it.
    return money_converter(omit_if_default=True)
