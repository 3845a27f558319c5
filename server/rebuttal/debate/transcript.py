"""The whole debate as Markdown for a person: what was argued about which lines, what settled it, what it cost.

Everything in it that a model or the code under review wrote is quoted or escaped, so that it cannot pass
for the transcript's own words, run as HTML or open a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from rebuttal.debate.model import Contention, EndedBy, Exchange, Outcome, Raised, Ruled, SetAside, Settled
from rebuttal.debate.passes import PASSES, Pass, pass_of
from rebuttal.debate.prompts import load_prompts
from rebuttal.debate.statement import clean, one_line
from rebuttal.store.model import NO_TOKENS, ZERO
from rebuttal.store.money import dollars
from rebuttal.text.hidden import visible
from rebuttal.text.words import counted, joined

LONGEST_SECTION = 100
"""Claims of one section that are told, or reasons: nobody reads more."""
TOLD_ALIKE = 3
"""Claims of one seat that are named where they were set aside for the same reason."""
QUOTED_LINES = 12
"""Lines of a quote that are shown."""
QUOTED_WIDTH = 400
"""Characters of such a line."""

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~!&]|:(?=\S)|@(?=\w)|(?<=www)\.|^[ \t]*[-+=]|(?<=\d)[.)](?=\s|$)")
"""What Markdown acts on; what an editor makes a link of where it stands bare; and what begins a list or underlines a
heading."""
_PHASES = {
    "triage": "triage",
    "opening": "opening",
    "cross_examination": "cross-examination",
    "rebuttal": "rebuttal",
    "consensus": "consensus",
}
_ENDED: dict[EndedBy, str] = {
    "consensus": "there was consensus",
    "no_change": "no position changed",
    "not_worth": "another round was not worth its price",
    "round_limit": "the panel's rounds were over",
    "budget": "money or time was used up",
    "failure": "the service failed",
}
LATE = 99
"""The round of a turn that nobody's ruling tells: one that failed in the argument."""
_OUTCOMES = {"finding": "Findings", "held_back": "Held back", "dropped": "Refuted"}
_BLURBS = {
    "finding": "What stood the argument, worst first.",
    "held_back": "What did not reach the bar. It may still be true.",
    "dropped": "What did not survive.",
}


def transcript(outcome: Outcome, title: str = "The debate", names: Mapping[str, str] | None = None) -> str:
    """Markdown. `names`: seat id -> name, for seats that are not part of the package."""
    writer = _Writer(outcome, names or {})
    parts = [f"# {_prose(title)}", *writer.summary(), *writer.passes()]
    for kind in ("finding", "held_back", "dropped"):
        parts += writer.section(kind)
    parts += [*writer.set_aside(), *writer.costs()]
    return "\n\n".join(parts) + "\n"


class _Writer:
    def __init__(self, outcome: Outcome, names: Mapping[str, str]) -> None:
        self._outcome = outcome
        self._names = {seat.id: seat.name for seat in load_prompts().seats.values()} | dict(names)
        self._findings = {one.id: one for one in (*outcome.findings, *outcome.held_back)}

    def summary(self) -> list[str]:
        outcome = self._outcome
        dropped = sum(one.settled is not None and one.settled.outcome == "dropped" for one in outcome.contentions)
        seats = list(dict.fromkeys(one.turn.seat for one in outcome.exchanges if one.turn.phase == "opening"))
        sat = f"{self._names_of(seats)} opened" if seats else "Nobody opened"
        spent = sum((one.reply.spent for one in outcome.exchanges if not one.earlier), ZERO)
        seconds = max((one.ended for one in outcome.exchanges), default=0.0)
        came_to = f"{counted(len(outcome.findings), 'finding')}, {len(outcome.held_back)} held back, {dropped} refuted"
        took = f"{counted(len(outcome.exchanges), 'call')}, {seconds:.0f} s and {dollars(spent)}"
        claims = counted(len(outcome.contentions), "claim")
        parts = [f"{sat}. {claims} came to argument: {came_to}. It took {took}."]
        if outcome.reasons:
            parts.append("Why this panel:\n" + "\n".join(f"- {_prose(reason)}" for reason in outcome.reasons))
        if outcome.kinds:
            taken = [f"{_prose(kind.name)} ({_prose(kind.reason)})" for kind in outcome.kinds]
            parts.append(f"The panel was told what to look for in a change of this kind: {joined(taken)}.")
        if outcome.stopped_by is not None:
            parts.append(f"**The debate was stopped early:** {_prose(outcome.stopped_by.message)}.")
        if outcome.degraded:
            rows = [
                f"- {self._name(one.seat)}, {_PHASES.get(one.phase, one.phase)}: {_prose(one.reason)}"
                for one in outcome.degraded
            ]
            parts += ["**Part of the review failed, so what is missing here proves nothing:**", "\n".join(rows)]
        return parts

    def passes(self) -> list[str]:
        """What each pass was, and why there was no more."""
        exchanges: dict[Pass, list[Exchange]] = {one: [] for one in PASSES}
        rounds = {ruled.turn: ruled.round for one in self._outcome.contentions for ruled in one.rulings}
        for one in self._outcome.exchanges:
            refinement = pass_of(one.turn.phase, rounds.get(one.number, LATE))
            if refinement is not None:
                exchanges[refinement].append(one)
        if sum(map(bool, exchanges.values())) < 2:
            return []
        rows = [self._pass(name, ones) for name, ones in exchanges.items() if ones]
        return ["## The passes", "\n".join(rows), *self._ended()]

    def _pass(self, name: Pass, exchanges: list[Exchange]) -> str:
        phases = joined(list(dict.fromkeys(_PHASES.get(one.turn.phase, one.turn.phase) for one in exchanges)))
        spent = sum((one.reply.spent for one in exchanges if not one.earlier), ZERO)
        return f"- **{name}**, {PASSES[name]}: {phases}, {counted(len(exchanges), 'call')}, {dollars(spent)}"

    def _ended(self) -> list[str]:
        ended = self._outcome.ended
        if ended is None:
            return []
        left = counted(ended.still_open, "claim")
        still = {0: "nothing was left open", 1: f"{left} was left open"}.get(ended.still_open, f"{left} were left open")
        return [f"The argument ended after round {ended.round}: {_ENDED[ended.by]}; {still}."]

    def section(self, kind: str) -> list[str]:
        ones = [one for one in self._outcome.contentions if one.settled is not None and one.settled.outcome == kind]
        if not ones:
            return []
        order = {finding: number for number, finding in enumerate(self._findings)}
        ones.sort(key=lambda one: order.get(self._outcome.finding_of.get(one.id, ""), len(order)))
        parts = [f"## {_OUTCOMES[kind]}", _BLURBS[kind]]
        for one in ones[:LONGEST_SECTION]:
            parts += self._contention(one)
        if len(ones) > LONGEST_SECTION:
            parts.append(f"… and {len(ones) - LONGEST_SECTION} more, which are not told here.")
        return parts

    def set_aside(self) -> list[str]:
        if not self._outcome.set_aside:
            return []
        alike: dict[tuple[str, str], list[SetAside]] = {}
        for one in self._outcome.set_aside:
            alike.setdefault((one.seat, one.reason), []).append(one)
        rows = [row for ones in list(alike.values())[:LONGEST_SECTION] for row in self._alike(ones)]
        if len(alike) > LONGEST_SECTION:
            rows.append(f"- … and more, for {len(alike) - LONGEST_SECTION} other reasons.")
        said = counted(len(self._outcome.set_aside), "claim")
        return ["## Set aside", f"What was said but could not be argued about: {said}.", "\n".join(rows)]

    def _alike(self, ones: Sequence[SetAside]) -> list[str]:
        """A row each of what one seat said in vain for one reason; the rest is counted."""
        rows = [self._passed_over(one) for one in ones[:TOLD_ALIKE]]
        left = len(ones) - len(rows)
        return [*rows, f"- {self._name(ones[0].seat)}: … and {left} more for this reason."] if left else rows

    def costs(self) -> list[str]:
        if not self._outcome.exchanges:
            return []
        rows = [
            "| seat | phase | model | tokens in (cached) | out | spent | from | took |",
            "|---|---|---|--:|--:|--:|--:|--:|",
        ]
        return [
            "## What it cost",
            "\n".join([*rows, *(self._cost(one) for one in self._outcome.exchanges), self._total()]),
            *self._left_out(),
        ]

    def _left_out(self) -> list[str]:
        rows = [
            f"- {self._name(one.turn.seat)}, {_PHASES.get(one.turn.phase, one.turn.phase)}: {_prose(note)}."
            for one in self._outcome.exchanges
            for note in one.notes
        ]
        return ["Left out of what was answered:", "\n".join(rows[:LONGEST_SECTION])] if rows else []

    def _contention(self, one: Contention) -> list[str]:
        settled, lead = one.settled, one.lead
        assert settled is not None
        parts = [
            f"### {_prose(lead.claim.title)}",
            f"{_where(one)} · {settled.severity} · {lead.claim.category} · {_standing(settled)}",
            _code(lead.claim.quote, lead.place.file),
        ]
        parts += [self._raised(raised) for raised in one.raised]
        parts += [self._ruled(ruled, one) for ruled in one.rulings]
        parts += [f"*No ruling:* {_prose(why)}" for why in one.unheard]
        return [*parts, f"→ **{_OUTCOME_WORDS[settled.outcome]}.** {_prose(settled.why)}."]

    def _raised(self, raised: Raised) -> str:
        claim = raised.claim
        when = "" if raised.round == 1 else f" in round {raised.round}"
        how = f"raised it{when} as {claim.severity}, {claim.certainty}"
        notes = "".join(f"\n>\n> *Checked in code:* {_prose(note)}." for note in raised.notes)
        if (line := raised.enabled_by) is not None:
            where = f"`{_inline(line.file)}`" + (f" line {line.first_line + 1}" if line.side != "file" else "")
            before = " (before the change)" if line.side == "old" else ""
            notes += f"\n>\n> *Checked in code:* what brings it about is the change in {where}{before}."
        return f"**{self._name(raised.seat)}** {how}:\n\n{_block(claim.argument or claim.title)}{notes}"

    def _ruled(self, ruled: Ruled, about: Contention) -> str:
        words = {"confirmed": "confirmed it", "refuted": "refuted it", "unsure": "could not settle it"}
        said = f"**{self._name(ruled.seat)}**, {_PHASES.get(ruled.phase, ruled.phase)}, {words[ruled.ruling.verdict]}"
        if ruled.place is None:
            said += ", but it quotes no code that could settle it, so this counts as no ruling"
        parts = [f"{said}:", _block(ruled.ruling.argument or "(no reason given)")]
        if ruled.place is not None and ruled.ruling.quote.strip() != about.lead.claim.quote.strip():
            line = f"`{_inline(ruled.place.file)}` line {ruled.place.first_line + 1}"
            parts += [f"{line}:", _code(ruled.ruling.quote, ruled.place.file)]
        return "\n\n".join(parts)

    def _passed_over(self, one: SetAside) -> str:
        return f"- {self._name(one.seat)}: “{_prose(one.claim.title)}”: {_prose(one.reason)}."

    def _cost(self, one: Exchange) -> str:
        tokens, reply = one.reply.tokens, one.reply
        spent = dollars(reply.spent) + (f" (+ {dollars(reply.assumed)} assumed)" if reply.assumed else "")
        failed = " (failed)" if reply.failure is not None else " (before)" if one.earlier else ""
        phase = _PHASES.get(one.turn.phase, one.turn.phase)
        return (
            f"| {self._name(one.turn.seat)} | {phase}{failed} | {_prose(reply.model) or one.turn.tier} "
            f"| {tokens.prompt:,} ({tokens.cache_read:,}) | {tokens.output:,} | {spent} "
            f"| {one.started:.1f} s | {one.ended - one.started:.1f} s |"
        )

    def _total(self) -> str:
        replies = [one.reply for one in self._outcome.exchanges if not one.earlier]
        tokens = sum((reply.tokens for reply in replies), NO_TOKENS)
        spent = sum((reply.spent for reply in replies), ZERO)
        end = max(one.ended for one in self._outcome.exchanges)
        return (
            f"| **all** | | | {tokens.prompt:,} ({tokens.cache_read:,}) | {tokens.output:,} | **{dollars(spent)}** "
            f"| | {end:.1f} s |"
        )

    def _name(self, seat: str) -> str:
        return _prose(self._names.get(seat, seat))

    def _names_of(self, seats: Iterable[str]) -> str:
        names = [self._name(seat) for seat in seats]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_OUTCOME_WORDS = {"finding": "It stands", "held_back": "Held back", "dropped": "Dropped"}


def _where(one: Contention) -> str:
    place = one.lead.place
    if place.side == "file":
        return f"`{_inline(place.file)}`"
    first, last = place.first_line + 1, place.last_line + 1
    lines = f"line {first}" if first == last else f"lines {first}-{last}"
    return f"`{_inline(place.file)}` {lines}{' (before the change)' if place.side == 'old' else ''}"


def _standing(settled: Settled) -> str:
    return f"{settled.verdict}, {settled.confidence}"


def _escape(text: str) -> str:
    return _MARKUP.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", text)


def _prose(text: str) -> str:
    """Words of others on one line, without a final stop, with nothing in them that Markdown would act on."""
    return _escape(one_line(text, 1000)).rstrip(".")


def _block(text: str) -> str:
    """Words of others as a block quotation."""
    return "\n".join(f"> {_escape(line)}".rstrip() for line in clean(text).split("\n"))


def _inline(text: str) -> str:
    return one_line(text, 300).replace("`", "'")


def _code(quote: str, file: str) -> str:
    """A quote in a fence that it cannot close."""
    quoted = quote.strip("\n").split("\n")
    lines = [clean_line(_cut(line)) for line in quoted[:QUOTED_LINES]]
    if not any(line.strip() for line in lines):
        return "(no line: something is missing)"
    more = [f"… and {len(quoted) - QUOTED_LINES} lines more"] if len(quoted) > QUOTED_LINES else []
    ticks = "`" * max(3, *(len(run) + 1 for line in lines for run in re.findall("`+", line)), 3)
    suffix = file.rpartition(".")[2] if "." in file else ""
    language = suffix if re.fullmatch(r"[A-Za-z0-9]{1,10}", suffix) else ""
    return "\n".join([f"{ticks}{language}", *lines, *more, ticks])


def _cut(line: str) -> str:
    return line if len(line) <= QUOTED_WIDTH else f"{line[:QUOTED_WIDTH]}…"


def clean_line(line: str) -> str:
    """A line of code with what does not show, or what a terminal would act on, made visible."""
    return visible(line.rstrip("\r"))
