"""What a protocol is: how it runs on a sitting, and which calls it will probably make."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from rebuttal.debate import protocols

if TYPE_CHECKING:
    from rebuttal.debate.planning import PlannedTurn, Planning
    from rebuttal.debate.sitting import Sitting


class ProtocolUnavailable(Exception):
    """The protocol is not part of this version; the message is one sentence that names those that are."""


@frozen
class DebateProtocol:
    """One way to argue. Its module in `protocols/` bears its name and holds it as `PROTOCOL`."""

    summary: str
    """What it is, in one line for users."""
    run: Callable[[Sitting], Awaitable[None]]
    """Hold the debate and leave its record on the sitting. Raises nothing but cancellation."""
    plan: Callable[[Planning], Iterator[PlannedTurn]]
    """The calls that it will probably make, in their order, for a panel that has seats."""
    examines: bool = True
    """Whether claims are put to somebody who may refute them; what is claimed only is told as unopposed."""
    whole_panel: bool = True
    """Whether every seat of the panel is asked; only then can it pay to ask first who is worth it."""


def protocol_names() -> tuple[str, ...]:
    """Every protocol of this version."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(protocols.__path__)))


def protocol(name: str) -> DebateProtocol:
    """The protocol of that name. Raises ProtocolUnavailable."""
    known = protocol_names()
    if name not in known:
        names = f"{', '.join(known[:-1])} or {known[-1]}"
        raise ProtocolUnavailable(f"the protocol {name} is not part of this version: choose {names}")
    found = importlib.import_module(f"{protocols.__name__}.{name}").PROTOCOL
    assert isinstance(found, DebateProtocol)
    return found
