"""The frozen data of a context."""

from __future__ import annotations

from typing import Literal

from attrs import evolve, frozen

from rebuttal.change.model import Side, Skipped
from rebuttal.text.redaction import Redaction


@frozen
class Slice:
    """A symbol-sized piece of a file. Lines from 1, inclusive. `text` is redacted."""

    file: str
    start_line: int
    end_line: int
    reason: str
    score: float
    tokens: int
    text: str


@frozen
class Exhibit:
    """One side of one file that the panel may quote: line N of `redacted` is line N of `original`."""

    file: str
    side: Side
    redacted: str
    original: str


ToolSeverity = Literal["error", "warning", "information", "hint"]


@frozen
class ToolDiagnostic:
    """What another tool shows in a file, as an editor passed it on: nothing of it is trusted or redacted yet."""

    file: str
    """Root-relative with forward slashes."""
    line: int
    """LSP line, from 0."""
    quote: str | None
    """That line when the tool spoke of it; None where the text on disk is known not to have changed since."""
    severity: ToolSeverity
    tool: str
    rule: str
    message: str

    def at(self, line: int) -> ToolDiagnostic:
        """The same where its line now stands."""
        return evolve(self, line=line, quote=None)


@frozen
class ToolFact:
    """A diagnostic of another tool as the panel sees it: redacted, its line quoted. `line`: LSP line, from 0."""

    file: str
    line: int
    quote: str
    tool: str
    rule: str
    severity: ToolSeverity
    message: str


@frozen
class Context:
    """What is shown to the panel: the diff and the slices, redacted, best slices first."""

    diff: str
    """The change as text for a model: per file a header and hunks with their surroundings, no line numbers."""
    slices: tuple[Slice, ...]
    tokens: int
    """Expected tokens of diff and slices."""
    budget: int
    skipped: tuple[Skipped, ...]
    redactions: tuple[Redaction, ...]
    exhibits: tuple[Exhibit, ...]
    """Both sides of every file of the change, and the new side of every file that a slice comes from."""
    framing: str = ""
    """What the author says about the change (branch, commit messages), redacted as all that is sent."""
    reported: tuple[ToolFact, ...] = ()
    """What other tools show on the changed lines, where an editor told; by file and line."""

    def exhibit(self, file: str, side: Side) -> Exhibit | None:
        return next((one for one in self.exhibits if one.file == file and one.side == side), None)
