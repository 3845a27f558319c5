"""The HTTP server: what a client of the Messages API sees, on loopback."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler
from attrs import define, evolve, field

from tests.emulator import batches
from tests.emulator.batches import Batch, Batches, Batching, jsonl
from tests.emulator.cache import Cache, Plan
from tests.emulator.clock import Clock, FastClock
from tests.emulator.diagnosis import Diagnoses
from tests.emulator.errors import ApiError, bad_request
from tests.emulator.limits import START, Limits, Pools
from tests.emulator.models import ALIASES, MODELS, find, info
from tests.emulator.play import Play
from tests.emulator.record import Record
from tests.emulator.reply import Reply, Usage, compose
from tests.emulator.script import Asked, Fault, Script, ScriptError, asked
from tests.emulator.threaded import Threaded
from tests.emulator.trouble import Broken, end, fail_instead, spoil
from tests.emulator.validate import MAX_BODY, Request, check_headers, understand

if TYPE_CHECKING:
    # What it imports of the evaluation is only loaded where it is used.
    from tests.emulator.latency import Latency

KEY = "emulator-key"
"""The key that the emulator takes unless it is told others."""


@define(slots=False)
class Emulator(Threaded):
    """A strict Messages API. Use it as a context manager: it then runs in a thread of its own, for synchronous and
    asynchronous tests alike.

    >>> with Emulator() as emulator:
    ...     emulator.script.add(Rule(seat="architect", reply={"claims": [], "rulings": [], "needs": []}))
    ...     environment = emulator.environment()
    """

    script: Script = field(factory=Script)
    clock: Clock = field(factory=FastClock)
    keys: frozenset[str] = frozenset({KEY})
    port: int = 0
    batching: Batching = field(factory=Batching)
    limits: Limits | Mapping[str, Limits] = START
    """Rate limits, of all models or by line of models."""
    latency: Latency | None = None
    """None: everything at once, but for the pauses of the rules."""
    diagnoses: Diagnoses = field(factory=Diagnoses, init=False)
    records: list[Record] = field(factory=list, init=False)
    """Of POST /v1/messages, and of the requests in batches once they are processed."""
    others: list[Record] = field(factory=list, init=False)
    """Of all other requests: count_tokens, batches."""
    problems: list[str] = field(factory=list, init=False)
    """Mistakes of the script, found while it was played; a test should end with none."""
    _cache: Cache = field(factory=Cache, init=False)
    _batches: Batches = field(init=False)
    _pools: Pools = field(init=False)
    _counts: Counter[str] = field(factory=Counter, init=False)
    """Requests by endpoint, but for Messages."""
    _begun: tuple[float, datetime] = field(init=False)
    """The same moment by the emulator's clock and by the calendar."""
    _changed: threading.Condition = field(factory=threading.Condition, init=False)
    _heard: list[asyncio.Event] = field(factory=list, init=False)
    _runner: web.AppRunner | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._batches = Batches(self)
        self._pools = Pools(self.limits)
        self._begun = (self.clock.now(), datetime.now(UTC))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bill(self) -> Decimal:
        """What the service would charge, in dollars."""
        return sum((record.price for record in self.records), Decimal(0))

    def environment(self) -> dict[str, str]:
        """What makes a client talk to this emulator."""
        return {"ANTHROPIC_API_KEY": sorted(self.keys)[0], "ANTHROPIC_BASE_URL": self.url}

    def wait(self, until: Callable[[], bool], timeout: float = 30.0) -> None:
        """Block until something holds of the records. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(until, timeout):
                raise TimeoutError("the emulator did not get there in time")

    async def seen(self, until: Callable[[], bool]) -> None:
        """`wait` for asynchronous tests, on a loop of their own or the emulator's."""
        if self._thread is not None:
            await asyncio.to_thread(self.wait, until)
            return
        async with asyncio.timeout(30):
            while not until():
                self._heard.append(heard := asyncio.Event())
                await heard.wait()

    def date(self, now: float) -> datetime:
        """The calendar's date when the emulator's clock shows `now`."""
        began, date = self._begun
        return date + timedelta(seconds=now - began)

    def forget_cache(self) -> None:
        """As if all cached prefixes had expired."""
        self._cache = Cache()

    # Running

    async def start(self) -> None:
        @web.middleware
        async def in_trouble(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._in_trouble(request, handler)

        app = web.Application(client_max_size=0, middlewares=[_errors_as_the_api, in_trouble])
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/messages/count_tokens", self._count, name="count_tokens")
        app.router.add_get("/v1/models", self._models, name="models")
        app.router.add_get("/v1/models/{id}", self._model, name="model")
        app.router.add_post("/v1/messages/batches", self._batch_create, name="batches.create")
        app.router.add_get("/v1/messages/batches", self._batch_list, name="batches.list")
        app.router.add_get("/v1/messages/batches/{id}", self._batch_retrieve, name="batches.retrieve")
        app.router.add_delete("/v1/messages/batches/{id}", self._batch_delete, name="batches.delete")
        app.router.add_post("/v1/messages/batches/{id}/cancel", self._batch_cancel, name="batches.cancel")
        app.router.add_get("/v1/messages/batches/{id}/results", self._batch_results, name="batches.results")
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.SockSite(self._runner, _listening(self.port))
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    # Endpoints

    async def _messages(self, http: web.Request) -> web.StreamResponse:
        record = self._record(http, self.records)
        try:
            if self.script.unread(record.number):
                await end(http, "stall")
            return await self._answer(http, record)
        except ApiError as error:
            record.status, record.error = error.status, error.message
            self._notify()
            raise
        except asyncio.CancelledError:
            record.closed_early = time.monotonic()
            self._notify()
            raise
        except (ConnectionError, Broken) as error:
            if isinstance(error, ConnectionError):
                record.closed_early = time.monotonic()
            self._notify()
            raise asyncio.CancelledError from None

    async def _answer(self, http: web.Request, record: Record) -> web.StreamResponse:
        started = self.clock.now()
        key, request = await self._understand(http, record, counting=False)
        known = asked(record.number, request)
        record.model, record.seat, record.phase = request.model.id, known.seat, known.phase
        self._notify()
        # What can be read is decided when a request starts: of two that start together, both write.
        plan = self._cache.plan(request, key, started)
        pool = self._pools.of(request.model, key, started)
        try:
            pool.take(request.prompt_tokens - plan.read, started)
            rule = self.script.rule(known)
            if rule.fault is not None and rule.fault.kind == "status":
                await self.clock.sleep(rule.first_byte)
                raise rule.fault.as_error()
            self._cache.refresh(plan)
            reply = compose(known, rule, self.script, plan)
            reply = evolve(reply, diagnostics=self.diagnoses.of(request, key, reply.id))
            await self.clock.sleep(rule.first_byte + self._first_byte(known, plan, reply))
            if rule.fault is not None:
                await self._fail_before_headers(http, rule.fault)
        except ScriptError as error:
            self.problems.append(str(error))
            raise ApiError(500, f"(emulator) {error}") from None
        except ApiError as error:
            raise error.with_headers(pool.headers(self.clock.now(), self.date)) from None
        # Output counts before it is written: what else goes on at the same time must not overdraw the bucket unseen.
        pool.output.left -= reply.usage.output
        headers = _headers(record.number) | pool.headers(self.clock.now(), self.date)
        speed = self.latency.tokens_per_second(known) if self.latency else None
        play = Play(self, http, record, request, rule, reply, plan, headers, speed)
        return await (play.stream() if request.stream else play.whole())

    def _first_byte(self, asked: Asked, plan: Plan, reply: Reply) -> float:
        if reply.first_byte is not None:
            return reply.first_byte
        return self.latency.first_byte(asked, plan) if self.latency else 0.0

    async def _fail_before_headers(self, http: web.Request, fault: Fault) -> None:
        if fault.at is not None:
            return
        if fault.kind == "stall" and fault.seconds is not None:
            await self.clock.sleep(fault.seconds)
        elif fault.kind in ("cut", "reset", "stall"):
            await end(http, fault.kind)

    async def _count(self, http: web.Request) -> web.StreamResponse:
        record = self._record(http, self.others)
        key, request = await self._understand(http, record, counting=True)
        self._pools.counting(key, self.clock.now()).take(0, self.clock.now())
        record.model, record.status, record.completed = request.model.id, 200, True
        return web.json_response({"input_tokens": request.prompt_tokens})

    async def _models(self, http: web.Request) -> web.StreamResponse:
        check_headers(http.headers, self.keys)
        rows = sorted(MODELS.values(), key=lambda row: row.created_at, reverse=True)
        ids = [row.id for row in rows]
        limit = int(http.query.get("limit", "20"))
        if not 1 <= limit <= 1000:
            raise bad_request("limit: Input should be between 1 and 1000")
        after = http.query.get("after_id")
        first = ids.index(after) + 1 if after in ids else 0
        page = rows[first : first + limit]
        return web.json_response(
            {
                "data": [info(row) for row in page],
                "has_more": first + limit < len(rows),
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
            }
        )

    async def _model(self, http: web.Request) -> web.StreamResponse:
        check_headers(http.headers, self.keys)
        name = http.match_info["id"]
        return web.json_response(info(find(ALIASES.get(name, name))))

    # Batches

    async def _batch_create(self, http: web.Request) -> web.StreamResponse:
        record = self._record(http, self.others)
        key, version, betas = await self._body(http, record, batches.MAX_BODY)
        batch = self._batches.create(record.body, key, version, betas, record.headers)
        return self._shown(batch, record)

    async def _batch_list(self, http: web.Request) -> web.StreamResponse:
        key, _ = check_headers(http.headers, self.keys)
        return web.json_response(self._batches.listed(key, http.query))

    async def _batch_retrieve(self, http: web.Request) -> web.StreamResponse:
        record = self._record(http, self.others)
        return self._shown(self._batch(http), record)

    async def _batch_cancel(self, http: web.Request) -> web.StreamResponse:
        record = self._record(http, self.others)
        batch = self._batch(http)
        self._batches.cancel(batch)
        return self._shown(batch, record)

    async def _batch_delete(self, http: web.Request) -> web.StreamResponse:
        return web.json_response(self._batches.delete(self._batch(http)))

    async def _batch_results(self, http: web.Request) -> web.StreamResponse:
        return jsonl(self._batches.results(self._batch(http)))

    def _batch(self, http: web.Request) -> Batch:
        key, _ = check_headers(http.headers, self.keys)
        return self._batches.find(http.match_info["id"], key)

    def _shown(self, batch: Batch, record: Record) -> web.Response:
        record.status, record.completed = 200, True
        self._notify()
        return web.json_response(self._batches.wire(batch))

    async def _in_trouble(self, http: web.Request, handler: Handler) -> web.StreamResponse:
        """Faults of the endpoints that have no rules by seat and phase."""
        name = http.match_info.route.name
        if name is None:
            return await handler(http)
        self._counts[name] += 1
        rule = self.script.endpoint_rule(name, self._counts[name])
        if rule is None:
            return await handler(http)
        await self.clock.sleep(rule.first_byte)
        try:
            if not rule.done:
                await fail_instead(http, rule)
            response = await handler(http)
            await fail_instead(http, rule)
            return await spoil(http, rule, response) if isinstance(response, web.Response) else response
        except Broken:
            raise asyncio.CancelledError from None

    async def _understand(self, http: web.Request, record: Record, *, counting: bool) -> tuple[str, Request]:
        key, version, betas = await self._body(http, record, MAX_BODY)
        return key, understand(record.body, version, betas, counting=counting)

    async def _body(self, http: web.Request, record: Record, most: int) -> tuple[str, str, frozenset[str]]:
        """Key, version and beta features of a request whose JSON is then in the record. Raises ApiError."""
        raw = await _read(http, most)
        key, version = check_headers(http.headers, self.keys)
        if http.content_type != "application/json":
            raise bad_request("Content-Type: application/json is required")
        if raw is None:
            raise ApiError(413, "Request exceeds the maximum size")
        try:
            record.body = json.loads(raw)
        except ValueError:
            raise bad_request("The request body is not valid JSON.") from None
        betas = frozenset(part.strip() for part in http.headers.get("anthropic-beta", "").split(",") if part.strip())
        return key, version, betas

    def _record(self, http: web.Request, records: list[Record]) -> Record:
        record = Record(len(records) + 1, http.path_qs, dict(http.headers), time.monotonic())
        records.append(record)
        self._notify()
        return record

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()
        while self._heard:
            self._heard.pop().set()

    # For Play and batches

    def plan(self, request: Request, key: str, now: float) -> Plan:
        plan = self._cache.plan(request, key, now)
        self._cache.refresh(plan)
        return plan

    def begin(self, plan: Plan) -> None:
        self._cache.begin(plan)

    def finish(self, record: Record, usage: Usage, request: Request, *, completed: bool) -> None:
        record.usage, record.price, record.completed = usage, usage.price(request.model), completed
        self._notify()


async def _read(http: web.Request, most: int) -> bytes | None:
    """The body, or None if it is larger than the API takes (it is read all the same, so that the client hears why)."""
    parts: list[bytes] = []
    size = 0
    async for part in http.content.iter_chunked(1 << 18):
        size += len(part)
        if size <= most:
            parts.append(part)
    return b"".join(parts) if size <= most else None


def _listening(port: int) -> socket.socket:
    """A socket whose connections take in little before they are read: a server that stops reading is then noticed."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
    if sys.platform != "win32":
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", port))
    return found


def _headers(number: int) -> dict[str, str]:
    return {"request-id": f"req_emulated{number:06}", "anthropic-organization-id": "org_emulated"}


@web.middleware
async def _errors_as_the_api(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors with the API's body; a request id on every response."""
    request_id = f"req_emulated_{id(request):x}"
    try:
        response = await handler(request)
    except ApiError as error:
        response = web.json_response(error.body(request_id), status=error.status, headers=error.headers)
    except web.HTTPException as error:
        refusal = ApiError(error.status, error.reason or "error", type=None if error.status == 404 else "api_error")
        response = web.json_response(refusal.body(request_id), status=error.status)
    if not response.prepared and "request-id" not in response.headers:
        response.headers["request-id"] = request_id
    return response
