"""Memory as material for a prompt: positions without names, in an order that tells nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from rebuttal.debate.memory import Decision, Difference, Memory, Position, brief
from rebuttal.text.words import counted

LONGEST_SHOWN = 2000
"""Characters of a quote that are shown to others: what was not found in the code may be of any length."""


@frozen
class Exhibited:
    """Words of others, to be fenced: where they are from, and what they are."""

    source: str
    item: dict[str, str]


Material = str | Exhibited
"""A sentence of ours, or words of others."""


def recollected(memory: Memory, *, has_seen: bool) -> Iterator[Material]:
    """What a memory shows. `has_seen`: some of it was argued about in a round before the last."""
    if has_seen and memory.whole:
        yield "New since the last turn:"
    yield from (Exhibited("position", _position(one, one.because)) for one in _by_content(memory.whole))
    if memory.lines:
        yield "Held before, in one line each:"
    yield from (Exhibited("position", _position(one, brief(one.because))) for one in _by_content(memory.lines))
    if memory.forgotten:
        yield f"{counted(memory.forgotten, 'older position')} left out." + (
            " They rest on these lines:" if memory.quotes else ""
        )
    for file, quote in memory.quotes:
        yield Exhibited("lines", {"file": file, "quote": quote[:LONGEST_SHOWN]})
    yield from _mistakes(memory)


def summed_up(difference: Difference) -> str:
    """The difference in numbers, as one sentence of ours."""
    return (
        f"Since your last turn: {len(difference.added)} added, {len(difference.changed)} changed, "
        f"{len(difference.withdrawn)} withdrawn, {difference.unchanged} unchanged."
    )


def settled(decisions: Iterable[Decision]) -> Iterator[Material]:
    """What is argued about no more, a line each."""
    words = {"finding": "it stands", "held_back": "held back", "dropped": "refuted"}
    for number, one in enumerate(decisions):
        if number == 0:
            yield "# Settled: not to be argued again"
        yield Exhibited("settled claim", {"claim": one.claim, "title": one.title, "became": words[one.became]})


def one_line_each(said: Iterable[Position]) -> Iterator[Material]:
    """What everybody holds now, as the Moderator reads it."""
    standing = [one for one in said if not one.given_up]
    yield from (Exhibited("position", _position(one, brief(one.because))) for one in _by_content(standing))


def _mistakes(memory: Memory) -> Iterator[Material]:
    void = dict.fromkeys(one.quote for one in memory.mistakes if one.kind == "void")
    silent = sum(one.kind == "silent" for one in memory.mistakes)
    if void:
        yield "Rulings on this claim rested on lines that are not in the code, and count for nothing:"
    yield from (Exhibited("not in the code", {"quote": quote}) for quote in void)
    if silent:
        yield f"{counted(silent, 'reviewer')} gave no ruling on it."


def _position(one: Position, because: str) -> dict[str, str]:
    shown = {"holds": one.holds, "file": one.file, "quote": one.quote[:LONGEST_SHOWN], "because": because}
    return shown | {"since": "given up"} if one.given_up else shown


def _by_content(said: Iterable[Position]) -> list[Position]:
    return sorted(said, key=lambda one: (one.holds, one.quote, one.because))
