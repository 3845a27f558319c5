"""Memory within a debate: what a seat is shown of what was said before it was its turn.

No turn of a model is ever sent again: every call is made anew from the contentions. Positions of the newest rounds
are shown whole; older ones, and those that the seat has seen, decay by age and weight to one line, and at last to a
number. The rule is the seed's (`decay_rate ** age` with 0.8) without its dice: retention = 0.8 ** age × weight, where
age is counted in rounds and the weight comes of severity, of whether the claim is contested, and of whether the
quote was found. Never dropped, however old: what is settled, what went wrong (void quotes, seats that gave no
ruling), the lines of code that anything rests on, and which claims are open.

Everything here is pure and exact: the same contentions give the same memory on every machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from attrs import evolve, frozen

from rebuttal.debate.merge import assertion
from rebuttal.debate.model import Contention, Raised, Ruled, RulingVerdict, SettledAs
from rebuttal.debate.statement import one_line
from rebuttal.debate.verdict import is_open
from rebuttal.findings.severity import Severity

WINDOW = 2
"""The newest rounds, whose positions are shown whole."""
WHOLE = 6
"""Positions on one claim that are shown whole at most, the newest and weightiest."""
LINES = 12
"""Positions on one claim that are shown in one line at most."""
LINE = 300
"""Characters of such a line."""
DECAY = Fraction(4, 5)
"""What a round leaves of a position."""
LINE_FROM = Fraction(1, 5)
"""The retention from which a position is worth a line."""

FULL = 80
"""The weight of a position that nothing lowers: weights are whole numbers, so that they are exact and fast."""

_SEVERITY_WEIGHTS: dict[Severity, int] = {"critical": 5, "high": 4, "medium": 3, "low": 2}


@frozen
class Position:
    """What one seat held about one claim, from some round on."""

    claim: str
    seat: str
    """Never shown to other seats."""
    round: int
    holds: RulingVerdict
    file: str
    quote: str
    because: str
    severity: Severity
    raised: bool = False
    """It is the claim itself."""
    anchored: bool = True
    """Whether its quote was found in the code."""
    contested: bool = False
    """Whether somebody holds the opposite."""
    given_up: bool = False
    """The seat holds something else by now."""
    turn: int = 0

    @property
    def weight(self) -> int:
        """At most FULL: less where nobody contests it, its quote was not found, or it was given up."""
        contested, anchored, held = 4 if self.contested else 3, 2 if self.anchored else 1, 1 if self.given_up else 2
        return _SEVERITY_WEIGHTS[self.severity] * contested * anchored * held

    def retention(self, now: int) -> Fraction:
        """What is left of it in round `now`, from 0 to 1."""
        return DECAY ** max(now - self.round, 0) * Fraction(self.weight, FULL)


@frozen
class Decision:
    """A claim that is argued about no more."""

    claim: str
    file: str
    title: str
    became: SettledAs


@frozen
class Mistake:
    """What went wrong on a claim: a ruling whose lines are not in the code, or a seat that gave none."""

    claim: str
    kind: Literal["void", "silent"]
    quote: str = ""


@frozen
class Memory:
    """What is left of a debate in some round."""

    whole: tuple[Position, ...] = ()
    lines: tuple[Position, ...] = ()
    """To be shown in one line, with the quote."""
    forgotten: int = 0
    """Positions of which only the number is left."""
    quotes: tuple[tuple[str, str], ...] = ()
    """File and quote of each forgotten position that no position shown rests on as well."""
    decisions: tuple[Decision, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    still_open: tuple[str, ...] = ()
    """Ids of claims."""


@frozen
class Difference:
    """What differs between two states of the positions: only this need be told to who knows the first."""

    added: tuple[Position, ...] = ()
    changed: tuple[Position, ...] = ()
    """As they are now: held differently than before, or resting on other lines."""
    withdrawn: tuple[Position, ...] = ()
    """Claims that their raisers gave up, as they are now, and positions that are no more, as they were."""
    unchanged: int = 0
    stances: tuple[Position, ...] = ()
    """Of the added and changed ones those that are new in what they hold, not only in the lines they rest on."""


def remember(
    contentions: Iterable[Contention], now: int, *, of: Collection[str] | None = None, since: int = 0
) -> Memory:
    """The memory of round `now`, about these claims.

    `of`: the seats whose positions count; None: all. `since`: the round in which whoever reads this had its last
    turn, so that it has seen what was said before that round; 0: it has seen nothing.
    """
    about = sorted(contentions, key=lambda one: one.id)
    said = [each for one in about for each in claim_once(positions(one, now, of))]
    memory = decayed(said, now, since)
    return evolve(
        memory,
        decisions=decisions(about),
        mistakes=tuple(mistake for one in about for mistake in _mistakes(one)),
        still_open=tuple(one.id for one in about if is_open(one) or one.settled is None),
    )


def decisions(contentions: Iterable[Contention]) -> tuple[Decision, ...]:
    """What became of those that are argued about no more."""
    settled = (_decision(one) for one in contentions if not is_open(one))
    return tuple(one for one in settled if one is not None)


def decayed(said: Iterable[Position], now: int, since: int = 0) -> Memory:
    """What round `now` shows of the positions: whole, in a line, or as a number."""
    newest_first = sorted(said, key=_order)
    fresh = [one for one in newest_first if now - one.round <= WINDOW and one.round >= since]
    whole = fresh[:WHOLE]
    taken = set(whole)
    rest = [one for one in newest_first if one not in taken]
    worth_it = [one for one in rest if one.retention(now) >= LINE_FROM]
    # By what is left of them, counted from the debate's start: in that order nothing passes another as time goes by.
    lines = sorted(worth_it, key=lambda one: (-one.weight / DECAY**one.round, _order(one)))[:LINES]
    shown = taken.union(lines)
    forgotten = [one for one in rest if one not in shown]
    on_show = {(one.file, one.quote) for one in shown}
    left = dict.fromkeys((one.file, one.quote) for one in forgotten if one.quote.strip())
    return Memory(
        tuple(whole),
        tuple(sorted(lines, key=_order)),
        len(forgotten),
        tuple(quote for quote in left if quote not in on_show),
    )


def positions(
    contention: Contention, now: int | None = None, of: Collection[str] | None = None
) -> tuple[Position, ...]:
    """All that was held about a claim before round `now`, in the order in which it was said. Void rulings are none."""
    said = [_raised(contention, one) for one in contention.raised]
    said += [_ruled(contention, one) for one in contention.rulings if one.valid]
    said = [one for one in said if now is None or one.round < now]
    latest = {one.seat: one for one in said}
    sides = {one.holds for one in latest.values()}
    contested = "confirmed" in sides and "refuted" in sides
    return tuple(
        _marked(one, contested=contested, given_up=latest[one.seat] is not one)
        for one in said
        if of is None or one.seat in of
    )


def standing(said: Iterable[Position]) -> Mapping[tuple[str, str], Position]:
    """By claim and seat what each holds, of positions in the order in which they were taken: the last."""
    return {(one.claim, one.seat): one for one in said}


def difference(before: Mapping[tuple[str, str], Position], after: Mapping[tuple[str, str], Position]) -> Difference:
    """What is to be told to somebody who knows `before`."""
    added = [one for key, one in after.items() if key not in before]
    kept = [(before[key], one) for key, one in after.items() if key in before]
    changed = [(was, one) for was, one in kept if (was.holds, was.file, was.quote) != (one.holds, one.file, one.quote)]
    gave_up = [one for was, one in changed if was.raised and one.holds == "refuted"]
    gone = [one for key, one in before.items() if key not in after]
    turned = [one for was, one in changed if was.holds != one.holds]
    return Difference(
        tuple(sorted(added, key=_order)),
        tuple(sorted((one for _, one in changed if one not in gave_up), key=_order)),
        tuple(sorted((*gave_up, *gone), key=_order)),
        len(kept) - len(changed),
        tuple(sorted((*added, *turned), key=_order)),
    )


def claim_once(said: Sequence[Position]) -> list[Position]:
    """How many raised a claim is no argument for it, so it is shown in the words of the first only."""
    first = next((one for one in said if one.raised), None)
    return [one for one in said if not one.raised or one is first]


def brief(because: str) -> str:
    """An argument in one line: its first sentence, which is asked to stand alone."""
    return one_line(because.split(". ", 1)[0], LINE)


def _marked(one: Position, *, contested: bool, given_up: bool) -> Position:
    return evolve(one, contested=contested, given_up=given_up) if contested or given_up else one


def _order(one: Position) -> tuple[object, ...]:
    """Newest first, then the weightiest; nothing in it depends on who was faster."""
    return (-one.round, -one.weight, one.claim, one.holds, one.file, one.quote, one.because, one.seat)


def _raised(contention: Contention, one: Raised) -> Position:
    claim, place = one.claim, one.place
    because = claim.argument or claim.title
    return Position(
        contention.id,
        one.seat,
        one.round,
        "confirmed",
        place.file,
        claim.quote,
        because,
        claim.severity,
        raised=True,
        anchored=one.anchored,
        turn=one.turn,
    )


def _ruled(contention: Contention, one: Ruled) -> Position:
    ruling = one.ruling
    assert one.place is not None
    return Position(
        contention.id,
        one.seat,
        one.round,
        ruling.verdict,
        one.place.file,
        ruling.quote,
        ruling.argument,
        ruling.severity,
        turn=one.turn,
    )


def _decision(one: Contention) -> Decision | None:
    if one.settled is None:
        return None
    lead = one.lead
    return Decision(one.id, lead.place.file, lead.claim.title or assertion(lead.claim), one.settled.outcome)


def _mistakes(one: Contention) -> Sequence[Mistake]:
    void = [Mistake(one.id, "void", one_line(each.ruling.quote, LINE)) for each in one.rulings if not each.valid]
    return [*void, *(Mistake(one.id, "silent") for _ in one.unheard)]
