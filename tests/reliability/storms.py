"""Holds a debate that one trouble of the table happens to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from rebuttal.speakers.patience import Patience
from rebuttal.store.model import Caps
from tests.emulator import Emulator
from tests.emulator.network import NOWHERE, Proxy, unsafe
from tests.reliability.stage import PHASES, SHORT, Run, brief, closed_again, hold, open_sockets, patience
from tests.reliability.table import Trouble
from tests.reliability.weather import Relay, Resolver

LONG = "x" * 700_000
"""More than the buffers between two sockets hold, so that a request that nobody reads is never sent to its end."""
WHOLE = 1.5
"""Seconds that a call has where it shall run out of them."""
WIDE = Decimal(100)
"""A cap under which so long a request fits often."""


@frozen
class Weather:
    environment: Mapping[str, str]
    heal: Callable[[], None] | None = None


@contextmanager
def weather(trouble: Trouble, emulator: Emulator) -> Iterator[Weather | None]:
    """The environment in which the trouble of a connection happens, and what ends it."""
    safely = {"ANTHROPIC_BASE_URL": f"https://127.0.0.1:{emulator.port}"}
    with ExitStack() as stack:
        match trouble.storm:
            case "":
                yield None
            case "refused":
                relay = stack.enter_context(Relay(emulator.port, listens=False))
                yield Weather({"ANTHROPIC_BASE_URL": relay.url}, relay.listen)
            case "deaf":
                relay = stack.enter_context(Relay(emulator.port, deaf=True))
                yield Weather({"ANTHROPIC_BASE_URL": relay.url}, relay.hear)
            case "untrusted" | "no_tls":
                yield Weather({"ANTHROPIC_BASE_URL": stack.enter_context(unsafe(trouble.storm))})
            case "proxy" | "proxy asks":
                proxy = stack.enter_context(Proxy(403 if trouble.storm == "proxy" else 407))
                yield Weather({**safely, "HTTPS_PROXY": proxy.url, "NO_PROXY": ""})
            case "dns":
                resolver = stack.enter_context(Resolver().asked())
                yield Weather({"ANTHROPIC_BASE_URL": f"{NOWHERE}:{emulator.port}"}, resolver.heal)


def cap_for(trouble: Trouble) -> Decimal | None:
    """Where the usual cap would end the debate before the trouble does."""
    return WIDE if trouble.storm == "deaf" else None


async def meet(
    trouble: Trouble,
    emulator: Emulator,
    home: Path,
    *,
    phases: Collection[str] = PHASES,
    once: bool = False,
    model: str | None = None,
    wait: Patience | None = None,
    **more: Any,
) -> Run:
    """A debate with the trouble in `phases`: once in each, or at every call; of `model` alone, where one is named."""
    for one in phases:
        emulator.script.add(*trouble.rules(one, 1 if once else None, model))
    if trouble.drips:
        wait = evolve(wait or patience(), total=WHOLE)
    elif trouble.group == "silence":
        wait = evolve(wait or patience(), silence=SHORT)
    before = open_sockets()
    with weather(trouble, emulator) as storm:
        if storm is None:
            return await hold(emulator, home, wait=wait, **more)
        if once and storm.heal is not None:
            wait = _healing(storm.heal, wait or patience())
        if trouble.storm == "deaf":
            # So long a request takes the emulator a while.
            more = {"about": brief(shared=LONG), "caps": Caps(review=WIDE), **more}
            wait = evolve(wait or patience(), silence=0.5)
        run = await hold(emulator, home, wait=wait, storm=storm.environment, phases=frozenset(phases), **more)
    await closed_again(before)
    return evolve(run, sockets=open_sockets() - before)


def _healing(heal: Callable[[], None], wait: Patience) -> Patience:
    """The network is well again after the first pause."""

    async def sleep(seconds: float) -> None:
        heal()
        await asyncio.sleep(min(seconds, 0.01))

    return evolve(wait, sleep=sleep)
