"""Findings as the worker sends them."""

from __future__ import annotations

from typing import Any

from tests.lsp.fake_worker import TOTALS

SOURCE = "import os\n\n\ndef total(items):\n    return sum(items) / len(items)\n"
QUOTE = "    return sum(items) / len(items)"


def span(line: int, start: int, end_line: int, end: int) -> dict[str, Any]:
    return {"start": {"line": line, "character": start}, "end": {"line": end_line, "character": end}}


def finding(id: str = "f1", **given: Any) -> dict[str, Any]:
    """A confirmed finding of the debate in cart.py, line 5 of SOURCE."""
    whole: dict[str, Any] = {
        "id": id,
        "file": "cart.py",
        "side": "new",
        "range": span(4, 4, 4, 34),
        "quote": QUOTE,
        "title": "Division by zero for an empty cart",
        "message": "`items` may be empty, then `len(items)` is 0.",
        "severity": "high",
        "category": "correctness",
        "rule": "debate:correctness",
        "source": "debate",
        "raised_by": ["code_reviewer"],
        "verdict": "confirmed",
        "confidence": "likely",
        "status": "open",
        "related": [],
        "fix": None,
        "trace": [
            {"phase": "opening", "seat": "code_reviewer", "text": "An empty list divides by zero.", "spent": "0.01"},
            {
                "phase": "cross_examination",
                "seat": "architect",
                "verdict": "refuted",
                "quote": "total(cart.items)",
                "text": "Callers never pass an empty list.",
                "spent": "0.0105",
            },
        ],
    }
    return {**whole, **given}


def static(id: str = "s1", **given: Any) -> dict[str, Any]:
    """A static finding: an unused import in line 1 of SOURCE, with a fix."""
    whole = {
        "range": span(0, 7, 0, 9),
        "quote": "import os",
        "title": "`os` imported but unused",
        "message": "`os` imported but unused",
        "severity": "medium",
        "rule": "ruff:F401",
        "source": "static",
        "raised_by": [],
        "verdict": "static",
        "confidence": "certain",
        "trace": [],
        "fix": {"edits": [{"file": "cart.py", "range": span(0, 0, 1, 0), "new_text": ""}]},
    }
    return finding(id, **{**whole, **given})


def progress(message: str, percentage: int, spent: str, phase: str = "opening") -> dict[str, Any]:
    return {
        "event": "progress",
        "phase": phase,
        "message": message,
        "percentage": percentage,
        "spent": spent,
        "totals": TOTALS,
    }
