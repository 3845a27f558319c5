"""Asking again about one finding: consented to, in the ledger, and decided by code that was quoted."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.findings.model import Finding
from rebuttal.review.again import ask_again
from rebuttal.review.request import Answer, Estimated, UsageError
from rebuttal.review.run import review
from rebuttal.review.services import Services
from rebuttal.settings import Settings
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.review.conftest import Door, Open, request_for

CHEAP = Settings(panel="small", ask_above=Decimal(100), max_cost=Decimal(100))


async def found(services: Services, parcels: Path) -> Finding:
    request = request_for(parcels, settings=CHEAP)
    result = await review(request, services, Door(Answer(agree=True, remember=True)))
    return next(one for one in result.report.findings if one.source == "debate" and one.status == "open")


async def test_confirmed_again_is_in_the_ledger_and_in_the_trace(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    finding = await found(services, parcels)
    sent, spent = len(panel.records), (await services.totals(parcels)).day
    door = Door()
    came = await ask_again(request_for(parcels, settings=CHEAP), services, door, finding, "Is that so?")
    assert came.decided
    assert (came.finding.id, came.finding.status) == (finding.id, "open")
    assert len(panel.records) == sent + 1
    assert came.cost.spent > 0
    assert (await services.totals(parcels)).day == spent + came.cost.spent
    assert next(type(event) for event in door.events) is Estimated
    assert "confirmed" in came.message


async def test_refuted_is_held_back(open_services: Open, parcels: Path, panel: Emulator) -> None:
    services = open_services(panel.environment())
    finding = await found(services, parcels)
    panel.script.default = Planted([])  # whoever is asked now refutes everything
    came = await ask_again(request_for(parcels, settings=CHEAP), services, Door(), finding, "")
    assert came.finding.status == "held_back"
    assert came.finding.trace[: len(finding.trace)] == finding.trace


async def test_nothing_is_sent_without_a_yes(open_services: Open, parcels: Path, panel: Emulator) -> None:
    services = open_services(panel.environment())
    finding = await found(services, parcels)
    sent = len(panel.records)
    dear = evolve(CHEAP, ask_above=Decimal(0))
    door = Door(Answer(agree=False))
    came = await ask_again(request_for(parcels, settings=dear), services, door, finding, "")
    assert len(door.questions) == 1
    assert door.questions[0].estimate.expected > 0
    assert len(panel.records) == sent
    assert came.finding == finding


async def test_a_cap_stops_it(open_services: Open, parcels: Path, panel: Emulator) -> None:
    services = open_services(panel.environment())
    finding = await found(services, parcels)
    sent = len(panel.records)
    poor = evolve(CHEAP, max_cost=Decimal("0.00001"))
    came = await ask_again(request_for(parcels, settings=poor), services, Door(), finding, "")
    assert len(panel.records) == sent
    assert not came.decided
    assert came.finding.status == "open"


async def test_a_secret_in_the_comment_is_not_sent(open_services: Open, parcels: Path, panel: Emulator) -> None:
    services = open_services(panel.environment())
    finding = await found(services, parcels)
    secret = "AKIA" + "IOSFODNN7" + "ABCDEFG"
    await ask_again(request_for(parcels, settings=CHEAP), services, Door(), finding, f"We log in with {secret} here.")
    sent = json.dumps(panel.records[-1].body)
    assert "We log in with" in sent
    assert secret not in sent


async def test_what_was_found_without_a_model_or_without_a_key_is_told(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    finding = await found(services, parcels)
    with pytest.raises(UsageError, match="without a model"):
        await ask_again(request_for(parcels), services, Door(), evolve(finding, source="static"), "")
    with pytest.raises(UsageError, match="ANTHROPIC_API_KEY"):
        await ask_again(request_for(parcels), open_services(), Door(), finding, "")
