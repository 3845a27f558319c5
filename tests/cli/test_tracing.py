"""Spans, to a collector in this process: who gets them, how they hang together, and that no contents are in them."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from attrs import define, field
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from rebuttal.speakers.connection import Connection
from rebuttal.speakers.tracing import LAST, Tracing, is_wanted
from tests.cli.conftest import Rebuttal
from tests.emulator.server import KEY, Emulator

REVIEW = ("--panel", "small", "--yes", "--fail-on", "never")


@define
class Collector:
    """An OTLP collector over HTTP."""

    port: int = 0
    bodies: list[bytes] = field(factory=list)

    @property
    def spans(self) -> list[Span]:
        found = []
        for body in self.bodies:
            request = ExportTraceServiceRequest()
            request.ParseFromString(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    found += scope.spans
        return found

    async def take(self, http: web.Request) -> web.StreamResponse:
        self.bodies.append(await http.read())
        return web.Response(content_type="application/x-protobuf")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    found, ready, stop = Collector(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/v1/traces", found.take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.port = runner.addresses[0][1]
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    for name in ("OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{found.port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield found
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def test_a_review_is_one_trace_without_contents(
    rebuttal: Rebuttal, panel: Emulator, parcels: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE", "content")
    assert "tracing   spans of calls" in rebuttal("doctor").out
    ran = rebuttal("review", "--repo", parcels, *REVIEW, "--format", "json")
    assert ran.code == 0
    spans = {span.span_id: span for span in collector.spans}
    (review,) = [span for span in spans.values() if span.name == "rebuttal.review"]
    turns = [span for span in spans.values() if span.name == "rebuttal.turn"]
    calls = [span for span in spans.values() if span.name not in ("rebuttal.review", "rebuttal.turn", "models.list")]
    calls = [span for span in calls if span.trace_id == review.trace_id]
    assert len(calls) == len(panel.records) > 1
    assert all(turn.parent_span_id == review.span_id for turn in turns)
    assert all(spans[call.parent_span_id].name == "rebuttal.turn" for call in calls)
    named = {one.key: one.value.string_value for one in turns[0].attributes}
    assert {"rebuttal.seat", "rebuttal.phase", "rebuttal.tier"} <= named.keys()
    known = {one.key for call in calls for one in call.attributes}
    assert {"gen_ai.request.model", "gen_ai.usage.output_tokens"} <= known
    sent = b"".join(collector.bodies)
    for secret in (KEY, "SELECT customer", "A customer's name becomes part", "labels.py", str(parcels)):
        assert secret.encode() not in sent
    assert not any("traceparent" in {name.lower() for name in record.headers} for record in panel.records)


def test_without_an_exporter_nothing_is_sent_even_where_a_provider_is_registered(
    rebuttal: Rebuttal, panel: Emulator, parcels: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert rebuttal("review", "--repo", parcels, *REVIEW).code == 0
    assert panel.records
    assert collector.bodies == []
    assert "tracing" not in rebuttal("doctor").out


async def test_the_sdk_is_told_to_send_no_spans(emulator: Emulator) -> None:
    connection = Connection(emulator.environment())
    client = await connection.client()
    assert client.open_telemetry["traces"]["enabled"] is False
    await connection.aclose()


def test_a_collector_that_is_away_holds_nobody_up(
    rebuttal: Rebuttal, panel: Emulator, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_TRACES_EXPORTER", raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    ran = rebuttal("review", "--repo", parcels, *REVIEW)
    assert ran.code == 0
    assert panel.records
    assert "127.0.0.1:1" not in ran.out + ran.err


def test_a_collector_that_takes_spans_and_never_answers_holds_up_no_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trace() -> None:
        tracing = Tracing(dict(os.environ))
        assert await asyncio.to_thread(tracing.open)
        with tracing.review({"review": "1"}):
            pass
        await tracing.aclose()

    monkeypatch.delenv("OTEL_TRACES_EXPORTER", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        # The end of the loop waits for the threads of its executor.
        asyncio.run(trace())
        # The exporter would wait for ten seconds.
        assert time.monotonic() - began < LAST + 4


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, False),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, False),
    ],
)
def test_only_a_configured_exporter_turns_spans_on(environment: dict[str, str], wanted: bool) -> None:
    assert is_wanted(environment) is wanted
