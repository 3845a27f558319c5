"""OpenTelemetry spans of reviews and calls, where the user has configured an exporter; off otherwise.

A span says when, how long, which model, how many tokens. It never holds a prompt, an answer or a path: the SDK's option
for contents stays off here, whatever the environment says. The provider is our own: one that another library has
registered gets nothing, and ours gets nothing of others.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider

_review: ContextVar[Context | None] = ContextVar("review", default=None)
"""The review that a task belongs to."""
NAME = "rebuttal"
LAST = 1.0
"""Seconds in which the last spans must be gone: a collector that is away holds nobody up."""
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether the user has configured an exporter, by the standard variables (opentelemetry.io, SDK environment)."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporters = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporters:
        return "otlp" in exporters.split(",")
    return any(environment.get(name, "").strip() for name in _ENDPOINTS)


def lacks_extra() -> bool:
    """Whether what sends spans is not installed."""
    try:
        return find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None
    except ModuleNotFoundError:  # of a package above
        return True


class Tracing:
    """Of one process. Nothing is loaded before `open`, and nothing at all where no exporter is configured."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.is_on = is_wanted(environment) and not lacks_extra()
        self._provider: TracerProvider | None = None

    def open(self) -> Any:
        """The SDK's option `open_telemetry`. Slow: not for an event loop."""
        if not self.is_on:
            return False
        if self._provider is None:
            self._provider = _provider()
        return {
            "tracer_provider": self._provider,
            "traces": {"enabled": True, "content_mode": "metadata_only"},
            # What the service would be told of the user's own traces is nothing that it needs.
            "propagation": False,
        }

    @contextmanager
    def review(self, attributes: Mapping[str, str]) -> Iterator[None]:
        """A span of what is done in the block and in tasks that it starts; nothing where tracing is off."""
        with self._span("rebuttal.review", attributes, None) as context:
            token = _review.set(context)
            try:
                yield
            finally:
                _review.reset(token)

    @contextmanager
    def turn(self, attributes: Mapping[str, str]) -> Iterator[None]:
        """A span within the review's, for what is done in the block: the SDK's spans of calls hang on it."""
        # Not within whatever span is current: one seat's beginning starts the tasks of the others.
        with self._span("rebuttal.turn", attributes, _review.get()):
            yield

    @contextmanager
    def _span(self, name: str, attributes: Mapping[str, str], parent: Context | None) -> Iterator[Context | None]:
        if self._provider is None:
            yield None
            return
        from opentelemetry.context import get_current

        tracer = self._provider.get_tracer(NAME)
        named = {f"{NAME}.{key}": value for key, value in attributes.items()}
        # The text of an exception may hold anything.
        with tracer.start_as_current_span(
            name, parent, attributes=named, record_exception=False, set_status_on_exception=False
        ):
            yield get_current()

    async def aclose(self) -> None:
        """Send what is left, for as long as is bearable."""
        provider, self._provider = self._provider, None
        if provider is None:
            return
        loop, gone = asyncio.get_running_loop(), asyncio.Event()

        def shut_down() -> None:
            provider.shutdown()
            # The loop may have been closed meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(gone.set)

        # A thread of its own, for the end of the loop, and of the process, waits for those of `asyncio.to_thread`; and
        # the exporter tries for as long as it likes, whatever time it is given.
        threading.Thread(target=shut_down, daemon=True).start()
        with suppress(TimeoutError):
            await asyncio.wait_for(gone.wait(), LAST)


def _provider() -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if not os.environ.get("OTEL_LOG_LEVEL"):
        # What goes wrong in sending spans would be written between the lines of a report.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    # Address, headers, certificates and sampling are read from the environment by these themselves.
    provider = TracerProvider(resource=Resource.create({"service.name": NAME}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
