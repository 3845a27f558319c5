"""One response being given: whole or as a stream, at its pace, with what goes wrong in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from aiohttp import web
from attrs import define, evolve, field

from tests.emulator import tokens
from tests.emulator.cache import Plan
from tests.emulator.clock import Clock
from tests.emulator.errors import ApiError
from tests.emulator.record import Record
from tests.emulator.reply import Reply, Usage, frame
from tests.emulator.script import Fault, Rule
from tests.emulator.trouble import end
from tests.emulator.validate import Request

PING = 15.0
"""Seconds of silence after which a ping is sent. Not documented: that there are pings is."""


class Stage(Protocol):
    """What a response needs of the emulator."""

    clock: Clock

    def begin(self, plan: Plan) -> None: ...

    def finish(self, record: Record, usage: Usage, request: Request, *, completed: bool) -> None: ...


@define
class Play:
    """`tokens_per_second`: None, all at once but for the rule's own pauses."""

    stage: Stage
    http: web.Request
    record: Record
    request: Request
    rule: Rule
    reply: Reply
    plan: Plan
    headers: Mapping[str, str]
    tokens_per_second: float | None = None
    _began: float = field(default=0.0, init=False)
    _sent: list[str] = field(factory=list, init=False)
    """Texts."""
    _length: int = field(default=0, init=False)

    async def whole(self) -> web.StreamResponse:
        """Without a stream. Faults of a stream show as a body that breaks off, or is something else."""
        self.stage.begin(self.plan)
        self.record.status = 200
        fault = self.rule.fault
        body = json.dumps(self.reply.message(), ensure_ascii=False).encode()
        if self.tokens_per_second is not None:
            await self.stage.clock.sleep(self.reply.usage.output / self.tokens_per_second)
        if fault is not None and fault.kind in ("not_json", "wrong_shape"):
            body = b"<html>gateway</html>" if fault.kind == "not_json" else b'{"ok": true}'
        elif fault is not None and fault.kind not in ("garbled", "duplicate", "unknown_event", "no_event_names"):
            response = web.StreamResponse(headers=dict(self.headers))
            response.content_length, response.content_type = len(body), "application/json"
            await response.prepare(self.http)
            await response.write(body[: len(body) // 2])
            kind = "stall" if fault.kind == "drip" else fault.kind
            await end(self.http, kind if kind in ("stall", "reset") else "cut")
        self.stage.finish(self.record, self.reply.usage, self.request, completed=True)
        return web.Response(body=body, content_type="application/json", headers=dict(self.headers))

    async def stream(self) -> web.StreamResponse:
        response = web.StreamResponse(headers={**self.headers, "Cache-Control": "no-cache"})
        response.content_type, response.charset = "text/event-stream", "utf-8"
        self.record.status = 200
        await response.prepare(self.http)
        self._began = self.stage.clock.now()
        events = list(self.reply.events())
        try:
            for number, event in enumerate(events):
                if await self._fault(response, number, len(events)):
                    return response
                await self._pace(response, event)
                if number == 0:
                    self.stage.begin(self.plan)
                if event["type"] == "message_stop":
                    # Before it is sent: a client that has it may look at the bill at once.
                    self.stage.finish(self.record, self.reply.usage, self.request, completed=True)
                await self._send(response, event, number, len(events))
            await response.write_eof()
        finally:
            if not self.record.completed:
                self._bill_what_was_sent()
        return response

    async def _send(self, response: web.StreamResponse, event: dict[str, Any], number: int, count: int) -> None:
        fault = self.rule.fault
        twice = fault is not None and fault.kind == "duplicate" and (fault.at is None or _at(fault, count) == number)
        for _ in range(2 if twice else 1):
            self.record.events.append(event["type"])
            await response.write(self._frame(number, event, count))

    async def _pace(self, response: web.StreamResponse, event: dict[str, Any]) -> None:
        """Wait until the service would have written so far; pings tell meanwhile that it is still there."""
        delta = event.get("delta", {}).get("type")
        if delta == "text_delta":
            await self.stage.clock.sleep(self.rule.between)
            self._sent.append(event["delta"]["text"])
            self._length += len(event["delta"]["text"])
        if self.tokens_per_second is not None and delta in ("text_delta", "signature_delta"):
            usage = self.reply.usage
            share = self._length / len(self.reply.text) if self.reply.text else 1.0
            written = usage.thinking + (usage.output - usage.thinking) * share
            until = self._began + written / self.tokens_per_second
            while (left := until - self.stage.clock.now()) > PING:
                await self.stage.clock.sleep(PING)
                await response.write(frame({"type": "ping"}))
            await self.stage.clock.sleep(left)

    def _frame(self, number: int, event: dict[str, Any], count: int) -> bytes:
        fault = self.rule.fault
        if fault is None or number != _at(fault, count):
            return frame(event, named=fault is None or fault.kind != "no_event_names")
        if fault.kind == "not_json":
            return f"event: {event['type']}\ndata: {{broken\n\n".encode()
        if fault.kind == "wrong_shape":
            return frame({"type": event["type"]})
        return frame(event, named=fault.kind != "no_event_names")

    async def _fault(self, response: web.StreamResponse, number: int, count: int) -> bool:
        """Do what the script wants before event `number`; True: the response is over."""
        fault = self.rule.fault
        if fault is None:
            return False
        if fault.kind == "no_events":
            await response.write_eof()
            return True
        if number != _at(fault, count) or (fault.at is None and fault.kind == "stall"):
            return False
        if fault.kind == "error_event":
            error = ApiError(fault.status, fault.message, fault.error_code, type=fault.type).error()
            self.record.events.append("error")
            await response.write(frame({"type": "error", "error": error}))
        if fault.kind in ("eof", "error_event"):
            await response.write_eof()
            return True
        if fault.kind == "unknown_event":
            await response.write(frame({"type": "emulated_event", "detail": "to be ignored"}))
        elif fault.kind == "drip":
            await self._drip(response, fault)
        elif fault.kind == "stall" and fault.seconds is not None:
            await self.stage.clock.sleep(fault.seconds)
        elif fault.kind in ("cut", "reset", "stall"):
            await end(self.http, fault.kind)
        return False

    async def _drip(self, response: web.StreamResponse, fault: Fault) -> None:
        """Nothing but pings, until the client goes away or it has lasted long enough."""
        until = None if fault.seconds is None else self.stage.clock.now() + fault.seconds
        while until is None or self.stage.clock.now() < until:
            await response.write(frame({"type": "ping"}))
            await self.stage.clock.sleep(fault.every)

    def _bill_what_was_sent(self) -> None:
        """Nothing is documented of what a broken response costs: this is what gateways take it to be."""
        begun = "message_start" in self.record.events
        if not begun:
            return
        written = tokens.of_text("".join(self._sent), self.request.model)
        usage = evolve(self.reply.usage, output=self.reply.usage.thinking + written)
        self.stage.finish(self.record, usage, self.request, completed=False)


def _at(fault: Fault, count: int) -> int:
    """The number of the event, of `count`, that a fault of the stream comes before."""
    if fault.at is None:
        return 1
    return fault.at if fault.at >= 0 else count + fault.at
