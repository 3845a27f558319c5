"""The whole debate as Markdown for a person: what came out, how it was argued about, what it cost.

Everything in it that a model or the code under review wrote is quoted or escaped, so that it cannot pass
for the transcript's own words, run as HTML or open a link.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from rebuttal.debate.markdown import LONGEST_LIST, block, code, inline, listed, prose
from rebuttal.debate.model import (
    Contention,
    Outcome,
    Place,
    Raised,
    Ruled,
    RulingVerdict,
    SetAside,
    Settled,
)
from rebuttal.debate.passes import phase_name
from rebuttal.debate.prompts import load_prompts
from rebuttal.debate.transcript_costs import choices, costs, spent
from rebuttal.debate.transcript_course import course, opened
from rebuttal.findings.model import Finding, TextEdit
from rebuttal.findings.severity import SEVERITIES, at_least
from rebuttal.store.model import ZERO
from rebuttal.store.money import dollars
from rebuttal.text.words import counted, joined

TOLD_WHOLE = 10
"""Of what was held back: the worst are told with the whole argument, the others in two lines."""
TOLD_ALIKE = 3
"""Claims of one seat that are named where they were set aside for the same reason."""
TOLD_ARGUMENTS = 3
"""Raisers of one claim whose words are told."""
TOLD_FIRST, TOLD_LAST = 2, 6
"""Rulings on one claim that are told, where there are more."""
LISTED_FROM = 6
"""Findings from which on a list of them stands before the first."""
LONGEST_INLINE = 120
"""Characters of a line of code that stands within a sentence."""
LONGEST_SAID = 300
"""Characters of an argument that is told in a line."""

_CLAIM_ID = re.compile(r"\bc-[0-9a-f]{6}(?:-\d+)?\b")

_VERDICTS: dict[RulingVerdict, str] = {
    "confirmed": "confirmed it",
    "refuted": "refuted it",
    "unsure": "could not settle it",
}
_BECAME = {"finding": "It stands", "held_back": "Held back", "dropped": "Dropped"}


def transcript(outcome: Outcome, title: str = "The debate", names: Mapping[str, str] | None = None) -> str:
    """Markdown. `names`: seat id -> name, for seats that are not part of the package."""
    writer = _Writer(outcome, names or {})
    parts = [f"# {prose(title)}", *writer.head()]
    parts += [*writer.findings(), *writer.held_back(), *writer.refuted(), *writer.set_aside()]
    parts += [*course(outcome, writer.name), *choices(outcome, writer.name), *costs(outcome, writer.name)]
    return "\n\n".join(part for part in parts if part) + "\n"


class _Writer:
    def __init__(self, outcome: Outcome, names: Mapping[str, str]) -> None:
        self._outcome = outcome
        self._names = {seat.id: seat.name for seat in load_prompts().seats.values()} | dict(names)
        self._findings = {one.id: one for one in (*outcome.findings, *outcome.held_back)}
        self._titles = {one.id: one.lead.claim.title for one in outcome.contentions}

    # --- what came out ---

    def head(self) -> list[str]:
        lines = [
            f"- **What came out:** {self._came_out()}",
            f"- **How far to trust it:** {' '.join(self._trust())}",
            f"- **What it took:** {self._took()}",
        ]
        return ["\n".join(lines), *self._failed()]

    def _came_out(self) -> str:
        findings = self._outcome.findings
        severities = Counter(one.severity for one in findings)
        worst = [f"{severities[one]} {one}" for one in SEVERITIES if severities[one]]
        what = f"{counted(len(findings), 'finding')} ({', '.join(worst)})" if findings else "no findings"
        if len(worst) == 1:
            what = counted(len(findings), f"{findings[0].severity} finding")
        others = {
            "held back": len(self._of("held_back")),
            "refuted": len(self._of("dropped")),
            "set aside": len(self._outcome.set_aside),
        }
        return joined([what, *(f"{number} {name}" for name, number in others.items() if number)]) + "."

    def _trust(self) -> list[str]:
        outcome = self._outcome
        said = []
        if outcome.degraded or outcome.stopped_by is not None:
            said.append("It is not whole (see below): what is missing proves nothing.")
        confirmed = sum(one.verdict == "confirmed" for one in outcome.findings)
        unopposed = len(outcome.findings) - confirmed
        if confirmed:
            which = {1: "It was", 2: "Both were"}.get(confirmed, "All were") if not unopposed else f"{confirmed} were"
            said.append(f"{which} confirmed by a reviewer who did not raise it, with lines that are in the code.")
        if unopposed:
            which = "nobody was asked to refute" + (" them" if unopposed > 1 else " it")
            said.append(f"The word of one pass: {which}.")
        serious = sum(at_least(one.severity, "high") for one in outcome.held_back)
        if serious:
            said.append(f"Of what was held back, {counted(serious, 'claim')} would be high or critical: read on.")
        if not outcome.findings and outcome.contentions:
            said.append("No claim stood the argument.")
        return said or ["Nothing was claimed about the change." if opened(self._outcome) else "Nobody read the change."]

    def _took(self) -> str:
        now = [one for one in self._outcome.exchanges if not one.earlier]
        before = [one for one in self._outcome.exchanges if one.earlier]
        seats = len({one.turn.seat for one in now})
        seconds = max((one.ended for one in now), default=0.0)
        calls = f"{counted(len(now), 'call')} to {counted(seats, 'seat')}" if now else "no calls"
        took = f"{calls}, {seconds:.0f} s, {dollars(spent(now))}"
        if (assumed := sum((one.reply.assumed for one in now), ZERO)) > 0:
            took += f" and {dollars(assumed)} assumed for what will never be known"
        if not before:
            return f"{took}."
        paid = f"{counted(len(before), 'call')} and {dollars(spent(before))} were spent then"
        return f"{took}. It took up a debate that was cut short: {paid}, not now."

    def _failed(self) -> list[str]:
        outcome, parts = self._outcome, list[str]()
        if outcome.stopped_by is not None:
            parts.append(f"**The debate was stopped early:** {prose(outcome.stopped_by.message)}.")
        failed: dict[tuple[str, str], list[str]] = {}
        for one in outcome.degraded:
            failed.setdefault((one.phase, one.reason), []).append(self.name(one.seat))
        rows = [
            f"- {joined(list(dict.fromkeys(seats)))}, {phase_name(phase)}: {prose(reason)}."
            for (phase, reason), seats in failed.items()
        ]
        if rows:
            parts += ["**Part of the review failed:**", listed(rows)]
        return parts

    # --- the claims ---

    def findings(self) -> list[str]:
        ones = self._of("finding")
        if not ones:
            return []
        parts = ["## Findings"]
        if len(ones) >= LISTED_FROM:
            parts.append(listed([self._index(number, one) for number, one in enumerate(ones, 1)]))
        for number, one in enumerate(ones[:LONGEST_LIST], 1):
            parts += self._contention(one, f"{number}. " if len(ones) > 1 else "")
        return [*parts, *_untold(ones)]

    def held_back(self) -> list[str]:
        ones = self._of("held_back")
        if not ones:
            return []
        parts = ["## Held back", "What did not reach the bar. It may still be true."]
        for one in ones[:TOLD_WHOLE]:
            parts += self._contention(one)
        rows = [self._short(one) for one in ones[TOLD_WHOLE:LONGEST_LIST]]
        if rows:
            parts += ["### The others, in short", "\n".join(rows)]
        return [*parts, *_untold(ones)]

    def refuted(self) -> list[str]:
        ones = self._of("dropped")
        if not ones:
            return []
        rows = [self._short(one) for one in ones[:LONGEST_LIST]]
        return ["## Refuted", "\n".join(rows), *_untold(ones)]

    def set_aside(self) -> list[str]:
        if not self._outcome.set_aside:
            return []
        alike: dict[tuple[str, str], list[SetAside]] = {}
        for one in self._outcome.set_aside:
            alike.setdefault((one.seat, one.reason), []).append(one)
        said = counted(len(self._outcome.set_aside), "claim")
        rows = [self._alike(ones) for ones in alike.values()]
        return ["## Set aside", f"Said, but not fit to be argued about: {said}.", listed(rows)]

    def _of(self, kind: str) -> list[Contention]:
        """The claims of one outcome, in the order of the findings; others by place."""
        order = {finding: number for number, finding in enumerate(self._findings)}
        ones = [one for one in self._outcome.contentions if one.settled is not None and one.settled.outcome == kind]
        return sorted(ones, key=lambda one: order.get(self._outcome.finding_of.get(one.id, ""), len(order)))

    def _index(self, number: int, one: Contention) -> str:
        settled = one.settled
        assert settled is not None
        return f"{number}. **{settled.severity}** {prose(one.lead.claim.title)} ({_where(one.lead.place)})"

    def _contention(self, one: Contention, number: str = "") -> list[str]:
        settled, lead = one.settled, one.lead
        assert settled is not None
        finding = self._findings.get(self._outcome.finding_of.get(one.id, ""))
        cost = sum((step.spent for step in finding.trace), ZERO) if finding is not None else ZERO
        facts = [settled.severity, lead.claim.category, settled.confidence, _where(lead.place)]
        return [
            f"### {number}{prose(lead.claim.title)}",
            " · ".join([*facts, dollars(cost)] if cost else facts),
            _claimed(lead),
            *self._all_raised(one),
            *self._all_ruled(one),
            *(f"*No ruling:* {prose(why)}." for why in one.unheard[:TOLD_LAST]),
            self._became(one, settled),
            *_fix(finding),
        ]

    def _became(self, one: Contention, settled: Settled) -> str:
        claimed = min((raised.claim.severity for raised in one.raised), key=SEVERITIES.index)
        instead = f", as {settled.severity} instead of {claimed}" if settled.severity != claimed else ""
        return f"→ **{_BECAME[settled.outcome]}{instead}.** {prose(settled.why)} (*{settled.row}*)."

    def _all_raised(self, one: Contention) -> list[str]:
        """Those who said the same in the same words are named, not told again."""
        told: dict[tuple[str, ...], Raised] = {}
        also: list[Raised] = []
        for raised in one.raised:
            key = (_norm(raised.claim.argument or raised.claim.title), *raised.notes)
            if key in told or len(told) == TOLD_ARGUMENTS:
                also.append(raised)
            else:
                told[key] = raised
        parts = [self._raised(raised) for raised in told.values()]
        if also:
            lead = one.lead.claim.severity
            names = [
                f"**{self.name(raised.seat)}**"
                + (f" (as {raised.claim.severity})" if raised.claim.severity != lead else "")
                for raised in {raised.seat: raised for raised in also}.values()
            ]
            parts.append(f"Raised too by {joined(names)}.")
        return parts

    def _raised(self, raised: Raised) -> str:
        claim = raised.claim
        when = "" if raised.round == 1 else f" in round {raised.round}"
        notes = "".join(f"\n>\n> *Checked in code:* {prose(note)}." for note in raised.notes)
        if (line := raised.enabled_by) is not None:
            notes += f"\n>\n> *Checked in code:* what brings it about is the change in {_where(line)}."
        said = block(claim.argument or claim.title)
        return f"**{self.name(raised.seat)}** raised it{when}, {claim.severity} and {claim.certainty}:\n\n{said}{notes}"

    def _all_ruled(self, one: Contention) -> list[str]:
        rulings = one.rulings
        left = len(rulings) - TOLD_FIRST - TOLD_LAST
        if left <= 0:
            return [self._ruled(ruled, one) for ruled in rulings]
        between = f"… {counted(left, 'ruling')} between these are not told …"
        first, last = rulings[:TOLD_FIRST], rulings[-TOLD_LAST:]
        return [*(self._ruled(ruled, one) for ruled in first), between, *(self._ruled(ruled, one) for ruled in last)]

    def _ruled(self, ruled: Ruled, about: Contention) -> str:
        said = f"**{self.name(ruled.seat)}** {_VERDICTS[ruled.ruling.verdict]}{_when(ruled)}"
        argument = block(ruled.ruling.argument or "(no reason given)")
        if ruled.place is None:
            return f"{said}, but quotes no code that could settle it, so this counts as no ruling:\n\n{argument}"
        if _norm(ruled.ruling.quote) == _norm(about.lead.claim.quote) and ruled.place.file == about.lead.place.file:
            return f"{said}, by the same lines:\n\n{argument}"
        return f"{said}:\n\n{argument}\n\n{_evidence(ruled.ruling.quote, ruled.place)}"

    def _short(self, one: Contention) -> str:
        """Who claimed what, and the ruling that weighs most, in two lines of a list."""
        settled, lead = one.settled, one.lead
        assert settled is not None
        raisers = joined([self.name(seat) for seat in one.raisers])
        facts = f"{_where(lead.place)}, {settled.severity}, raised by {raisers}"
        head = f"- **{prose(lead.claim.title)}** ({facts})"
        against = [ruled for ruled in one.rulings if ruled.valid and ruled.ruling.verdict == "refuted"]
        ruled = next(iter(reversed(against or one.rulings)), None)
        became = f"{prose(settled.why)} (*{settled.row}*)."
        if ruled is None:
            return f"{head}  \n  {became}"
        words = prose(ruled.ruling.argument or "(no reason given)", LONGEST_SAID)
        said = f"{self.name(ruled.seat)} {_VERDICTS[ruled.ruling.verdict]}: “{words}”"
        line = f" {_evidence(ruled.ruling.quote, ruled.place)}" if ruled.place and _fits(ruled.ruling.quote) else ""
        return f"{head}  \n  {said}{line}  \n  {became}"

    def _alike(self, ones: Sequence[SetAside]) -> str:
        """What one seat said in vain for one reason: a few by title, the rest counted."""
        told = [f"“{prose(one.claim.title or one.claim.argument or '(nothing)', 200)}”" for one in ones[:TOLD_ALIKE]]
        left = len(ones) - len(told)
        more = f" and {left} more for this reason" if left else ""
        reason = _CLAIM_ID.sub(self._quoted_title, ones[0].reason)
        return f"- {self.name(ones[0].seat)}: {(', ' if left else '; ').join(told)}{more}: {prose(reason)}."

    def _quoted_title(self, id_: re.Match[str]) -> str:
        title = self._titles.get(id_[0])
        return f"“{title}”" if title is not None else id_[0]

    def name(self, seat: str) -> str:
        return prose(self._names.get(seat, seat))


def _when(ruled: Ruled) -> str:
    if ruled.phase == "cross_examination":
        return " in cross-examination"
    return " at the end" if ruled.phase == "consensus" else f" in round {ruled.round}"


def _where(place: Place) -> str:
    if place.side == "file":
        return f"`{inline(place.file)}`"
    first, last = place.first_line + 1, place.last_line + 1
    lines = f"line {first}" if first == last else f"lines {first}-{last}"
    return f"`{inline(place.file)}` {lines}{' (before the change)' if place.side == 'old' else ''}"


def _claimed(lead: Raised) -> str:
    """The lines that a claim is about. What stands nowhere in the code must not look as if it did."""
    if lead.anchored or not lead.claim.quote.strip():
        return code(lead.claim.quote, lead.place.file)
    return f"It quotes what is not in the code:\n\n{block(lead.claim.quote)}"


def _fits(quote: str) -> bool:
    """Whether a quote can stand within a sentence."""
    line = quote.strip()
    return "\n" not in line and "`" not in line and 0 < len(line) <= LONGEST_INLINE


def _evidence(quote: str, place: Place) -> str:
    if _fits(quote):
        return f"↳ {_where(place)}: `{inline(quote)}`"
    return f"↳ {_where(place)}:\n\n{code(quote, place.file)}"


def _fix(finding: Finding | None) -> list[str]:
    if finding is None or finding.fix is None:
        return []
    return ["A fix comes with it:", *(_edit(edit) for edit in finding.fix.edits[:TOLD_ARGUMENTS])]


def _edit(edit: TextEdit) -> str:
    first, last = edit.range.start.line + 1, edit.range.end.line + 1
    lines = f"line {first}" if first == last else f"lines {first}-{last}"
    where = f"`{inline(edit.file)}` {lines}"
    return f"{where}:\n\n{code(edit.new_text, edit.file, '+')}" if edit.new_text.strip() else f"{where}: taken out."


def _untold(ones: Sequence[Contention]) -> list[str]:
    left = len(ones) - LONGEST_LIST
    return [f"… and {left} more, which are not told here."] if left > 0 else []


def _norm(text: str) -> str:
    """Words without regard to white space."""
    return re.sub(r"\s+", " ", text).strip()
