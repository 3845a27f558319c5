"""What is told of the prompt cache: after a review, in the ledger, and by the doctor."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.review.cached import judged
from rebuttal.speakers.caching import REMEDIES
from rebuttal.store.model import CacheSum
from tests.cli.conftest import Rebuttal
from tests.emulator import Emulator


def test_what_the_cache_did_is_told_alike_by_review_ledger_and_doctor(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator
) -> None:
    told = rebuttal("review", "--repo", parcels, "--format", "json", "--yes").json["cost"]["cache"]
    assert told["expected"] == told["read"] > 0
    assert (told["rate"], told["missed"]) == (1.0, {})
    assert Decimal(told["saved"]) > 0
    (row,) = rebuttal("ledger", "--format", "json").json["rows"]["day"]
    assert row["cache"] == told
    line = "100 % of the shared context read from cache, $"
    assert f"cache: {line}" in rebuttal("ledger").out
    checks = rebuttal("doctor", "--format", "json", "--repo", parcels).json["checks"]
    (check,) = [one for one in checks if one["name"] == "cache"]
    assert check["state"] == "ok"
    assert check["message"].startswith(f"last 7 days: {line}")


def test_text_says_it_in_a_line(rebuttal: Rebuttal, parcels: Path, panel: Emulator) -> None:
    shown = rebuttal("review", "--repo", parcels, "--yes").out.splitlines()
    assert any(line.startswith("cache: 100 % of the shared context read from cache, $") for line in shown)


@pytest.mark.parametrize(
    ("cache", "well", "says"),
    [
        (CacheSum(), True, "last 7 days: nothing was expected of it"),
        (CacheSum(100, 90, Decimal("0.5"), {"dropped": 1}), True, "90 % of the shared context"),
        (
            CacheSum(100, 80, Decimal("0.5"), {"dropped": 1, "expired": 3}),
            False,
            f"3 calls missed it (expired): {REMEDIES['expired']}",
        ),
        (CacheSum(100, 89, Decimal("0.5"), {"of a newer version": 1}), False, "1 call missed it (of a newer version)"),
    ],
)
def test_the_doctor_explains_a_drop_by_its_most_frequent_reason(cache: CacheSum, well: bool, says: str) -> None:
    assert judged(cache)[0] == well
    assert says in judged(cache)[1]
