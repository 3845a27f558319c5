"""The review's door to a terminal: progress on stderr, the question before anything is sent."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import TextIO

from attrs import define, field, frozen

from rebuttal.debate.events import (
    ArgumentEnded,
    ClaimRaised,
    ClaimSettled,
    CostChanged,
    PhaseStarted,
    SeatFinished,
    SeatStarted,
)
from rebuttal.review.request import Answer, BudgetWarned, Estimated, Question, Resumed, ReviewEvent, StaticReady
from rebuttal.review.threads import in_thread
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.text.hidden import written_out
from rebuttal.text.words import counted

ENDED = {
    "consensus": "consensus",
    "no_change": "no position changed",
    "not_worth": "another round is not worth its price",
    "round_limit": "round limit",
    "budget": "budget",
    "failure": "the service failed",
}
PHASES = {
    "triage": "Triage",
    "opening": "Opening",
    "cross_examination": "Cross-examination",
    "rebuttal": "Rebuttal",
    "consensus": "Consensus",
    "summary": "Summary",
}

BECAME = {"finding": "stands", "held_back": "held back", "dropped": "refuted"}


@frozen
class Look:
    """How to write to one stream."""

    colour: bool
    terminal: bool

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str]) -> Look:
        terminal = stream.isatty() and environment.get("TERM") != "dumb"
        return cls(colour=terminal and not environment.get("NO_COLOR"), terminal=terminal)


@define
class TerminalDoor:
    """Tells progress as plain lines; on a terminal a last line that is written over says what goes on."""

    look: Look
    stream: TextIO
    may_ask: bool
    """There is a person at the terminal."""
    _phase: str = ""
    _spent: Decimal = Decimal(0)
    _money: Money = DOLLARS
    _running: Counter[str] = field(factory=Counter)
    _titles: dict[str, str] = field(factory=dict)
    _became: dict[str, str] = field(factory=dict)
    _status: str = ""
    """What the last line shows; "": there is none."""

    def tell(self, event: ReviewEvent) -> None:
        line = self._line(event)
        self._note(event)
        self._show(line, self._now() if self._running and self.look.terminal else "")

    def _line(self, event: ReviewEvent) -> str:
        """What stays to be read of an event; "" where it only changes what goes on."""
        match event:
            case StaticReady(findings=findings, with_linters=with_linters):
                what = "with the repository's linters" if with_linters else "static panel"
                return f"{what}: {counted(len(findings), 'finding')}"
            case Estimated(estimate=estimate):
                return f"debate: {estimate.words}; {estimate.grounds}"
            case BudgetWarned(message=message) | Resumed(message=message):
                return message
            case _:
                return self._argued(event)

    def _argued(self, event: ReviewEvent) -> str:
        match event:
            case SeatFinished(seat=seat, phase=phase, failure=failure) if failure:
                return f"{seat} failed in {PHASES[phase].lower()}: {failure}"
            case ClaimRaised(seat=seat, title=title, file=file, line=line):
                return f"{seat}: {title} ({file}:{line + 1})"
            case ClaimSettled(claim=claim, outcome=outcome):
                again = "now " if claim in self._became else ""
                return f"  {again}{BECAME[outcome]}: {self._titles.get(claim, claim)}"
            case ArgumentEnded(by=by, round=round_, still_open=still_open):
                left = f", {counted(still_open, 'claim')} left to the Moderator" if still_open else ""
                return f"argument ended after round {round_}: {ENDED[by]}{left}"
            case _:
                return ""

    def _note(self, event: ReviewEvent) -> None:
        match event:
            case PhaseStarted(phase=phase):
                self._phase = PHASES[phase].lower()
            case SeatStarted(seat=seat):
                self._running[seat] += 1
            case SeatFinished(seat=seat):
                self._running -= Counter([seat])
            case Resumed(titles=titles):
                self._titles.update(titles)
            case ClaimRaised(claim=claim, title=title):
                self._titles[claim] = title
            case ClaimSettled(claim=claim, outcome=outcome):
                self._became[claim] = outcome
            case CostChanged(spent=spent):
                self._spent = spent
            case Estimated(estimate=estimate):
                self._money = estimate.money
            case _:
                pass

    def _now(self) -> str:
        """What goes on, in one line."""
        speaking = ", ".join(seat if calls == 1 else f"{seat} ({calls})" for seat, calls in self._running.items())
        stand = sum(outcome == "finding" for outcome in self._became.values())
        claims = f"{counted(len(self._titles), 'claim')}, {counted(stand, 'finding')} · " if self._titles else ""
        return f"{self._money(self._spent)} · {self._phase} · {claims}{speaking} speaking"

    async def agree(self, question: Question) -> Answer:
        if not self.may_ask:
            return Answer(agree=False)
        self.close_line()
        reply = await ask(self.stream, question_text(question))
        return Answer(agree=reply in ("y", "yes", "a", "always"), remember=reply in ("a", "always"))

    def close_line(self) -> None:
        """Take away the line that is written over, so that what follows starts on its own."""
        self._show("", "")

    def _show(self, line: str, status: str) -> None:
        """A line that stays, above the one that is written over: in one piece, so that nothing flickers."""
        # A file may be named so that its name steers a terminal.
        line, status = written_out(line), _cut(written_out(status), self._columns()) if status else ""
        if not line and status == self._status:
            return
        dim, plain = ("\x1b[2m", "\x1b[0m") if self.look.colour else ("", "")
        over = "\r\x1b[K" if self._status else ""
        stays = f"{dim}{line}{plain}\n" if line else ""
        self.stream.write(f"{over}{stays}{f'{dim}{status}{plain}' if status else ''}")
        self.stream.flush()
        self._status = status

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self.stream.fileno()).columns
        except (OSError, ValueError):
            return 80


def _cut(text: str, columns: int) -> str:
    """What fits into a line of a terminal with a column to spare: one that wraps cannot be written over."""
    room = columns - 2
    for number, char in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if room < 0:
            return text[:number] + "…"
    return text


async def ask(stream: TextIO, question: str) -> str:
    """What a person answers, in small letters; "" where the input ends."""
    stream.write(question)
    stream.flush()
    line = ""
    try:
        line = await in_thread(_read_line)
    finally:
        if not line.endswith("\n"):  # the input ended, or was interrupted: what follows is no part of the question
            stream.write("\n")
    return line.strip().lower()


def _read_line() -> str:
    """A line of stdin, past its buffer: a thread that still waits there when Python ends would make it crash."""
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as raw:
        return raw.readline().decode("utf-8", "replace")


def question_text(question: Question) -> str:
    """What a person reads before anything leaves the machine."""
    repository = written_out(str(question.repository))
    lines = [
        f"Send the change of {repository} ({counted(question.files, 'file')}) to {question.host}?",
        f"  {question.estimate.words}",
        f"  {question.estimate.grounds}",
        f"  {counted(question.redactions, 'secret')} replaced by placeholders",
    ]
    if question.untracked:
        lines.append(
            "  files that git does not track yet are part of it: " + ", ".join(map(written_out, question.untracked))
        )
    lines.append("[y]es, [a]lways for this repository, [N]o: ")
    return "\n".join(lines)
