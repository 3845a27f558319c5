"""The review's door to a terminal: progress on stderr, the question before anything is sent."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import TextIO

from attrs import define, field, frozen

from rebuttal.debate.events import ArgumentEnded, ClaimRaised, ClaimSettled, PhaseStarted, SeatFinished, SeatStarted
from rebuttal.review.request import Answer, BudgetWarned, Estimated, Question, ReviewEvent, StaticReady
from rebuttal.review.threads import in_thread
from rebuttal.store.money import dollars
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


@frozen
class Look:
    """How to write to one stream."""

    colour: bool
    terminal: bool

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str]) -> Look:
        terminal = stream.isatty()
        plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
        return cls(colour=terminal and not plain, terminal=terminal)


@define
class TerminalDoor:
    """Tells progress as plain lines; on a terminal one line that is written over."""

    look: Look
    stream: TextIO
    may_ask: bool
    """There is a person at the terminal."""
    _spent: Decimal = Decimal(0)
    _running: dict[str, None] = field(factory=dict)
    _phase: str = ""
    _open_line: bool = False

    def tell(self, event: ReviewEvent) -> None:
        match event:
            case StaticReady(findings=findings, with_linters=with_linters):
                what = "with the repository's linters" if with_linters else "static panel"
                self._say(f"{what}: {counted(len(findings), 'finding')}")
            case Estimated(estimate=estimate):
                self._say(f"debate: {estimate.words}")
            case PhaseStarted(phase=phase) if phase != self._phase:
                self._phase = phase
                self._say(f"{PHASES[phase].lower()} ...", passing=True)
            case SeatStarted(seat=seat):
                self._running[seat] = None
                self._say(f"{', '.join(self._running)} speaking, {dollars(self._spent)} so far", passing=True)
            case SeatFinished(seat=seat, phase=phase, spent=spent, failure=failure):
                self._running.pop(seat, None)
                self._spent += spent
                if failure:
                    self._say(f"{seat} failed in {PHASES[phase].lower()}: {failure}")
            case ClaimRaised(claim=claim, seat=seat, title=title, file=file):
                self._say(f"{claim} {seat}: {title} ({file})")
            case ClaimSettled(claim=claim, outcome=outcome):
                self._say(f"{claim} settled: {outcome.replace('_', ' ')}")
            case ArgumentEnded(by=by, round=round_, still_open=still_open):
                left = f", {counted(still_open, 'claim')} left to the Moderator" if still_open else ""
                self._say(f"argument ended after round {round_}: {ENDED[by]}{left}", passing=not left)
            case BudgetWarned(message=message):
                self._say(message)
            case _:
                pass

    async def agree(self, question: Question) -> Answer:
        if not self.may_ask:
            return Answer(agree=False)
        self.close_line()
        reply = await ask(self.stream, question_text(question))
        return Answer(agree=reply in ("y", "yes", "a", "always"), remember=reply in ("a", "always"))

    def close_line(self) -> None:
        """End a line that was to be written over, so that what follows starts on its own."""
        if self._open_line:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self._open_line = False

    def _say(self, told: str, *, passing: bool = False) -> None:
        text = written_out(told)  # a file may be named so that its name steers a terminal
        if not self.look.terminal:
            if not passing:
                self.stream.write(f"{text}\n")
                self.stream.flush()
            return
        self.close_line()
        dim, plain = ("\x1b[2m", "\x1b[0m") if self.look.colour else ("", "")
        self.stream.write(f"{dim}{text[:100]}{plain}" + ("" if passing else "\n"))
        self.stream.flush()
        self._open_line = passing


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
        f"  {counted(question.redactions, 'secret')} replaced by placeholders",
    ]
    if question.untracked:
        lines.append(
            "  files that git does not track yet are part of it: " + ", ".join(map(written_out, question.untracked))
        )
    lines.append("[y]es, [a]lways for this repository, [N]o: ")
    return "\n".join(lines)
