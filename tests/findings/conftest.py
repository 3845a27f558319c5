"""Findings to test with, and strategies that make any."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import strategies as st

from rebuttal.findings.model import (
    Category,
    Certainty,
    Finding,
    FindingSide,
    FindingStatus,
    Fix,
    Related,
    Source,
    TextEdit,
    TraceStep,
    Verdict,
)
from rebuttal.findings.severity import Severity
from rebuttal.text.positions import Position, Range

words = st.text(st.characters(codec="utf-8"), max_size=30)
paths = st.sampled_from(["app.py", "src/böse datei.ts", "a/b/c.go", "Makefile"])
money = st.decimals(min_value=0, max_value=1000, places=9)


def spans() -> st.SearchStrategy[Range]:
    places = st.builds(Position, st.integers(0, 10_000), st.integers(0, 500))
    return st.builds(lambda one, other: Range(min(one, other), max(one, other)), places, places)


def choices(allowed: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(get_args(allowed))


def tuples(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


edits = st.builds(TextEdit, paths, spans(), words)
steps = st.builds(TraceStep, words, words, words, st.none() | words, st.none() | words, st.none() | paths, money)
findings = st.builds(
    Finding,
    id=st.text("0123456789abcdef", min_size=16, max_size=16),
    file=paths,
    side=choices(FindingSide),
    range=spans(),
    quote=words,
    title=words,
    message=words,
    severity=choices(Severity),
    category=choices(Category),
    rule=st.sampled_from(["ruff:B006", "secrets:aws", "impact:signature", "debate:security"]),
    source=choices(Source),
    raised_by=tuples(st.sampled_from(["security-analyst", "code-reviewer"])),
    verdict=choices(Verdict),
    confidence=choices(Certainty),
    status=choices(FindingStatus),
    related=tuples(st.builds(Related, paths, spans(), words)),
    fix=st.none() | st.builds(Fix, st.lists(edits, min_size=1, max_size=3).map(tuple)),
    trace=tuples(steps),
)


def span(line: int, start: int, end: int, last: int | None = None) -> Range:
    return Range(Position(line, start), Position(line if last is None else last, end))


def make_finding(**changes: Any) -> Finding:
    """A finding as a debate leaves it; what a test cares about goes in by name."""
    values: dict[str, Any] = {
        "id": "0123456789abcdef",
        "file": "shop/cart.py",
        "side": "new",
        "range": span(11, 4, 38),
        "quote": "    return sum(prices) / len(prices)",
        "title": "An empty cart divides by zero",
        "message": "average_price() is called for new carts, which hold no prices yet.",
        "severity": "high",
        "category": "correctness",
        "rule": "debate:correctness",
        "source": "debate",
        "raised_by": ("code-reviewer",),
        "verdict": "confirmed",
        "confidence": "certain",
    }
    return Finding(**{**values, **changes})


@pytest.fixture
def rich_finding() -> Finding:
    """A finding with everything: related place, fix and trace."""
    return make_finding(
        related=(Related("shop/views.py", span(30, 8, 29), "called here for a new cart"),),
        fix=Fix(
            (
                TextEdit(
                    "shop/cart.py", span(11, 0, 36), "    return sum(prices) / len(prices) if prices else Decimal(0)"
                ),
            )
        ),
        trace=(
            TraceStep("opening", "code-reviewer", "A new cart has no prices.", spent=Decimal("0.0121")),
            TraceStep(
                "cross_examination",
                "architect",
                "views.cart() passes an empty list.",
                verdict="confirmed",
                quote="    average_price([])",
                file="shop/views.py",
                spent=Decimal("0.0043"),
            ),
        ),
    )
