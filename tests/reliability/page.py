"""docs/RELIABILITY.md, made of the table and of debates in which each fault was met."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.reliability.stage import Run
from tests.reliability.storms import WHOLE
from tests.reliability.table import GROUPS, TROUBLES, Money, Trouble

PAGE = Path(__file__).resolve().parents[2] / "docs" / "RELIABILITY.md"
MADE_IN = ("opening",)
"""The phase whose debates the rows tell of."""
_COSTS: Mapping[Money, str] = {
    "nothing": "Nothing.",
    "worst case": "Not known: its worst case is kept aside.",
    "billed": "What the service says it used.",
}
_HEAD = """\
| what happens | what Rebuttal does | calls for one answer, if it stays | what a call costs | what you are told |
|---|---|---|---|---|
"""
_HOST = re.compile(r"(?:127\.0\.0\.1|claude-api\.invalid):\d+")

_INTRODUCTION = """\
# When something goes wrong

What Rebuttal does when the service, the network or the machine fails in the middle of a debate. Each row was made by
holding a whole debate in which it happened, against an emulated service on real connections. The tests do so in every
phase: once, and for as long as the phase lasts. `python -m tests.reliability` writes this page anew.

What holds in every case:

- **Nothing that you paid for is lost.** Claims that were complete when an answer broke off are kept, examined and
  reported.
- **Nothing is asked twice without need.** A question is put again only where no whole answer came.
- **The ledger never says less than the service bills**, and never more than your caps allow. Where nobody can know
  what a call cost, its worst case is kept aside as "assumed"; `rebuttal ledger` shows it.
- **A review with gaps says so.** Each seat that failed is named with the phase, the reason and what to do; the exit
  code is 3, or 4 where a cap ended the debate. The findings of the static panel stand either way.
- **It ends.** One call has ten minutes for connecting, sending, waiting, reading and every repetition together. The
  debate has ten minutes, after which no new call is made.
- **It can go on.** What was said is written down as it is said. Review the same change again within a day, and only
  what is missing is asked for.

How often a question is put: twice to an Opus model, three times to a Sonnet model, five times to a Haiku model.
Then another model answers in its place: Sonnet for Opus, Haiku for Sonnet, and the report says so. Where Haiku is
only busy, no dearer model is asked. `fallback = false` in your settings switches this off. A model that was too
busy for one seat is passed over by the others for a while. The rows below are of a Sonnet model.
"""
_REST: Mapping[str, str] = {
    "The stream is cut, at any of its events": (
        "Before the answer is decided: keeps what is complete, and asks again. "
        "Afterwards nothing is missing, and nothing is asked again."
    ),
    "A second fault when the question is put again": (
        "Goes on as the second one demands; all repetitions count together."
    ),
    "The wall clock jumps by hours or days": (
        "Nothing: no deadline goes by it. A call counts for the day on which it began."
    ),
    "Your clock is wrong, and the service names a date to wait for": "Reads it by the service's own clock.",
    "The machine sleeps, and its connections are dead when it wakes": (
        "The calls under way fail and are made again over new connections: one repetition each."
    ),
    "The machine sleeps for longer than the debate may take": (
        "Makes no new call, and tells you what was not settled. Review again to have the rest argued."
    ),
    "The process is killed, or the power fails": (
        "The next review keeps aside what the calls under way may have cost, "
        "takes the debate up, and pays for no answer twice."
    ),
    "A cap is reached in the middle": (
        "Makes no call that could pass it. What was said stands; the message names the setting that raises the cap."
    ),
}


def row(trouble: Trouble, run: Run) -> str:
    """What a debate in which the fault stayed tells of it."""
    cells = (trouble.name, trouble.does, _calls(run), _COSTS[trouble.money], _told(trouble, run))
    return f"| {' | '.join(cell.replace('|', ' ') for cell in cells)} |"


def page(rows: Mapping[str, str]) -> str:
    """The whole page. `rows` by the names of the faults."""
    parts = [_INTRODUCTION]
    for group, title in GROUPS.items():
        told = [rows[one.name] for one in TROUBLES if one.group == group]
        parts.append(f"## {title}\n\n{_HEAD}" + "".join(f"{line}\n" for line in told))
    rest = "".join(f"| {what} | {does} |\n" for what, does in _REST.items())
    parts.append(
        f"## Clocks, sleep, and the end of the process\n\n| what happens | what Rebuttal does |\n|---|---|\n{rest}"
    )
    return "\n".join(parts)


def rows_of(text: str) -> Mapping[str, str]:
    """The rows of a page, by the names of the faults."""
    return {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| ")}


def _calls(run: Run) -> str:
    turn, reply = max(run.replies, key=lambda one: (one[0].phase in MADE_IN, one[1].calls))
    models = Counter(one.key.model for one in run.entries if (one.key.seat, one.key.phase) == (turn.seat, turn.phase))
    first, *others = models.values()
    assert sum(models.values()) == reply.calls
    return f"{first}" + "".join(f", then {other} to the other model" for other in others)


def _told(trouble: Trouble, run: Run) -> str:
    words = list(dict.fromkeys(_words(trouble, run)))
    return f"“{words[0]}”" if words else "Nothing: the review is whole."


def _words(trouble: Trouble, run: Run) -> Iterable[str]:
    for turn, reply in run.replies:
        if turn.phase in MADE_IN:
            for said in (reply.failure.message,) if reply.failure else reply.notes:
                yield _in_general(said, trouble)


def _in_general(message: str, trouble: Trouble) -> str:
    fault = trouble.rule.get("fault")
    for own in (fault.message, fault.message.rstrip(".")) if fault is not None else ():
        message = message.replace(f" ({own})", " (its own words)")
    return _HOST.sub("api.anthropic.com", message).replace(f" {WHOLE:g} s", " 600 s")
