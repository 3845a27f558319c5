"""The frozen data of a finding, exactly the contract's F (docs/schemas/review.schema.json)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from attrs import frozen

from rebuttal.findings.severity import Severity
from rebuttal.text.positions import Range

Category = Literal["correctness", "security", "performance", "architecture", "usability", "documentation", "testing"]
Certainty = Literal["certain", "likely", "possible"]
Verdict = Literal["confirmed", "unopposed", "contested", "unverified", "static"]
FindingStatus = Literal["open", "held_back", "dismissed", "fixed", "stale"]
FindingSide = Literal["new", "old", "file"]
Source = Literal["debate", "static"]


@frozen
class CellRange:
    """A place in a notebook, as an editor of notebooks counts: cell from 0, LSP range in its source."""

    index: int
    range: Range


@frozen
class CellEdit:
    """What an edit of a notebook's file is to the cell: there nothing has to be escaped."""

    place: CellRange
    new_text: str


@frozen
class TextEdit:
    """Replace `range` of `file` (root-relative) by `new_text`."""

    file: str
    range: Range
    new_text: str
    cell: CellEdit | None = None
    """Of a notebook: the same in the cell's own source."""


@frozen
class Fix:
    """Edits that belong together, all in files of the change."""

    edits: tuple[TextEdit, ...]


@frozen
class Related:
    """Another place that belongs to the finding: a caller, the counter-evidence."""

    file: str
    range: Range
    message: str


@frozen
class TraceStep:
    """One step of how the finding came to stand: who said what, which lines settled it, what it cost."""

    phase: str
    seat: str
    text: str
    verdict: str | None = None
    quote: str | None = None
    file: str | None = None
    spent: Decimal = Decimal(0)
    refinement: str | None = None
    """The pass of the debate: broad, contentious, targeted or consensus."""
    model: str | None = None
    """That answered; None for what code did."""
    why: str | None = None
    """Why a model of that tier was asked."""


@frozen
class Finding:
    """A defect that the change brings, or that stood before it, anchored in a file."""

    id: str
    file: str
    side: FindingSide
    range: Range
    """LSP range in that side's text; (0,0)-(0,0) for side `file`."""
    quote: str
    title: str
    message: str
    severity: Severity
    category: Category
    rule: str
    source: Source
    raised_by: tuple[str, ...]
    verdict: Verdict
    confidence: Certainty
    status: FindingStatus = "open"
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    trace: tuple[TraceStep, ...] = ()
    cell: CellRange | None = None
    """Where it stands in a notebook: its range then counts in the file. Of one that is about a cell's outputs, the
    cell's start."""
    pre_existing: bool = False
    """Whether it stood before the change: a hint for who asked for such, which no count, bar or model hears of."""
