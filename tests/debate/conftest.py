"""A debate's surroundings for tests: changes made of texts, speakers made of scripts, time that is counted."""

from __future__ import annotations

import asyncio
import difflib
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from rebuttal.change.model import Change, FileDiff, Hunk, Scope, Status
from rebuttal.context.model import Context, Exhibit
from rebuttal.debate.engine import debate
from rebuttal.debate.events import DebateEvent
from rebuttal.debate.model import (
    Brief,
    Claim,
    Failure,
    FailureKind,
    Listener,
    Need,
    Outcome,
    Reply,
    Ruling,
    RulingVerdict,
    Seat,
    Statement,
    Turn,
)
from rebuttal.debate.prompts import load_prompts
from rebuttal.evaluation.counted import run_counted
from rebuttal.findings.model import Certainty
from rebuttal.findings.severity import Severity
from rebuttal.store.model import Tokens
from rebuttal.text.positions import git_lines

FENCE = "f3nce0fth1sdebate"

run = run_counted
"""Run to the end on a loop whose time is counted."""


# --- changes made of texts ---


def diff_of(path: str, old: str | None, new: str | None) -> FileDiff:
    status: Status = "added" if old is None else "deleted" if new is None else "modified"
    before, after = git_lines(old or ""), git_lines(new or "")
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    hunks = tuple(Hunk(i1, i2 - i1, j1, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal")
    return FileDiff(path, status, old, new, hunks)


def change_of(files: Mapping[str, tuple[str | None, str | None]]) -> Change:
    diffs = tuple(diff_of(path, old, new) for path, (old, new) in files.items())
    return Change(Path("/repository"), Scope(), "0" * 40, "HEAD", "work tree", diffs)


def context_of(
    change: Change, others: Mapping[str, str] | None = None, hide: Mapping[str, str] | None = None
) -> Context:
    """`others`: unchanged files that are shown; `hide`: secret -> placeholder."""

    def exhibit(file: str, side: Any, text: str) -> Exhibit:
        redacted = text
        for secret, placeholder in (hide or {}).items():
            redacted = redacted.replace(secret, placeholder)
        return Exhibit(file, side, redacted, text)

    exhibits = [
        exhibit(diff.path, side, text)
        for diff in change.files
        for side, text in (("old", diff.old_text), ("new", diff.new_text))
        if text is not None
    ]
    exhibits += [exhibit(file, "new", text) for file, text in (others or {}).items()]
    shown = "\n".join(f"--- {one.file} ({one.side})\n{one.redacted}" for one in exhibits)
    return Context(shown, (), 100, 8000, (), (), tuple(exhibits))


OLD = """\
import sqlite3


def find(name):
    return run("select * from users where name = ?", name)


def total(items):
    result = 0
    for item in items:
        result += item.price
    return result
"""
NEW = """\
import sqlite3


def find(name):
    return run(f"select * from users where name = '{name}'")


def total(items):
    result = 0
    for item in items[1:]:
        result += item.price
    return result
"""
SQL_LINE = "    return run(f\"select * from users where name = '{name}'\")"
LOOP_LINE = "    for item in items[1:]:"


def seats(*ids: str) -> tuple[Seat, ...]:
    return tuple(load_prompts().seats[one] for one in ids)


def brief_of(
    files: Mapping[str, tuple[str | None, str | None]] | None = None,
    *,
    others: Mapping[str, str] | None = None,
    hide: Mapping[str, str] | None = None,
    sits: tuple[str, ...] = ("code-reviewer", "architect", "security-analyst"),
    **more: Any,
) -> Brief:
    change = change_of(files if files is not None else {"shop/users.py": (OLD, NEW)})
    plain = Brief(
        change=change,
        context=context_of(change, others, hide),
        evidence=(),
        panel="small",
        seats=seats(*sits),
        rounds=2,
        profile="balanced",
        fence=FENCE,
    )
    return evolve(plain, **more)


# --- what seats say ---


def claim_of(
    quote: str = SQL_LINE,
    title: str = "The name is put into the SQL text",
    *,
    file: str = "shop/users.py",
    severity: Severity = "high",
    certainty: Certainty = "likely",
    **more: Any,
) -> Claim:
    plain = Claim(
        file=file,
        side="new",
        quote=quote,
        title=title,
        argument=f"{title}. It happens with every call.",
        category="security",
        severity=severity,
        certainty=certainty,
    )
    return evolve(plain, **more)


SQL_CLAIM = claim_of()
LOOP_CLAIM = claim_of(
    LOOP_LINE, "The first item is left out of the total", category="correctness", severity="medium", certainty="certain"
)


def ruling_of(claim: str, verdict: RulingVerdict, quote: str = SQL_LINE, severity: Severity = "high") -> Ruling:
    return Ruling(claim, verdict, "shop/users.py", quote, f"The line shows it: {verdict}.", severity)


@frozen
class Said:
    """What a scripted speaker does in one turn. Times in seconds from the turn's start."""

    statement: Statement | None
    failure: Failure | None = None
    streamed: tuple[tuple[float, Claim], ...] = ()
    first: float = 1.0
    takes: float = 5.0
    spent: Decimal = Decimal("0.01")
    raises: BaseException | None = None
    answer: Mapping[str, Any] | None = None
    """Where the turn has a schema of its own."""
    calls: int = 1


def says(*claims: Claim, rulings: tuple[Ruling, ...] = (), needs: tuple[Need, ...] = (), **more: Any) -> Said:
    return Said(Statement(claims, rulings, needs), **more)


def fails(kind: FailureKind, message: str = "the service is overloaded: try again later", **more: Any) -> Said:
    return Said(None, Failure(kind, message), **more)


Script = Callable[[Turn], Said]


class Scripted:
    """A speaker that follows a script, and remembers what it was asked."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.turns: list[Turn] = []
        self.times: list[tuple[float, float]] = []
        self.speaking = 0

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        loop = asyncio.get_running_loop()
        self.turns.append(turn)
        start = loop.time()
        said = self._script(turn)
        self.speaking += 1
        try:
            await asyncio.sleep(said.first)
            listener.started()
            for at, claim in said.streamed:
                await asyncio.sleep(max(start + at - loop.time(), 0))
                listener.claim(claim)
            await asyncio.sleep(max(start + said.takes - loop.time(), 0))
            if said.raises is not None:
                raise said.raises
        finally:
            self.speaking -= 1
            self.times.append((start, loop.time()))
        spent = Tokens(output=100), said.spent
        return Reply(said.statement, f"claude-{turn.tier}", said.failure, *spent, answer=said.answer, calls=said.calls)

    def of(self, phase: str) -> list[Turn]:
        return [turn for turn in self.turns if turn.phase == phase]


_SHOWN = re.compile(r'<pasted_content id="[^"]*" source="claim">\n(.*?)\n</pasted_content', re.DOTALL)


def shown(turn: Turn) -> list[dict[str, str]]:
    """The claims that a turn shows."""
    return [json.loads(text) for text in _SHOWN.findall(turn.prompt.ask)]


def rules(turn: Turn, **by_title: tuple[RulingVerdict, str]) -> Said:
    """Rule on every claim shown: by a word of its title -> (verdict, quote)."""
    rulings: list[Ruling] = []
    for one in shown(turn):
        for word, (verdict, quote) in by_title.items():
            if word in one["title"]:
                rulings.append(ruling_of(one["claim"], verdict, quote, "medium" if quote == LOOP_LINE else "high"))
    return says(rulings=tuple(rulings))


@frozen
class Played:
    """A debate that has been played."""

    outcome: Outcome
    speaker: Scripted
    events: list[DebateEvent] = field(factory=list)
    took: float = 0.0


def play(brief: Brief, script: Script) -> Played:
    """Play a whole debate in counted time."""
    speaker = Scripted(script)
    events: list[DebateEvent] = []

    async def whole() -> tuple[Outcome, float]:
        loop = asyncio.get_running_loop()
        return await debate(brief, speaker, events.append, loop.time), loop.time()

    outcome, took = run(whole())
    return Played(outcome, speaker, events, took)
