"""What goes wrong at the endpoints besides Messages, and at the connection before a request is understood."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

from aiohttp import web
from attrs import frozen

from tests.emulator.script import EndpointRule


@frozen
class Broken(Exception):
    """The connection has been ended as the script wanted."""


async def end(http: web.Request, kind: str) -> None:
    """End a connection without the rest of the response, or stay silent until the client goes away."""
    if kind == "stall":
        await asyncio.Event().wait()
    transport = http.transport
    if transport is not None and kind == "reset":
        found: socket.socket = transport.get_extra_info("socket")
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    elif transport is not None:
        transport.close()
    raise Broken


async def fail_instead(http: web.Request, rule: EndpointRule) -> None:
    """Before any of the response: raises what makes the fault, or returns where it shows in the response only."""
    fault = rule.fault
    if fault is None:
        return
    if fault.kind == "status":
        raise fault.as_error()
    if fault.kind in ("cut", "reset", "stall") and fault.at is None:
        await end(http, fault.kind)


async def spoil(http: web.Request, rule: EndpointRule, response: web.Response) -> web.StreamResponse:
    """The response as the fault leaves it. Raises Broken where nothing more is to be sent."""
    fault = rule.fault
    if fault is None:
        return response
    if fault.kind == "not_json":
        return web.Response(body=b"<html>gateway</html>", content_type=response.content_type)
    if fault.kind == "wrong_shape":
        return web.Response(body=b'{"ok": true}', content_type=response.content_type)
    body = response.body if isinstance(response.body, bytes) else b""
    partial = web.StreamResponse(status=response.status)
    partial.content_length, partial.content_type = len(body), response.content_type
    await partial.prepare(http)
    await partial.write(body[: fault.at])
    await end(http, fault.kind)
    return partial
