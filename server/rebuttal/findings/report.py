"""One review's outcome, ready to be written as text, JSON or SARIF: the contract's `review --format json`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from attrs import frozen

from rebuttal.change.model import Skipped
from rebuttal.findings.model import Finding
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.store.model import Cost


@frozen
class ScopeReport:
    kind: str
    """The bare word: `range`, not `range:A..B`."""
    base: str
    base_reason: str
    head: str
    spec: str | None = None
    """What the user named after it: REV, A..B or PATH."""

    def __str__(self) -> str:
        return self.kind if self.spec is None else f"{self.kind}:{self.spec}"


@frozen
class Reviewed:
    file: str
    hunks: int
    new: int | None = None
    """How many of them are new since the last review; None where there was none."""


@frozen
class New:
    """The change against the last finished review of the same scope, in hunks."""

    since: datetime
    added: int = 0
    modified: int = 0
    removed: int = 0
    """Taken back, or part of the base by now."""
    unchanged: int = 0


@frozen
class Coverage:
    """Which files were reviewed, which were not and why. Nothing is left out silently."""

    reviewed: tuple[Reviewed, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    new: New | None = None


@frozen
class Degraded:
    """A part of the review that failed. A degraded review is never "clean"."""

    seat: str
    phase: str
    reason: str


@frozen
class EstimateTotal:
    """What a review is expected to cost, and at most: the latter is an enforced cap, not a forecast."""

    expected: Decimal = Decimal(0)
    at_most: Decimal = Decimal(0)


@frozen
class Timing:
    """Milliseconds."""

    total_ms: int = 0
    change_ms: int = 0
    evidence_ms: int = 0
    context_ms: int = 0
    debate_ms: int = 0


NotSpent = Literal["no_key", "no_consent", "cap", "static_panel", "trivial"]
"""Why no model was asked, where none was."""


@frozen
class Standing:
    """Where spending stood once the review was done (docs/budget.md)."""

    state: str
    cause: str
    message: str
    """For people; "" where there is nothing to tell."""


@frozen
class Report:
    scope: ScopeReport
    panel: str
    """What was run: static, small, medium, large."""
    findings: tuple[Finding, ...]
    held_back: tuple[Finding, ...]
    coverage: Coverage
    degraded: tuple[Degraded, ...]
    estimate: EstimateTotal
    cost: Cost
    timing: Timing
    not_spent: NotSpent | None = None
    """Set where no model was asked, or a cap stopped the debate half-way ("cap")."""
    notes: tuple[str, ...] = ()
    """Sentences for the user: why static only, what a key would buy, which cap stopped what."""
    standing: Standing | None = None
    """None: no model was asked, or the ledger could not be read."""
    money: Money = DOLLARS
    """How amounts are written for people."""
    pre_existing: tuple[Finding, ...] | None = None
    """What stood in the changed files before the change: no count, bar or exit code hears of it. None: nobody asked."""
