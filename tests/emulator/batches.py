"""Message Batches: many requests at half the price, processed when the service gets round to it.

Written from the reference of the API. What it leaves open is decided here so that a client cannot rely on more than is
promised: results come in another order than the requests, counts stay at `processing` until the batch has ended,
and requests that share a prefix find it in the cache by chance only.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from aiohttp import web
from attrs import define, evolve, field, frozen

from tests.emulator.cache import Cache, Plan
from tests.emulator.clock import Clock
from tests.emulator.errors import ApiError, bad_request
from tests.emulator.record import Record
from tests.emulator.reply import Usage, compose
from tests.emulator.script import Fault, Script, ScriptError, asked, draw
from tests.emulator.validate import Request, understand

MAX_BODY = 256 * 1024 * 1024
MAX_REQUESTS = 100_000
EXPIRES = 24 * 3600.0
KEPT = 29 * 24 * 3600.0
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
Status = Literal["in_progress", "canceling", "ended"]


@frozen
class Batching:
    """How batches are processed. Seconds are of the emulator's clock."""

    seconds: float = 0.0
    """Until the last request of a batch is done; the others are done one after the other before. 0: a batch is in
    progress when it is created and has ended when it is looked at next."""
    canceling: float = 0.0
    """Between the wish to cancel a batch and its end."""
    cache_hits: float = 0.8
    """Share of the requests that find what earlier ones left in the cache: 30 to 98 % is documented."""
    seed: int = 0


class Service(Protocol):
    """What batches need of the emulator."""

    script: Script
    clock: Clock
    batching: Batching
    problems: list[str]
    records: list[Record]

    @property
    def url(self) -> str: ...

    def date(self, now: float) -> datetime: ...

    def plan(self, request: Request, key: str, now: float) -> Plan: ...

    def begin(self, plan: Plan) -> None: ...

    def finish(self, record: Record, usage: Usage, request: Request, *, completed: bool) -> None: ...


@define
class Batch:
    """One batch. Times are of the emulator's clock."""

    id: str
    key: str
    version: str
    betas: frozenset[str]
    headers: Mapping[str, str]
    requests: Sequence[tuple[str, dict[str, Any]]]
    """(custom_id, params)"""
    created: float
    takes: float
    cancelled: float | None = None
    ended: float | None = None
    lines: dict[str, dict[str, Any]] = field(factory=dict)
    """Results by custom_id."""
    broken: set[str] = field(factory=set)
    """Results that are sent as something that is no JSON."""

    def due(self, number: int) -> float:
        """When request `number` is done, if nothing happens before."""
        return self.created + self.takes * (number + 1) / len(self.requests)

    def ends(self, canceling: float) -> float:
        """When the batch has ended, as things stand."""
        natural = min(self.created + self.takes, self.created + EXPIRES)
        return natural if self.cancelled is None else min(natural, self.cancelled + canceling)

    @property
    def status(self) -> Status:
        if self.ended is not None:
            return "ended"
        return "in_progress" if self.cancelled is None else "canceling"

    @property
    def counts(self) -> dict[str, int]:
        """All are `processing` until the whole batch has ended."""
        if self.ended is None:
            return {"processing": len(self.requests), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
        by_type = Counter(line["type"] for line in self.lines.values())
        return {"processing": 0, **{kind: by_type[kind] for kind in ("succeeded", "errored", "canceled", "expired")}}


@define
class Batches:
    """All batches of the service."""

    service: Service
    held: dict[str, Batch] = field(factory=dict)
    _made: int = 0

    # What the endpoints do

    def create(self, body: Any, key: str, version: str, betas: frozenset[str], headers: Mapping[str, str]) -> Batch:
        """Raises ApiError 400. Nothing of `params` is looked at but what no batch may hold."""
        requests = _requests(body)
        self._made += 1
        batch = Batch(
            id=f"msgbatch_emulated{self._made:06}",
            key=key,
            version=version,
            betas=betas,
            headers=headers,
            requests=requests,
            created=self.service.clock.now(),
            takes=self.service.batching.seconds,
        )
        self.held[batch.id] = batch
        return batch

    def find(self, name: str, key: str) -> Batch:
        """The batch as it is now. Raises ApiError 404."""
        batch = self.held.get(name)
        if batch is None or batch.key != key:
            raise ApiError(404, f"Message batch {name} not found.")
        self.catch_up(batch)
        return batch

    def listed(self, key: str, query: Mapping[str, str]) -> dict[str, Any]:
        """A page of them, newest first."""
        mine = [batch for batch in self.held.values() if batch.key == key]
        mine.sort(key=lambda batch: batch.id, reverse=True)
        for batch in mine:
            self.catch_up(batch)
        ids = [batch.id for batch in mine]
        try:
            limit = int(query.get("limit", "20"))
        except ValueError:
            limit = 0
        if not 1 <= limit <= 1000:
            raise bad_request("limit: Input should be between 1 and 1000")
        first, last = 0, len(ids)
        if (after := query.get("after_id")) in ids:
            first = ids.index(str(after)) + 1
        if (before := query.get("before_id")) in ids:
            last = ids.index(str(before))
            first = max(first, last - limit)
        page = mine[first : min(last, first + limit)]
        return {
            "data": [self.wire(batch) for batch in page],
            "has_more": first > 0 if "before_id" in query else first + limit < len(ids),
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
        }

    def cancel(self, batch: Batch) -> None:
        """Raises ApiError 400 once it has ended. A second wish changes nothing."""
        if batch.ended is not None:
            raise bad_request(f"Message batch {batch.id} cannot be canceled: processing has ended.")
        if batch.cancelled is None:
            batch.cancelled = self.service.clock.now()

    def delete(self, batch: Batch) -> dict[str, Any]:
        """Raises ApiError 400 before it has ended."""
        if batch.ended is None:
            raise bad_request(f"Message batch {batch.id} cannot be deleted while it is processing: cancel it first.")
        del self.held[batch.id]
        return {"id": batch.id, "type": "message_batch_deleted"}

    def results(self, batch: Batch) -> bytes:
        """JSONL in an order of its own. Raises ApiError 400 before the end, 404 once the results are archived."""
        if batch.ended is None:
            raise bad_request(f"Message batch {batch.id} has no results yet: processing has not ended.")
        if self._archived(batch) is not None:
            raise ApiError(404, f"The results of message batch {batch.id} are no longer available.")
        order = sorted(batch.lines, key=lambda name: draw(self.service.batching.seed, "order", batch.id, name))
        lines = [json.dumps({"custom_id": name, "result": batch.lines[name]}, ensure_ascii=False) for name in order]
        shown = [
            line[: len(line) // 2] if name in batch.broken else line for name, line in zip(order, lines, strict=True)
        ]
        return "".join(f"{line}\n" for line in shown).encode()

    def wire(self, batch: Batch) -> dict[str, Any]:
        """The batch as the API shows it."""
        archived = self._archived(batch)
        reachable = batch.ended is not None and archived is None
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": batch.status,
            "request_counts": batch.counts,
            "created_at": self._date(batch.created),
            "expires_at": self._date(batch.created + EXPIRES),
            "ended_at": self._date(batch.ended),
            "cancel_initiated_at": self._date(batch.cancelled),
            "archived_at": self._date(archived),
            "results_url": f"{self.service.url}/v1/messages/batches/{batch.id}/results" if reachable else None,
        }

    def _archived(self, batch: Batch) -> float | None:
        at = batch.created + KEPT
        return at if self.service.clock.now() >= at else None

    def _date(self, now: float | None) -> str | None:
        return None if now is None else self.service.date(now).isoformat().replace("+00:00", "Z")

    # Processing

    def catch_up(self, batch: Batch) -> None:
        """Do what is due by now: nobody sees the difference to a service that works all the time."""
        if batch.ended is not None:
            return
        now = self.service.clock.now()
        ends = batch.ends(self.service.batching.canceling)
        until = min(now, batch.created + EXPIRES, now if batch.cancelled is None else batch.cancelled)
        for number, (name, params) in enumerate(batch.requests):
            if name not in batch.lines and batch.due(number) <= until:
                batch.lines[name] = self._process(batch, name, params, batch.due(number))
        if now < ends:
            return
        batch.ended = ends
        left = "expired" if batch.cancelled is None else "canceled"
        for name, _ in batch.requests:
            batch.lines.setdefault(name, {"type": left})

    def _process(self, batch: Batch, name: str, params: dict[str, Any], now: float) -> dict[str, Any]:
        """The result of one request."""
        record = Record(len(self.service.records) + 1, "/v1/messages", batch.headers, batch.created, params)
        record.batch, record.custom_id = batch.id, name
        self.service.records.append(record)
        try:
            return self._answer(batch, record, now)
        except ApiError as error:
            record.status, record.error = error.status, error.message
            return {"type": "errored", "error": error.body(f"req_emulated{record.number:06}")}

    def _answer(self, batch: Batch, record: Record, now: float) -> dict[str, Any]:
        request = understand(record.body, batch.version, batch.betas)
        known = asked(record.number, request)
        record.model, record.seat, record.phase = request.model.id, known.seat, known.phase
        rule = self.service.script.rule(known)
        if rule.fault is not None and (left := _left(rule.fault)) is not None:
            return left
        hit = draw(self.service.batching.seed, "hit", batch.id, record.custom_id) < self.service.batching.cache_hits
        plan = self.service.plan(request, batch.key, now) if hit else Cache().plan(request, batch.key, now)
        try:
            reply = compose(known, rule, self.service.script, plan)
        except ScriptError as error:
            self.service.problems.append(str(error))
            raise ApiError(500, f"(emulator) {error}") from None
        self.service.begin(plan)
        reply = evolve(reply, usage=evolve(reply.usage, tier="batch"))
        record.status = 200
        self.service.finish(record, reply.usage, request, completed=True)
        message = reply.message()
        if rule.fault is not None and rule.fault.kind == "wrong_shape":
            message = {"ok": True}
        if rule.fault is not None and rule.fault.kind == "not_json":
            batch.broken.add(str(record.custom_id))
        return {"type": "succeeded", "message": message}


def _left(fault: Fault) -> dict[str, Any] | None:
    """The result without an answer that a fault makes of a request. Raises ApiError where it is an error."""
    if fault.kind in ("canceled", "expired"):
        return {"type": fault.kind}
    if fault.kind in ("not_json", "wrong_shape"):
        return None
    if fault.kind in ("status", "error_event"):
        raise ApiError(fault.status, fault.message, fault.error_code, type=fault.type)
    # Connections that break are the service's own business here.
    raise ApiError(500, "Internal server error")


def _requests(body: Any) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(body, dict):
        raise bad_request("The request body is not a valid JSON object.")
    if extra := sorted(set(body) - {"requests"}):
        raise bad_request(f"{extra[0]}: Extra inputs are not permitted")
    if "requests" not in body:
        raise bad_request("requests: Field required")
    given = body["requests"]
    if not isinstance(given, list) or not given:
        raise bad_request("requests: List should have at least 1 item after validation, not 0")
    if len(given) > MAX_REQUESTS:
        raise bad_request(f"requests: List should have at most {MAX_REQUESTS} items after validation, not {len(given)}")
    found: dict[str, dict[str, Any]] = {}
    for number, one in enumerate(given):
        name, params = _one_request(one, f"requests.{number}")
        if name in found:
            raise bad_request(f"requests.{number}.custom_id: {name!r} is not unique within the batch")
        found[name] = params
    return list(found.items())


def _one_request(one: Any, where: str) -> tuple[str, dict[str, Any]]:
    if not isinstance(one, dict):
        raise bad_request(f"{where}: Input should be a valid dictionary")
    if extra := sorted(set(one) - {"custom_id", "params"}):
        raise bad_request(f"{where}.{extra[0]}: Extra inputs are not permitted")
    for key in ("custom_id", "params"):
        if key not in one:
            raise bad_request(f"{where}.{key}: Field required")
    name, params = one["custom_id"], one["params"]
    if not isinstance(name, str) or not _CUSTOM_ID.fullmatch(name):
        raise bad_request(f"{where}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
    if not isinstance(params, dict):
        raise bad_request(f"{where}.params: Input should be a valid dictionary")
    for key in ("stream", "speed", "fallbacks"):
        # Whether `stream: false` is let through is not documented; who sends it has no need to.
        if key in params:
            raise bad_request(f"{where}.params.{key}: not supported in batch requests")
    if params.get("max_tokens") == 0 and not isinstance(params["max_tokens"], bool):
        raise bad_request(f"{where}.params.max_tokens: Input should be greater than or equal to 1 in batch requests")
    return name, params


def jsonl(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/x-jsonl")
