"""A whole debate with real parts for a fault to happen in: the engine, the SDK on real sockets, a ledger on SQLite.

Three seats argue about three defects, so that every phase is reached and every phase has something to lose.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse
from rebuttal.debate.engine import debate
from rebuttal.debate.events import DebateEvent
from rebuttal.debate.model import Brief, Listener, Outcome, Phase, Reply, Speaker, Turn
from rebuttal.debate.worth import Worth
from rebuttal.settings import Settings
from rebuttal.speakers.claude import open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.patience import Patience
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger, local_now
from rebuttal.store.model import Caps, LedgerEntry
from tests.debate.conftest import LOOP_LINE, NEW, OLD, SQL_LINE, brief_of
from tests.emulator import Asked, Emulator, Record
from tests.emulator.prompt import shown_claims
from tests.reliability.weather import proxied

PHASES: tuple[Phase, ...] = ("triage", "opening", "cross_examination", "rebuttal", "consensus")
FILE = "shop/users.py"
TAX_LINE = "    return round(price * RATE)"
CAP = Decimal(5)
SILENCE, SHORT, TOTAL = 5.0, 0.25, 10.0
"""Seconds. `SHORT`: of silence, where it is to be met."""


def _claim(quote: str, title: str, category: str) -> dict[str, Any]:
    return {
        **{"file": FILE, "side": "new", "quote": quote, "title": title, "argument": f"{title}. Every call does it."},
        **{"category": category, "severity": "high", "certainty": "likely", "fixes": []},
    }


CLAIMS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "security-analyst": (_claim(SQL_LINE, "The name is put into the SQL text", "security"),),
    "code-reviewer": (
        _claim(LOOP_LINE, "The first item is left out of the total", "correctness"),
        _claim(TAX_LINE, "Cents are rounded away before they are added", "correctness"),
    ),
    "architect": (),
}


def brief(**more: Any) -> Brief:
    """Triage is asked, three seats open, all claims are examined, one is argued on and comes to the Moderator."""
    tax = "\n\ndef tax(price):\n    return {}\n"
    files = {FILE: (OLD + tax.format("price * RATE"), NEW + tax.format("round(price * RATE)"))}
    plain = {"rounds": 3, "panel": "medium", "doubtful": frozenset({"architect"}), "worth": Worth(1.0, 0.0, 0.0)}
    return brief_of(files, **{**plain, **more})


@define
class Panel:
    """What the seats answer; remembers what it said to which request."""

    said: dict[int, dict[str, Any]] = field(factory=dict)
    """By the emulator's number of the request."""

    def __call__(self, asked: Asked) -> dict[str, Any]:
        answer = self._answer(asked)
        self.said[asked.number] = answer
        return answer

    def _answer(self, asked: Asked) -> dict[str, Any]:
        if asked.phase == "triage":
            return {"leave_out": []}
        if asked.phase == "opening":
            return {"claims": list(CLAIMS.get(asked.seat or "", ())), "rulings": [], "needs": []}
        shown = list(shown_claims(asked.request.last_text))
        return {"claims": [], "rulings": [_ruling(asked.phase, one) for one in shown], "needs": []}


def _ruling(phase: str | None, shown: Mapping[str, Any]) -> dict[str, Any]:
    # The loop is contested, then tied, then settled by the Moderator; the others are confirmed at once.
    refuted = shown["quote"] == LOOP_LINE and phase == "cross_examination"
    return {
        **{"claim": shown["claim"], "verdict": "refuted" if refuted else "confirmed", "file": FILE},
        **{"quote": shown["quote"], "argument": "The quoted line shows it.", "severity": "high"},
    }


def patience(**more: Any) -> Patience:
    """As in earnest, but a thousand times quicker."""
    return Patience(**{"first_pause": 0.001, "connect": 2.0, "silence": SILENCE, "total": TOTAL, **more})


@define
class Watched:
    """A speaker whose calls can be met by trouble: of the phases named, another connection makes them."""

    calm: Speaker
    stormy: Speaker
    phases: frozenset[str] = frozenset()
    replies: list[tuple[Turn, Reply]] = field(factory=list)

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        speaker = self.stormy if turn.phase in self.phases else self.calm
        reply = await speaker.speak(turn, listener)
        self.replies.append((turn, reply))
        return reply


@frozen
class Run:
    """A debate that was held, and what it left behind."""

    outcome: Outcome
    records: tuple[Record, ...]
    said: Mapping[int, Mapping[str, Any]]
    chunk: int
    entries: tuple[LedgerEntry, ...]
    bill: Decimal
    replies: tuple[tuple[Turn, Reply], ...]
    events: tuple[DebateEvent, ...]
    took: float
    left_over: tuple[str, ...]
    """Tasks that still ran when the debate was over."""
    sockets: int
    """How many more of this process's sockets are open than before."""

    @property
    def attempts(self) -> int:
        """The most calls that one turn took."""
        return max((reply.calls for _, reply in self.replies), default=0)

    @property
    def held(self) -> Decimal:
        """What the ledger says it cost: settled and assumed."""
        return sum((one.cost for one in self.entries), Decimal(0))

    @property
    def assumed(self) -> Decimal:
        return sum((one.cost for one in self.entries if one.state == "assumed"), Decimal(0))

    def of(self, phase: str) -> tuple[Record, ...]:
        return tuple(one for one in self.records if one.phase == phase)

    def sent(self, record: Record) -> str:
        """The text of the answer as far as it went out."""
        if record.number not in self.said:
            return ""
        text = json.dumps(self.said[record.number], ensure_ascii=False)
        starts = [at for at, name in enumerate(record.events) if name == "content_block_start"]
        after = record.events[starts[-1] :] if starts else []
        return text[: self.chunk * after.count("content_block_delta")]


async def hold(
    emulator: Emulator,
    home: Path,
    *,
    about: Brief | None = None,
    wait: Patience | None = None,
    storm: Mapping[str, str] | None = None,
    phases: frozenset[str] = frozenset(),
    caps: Caps | None = None,
    settings: Settings | None = None,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], Any] = local_now,
    during: Callable[[DebateEvent], None] = lambda event: None,
    stop: asyncio.Event | None = None,
) -> Run:
    """Hold a debate. `storm`: the environment of the calls of `phases`, where it is another."""
    panel = Panel()
    emulator.script.default = panel
    wait = wait or patience()
    chosen = settings or Settings()
    before, sockets = asyncio.all_tasks(), open_sockets()
    database = await asyncio.to_thread(Database.open, home / "store.sqlite3")
    connections = [Connection(emulator.environment(), wait)]
    if storm is not None:
        connections.append(Connection({**emulator.environment(), **storm}, wait))
    try:
        for one, environment in zip(connections, ({}, storm or {}), strict=False):
            with proxied(environment):
                await one.client()
        ledger = Ledger(database, now)
        purse = Purse(ledger, caps or Caps(review=CAP), PriceBook.of(chosen))
        calm, stormy = (
            open_claude(one, chosen, purse, "review-1", "repository-1") for one in (connections[0], connections[-1])
        )
        speaker = Watched(calm, stormy, phases)
        events: list[DebateEvent] = []

        def listen(event: DebateEvent) -> None:
            events.append(event)
            during(event)

        began = time.monotonic()
        outcome = await debate(about or brief(), speaker, listen, clock, stop)
        took = time.monotonic() - began
        # A generator of the SDK's that nobody refers to any more is closed by a task of the loop's own.
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)
        left = tuple(str(task.get_coro()) for task in asyncio.all_tasks() - before)
        entries = await ledger.entries("review-1")
    finally:
        for one in connections:
            await one.aclose()
        await asyncio.to_thread(database.close)
    if storm is None:
        await closed_again(sockets)
    return Run(
        outcome=outcome,
        records=tuple(emulator.records),
        said=panel.said,
        chunk=40,
        entries=entries,
        bill=emulator.bill,
        replies=tuple(speaker.replies),
        events=tuple(events),
        took=took,
        left_over=left,
        sockets=open_sockets() - sockets,
    )


async def closed_again(before: int) -> None:
    """The other end of a socket closes a moment later."""
    for _ in range(200):
        if open_sockets() <= before:
            return
        await asyncio.sleep(0.01)


def open_sockets() -> int:
    """How many sockets this process has open; 0 where that cannot be told."""
    if sys.platform != "linux":
        return 0
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found += entry.readlink().name.startswith("socket:")
        except OSError:
            continue
    return found


def asked(run: Run) -> Counter[tuple[str, str]]:
    """How often each seat was asked in each phase."""
    return Counter((one.seat or "?", one.phase or "?") for one in run.records)
