"""Which models the endpoint serves to this key, for `rebuttal doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from rebuttal.speakers.catalogue import ALIASES
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.faults import Target, fault_of, late

SECONDS = 15.0
"""For the whole question."""


class NotServed(Exception):
    """The endpoint did not say which models it serves; one sentence that says what to do."""


async def served_models(environment: Mapping[str, str]) -> frozenset[str]:
    """The ids of all models, and the aliases that mean one of them. Costs nothing. Raises NotServed, SettingsError."""
    connection = Connection(environment)
    if failure := connection.failure():
        raise NotServed(failure.message)
    target = Target(connection.host, "list", "ANTHROPIC_BASE_URL")
    try:
        async with asyncio.timeout(SECONDS):
            client = await connection.client()
            ids = frozenset([model.id async for model in client.models.list(limit=1000)])
    except TimeoutError:
        raise NotServed(late(target, SECONDS).message) from None
    except Exception as error:
        fault = fault_of(error, target, connection.secrets, begun=False)
        if fault is None:
            raise
        raise NotServed(fault.failure.message) from None
    finally:
        await connection.aclose()
    # An alias may lead to another alias: claude-haiku-4-5-20251001 is what the service lists for claude-haiku-4-5.
    known = ids | {ALIASES[one] for one in ids if one in ALIASES}
    return known | {alias for alias, model in ALIASES.items() if model in known}
