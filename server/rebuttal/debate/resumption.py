"""Taking up a debate that was cut short: what was said stays said, and only what is missing is asked.

A seat that failed is asked again, alone; claims that nobody ruled on are examined; claims that are still open are
argued on. Nothing is paid for twice, and the resumed seat is as blind to the others as it was the first time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from attrs import evolve, frozen

from rebuttal.debate.model import Brief, Contention, Exchange, Outcome, Prompt, SetAside


@frozen
class Record:
    """What a debate left behind, as far as it can be taken up."""

    brief: str
    """`brief_key` of what was argued about: a record is of no use for anything else."""
    exchanges: tuple[Exchange, ...]
    contentions: tuple[Contention, ...]
    set_aside: tuple[SetAside, ...]


def brief_key(brief: Brief, *held_with: str) -> str:
    """Names all that the seats' answers depend on: 24 hexadecimal digits.

    `held_with`: what else they depend on, that is the version of the prompts and the models. How many findings the
    user wants to see is no part of it.
    """
    # With more money, or less, it is the same debate: what was paid for is taken up.
    rounds = brief.rounds if brief.whole_rounds is None else brief.whole_rounds
    texts = [*held_with, brief.protocol, brief.profile, brief.panel, str(rounds), brief.fence, brief.framing]
    texts += [brief.shared, brief.context.diff]
    for one in brief.context.exhibits:
        texts += [one.file, one.side, one.redacted]
    for kind in brief.kinds:
        texts += [kind.id, *kind.template.sections.values()]
    for seat in brief.whole_panel or brief.seats:
        texts += [seat.id, seat.lens, seat.tiers[brief.profile]]
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)}\0{text}\0".encode("utf-8", "replace"))
    return digest.hexdigest()[:24]


def record_of(outcome: Outcome, key: str) -> Record | None:
    """What can be taken up later; None where nothing is missing, or nothing was said."""
    if not (outcome.stopped_by is not None or any(map(_is_missing, outcome.exchanges))):
        return None
    return record_so_far(key, outcome.exchanges, outcome.contentions, outcome.set_aside)


def record_so_far(
    key: str, exchanges: Iterable[Exchange], contentions: Iterable[Contention], set_aside: Iterable[SetAside]
) -> Record | None:
    """What could be taken up if the debate ended here; None where nothing was said."""
    exchanges = tuple(exchanges)
    # What is whole of an answer that was cut off has been paid for, too.
    if not any(one.reply.statement is not None for one in exchanges):
        return None
    return Record(key, tuple(map(_without_prompt, exchanges)), tuple(map(_unsettled, contentions)), tuple(set_aside))


def opened(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """The seats whose opening was heard to its end."""
    return frozenset(one.turn.seat for one in exchanges if one.turn.phase == "opening" and _was_heard(one))


def _was_heard(exchange: Exchange) -> bool:
    return exchange.reply.statement is not None and exchange.reply.failure is None


def _is_missing(exchange: Exchange) -> bool:
    """Whether an answer that the debate needs did not come; whom triage would leave out, it can do without."""
    return exchange.reply.failure is not None and not exchange.earlier and exchange.turn.phase != "triage"


def _without_prompt(exchange: Exchange) -> Exchange:
    """What was asked is made anew from the brief wherever it is asked again."""
    return evolve(exchange, turn=evolve(exchange.turn, prompt=Prompt("", "", "")))


def _unsettled(contention: Contention) -> Contention:
    """As it stood in the argument: why it was left unheard is no longer true once it is taken up."""
    return evolve(contention, settled=None, unheard=())
