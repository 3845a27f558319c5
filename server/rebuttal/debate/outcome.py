"""From a record to findings, each with its trace: who raised it, who objected, what settled it, at what cost."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

from attrs import evolve, frozen

from rebuttal.change.model import Side
from rebuttal.context.render import as_shown
from rebuttal.debate.exhibits import Exhibits
from rebuttal.debate.model import Contention, Outcome, Place, Raised, Ruled, Settled
from rebuttal.debate.passes import pass_of
from rebuttal.debate.recollection import LONGEST_SHOWN
from rebuttal.debate.sitting import Sitting
from rebuttal.debate.statement import clean
from rebuttal.debate.verdict import CERTAINTIES, latest
from rebuttal.findings.identity import assign_ids
from rebuttal.findings.model import Finding, Fix, Related, TraceStep
from rebuttal.findings.severity import SEVERITIES, at_least
from rebuttal.store.model import ZERO
from rebuttal.text.positions import LineIndex, Position, Range
from rebuttal.text.redaction import has_placeholder
from rebuttal.text.words import counted

NOWHERE = Range(Position(0, 0), Position(0, 0))
"""The range of a finding about a file as a whole."""
_NUMBERED = re.compile(r"«redacted:([^:»]+):\d+»")
CENT_OF_MILLI = Decimal("0.00000001")
"""To which a share of a call's cost is rounded in a trace."""


def outcome_of(sitting: Sitting) -> Outcome:
    """What the debate comes to. Every contention is settled; findings worst first."""
    for one in sitting.docket.all():
        sitting.settle(one.id)
    _hold_back(sitting)
    contentions = tuple(sorted(sitting.docket.all(), key=_reading_order))
    maker = _Maker(sitting, contentions)
    kept = [one for one in contentions if one.settled is not None and one.settled.outcome != "dropped"]
    made = assign_ids((maker.finding(one) for one in kept), maker.symbol_of)
    pairs = sorted(zip(kept, made, strict=True), key=lambda pair: _worst_first(pair[0]))
    return Outcome(
        findings=tuple(finding for _, finding in pairs if finding.status == "open"),
        held_back=tuple(finding for _, finding in pairs if finding.status == "held_back"),
        degraded=tuple(sitting.degraded),
        exchanges=sitting.exchanges,
        stopped_by=sitting.stopped_by,
        contentions=contentions,
        set_aside=tuple(sitting.set_aside),
        finding_of={one.id: finding.id for one, finding in pairs},
        ended=sitting.ended,
        kinds=sitting.brief.kinds,
        reasons=sitting.brief.reasons,
        weighed=tuple(sitting.weighed),
        shortened=tuple(sitting.shortened),
        gave_way=sitting.gave_way,
        rounds=tuple(sitting.rounds),
    )


def _hold_back(sitting: Sitting) -> None:
    """Hold back what is below the severity asked for, and what is more than the number asked for."""
    brief = sitting.brief
    shown = 0
    for one in sorted(sitting.docket.all(), key=_worst_first):
        settled = one.settled
        if settled is None or settled.outcome != "finding":
            continue
        if not at_least(settled.severity, brief.minimum_severity):
            why = f"It is below the severity asked for ({brief.minimum_severity})."
            sitting.hold_back(one.id, evolve(settled, outcome="held_back", row="below the minimum", why=why))
        elif shown >= brief.max_findings:
            why = f"At most {counted(brief.max_findings, 'finding')} may be shown, and others come before it."
            sitting.hold_back(one.id, evolve(settled, outcome="held_back", row="too many", why=why))
        else:
            shown += 1


def _worst_first(one: Contention) -> tuple[object, ...]:
    settled = one.settled
    assert settled is not None
    rank = (SEVERITIES.index(settled.severity), CERTAINTIES.index(settled.confidence), -len(one.raisers))
    return (*rank, *_reading_order(one))


def _reading_order(one: Contention) -> tuple[object, ...]:
    place = one.lead.place
    return (place.file, place.first_line, place.last_line, place.side, one.id)


@frozen
class _Anchor:
    side: Side | None
    range: Range
    quote: str


class _Maker:
    """Makes findings of contentions; knows each turn's cost and how many it is shared by."""

    def __init__(self, sitting: Sitting, contentions: tuple[Contention, ...]) -> None:
        self._sitting = sitting
        self._exhibits: Exhibits = sitting.exhibits
        self._indexes: dict[tuple[str, Side], LineIndex] = {}
        self._shares = Counter(raised.turn for one in contentions for raised in one.raised)
        self._shares.update(ruled.turn for one in contentions for ruled in one.rulings)

    def finding(self, one: Contention) -> Finding:
        """The finding (or held back one) of a settled contention; its id comes later."""
        settled = one.settled
        assert settled is not None
        lead = one.lead
        place = self._place(one)
        anchor = self._anchor(place)
        return Finding(
            id="",
            file=place.file,
            side=place.side,
            range=anchor.range,
            quote=anchor.quote,
            title=lead.claim.title,
            message=lead.claim.argument or lead.claim.title,
            severity=settled.severity,
            category=lead.claim.category,
            rule=f"debate:{lead.claim.category}",
            source="debate",
            raised_by=one.raisers,
            verdict=settled.verdict,
            confidence=settled.confidence,
            status="open" if settled.outcome == "finding" else "held_back",
            related=self._related(one, place),
            fix=_fix(one),
            trace=self._trace(one, settled),
        )

    def symbol_of(self, finding: Finding) -> str:
        """The qualified name of the symbol around a finding, "" where there is none."""
        if finding.side == "file":
            return ""
        symbol = self._exhibits.enclosing(finding.file, finding.side, finding.range.start.line)
        return symbol.qualified if symbol is not None else ""

    def _place(self, one: Contention) -> Place:
        """Where it is shown: the claim's place, or the line that confirmed it where the claim's quote was not found."""
        place = one.lead.place
        if one.lead.anchored:
            return place
        for ruled in reversed(one.rulings):
            confirms = ruled.place is not None and ruled.ruling.verdict == "confirmed"
            if confirms and ruled.place is not None and ruled.place.file == place.file:
                return ruled.place
        return place

    def _anchor(self, place: Place) -> _Anchor:
        """The range from the first character of the lines to their end, in the original text, and what stands there."""
        if place.side == "file":
            return _Anchor(None, NOWHERE, "")
        index = self._index(place.file, place.side)
        if index is None:
            return _Anchor(None, NOWHERE, "")
        start, stop = index.git_line_span(place.first_line)
        end = index.git_line_span(place.last_line)[1]
        line = index.text[start:stop]
        start += len(line) - len(line.lstrip())
        return _Anchor(place.side, index.range(start, end), self._quote(place, index.text[start:end]))

    def _quote(self, place: Place, original: str) -> str:
        """The code as it may be printed and kept: with placeholders where a secret stands. What is no secret stays."""
        side: Side = "old" if place.side == "old" else "new"
        lines = self._exhibits.lines(place.file, side)[place.first_line : place.last_line + 1]
        redacted = "".join(lines).strip()
        # A placeholder may also stand in the code itself: then nothing was replaced, and the quote is what is there.
        if not has_placeholder(redacted) or redacted == as_shown(original).strip():
            return original
        # Without its number, which counts the secrets of a review: the finding's id must not depend on the others.
        return _NUMBERED.sub(r"«redacted:\1»", redacted)

    def _index(self, file: str, side: Side) -> LineIndex | None:
        key = (file, side)
        if key not in self._indexes:
            exhibit = self._exhibits.get(file, side)
            if exhibit is None:
                return None
            self._indexes[key] = LineIndex(exhibit.original)
        return self._indexes[key]

    def _related(self, one: Contention, place: Place) -> tuple[Related, ...]:
        """The changed line that enables it, and lines that rulings rest on, where they are others than its own."""
        found: dict[tuple[str, Range], Related] = {}
        if (enabling := _enabling(one)) is not None and (line := self._enabled_by(enabling)) is not None:
            found[line.file, line.range] = line
        for ruled in latest(one.rulings):
            if ruled.place is None or ruled.place.side != "new" or ruled.place == place:
                continue
            where = self._anchor(ruled.place).range
            words = {"confirmed": "Confirmed by", "refuted": "Disputed with", "unsure": "It hangs on"}
            message = f"{words[ruled.ruling.verdict]} this line: {ruled.ruling.argument}"
            found.setdefault((ruled.place.file, where), Related(ruled.place.file, where, message))
        return tuple(found.values())

    def _enabled_by(self, place: Place) -> Related | None:
        """Shown in the code as it is now; of a line that was taken out, where it stood. None where the file is gone."""
        diff = self._sitting.brief.change.file(place.file)
        diff = diff or next((one for one in self._sitting.brief.change.files if one.old_path == place.file), None)
        if diff is None or diff.new_text is None:
            return None
        if place.side == "new":
            return Related(place.file, self._anchor(place).range, "This changed line brings it about.")
        if place.side == "file":
            return Related(diff.path, NOWHERE, f"This file is {diff.status}, which brings it about.")
        hunk = next((hunk for hunk in diff.hunks if place.first_line in hunk.old_lines), None)
        index = self._index(diff.path, "new")
        if hunk is None or index is None:
            return None
        start = index.git_line_span(hunk.new_start)[0]
        return Related(diff.path, index.range(start, start), "A line that the change takes out here brings it about.")

    def _enabling_step(self, place: Place) -> TraceStep:
        if place.side == "file":
            return TraceStep(
                "anchoring",
                "code",
                "It stands off the change; this file's coming, going or moving is what brings it about.",
                file=place.file,
            )
        text = "It stands on lines that the change leaves alone; this changed line brings it about."
        return TraceStep("anchoring", "code", text, quote=self._anchor(place).quote, file=place.file)

    def _trace(self, one: Contention, settled: Settled) -> tuple[TraceStep, ...]:
        steps: list[TraceStep] = []
        for raised in one.raised:
            steps.append(self._raised(raised))
            steps += [TraceStep("anchoring", "code", note, file=raised.place.file) for note in raised.notes]
            steps += [self._enabling_step(raised.enabled_by)] if raised.enabled_by is not None else []
        fixing = next((raised for raised in one.raised if raised.fix is not None), None)
        if fixing is not None and fixing is not one.lead:
            # Examiners argue about the claim; a fix may come from another seat than the one whose words are shown.
            text = f"The fix is by {fixing.seat}, which raised it as well; nobody has examined the fix."
            steps.append(TraceStep("anchoring", "code", text, file=fixing.place.file))
        steps += [self._ruled(ruled) for ruled in one.rulings]
        steps += [TraceStep("cross_examination", "code", f"No ruling: {why}") for why in one.unheard]
        return (*steps, TraceStep("verdict", "code", settled.why, verdict=settled.verdict))

    def _raised(self, raised: Raised) -> TraceStep:
        text = f"{raised.claim.title}: {raised.claim.argument}" if raised.claim.argument else raised.claim.title
        quote = raised.claim.quote if raised.anchored else clean(raised.claim.quote)[:LONGEST_SHOWN]
        phase = "opening" if raised.round == 1 else "rebuttal"
        spent, refinement = self._share(raised.turn), pass_of(phase, raised.round)
        return TraceStep(
            *(phase, raised.seat, text, None, quote, raised.place.file, spent, refinement), *self._chosen(raised.turn)
        )

    def _ruled(self, ruled: Ruled) -> TraceStep:
        ruling, spent, refinement = ruled.ruling, self._share(ruled.turn), pass_of(ruled.phase, ruled.round)
        if ruled.place is None:
            text = f"{ruling.argument} (Void: it quotes no code that could settle it.)"
            quote = clean(ruling.quote)[:LONGEST_SHOWN]
            file = None
        else:
            text, quote, file = ruling.argument, ruling.quote, ruled.place.file
        return TraceStep(
            *(ruled.phase, ruled.seat, text, ruling.verdict, quote, file, spent, refinement), *self._chosen(ruled.turn)
        )

    def _chosen(self, turn: int) -> tuple[str | None, str | None]:
        """The model that answered in a turn, and why one of its tier was asked."""
        exchange = self._sitting.exchange(turn)
        return (exchange.reply.model or None, exchange.turn.why or None) if exchange is not None else (None, None)

    def _share(self, turn: int) -> Decimal:
        """What a turn cost, divided among the claims and rulings that came of it."""
        exchange = self._sitting.exchange(turn)
        if exchange is None or exchange.reply.spent == 0:
            return ZERO
        return (exchange.reply.spent / max(self._shares[turn], 1)).quantize(CENT_OF_MILLI)


def _enabling(one: Contention) -> Place | None:
    """The changed line that the first of its raisers named."""
    return next((raised.enabled_by for raised in one.raised if raised.enabled_by is not None), None)


def _fix(one: Contention) -> Fix | None:
    """The first fix that code found fit, in the order in which the claims were heard."""
    return next((raised.fix for raised in one.raised if raised.fix is not None), None)
