"""What is asked of a review, what it asks back, and what it tells while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

from rebuttal.budget.breaker import message
from rebuttal.budget.model import BudgetWarning, Estimate
from rebuttal.change.model import Scope
from rebuttal.debate.events import DebateEvent
from rebuttal.findings.model import Finding
from rebuttal.findings.report import Report
from rebuttal.settings import Settings
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.store.model import Totals

if TYPE_CHECKING:
    from rebuttal.context.model import ToolDiagnostic
    from rebuttal.debate.model import Outcome, Urgency


class UsageError(Exception):
    """The request cannot be met as it stands; one sentence that says what to do (exit code 2)."""


@frozen
class Request:
    """One review. Panel, profile and protocol are the settings', with the request's own choice applied."""

    where: Path
    settings: Settings
    scope: Scope = Scope()
    base: str | None = None
    include_working: bool = False
    """For scope `branch`: what `working` adds counts too (an editor's view)."""
    buffers: Mapping[str, str] = field(factory=dict)
    """Unsaved texts by root-relative or absolute path."""
    only_lines: Mapping[str, range] = field(factory=dict)
    """A selection: lines of the new side, from 0, by root-relative or absolute path; other files do not count."""
    open_files: tuple[str, ...] = ()
    """Root-relative paths of what the user has open, the latest used first; none from a terminal."""
    diagnostics: tuple[ToolDiagnostic, ...] = ()
    """What other tools show in the editor."""
    trusted: bool = False
    """The user trusts the repository for this review (`--trust`): its linters run, its seats are heard."""
    agreed: bool = False
    """The user has agreed to sending and to the estimate (`--yes`)."""
    unattended: bool = False
    """Nobody is there to be asked: only `agreed` counts, not what was agreed to for good."""
    price_without_key: bool = True
    """Without a key, still say what the debate would cost."""
    urgency: Urgency = "command"
    """Whether somebody waits for it; `save`: it was begun because a file was saved."""
    fresh: bool = False
    """A debate that was cut short is held anew, not taken up."""
    counts: bool = True
    """Whether what is shown, and what becomes of it, is kept for the return on what is spent: not where reviews are
    held to measure models."""
    record: Path | None = None
    replay: Path | None = None
    review_id: str | None = None
    """What the ledger calls it, where a review that was begun before goes on; None: a name of its own."""
    deadline_s: float | None = None
    """Seconds after which the debate asks nothing more, where answers take longer than usual."""


@frozen
class Question:
    """May this be sent, at this price? Asked before the first byte leaves the machine."""

    repository: str
    host: str
    files: int
    untracked: tuple[str, ...]
    redactions: int
    estimate: Estimate


@frozen
class Answer:
    agree: bool
    remember: bool = False
    """Do not ask again for this repository and host (while the estimate stays under `ask_above`)."""


@frozen
class StaticReady:
    """The static panel is through; its findings can be shown while the debate runs.

    Told once when the built-in checks are, and again when the linters are that the repository configures.
    """

    root: Path
    findings: tuple[Finding, ...]
    with_linters: bool = False
    hunks: Mapping[str, tuple[tuple[int, int], ...]] = field(factory=dict)
    """By changed file: first line and number of lines of each hunk as it is after the change, from 0."""
    pre_existing: tuple[Finding, ...] = ()
    """What stood there before the change, where the user asked for it: it counts nowhere."""


@frozen
class Estimated:
    estimate: Estimate
    totals: Totals


@frozen
class BudgetWarned:
    """Most of a cap is used up, or what a call, a model or an hour cost is unusual."""

    warning: BudgetWarning
    money: Money = DOLLARS

    @property
    def message(self) -> str:
        """One sentence for the user."""
        return message(self.warning, self.money)


@frozen
class Resumed:
    """A debate about the same change that was cut short is taken up."""

    message: str
    """One sentence for the user."""
    titles: Mapping[str, str] = field(factory=dict)
    """Of the claims that were raised then, by id: they are not raised again."""


ReviewEvent = StaticReady | Estimated | BudgetWarned | Resumed | DebateEvent


class Door(Protocol):
    """Who asked for the review: a terminal, or the language server behind the worker."""

    def tell(self, event: ReviewEvent) -> None: ...

    async def agree(self, question: Question) -> Answer: ...


@frozen
class Result:
    """A finished review."""

    root: Path
    report: Report
    transcript: str
    """Markdown; empty where no model was asked."""
    outcome: Outcome | None = None
    """Of the debate, for who measures it: what was claimed and dropped as well; None where no model was asked."""
    replayed: str = ""
    """How a replay went, in lines for the user; empty where nothing was replayed."""
