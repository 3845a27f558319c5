"""Which models the endpoint serves to this key, for `rebuttal doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

SECONDS = 15.0
"""For the whole question."""


class NotServed(Exception):
    """The endpoint did not say which models it serves; one sentence that says what to do."""


async def served_models(environment: Mapping[str, str]) -> frozenset[str]:
    """The ids of all models. Costs nothing. Raises NotServed."""
    import anthropic

    key, token = environment.get("ANTHROPIC_API_KEY"), environment.get("ANTHROPIC_AUTH_TOKEN")
    base_url = environment.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com"
    client = anthropic.AsyncAnthropic(
        api_key=key or None, auth_token=None if key else token, base_url=base_url, max_retries=0, timeout=SECONDS
    )
    try:
        async with asyncio.timeout(SECONDS), client:
            return frozenset([model.id async for model in client.models.list(limit=1000)])
    except anthropic.AuthenticationError:
        raise NotServed("the key was refused: check ANTHROPIC_API_KEY") from None
    except (anthropic.APIError, TimeoutError) as error:
        why = type(error).__name__
        raise NotServed(
            f"{base_url} did not answer ({why}): check the address, the proxy and the certificate"
        ) from None
