"""Nothing is sent anywhere but to the host that was agreed to: not after a redirect, not to an address in an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


class SentElsewhere(Exception):
    """A request would have gone to another host; it was not sent."""


def only_to(agreed: Any) -> Callable[[Any], Awaitable[None]]:
    """A hook for requests of the SDK's HTTP client, which raises SentElsewhere for any that would not go where the URL
    `agreed` leads."""

    async def check(request: Any) -> None:
        to = request.url
        if (to.scheme, to.host, to.port) != (agreed.scheme, agreed.host, agreed.port):
            raise SentElsewhere

    return check
