"""The part of a transcript that tells what the debate cost, and which model was asked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from rebuttal.debate.markdown import prose
from rebuttal.debate.model import Exchange, Outcome
from rebuttal.debate.passes import phase_name
from rebuttal.store.model import NO_TOKENS, ZERO
from rebuttal.store.money import dollars

Names = Callable[[str], str]
"""From a seat's id to its name, as Markdown."""


def costs(outcome: Outcome, name: Names) -> list[str]:
    """A row for each seat, phase and model, and one for all; empty where nobody was asked."""
    if not outcome.exchanges:
        return []
    groups: dict[tuple[str, str, str], list[Exchange]] = {}
    for one in outcome.exchanges:
        how = (", before" if one.earlier else "") + (", failed" if one.reply.failure is not None else "")
        key = (name(one.turn.seat), f"{phase_name(one.turn.phase)}{how}", prose(one.reply.model) or one.turn.tier)
        groups.setdefault(key, []).append(one)
    rows = ["| seat | phase | model | calls | tokens in | cached | out | cost | when |"]
    rows += ["|---|---|---|--:|--:|--:|--:|--:|--:|"]
    rows += [_row(key, ones) for key, ones in groups.items()]
    now = [one for one in outcome.exchanges if not one.earlier]
    rows.append(_row(("**all**", "", ""), now))
    before = "“Before” was said and paid for before this debate was taken up; the last line leaves it out."
    notes = [before] if len(now) < len(outcome.exchanges) else []
    if outcome.stopped_by is not None:
        notes.append("Calls that were cut off are in the ledger, not in this table.")
    return ["## What it cost", "\n".join(rows), *notes]


def choices(outcome: Outcome, name: Names) -> list[str]:
    """Which tier spoke where, and why; empty where no turn tells."""
    groups: dict[tuple[str, str], list[Exchange]] = {}
    for one in outcome.exchanges:
        if one.turn.why:
            tier, _, why = one.turn.why.partition(": ")
            groups.setdefault((tier, why), []).append(one)
    if not groups:
        return []
    rows = ["| model | why | asked |", "|---|---|---|"]
    for (tier, why), ones in groups.items():
        seats = Counter(name(one.turn.seat) for one in ones)
        asked = ", ".join(f"{seat} ({number})" if number > 1 else seat for seat, number in seats.items())
        rows.append(f"| {prose(tier)} | {prose(why)} | {asked} |")
    return ["## Which model was asked, and why", "\n".join(rows)]


def _row(key: tuple[str, str, str], ones: Sequence[Exchange]) -> str:
    tokens = sum((one.reply.tokens for one in ones), NO_TOKENS)
    assumed = sum((one.reply.assumed for one in ones), ZERO)
    cost = _aligned(spent(ones)) + (f" (+ {dollars(assumed)} assumed)" if assumed else "")
    first, last = min((one.started for one in ones), default=0.0), max((one.ended for one in ones), default=0.0)
    cells = [*key, str(len(ones)), f"{tokens.prompt:,}", f"{tokens.cache_read:,}", f"{tokens.output:,}", cost]
    return f"| {' | '.join(cells)} | {first:.0f}-{last:.0f} s |"


def spent(ones: Iterable[Exchange]) -> Decimal:
    """US dollars that calls are known to have cost."""
    return sum((one.reply.spent for one in ones), ZERO)


def _aligned(amount: Decimal) -> str:
    """With four places: a column of amounts is read from top to bottom."""
    whole, _, part = dollars(amount).partition(".")
    return f"{whole}.{part.ljust(4, '0')}"
