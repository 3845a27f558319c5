"""Which models the endpoint serves to this key, and what it says of them otherwise than we, for `rebuttal doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from attrs import frozen

from rebuttal.settings import Settings
from rebuttal.speakers.catalogue import ALIASES, ALL_EFFORTS, MODELS, ModelFacts
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.endpoints.clients import Unusable
from rebuttal.speakers.faults import fault_of, late

SECONDS = 15.0
"""For the whole question."""
_THINKING = ("adaptive", "between_tools", "disabled", "enabled")


class NotServed(Exception):
    """The endpoint did not say which models it serves; one sentence that says what to do."""


class NoList(NotServed):
    """The endpoint has no list of models, which many do without."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} has no list of models: one that it lacks shows at the first call")


@frozen
class Listed:
    """One model of the service's own list. What it does not say is None."""

    id: str
    lifecycle: str | None = None
    """active, deprecated or retired."""
    retires: date | None = None
    context: int | None = None
    """Tokens of a prompt."""
    max_output: int | None = None
    efforts: frozenset[str] | None = None
    thinking: frozenset[str] | None = None
    structured_output: bool | None = None


@frozen
class ServedModels:
    """The service's own list. `claude`: it is the Claude API's."""

    models: tuple[Listed, ...]
    claude: bool = True

    @property
    def names(self) -> frozenset[str]:
        """The ids of all models, and the aliases that mean one of them."""
        ids = frozenset(model.id for model in self.models if model.lifecycle != "retired")
        # An alias may lead to another alias: claude-haiku-4-5-20251001 is what the service lists for claude-haiku-4-5.
        if not self.claude:
            # Ollama lists the tag that a name without one means.
            return ids | {one.removesuffix(":latest") for one in ids}
        known = ids | {ALIASES[one] for one in ids if one in ALIASES}
        return known | {alias for alias, model in ALIASES.items() if model in known}

    def news(self) -> tuple[str, ...]:
        """What the list says of models that our table says otherwise, a line each; a service that says nothing of
        something does not differ in it. Another endpoint's models are its own."""
        return tuple(line for model in self.models for line in _news(model)) if self.claude else ()


async def served_models(environment: Mapping[str, str], settings: Settings | None = None) -> ServedModels:
    """What the endpoint lists. Costs nothing. Raises NotServed, SettingsError."""
    connection = Connection(environment, settings=settings)
    if failure := connection.failure():
        raise NotServed(failure.message)
    target = connection.target("list", "the endpoint")
    try:
        async with asyncio.timeout(SECONDS):
            client = await connection.client()
            # Foundry's client has no list, Bedrock's has no such thing at all.
            models = getattr(client, "models", None)
            if models is None:
                raise NoList(connection.host)
            listed = tuple([_listed(model) async for model in models.list(limit=1000)])
            return ServedModels(listed, connection.endpoint == "anthropic")
    except TimeoutError:
        raise NotServed(late(target, SECONDS).message) from None
    except Unusable as error:
        raise NotServed(str(error)) from None
    except NotServed:
        raise
    except Exception as error:
        fault = fault_of(error, target, connection.secrets, begun=False)
        if fault is None:
            raise
        if fault.failure.kind == "not_found" and connection.endpoint != "anthropic":
            raise NoList(connection.host) from None
        raise NotServed(fault.failure.message) from None
    finally:
        await connection.aclose()


def _listed(model: Any) -> Listed:
    """From the SDK's model, which checks nothing of what a server says."""
    capabilities = getattr(model, "capabilities", None)
    thinking = getattr(getattr(capabilities, "thinking", None), "types", None)
    return Listed(
        id=_of(str, getattr(model, "id", None)) or "",
        lifecycle=_of(str, getattr(model, "lifecycle", None)),
        retires=_day(getattr(model, "retires_at", None)),
        context=_of(int, getattr(model, "max_input_tokens", None)),
        max_output=_of(int, getattr(model, "max_tokens", None)),
        efforts=_supported(getattr(capabilities, "effort", None), ALL_EFFORTS),
        thinking=_supported(thinking, _THINKING),
        structured_output=_of(bool, getattr(getattr(capabilities, "structured_outputs", None), "supported", None)),
    )


def _supported(group: Any, names: Iterable[str]) -> frozenset[str] | None:
    """Those of the names that the group says are taken; None where it says nothing."""
    said = {name: getattr(getattr(group, name, None), "supported", None) for name in names}
    return (
        frozenset(name for name, value in said.items() if value) if any(v is not None for v in said.values()) else None
    )


def _of(kind: type[Any], value: Any) -> Any:
    return value if isinstance(value, kind) else None


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _news(model: Listed) -> Iterator[str]:
    ours = MODELS.get(ALIASES.get(model.id, model.id))
    if model.lifecycle in ("deprecated", "retired"):
        until = f" on {model.retires}" if model.retires else ""
        says = f"is deprecated and retires{until}" if model.lifecycle == "deprecated" else "has been retired"
        # A model of the past that we do not take up is nobody's concern.
        if ours is not None:
            yield f"{model.id} {says}"
    elif ours is None:
        yield f"{model.id} is not known to this version of Rebuttal: update it before you use that model"
    if ours is None:
        return
    if model.retires and ours.retires and model.lifecycle == "active" and model.retires < ours.retires:
        yield f"{model.id} retires on {model.retires}, earlier than the {ours.retires} that Rebuttal knows"
    for what, theirs, own in _facts(model, ours):
        if theirs is not None and theirs != own:
            yield f"{model.id}: {what} is {_words(theirs)} at the service, {_words(own)} in Rebuttal's table"


def _facts(model: Listed, ours: ModelFacts) -> tuple[tuple[str, object, object], ...]:
    return (
        ("the longest prompt", model.context, ours.context),
        ("the longest answer", model.max_output, ours.max_output),
        ("effort", model.efforts, frozenset(ours.efforts)),
        ("thinking", model.thinking, ours.thinking),
        ("structured output", model.structured_output, ours.structured_output),
    )


def _words(value: object) -> str:
    shapes: tuple[tuple[type, Callable[[Any], str]], ...] = (
        (bool, lambda one: "supported" if one else "not supported"),
        (int, lambda one: f"{one:,} tokens"),
        (frozenset, lambda some: ", ".join(sorted(some)) or "nothing"),
    )
    return next((words(value) for kind, words in shapes if isinstance(value, kind)), str(value))
