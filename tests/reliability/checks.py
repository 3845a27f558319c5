"""What must hold of every debate, whatever went wrong."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from decimal import Decimal

from rebuttal.cli.review import exit_code
from rebuttal.findings.report import Coverage, EstimateTotal, Report, ScopeReport, Timing
from rebuttal.store.model import Cost
from tests.emulator import KEY, Record
from tests.reliability.stage import CAP, TOTAL, Run

DEGRADED, NOT_SPENT = 3, 4
LOST = Decimal("0.000001")
_TODO = re.compile(
    r"[:;,] (?:and |or )?(?:add|allow|ask|check|choose|correct|free|install|lower|make|raise|report|review|run|set"
    r"|settle|try|update|use|wait)\b"
)
"""A message ends in what to do."""


def next_step(message: str) -> bool:
    """Whether it is a sentence that says what to do."""
    return bool(_TODO.search(message)) and message.count("\n") == 0 and message.isprintable()


def check(run: Run, *, cap: Decimal = CAP, lossy: bool = False) -> None:
    """Raises AssertionError. `lossy`: what was sent may have been lost on the way, as by a reset."""
    nothing_paid_is_lost(run, lossy=lossy)
    if not lossy:
        nothing_is_asked_twice(run)
    the_money_is_right(run, cap)
    the_user_is_told(run)
    nothing_is_left(run)


def nothing_paid_is_lost(run: Run, *, lossy: bool = False) -> None:
    """Every claim and ruling that was sent whole is in the outcome."""
    outcome = run.outcome
    known = {(each.seat, each.claim.title) for one in outcome.contentions for each in one.raised}
    known |= {(one.seat, one.claim.title) for one in outcome.set_aside}
    ruled = {(one.id, each.seat, each.phase) for one in outcome.contentions for each in one.rulings}
    last = {_question(record): record for record in run.records}
    for record in run.records:
        answer, sent = run.said.get(record.number, {}), run.sent(record)
        if lossy and record is not last[_question(record)]:
            continue
        for claim in answer.get("claims", ()):
            if json.dumps(claim, ensure_ascii=False) in sent and not (lossy and not _counts(run, record)):
                assert (record.seat, claim["title"]) in known, f"lost: {record.seat} on {claim['title']}"
        if record.completed and _counts(run, record):
            for ruling in answer.get("rulings", ()):
                assert (ruling["claim"], record.seat, record.phase) in ruled, f"lost: a ruling of {record.seat}"


def _counts(run: Run, record: Record) -> bool:
    """Whether the answer is the one that its turn came to, not one that was given anew or came too late."""
    return all(
        reply.failure is None for turn, reply in run.replies if (turn.seat, turn.phase) == (record.seat, record.phase)
    )


def nothing_is_asked_twice(run: Run) -> None:
    """The same question is put again only where no earlier answer to it came whole."""
    for question, records in _by_question(run).items():
        whole = [one for one in records[:-1] if one.completed and _is_good(run, one)]
        assert not whole, f"asked again although it was answered: {question}"


def _by_question(run: Run) -> dict[tuple[str, str, str], list[Record]]:
    found: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in run.records:
        if record.body is not None:
            found[_question(record)].append(record)
    return found


def _question(record: Record) -> tuple[str, str, str]:
    return (record.seat or "", record.phase or "", json.dumps((record.body or {}).get("messages")))


def _is_good(run: Run, record: Record) -> bool:
    """Whether the panel itself answered, and not a rule that plays a broken answer."""
    return record.number in run.said and "error" not in record.events and "content_block_start" in record.events


def the_money_is_right(run: Run, cap: Decimal = CAP) -> None:
    """The ledger holds at least what the service bills, at most the cap, and nothing is left set aside."""
    assert [one for one in run.entries if one.state == "reserved"] == []
    assert run.held + LOST >= run.bill, f"{run.held} is held, {run.bill} was billed"
    assert run.held <= cap
    said = sum((reply.spent + reply.assumed for _, reply in run.replies), Decimal(0))
    assert said == run.held, "the replies say another cost than the ledger"


def the_user_is_told(run: Run) -> None:
    """Whatever failed is named with seat, phase, reason and the next step; the exit code says so too."""
    outcome = run.outcome
    for turn, reply in run.replies:
        if reply.failure is None or reply.failure.kind == "cap":
            continue
        message = reply.failure.message
        assert next_step(message), f"no next step: {message}"
        if turn.phase == "triage":
            assert any(message.rstrip(".") in one for one in outcome.reasons), "triage failed and nobody is told"
        else:
            told = [one.reason for one in outcome.degraded if (one.seat, one.phase) == (turn.seat, turn.phase)]
            assert message in told, f"{turn.seat} failed in {turn.phase} and nobody is told"
    words = [one.reason for one in outcome.degraded] + [note for _, reply in run.replies for note in reply.notes]
    words += [outcome.stopped_by.message] if outcome.stopped_by else []
    assert not any(KEY in one for one in words), "a key is shown"
    assert all(one.seat and one.phase and one.reason for one in outcome.degraded)
    if failed(run):
        assert code(run) == DEGRADED
    elif outcome.stopped_by is not None and outcome.stopped_by.kind == "cap":
        assert code(run) == NOT_SPENT
    else:
        assert code(run) == 0


def failed(run: Run) -> bool:
    return bool(run.outcome.degraded)


def code(run: Run) -> int:
    """The exit code of a review that came to this, apart from what it found."""
    stopped = run.outcome.stopped_by
    report = Report(
        scope=ScopeReport("working", "", "", ""),
        panel="medium",
        findings=run.outcome.findings,
        held_back=run.outcome.held_back,
        coverage=Coverage(),
        degraded=run.outcome.degraded,
        estimate=EstimateTotal(),
        cost=Cost(calls=len(run.entries)),
        timing=Timing(),
        not_spent="cap" if stopped is not None and stopped.kind == "cap" else None,
    )
    return exit_code(report, "never", require_debate=False)


def nothing_is_left(run: Run) -> None:
    """No task, socket or time is used when the debate is over."""
    assert run.left_over == ()
    assert run.sockets <= 0, f"{run.sockets} sockets are still open"
    assert run.took < 2 * TOTAL
