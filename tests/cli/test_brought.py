"""What the money brought, as `rebuttal ledger` tells it: a real review, an edit, a dismissal."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebuttal.change.identity import repository_id
from rebuttal.store.database import Database
from rebuttal.store.fates import Fates, Shown
from rebuttal.store.ledger import Ledger, local_now
from rebuttal.store.model import CallKey, Caps, Tokens
from tests.cli.conftest import Rebuttal
from tests.emulator.server import Emulator

REVIEW = ("review", "--panel", "small", "--yes")


def table(out: str, first: str) -> dict[str, list[str]]:
    """A table of the report, by name of the row: the one whose heads begin with this word and tell costs."""
    lines = iter(out.splitlines())
    head = next(line for line in lines if line.split()[:3] == [first, "cost", "shown"])
    rows = {"": head.split()}
    for line in lines:
        if not line.strip():
            break
        name, *figures = line.replace("found nothing", "found-nothing").split()
        rows[name] = figures
    return rows


def test_what_was_mended_is_told_with_what_it_cost(rebuttal: Rebuttal, panel: Emulator, parcels: Path) -> None:
    rebuttal(*REVIEW, "--repo", parcels)
    rates = parcels / "parcels" / "rates.py"
    rates.write_text(rates.read_text().replace("if weight > HEAVY:", "if weight >= HEAVY:"))
    rebuttal("review", "--panel", "static", "--repo", parcels)
    out = rebuttal("ledger", "--by", "seat").out
    told: dict[str, Any] = rebuttal("ledger", "--format", "json").json["returns"]
    shown = sum(told["total"]["findings"].values())
    assert told["total"]["findings"]["accepted"] == 1
    assert told["total"]["per_accepted"] == told["total"]["cost"] is not None
    assert f"findings: {shown} shown, 1 acted upon, 0 dismissed, $" in out
    assert "brought" not in out
    by_seat = table(out, "seat")
    assert by_seat["code-reviewer"][1:4] == [str(shown), "1", "0"]
    assert "correctness" in table(out, "category")
    assert {"haiku", "sonnet"} & set(table(out, "tier"))
    assert [row for row in table(rebuttal("ledger", "--by", "repository").out, "repository") if row] == ["parcels"]
    assert "each dismissed" not in rebuttal("ledger", "--by", "phase").out


def test_the_return_is_told_once_the_user_has_said_what_a_defect_is_worth(
    rebuttal: Rebuttal, home: Path, panel: Emulator, parcels: Path
) -> None:
    rebuttal(*REVIEW, "--repo", parcels)
    cost = rebuttal("ledger", "--format", "json").json["returns"]["total"]["cost"]
    ids = [row["id"] for row in rebuttal(*REVIEW, "--repo", parcels, "--format", "json").json["findings"]]
    with Database.open(home / "rebuttal.sqlite3") as database:
        Fates(database).accept(repository_id(parcels), ids).result()
    (home / "config.toml").write_text("defect_worth = 40\n")
    out = rebuttal("ledger", "--by", "month").out
    assert " times what it cost" in out
    assert table(out, "month")[""][-1] == "brought"
    total = rebuttal("ledger", "--format", "json").json["returns"]["total"]
    assert float(total["return"]) > 100
    assert float(total["cost"]) > float(cost)


@pytest.mark.parametrize("off", [False, True])
def test_a_seat_that_is_always_dismissed_is_named_until_it_is_off(rebuttal: Rebuttal, home: Path, off: bool) -> None:
    found = [Shown(f"f{number}", {"documentation": "m"}, "documentation", "low") for number in range(9)]
    with Database.open(home / "rebuttal.sqlite3") as database:
        fates, ledger = Fates(database), Ledger(database)
        call = ledger.reserve(CallKey("review", "a1", "opening", "documentation", "m"), Decimal(1), Caps()).result()
        ledger.settle(call.id, Tokens(output=1), Decimal("0.5")).result()
        fates.record("a1", "review", found, {}, local_now()).result()
        for one in found:
            fates.dismiss("a1", one.finding, "false positive").result()
    (home / "config.toml").write_text(f"seats_off = {json.dumps(['documentation'] if off else [])}\n")
    out = rebuttal("ledger").out
    assert ('seats_off = ["documentation"]' in out) is not off
    assert ("you have dismissed 9 findings of documentation and acted on none, for $0.50" in out) is not off
