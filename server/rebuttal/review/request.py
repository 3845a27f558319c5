"""What is asked of a review, what it asks back, and what it tells while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from rebuttal.budget.model import Estimate
from rebuttal.change.model import Scope
from rebuttal.debate.events import DebateEvent
from rebuttal.findings.model import Finding
from rebuttal.findings.report import Report
from rebuttal.settings import Settings
from rebuttal.store.model import Totals


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
    agreed: bool = False
    """The user has agreed to sending and to the estimate (`--yes`)."""
    price_without_key: bool = True
    """Without a key, still say what the debate would cost."""
    record: Path | None = None
    replay: Path | None = None


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
    """The static panel is through; its findings can be shown while the debate runs."""

    root: Path
    findings: tuple[Finding, ...]


@frozen
class Estimated:
    estimate: Estimate
    totals: Totals


ReviewEvent = StaticReady | Estimated | DebateEvent


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
