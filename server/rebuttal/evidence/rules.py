"""What a rule of the static panel is: one kind of fault, whose it is, and how loudly it speaks.

Each check declares its rules beside its code; `catalogue.py` gathers them. ruff's rules, chosen one by one, are in
`linting/ruff_rules.py`.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import Fact
from rebuttal.findings.model import Category, Certainty
from rebuttal.findings.severity import Severity


@frozen
class Rule:
    """One kind of fault."""

    id: str
    """`group:name`, as in reports, settings and `rebuttal: ignore[...]`."""
    title: str
    """What it is, in a few words; a fact may say it with the names of its own case."""
    why: str
    """One sentence: why it deserves a reviewer's time."""
    severity: Severity
    category: Category
    seat: str
    confidence: Certainty = "certain"
    on: bool = True
    """Whether it speaks unless it is asked for. Off are those whose measured precision is below 70 %."""

    def fact(self, diff: FileDiff, first_line: int, last_line: int, message: str, **more: Any) -> Fact:
        """A case of it on these git lines (from 0, inclusive); `more` are fields of Fact that the case has itself."""
        given = {
            "title": self.title,
            "severity": self.severity,
            "category": self.category,
            "seat": self.seat,
            "confidence": self.confidence,
        } | more
        return Fact(diff=diff, rule=self.id, message=message, first_line=first_line, last_line=last_line, **given)
