"""What saves, switched off one at a time: the product's own code, altered for as long as the block runs.

The reviewers, their script and the lengths of their answers stay as they are; what is switched off changes only what is
sent, to whom, how often and to which model.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from attrs import evolve, frozen

from bench.cost.harness import Ready, ready
from bench.cost.ways import Plan, Reviewed, everybody, ours, own_tiers, whole_files
from rebuttal.context import candidates
from rebuttal.context.render import render
from rebuttal.debate import memory, selection
from rebuttal.debate.assemble import Assembler, Put, facts
from rebuttal.debate.floor import Floor
from rebuttal.debate.merge import Docket
from rebuttal.debate.model import Brief, Contention, EndedBy, Listener, Profile, Reply, Seat, Speaker, Tier, Turn
from rebuttal.debate.protocols import council, crossfire
from rebuttal.debate.protocols.council import Council
from rebuttal.debate.protocols.crossfire import Crossfire
from rebuttal.debate.statement import STATEMENT_SCHEMA
from rebuttal.settings import Settings
from rebuttal.speakers import requests

Run = Callable[[Ready, Brief, Settings, float], Reviewed]


@frozen
class Mechanism:
    """One that can be switched off. `run`: how a debate is held without it."""

    name: str
    run: Run
    protocols: tuple[str, ...] = ("crossfire", "council")
    profiles: tuple[Profile, ...] = ("frugal", "balanced", "thorough")


# --- prompt cache ---


@frozen
class Uncached:
    """A speaker of whose prompts nothing is kept."""

    inner: Speaker

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        return await self.inner.speak(evolve(turn, alone=True, reusable=False), listener)


def without_cache(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    return ours(ready, asked, settings, length, wrap=Uncached)


def all_at_once(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """No seat waits for another to have written what it could read."""

    async def open_tier(self: Floor, tier: Tier, seats: Sequence[Seat], submit: Any) -> None:
        self._warm[tier].set()
        async with asyncio.TaskGroup() as group:
            for seat in seats:
                group.create_task(self._open_seat(seat, submit, lambda: None))

    async def settled(self: Any, found: Any) -> bool:
        return True  # nobody waits in the speaker either

    from rebuttal.speakers.caching import Prefixes

    with patch.object(Floor, "_open_tier", open_tier), patch.object(Prefixes, "settled", settled):
        return ours(ready, asked, settings, length)


# --- models ---


def without_tiers(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    dear = evolve(settings, model_haiku=settings.model_opus, model_sonnet=settings.model_opus)
    return ours(ready, ready.brief(dear), dear, length)


def with_dearer_simple_seats(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """A complex change moves seats of the cheapest tier up, too."""
    with patch.object(selection, "_unless_cheapest", lambda _, moved: moved):
        return ours(ready, asked, settings, length)


# --- what is sent ---


def without_selection(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """The changed files in whole, in the place of the diff and of ranked slices."""
    return ours(ready, evolve(asked, shared=whole_files(ready), fitted={}), settings, length)


_SAID_TWICE = {
    "file": "Path exactly as shown, relative to the root of the repository.",
    "side": "new: the quote stands in the code after the change; old: only in the code before it; "
    "file: about the file as a whole, something is missing.",
    "quote": "One or a few whole lines, copied verbatim; empty only for side file.",
    "argument": "First one sentence that asserts the defect and what it does; then when, and why the code shows it.",
    "severity": "What the defect does when it happens.",
    "certainty": "How sure you are that the code shown has this defect.",
    "replacement": "The whole lines that stand there instead, with their indentation.",
    "fixes": "Edits that together mend it; empty if you have none that is complete.",
    "claims": "Defects that you assert; empty if the task does not ask for them.",
    "rulings": "Your rulings on the claims that you were shown.",
    "needs": "Code that you must see before you can rule; empty if you can rule.",
}
"""What the schema said besides `prompts/system.md`."""


def with_wordy_schema(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """The schema of the answer says once more what our own words say."""
    with patch.object(requests, "STATEMENT_SCHEMA", _described(STATEMENT_SCHEMA)):
        return ours(ready, asked, settings, length)


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    parts = {name: _described(one) for name, one in schema.get("properties", {}).items()}
    for name in parts.keys() & _SAID_TWICE.keys():
        parts[name] = {"description": _SAID_TWICE[name], **parts[name]}
    found = {**schema, "properties": parts} if parts else dict(schema)
    return found | {"items": _described(schema["items"])} if "items" in schema else found


def with_long_outlines(one: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """A class that holds changed lines is outlined by all its methods."""
    with patch.object(candidates, "_MOST_METHODS", 10_000):
        whole = ready(one.study, dict(os.environ))
    return ours(one, evolve(asked, shared=whole.parts.shared, fitted={}), settings, length)


def without_counted_facts(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """What tools say of several places of a file is told once for each of them."""
    parts = ready.parts
    assert parts.context is not None
    own = [line for one in parts.evidence.findings for line in facts((one,))]
    shared = render(parts.context, parts.fence, [*own, *facts((), parts.context.reported)])
    return ours(ready, evolve(asked, shared=shared, fitted={}), settings, length)


def without_dossiers(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """Tiers that nobody opened with are sent the whole shared part as well, and write it to their cache."""

    async def is_warm(self: Floor, tier: Tier) -> bool:
        if tier in self._warm:
            await self._warm[tier].wait()
        return True

    with patch.object(Floor, "is_warm", is_warm):
        return ours(ready, asked, settings, length)


@contextmanager
def _nothing_forgotten() -> Iterator[None]:
    def told(self: Assembler, put: Put, now: int) -> list[Any]:
        recalled = memory.remember((put.contention,), now, of=put.reads)
        from rebuttal.debate.recollection import recollected

        return list(recollected(recalled, has_seen=False))

    with (
        patch.object(memory, "WINDOW", 99),
        patch.object(memory, "WHOLE", 999),
        patch.object(Assembler, "_told", told),
    ):
        yield


def without_compaction(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """Every position of every round is shown whole, also to who has read it."""
    with _nothing_forgotten():
        return ours(ready, asked, settings, length)


# --- who is asked what ---


def without_sparing(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """Our tiers, context and cache, but everybody reads everybody and rules on everything, in every round."""
    opening, later = own_tiers(asked)
    plan = Plan(asked.shared, opening, later, cached=True)
    return everybody(ready, asked, plan, settings, length)


def without_neighbours(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """A seat of the council reads all others on every claim that is argued about."""

    def reads(self: Council, seat: str, contention: Contention) -> frozenset[str]:
        return frozenset((*self._ring, self._centre(contention).id, *contention.raisers)) - {seat}

    with patch.object(Council, "_reads", reads):
        return ours(ready, asked, settings, length)


def without_batches(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """A call for each claim."""
    with patch.object(crossfire, "BATCH", 1), patch.object(council, "PUT", 1):
        return ours(ready, asked, settings, length)


def without_waiting(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """Each claim is examined as soon as a lane is free, alone if no other waits."""
    with patch.object(crossfire._Bench, "_due", crossfire._Bench._next):
        return ours(ready, asked, settings, length)


def without_joining(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """Each seat examines the last claims that fall to it in a call of its own."""

    def apart(self: Any, seat: Seat, choice: Any, along: Any, waiting: Any) -> Any:
        return seat, along

    with patch.object(crossfire._Bench, "_joined", apart):
        return ours(ready, asked, settings, length)


def without_merging(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """What two seats claim is argued about twice."""
    with patch.object(Docket, "_same", lambda *_: None):
        return ours(ready, asked, settings, length)


# --- when it ends ---


@contextmanager
def _no_early_stop() -> Iterator[None]:
    """Every claim is argued about in every round that the panel has."""

    def why_stop(self: Crossfire, last: int) -> EndedBy | None:
        return self._floor.stopped() or ("round_limit" if last >= self._sitting.brief.rounds else None)

    def disputes(self: Crossfire) -> list[tuple[Contention, Seat]]:
        return [(one, self._arguer(one) or self._floor.examiner) for one in self._sitting.docket.all()]

    def council_stop(self: Council, pending: Any, turns: Any, last: int) -> EndedBy | None:
        return self._floor.stopped() or ("round_limit" if last >= self._sitting.brief.rounds else None)

    def pending(self: Council) -> list[Contention]:
        return list(self._sitting.docket.all())

    put = Council._put

    def always(self: Council, seat: str, contention: Contention, said: Any) -> Put | None:
        found = put(self, seat, contention, said)
        if found is not None:
            return found
        reads = self._reads(seat, contention) | {seat}
        return Put(contention, reads, self._since(seat, contention), memory.difference({}, {}))

    with (
        patch.object(Crossfire, "_why_stop", why_stop),
        patch.object(Crossfire, "_disputes", disputes),
        patch.object(Council, "_why_stop", council_stop),
        patch.object(Council, "_pending", pending),
        patch.object(Council, "_put", always),
    ):
        yield


def without_early_stop(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    with _no_early_stop():
        return ours(ready, asked, settings, length)


def without_stop_and_compaction(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    with _no_early_stop(), _nothing_forgotten():
        return ours(ready, asked, settings, length)


def by_rules(ready: Ready, asked: Brief, settings: Settings, length: float) -> Reviewed:
    """The panel and rounds that the product itself would choose."""
    return ours(ready, ready.brief(settings, by_rules=True), settings, length)


MECHANISMS = (
    Mechanism("choice of models: all opus", without_tiers),
    Mechanism("a complex change: simple lenses too", with_dearer_simple_seats, profiles=("balanced",)),
    Mechanism("everybody reads everybody, in every round", without_sparing),
    Mechanism("early stop: every claim in every round", without_early_stop),
    Mechanism("context selection: the files in whole", without_selection),
    Mechanism("facts that are alike told once", without_counted_facts),
    Mechanism("schema: says again what the prompt says", with_wordy_schema),
    Mechanism("outlines of changed classes: all methods", with_long_outlines),
    Mechanism("prompt cache", without_cache),
    Mechanism("first call warms the cache: all at once", all_at_once),
    Mechanism("several claims in a call: one", without_batches),
    Mechanism("waiting until a call is full: as soon as a claim stands", without_waiting, ("crossfire",)),
    Mechanism("last claims share an examiner: each seat alone", without_joining, ("crossfire",)),
    Mechanism("merging what two seats claim", without_merging),
    Mechanism("dossiers: the whole for every tier", without_dossiers, ("crossfire",), ("frugal",)),
    Mechanism("sparse neighbours: all others", without_neighbours, ("council",)),
    Mechanism("compaction of memory", without_compaction, ("council",)),
    Mechanism("early stop and compaction", without_stop_and_compaction, ("council",)),
)
