"""The service's own list of models."""

from __future__ import annotations

import pytest

from rebuttal.speakers.catalogue import ALIASES, MODELS
from rebuttal.speakers.served import NotServed, served_models
from tests.emulator import Emulator


async def test_every_model_and_alias_of_the_catalogue_is_served(emulator: Emulator) -> None:
    assert {*MODELS, *ALIASES} <= await served_models(emulator.environment())


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
