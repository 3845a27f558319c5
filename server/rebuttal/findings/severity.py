"""How bad a finding is. Apart from the other data because the language server needs it before its first reply."""

from __future__ import annotations

from typing import Literal

Severity = Literal["critical", "high", "medium", "low"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
"""Worst first."""


def at_least(severity: Severity, bar: Severity) -> bool:
    """Whether `severity` is as bad as `bar` or worse."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(bar)
