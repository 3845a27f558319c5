"""An evaluation as text for a person and as JSON for a program (docs/evaluation.md has both)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median, quantiles
from typing import Any

from rebuttal.evaluation.corpus import Defect
from rebuttal.evaluation.run import Evaluation
from rebuttal.evaluation.score import CaseScore, Figures, Score, SeatScore, Told
from rebuttal.findings.severity import SEVERITIES
from rebuttal.store.money import dollars, exact
from rebuttal.store.wire import tokens_to_json
from rebuttal.text.words import counted

SCHEMA = 1
NAMED = 8
"""Misses and false alarms that the text names, the worst."""
SIMULATED = "SIMULATED: speakers of a set skill, no model was asked. No figure here says how well real models review."


def to_text(evaluation: Evaluation) -> str:
    """A page for a person: the figures, then where they come from, then what to look at."""
    score = evaluation.score
    parts = [_head(evaluation)]
    if score.cases:
        figures = score.figures()
        parts += [_summary(score, figures), _table("category", score.by_category())]
        parts += [_table("severity", score.by_severity()), _table("language", score.by_language())]
        parts += [_seat_table(score), *_worst(score)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(evaluation: Evaluation) -> str:
    lines = [SIMULATED] if evaluation.simulated else []
    done = len(evaluation.score.cases)
    lines.append(f"{done} of {counted(evaluation.cases, 'change')} reviewed")
    if evaluation.ended is not None:
        lines[-1] += f": {evaluation.ended}"
    return "\n".join(lines)


def _summary(score: Score, figures: Figures) -> str:
    alarmed, clean = score.clean_alarmed
    static_only = sum(len(case.by_static_only) for case in score.cases)
    static, held = score.static(), score.held_back()
    cost = score.cost
    assumed = f", and {dollars(cost.assumed)} assumed" if cost.assumed else ""
    n = len(score.cases)
    lines = [
        f"precision {_share(figures.precision)}   recall {_share(figures.recall)}   F1 {_share(figures.f1)}",
        f"  told      {counted(figures.true, 'true finding')}, {figures.false} false, {figures.duplicates} duplicate",
        f"  defects   {figures.found} of {figures.planted} told, {score.raised} claimed by some seat"
        + (f", {static_only} told by the static panel alone" if static_only else ""),
        f"  clean     {alarmed} of {counted(clean, 'clean change')} got a false finding",
        f"  held back {held.true} that meet a defect otherwise missed, {held.false} false",
        f"  static    {static.true} that meet a planted defect, {static.false} about other things",
        f"  cost      {dollars(cost.spent)}{assumed}; {dollars(cost.spent / n)} and {cost.calls / n:.1f} calls each",
        f"  time      {_times(score)}",
    ]
    if unseen := [one for case in score.cases for one in case.unseen]:
        lines.append(f"  context   {len(unseen)} defects or lures are decided by a file that the panel is not shown")
    degraded = [case.case.name for case in score.cases if case.degraded or case.cut_short]
    if degraded:
        shown = ", ".join(degraded[:5]) + (", ..." if len(degraded) > 5 else "")
        lines.append(f"  degraded  {counted(len(degraded), 'change')}, which lowers the figures: {shown}")
    return "\n".join(lines)


def _times(score: Score) -> str:
    whole = [case.seconds for case in score.cases if case.seconds]
    first = [case.first_s for case in score.cases if case.first_s is not None]
    if not whole:
        return "no debate was held"
    text = f"whole debate {_spread(whole)}"
    return f"{text}; first finding {_spread(first)}" if first else text


def _spread(seconds: Sequence[float]) -> str:
    if len(seconds) < 2:
        return f"{seconds[0]:.1f} s"
    return f"{median(seconds):.1f} s in the middle, {quantiles(seconds, n=20)[-1]:.1f} s at 95 %"


def _table(name: str, groups: Mapping[str, Figures]) -> str:
    rows = [
        (group, f"{one.found}/{one.planted}", _share(one.recall), str(one.false), _share(one.precision), _share(one.f1))
        for group, one in groups.items()
        if one.planted or one.false
    ]
    return _columns((name, "found", "recall", "false", "precision", "F1"), rows)


def _seat_table(score: Score) -> str:
    rows = [_seat_row(seat, one) for seat, one in score.seats().items()]
    head = ("seat", "raised", "true", "false", "only it", "ruled right", "wrong", "undecided", "calls", "cost")
    return _columns(head, rows) if rows else ""


def _seat_row(seat: str, one: SeatScore) -> tuple[str, ...]:
    counts = (one.raised, one.true, one.false, one.unique, one.ruled_right, one.ruled_wrong, one.undecided)
    return (seat, *map(str, counts), str(one.cost.calls), dollars(one.cost.spent))


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]).rstrip()

    return "\n".join([line(head), line(["-" * width for width in widths]), *map(line, rows)])


def _worst(score: Score) -> Iterable[str]:
    misses = sorted(
        ((case, one) for case in score.cases for one in case.missed),
        key=lambda item: (SEVERITIES.index(item[1].severity), item[1].id),
    )
    if misses:
        yield "\n".join(["worst misses", *(_miss(case, one) for case, one in misses[:NAMED]), *_more(len(misses))])
    alarms = sorted(
        ((case, one) for case in score.cases for one in case.false),
        key=lambda item: (SEVERITIES.index(item[1].finding.severity), not item[0].case.clean, item[0].case.name),
    )
    if alarms:
        yield "\n".join(["worst false alarms", *(_alarm(*item) for item in alarms[:NAMED]), *_more(len(alarms))])


def _miss(case: CaseScore, one: Defect) -> str:
    why = "held back" if _was_held_back(case, one) else "claimed, then lost" if one.id in case.raised else "not claimed"
    return f"  {one.severity:8}  {case.case.name}: {one.title} ({why})"


def _alarm(case: CaseScore, one: Told) -> str:
    kind = "a clean change" if case.case.clean else "beside a defect"
    lure = ", a lure" if one.judged.lure is not None else ""
    return f"  {one.finding.severity:8}  {case.case.name}: {one.finding.title} ({kind}{lure})"


def _more(count: int) -> list[str]:
    return [f"  ... and {count - NAMED} more"] if count > NAMED else []


def _was_held_back(case: CaseScore, one: Defect) -> bool:
    return any(
        told.judged.judgement == "true" and told.judged.defect is not None and told.judged.defect.id == one.id
        for told in case.held_back
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.0f} %"


def progress(case: CaseScore, number: int, of: int) -> str:
    """A line while it runs."""
    figures = Score((case,)).figures()
    found = "clean" if case.case.clean else f"{figures.found} of {figures.planted} found"
    why = f" ({case.cut_short})" if case.cut_short else " (degraded)" if case.degraded else ""
    return f"{number}/{of} {case.case.name}: {found}, {figures.false} false, {dollars(case.cost.spent)}{why}"


# --- JSON ---


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """The whole, case by case."""
    score = evaluation.score
    return {
        "schema": SCHEMA,
        "simulated": evaluation.simulated,
        "cases_wanted": evaluation.cases,
        "ended": evaluation.ended,
        "figures": _figures(score.figures()),
        "held_back": _figures(score.held_back()),
        "static": _figures(score.static()),
        "raised": score.raised,
        "clean": {"alarmed": score.clean_alarmed[0], "cases": score.clean_alarmed[1]},
        "by_category": {name: _figures(one) for name, one in score.by_category().items()},
        "by_severity": {name: _figures(one) for name, one in score.by_severity().items()},
        "by_language": {name: _figures(one) for name, one in score.by_language().items()},
        "by_seat": {seat: _seat(one) for seat, one in score.seats().items()},
        "cost": {
            "currency": "USD",
            "spent": exact(score.cost.spent),
            "assumed": exact(score.cost.assumed),
            "calls": score.cost.calls,
            "tokens": tokens_to_json(score.cost.tokens),
        },
        "cases": [_case(one) for one in score.cases],
    }


def _figures(one: Figures) -> dict[str, Any]:
    return {
        "planted": one.planted,
        "found": one.found,
        "true": one.true,
        "false": one.false,
        "duplicates": one.duplicates,
        "precision": _rounded(one.precision),
        "recall": _rounded(one.recall),
        "f1": _rounded(one.f1),
    }


def _seat(one: SeatScore) -> dict[str, Any]:
    return {
        "raised": one.raised,
        "true": one.true,
        "false": one.false,
        "unique": one.unique,
        "ruled_right": one.ruled_right,
        "ruled_wrong": one.ruled_wrong,
        "undecided": one.undecided,
        "calls": one.cost.calls,
        "spent": exact(one.cost.spent),
        "tokens": tokens_to_json(one.cost.tokens),
    }


def _case(one: CaseScore) -> dict[str, Any]:
    return {
        "case": one.case.name,
        "language": one.case.language,
        "kind": one.case.kind,
        "panel": one.panel,
        "defects": [_defect(one, defect) for defect in one.case.defects],
        "findings": [_told(told) for told in one.told],
        "held_back": [_told(told) for told in one.held_back],
        "static": [_told(told) for told in one.static],
        "seconds": round(one.seconds, 3),
        "first_finding_s": _rounded(one.first_s),
        "spent": exact(one.cost.spent),
        "assumed": exact(one.cost.assumed),
        "calls": one.cost.calls,
        "tokens": tokens_to_json(one.cost.tokens),
        "degraded": [{"seat": each.seat, "phase": each.phase, "reason": each.reason} for each in one.degraded],
        "cut_short": one.cut_short,
        "unseen": list(one.unseen),
    }


def _defect(case: CaseScore, one: Defect) -> dict[str, Any]:
    return {
        "defect": one.id,
        "title": one.title,
        "category": one.category,
        "severity": one.severity,
        "claimed": one.id in case.raised,
        "held_back": _was_held_back(case, one),
        "found": one.id in case.found,
    }


def _told(one: Told) -> dict[str, Any]:
    finding, judged = one.finding, one.judged
    return {
        "file": finding.file,
        "side": finding.side,
        "line": finding.range.start.line,
        "title": finding.title,
        "category": finding.category,
        "severity": finding.severity,
        "raised_by": list(finding.raised_by),
        "judgement": judged.judgement,
        "defect": judged.defect.id if judged.defect is not None else None,
        "lure": judged.lure.id if judged.lure is not None else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
