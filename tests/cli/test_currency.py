"""Amounts as their reader wants them; programs get US dollars."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Rebuttal
from tests.emulator.server import Emulator


def test_people_read_their_currency_and_programs_dollars(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_CURRENCY", "EUR")
    monkeypatch.setenv("REBUTTAL_EXCHANGE_RATE", "0.5")
    text = rebuttal("review", "--repo", parcels, "--panel", "small", "--yes")
    assert "at most €0.50 ($1.00)" in text.out
    assert "cost €" in text.out
    assert "expected €" in text.err
    told = rebuttal("review", "--repo", parcels, "--panel", "small", "--yes", "--fresh", "--format", "json").json
    assert told["cost"]["currency"] == "USD"
    assert told["cost"]["budget"]["state"] == "spending"
    assert float(told["cost"]["estimate"]["at_most"]) == 1
    assert "€" in rebuttal("estimate", "--repo", parcels, "--panel", "small").out


def test_a_currency_without_a_rate_is_told_by_doctor_and_never_guessed(
    rebuttal: Rebuttal, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_CURRENCY", "EUR")
    assert "exchange_rate" in rebuttal("doctor", "--repo", parcels).out
    estimate = rebuttal("estimate", "--repo", parcels, "--panel", "small").out
    assert "€" not in estimate
    assert "$" in estimate


def test_a_day_that_is_nearly_used_up_is_told_with_what_to_do(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rebuttal("review", "--repo", parcels, "--panel", "small", "--yes", "--format", "json").json
    monkeypatch.setenv("REBUTTAL_MAX_COST_PER_DAY", first["cost"]["spent"])
    found = rebuttal("doctor", "--repo", parcels, "--format", "json").json["checks"]
    (budget,) = [one for one in found if one["name"] == "budget"]
    assert budget["state"] == "warning"
    assert "Spending has stopped" in budget["message"]
    assert "raise REBUTTAL_MAX_COST_PER_DAY in your environment" in budget["message"]
    state = rebuttal("ledger", "--format", "json").json["state"]
    assert (state["state"], state["cause"], state["cap"]) == ("stopped", "cap_reached", "day")


@pytest.mark.parametrize("cap", ["max_cost_per_repository", "max_cost", "max_cost_per_call"])
def test_doctor_said_that_every_cap_has_room_where_one_lets_nothing_be_sent(
    rebuttal: Rebuttal, parcels: Path, monkeypatch: pytest.MonkeyPatch, cap: str
) -> None:
    monkeypatch.setenv(f"REBUTTAL_{cap.upper()}", "0")
    (budget,) = [one for one in rebuttal("doctor", "--repo", parcels).out.splitlines() if " budget " in one]
    assert budget.startswith("warning")
    assert f"Raise REBUTTAL_{cap.upper()} in your environment" in budget


def test_doctor_left_the_repositorys_own_cap_and_what_was_spent_of_it_out(
    rebuttal: Rebuttal, parcels: Path, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rebuttal("review", "--repo", parcels, "--panel", "small", "--yes", "--format", "json").json
    monkeypatch.setenv("REBUTTAL_MAX_COST_PER_REPOSITORY", first["cost"]["spent"])
    found = rebuttal("doctor", "--repo", parcels).out
    assert "per month for this repository is used. It lasts until the month ends" in found
