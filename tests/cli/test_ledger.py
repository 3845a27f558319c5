"""What `rebuttal ledger` prints, as far as no process is needed for it."""

from __future__ import annotations

from decimal import Decimal

from rebuttal.cli.ledger import to_text
from rebuttal.settings import Settings
from rebuttal.store.model import LedgerRow, Tokens, Totals


def row(name: str, calls: int, output: int, spent: str) -> LedgerRow:
    return LedgerRow(name, Decimal(spent), Decimal(0), Decimal(0), calls, 0, Tokens(output=output))


def test_by_model_it_says_what_share_each_has() -> None:
    rows = [
        row("claude-opus-5-5", 2, 200, "0.5"),
        row("claude-sonnet-5-5", 6, 600, "0.5"),
        row("claude-haiku-5-5", 2, 200, "0"),
    ]
    text = to_text(Totals(), Settings(), "model", rows)
    said = "claude-opus-5-5 20% / 20% / 50%, claude-sonnet-5-5 60% / 60% / 50%, claude-haiku-5-5 20% / 20% / 0%"
    assert f"mix (calls / tokens / money): {said}\n" in text
    assert "mix" not in to_text(Totals(), Settings(), "seat", rows)


def test_where_nothing_was_spent_the_mix_can_still_be_told() -> None:
    rows = [row("local-a", 0, 0, "0"), row("local-b", 0, 0, "0")]
    assert "local-a 0% / 0% / 0%" in to_text(Totals(), Settings(), "model", rows)
