"""The service's own list of models."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from rebuttal.speakers.catalogue import ALIASES, MODELS
from rebuttal.speakers.served import NotServed, served_models
from tests.emulator import Emulator
from tests.emulator import models as service


async def test_every_model_and_alias_of_the_catalogue_is_served(emulator: Emulator) -> None:
    assert {*MODELS, *ALIASES} <= (await served_models(emulator.environment())).names


async def test_the_service_s_list_agrees_with_our_table(emulator: Emulator) -> None:
    assert (await served_models(emulator.environment())).news() == ()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"context": 500_000},
            "claude-opus-5: the longest prompt is 500,000 tokens at the service, 1,000,000 tokens in",
        ),
        (
            {"max_output": 64_000},
            "claude-opus-5: the longest answer is 64,000 tokens at the service, 128,000 tokens in",
        ),
        ({"effort": ("low",)}, "claude-opus-5: effort is low at the service, high, low, max, medium, xhigh in"),
        ({"thinking": ("adaptive",)}, "claude-opus-5: thinking is adaptive at the service, adaptive, disabled in"),
        (
            {"lifecycle": "deprecated", "retires_at": "2027-01-15T00:00:00Z"},
            "claude-opus-5 is deprecated and retires on 2027-01-15",
        ),
        ({"retires_at": "2027-01-15T00:00:00Z"}, "claude-opus-5 retires on 2027-01-15, earlier than the 2027-07-24"),
        ({"lifecycle": "retired"}, "claude-opus-5 has been retired"),
        ({"id": "claude-opus-6"}, "claude-opus-6 is not known to this version of Rebuttal"),
    ],
)
async def test_what_the_service_says_otherwise_is_told_in_a_line(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], line: str
) -> None:
    row = evolve(service.MODELS["claude-opus-5"], **change)
    monkeypatch.setitem(service.MODELS, row.id, row)
    (said,) = (await served_models(emulator.environment())).news()
    assert said.startswith(line)


async def test_a_retired_model_is_not_served(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    row = evolve(service.MODELS["claude-opus-5-5"], lifecycle="retired")
    monkeypatch.setitem(service.MODELS, row.id, row)
    names = (await served_models(emulator.environment())).names
    assert not {"opus", "claude-opus-5-5"} & names


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ANTHROPIC_API_KEY": "wrong-key"}, "ANTHROPIC_API_KEY"),
        ({"ANTHROPIC_API_KEY": ""}, "There is no key"),
        ({"ANTHROPIC_BASE_URL": "http://user:password@127.0.0.1:1"}, "127.0.0.1:1 cannot be reached"),
    ],
)
async def test_why_there_is_no_list_is_said_without_a_secret(
    emulator: Emulator, change: dict[str, str], says: str
) -> None:
    with pytest.raises(NotServed) as caught:
        await served_models(emulator.environment() | change)
    assert says in str(caught.value)
    assert "wrong-key" not in str(caught.value)
    assert "password" not in str(caught.value)
