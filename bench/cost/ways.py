"""Ways to review the same change: the seed's before and after, the product's protocols, and a single call.

What they have in common: the reviewers and their script, the lengths of their answers, the prices, the speeds, our own
words in the system prompt, and each seat's lens and task.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from bench.cost.harness import Nobody, Ready, Spent, spend
from bench.cost.scripted import Reviewers
from rebuttal.change.model import Change, FileDiff
from rebuttal.debate.assemble import Assembler
from rebuttal.debate.engine import debate
from rebuttal.debate.exhibits import Exhibits
from rebuttal.debate.model import Brief, Outcome, Phase, Prompt, Reply, Ruling, Seat, Speaker, Tier, Turn
from rebuttal.debate.prompts import MODERATOR, load_prompts
from rebuttal.debate.selection import Selection
from rebuttal.settings import Settings

MOST = 64_000
"""Tokens of a baseline's answer: none is cut."""
FILES = 15
"""Of the seed's context."""
COMPRESSED = 0.35
"""What the seed's compression leaves of a context: it says that it takes away 60 to 70 %."""
_TASK = "Above is all that was claimed and said so far. Say of each claim whether you confirm or refute it, and why."

SEED_TIERS: Mapping[str, Tier] = {
    "architect": "opus",
    "security-analyst": "sonnet",
    "performance-expert": "sonnet",
    "database": "sonnet",
    "frontend": "haiku",
    "documentation": "haiku",
    "code-reviewer": "opus",
    "ux-specialist": "haiku",
    MODERATOR: "haiku",
}
"""The seed's matrix; it has no row for the database. Of the studies' five seats that is its mix of 20 / 60 / 20."""


@frozen
class Reviewed:
    """What came of one way of review."""

    spent: Spent
    found: frozenset[str]
    """Ids of what is told as true: planted defects, and false claims that nobody refuted."""


# --- ours ---


def ours(
    ready: Ready,
    asked: Brief,
    settings: Settings,
    length: float = 1.0,
    wrap: Callable[[Speaker], Speaker] = lambda speaker: speaker,
) -> Reviewed:
    """A debate of the product."""
    alone = asked.protocol == "solo"
    reviewers = Reviewers(ready.study.said, ready.lines, length, everything=alone)
    outcomes: list[Outcome] = []

    async def work(speaker: Speaker, clock: Callable[[], float]) -> None:
        outcomes.append(await debate(asked, wrap(speaker), lambda _: None, clock, parser=ready.parser))

    spent = spend(work, reviewers, settings)
    by_title = {one.title: one.id for one in ready.study.said}
    found = {
        by_title[one.lead.claim.title]
        for one in outcomes[0].contentions
        if one.settled is not None and one.settled.outcome == "finding"
    }
    return Reviewed(spent, frozenset(found))


# --- everybody reads everybody ---


@frozen
class Plan:
    """A debate in which everybody reads everybody: with what it is held."""

    shared: str
    """What stands in front of every prompt."""
    tiers: Mapping[str, Tier]
    """By seat and round 1."""
    later: Mapping[str, Tier]
    """By seat in later rounds, and the Moderator's."""
    cached: bool = False
    in_turn: bool = False
    """One seat speaks after the other, and reads those before it in the round."""
    only_new: bool = False
    """Of what was said before the last round a line each is sent, and of what a seat said itself nothing."""
    merged: bool = True
    """What two seats claim is ruled on once."""


def whole_files(ready: Ready, share: float = 1.0) -> str:
    """The changed files in whole; with a smaller share what the change touched first, then the rest from its top.

    Of a change of more files those that it adds most to: the seed's context is of 15 files.
    """
    texts = []
    for diff in most_changed(ready.parts.change):
        lines = (diff.new_text or "").splitlines(keepends=True)
        room = round(len(lines) * share)
        first = [number for number in sorted(diff.added_lines) if number < len(lines)]
        kept = set(first) | set([n for n in range(len(lines)) if n not in set(first)][: max(room - len(first), 0)])
        texts.append(f"=== {diff.path}\n" + "".join(lines[number] for number in sorted(kept)))
    return "\n".join(texts)


def most_changed(change: Change) -> list[FileDiff]:
    """The files of the seed's context, in the change's order."""
    ranked = sorted(change.files, key=lambda diff: -len(diff.added_lines))[:FILES]
    return [diff for diff in change.files if diff in ranked]


def everybody(ready: Ready, asked: Brief, plan: Plan, settings: Settings, length: float = 1.0) -> Reviewed:
    """Openings, then rounds in which every seat reads all that was said and rules on every claim; a summary at last."""
    reviewers = Reviewers(ready.study.said, ready.lines, length)
    last: dict[str, Sequence[Ruling]] = {}
    claimed: dict[str, str] = {}

    async def work(speaker: Speaker, _: Callable[[], float]) -> None:
        argument = _Argument(asked, plan, speaker)
        last.update(await argument.held())
        claimed.update(argument.ids)

    spent = spend(work, reviewers, settings)
    votes = [ruling for rulings in last.values() for ruling in rulings]
    found = set()
    by_title = {one.title: one.id for one in ready.study.said}
    for key, id_ in claimed.items():
        holds = [one.verdict for one in votes if one.claim == id_]
        if holds.count("confirmed") > holds.count("refuted"):
            found.add(by_title[key.partition("\0")[0]])
    return Reviewed(spent, frozenset(found))


_Asking = tuple[Seat, Phase, Tier, str]


class _Argument:
    """One such debate."""

    def __init__(self, asked: Brief, plan: Plan, speaker: Speaker) -> None:
        self._asked, self._plan, self._speaker = asked, plan, speaker
        self._prompts = load_prompts()
        self._assembler = Assembler(asked, self._prompts, Exhibits(asked.context))
        self._claims: list[str] = []
        """As they were said, each with its id; the same from two seats has one id and stands here twice."""
        self._said: list[list[tuple[str, str, str]]] = []
        """By round: who, in full, in a line."""
        self.ids: dict[str, str] = {}
        """By title, and by seat where claims are not merged."""

    async def held(self) -> Mapping[str, Sequence[Ruling]]:
        """By seat, where it stands in the end."""
        await self._everyone(self._opened)
        last: dict[str, Sequence[Ruling]] = {}
        for _ in range(2, self._asked.rounds + 1):
            replies = await self._everyone(self._argue)
            last = {seat: reply.statement.rulings for seat, reply in replies.items() if reply.statement}
        moderator = self._prompts.seats[MODERATOR]
        await self._speak(moderator, "consensus", self._plan.later[MODERATOR], self._ask(moderator))
        return last

    def _opened(self, seat: Seat) -> _Asking:
        return seat, "opening", self._plan.tiers[seat.id], self._assembler.opening(seat).ask

    def _argue(self, seat: Seat) -> _Asking:
        return seat, "rebuttal", self._plan.later[seat.id], self._ask(seat)

    async def _everyone(self, turn: Callable[[Seat], _Asking]) -> dict[str, Reply]:
        self._said.append([])
        seats = self._asked.seats
        if self._plan.in_turn:
            replies = []
            for seat in seats:
                replies.append(await self._speak(*turn(seat)))
                self._note(seat, replies[-1])
        else:
            replies = await asyncio.gather(*(self._speak(*turn(seat)) for seat in seats))
            for seat, reply in zip(seats, replies, strict=True):
                self._note(seat, reply)
        return {seat.id: reply for seat, reply in zip(seats, replies, strict=True)}

    async def _speak(self, seat: Seat, phase: Phase, tier: Tier, ask: str) -> Reply:
        prompt = Prompt(self._prompts.system, self._plan.shared, ask)
        turn = Turn(seat.id, phase, tier, prompt, MOST, reusable=self._plan.cached, alone=not self._plan.cached)
        reply = await self._speaker.speak(turn, Nobody())
        if reply.failure is not None:
            raise RuntimeError(f"{seat.id} did not answer: {reply.failure.message}")
        return reply

    def _note(self, seat: Seat, reply: Reply) -> None:
        assert reply.statement is not None
        for claim in reply.statement.claims:
            key = claim.title if self._plan.merged else f"{claim.title}\0{seat.id}"
            id_ = self.ids.setdefault(key, f"c{len(self.ids) + 1}")
            told = {"claim": id_, "seat": seat.id, "file": claim.file, "quote": claim.quote, "title": claim.title}
            told |= {"argument": claim.argument, "severity": claim.severity}
            self._claims.append(_pasted("claim", told))
        for ruling in reply.statement.rulings:
            told = {"claim": ruling.claim, "seat": seat.id, "holds": ruling.verdict}
            short = _pasted("position", told)
            told |= {"file": ruling.file, "quote": ruling.quote, "argument": ruling.argument}
            self._said[-1].append((seat.id, _pasted("position", told), short))

    def _ask(self, seat: Seat) -> str:
        turn = f'<turn seat="{seat.id}" phase="{"consensus" if seat.id == MODERATOR else "rebuttal"}"/>'
        return "\n\n".join([turn, *self._claims, *self._positions(seat), seat.lens.strip(), _TASK])

    def _positions(self, seat: Seat) -> list[str]:
        if not self._plan.only_new:
            return [whole for said in self._said for _, whole, _ in said]
        older = [short for said in self._said[:-2] for _, _, short in said]
        newest = [whole for said in self._said[-2:] for who, whole, _ in said if who != seat.id]
        return [*older, *newest]


def _pasted(source: str, told: Mapping[str, Any]) -> str:
    """As the engine's prompts fence what is quoted, so that the scripted reviewers read it."""
    return f'<pasted_content id="peer" source="{source}">\n{json.dumps(told)}\n</pasted_content id="peer">'


def all_of(tier: Tier, asked: Brief) -> Mapping[str, Tier]:
    return {**dict.fromkeys((seat.id for seat in asked.seats), tier), MODERATOR: tier}


def own_tiers(asked: Brief) -> tuple[Mapping[str, Tier], Mapping[str, Tier]]:
    """The tiers that the product opens and argues with, for a debate in which everybody reads everybody."""
    selection = Selection.of(asked)
    opening = {seat: choice.tier for seat, choice in selection.opening(asked.seats).items()}
    later = {seat.id: selection.answering(seat, []).tier for seat in asked.seats}
    return opening, {**later, MODERATOR: selection.settling("high", contested=True).tier}


def before(ready: Ready, asked: Brief, *, in_turn: bool = False, merged: bool = True) -> Plan:
    """The seed's before: opus for everybody, the whole context to each in each round, no cache."""
    opus = all_of("opus", asked)
    return Plan(whole_files(ready), opus, opus, in_turn=in_turn, merged=merged)


def after(ready: Ready) -> Plan:
    """The seed's after: its mix of models, its compression, a cache, and only what is new in later rounds."""
    return Plan(whole_files(ready, COMPRESSED), SEED_TIERS, SEED_TIERS, cached=True, only_new=True)


def unoptimised(ready: Ready, asked: Brief) -> Plan:
    """Our models and rounds, and nothing else of ours."""
    opening, later = own_tiers(asked)
    return Plan(whole_files(ready), opening, later)


# --- a single call ---


def single(ready: Ready, asked: Brief, shared: str, settings: Settings, length: float = 1.0) -> Reviewed:
    """One call of sonnet, which finds everything and claims nothing that is not so."""
    reviewers = Reviewers(ready.study.said, ready.lines, length, everything=True, honest=True)
    replies: list[Reply] = []

    async def work(speaker: Speaker, _: Callable[[], float]) -> None:
        seat = asked.seats[0]
        assembler = Assembler(evolve(asked, shared=shared), load_prompts(), Exhibits(asked.context, ready.parser))
        turn = Turn(seat.id, "opening", "sonnet", assembler.opening(seat), MOST, reusable=False, alone=True)
        replies.append(await speaker.speak(turn, Nobody()))

    spent = spend(work, reviewers, settings)
    statement = replies[0].statement
    by_title = {one.title: one.id for one in ready.study.said}
    return Reviewed(spent, frozenset(by_title[one.title] for one in statement.claims) if statement else frozenset())
