"""A turn's effort reaches the service; models that know none are sent none."""

from __future__ import annotations

import pytest
from attrs import evolve

from rebuttal.debate.model import Effort
from rebuttal.speakers.catalogue import facts
from rebuttal.speakers.requests import message_request
from tests.speakers.conftest import turn


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        ("sonnet", None, "high"),
        ("sonnet", "medium", "medium"),
        ("haiku", None, "medium"),
        ("haiku", "low", "low"),
        ("opus", "high", "high"),
        ("claude-haiku-4-5", "low", None),
    ],
)
def test_the_turn_s_effort_is_sent_where_the_model_knows_it(
    model: str, effort: Effort | None, sent: str | None
) -> None:
    request = message_request(evolve(turn(), effort=effort), facts(model))
    assert request["output_config"].get("effort") == sent
