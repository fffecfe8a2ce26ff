"""Traces: each call carries a W3C trace context from service to service and into the logs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import context, trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, DEFAULT_ON
from opentelemetry.trace import SpanKind, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

EXPORT_S: Final = 2
"""How long one batch may take with all its tries: the end of the process waits for the last."""
_W3C: Final = TraceContextTextMapPropagator()


class Tracing:
    """Makes the spans of one service and sends them where an endpoint is named.

    Args:
        service: Name under which the spans appear.
        endpoint: An OTLP collector, such as `http://127.0.0.1:4317`; empty to send nothing. Trace
            ids are made and handed on all the same.
    """

    def __init__(self, service: str, endpoint: str = "") -> None:
        self._provider = TracerProvider(
            sampler=DEFAULT_ON if endpoint else ALWAYS_OFF,
            resource=Resource({SERVICE_NAME: service}),
            shutdown_on_exit=False,
        )
        if endpoint:
            self._send_to(endpoint)
        self._tracer = self._provider.get_tracer("dochub")

    @contextmanager
    def server_span(self, method: str, metadata: Mapping[str, str]) -> Iterator[str]:
        """Work in a span that continues the caller's trace; gives the trace id."""
        attached = context.attach(_W3C.extract(metadata, context=context.Context()))
        try:
            with self._tracer.start_as_current_span(
                method.lstrip("/"), kind=SpanKind.SERVER, record_exception=False
            ) as span:
                yield format_trace_id(span.get_span_context().trace_id)
        finally:
            context.detach(attached)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    def _send_to(self, endpoint: str) -> None:
        # Imported here: it costs a tenth of a second that most processes need not pay.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        insecure = not endpoint.startswith("https://")
        exporter = OTLPSpanExporter(endpoint=endpoint, insecure=insecure, timeout=EXPORT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))


def trace_metadata() -> dict[str, str]:
    """Give the metadata that hands the present trace on to another service."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier


def current_trace_id() -> str:
    """Tell the present trace's id, 32 hexadecimal digits; zeros outside of any."""
    return format_trace_id(trace.get_current_span().get_span_context().trace_id)
