"""What of a report its reader should know first: one sentence each, with what to do."""

from __future__ import annotations

from attrs import frozen

from rebuttal.budget.reports.model import Budget, CostReport
from rebuttal.budget.reports.words import amount, number
from rebuttal.store.model import ZERO

RELEASE = "rebuttal ledger --release all"
_NEXT = {"day": "tomorrow", "month": "next month", "repository": "next month"}


@frozen
class Note:
    """One sentence."""

    text: str
    is_bad: bool = False


def notes(report: CostReport) -> tuple[Note, ...]:
    """The most urgent first; none where all is well."""
    found = [_cap(one, report) for one in report.budgets if one.state == "reached"]
    found += [_cap(one, report) for one in report.budgets if one.state == "near"]
    if report.standing is not None and (report.standing.cause == "rate" or report.standing.cap == "hour"):
        found.append(Note(report.standing.words, report.standing.state == "stopped"))
    if report.summary.over:
        found.append(_over(report))
    if report.assumed:
        found.append(_assumed(report))
    return tuple(found)


def _cap(budget: Budget, report: CostReport) -> Note:
    assert budget.cap is not None
    of = {"day": "today", "month": "this month", "repository": f"{budget.name} this month"}[budget.kind]
    cap, place = amount(report.money, budget.cap), report.limits.place(budget.kind)
    if not budget.cap:
        return Note(f"The cap for {of} is {cap}: no model is asked until you raise {place}.", True)
    if budget.state == "reached":
        when = _NEXT[budget.kind]
        return Note(
            f"The cap of {cap} for {of} is used up: no model is asked until {when}, or until you raise {place}.", True
        )
    return Note(f"{amount(report.money, budget.used)} of the cap of {cap} for {of} is used; {place} sets it.")


def _over(report: CostReport) -> Note:
    count = report.summary.over
    calls = "1 call" if count == 1 else f"{number(count)} calls"
    return Note(
        f"{calls} cost more than was set aside: a price or a token count is wrong; run rebuttal doctor to see which.",
        True,
    )


def _assumed(report: CostReport) -> Note:
    total = sum((one.amount for one in report.assumed), ZERO)
    return Note(
        f"{amount(report.money, total)} is assumed: the worst case of calls whose usage was lost; where the service "
        f"did not bill them, `{RELEASE}` gives it back."
    )
