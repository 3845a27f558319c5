"""The frozen data of the static panel, and how its findings are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from attrs import field, frozen

from rebuttal.change.model import Change, FileDiff, Repository, Side
from rebuttal.findings.model import Category, CellRange, Certainty, Finding, Fix, Related, TraceStep
from rebuttal.findings.report import Degraded
from rebuttal.findings.severity import Severity
from rebuttal.text.parsing import Parser
from rebuttal.text.positions import LineIndex, Range
from rebuttal.text.secrets import Secret

T = TypeVar("T")

PHASE = "static"
QUOTED_LINES = 6
"""A quote is cut after so many lines: enough to be unique, short enough to be read."""


@frozen
class Evidence:
    """What the static panel found, and which part of it could not be done."""

    findings: tuple[Finding, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    notes: tuple[str, ...] = ()
    """What a check did not look at because there was too much of it, in sentences for the user."""
    pre_existing: tuple[Finding, ...] | None = None
    """What stood in the changed files before the change: hints, which count nowhere. None: nobody asked for them."""


@frozen
class Completed:
    """What a command gave."""

    code: int
    stdout: str
    stderr: str


Runner = Callable[[list[str], Path], Completed]
"""Runs a command in a folder, without a shell; raises OSError or TimeoutError."""
SecretFinder = Callable[[str, str], tuple[Secret, ...]]
"""Text and path -> its secrets."""


class CheckFailed(Exception):
    """A check cannot do its work; the message is one sentence for the user."""


class LimitReached(Exception):
    """A check has done what it is meant to do at most; the message is one sentence for the user."""


def kept(shared: dict[str, Any], name: str, make: Callable[[], T]) -> T:
    """What `shared` holds under the name, made where it holds nothing yet."""
    if name not in shared:
        shared[name] = make()
    found: T = shared[name]
    return found


@frozen
class Material:
    """What every check works on."""

    change: Change
    repository: Repository
    parser: Parser = field(factory=Parser)
    hears: Callable[[str], bool] = lambda rule: True
    """Whether a rule is to speak: work that only one that does not would tell of need not be done."""
    _shared: dict[str, Any] = field(factory=dict, eq=False)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several checks need and one makes: the same object for the same name."""
        return kept(self._shared, name, make)

    def of_paths(self, name: str, make: Callable[[frozenset[str]], T]) -> T:
        """What the names of the new side's files tell by themselves: the next review of the same files has it still."""
        paths = self.repository.new.paths()
        return self.parser.facts.latest(name, paths, lambda: make(paths))

    @property
    def files(self) -> tuple[FileDiff, ...]:
        """The changed files, and of those only what the scope is about."""
        return self.change.files

    def in_scope(self, diff: FileDiff, lines: Iterable[int]) -> bool:
        """Whether any of these new lines is of interest: all are, unless the scope is a selection."""
        chosen = self.change.only_lines.get(diff.path)
        return chosen is None or any(line in chosen for line in lines)


@frozen
class Fact:
    """What a check found, before it is a finding."""

    diff: FileDiff
    rule: str
    title: str
    message: str
    severity: Severity
    category: Category
    seat: str
    first_line: int
    """Git line, from 0, of the side's text; the quote begins here."""
    last_line: int
    """Inclusive."""
    side: Side = "new"
    confidence: Certainty = "certain"
    where: Range | None = None
    """Narrower than the lines, where it is known."""
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    quote: str | None = None
    """Given only where the lines themselves must not be quoted."""
    cell: CellRange | None = None
    """Given only where the lines are those of a notebook's file, and not of the text of its cells."""
    pre_existing: bool = False
    """Whether it stood before the change."""


def finding_of(fact: Fact, index: LineIndex) -> Finding:
    """The finding, still without its id. `index` is of the text on the fact's side."""
    last = min(fact.last_line, fact.first_line + QUOTED_LINES - 1)
    lines = index.range_of_git_lines(fact.first_line, last)
    quote = index.slice(lines) if fact.quote is None else fact.quote
    return Finding(
        id="",
        file=fact.diff.path,
        side=fact.side,
        range=fact.where or lines,
        quote=quote,
        title=fact.title,
        message=fact.message,
        severity=fact.severity,
        category=fact.category,
        rule=fact.rule,
        source="static",
        raised_by=(fact.seat,),
        verdict="static",
        confidence=fact.confidence,
        related=fact.related,
        fix=fact.fix,
        trace=(TraceStep(PHASE, fact.seat, fact.message, "static", quote, fact.diff.path),),
        cell=fact.cell,
        pre_existing=fact.pre_existing,
    )


def one_line(text: str, limit: int = 200) -> str:
    """`text` on one line, cut at `limit` characters."""
    joined = " ".join(text.split())
    return joined if len(joined) <= limit else joined[: limit - 1] + "…"
