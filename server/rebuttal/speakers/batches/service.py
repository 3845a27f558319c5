"""The Message Batches API: what a batch is, what came of its requests, and what went wrong in asking for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, Literal, Protocol

from attrs import frozen

from rebuttal.debate.model import Failure
from rebuttal.debate.statement import one_line
from rebuttal.speakers.connection import Connection, ProxyUnusable
from rebuttal.speakers.faults import Fault, Target, fault_of, late, strange_answer
from rebuttal.speakers.hearing import Hearing

SECONDS = 300.0
"""For handing over a batch, which may be 200 MB; and for any other single request."""
PAGE = 100
MOST_PAGES = 50
"""Of batches that are looked through for one that may have been made."""

_UNSURE = frozenset({408, 500, 502, 503, 504})
"""Statuses after which a batch may have been made: what failed may have been the answer only."""

Kind = Literal["succeeded", "errored", "canceled", "expired", "unreadable"]


class BatchFault(Exception):
    """A request about a batch failed. `unsure`: the service may have done what it was asked for all the same."""

    def __init__(self, fault: Fault, *, unsure: bool = False) -> None:
        self.fault = fault
        self.unsure = unsure or fault.billed == "unknown"
        super().__init__(fault.failure.message)


class NoBatches(BatchFault):
    """The endpoint has no message batches."""


class Gone(BatchFault):
    """The service does not know the batch, or no longer has its results."""


@frozen
class Batch:
    """A batch as the service shows it."""

    id: str
    ended: bool
    requests: int
    failed: int = 0
    """Of one that has ended: errored, cancelled or expired."""


@frozen
class Result:
    """What came of one request. `message` as the service sent it, where it succeeded; `error`: kind and words."""

    custom_id: str
    kind: Kind
    message: Mapping[str, Any] | None = None
    error: tuple[str, str] = ("", "")


class Service(Protocol):
    """Who takes batches. Every method raises BatchFault."""

    async def newest(self) -> str:
        """The id of the newest batch; "" where there is none."""
        ...

    async def create(self, requests: Sequence[Mapping[str, Any]]) -> Batch: ...

    async def batch(self, id_: str) -> Batch: ...

    def results(self, id_: str) -> AsyncIterator[Result]:
        """In any order; a line that cannot be read has no custom id."""
        ...

    async def since(self, newest: str) -> tuple[Batch, ...]:
        """The batches that are newer than that one, the oldest first."""
        ...

    async def cancel(self, id_: str) -> None:
        """One that has ended stays as it is."""
        ...


class BatchService:
    """The service over the SDK."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._target = Target(connection.host, "batches", "ANTHROPIC_BASE_URL")

    async def newest(self) -> str:
        async with self._asking() as client:
            page = await client.messages.batches.list(limit=1)
            found = [_batch(one) for one in page.data or ()]
        return found[0].id if found else ""

    async def create(self, requests: Sequence[Mapping[str, Any]]) -> Batch:
        async with self._asking() as client:
            return _batch(await client.messages.batches.create(requests=requests))

    async def batch(self, id_: str) -> Batch:
        async with self._asking(id_) as client:
            return _batch(await client.messages.batches.retrieve(id_))

    async def since(self, newest: str) -> tuple[Batch, ...]:
        found: list[Batch] = []
        async with self._asking() as client:
            async for one in client.messages.batches.list(limit=PAGE):
                batch = _batch(one)
                if batch.id == newest or len(found) >= PAGE * MOST_PAGES:
                    break
                found.append(batch)
        return tuple(reversed(found))

    async def cancel(self, id_: str) -> None:
        import anthropic

        async with self._asking(id_) as client:
            try:
                await client.messages.batches.cancel(id_)
            except anthropic.BadRequestError:
                if not _batch(await client.messages.batches.retrieve(id_)).ended:
                    raise

    async def results(self, id_: str) -> AsyncIterator[Result]:
        # Not line by line through the SDK: one line that is no JSON would cost all that follow.
        async with (
            self._asking(id_, limited=False) as client,
            client.messages.batches.with_streaming_response.results(id_) as response,
        ):
            rest = b""
            async for part in response.iter_bytes():
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield _result(line)
            if rest.strip():
                yield _result(rest)

    @asynccontextmanager
    async def _asking(self, id_: str = "", *, limited: bool = True) -> AsyncIterator[Any]:
        """The client; what it raises becomes a BatchFault."""
        import asyncio

        if failure := self._connection.failure():
            raise BatchFault(Fault(failure))
        try:
            async with asyncio.timeout(SECONDS if limited else None):
                yield await self._connection.client()
        except TimeoutError:
            raise BatchFault(Fault(late(self._target, SECONDS), retry=True, billed="unknown")) from None
        except ProxyUnusable as error:
            raise BatchFault(Fault(Failure("bad_request", str(error)))) from None
        except (BatchFault, GeneratorExit):
            raise
        except Exception as error:
            raise self._fault(error, id_) from None

    def _fault(self, error: Exception, id_: str) -> BatchFault:
        import anthropic

        status = error.status_code if isinstance(error, anthropic.APIStatusError) else 0
        if id_ and status == 404:
            return Gone(Fault(Failure("not_found", f"{self._target.host} no longer has the batch {id_}.")))
        if status in (404, 405, 501):
            message = (
                f"{self._target.host} takes no message batches: review each change with rebuttal review, or set "
                "ANTHROPIC_BASE_URL to an endpoint that does."
            )
            return NoBatches(Fault(Failure("not_found", message)))
        if isinstance(error, anthropic.AnthropicError) and not isinstance(error, anthropic.APIError):
            # The SDK's own: an ended batch without an address of its results, which are archived.
            return Gone(Fault(Failure("not_found", f"The results of the batch {id_} are no longer kept.")))
        fault = fault_of(error, self._target, self._connection.secrets, begun=False)
        if fault is None:
            raise error
        return BatchFault(fault, unsure=status in _UNSURE)


def heard(message: Mapping[str, Any]) -> Hearing:
    """A message that came whole, as if it had been streamed."""
    hearing = Hearing()
    shown = _attributes(message)
    events: list[Any] = [SimpleNamespace(type="message_start", message=shown)]
    for index, block in enumerate(_blocks(message)):
        begun = SimpleNamespace(type=block.get("type"))
        delta = SimpleNamespace(type="text_delta", text=block.get("text"))
        events.append(SimpleNamespace(type="content_block_start", index=index, content_block=begun))
        events.append(SimpleNamespace(type="content_block_delta", index=index, delta=delta))
    last = SimpleNamespace(
        stop_reason=getattr(shown, "stop_reason", None), stop_details=getattr(shown, "stop_details", None)
    )
    events.append(SimpleNamespace(type="message_delta", delta=last, usage=getattr(shown, "usage", None)))
    events.append(SimpleNamespace(type="message_stop"))
    for event in events:
        hearing.hear(event)
    return hearing


def kept(message: Mapping[str, Any]) -> str:
    """What of a message is kept: no thinking, no signatures."""
    content = [{"type": "text", "text": one.get("text")} for one in _blocks(message) if one.get("type") == "text"]
    names = ("id", "model", "stop_reason", "stop_details", "usage")
    return json.dumps({**{name: message.get(name) for name in names}, "content": content}, ensure_ascii=False)


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content")
    return [one for one in content if isinstance(one, Mapping)] if isinstance(content, list) else []


def fault_of_result(result: Result, target: Target) -> Fault:
    """What a request came to that did not succeed. None of these is billed, but what cannot be read may have been."""
    host = target.host
    match result.kind:
        case "canceled":
            return Fault(Failure("interrupted", "The request was cancelled at the service: take the sweep up again."))
        case "expired":
            message = f"{host} did not get round to the request within a day: take the sweep up again."
            return Fault(Failure("timeout", message), retry=True)
        case "errored":
            return _errored(*result.error, target)
    return Fault(strange_answer(target).failure, retry=True, billed="unknown")


def _errored(kind: str, words: str, target: Target) -> Fault:
    host = target.host
    says = f" ({words})" if words else ""
    match kind:
        case "overloaded_error" | "api_error" | "rate_limit_error" | "timeout_error":
            message = f"{host} could not process the request{says}: take the sweep up again in a few minutes."
            return Fault(Failure("overloaded", message), retry=True)
        case "not_found_error":
            message = f"{host} has no model {target.model}: set {target.setting} to one that it has."
            return Fault(Failure("not_found", message))
        case "authentication_error" | "permission_error":
            return Fault(Failure("authentication", f"Your key may not do this at {host}{says}: ask for access to it."))
        case "billing_error":
            return Fault(
                Failure("billing", f"{host} reports a billing problem{says}: settle it in your account there.")
            )
    message = f"{host} refused the request{says}: update Rebuttal, or report it with a recording."
    return Fault(Failure("bad_request", message))


def _batch(given: Any) -> Batch:
    """The SDK checks no responses."""
    id_, status = getattr(given, "id", None), getattr(given, "processing_status", None)
    if not isinstance(id_, str) or not id_ or not isinstance(status, str):
        message = "The endpoint answered with something that is no message batch: check ANTHROPIC_BASE_URL."
        raise BatchFault(Fault(Failure("invalid_reply", message), billed="unknown"))
    counts = getattr(given, "request_counts", None)
    numbers = {name: _number(getattr(counts, name, 0)) for name in ("errored", "canceled", "expired")}
    others = sum(_number(getattr(counts, name, 0)) for name in ("processing", "succeeded"))
    failed = sum(numbers.values())
    return Batch(id_, status == "ended", others + failed, failed)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _result(line: bytes) -> Result:
    try:
        given: Any = json.loads(line)
        custom_id, result = given["custom_id"], given["result"]
        kind, message = result["type"], result.get("message")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Result("", "unreadable")
    if not isinstance(custom_id, str):
        return Result("", "unreadable")
    if kind == "succeeded" and isinstance(message, Mapping) and isinstance(message.get("model"), str):
        return Result(custom_id, "succeeded", message)
    if kind in ("canceled", "expired"):
        return Result(custom_id, kind)
    if kind == "errored":
        return Result(custom_id, "errored", error=_error(result.get("error")))
    return Result(custom_id, "unreadable")


def _error(given: Any) -> tuple[str, str]:
    inner = given.get("error") if isinstance(given, Mapping) else None
    if not isinstance(inner, Mapping):
        return ("", "")
    kind, words = inner.get("type"), inner.get("message")
    return (
        kind if isinstance(kind, str) else "",
        one_line(words, 300).rstrip(".") if isinstance(words, str) else "",
    )


def _attributes(value: Any) -> Any:
    """Decoded JSON with attributes in place of keys, as the SDK gives it."""
    if isinstance(value, Mapping):
        return SimpleNamespace(**{str(name): _attributes(one) for name, one in value.items()})
    return value
