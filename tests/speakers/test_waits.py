"""How long the service asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rebuttal.speakers.waits import room_of, wait_of

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
DATE = "Sun, 22 Nov 2026 11:00:00 GMT"  # the service's clock; ours is an hour fast


def pool(name: str, remaining: str, reset: str) -> dict[str, str]:
    return {f"anthropic-ratelimit-{name}-remaining": remaining, f"anthropic-ratelimit-{name}-reset": reset}


CASES = [
    ({}, None),
    ({"retry-after": "7"}, 7.0),
    ({"retry-after": "0"}, 0.0),
    ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
    ({"retry-after": "Sun, 22 Nov 2026 11:00:09 GMT", "date": DATE}, 9.0),
    ({"retry-after": "Sun, 22 Nov 2026 12:00:09 GMT"}, 9.0),
    ({"retry-after": "Sun, 22 Nov 2020 12:00:09 GMT"}, 0.0),
    ({"retry-after": "soon"}, None),
    ({"retry-after": "-3"}, None),
    ({"retry-after": "inf"}, None),
    ({"retry-after": "nan"}, None),
    (pool("requests", "0", "2026-11-22T12:00:20Z"), 20.0),
    (pool("requests", "3", "2026-11-22T12:00:20Z"), None),
    (pool("requests", "0", "2026-11-22T12:00:20Z") | {"retry-after": "2"}, 2.0),
    (pool("requests", "0", "2026-11-22T11:00:20Z") | {"date": DATE}, 20.0),
    (pool("input-tokens", "0", "2026-11-22T12:00:20+00:00") | pool("tokens", "0", "2026-11-22T14:00:40+02:00"), 40.0),
    (pool("output-tokens", "0", "2026-11-22T12:00:20"), 20.0),
    (pool("requests", "0", "2026-11-22T11:59:59Z"), 0.0),
    (pool("requests", "0", "tomorrow"), None),
    (pool("requests", "", ""), None),
]


@pytest.mark.parametrize(("headers", "seconds"), CASES)
def test_what_the_headers_say(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_of(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "room"),
    [
        ({}, None),
        (pool("requests", "40", ""), 40.0),
        (pool("requests", "40", "") | pool("output-tokens", "12000", ""), 3.0),
        (pool("requests", "40", "") | pool("input-tokens", "0", ""), 0.0),
        (pool("requests", "many", ""), None),
    ],
)
def test_how_many_calls_more_the_headers_have_room_for(headers: dict[str, str], room: float | None) -> None:
    assert room_of(headers) == room
