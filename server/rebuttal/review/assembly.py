"""From the parts of a review to its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from attrs import evolve

from rebuttal.change.base import EMPTY
from rebuttal.change.model import Change, Skipped
from rebuttal.findings.identity import assign_ids
from rebuttal.findings.model import Finding
from rebuttal.findings.notebooks import in_files
from rebuttal.findings.report import (
    Coverage,
    Degraded,
    EstimateTotal,
    New,
    Report,
    Reviewed,
    ScopeReport,
)
from rebuttal.findings.severity import SEVERITIES, Severity, at_least
from rebuttal.findings.suppress import suppress
from rebuttal.review.naming import before, symbol_of
from rebuttal.review.parts import Memory, Parts, Since
from rebuttal.settings import Settings
from rebuttal.store.currency import DOLLARS
from rebuttal.store.model import NO_TOKENS, ZERO, Cost
from rebuttal.store.money import dollars
from rebuttal.text.parsing import Parser
from rebuttal.text.words import counted, joined

if TYPE_CHECKING:
    from rebuttal.debate.model import Brief, Outcome, Profile
    from rebuttal.debate.panel.choice import PanelChoice


_COVERS = 8
"""Lines that a confirmed finding may have more than a tool's of which it says the same."""
TOLD_NOTES = 3
"""Reasons for which other models answered; the transcript tells all, and whom."""


def report(parts: Parts, cost: Cost) -> Report:
    """The report of a finished review. May parse files: not for an event loop's thread."""
    debate_ran = parts.outcome is not None
    found, held_back = identified(parts)
    estimate = parts.estimate
    return Report(
        scope=ScopeReport(
            kind=parts.change.scope.kind,
            base=parts.change.base,
            base_reason=parts.change.base_reason,
            head=parts.change.head,
            spec=parts.change.scope.spec,
        ),
        panel=parts.choice.panel if debate_ran else "static",
        findings=in_files(found, parts.change),
        held_back=in_files(held_back, parts.change),
        pre_existing=_stood(parts, found),
        coverage=coverage(parts),
        degraded=parts.failures
        + parts.evidence.degraded
        + unasked(parts)
        + (parts.outcome.degraded if parts.outcome else ()),
        estimate=EstimateTotal(estimate.expected, estimate.at_most) if estimate else EstimateTotal(),
        standing=parts.standing,
        money=estimate.money if estimate else DOLLARS,
        cost=cost,
        timing=parts.timing,
        not_spent=parts.not_spent,
        notes=parts.change.notes
        + parts.notes
        + notes(parts)
        + seated(parts)
        + shortened(parts)
        + stood_in(parts)
        + reported(parts)
        + repeated(parts),
    )


def identified(parts: Parts) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Static and debate findings under ids that are unique among them, worst first; and what was held back."""
    outcome, static = parts.outcome, parts.evidence.findings
    if outcome is None:
        return tuple(sorted(static, key=_worst_first)), ()
    numbered = numbered_in(parts)
    dismissed = {*parts.dismissed, *before(parts, numbered)}
    argued = suppress(numbered[len(static) :], parts.change, dismissed)
    debated, held_back = argued[: len(outcome.findings)], argued[len(outcome.findings) :]
    kept = (one for one in static if not any(_covers(other, one) for other in debated))
    return tuple(sorted((*kept, *debated), key=_worst_first)), held_back


def numbered_in(parts: Parts) -> tuple[Finding, ...]:
    """The findings of the static panel and of the debate, and what that held back, under their ids. May parse files."""
    outcome, parser = parts.outcome, Parser()
    # Numbered with every static one, also with those that the debate covers: what has been shown keeps its id.
    given = (*parts.evidence.findings, *(outcome.findings + outcome.held_back if outcome is not None else ()))
    return assign_ids(given, lambda one: symbol_of(parts.change, one, parser))


def _covers(debated: Finding, static: Finding) -> bool:
    """Whether a confirmed finding says what a tool says of the same lines: one fact is shown once, with its trace."""
    return (
        (debated.file, debated.side, debated.category) == (static.file, static.side, static.category)
        and debated.range.start.line <= static.range.end.line
        and static.range.start.line <= debated.range.end.line
        # A claim that quotes half a file is about none of what tools found in it.
        and debated.range.end.line - debated.range.start.line
        < _COVERS + static.range.end.line - static.range.start.line
        and at_least(debated.severity, static.severity)
        and static.status == debated.status == "open"
    )


def _stood(parts: Parts, found: tuple[Finding, ...]) -> tuple[Finding, ...] | None:
    """What stood before the change, but for what a confirmed finding says; None where nobody asked."""
    if parts.evidence.pre_existing is None:
        return None
    debated = [one for one in found if one.source == "debate"]
    kept = (one for one in parts.evidence.pre_existing if not any(_covers(other, one) for other in debated))
    return in_files(tuple(kept), parts.change)


def _worst_first(finding: Finding) -> tuple[object, ...]:
    return (SEVERITIES.index(finding.severity), finding.file, finding.range, finding.rule)


def cost_heard(outcome: Outcome | None) -> Cost:
    """What the replies say they cost, for where the ledger cannot be asked."""
    replies = [exchange.reply for exchange in outcome.exchanges if not exchange.earlier] if outcome else []
    return Cost(
        spent=sum((one.spent for one in replies), ZERO),
        assumed=sum((one.assumed for one in replies), ZERO),
        tokens=sum((one.tokens for one in replies), NO_TOKENS),
        calls=sum(one.calls for one in replies),
    )


def coverage(parts: Parts) -> Coverage:
    """Every changed file is in it: reviewed with its hunks, or skipped with the reason."""
    from rebuttal.context.names import withheld

    left_out = parts.change.skipped + withheld(parts.change)
    left_out += parts.context.skipped if parts.context and parts.outcome else ()
    since = _since(parts)
    new = since.novelty.new_by_file if since is not None else {}
    return Coverage(
        reviewed=tuple(
            Reviewed(diff.path, len(diff.hunks), None if since is None else new.get(diff.path, 0))
            for diff in parts.change.files
        ),
        skipped=_once(left_out),
        new=None if since is None else _new(since),
    )


def hunks_of(change: Change) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """By file that is still there, where its changed lines are: the first of each hunk, from 0, and how many."""
    there = (diff for diff in change.files if diff.status != "deleted" and diff.hunks)
    return {diff.path: tuple((hunk.new_start, hunk.new_count) for hunk in diff.hunks) for diff in there}


def _since(parts: Parts) -> Since | None:
    """A debate is compared with the last debate, a static review with the last static one."""
    return parts.memory.since.get("static" if parts.outcome is None else "debate") if parts.memory else None


def _new(since: Since) -> New:
    one = since.novelty
    return New(since.at, len(one.added), len(one.modified), one.removed, len(one.unchanged))


def _once(skipped: tuple[Skipped, ...]) -> tuple[Skipped, ...]:
    return tuple({(one.file, one.reason): one for one in skipped}.values())


def notes(parts: Parts) -> tuple[str, ...]:
    """Sentences for the user about what was not asked, and what it would take."""
    estimate = parts.estimate
    if (nothing := _nothing_to_send(parts.change)) is not None:
        return (nothing,)
    match parts.not_spent:
        case "no_key":
            price = f" Its price: {estimate.words}." if estimate else ""
            return (
                f"No model was asked: {parts.lacking}.{price}"
                if parts.lacking
                else "No model was asked: there is no API key. Set ANTHROPIC_API_KEY to have a panel debate this "
                f"change.{price}",
            )
        case "no_consent":
            return (
                "Nothing was sent: sending was not agreed to. Run again with --yes to agree to it and to the estimate.",
            )
        case "trivial":
            return (f"No model was asked: {'; '.join(parts.choice.reasons)}.",)
        case "cap":
            stopped = parts.outcome.stopped_by.message if parts.outcome and parts.outcome.stopped_by else "a cap"
            return (f"The debate was stopped: {stopped}.",)
        case _:
            return ()


def _nothing_to_send(change: Change) -> str | None:
    from rebuttal.context.names import sendable

    if sendable(change).files:
        return None
    if change.files:
        return "No model was asked: the name of every changed file holds a secret. Revoke it, and rename them."
    same = "there are no files" if change.base == EMPTY else f"nothing differs from {change.base_reason}"
    return f"No change to review: {'every changed file was skipped' if change.skipped else same}."


def held(parts: Parts) -> Outcome | None:
    """What the debate came to, where anybody answered at all: of one that a cap stopped before, nothing is told but
    that it was stopped."""
    exchanges = parts.outcome.exchanges if parts.outcome is not None else ()
    said = any(one.reply.statement is not None or one.reply.answer is not None for one in exchanges)
    return parts.outcome if said else None


def seated(parts: Parts) -> tuple[str, ...]:
    """Why this panel, by its first reason, which is that of its size; a reason for each seat would fill a screen."""
    outcome = held(parts)
    if outcome is None or not outcome.reasons:
        return ()
    first, *others = outcome.reasons
    return (f"Why this panel: {first}{' (all reasons: in the transcript)' if others else ''}.",)


def unasked(parts: Parts) -> tuple[Degraded, ...]:
    """Seats that the change calls for and nobody asked, for others have used up what a review may cost: less was looked
    at than was asked for. A panel that is smaller because of the review's own cap is what was asked for: it is told in
    the notes, and nothing failed (else whoever sets a small cap would have each review fail)."""
    means = parts.means
    if parts.outcome is None or means is None or means.cap is None or parts.not_spent is not None:
        return ()  # where a cap stopped the debate, that is told of all of it
    if means.budget is None or means.cap >= means.budget:
        return ()
    left = f"{dollars(means.cap)} left for this review"
    why = f"not asked: your caps ({left}) do not cover it; raise them, or choose a smaller panel"
    return tuple(Degraded(seat, "opening", why) for seat in parts.unasked)


def remembered_as(parts: Parts) -> Memory | None:
    """What is kept of the review: one that was shortened to fit the caps was not held by the panel that is compared
    with it."""
    memory, estimate = parts.memory, parts.estimate
    return evolve(memory, made_by="") if memory is not None and estimate is not None and estimate.shortened else memory


def shortened(parts: Parts) -> tuple[str, ...]:
    """What was left out, or not shown to some seats, because of what it would have cost."""
    outcome = held(parts)
    if parts.means is None or outcome is None:
        return ()
    from rebuttal.review.means import told

    words = parts.estimate.shortened if parts.estimate is not None else ()
    cap = dollars(parts.means.cap) if parts.means.cap is not None else ""
    plan = (f"To fit your caps ({cap} left for it), the debate was held with {joined(list(words))}.",) if words else ()
    return (*plan, *_unseated(parts), *outcome.shortened, *(told(parts) if parts.means.slices else ()))


def _unseated(parts: Parts) -> tuple[str, ...]:
    """Whom the change calls for and the review's own cap does not cover; where others used it up, see `unasked`."""
    if not parts.unasked or parts.whole is None or unasked(parts):
        return ()
    names = [seat.name for seat in parts.whole.seats if seat.id in parts.unasked]
    return (f"Not asked, though the change calls for it: {joined(names)}.",)


def stood_in(parts: Parts) -> tuple[str, ...]:
    """That other models answered than were wanted, and why. No seat failed, so nothing is degraded by it."""
    exchanges = parts.outcome.exchanges if parts.outcome is not None else ()
    told = Counter(note for one in exchanges if not one.earlier for note in one.reply.notes)
    said = [f"{note}{f' ({times} times)' if times > 1 else ''}" for note, times in told.most_common(TOLD_NOTES)]
    left = len(told) - len(said)
    return (*said, *([f"{counted(left, 'further note')} on who answered: see the transcript."] if left else []))


def reported(parts: Parts) -> tuple[str, ...]:
    """That the panel was shown what other tools say, and of how many."""
    told = parts.context.reported if parts.context is not None and held(parts) is not None else ()
    if not told:
        return ()
    tools = ", ".join(sorted({one.tool for one in told if one.tool})) or "unnamed"
    return (f"The panel was shown {counted(len(told), 'diagnostic')} of other tools in the editor ({tools}).",)


def repeated(parts: Parts) -> tuple[str, ...]:
    """That this very debate was held before: it was asked for, so it is held again."""
    before = parts.memory.debated_already() if parts.memory is not None and held(parts) is not None else None
    if before is None:
        return ()
    return (f"Nothing is new since the debate of {before.astimezone():%Y-%m-%d %H:%M}, held by the same panel.",)


def brief(settings: Settings, parts: Parts) -> Brief:
    """All that the debate needs to know."""
    from rebuttal.context.names import sendable
    from rebuttal.debate.model import Brief, Means
    from rebuttal.debate.worth import SEED

    assert parts.context is not None
    choice = only_asked(parts.choice, settings.protocol)
    whole = only_asked(parts.whole, settings.protocol) if parts.whole is not None else None
    return Brief(
        change=sendable(parts.change),
        context=parts.context,
        evidence=parts.evidence.findings,
        panel=choice.panel,
        seats=choice.seats,
        rounds=choice.rounds,
        whole_panel=whole.seats if whole is not None else (),
        whole_rounds=whole.rounds if whole is not None else None,
        profile=cast("Profile", settings.profile),
        fence=parts.fence,
        framing=parts.framing,
        minimum_severity=cast("Severity", settings.minimum_severity),
        max_findings=settings.max_findings,
        shared=parts.shared,
        means=parts.means or Means(),
        worth=parts.means.worth if parts.means is not None else SEED,
        fitted=parts.fitted,
        protocol=settings.protocol,
        kinds=parts.kinds,
        doubtful=choice.doubtful,
        reasons=choice.reasons,
    )


def only_asked(choice: PanelChoice, name: str) -> PanelChoice:
    """Who of the panel is asked at all under that protocol: the user is not told why others sit who do not."""
    from rebuttal.debate.protocol import protocol

    if not choice.seats or protocol(name).whole_panel:
        return choice
    only = f"the protocol {name} asks no other seat"
    return evolve(choice, seats=choice.seats[:1], doubtful=frozenset(), reasons=(*choice.reasons[:2], only))
