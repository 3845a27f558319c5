"""The part of a transcript that tells how the debate went: who read the change, its passes, how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from rebuttal.debate.markdown import listed, prose
from rebuttal.debate.model import EndedBy, Exchange, Outcome
from rebuttal.debate.passes import PASSES, Pass, pass_of, phase_name
from rebuttal.debate.prompts import EXAMINER
from rebuttal.debate.transcript_costs import Names, spent
from rebuttal.store.money import dollars
from rebuttal.text.words import counted, joined

LATE = 99
"""The round of a turn that nobody's ruling tells: one that failed in the argument."""

_ENDED: dict[EndedBy, str] = {
    "consensus": "there was consensus",
    "no_change": "no position changed",
    "not_worth": "another round was not worth its price",
    "round_limit": "the panel's rounds were over",
    "budget": "money or time was used up",
    "failure": "the service failed",
}


def course(outcome: Outcome, name: Names) -> list[str]:
    """What happened, in order; empty where nothing did."""
    parts = list[str]()
    if readers := opened(outcome):
        blind = ", blind to each other" if len(readers) > 1 else ""
        parts.append(f"{joined([name(seat) for seat in readers])} read the change{blind}.")
    if outcome.reasons:
        parts.append("Why this panel:\n" + "\n".join(f"- {prose(reason)}" for reason in outcome.reasons))
    if outcome.kinds:
        taken = [f"{prose(kind.name)} ({prose(kind.reason)})" for kind in outcome.kinds]
        parts.append(f"The panel was told what to look for in a change of this kind: {joined(taken)}.")
    parts += [
        *_passes(outcome),
        *_weighed(outcome),
        *_ended(outcome),
        *_shortened(outcome),
        *_on_the_way(outcome, name),
        *_left_out(outcome, name),
    ]
    if any(one.turn.seat == EXAMINER for one in outcome.exchanges):
        parts.append("The Examiner has no lens of its own: it rules where no seat of the panel could.")
    if outcome.contentions:
        parts.append("What becomes of a claim is decided by a table in code; its row stands behind each verdict.")
    return ["## How it went", *parts] if parts else []


def opened(outcome: Outcome) -> list[str]:
    """The seats that read the whole change and were heard, in their order."""
    heard = (one for one in outcome.exchanges if one.turn.phase == "opening" and one.reply.failure is None)
    return list(dict.fromkeys(one.turn.seat for one in heard))


def _passes(outcome: Outcome) -> list[str]:
    """What each pass was."""
    exchanges: dict[Pass, list[Exchange]] = {one: [] for one in PASSES}
    rounds = {ruled.turn: ruled.round for one in outcome.contentions for ruled in one.rulings}
    for one in outcome.exchanges:
        refinement = pass_of(one.turn.phase, rounds.get(one.number, LATE))
        if refinement is not None:
            exchanges[refinement].append(one)
    if sum(map(bool, exchanges.values())) < 2:
        return []
    rows = [_pass(one, ones) for one, ones in exchanges.items() if ones]
    return ["It went in passes:\n" + "\n".join(rows)]


def _pass(name: Pass, exchanges: Sequence[Exchange]) -> str:
    now = [one for one in exchanges if not one.earlier]
    before = len(exchanges) - len(now)
    calls = counted(len(exchanges), "call")
    if not now:
        return f"- **{name}** ({PASSES[name]}): {calls} before"
    calls += f", {before} of them before" if before else ""
    return f"- **{name}** ({PASSES[name]}): {calls}, {dollars(spent(now))}"


def _ended(outcome: Outcome) -> list[str]:
    ended = outcome.ended
    if ended is None:
        return []
    left = counted(ended.still_open, "claim")
    still = {0: "nothing was left open", 1: f"{left} was left open"}.get(ended.still_open, f"{left} were left open")
    return [f"The argument ended after round {ended.round}: {_ENDED[ended.by]}; {still}."]


def _weighed(outcome: Outcome) -> list[str]:
    """Whether another round was worth its price, each time with what that was decided by."""
    rows = [f"- {prose(one.words)}." for one in outcome.weighed]
    return ["Whether another round of argument was worth its price:", listed(rows)] if rows else []


def _shortened(outcome: Outcome) -> list[str]:
    rows = [f"- {prose(one)}." for one in outcome.shortened]
    return ["Left out because of what it would have cost:", listed(rows)] if rows else []


def _on_the_way(outcome: Outcome, name: Names) -> list[str]:
    """That another model answered, and why: by what happened, with the seats that it happened to."""
    seats: dict[str, dict[str, None]] = {}
    for one in outcome.exchanges:
        for note in one.reply.notes:
            seats.setdefault(note, {})[name(one.turn.seat)] = None
    rows = [f"- {prose(note)} ({joined(list(names))})" for note, names in seats.items()]
    return ["On the way to the answers:", listed(rows)] if rows else []


def _left_out(outcome: Outcome, name: Names) -> list[str]:
    rows = [
        f"- {name(one.turn.seat)}, {phase_name(one.turn.phase)}: {prose(note)}."
        for one in outcome.exchanges
        for note in one.notes
    ]
    return ["Left out of what was answered:", listed(rows)] if rows else []
